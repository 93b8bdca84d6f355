//! The provider: one feed's calendar behind the port.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, ErrorKind, Fetched, LookedFor, MirrorWrite,
    ProviderError, RemoteCalendar, Result, Written,
};

use crate::address::FeedAddress;
use crate::changes::rest_after;
use crate::connection::{CONCURRENCY, Connection, FeedAccount, FeedNetwork};
use crate::convert::{calendar, items};
use crate::errors::read_only;

/// Ids in one call: however many, they are in the one file.
const FETCH_BATCH: usize = 100_000;

/// A feed.
pub struct FeedProvider {
    pub(crate) connection: Connection,
    pub(crate) address: FeedAddress,
    pub(crate) name: LastingName,
    pub(crate) user: Option<String>,
    pub(crate) looked_for: LookedFor,
}

impl FeedProvider {
    /// The feed of `account`, whose calendar is called `name`: the name that its first address gave it.
    pub fn new(account: &FeedAccount, name: LastingName, network: &FeedNetwork) -> Self {
        Self {
            connection: Connection::new(account, network),
            address: account.address.clone(),
            name,
            user: account.sign_in.as_ref().map(|sign_in| sign_in.user.clone()),
            looked_for: LookedFor::default(),
        }
    }

    /// The whole file, whatever is known of it. That a file is there is all the home that a feed has: without it
    /// there is no good answer, so that nobody takes a feed that vanished for one that was emptied.
    async fn file(&self) -> Result<starmesh_ical::CalendarFile> {
        let file = self.get(None).await.map_err(|error| match error.kind {
            ErrorKind::CalendarGone => ProviderError::new(ErrorKind::Gone, error.message),
            _ => error,
        })?;
        let (file, _) = file.ok_or_else(|| {
            let message = format!("{} answered without a calendar", self.address.host());
            ProviderError::new(ErrorKind::InvalidData, message)
        })?;
        Ok(file)
    }
}

#[async_trait]
impl CalendarProvider for FeedProvider {
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: 1, concurrency: CONCURRENCY, fetch_batch: FETCH_BATCH }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        let file = self.file().await?;
        Ok(vec![calendar(&self.address, &self.name, &file)])
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        self.looked_for.set(calendar.as_str(), terms);
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        _window: &Window,
    ) -> Result<ChangeSet> {
        self.read_changes(calendar, cursor).await
    }

    fn rest_after(&self, cursor: &Cursor) -> Option<Duration> {
        rest_after(cursor)
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        self.check_name(calendar)?;
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found: HashMap<RemoteId, SourceItem> =
            items(self.file().await?).into_iter().map(|item| (item.remote_id.clone(), item)).collect();
        let fetched = |id: &RemoteId| {
            found.get(id).map_or_else(|| Fetched::Missing(id.clone()), |item| Fetched::Found(item.clone()))
        };
        Ok(ids.iter().map(fetched).collect())
    }

    /// Nothing was ever written to a feed.
    async fn find_mirror(&self, calendar: &LastingName, _id: &ProviderId) -> Result<Option<SourceItem>> {
        self.check_name(calendar)?;
        Ok(None)
    }

    async fn write(&self, _calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        writes.iter().map(|_| Err(read_only(&self.address))).collect()
    }
}

#[cfg(test)]
mod conformance;
#[cfg(test)]
mod tests;
