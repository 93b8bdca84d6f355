//! The provider: one account's calendars behind the port.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_http::{Budget, Transport};
use starmesh_provider::env::{Clock, Entropy};
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, ErrorKind, Fetched, LookedFor, MirrorWrite,
    ProviderError, Push, RemoteCalendar, Result, Written,
};

use crate::batch::BATCH_MAX;
use crate::connection::Connection;
use crate::details::Details;
use crate::endpoints::Endpoints;
use crate::errors::Asked;
use crate::privacy::Privacies;
use crate::requests::ListCalendars;
use crate::turns::WriteTurns;

/// Calls to one account under way at once; writes to one calendar still go one after the other.
const CONCURRENCY: usize = 4;

/// More pages of calendars than any account has.
const PAGES_MAX: usize = 1_000;

/// The world that an account needs.
#[derive(Clone)]
pub struct GoogleNetwork {
    /// The account's transport, which adds the access token.
    pub http: Arc<dyn Transport>,
    /// The time, for windows and the age of listings.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for jitter, boundaries of batches and names of channels.
    pub entropy: Arc<dyn Entropy>,
}

/// What Google grants: 600 requests a minute to each user of a project that was made since May 2026, each
/// part of a batch counted (guide "Manage quotas", a sliding window of a minute).
pub const BUDGET: Budget = Budget {
    period: Duration::from_mins(1),
    sustained: NonZeroU32::new(550).expect("not zero"),
    burst: NonZeroU32::new(50).expect("not zero"),
};

/// A Google account.
pub struct GoogleClient {
    pub(crate) connection: Connection,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) details: Details,
    pub(crate) turns: WriteTurns,
    pub(crate) privacies: Privacies,
    pub(crate) looked_for: LookedFor,
}

impl GoogleClient {
    /// The account behind `network`, asked at `endpoints` within the budget that Google grants.
    pub fn new(network: &GoogleNetwork, endpoints: Endpoints) -> Self {
        Self::with_budget(network, endpoints, BUDGET)
    }

    /// The same with another budget: an organisation may have been granted more, an old project has less.
    pub fn with_budget(network: &GoogleNetwork, endpoints: Endpoints, budget: Budget) -> Self {
        let connection =
            Connection::new(Arc::clone(&network.http), Arc::clone(&network.entropy), endpoints, budget);
        Self {
            connection,
            clock: Arc::clone(&network.clock),
            details: Details::default(),
            turns: WriteTurns::default(),
            privacies: Privacies::default(),
            looked_for: LookedFor::default(),
        }
    }

    /// The account's own name, its mail address: the id of its primary calendar.
    pub async fn account_name(&self) -> Result<String> {
        let (_, primary) = self.all_calendars().await?;
        primary.map(|name| name.as_str().to_owned()).ok_or_else(|| {
            let message = format!("{} lists no primary calendar for this account", self.connection.host());
            ProviderError::new(ErrorKind::InvalidData, message)
        })
    }

    pub(crate) async fn all_calendars(&self) -> Result<(Vec<RemoteCalendar>, Option<LastingName>)> {
        let mut calendars = Vec::new();
        let mut primary = None;
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let request = ListCalendars::prepare(&self.connection.endpoints, next.as_deref());
            let response = self.connection.send(&request).await?;
            let page = self.read(&response, Asked::Home, ListCalendars::parse)?;
            page.roles.iter().for_each(|(calendar, role)| self.privacies.learn(calendar, role));
            for calendar in page.calendars {
                if calendars.iter().all(|known: &RemoteCalendar| known.name != calendar.name) {
                    calendars.push(calendar);
                }
            }
            primary = primary.or(page.primary);
            if page.next.is_none() {
                return Ok((calendars, primary));
            }
            next = page.next;
        }
        let message = format!("{} lists calendars without end", self.connection.host());
        Err(ProviderError::new(ErrorKind::InvalidData, message))
    }
}

#[async_trait]
impl CalendarProvider for GoogleClient {
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: BATCH_MAX, concurrency: CONCURRENCY, fetch_batch: BATCH_MAX }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        Ok(self.all_calendars().await?.0)
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        self.looked_for.set(calendar.as_str(), terms);
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<ChangeSet> {
        self.read_changes(calendar, cursor, window).await
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        let texts: Vec<&str> = ids.iter().map(RemoteId::as_str).collect();
        let items = self.items(calendar, &texts).await?;
        Ok(ids
            .iter()
            .zip(items)
            .map(|(id, item)| item.map_or_else(|| Fetched::Missing(id.clone()), Fetched::Found))
            .collect())
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        Ok(self.items(calendar, &[id.as_str()]).await?.pop().flatten())
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        self.write_all(calendar, &writes).await
    }

    fn push(&self) -> Option<&dyn Push> {
        Some(self)
    }
}
