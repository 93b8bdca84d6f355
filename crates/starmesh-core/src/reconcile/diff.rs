//! Desired against observed: what each mirror needs.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::desired::{Desired, Implied};
use super::echo::{Live, Verdict, judge};
use super::input::{LinkInput, LinkState, TargetInput};
use super::operation::{Action, EventRef, Operation, RemoveCause, UpdateCause};
use super::plan::{Stray, StrayKind, Stuck, StuckReason};
use crate::event::{MarkedEvent, SourceItem};
use crate::ids::{CalendarId, LinkId, RemoteId};
use crate::mirror::{
    Color, Fingerprint, FoundColor, Incarnation, Mark, MirrorKey, MirrorRecord, PlacedMirror, ProviderId,
};
use crate::planted::{Bug, planted};
use crate::policy::Deleted;
use crate::time::EventTime;

/// What the comparison gives, before the brake and the order.
#[derive(Default)]
pub(super) struct Differences<'a> {
    pub found: Found<'a>,
    pub operations: Vec<Operation>,
    pub adopt: Vec<MirrorRecord>,
    pub forget: Vec<MirrorKey>,
    pub strays: Vec<Stray>,
    pub stuck: Vec<Stuck>,
    pub recheck: BTreeSet<CalendarId>,
    /// Mirrors that a person deleted, where that is respected.
    pub dismissed: BTreeSet<MirrorKey>,
}

/// The mirrors that stand in the target.
#[derive(Default)]
pub(super) struct Found<'a> {
    /// Those of links into it, by key.
    pub live: BTreeMap<MirrorKey, Live<'a>>,
    /// The times that mirrors of other devices and installations block.
    pub others: HashSet<EventTime>,
    /// Those that stand without their mark.
    stripped: BTreeSet<&'a RemoteId>,
}

struct Diff<'a, 'i> {
    input: &'a TargetInput<'a>,
    implied: &'i Implied,
    records: HashMap<MirrorKey, &'a MirrorRecord>,
    out: Differences<'a>,
}

pub(super) fn diff<'a>(input: &'a TargetInput<'a>, implied: &Implied) -> Differences<'a> {
    let records = input.records.iter().map(|record| (record.key, record)).collect();
    let mut diff = Diff { input, implied, records, out: Differences::default() };
    let found = diff.observe();
    // Most are in all three, and two of the three come in order.
    let mut keys: Vec<MirrorKey> =
        implied.desired.keys().chain(found.live.keys()).chain(diff.records.keys()).copied().collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        diff.settle(key, found.live.get(&key), &found.stripped);
    }
    Differences { found, ..diff.out }
}

impl<'a> Diff<'a, '_> {
    fn observe(&mut self) -> Found<'a> {
        let mut found = Found::default();
        for observed in self.input.target.items {
            let item = &observed.item;
            match judge(self.input, item, observed.read_at) {
                None => {
                    if item.events.iter().any(|event| ProviderId::has_shape(event.uid.as_str())) {
                        found.stripped.insert(&item.remote_id);
                    }
                }
                Some(Verdict::Ours(live)) => self.keep_one(&mut found.live, live),
                Some(Verdict::Canary(mark)) => self.remove_canary(item, &mark),
                Some(Verdict::Copied) => self.stray(&item.remote_id, StrayKind::Copied),
                Some(verdict @ (Verdict::UnknownLink | Verdict::Foreign)) => {
                    let is_ours = matches!(verdict, Verdict::UnknownLink);
                    let kind = if is_ours { StrayKind::UnknownLink } else { StrayKind::Foreign };
                    self.stray(&item.remote_id, kind);
                    let marked = item.events.iter().filter_map(|event| event.marked.as_ref());
                    found.others.extend(marked.filter_map(MarkedEvent::blocks));
                }
            }
        }
        found
    }

    /// A canary that a crash left behind. Where every link stands still, so does this.
    fn remove_canary(&mut self, item: &SourceItem, mark: &Mark) {
        if self.input.links.iter().all(|link| link.state == LinkState::Paused) {
            return;
        }
        let placed = PlacedMirror::new(item.remote_id.clone(), item.version.clone());
        let cause = RemoveCause::Cleaned;
        let action = Action::Remove { placed, time: None, cause, twin: None, counted: false };
        let link = LinkId::none_into(self.input.target.id.clone());
        let (key, incarnation) = (mark.key, mark.incarnation);
        self.out.operations.push(Operation { link, key, event: None, incarnation, action });
    }

    fn stray(&mut self, remote_id: &RemoteId, kind: StrayKind) {
        self.out.strays.push(Stray { remote_id: remote_id.clone(), kind });
    }

    /// Of two live mirrors with one key the recorded one stays, else the lower id.
    fn keep_one(&mut self, live: &mut BTreeMap<MirrorKey, Live<'a>>, found: Live<'a>) {
        let key = found.mark.key;
        let Some(other) = live.remove(&key) else {
            live.insert(key, found);
            return;
        };
        let recorded = self.records.get(&key).map(|record| &record.remote_id);
        let found_first = match recorded {
            Some(id) if id == found.remote_id => true,
            Some(id) if id == other.remote_id => false,
            _ => found.remote_id < other.remote_id,
        };
        let (kept, extra) = if found_first { (found, other) } else { (other, found) };
        match self.link(&extra).state {
            LinkState::Paused => {}
            _ if extra.has_attendees => self.stuck(key, &extra, StuckReason::HasAttendees),
            LinkState::Active => self.remove(&extra, RemoveCause::Duplicate, Some(kept.remote_id)),
            LinkState::Retiring => self.remove(&extra, RemoveCause::Cleaned, None),
        }
        live.insert(key, kept);
    }

    fn link(&self, live: &Live<'a>) -> &'a LinkInput<'a> {
        &self.input.links[live.link]
    }

    fn settle(&mut self, key: MirrorKey, live: Option<&Live<'a>>, stripped: &BTreeSet<&RemoteId>) {
        let implied = self.implied;
        match (implied.desired.get(&key), live) {
            (Some(desired), _) if self.input.links[desired.link].state == LinkState::Paused => {}
            (Some(desired), Some(live)) => self.compare(key, desired, live),
            (Some(desired), None) => self.place(key, desired, stripped),
            (None, Some(live)) => self.leave_or_remove(key, live),
            (None, None) => self.forget(key, stripped),
        }
    }

    fn compare(&mut self, key: MirrorKey, desired: &Desired, live: &Live<'a>) {
        let record = self.records.get(&key).copied();
        let fingerprint = desired.body.fingerprint(self.input.keys);
        let link = self.link(live);
        if live.has_attendees {
            self.stuck(key, live, StuckReason::HasAttendees);
        } else if self.is_right(desired, live, record) {
            let adopted = MirrorRecord {
                key,
                incarnation: live.mark.incarnation,
                link: link.id.clone(),
                event: desired.event.event.clone(),
                original_start: desired.event.original_start.clone(),
                meeting: desired.event.meeting,
                remote_id: live.remote_id.clone(),
                version: live.version.cloned(),
                time: desired.body.time,
                fingerprint,
                color: desired.body.color,
                dismissed: false,
            };
            if record != Some(&adopted) {
                self.out.adopt.push(adopted);
            }
        } else if !planted(Bug::IgnoreMoves) && !self.is_stale(desired) {
            let edited = record.is_some_and(|record| record.fingerprint == fingerprint);
            let cause = if edited { UpdateCause::EditedByHand } else { UpdateCause::SourceChanged };
            let action = Action::Update {
                placed: placed(live),
                body: desired.body.clone(),
                time_before: record.map(|record| record.time),
                cause,
            };
            self.operate(desired.link, key, Some(desired.event.clone()), live.mark.incarnation, action);
        }
    }

    /// True when a mirror shows what it should.
    fn is_right(&self, desired: &Desired, live: &Live<'a>, record: Option<&MirrorRecord>) -> bool {
        let color = desired.body.color;
        let shown = Fingerprint::observed(self.input.keys, live.found, color);
        shown == Some(desired.body.fingerprint(self.input.keys)) && color_stands(color, live, record)
    }

    fn is_stale(&self, desired: &Desired) -> bool {
        self.implied.stale.contains(&(desired.link, desired.event.event.clone()))
    }

    fn place(&mut self, key: MirrorKey, desired: &Desired, stripped: &BTreeSet<&RemoteId>) {
        let record = self.records.get(&key).copied();
        if let Some(record) = record.filter(|record| stripped.contains(&record.remote_id)) {
            // It stands, and its server took the mark away: unknown, so neither placed nor removed.
            self.out.stuck.push(Stuck {
                key,
                link: record.link.clone(),
                remote_id: record.remote_id.clone(),
                reason: StuckReason::MarkStripped,
            });
            return;
        }
        let deleted = self.input.links[desired.link].policy.deleted;
        // One that would stand at another time is another one to whoever deleted it.
        let respected =
            deleted == Deleted::Respected && record.is_some_and(|record| record.time == desired.body.time);
        if respected && record.is_some_and(|record| record.dismissed) {
            self.out.dismissed.insert(key);
            return;
        }
        let incarnation = record.map_or(Incarnation::default(), |record| record.incarnation);
        let (incarnation, previous) = if planted(Bug::PlaceWithoutLooking) {
            (if record.is_some() { incarnation.next() } else { incarnation }, None)
        } else {
            let previous =
                record.map(|record| PlacedMirror::new(record.remote_id.clone(), record.version.clone()));
            (incarnation, previous)
        };
        let action = Action::Place { body: desired.body.clone(), previous, respected };
        self.operate(desired.link, key, Some(desired.event.clone()), incarnation, action);
    }

    /// A mirror that the sources do not imply goes only when that is known.
    fn leave_or_remove(&mut self, key: MirrorKey, live: &Live<'a>) {
        let link = self.link(live);
        let record = self.records.get(&key).copied();
        if let Some(cause) = self.removal(key, live, link, record) {
            if live.has_attendees {
                self.stuck(key, live, StuckReason::HasAttendees);
            } else {
                self.remove(live, cause, None);
            }
        }
    }

    fn removal(
        &mut self,
        key: MirrorKey,
        live: &Live<'a>,
        link: &LinkInput<'a>,
        record: Option<&MirrorRecord>,
    ) -> Option<RemoveCause> {
        match link.state {
            LinkState::Paused => return None,
            LinkState::Retiring => return Some(RemoveCause::Cleaned),
            LinkState::Active => {}
        }
        let source_read_at = link.source_read_at?;
        let window = self.input.window.range;
        let Some(record) = record else {
            // Another device may have placed it for an event that we have not read yet: only a read of the
            // source that began after the mirror was seen can tell. What lies behind us stays anyway.
            if !self.input.whole {
                return None;
            }
            if source_read_at <= live.read_at && !planted(Bug::JudgeByOldRead) {
                self.out.recheck.insert(link.source.id.clone());
                return None;
            }
            return self.unrecorded_removal(key, live, link);
        };
        if record.time.end() <= window.lo {
            return None;
        }
        if self.implied.unknown.contains(&(live.link, record.event.clone())) {
            return None;
        }
        if let Some(cause) = self.skipped(key) {
            return Some(cause);
        }
        if !link.would_know(&record.time) {
            return None;
        }
        match self.implied.beyond.get(&key) {
            Some(time) if *time == record.time && !planted(Bug::RemoveBeyondFarEdge) => {
                self.input.narrowing.then_some(RemoveCause::WindowNarrowed)
            }
            _ => Some(RemoveCause::SourceGone),
        }
    }

    /// The removal of a mirror whose occurrence does not count.
    fn skipped(&self, key: MirrorKey) -> Option<RemoveCause> {
        let reason = *self.implied.skipped.get(&key)?;
        let is_narrowed = self.implied.narrowed.contains(&key);
        Some(if is_narrowed { RemoveCause::Narrowed(reason) } else { RemoveCause::Skipped(reason) })
    }

    /// The removal of a mirror that no record knows, of which only the mark and the time can be seen.
    fn unrecorded_removal(
        &self,
        key: MirrorKey,
        live: &Live<'a>,
        link: &LinkInput<'a>,
    ) -> Option<RemoveCause> {
        let window = self.input.window.range;
        if let Some(cause) = self.skipped(key) {
            return Some(cause);
        }
        let time = self
            .input
            .target
            .items
            .iter()
            .find(|observed| observed.item.remote_id == *live.remote_id)
            .and_then(|observed| observed.item.events.first()?.marked.as_ref()?.time)?;
        // Outside the window nothing is known of its source: it stays. An event that cannot be understood
        // may be the one it stands for.
        let understood = !self.implied.unknown.iter().any(|(link, _)| *link == live.link);
        let is_judged = understood && link.would_know(&time);
        (time.end() > window.lo && time.start() < window.hi && is_judged).then_some(RemoveCause::SourceGone)
    }

    /// A record whose mirror is neither wanted nor there.
    fn forget(&mut self, key: MirrorKey, stripped: &BTreeSet<&RemoteId>) {
        let Some(record) = self.records.get(&key).copied() else { return };
        // That of a canary goes with it.
        if self.out.operations.iter().any(|operation| operation.key == key && operation.link.is_none()) {
            return;
        }
        let link = self.input.links.iter().find(|link| *link.id == record.link);
        let kept = link.is_some_and(|link| link.state == LinkState::Paused || link.source_read_at.is_none())
            || stripped.contains(&record.remote_id)
            // Beyond the window it may come back into it: then it is looked for where it was.
            || self.implied.beyond.contains_key(&key);
        if !kept {
            self.out.forget.push(key);
        }
    }

    fn remove(&mut self, live: &Live<'a>, cause: RemoveCause, twin: Option<&RemoteId>) {
        let key = live.mark.key;
        let record = self.records.get(&key).copied();
        let event = record.map(|record| EventRef {
            event: record.event.clone(),
            original_start: record.original_start.clone(),
            meeting: record.meeting,
        });
        let time = record.map(|record| record.time);
        let action =
            Action::Remove { placed: placed(live), time, cause, twin: twin.cloned(), counted: false };
        self.operate(live.link, key, event, live.mark.incarnation, action);
    }

    fn stuck(&mut self, key: MirrorKey, live: &Live<'a>, reason: StuckReason) {
        let link = self.link(live).id.clone();
        self.out.stuck.push(Stuck { key, link, remote_id: live.remote_id.clone(), reason });
    }

    fn operate(
        &mut self,
        link: usize,
        key: MirrorKey,
        event: Option<EventRef>,
        incarnation: Incarnation,
        action: Action,
    ) {
        let link = self.input.links[link].id.clone();
        self.out.operations.push(Operation { link, key, event, incarnation, action });
    }
}

fn placed(live: &Live<'_>) -> PlacedMirror {
    let version = live.version.filter(|_| !planted(Bug::IgnorePrecondition));
    PlacedMirror::new(live.remote_id.clone(), version.cloned())
}

/// True when the colour of a mirror may stay as it is. What a person or a program gives a mirror whose link has no
/// colour is left alone, and so is what a server made of ours: it may keep none, or call it otherwise.
fn color_stands(wanted: Option<Color>, live: &Live<'_>, record: Option<&MirrorRecord>) -> bool {
    let written = record.and_then(|record| record.color);
    match (wanted, live.found.color) {
        (None, FoundColor::Known(found)) => written != Some(found),
        (None, FoundColor::Unset | FoundColor::Other) => true,
        (Some(wanted), FoundColor::Known(found)) if wanted == found => true,
        (Some(wanted), found) => {
            let untouched = live.version.is_some()
                && record.is_some_and(|record| record.version.as_ref() == live.version);
            written == Some(wanted) && (found == FoundColor::Unset || untouched)
        }
    }
}
