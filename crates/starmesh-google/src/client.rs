//! The provider: one account's calendars behind the port.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use starmesh_core::event::{ItemProblem, SourceItem};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::time::Window;
use starmesh_http::Transport;
use starmesh_provider::env::{Clock, Entropy};
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, ErrorKind, Fetched, MirrorWrite, ProviderError, Push,
    RemoteCalendar, Result, Written,
};

use crate::batch::BATCH_MAX;
use crate::changes::widened;
use crate::connection::Connection;
use crate::convert::{broken_item, single_item};
use crate::cursor::Listed;
use crate::details::Details;
use crate::endpoints::Endpoints;
use crate::errors::Asked;
use crate::pace::Budget;
use crate::requests::{Depth, ListCalendars};
use crate::turns::WriteTurns;
use crate::wire::{EventRow, Row};

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

/// A Google account.
pub struct GoogleClient {
    pub(crate) connection: Connection,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) details: Details,
    pub(crate) turns: WriteTurns,
}

impl GoogleClient {
    /// The account behind `network`, asked at `endpoints` within the budget that Google grants.
    pub fn new(network: &GoogleNetwork, endpoints: Endpoints) -> Self {
        Self::with_budget(network, endpoints, Budget::default())
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

    /// Items by id, in order; `None` for one that is not there. A series is read as far as any window that
    /// can be set reaches.
    pub(crate) async fn items(
        &self,
        calendar: &LastingName,
        ids: &[&str],
    ) -> Result<Vec<Option<SourceItem>>> {
        let mut rows = self.get_all_fitting(calendar, ids).await?;
        let now = self.clock.now();
        let range = widened(&Listed::for_window(&Window::around(now, Window::DAYS_MAX), now).range);
        let series: BTreeMap<String, Option<String>> = rows
            .iter()
            .flatten()
            .filter_map(|row| match row {
                Row::Event(row) if row.recurrence.0 => Some((row.id.clone(), row.ical_uid.clone())),
                _ => None,
            })
            .collect();
        let mut series: BTreeMap<String, Option<SourceItem>> =
            self.read_series(calendar, series, &range).await?.into_iter().collect();
        Ok(rows
            .drain(..)
            .map(|row| match row? {
                Row::Broken { id, .. } => Some(broken_item(&id, ItemProblem::Malformed)),
                Row::Event(row) if row.recurrence.0 => series.remove(&row.id).flatten(),
                Row::Event(row) => Some(single_item(&row, self.details.learn(calendar, &row))),
            })
            .collect())
    }

    /// Rows by id. What looks like a mirror is asked for all its fields; what turns out to carry a mark is
    /// asked again.
    async fn get_all_fitting(&self, calendar: &LastingName, ids: &[&str]) -> Result<Vec<Option<Row>>> {
        let (mirrors, others): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| ProviderId::has_shape(id));
        let mut found: BTreeMap<&str, Row> = BTreeMap::new();
        let rows = self.get_all(calendar, &mirrors, Depth::Mirror).await?;
        found.extend(mirrors.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))));
        let rows = self.get_all(calendar, &others, Depth::Facts).await?;
        let mut again = Vec::new();
        for (id, row) in others.into_iter().zip(rows) {
            match row {
                Some(Row::Event(row)) if row.mark().is_some() => again.push(id),
                Some(row) => {
                    found.insert(id, row);
                }
                None => {}
            }
        }
        let rows = self.get_all(calendar, &again, Depth::Mirror).await?;
        found.extend(again.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))));
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// One event with all its fields, if it is there and still an event that happens once.
    pub(crate) async fn mirror_row(&self, calendar: &LastingName, id: &str) -> Result<Option<Box<EventRow>>> {
        let mut rows = self.get_all(calendar, &[id], Depth::Mirror).await?;
        Ok(match rows.pop().flatten() {
            Some(Row::Event(row)) => Some(row),
            Some(Row::Broken { .. }) | None => None,
        })
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
