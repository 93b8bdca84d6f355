//! One meeting in several calendars, and several with one name.

use super::*;

#[test]
fn the_same_meeting_in_both_calendars_needs_no_mirror() {
    let mut world = World::new();
    world.book("m", 4, Facts::BUSY);
    world.target.push(event("m", 4, Facts::BUSY));
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert!(plan.explanations.iter().any(|it| it.outcome == Outcome::Skipped(SkipReason::SameMeeting)));
    world.target = vec![event("m", 4, Facts { availability: Availability::Free, ..Facts::BUSY })];
    assert_eq!(kinds(&world.plan()), ["place"], "a copy that blocks nothing is no copy");
    world.target = vec![event("m", 5, Facts::BUSY)];
    assert_eq!(kinds(&world.plan()), ["place"], "nor is one at another time");
}

#[test]
fn two_resources_with_one_uid_get_two_mirrors_that_stay() {
    let mut world = World::new();
    world.book("same", 1, Facts::BUSY);
    let mut other = event("same", 8, Facts::BUSY);
    other.item.remote_id = RemoteId::new("/cal/zz.ics");
    world.source.push(other);
    assert_eq!(kinds(&world.plan()), ["place", "place"]);
    let mut world = world.settled();
    world.source.reverse();
    assert_eq!(world.plan().operations, [], "their order does not matter");
}
