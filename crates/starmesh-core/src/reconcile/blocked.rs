//! Sources that hide marks: no loop through them.
//!
//! A feed may be the published form of a calendar that holds mirrors, and they look like anybody's events
//! there. So what such a source brings is not mirrored while the target blocks exactly that time already. Of
//! what blocks it, mirrors of the very link do not count, or a mirror would be the reason to remove it.

use std::collections::{HashMap, HashSet};

use super::desired::{Implied, own_blocks};
use super::diff::Found;
use super::echo::is_source;
use super::input::{LinkState, TargetInput};
use super::operation::{Action, Operation};
use crate::ids::RemoteId;
use crate::mirror::MirrorKey;
use crate::policy::SkipReason;
use crate::time::EventTime;

/// Leaves out what is blocked already once `going` is carried out; true when there was any.
pub(super) fn leave_out_blocked(
    input: &TargetInput<'_>,
    implied: &mut Implied,
    found: &Found<'_>,
    going: &[Operation],
) -> bool {
    if !implied.desired.values().any(|desired| input.links[desired.link].hides_marks) {
        return false;
    }
    let blocked: HashSet<EventTime> = own_times(input).chain(standing_times(input, found, going)).collect();
    let recorded: HashSet<MirrorKey> = input.records.iter().map(|record| record.key).collect();
    let mut brought_by: HashMap<EventTime, usize> = HashMap::new();
    let mut left_out = Vec::new();
    // Keys come in ascending order: of several such sources that bring one time, the smallest places it.
    for (key, desired) in &implied.desired {
        let link = &input.links[desired.link];
        if !link.hides_marks {
            continue;
        }
        let time = desired.body.time;
        // The device that placed such a mirror may count ours just so, and each would take its own away for
        // ever: what stands, stays.
        let by_others = !found.live.contains_key(key) && found.others.contains(&time);
        if blocked.contains(&time) || by_others {
            left_out.push(*key);
            continue;
        }
        // A paused link places nothing new, so it stands in nobody's way unless its mirror is there.
        let stands = link.state != LinkState::Paused || recorded.contains(key);
        match brought_by.get(&time) {
            Some(first) if *first != desired.link => left_out.push(*key),
            None if stands => {
                brought_by.insert(time, desired.link);
            }
            _ => {}
        }
    }
    for key in &left_out {
        implied.leave_out(input, *key, SkipReason::AlreadyBlocked);
    }
    !left_out.is_empty()
}

/// The times that persons' events block in the target.
fn own_times(input: &TargetInput<'_>) -> impl Iterator<Item = EventTime> {
    let events = input.target.items.iter().flat_map(|observed| &observed.item.events);
    let own = events.filter(|event| is_source(event));
    own.flat_map(|event| own_blocks(input, event)).map(|occurrence| occurrence.time)
}

/// The times of the mirrors that stand after `going`, of sources that show marks.
fn standing_times(
    input: &TargetInput<'_>,
    found: &Found<'_>,
    going: &[Operation],
) -> impl Iterator<Item = EventTime> {
    let mut rewritten: HashSet<&RemoteId> = HashSet::new();
    let mut times = Vec::new();
    for operation in going {
        let shows_marks = input.links.iter().any(|link| *link.id == operation.link && !link.hides_marks);
        times.extend(operation.body().filter(|_| shows_marks).map(|body| body.time));
        if let Action::Update { placed, .. } | Action::Remove { placed, .. } = &operation.action {
            rewritten.insert(placed.remote_id());
        }
    }
    let left = found
        .live
        .values()
        .filter(|live| !input.links[live.link].hides_marks && !rewritten.contains(live.remote_id));
    times.extend(left.filter_map(|live| live.blocks));
    times.into_iter()
}

#[cfg(test)]
mod tests;
