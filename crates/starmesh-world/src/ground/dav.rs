//! An account at the simulated CalDAV server, found when it is first asked.

use async_trait::async_trait;
use starmesh_caldav::{CaldavAccount, CaldavNetwork, CaldavProvider, CaldavSecret, Entry, discover};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{AccountId, LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, Fetched, LookedFor, MirrorWrite, RemoteCalendar,
    Result, Written,
};
use tokio::sync::OnceCell;

use super::build::{DAV_PASSWORD, dav_user};
use super::truths::DavEntry;
use super::wire::{DAV, url};

/// What the adapter can do, before its server was found.
const CAPABILITIES: Capabilities = Capabilities { batch: 16, concurrency: 4, fetch_batch: 50 };

/// The account.
pub(super) struct DavAccount {
    account: CaldavAccount,
    network: CaldavNetwork,
    found: OnceCell<CaldavProvider>,
    looked_for: LookedFor,
}

impl DavAccount {
    pub(super) fn new(account: &AccountId, entry: DavEntry, network: CaldavNetwork) -> Self {
        let user = dav_user(account);
        let mut start = url(DAV);
        match entry {
            DavEntry::Host => {}
            DavEntry::Principal => start.set_path(&format!("/principals/{user}")),
            DavEntry::Nowhere => start.set_path("/webmail/"),
            DavEntry::Home => start.set_path(&format!("/calendars/{user}/")),
        }
        let account = CaldavAccount {
            entry: Entry::Url(start),
            user,
            secret: CaldavSecret::Password(DAV_PASSWORD.to_owned().into()),
        };
        Self { account, network, found: OnceCell::new(), looked_for: LookedFor::default() }
    }

    /// The account, about to read `calendar`.
    async fn reading(&self, calendar: &LastingName) -> Result<&CaldavProvider> {
        let found = self.found().await?;
        found.look_for(calendar, &self.looked_for.of(calendar.as_str()));
        Ok(found)
    }

    async fn found(&self) -> Result<&CaldavProvider> {
        let found = self.found.get_or_try_init(|| async {
            let discovered = discover(&self.account, &self.network).await?;
            Ok(CaldavProvider::new(&self.account, discovered, &self.network))
        });
        found.await
    }
}

#[async_trait]
impl CalendarProvider for DavAccount {
    fn capabilities(&self) -> Capabilities {
        self.found.get().map_or(CAPABILITIES, CalendarProvider::capabilities)
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        self.found().await?.list_calendars().await
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
        self.reading(calendar).await?.changes_since(calendar, cursor, window).await
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        self.reading(calendar).await?.fetch(calendar, ids).await
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        self.found().await?.find_mirror(calendar, id).await
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        match self.found().await {
            Ok(found) => found.write(calendar, writes).await,
            Err(error) => writes.iter().map(|_| Err(error.clone())).collect(),
        }
    }
}
