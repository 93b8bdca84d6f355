//! Step 3: the changes of one calendar are read and kept, together with the sync token that covers them.
//!
//! Absence is not deletion: an item goes only when the provider names it gone, or when a complete read
//! within its coverage does not have it. A read that fails part way changes nothing. A calendar that seems
//! to have lost everything at once is believed only on a second look (design, invariant 5).

mod keeping;
mod listing;
mod patience;
mod sight;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt, TryStreamExt, stream, try_join};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::MeetingId;
use starmesh_core::planted::{Bug, planted};
use starmesh_core::policy::Terms;
use starmesh_core::recurrence::expand;
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;
use starmesh_provider::{CalendarProvider, Coverage, Cursor, ErrorKind, Fetched, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes, Failure, Read, Suspicion};

use self::keeping::Keeping;
pub(crate) use self::listing::Listing;
use self::patience::Patience;
pub(crate) use self::sight::Sight;
use crate::engine::Engine;
use crate::progress::EngineEvent;
use crate::schedule::{READ_GAP, SUSPICION_DELAY};

/// More pages than any calendar has: a provider that never ends is stopped here.
const PAGES_MAX: u32 = 20_000;

/// So many items are compared with what is known of them at once.
const ITEMS_AT_ONCE: usize = 1_000;

/// How much is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent {
    /// What changed since the last read; everything at the first.
    Changes,
    /// Everything.
    Whole,
    /// Everything, right after the changes were read: what differs, they had not told.
    Verify,
}

/// What a pull found.
#[derive(Clone, Default, Debug)]
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
    /// How long the calendar is to be left alone.
    pub rest: Option<Duration>,
    /// True when everything was listed.
    pub whole: bool,
    /// True when the last good read before this one was long ago.
    pub gap: bool,
    /// Why the whole read that was due could not follow that of the changes.
    pub unverified: Option<ProviderError>,
}

impl Pulled {
    /// What two reads in a row found.
    pub(crate) fn and(mut self, then: Self) -> Self {
        self.meetings.extend(then.meetings);
        Self {
            meetings: self.meetings,
            unrecorded: self.unrecorded || then.unrecorded,
            first: self.first || then.first,
            changed: self.changed + then.changed,
            contradicted: self.contradicted || then.contradicted,
            doubtful: then.doubtful,
            rest: then.rest,
            whole: then.whole,
            gap: self.gap || then.gap,
            unverified: then.unverified,
        }
    }
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

/// What is gone by what a read says.
struct Gone {
    /// All of it.
    ids: BTreeSet<RemoteId>,
    /// Persons' items that it does not name: it merely lacks them.
    missed: Vec<RemoteId>,
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
        let (settings, mut read, terms) =
            try_join!(self.state.settings(), self.state.read(&calendar.id), self.asked_of(calendar))?;
        let window = Window::around(started, settings.window_days);
        let provider = self.providers.provider(&calendar.account).await?;
        // Of what was read before it is not known which new words it holds; and no subject is asked for once
        // nobody looks for one.
        let asks_otherwise = terms != read.terms;
        provider.look_for(&calendar.remote.name, &terms);
        let extent = if asks_otherwise { Extent::Whole } else { extent };
        let cursor = read.cursor.clone().filter(|_| extent == Extent::Changes);
        let mut believed_gone = false;
        let mut listing = match self.list(&*provider, calendar, cursor.as_ref(), &window).await {
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
        // What is believed to be gone need not be believed to be empty too.
        if listing.shows_nothing() && !believed_gone && self.state.item_count(&calendar.id).await? > 0 {
            self.suspect(&*provider, calendar, read.clone(), started, Appears::Empty).await?;
        }
        let Gone { mut ids, missed } = self.gone(calendar, &listing).await?;
        // Pages shift while something is written beside them, so that one page may lack what the next one lacks
        // too: what is merely missed is asked for. What was looked at twice need not be.
        let doubted = if believed_gone || listing.shows_nothing() { Vec::new() } else { missed };
        let items = self.read_items(&provider, calendar, &mut listing, doubted, asks_otherwise).await?;
        for item in &items {
            ids.remove(&item.remote_id);
        }
        let is_back = read.gone_since.is_some() && !believed_gone;
        let rest = listing.cursor.as_ref().and_then(|cursor| provider.rest_after(cursor));
        read.rest_s = rest.and_then(|rest| u32::try_from(rest.as_secs()).ok());
        read.gone_since = believed_gone.then(|| read.gone_since.unwrap_or(started));
        // Not before: a read that comes to nothing has looked for nothing.
        read.terms = terms;
        let last = read.read_at;
        let verified = (extent == Extent::Verify && !is_back).then_some(read.coverage).flatten();
        let how = (&window, started, verified, asks_otherwise);
        let mut pulled = self.keep(calendar, read, &listing, items, ids, how).await?;
        pulled.first |= is_back || asks_otherwise;
        pulled.rest = rest;
        pulled.gap = last.is_some_and(|last| started - last > read_gap(settings.poll_interval_s));
        Ok(pulled)
    }

    /// What links ask of the events of a calendar.
    async fn asked_of(&self, calendar: &Calendar) -> Result<Terms, StoreError> {
        let links = self.state.links_out_of(&calendar.id).await?;
        // The façade lets nobody ask for more than can be told apart; the links would stand still.
        Ok(Terms::new(links.iter().flat_map(|link| link.policy.terms())).unwrap_or_default())
    }

    /// All pages of a read. Fails as a whole: a truncated read is no read.
    pub(crate) async fn list(
        &self,
        provider: &dyn CalendarProvider,
        calendar: &Calendar,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<Listing, ProviderError> {
        let mut listing =
            Listing { complete: cursor.is_none(), cursor: cursor.cloned(), ..Listing::default() };
        for number in 0..PAGES_MAX {
            let mut patience = Patience::default();
            let page = loop {
                let cursor = listing.cursor.as_ref();
                match provider.changes_since(&calendar.remote.name, cursor, window).await {
                    // Nothing is lost yet: whoever asked for the read knows better when to ask again.
                    Err(error) if number == 0 => return Err(error),
                    Err(error) => patience.wait(self, &calendar.id, error).await?,
                    Ok(page) => break page,
                }
            };
            let more = page.more;
            listing.add(page);
            if !more || planted(Bug::TruncatedPageIsWhole) {
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

    /// The items of a listing whose version is not the one known, or all of them when they are read `anew`, and
    /// those of `doubted` that are still there.
    async fn read_items(
        &self,
        provider: &Arc<dyn CalendarProvider>,
        calendar: &Calendar,
        listing: &mut Listing,
        doubted: Vec<RemoteId>,
        anew: bool,
    ) -> Result<Vec<SourceItem>, PullError> {
        let asked = listing.listed.keys().chain(&listing.without_marks);
        let known = self.state.items_by_id(&calendar.id, asked).await?;
        let (mut wanted, mut items) = listing.sort(&known, anew);
        wanted.extend(doubted);
        let capabilities = provider.capabilities();
        let batches: Vec<Vec<RemoteId>> =
            wanted.chunks(capabilities.fetch_batch.max(1)).map(<[RemoteId]>::to_vec).collect();
        let mut answers = stream::iter(batches)
            .map(|ids| {
                let provider = Arc::clone(provider);
                let name = calendar.remote.name.clone();
                async move {
                    let mut patience = Patience::default();
                    loop {
                        match provider.fetch(&name, &ids).await {
                            Err(error) => patience.wait(self, &calendar.id, error).await?,
                            fetched => return fetched,
                        }
                    }
                }
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
        gone: BTreeSet<RemoteId>,
        (window, started, verified, asks_otherwise): (&Window, DateTime<Utc>, Option<Coverage>, bool),
    ) -> Result<Pulled, PullError> {
        let first = read.read_at.is_none();
        // A long read may bring a mirror that was placed after it began, for an event that is newer still.
        let ended = self.clock.now();
        let mut keeping = Keeping {
            engine: self,
            calendar,
            listing,
            window,
            started,
            ended,
            asks_otherwise,
            wedges: self.state.wedges_in(&calendar.id).await?,
            unknown: Vec::new(),
            foreign: 0,
            verified,
            repairs: 0,
            pulled: Pulled::default(),
            changes: Changes::new(),
        };
        let mut items = items.into_iter();
        loop {
            let some: Vec<SourceItem> = items.by_ref().take(ITEMS_AT_ONCE).collect();
            if some.is_empty() {
                break;
            }
            keeping.items(some).await?;
        }
        let gone: Vec<RemoteId> = gone.into_iter().collect();
        for some in gone.chunks(ITEMS_AT_ONCE) {
            keeping.gone(some).await?;
        }
        let Keeping { mut pulled, mut changes, unknown, foreign, repairs, .. } = keeping;
        if repairs > 0 {
            tracing::warn!(calendar = %calendar.id, repairs, "a whole read found what no change had told");
        }
        read.count_repairs(started, repairs);
        pulled.whole = listing.complete;
        self.absences.note(&calendar.id, unknown.into_iter(), listing.complete, ended);
        pulled.first = first;
        if !pulled.contradicted {
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
            read.foreign_marks = foreign;
        }
        changes.put_read(&calendar.id, &read);
        changes.delete_dirty(&calendar.id);
        // No request depends on it that is not preceded by an intent, whose commit makes this one last, too.
        self.state.commit_observed(changes).await?;
        Ok(pulled)
    }

    /// The items that are gone by what this read says.
    async fn gone(&self, calendar: &Calendar, listing: &Listing) -> Result<Gone, StoreError> {
        let mut gone = Gone { ids: listing.removed.clone(), missed: Vec::new() };
        if let (true, Some(coverage)) = (listing.complete, listing.coverage)
            && self.state.item_count(&calendar.id).await? > 0
        {
            let seen = listing.ids();
            let zone = Zone::Named(calendar.zone);
            let is_missed =
                move |item: &SourceItem| !seen.contains(&item.remote_id) && covers(&coverage, item, &zone);
            for known in self.state.items_where(&calendar.id, is_missed).await? {
                let item = known.item;
                let is_named = !gone.ids.insert(item.remote_id.clone());
                // A mirror is looked for once more before it is placed again or forgotten.
                if !is_named && item.events.iter().all(|event| event.marked.is_none()) {
                    gone.missed.push(item.remote_id);
                }
            }
        }
        Ok(gone)
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

/// After how long without a good read a calendar is read whole.
pub(crate) fn read_gap(poll_interval_s: u32) -> TimeDelta {
    let polls = Duration::from_secs(u64::from(poll_interval_s)) * 2;
    TimeDelta::from_std(READ_GAP.max(polls)).unwrap_or(TimeDelta::MAX)
}

/// What remains to be confirmed after a read that is kept. A calendar that is empty at the first look may be
/// one that lies: mirrors that another device placed, or that outlived a lost database, are not to go for
/// it before a second look.
fn still_doubted(read: &Read, listing: &Listing, started: DateTime<Utc>, first: bool) -> Option<Suspicion> {
    let suspicion = match read.suspicion.filter(|suspicion| !suspicion.gone) {
        Some(suspicion) => suspicion,
        None if first && !planted(Bug::BelieveEmptyListing) => Suspicion { since: started, gone: false },
        None => return None,
    };
    let delay = TimeDelta::from_std(SUSPICION_DELAY).unwrap_or(TimeDelta::MAX);
    (listing.shows_nothing() && started - suspicion.since < delay).then_some(suspicion)
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
