//! The provider: one account's calendars behind the port.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::future::{join_all, try_join_all};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_http::Response;
use starmesh_ical::OwnAddresses;
use starmesh_provider::env::Clock;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, ErrorKind, Fetched, LookedFor, MirrorWrite,
    ProviderError, RemoteCalendar, Result, Written,
};
use url::Url;

use crate::changes::ChangeReports;
use crate::connection::{CONCURRENCY, CaldavAccount, CaldavNetwork, Connection};
use crate::discovery::Discovered;
use crate::errors::{calendar_gone, from_wire, host, refused};
use crate::requests::ListCalendars;
use crate::turns::WriteTurns;
use crate::wire::WireError;

/// Ids in one multiget.
pub(crate) const FETCH_BATCH: usize = 50;

/// Writes handed over at once; each is a request of its own, of which [`CONCURRENCY`] are under way.
const WRITE_BATCH: usize = 16;

/// A CalDAV account.
pub struct CaldavProvider {
    pub(crate) connection: Connection,
    pub(crate) own: OwnAddresses,
    pub(crate) clock: Arc<dyn Clock>,
    /// How each collection tells its changes, as far as it was found out.
    pub(crate) reports: Mutex<HashMap<LastingName, ChangeReports>>,
    pub(crate) turns: WriteTurns,
    pub(crate) looked_for: LookedFor,
    discovered: Discovered,
}

impl CaldavProvider {
    /// The account as [`discover`](crate::discover) found it, now or on an earlier day.
    pub fn new(account: &CaldavAccount, discovered: Discovered, network: &CaldavNetwork) -> Self {
        Self {
            connection: Connection::new(account, &discovered.server, network),
            own: OwnAddresses::new(discovered.addresses.iter().map(String::as_str)),
            clock: Arc::clone(&network.clock),
            reports: Mutex::default(),
            turns: WriteTurns::default(),
            looked_for: LookedFor::default(),
            discovered,
        }
    }

    async fn calendars_at(&self, url: &Url, request: starmesh_http::Request) -> Result<Vec<RemoteCalendar>> {
        let response = self.connection.send(request).await?;
        // A home that is gone is not a calendar that is gone: its calendars may well live elsewhere.
        read_success(url, &response, |response| ListCalendars::parse(url, response)).map_err(|error| {
            match error.kind {
                ErrorKind::CalendarGone => {
                    let message = format!("{} has no calendars at their known place", host(url));
                    ProviderError::new(ErrorKind::Gone, message)
                }
                _ => error,
            }
        })
    }
}

#[async_trait]
impl CalendarProvider for CaldavProvider {
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: WRITE_BATCH, concurrency: CONCURRENCY, fetch_batch: FETCH_BATCH }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        let homes = self
            .discovered
            .homes
            .iter()
            .map(|home| self.calendars_at(home, ListCalendars::prepare_home(home)));
        let single = self
            .discovered
            .calendars
            .iter()
            .map(|url| self.calendars_at(url, ListCalendars::prepare_one(url)));
        let mut calendars: Vec<RemoteCalendar> = Vec::new();
        for listed in try_join_all(homes).await?.into_iter().chain(try_join_all(single).await?) {
            for calendar in listed {
                if calendars.iter().all(|known| known.name != calendar.name) {
                    calendars.push(calendar);
                }
            }
        }
        Ok(calendars)
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        // A name that is no URL cannot be read either, and whoever reads is told.
        if let Ok(collection) = collection_of(calendar) {
            self.looked_for.set(collection.as_str(), terms);
        }
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        _window: &Window,
    ) -> Result<ChangeSet> {
        self.read_changes(calendar, cursor).await
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        let collection = collection_of(calendar)?;
        let batches = ids.chunks(FETCH_BATCH).map(|batch| self.fetch_batch(&collection, batch));
        Ok(try_join_all(batches).await?.concat())
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        let collection = collection_of(calendar)?;
        match self.fetch_one(&collection, &mirror_id(&collection, id)).await? {
            Fetched::Found(item) => Ok(Some(item)),
            // A server may have stored it under a name of its own.
            Fetched::Missing(_) => self.find_by_uid(&collection, id).await,
        }
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        match collection_of(calendar) {
            Ok(collection) => join_all(writes.iter().map(|write| self.write_one(&collection, write))).await,
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}

/// The URL of the collection that `calendar` names.
pub(crate) fn collection_of(calendar: &LastingName) -> Result<Url> {
    Url::parse(calendar.as_str())
        .map_err(|_| ProviderError::new(ErrorKind::Refused, "the name of the calendar is not a URL"))
}

/// Where the mirror with this identity is created: one resource for one UID, with a name that every server takes.
pub(crate) fn mirror_id(collection: &Url, id: &ProviderId) -> RemoteId {
    RemoteId::new(format!("{}{}.ics", crate::href::normal_path(collection.path()), id))
}

/// Reads the answer about a collection.
pub(crate) fn read_success<T>(
    url: &Url,
    response: &Response,
    parse: impl FnOnce(&Response) -> std::result::Result<T, WireError>,
) -> Result<T> {
    match response.status().as_u16() {
        404 | 410 => Err(calendar_gone(url, response)),
        200..=299 => parse(response).map_err(|error| from_wire(url, error)),
        _ => Err(refused(url, response)),
    }
}
