//! The provider: one mailbox's calendars behind the port.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::{TimeRange, Window};
use starmesh_http::{Budget, Transport};
use starmesh_provider::env::{Clock, Entropy};
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, Fetched, LookedFor, MirrorWrite, Push, RemoteCalendar,
    Result, Written,
};
use tokio::sync::OnceCell;

use crate::batch::PARTS_MAX;
use crate::call::Call;
use crate::connection::{CONCURRENCY, Connection};
use crate::convert::Privacy;
use crate::errors::About;
use crate::mailbox::{Endpoints, Mailbox};
use crate::place::{Place, lasting_name};
use crate::requests::{CalendarRow, GetMailbox, ListCalendars};

/// The most pages of calendars; a mailbox holds a few hundred at most.
const CALENDAR_PAGES_MAX: usize = 100;

/// What Microsoft grants one app in one mailbox: 10,000 requests in ten minutes, each part of a batch
/// counted ("Outlook service limits"). Together 9,800 of them; the rest is for repetitions.
pub const BUDGET: Budget = Budget {
    period: Duration::from_mins(10),
    sustained: NonZeroU32::new(9_300).expect("not zero"),
    burst: NonZeroU32::new(500).expect("not zero"),
};

/// The world that an account needs.
#[derive(Clone)]
pub struct GraphNetwork {
    /// One exchange, with the account's token.
    pub http: Arc<dyn Transport>,
    /// The time, for delays and the expiry of subscriptions.
    pub clock: Arc<dyn Clock>,
    /// Chance, for the spread of delays.
    pub entropy: Arc<dyn Entropy>,
    /// What the service grants this mailbox.
    pub budget: Budget,
}

/// A mailbox at Microsoft.
pub struct GraphClient {
    pub(crate) connection: Connection,
    pub(crate) mailbox: Mailbox,
    pub(crate) clock: Arc<dyn Clock>,
    mailbox_id: OnceCell<String>,
    traits: Mutex<HashMap<String, Traits>>,
    looked_for: LookedFor,
    /// Which range of a calendar was read last, so that a series is fetched for the same.
    ranges: Mutex<HashMap<String, TimeRange>>,
}

/// What a calendar is like, as far as it changes how it is read and written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Traits {
    /// True for one that belongs to somebody else, in this mailbox or in theirs.
    pub(crate) shared: bool,
    /// How mirrors are written there.
    pub(crate) privacy: Privacy,
}

impl GraphClient {
    /// The calendars of `mailbox`.
    pub fn new(network: &GraphNetwork, endpoints: Endpoints, mailbox: Mailbox) -> Self {
        Self {
            connection: Connection::new(network, endpoints),
            mailbox,
            clock: Arc::clone(&network.clock),
            mailbox_id: OnceCell::new(),
            traits: Mutex::default(),
            looked_for: LookedFor::default(),
            ranges: Mutex::default(),
        }
    }

    pub(crate) fn place(&self, calendar: &LastingName) -> Result<Place> {
        Ok(Place::of(&self.mailbox, calendar)?.looking_for(self.looked_for.of(calendar.as_str())))
    }

    /// True when a calendar tells its changes in rounds. For another person's that is known not to be so:
    /// a round there breaks off after its first page.
    pub(crate) async fn tells_changes(&self, place: &Place) -> Result<bool> {
        Ok(!self.traits(place).await?.shared)
    }

    /// What a calendar is like, asked once.
    pub(crate) async fn traits(&self, place: &Place) -> Result<Traits> {
        let known = self.traits.lock().unwrap_or_else(PoisonError::into_inner).get(&place.id).copied();
        if let Some(known) = known {
            return Ok(known);
        }
        self.ask_traits(place).await
    }

    /// The same asked anew, which also tells whether the calendar is there.
    pub(crate) async fn ask_traits(&self, place: &Place) -> Result<Traits> {
        let answer = self.connection.send(&ListCalendars::prepare_one(place)).await?;
        if !answer.is_success() {
            return Err(self.connection.refusal(&answer, About::Calendar));
        }
        let row = ListCalendars::parse_one(&answer).ok_or_else(|| self.connection.unexpected())?;
        Ok(self.keep_traits(&place.id, &row))
    }

    fn keep_traits(&self, id: &str, row: &CalendarRow) -> Traits {
        let is_foreign = self.mailbox != Mailbox::Me || row.can_share == Some(false);
        let hides_private = row.can_view_private_items == Some(false);
        let privacy = if hides_private { Privacy::Normal } else { Privacy::Private };
        let traits = Traits { shared: is_foreign, privacy };
        self.traits.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), traits);
        traits
    }

    pub(crate) fn remember_range(&self, place: &Place, range: TimeRange) {
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner).insert(place.id.clone(), range);
    }

    pub(crate) fn known_range(&self, place: &Place) -> Option<TimeRange> {
        self.ranges.lock().unwrap_or_else(PoisonError::into_inner).get(&place.id).copied()
    }

    /// The part of lasting names that stands for the mailbox.
    async fn mailbox_id(&self) -> Result<&str> {
        let id = self.mailbox_id.get_or_try_init(|| async {
            if let Some(known) = self.mailbox.known_id() {
                return Ok(known);
            }
            let answer = self.connection.send(&GetMailbox::prepare()).await?;
            if !answer.is_success() {
                return Err(self.connection.refusal(&answer, About::Home));
            }
            GetMailbox::parse(&answer).ok_or_else(|| self.connection.unexpected())
        });
        Ok(id.await?)
    }

    async fn rows_of_calendars(&self) -> Result<Vec<CalendarRow>> {
        let mut call = ListCalendars::prepare(&self.mailbox);
        let mut rows = Vec::new();
        let mut links = BTreeSet::new();
        loop {
            let answer = self.connection.send(&call).await?;
            // Somebody who shares only the main calendar does not let us list the others.
            if matches!(answer.status, 403 | 404) && rows.is_empty() && self.mailbox != Mailbox::Me {
                return self.main_calendar().await;
            }
            if !answer.is_success() {
                return Err(self.connection.refusal(&answer, About::Home));
            }
            let page = ListCalendars::parse(&answer).ok_or_else(|| self.connection.unexpected())?;
            rows.extend(page.calendars);
            let Some(next) = page.next else { return Ok(rows) };
            if links.len() >= CALENDAR_PAGES_MAX || !links.insert(next.clone()) {
                return Err(self.connection.unexpected());
            }
            call = Call::follow(next);
        }
    }

    async fn main_calendar(&self) -> Result<Vec<CalendarRow>> {
        let answer = self.connection.send(&ListCalendars::prepare_main(&self.mailbox)).await?;
        if !answer.is_success() {
            return Err(self.connection.refusal(&answer, About::Home));
        }
        Ok(vec![ListCalendars::parse_one(&answer).ok_or_else(|| self.connection.unexpected())?])
    }
}

#[async_trait]
impl CalendarProvider for GraphClient {
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: PARTS_MAX, concurrency: CONCURRENCY, fetch_batch: PARTS_MAX }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        let rows = self.rows_of_calendars().await?;
        let mailbox = self.mailbox_id().await?;
        let mut calendars: Vec<RemoteCalendar> = Vec::new();
        for row in rows {
            let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()) else { continue };
            let name = lasting_name(mailbox, id);
            if calendars.iter().any(|known| known.name == name) {
                continue;
            }
            self.keep_traits(id, &row);
            calendars.push(RemoteCalendar {
                name,
                display_name: row.name.clone().unwrap_or_default(),
                short_name: short_name(id),
                color: row.rgb(),
                // Times come in UTC and days without a zone, so that none is needed to read them.
                zone: None,
                read_only: row.can_edit == Some(false),
                hides_marks: false,
            });
        }
        Ok(calendars)
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
        self.fetch_items(&self.place(calendar)?, ids).await
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        self.find_by_identity(&self.place(calendar)?, id).await
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        match self.place(calendar) {
            Ok(place) => self.write_all(&place, &writes).await,
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        }
    }

    fn push(&self) -> Option<&dyn Push> {
        Some(self)
    }
}

/// A calendar's id is long and tells people nothing: a few characters of it are enough to tell two apart.
fn short_name(id: &str) -> String {
    use sha2::{Digest, Sha256};
    const BYTES: usize = 4;
    data_encoding::HEXLOWER.encode(&Sha256::digest(id.as_bytes())[..BYTES])
}

#[cfg(test)]
mod tests;
