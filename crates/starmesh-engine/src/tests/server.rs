//! Calendars behind the port, with one switch for each way in which they mislead.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{AccountId, LastingName, RemoteId, Version};
use starmesh_core::mirror::{Mark, ProviderId};
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Changed, Coverage, Cursor, ErrorKind, Fetched, MirrorWrite,
    ProviderError, Providers, RemoteCalendar, Result, Written,
};
use tokio::time::sleep;

/// The time that a request and its answer take. None at all would let two reads begin at one instant.
const TRAVEL: Duration = Duration::from_millis(1);

/// Every calendar of the one account.
#[derive(Default)]
pub(super) struct Server {
    shelves: Mutex<BTreeMap<LastingName, Shelf>>,
    calls: Mutex<Vec<Call>>,
    /// Calendars that show the blocks of another too: they are one, though persons' events are told otherwise.
    second_names: Mutex<BTreeMap<LastingName, LastingName>>,
}

/// One calendar: every read lists all of it, so that there are no tokens to think of.
#[derive(Default)]
pub(super) struct Shelf {
    pub items: BTreeMap<RemoteId, SourceItem>,
    /// What links ask of its events.
    pub looked_for: Terms,
    /// It answers 404.
    pub gone: bool,
    /// The home does not list it.
    pub unlisted: bool,
    /// It takes the marks away from what is written.
    pub strips_marks: bool,
    /// Every write is refused so.
    pub refuses: Option<ErrorKind>,
    /// Every listing fails so.
    pub unreadable: Option<ErrorKind>,
    /// Every listing of everything fails so.
    pub whole_unreadable: Option<ErrorKind>,
    pub listings: Listings,
    /// Its listings come in two pages, and so many times it asks to slow down where the second one is wanted.
    pub second_page: Option<u32>,
    /// Its listings leave these out.
    pub hidden: BTreeSet<RemoteId>,
    /// Whoever publishes it wants it left alone for so long after a read.
    pub rest: Option<Duration>,
    /// A person touches what the next so many updates and removals address, just before each.
    pub touches: u32,
    /// So many of them invite others to it.
    pub invitations: u32,
    /// Its next listing takes this much longer, and shows what stands at its end.
    pub slow_listing: Duration,
    /// The answer to its next write takes this much longer, though the write is done.
    pub slow_answer: Duration,
    /// The answers to so many writes cannot be read, though the writes are done.
    pub garbled: usize,
    /// How often a create is told that its identity is taken, though nothing stands there.
    pub identities_taken: u32,
    versions: u64,
}

/// What listings of a calendar tell.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) enum Listings {
    /// All there is.
    #[default]
    Everything,
    /// They are complete, and empty.
    Empty,
    /// They are of changes, and tell of none.
    Silent,
    /// All there is at first, and after that of changes, of which they tell none.
    Forgetful,
}

/// A request as the server saw it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Call {
    Home,
    List(String),
    Fetch(String),
    Look(String),
    Create(String, Option<ErrorKind>),
    Update(String, Option<ErrorKind>),
    Remove(String, Option<ErrorKind>),
}

impl Server {
    /// A calendar, made at first sight.
    pub(super) fn with<T>(&self, calendar: &str, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(self.shelves().entry(LastingName::new(calendar)).or_default())
    }

    /// From now on `name` is another name of `calendar`.
    pub(super) fn name_again(&self, name: &str, calendar: &str) {
        let mut names = self.second_names.lock().unwrap_or_else(PoisonError::into_inner);
        names.insert(LastingName::new(name), LastingName::new(calendar));
    }

    fn first_name(&self, name: &LastingName) -> LastingName {
        let names = self.second_names.lock().unwrap_or_else(PoisonError::into_inner);
        names.get(name).unwrap_or(name).clone()
    }

    /// The requests so far; they are forgotten.
    pub(super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn shelves(&self) -> MutexGuard<'_, BTreeMap<LastingName, Shelf>> {
        self.shelves.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, call: Call) {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    }

    fn open<T>(&self, calendar: &LastingName, act: impl FnOnce(&mut Shelf) -> T) -> Result<T> {
        match self.shelves().get_mut(calendar).filter(|shelf| !shelf.gone) {
            Some(shelf) => Ok(act(shelf)),
            None => Err(ProviderError::new(ErrorKind::CalendarGone, "404")),
        }
    }

    fn carry_out(&self, calendar: &LastingName, write: &MirrorWrite) -> Result<Written> {
        let answer = self.open(calendar, |shelf| match (shelf.refuses, write) {
            (Some(kind), _) => Err(ProviderError::new(kind, "403")),
            (None, MirrorWrite::Create(spec)) => {
                let id = RemoteId::new(format!("{}.ics", spec.provider_id()));
                if shelf.items.contains_key(&id) || shelf.identities_taken > 0 {
                    shelf.identities_taken = shelf.identities_taken.saturating_sub(1);
                    return Err(ProviderError::new(ErrorKind::IdentityTaken, "409"));
                }
                let version = shelf.next_version();
                let mut item = spec.as_observed(id.clone(), Some(version.clone()));
                if shelf.strips_marks {
                    item.events.iter_mut().for_each(|event| event.marked = None);
                }
                shelf.items.insert(id.clone(), item);
                Ok(Written { remote_id: id, version: Some(version) })
            }
            (None, MirrorWrite::Update(placed, spec)) => {
                shelf.check(placed.remote_id(), placed.version())?;
                let (id, version) = (placed.remote_id().clone(), shelf.next_version());
                shelf.items.insert(id.clone(), spec.as_observed(id.clone(), Some(version.clone())));
                Ok(Written { remote_id: id, version: Some(version) })
            }
            (None, MirrorWrite::Remove(placed)) => {
                shelf.check(placed.remote_id(), placed.version())?;
                shelf.items.remove(placed.remote_id());
                Ok(Written { remote_id: placed.remote_id().clone(), version: None })
            }
        });
        let answer = answer.and_then(|answer| answer);
        let refused = answer.as_ref().err().map(|error| error.kind);
        let name = calendar.as_str().to_owned();
        self.note(match write {
            MirrorWrite::Create(_) => Call::Create(name, refused),
            MirrorWrite::Update(..) => Call::Update(name, refused),
            MirrorWrite::Remove(_) => Call::Remove(name, refused),
        });
        answer
    }
}

impl Shelf {
    /// A person writes an item.
    pub(super) fn put(&mut self, mut item: SourceItem) {
        item.version = Some(self.next_version());
        self.items.insert(item.remote_id.clone(), item);
    }

    /// The marks of what stands here.
    pub(super) fn marks(&self) -> Vec<Mark> {
        let events = self.items.values().flat_map(|item| &item.events);
        events.filter_map(|event| Mark::parse(&event.marked.as_ref()?.mark)).collect()
    }

    fn next_version(&mut self) -> Version {
        self.versions += 1;
        Version::new(format!("\"{}\"", self.versions))
    }

    fn check(&mut self, id: &RemoteId, seen: Option<&Version>) -> Result<()> {
        let touched = self.touches > 0;
        self.touches = self.touches.saturating_sub(1);
        let version = touched.then(|| self.next_version());
        let Some(item) = self.items.get_mut(id) else {
            return Err(ProviderError::new(ErrorKind::Gone, "404 of an item"));
        };
        if let Some(version) = version {
            item.version = Some(version);
            let invites = self.invitations > 0;
            self.invitations = self.invitations.saturating_sub(1);
            let marked = item.events.iter_mut().filter_map(|event| event.marked.as_mut());
            marked.for_each(|marked| marked.has_attendees |= invites);
        }
        if seen == item.version.as_ref() {
            return Ok(());
        }
        Err(ProviderError::new(ErrorKind::PreconditionFailed, "412"))
    }
}

/// The account of a [`Server`].
pub(super) struct Home(pub(super) Arc<Server>);

#[async_trait]
impl Providers for Home {
    async fn provider(&self, _account: &AccountId) -> Result<Arc<dyn CalendarProvider>> {
        Ok(Arc::new(Self(Arc::clone(&self.0))))
    }
}

#[async_trait]
impl CalendarProvider for Home {
    fn capabilities(&self) -> Capabilities {
        Capabilities { batch: 1, concurrency: 1, fetch_batch: 10 }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        sleep(TRAVEL).await;
        self.0.note(Call::Home);
        let shelves = self.0.shelves();
        let listed = shelves.iter().filter(|(_, shelf)| !shelf.unlisted);
        Ok(listed.map(|(name, _)| remote(name.as_str())).collect())
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        self.0.with(calendar.as_str(), |shelf| shelf.looked_for = terms.clone());
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        _window: &Window,
    ) -> Result<ChangeSet> {
        sleep(TRAVEL).await;
        self.0.note(Call::List(calendar.as_str().to_owned()));
        let slow = self.0.open(calendar, |shelf| std::mem::take(&mut shelf.slow_listing))?;
        sleep(slow).await;
        let fails =
            |shelf: &mut Shelf| shelf.unreadable.or(shelf.whole_unreadable.filter(|_| cursor.is_none()));
        if let Some(kind) = self.0.open(calendar, fails)? {
            return Err(ProviderError::new(kind, "503"));
        }
        let first_page = match (self.0.open(calendar, |shelf| shelf.second_page)?, cursor) {
            (Some(_), None) => true,
            (Some(0) | None, _) => false,
            (Some(left), Some(_)) => {
                self.0.open(calendar, |shelf| shelf.second_page = Some(left - 1))?;
                let retry_after = Some(Duration::from_secs(30));
                return Err(ProviderError::new(ErrorKind::Throttled { retry_after }, "429"));
            }
        };
        if first_page {
            return Ok(ChangeSet {
                changed: Vec::new(),
                removed: Vec::new(),
                cursor: Some(Cursor("second page".to_owned())),
                more: true,
                complete: true,
                coverage: Coverage::Everything,
            });
        }
        self.0.open(calendar, |shelf| {
            let shown = shelf.items.values().filter(|item| !shelf.hidden.contains(&item.remote_id));
            let is_first = cursor.is_none() && shelf.listings == Listings::Forgetful;
            let tells_all = is_first || shelf.listings == Listings::Everything;
            let shown = shown.filter(|_| tells_all);
            ChangeSet {
                changed: shown.map(|item| Changed::Read(item.clone())).collect(),
                removed: Vec::new(),
                cursor: match shelf.listings {
                    Listings::Forgetful => Some(Cursor("changes".to_owned())),
                    _ => shelf.rest.map(|rest| Cursor(rest.as_secs().to_string())),
                },
                more: false,
                complete: tells_all || shelf.listings == Listings::Empty,
                coverage: Coverage::Everything,
            }
        })
    }

    fn rest_after(&self, Cursor(cursor): &Cursor) -> Option<Duration> {
        cursor.parse().ok().map(Duration::from_secs)
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        sleep(TRAVEL).await;
        self.0.note(Call::Fetch(calendar.as_str().to_owned()));
        self.0.open(calendar, |shelf| {
            let found = |id: &RemoteId| shelf.items.get(id).cloned();
            let answer = |id: &RemoteId| found(id).map_or(Fetched::Missing(id.clone()), Fetched::Found);
            ids.iter().map(answer).collect()
        })
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        sleep(TRAVEL).await;
        self.0.note(Call::Look(calendar.as_str().to_owned()));
        let calendar = self.0.first_name(calendar);
        self.0.open(&calendar, |shelf| shelf.items.get(&RemoteId::new(format!("{id}.ics"))).cloned())
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        sleep(TRAVEL).await;
        let mut answers: Vec<_> = writes.iter().map(|write| self.0.carry_out(calendar, write)).collect();
        self.0.with(calendar.as_str(), |shelf| {
            for answer in answers.iter_mut().filter(|answer| answer.is_ok()).take(shelf.garbled) {
                *answer = Err(ProviderError::new(ErrorKind::InvalidData, "<html>"));
                shelf.garbled -= 1;
            }
        });
        sleep(self.0.with(calendar.as_str(), |shelf| std::mem::take(&mut shelf.slow_answer))).await;
        answers
    }
}

/// A calendar as its home lists it.
pub(super) fn remote(name: &str) -> RemoteCalendar {
    RemoteCalendar {
        name: LastingName::new(name),
        display_name: name.to_owned(),
        short_name: name.to_owned(),
        color: None,
        zone: None,
        read_only: false,
        hides_marks: false,
    }
}
