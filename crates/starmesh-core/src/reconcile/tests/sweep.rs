//! What a sweep takes, and what it leaves alone.

use super::*;
use crate::mirror::{Incarnation, MirrorKey};

const OURS: [u8; 32] = [7; 32];
const THEIRS: [u8; 32] = [9; 32];

/// A mirror at home that `key` made, of the calendar called `source`.
fn mirror(key: [u8; 32], target: &str, source: &str, number: u8) -> SourceItem {
    let keys = IdentityKey::new(key);
    let start = now() + TimeDelta::days(-900);
    let time = crate::time::EventTime::Timed { start, end: start + TimeDelta::hours(1) };
    let body = crate::mirror::MirrorBody {
        time,
        availability: crate::mirror::MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    let key = MirrorKey([number; 20]);
    let names = (LastingName::new(target), LastingName::new(source));
    let spec = MirrorSpec::new(&keys, &names.0, &names.1, key, Incarnation::default(), body);
    let id = RemoteId::new(format!("{number}.ics"));
    spec.as_observed(id, Some(Version::new("\"1\"")))
}

fn swept(items: &[SourceItem], foreign: bool) -> Sweep {
    let target = CalendarId::new("home");
    let link = LinkId::new(CalendarId::new("work"), target.clone());
    sweep(&SweepInput {
        keys: &IdentityKey::new(OURS),
        target: &target,
        name: &LastingName::new("home"),
        links: &[(link, LastingName::new("work"))],
        items,
        foreign,
    })
}

/// The kinds of what was found, and why the rest was left.
fn told(items: &[SourceItem], foreign: bool) -> (Vec<SweptKind>, Vec<LeftReason>) {
    let Sweep { found, left } = swept(items, foreign);
    (found.iter().map(|swept| swept.kind).collect(), left.iter().map(|left| left.reason).collect())
}

fn changed(mut item: SourceItem, change: impl FnOnce(&mut SourceEvent)) -> SourceItem {
    change(&mut item.events[0]);
    item
}

fn mark_of(event: &mut SourceEvent) -> &mut crate::event::MarkedEvent {
    event.marked.as_mut().unwrap()
}

#[test]
fn a_mirror_is_found_whether_or_not_its_link_is_known() {
    let items = [mirror(OURS, "home", "work", 1), mirror(OURS, "home", "long ago", 2)];
    assert_eq!(told(&items, false), (vec![SweptKind::OfLink, SweptKind::UnknownLink], vec![]));
    let found = swept(&items, false).found;
    assert_eq!(found[0].removal.link.source, CalendarId::new("work"));
    assert!(found[1].removal.link.is_none());
    let approved = |swept: &Swept| matches!(&swept.removal.action, Action::Remove { cause, counted: false, .. } if cause.is_approved());
    assert!(found.iter().all(approved), "a person saw them, so that the brake has nothing to say");
}

#[test]
fn an_event_of_a_person_is_nothing_to_a_sweep() {
    let items = [event("lunch", 24, Facts::BUSY).item];
    assert_eq!(told(&items, true), (vec![], vec![]));
}

#[test]
fn marks_of_another_key_go_only_when_they_are_asked_for() {
    let items = [mirror(THEIRS, "home", "work", 1)];
    assert_eq!(told(&items, false), (vec![], vec![LeftReason::Foreign]));
    assert_eq!(told(&items, true), (vec![SweptKind::Foreign], vec![]));
}

#[test]
fn a_copy_that_a_person_made_is_left_alone_whoever_made_the_mirror() {
    for key in [OURS, THEIRS] {
        let copy = changed(mirror(key, "home", "work", 1), |event| {
            event.uid = ICalUid::new("a-new-uid");
            mark_of(event).provider_id = "a-new-uid".to_owned();
        });
        assert_eq!(told(&[copy], true), (vec![], vec![LeftReason::Copied]));
    }
}

#[test]
fn a_mirror_of_ours_that_was_moved_here_from_another_calendar_is_no_other_installations() {
    let moved = mirror(OURS, "family", "work", 1);
    assert_eq!(told(&[moved], true), (vec![], vec![LeftReason::Copied]));
}

#[test]
fn what_people_were_invited_to_is_left_alone_whoever_made_the_mirror() {
    for key in [OURS, THEIRS] {
        let item = changed(mirror(key, "home", "work", 1), |event| mark_of(event).has_attendees = true);
        assert_eq!(told(&[item], true), (vec![], vec![LeftReason::HasAttendees]));
    }
}

#[test]
fn a_mirror_of_another_key_that_is_no_plain_block_any_more_is_left_alone() {
    let described = |event: &mut SourceEvent| mark_of(event).plain = false;
    let unreadable = |event: &mut SourceEvent| mark_of(event).mark = "2.what".to_owned();
    let repeats = |event: &mut SourceEvent| {
        event.recurrence = Recurrence::Set(RecurrenceSet { master: None, overrides: Vec::new() });
    };
    let items = [
        changed(mirror(THEIRS, "home", "work", 1), described),
        changed(mirror(THEIRS, "home", "work", 2), unreadable),
        changed(mirror(THEIRS, "home", "work", 3), repeats),
    ];
    assert_eq!(told(&items, true), (vec![], vec![LeftReason::Altered; 3]));
}

#[test]
fn a_mirror_of_ours_goes_whatever_a_person_wrote_into_it() {
    let item = changed(mirror(OURS, "home", "work", 1), |event| mark_of(event).plain = false);
    assert_eq!(told(&[item], false), (vec![SweptKind::OfLink], vec![]));
}

#[test]
fn what_lost_its_mark_cannot_prove_itself_and_is_named() {
    let item = changed(mirror(OURS, "home", "work", 1), |event| event.marked = None);
    assert_eq!(told(&[item], true), (vec![], vec![LeftReason::MarkStripped]));
}

#[test]
fn a_mirror_that_shares_its_resource_with_an_event_is_left_alone() {
    for key in [OURS, THEIRS] {
        let mut item = mirror(key, "home", "work", 1);
        item.events.push(event("lunch", 24, Facts::BUSY).item.events.remove(0));
        assert_eq!(told(&[item], true), (vec![], vec![LeftReason::Copied]));
    }
}
