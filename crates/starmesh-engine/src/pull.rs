//! Step 3: the changes of one calendar are read and kept, together with the sync token that covers them.
//!
//! Absence is not deletion: an item goes only when the provider names it gone, or when a complete read
//! within its coverage does not have it. A read that fails part way changes nothing. A calendar that seems
//! to have lost everything at once is believed only on a second look (design, invariant 5).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::mirror::{Mark, MeetingId, Proof};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::reconcile::Observed;
use starmesh_core::recurrence::expand;
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;
use starmesh_provider::{CalendarProvider, Changed, Coverage, Cursor, ErrorKind, Fetched, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes, Failure, Read, Suspicion};

use crate::engine::Engine;
use crate::progress::EngineEvent;
use crate::schedule::SUSPICION_DELAY;

/// More pages than any calendar has: a provider that never ends is stopped here.
const PAGES_MAX: u32 = 20_000;

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// What changed since the last read; everything at the first.
    Changes,
    /// Everything.
    Whole,
}

/// What a pull found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a finding of its own")]
pub(crate) struct Pulled {
    /// Meetings of events that changed.
    pub meetings: BTreeSet<MeetingId>,
    /// True when a marked event turned up or changed that no record knows: only a look at the whole target
    /// can tell what it is.
    pub unrecorded: bool,
    /// True when this was the first read.
    pub first: bool,
    /// How many items are new, changed or gone.
    pub changed: u64,
    /// True when what was read contradicts the answer to a write of ours that came meanwhile: which of both is
    /// newer only another read can tell.
    pub contradicted: bool,
    /// True when the calendar is empty and a second look has to confirm it.
    pub doubtful: bool,
}

/// An item before and after a read.
pub(crate) type Touched<'a> = (Option<&'a SourceItem>, Option<SourceItem>);

/// A pull that gave nothing.
pub(crate) enum PullError {
    /// The engine cannot go on.
    Store(StoreError),
    /// The calendar cannot be read now.
    Provider(ProviderError),
    /// Everything seems to be gone: to be looked at again after [`SUSPICION_DELAY`].
    Suspicious(ProviderError),
}

impl From<StoreError> for PullError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ProviderError> for PullError {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}

/// How a calendar appears that seems to have lost everything.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Appears {
    /// A complete listing of it is empty.
    Empty,
    /// It answers that it is not there.
    Gone,
}

/// All pages of one read.
#[derive(Default)]
struct Listing {
    listed: BTreeMap<RemoteId, Option<Version>>,
    handed: BTreeMap<RemoteId, SourceItem>,
    /// Those of `handed` whose marks could not be seen.
    without_marks: BTreeSet<RemoteId>,
    removed: BTreeSet<RemoteId>,
    cursor: Option<Cursor>,
    complete: bool,
    coverage: Option<Coverage>,
}

impl Engine {
    /// Reads a calendar and keeps what it says. A failure is kept too, for people to see.
    pub(crate) async fn pull(&self, calendar: &Calendar, extent: Extent) -> Result<Pulled, PullError> {
        self.tell(EngineEvent::PullStarted { calendar: calendar.id.clone() });
        let result = self.pull_and_keep(calendar, extent).await;
        match &result {
            Ok(pulled) => {
                self.tell(EngineEvent::Pulled { calendar: calendar.id.clone(), changed: pulled.changed });
            }
            Err(PullError::Provider(error) | PullError::Suspicious(error)) => {
                self.keep_failure(calendar, error).await?;
            }
            Err(PullError::Store(_)) => {}
        }
        result
    }

    async fn pull_and_keep(&self, calendar: &Calendar, extent: Extent) -> Result<Pulled, PullError> {
        let started = self.clock.now();
        let settings = self.state.settings().await?;
        let window = Window::around(started, settings.window_days);
        let mut read = self.state.read(&calendar.id).await?;
        let provider = self.providers.provider(&calendar.account).await?;
        let cursor = read.cursor.clone().filter(|_| extent == Extent::Changes);
        let mut believed_gone = false;
        let listing = match self.list(&*provider, calendar, cursor.as_ref(), &window).await {
            // A dead token is a merge: everything is read again and compared with what is known.
            Err(error) if error.kind == ErrorKind::TokenExpired && cursor.is_some() => {
                if planted(Bug::DeadTokenForgets) {
                    let mut changes = Changes::new();
                    for known in self.state.items(&calendar.id).await? {
                        changes.delete_item(&calendar.id, &known.item.remote_id);
                    }
                    self.state.commit(changes).await?;
                }
                self.list(&*provider, calendar, None, &window).await?
            }
            Err(error) if error.kind == ErrorKind::CalendarGone => {
                self.suspect(&*provider, calendar, read.clone(), started, Appears::Gone).await?;
                believed_gone = true;
                Listing { complete: true, coverage: Some(Coverage::Everything), ..Listing::default() }
            }
            listing => listing?,
        };
        if planted(Bug::SaveTokenEarly) {
            let mut changes = Changes::new();
            read.cursor.clone_from(&listing.cursor);
            changes.put_read(&calendar.id, &read);
            self.state.commit(changes).await?;
        }
        let nothing_left = listing.complete && listing.listed.is_empty() && listing.handed.is_empty();
        // What is believed to be gone need not be believed to be empty too.
        if nothing_left && !believed_gone && self.state.item_count(&calendar.id).await? > 0 {
            self.suspect(&*provider, calendar, read.clone(), started, Appears::Empty).await?;
        }
        let items = self.read_items(&provider, calendar, &listing).await?;
        self.keep(calendar, read, &listing, items, &window, started).await
    }

    /// All pages of a read. Fails as a whole: a truncated read is no read.
    async fn list(
        &self,
        provider: &dyn CalendarProvider,
        calendar: &Calendar,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<Listing, ProviderError> {
        let mut listing =
            Listing { complete: cursor.is_none(), cursor: cursor.cloned(), ..Listing::default() };
        for _ in 0..PAGES_MAX {
            let page = provider.changes_since(&calendar.remote.name, listing.cursor.as_ref(), window).await?;
            listing.complete = page.complete;
            listing.coverage = Some(page.coverage);
            listing.cursor = page.cursor;
            for changed in page.changed {
                match changed {
                    Changed::Listed { id, version } => {
                        listing.removed.remove(&id);
                        listing.listed.insert(id, version);
                    }
                    Changed::Read(item) => {
                        listing.removed.remove(&item.remote_id);
                        listing.without_marks.remove(&item.remote_id);
                        listing.handed.insert(item.remote_id.clone(), item);
                    }
                    Changed::ReadWithoutMarks(item) => {
                        listing.removed.remove(&item.remote_id);
                        listing.without_marks.insert(item.remote_id.clone());
                        listing.handed.insert(item.remote_id.clone(), item);
                    }
                }
            }
            for id in page.removed {
                listing.listed.remove(&id);
                listing.handed.remove(&id);
                listing.without_marks.remove(&id);
                listing.removed.insert(id);
            }
            if !page.more || planted(Bug::TruncatedPageIsWhole) {
                return Ok(listing);
            }
        }
        Err(ProviderError::new(
            ErrorKind::InvalidData,
            format!("the calendar has more than {PAGES_MAX} pages"),
        ))
    }

    /// A calendar that seems to be empty or gone. Returns when it is to be believed: a second complete
    /// read, long enough after the first, and the account's home answers and does not contradict.
    async fn suspect(
        &self,
        provider: &dyn CalendarProvider,
        calendar: &Calendar,
        mut read: Read,
        started: DateTime<Utc>,
        appears: Appears,
    ) -> Result<(), PullError> {
        if planted(Bug::BelieveEmptyListing) {
            return Ok(());
        }
        let known = self.state.item_count(&calendar.id).await?;
        let gone = appears == Appears::Gone;
        let suspicion = read.suspicion.filter(|suspicion| suspicion.gone == gone);
        let suspicion = suspicion.unwrap_or(Suspicion { since: started, gone });
        read.suspicion = Some(suspicion);
        let delay = TimeDelta::from_std(SUSPICION_DELAY).unwrap_or(TimeDelta::MAX);
        if known > 0 && started - suspicion.since >= delay {
            let home = provider.list_calendars().await?;
            let is_listed = home.iter().any(|remote| remote.name == calendar.remote.name);
            // A home that still has the calendar contradicts its 404.
            if appears == Appears::Empty || !is_listed {
                return Ok(());
            }
        }
        let mut changes = Changes::new();
        changes.put_read(&calendar.id, &read);
        self.state.commit(changes).await?;
        Err(PullError::Suspicious(ProviderError::new(
            ErrorKind::CalendarGone,
            format!(
                "the calendar seems to be empty or gone; its {known} known items are kept until a second look"
            ),
        )))
    }

    /// The items of a listing whose version is not the one known, read whole.
    async fn read_items(
        &self,
        provider: &Arc<dyn CalendarProvider>,
        calendar: &Calendar,
        listing: &Listing,
    ) -> Result<Vec<SourceItem>, PullError> {
        let asked = listing.listed.keys().chain(&listing.without_marks);
        let known = self.state.items_by_id(&calendar.id, asked).await?;
        let (wanted, mut items) = listing.sort(&known);
        let capabilities = provider.capabilities();
        let batches: Vec<Vec<RemoteId>> =
            wanted.chunks(capabilities.fetch_batch.max(1)).map(<[RemoteId]>::to_vec).collect();
        let mut answers = stream::iter(batches)
            .map(|ids| {
                let provider = Arc::clone(provider);
                let name = calendar.remote.name.clone();
                async move { provider.fetch(&name, &ids).await }
            })
            .buffer_unordered(capabilities.concurrency.max(1));
        while let Some(fetched) = answers.try_next().await? {
            // An item that vanished since it was listed is named gone by the next read.
            items.extend(fetched.into_iter().filter_map(|fetched| match fetched {
                Fetched::Found(item) => Some(item),
                Fetched::Missing(_) => None,
            }));
            let items = items.len() as u64;
            self.tell(EngineEvent::PullProgress { calendar: calendar.id.clone(), items });
        }
        Ok(items)
    }

    /// Commits what was read, and the token that covers it, as one.
    async fn keep(
        &self,
        calendar: &Calendar,
        mut read: Read,
        listing: &Listing,
        items: Vec<SourceItem>,
        window: &Window,
        started: DateTime<Utc>,
    ) -> Result<Pulled, PullError> {
        let first = read.read_at.is_none();
        let gone = self.gone(calendar, listing).await?;
        let ids = items.iter().map(|item| &item.remote_id).chain(&gone);
        let before: BTreeMap<RemoteId, Observed> = self
            .state
            .items_by_id(&calendar.id, ids)
            .await?
            .into_iter()
            .map(|observed| (observed.item.remote_id.clone(), observed))
            .collect();
        let mut changes = Changes::new();
        let mut touched: Vec<Touched<'_>> = Vec::new();
        let mut contradicted = false;
        // A long read may bring a mirror that was placed after it began, for an event that is newer still.
        let ended = self.clock.now();
        for mut item in items {
            let known = before.get(&item.remote_id);
            // Our own writes may have overtaken this read: what they left may be newer.
            if let Some(known) = known.filter(|known| known.read_at > started) {
                contradicted |= known.item.version != item.version && known.item.events != item.events;
                continue;
            }
            if let (Some(Coverage::Range(range)), Some(known)) = (listing.coverage, known) {
                item.keep_dates_from(&known.item, range.hi);
            }
            // An item that became unreadable is neither gone nor changed as far as anybody knows.
            if let (Some(_), Some(known)) = (item.problem, known) {
                item.events.clone_from(&known.item.events);
            }
            changes.put_item(self.state.keys(), &calendar.id, &item, ended);
            let known = known.map(|known| &known.item);
            if known.is_none_or(|known| known.events != item.events || known.problem != item.problem) {
                touched.push((known, Some(item)));
            }
        }
        for id in &gone {
            match before.get(id) {
                Some(known) if known.read_at <= started => {
                    changes.delete_item(&calendar.id, id);
                    touched.push((Some(&known.item), None));
                }
                // Whatever a whole listing lacks may have been written after it.
                known => contradicted |= known.is_some() && listing.removed.contains(id),
            }
        }
        let unknown = gone.iter().filter(|id| !before.contains_key(*id)).cloned();
        self.absences.note(&calendar.id, unknown, listing.complete, ended);
        self.keep_broken(calendar, &touched, window, &mut changes).await?;
        let mut pulled = self.scope(calendar, &touched).await?;
        pulled.first = first;
        pulled.changed = touched.len() as u64;
        pulled.contradicted = contradicted;
        if !contradicted {
            read.cursor.clone_from(&listing.cursor);
        }
        read.coverage = listing.coverage;
        read.read_at = Some(started);
        let doubted = read.suspicion;
        read.suspicion = still_doubted(&read, listing, started, first);
        pulled.doubtful = read.suspicion.is_some();
        pulled.first |= doubted.is_some() && read.suspicion.is_none();
        read.failure = None;
        if listing.complete {
            read.whole_at = Some(started);
        }
        if first {
            read.foreign_marks = self.count_foreign(calendar, &touched);
        }
        changes.put_read(&calendar.id, &read);
        changes.delete_dirty(&calendar.id);
        self.state.commit(changes).await?;
        Ok(pulled)
    }

    /// The items that this read proves to be gone.
    async fn gone(&self, calendar: &Calendar, listing: &Listing) -> Result<BTreeSet<RemoteId>, StoreError> {
        let mut gone = listing.removed.clone();
        if let (true, Some(coverage)) = (listing.complete, listing.coverage) {
            for known in self.state.items(&calendar.id).await? {
                let id = &known.item.remote_id;
                let seen = listing.listed.contains_key(id) || listing.handed.contains_key(id);
                if !seen && covers(&coverage, &known.item, &Zone::Named(calendar.zone)) {
                    gone.insert(id.clone());
                }
            }
        }
        Ok(gone)
    }

    /// Which meetings are touched by what changed.
    async fn scope(&self, calendar: &Calendar, touched: &[Touched<'_>]) -> Result<Pulled, StoreError> {
        let mut pulled = Pulled::default();
        let mut marked = BTreeSet::new();
        for item in touched.iter().flat_map(|(before, after)| before.iter().copied().chain(after.as_ref())) {
            pulled.meetings.extend(self.state.meetings_of(item));
            if item.events.iter().any(|event| event.marked.is_some()) {
                marked.insert(&item.remote_id);
            }
        }
        let records = self.state.mirrors_at(&calendar.id, marked.iter().copied()).await?;
        let recorded: BTreeSet<_> = records.iter().map(|record| &record.remote_id).collect();
        pulled.unrecorded = marked.iter().any(|id| !recorded.contains(*id));
        pulled.meetings.extend(records.iter().map(|record| record.meeting));
        Ok(pulled)
    }

    /// How many marks in what was read are none of ours.
    fn count_foreign(&self, calendar: &Calendar, touched: &[Touched<'_>]) -> u32 {
        let events = touched.iter().filter_map(|(_, after)| after.as_ref()).flat_map(|item| &item.events);
        let foreign = events.filter_map(|event| event.marked.as_ref()).filter(|found| {
            Mark::parse(&found.mark).is_none_or(|mark| {
                mark.verify::<()>(self.state.keys(), &calendar.remote.name, []) == Proof::Foreign
            })
        });
        u32::try_from(foreign.count()).unwrap_or(u32::MAX)
    }

    async fn keep_failure(&self, calendar: &Calendar, error: &ProviderError) -> Result<(), StoreError> {
        let mut read = self.state.read(&calendar.id).await?;
        let since = read.failure.as_ref().map_or_else(|| self.clock.now(), |failure| failure.since);
        let attempts = read.failure.as_ref().map_or(0, |failure| failure.attempts).saturating_add(1);
        let needs_person = error.kind.needs_person();
        read.failure = Some(Failure { since, attempts, message: error.message.clone(), needs_person });
        let mut changes = Changes::new();
        changes.put_read(&calendar.id, &read);
        self.state.commit(changes).await?;
        self.tell(EngineEvent::PullFailed {
            calendar: calendar.id.clone(),
            message: error.message.clone(),
            needs_person,
        });
        Ok(())
    }
}

impl Listing {
    /// The ids of items that have to be read, and the items that are as they were handed over; `known` are
    /// those among them that are known.
    fn sort(&self, known: &[Observed]) -> (Vec<RemoteId>, Vec<SourceItem>) {
        let known: BTreeMap<_, _> = known.iter().map(|known| (&known.item.remote_id, &known.item)).collect();
        let is_new = |id: &RemoteId, version: &Option<Version>| {
            version.is_none() || known.get(id).is_none_or(|known| known.version != *version)
        };
        let mut wanted: BTreeSet<&RemoteId> =
            self.listed.iter().filter(|(id, version)| is_new(id, version)).map(|(id, _)| id).collect();
        let mut items = Vec::new();
        for (id, item) in &self.handed {
            let known = known.get(id).filter(|_| self.without_marks.contains(id));
            // What is known to carry a mark is not taken from a read that cannot show it.
            if known.is_some_and(|known| known.events.iter().any(|event| event.marked.is_some())) {
                wanted.extend(is_new(id, &item.version).then_some(id));
            } else {
                items.push(item.clone());
            }
        }
        (wanted.into_iter().cloned().collect(), items)
    }
}

/// What remains to be confirmed after a read that is kept. A calendar that is empty at the first look may be
/// one that lies: mirrors that another device placed, or that outlived a lost database, are not to go for
/// it before a second look.
fn still_doubted(read: &Read, listing: &Listing, started: DateTime<Utc>, first: bool) -> Option<Suspicion> {
    let empty = listing.complete && listing.listed.is_empty() && listing.handed.is_empty();
    let suspicion = match read.suspicion.filter(|suspicion| !suspicion.gone) {
        Some(suspicion) => suspicion,
        None if first && !planted(Bug::BelieveEmptyListing) => Suspicion { since: started, gone: false },
        None => return None,
    };
    let delay = TimeDelta::from_std(SUSPICION_DELAY).unwrap_or(TimeDelta::MAX);
    (empty && started - suspicion.since < delay).then_some(suspicion)
}

/// True when a complete read of `coverage` would have had the item.
fn covers(coverage: &Coverage, item: &SourceItem, zone: &Zone) -> bool {
    match coverage {
        Coverage::Everything => true,
        Coverage::Range(range) => item
            .events
            .iter()
            .any(|event| expand(&event.recurrence, range, zone).is_ok_and(|found| !found.is_empty())),
    }
}

#[cfg(test)]
mod tests;
