//! The mirrors that sources and policies imply, with the reason for every occurrence left out.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::echo::is_source;
use super::fault::ends_early;
use super::input::{LinkInput, LinkState, TargetInput};
use super::operation::EventRef;
use super::plan::{Explanation, Outcome};
use crate::event::SourceEvent;
use crate::ids::EventId;
use crate::mirror::{MeetingId, MirrorBody, MirrorKey};
use crate::planted::{Bug, planted};
use crate::policy::{Policy, SkipReason, Terms};
use crate::recurrence::{Occurrence, OriginalStart, expand};
use crate::time::{EventTime, TimeRange};
use chrono::{DateTime, TimeDelta, Utc};

/// A mirror that ought to be.
pub(super) struct Desired {
    pub link: usize,
    pub event: EventRef,
    pub body: MirrorBody,
}

/// What follows from the sources.
#[derive(Default)]
pub(super) struct Implied {
    /// The mirrors that ought to be, by key; boxed, since keys come in no order and a tree moves what it holds.
    pub desired: BTreeMap<MirrorKey, Box<Desired>>,
    /// Occurrences that count and lie beyond the far edge of the window: their mirrors, if any, stay.
    pub beyond: HashMap<MirrorKey, EventTime>,
    /// Occurrences in the window that do not count.
    pub skipped: HashMap<MirrorKey, SkipReason>,
    /// Those of them that counted before a person narrowed their link.
    pub narrowed: HashSet<MirrorKey>,
    /// Events that exist and cannot be understood, or of which only an older state could be read: nothing of
    /// them is known to be gone.
    pub unknown: HashSet<(usize, EventId)>,
    /// Those of them of which an older state is known. Another device may know another one, so that a mirror
    /// that stands is left as it is: two devices that each restore theirs would never end.
    pub stale: HashSet<(usize, EventId)>,
    pub explanations: Vec<Explanation>,
}

/// One meeting's occurrence at one time, as the target would show it.
type Slot = (MeetingId, OriginalStart, EventTime);

pub(super) fn imply(input: &TargetInput<'_>) -> Implied {
    let mut implied = Implied::default();
    let far_ends = far_ends(input);
    for (index, link) in input.links.iter().enumerate() {
        if link.state != LinkState::Retiring {
            imply_link(input, index, link, &far_ends, &mut implied);
        }
    }
    leave_out_same_meetings(input, &mut implied);
    implied
}

/// The last end of the mirrors of each event, so that an event is expanded as far as its mirrors reach.
fn far_ends(input: &TargetInput<'_>) -> HashMap<(usize, EventId), DateTime<Utc>> {
    let mut ends = HashMap::new();
    for record in input.records {
        if let Some(link) = input.links.iter().position(|link| *link.id == record.link) {
            let end = ends.entry((link, record.event.clone())).or_insert(record.time.end());
            *end = record.time.end().max(*end);
        }
    }
    ends
}

fn imply_link(
    input: &TargetInput<'_>,
    index: usize,
    link: &LinkInput<'_>,
    far_ends: &HashMap<(usize, EventId), DateTime<Utc>>,
    implied: &mut Implied,
) {
    for observed in link.source.items {
        if observed.item.problem.is_some() {
            let id = EventId::new(observed.item.remote_id.as_str());
            implied.explain(link, &id, None, None, SkipReason::Unreadable);
            // What it holds may be what a mirror without a record stands for.
            if observed.item.events.is_empty() {
                implied.unknown.insert((index, id));
            }
        }
    }
    let keys = input.keys.mirror_keys(input.target.name, link.source.name);
    for (id, event, is_stale) in numbered(link) {
        if !is_source(event) {
            implied.explain(link, &id, None, None, SkipReason::Mirror);
            continue;
        }
        if is_stale {
            implied.unknown.insert((index, id.clone()));
            implied.stale.insert((index, id.clone()));
        }
        let meeting = input.keys.meeting(&event.uid);
        let far_end = far_ends.get(&(index, id.clone())).copied();
        let range = TimeRange {
            lo: input.window.range.lo,
            hi: far_end.map_or(input.window.range.hi, |end| end.max(input.window.range.hi)),
        };
        match expand(&event.recurrence, &range, link.source.zone) {
            Ok(occurrences) => {
                // An inverted event may lie in no range; then it has no occurrence that could be named.
                if occurrences.is_empty() {
                    let early = ends_early(event);
                    let reason = if early { SkipReason::EndsBeforeStart } else { SkipReason::OutsideWindow };
                    implied.explain(link, &id, None, None, reason);
                }
                for occurrence in occurrences {
                    let key = keys.key(&id, &occurrence.original_start);
                    imply_occurrence(input, index, link, &id, (key, meeting), occurrence, implied);
                }
            }
            Err(problem) => {
                implied.explain(link, &id, None, None, SkipReason::from(problem));
                implied.unknown.insert((index, id.clone()));
            }
        }
    }
}

/// The events of a link's source with their identities, and whether only an older state of them is known: two
/// resources with one UID get an ordinal, in the order of their remote ids.
fn numbered<'a>(link: &'a LinkInput<'_>) -> Vec<(EventId, &'a SourceEvent, bool)> {
    let mut items: Vec<_> = link.source.items.iter().map(|observed| &observed.item).collect();
    items.sort_by(|a, b| a.remote_id.cmp(&b.remote_id));
    let mut seen: HashMap<&EventId, u32> = HashMap::new();
    let mut events = Vec::new();
    let all = items.into_iter().flat_map(|item| item.events.iter().map(move |event| (event, item.problem)));
    for (event, problem) in all {
        let ordinal = seen.entry(&event.id).and_modify(|ordinal| *ordinal += 1).or_insert(1);
        let id = match *ordinal {
            1 => event.id.clone(),
            ordinal => EventId::new(format!("{}#{ordinal}", event.id)),
        };
        events.push((id, event, problem.is_some()));
    }
    events
}

fn imply_occurrence(
    input: &TargetInput<'_>,
    index: usize,
    link: &LinkInput<'_>,
    id: &EventId,
    (key, meeting): (MirrorKey, MeetingId),
    occurrence: Occurrence,
    implied: &mut Implied,
) {
    let mut range = input.window.range;
    if planted(Bug::WindowEndsEarly) {
        range.hi -= TimeDelta::days(1);
    }
    let in_window = range.contains(&occurrence.time);
    match link.policy.decide(&occurrence, link.terms) {
        Ok(availability) if in_window => {
            let label = link.policy.label.clone().unwrap_or_else(|| input.label.clone());
            let color = link.policy.color;
            let body = MirrorBody { time: occurrence.time, availability, label, color };
            let event = EventRef { event: id.clone(), original_start: occurrence.original_start, meeting };
            implied.desired.insert(key, Box::new(Desired { link: index, event, body }));
        }
        Ok(_) => {
            implied.beyond.insert(key, occurrence.time);
        }
        Err(reason) => {
            if !implied.stale.contains(&(index, id.clone())) {
                implied.skipped.insert(key, reason);
                let counted = |before: &Policy| before.decide(&occurrence, link.terms).is_ok();
                if link.narrowed_from.iter().any(counted) {
                    implied.narrowed.insert(key);
                }
            }
            implied.explain(link, id, Some(occurrence.original_start), Some(occurrence.time), reason);
        }
    }
}

impl Implied {
    fn explain(
        &mut self,
        link: &LinkInput<'_>,
        event: &EventId,
        original_start: Option<OriginalStart>,
        time: Option<EventTime>,
        reason: SkipReason,
    ) {
        self.explanations.push(Explanation {
            link: link.id.clone(),
            event: event.clone(),
            original_start,
            time,
            outcome: Outcome::Skipped(reason),
        });
    }

    /// The explanations, with those of what is left once all that is left out is.
    pub(super) fn into_explanations(mut self, input: &TargetInput<'_>) -> Vec<Explanation> {
        let mirrored = self.desired.into_iter().map(|(key, desired)| {
            let Desired { link, event, body } = *desired;
            Explanation {
                link: input.links[link].id.clone(),
                event: event.event,
                original_start: Some(event.original_start),
                time: Some(body.time),
                outcome: Outcome::Mirrored(key),
            }
        });
        self.explanations.extend(mirrored);
        self.explanations
    }

    pub(super) fn leave_out(&mut self, input: &TargetInput<'_>, key: MirrorKey, reason: SkipReason) {
        if let Some(desired) = self.desired.remove(&key) {
            let Desired { link, event, body } = *desired;
            self.skipped.insert(key, reason);
            self.explain(
                &input.links[link],
                &event.event,
                Some(event.original_start),
                Some(body.time),
                reason,
            );
        }
    }
}

/// The same meeting in both calendars needs no mirror, and of several sources that bring one meeting the
/// smallest mirror key places it.
fn leave_out_same_meetings(input: &TargetInput<'_>, implied: &mut Implied) {
    let own = own_slots(input, implied);
    let several = brought_by_several(implied);
    if own.is_empty() && several.is_empty() {
        return;
    }
    let recorded: HashSet<MirrorKey> = input.records.iter().map(|record| record.key).collect();
    let mut placed_by: HashMap<Slot, MirrorKey> = HashMap::new();
    let mut left_out = Vec::new();
    for (key, desired) in &implied.desired {
        let slot = (desired.event.meeting, desired.event.original_start.clone(), desired.body.time);
        if own.contains(&slot) {
            left_out.push((*key, SkipReason::SameMeeting));
            continue;
        }
        if !several.contains(&desired.event.meeting) {
            continue;
        }
        // A paused link places nothing new, so it stands in nobody's way unless its mirror is there.
        let stands = input.links[desired.link].state != LinkState::Paused || recorded.contains(key);
        match placed_by.get(&slot) {
            // Keys come in ascending order: the first of a slot is the smallest.
            Some(first) if implied.desired[first].link != desired.link => {
                left_out.push((*key, SkipReason::OtherSource));
            }
            None if stands => {
                placed_by.insert(slot, *key);
            }
            _ => {}
        }
    }
    for (key, reason) in left_out {
        implied.leave_out(input, key, reason);
    }
}

/// The meetings that more than one link brings: few, among very many.
fn brought_by_several(implied: &Implied) -> HashSet<MeetingId> {
    let mut links: HashMap<MeetingId, usize> = HashMap::with_capacity(implied.desired.len());
    let mut several = HashSet::new();
    for desired in implied.desired.values() {
        let meeting = desired.event.meeting;
        if *links.entry(meeting).or_insert(desired.link) != desired.link {
            several.insert(meeting);
        }
    }
    several
}

/// The slots that the target blocks itself, of the meetings that its sources bring.
fn own_slots(input: &TargetInput<'_>, implied: &Implied) -> HashSet<Slot> {
    let mut own: HashMap<MeetingId, Vec<&SourceEvent>> = HashMap::new();
    let events = input.target.items.iter().flat_map(|observed| &observed.item.events);
    for event in events.filter(|event| is_source(event)) {
        own.entry(input.keys.meeting(&event.uid)).or_default().push(event);
    }
    let mut slots = HashSet::new();
    for desired in implied.desired.values() {
        let meeting = desired.event.meeting;
        // Each event once: what was looked at is taken out.
        for event in own.remove(&meeting).unwrap_or_default() {
            let blocks = own_blocks(input, event);
            slots.extend(blocks.map(|block| (meeting, block.original_start, block.time)));
        }
    }
    slots
}

/// The occurrences in the window with which an event of the target blocks time there.
pub(super) fn own_blocks(input: &TargetInput<'_>, event: &SourceEvent) -> impl Iterator<Item = Occurrence> {
    let (policy, none) = (Policy::default(), Terms::default());
    // An event that cannot be expanded blocks nothing that we could compare.
    let occurrences = expand(&event.recurrence, &input.window.range, input.target.zone).unwrap_or_default();
    occurrences.into_iter().filter(move |occurrence| policy.decide(occurrence, &none).is_ok())
}
