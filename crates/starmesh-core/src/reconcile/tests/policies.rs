//! What the rules of a link add to a plan, and take from it.

use super::*;
use crate::policy::Deleted;

fn skips(plan: &TargetPlan) -> Vec<SkipReason> {
    let reasons = plan.explanations.iter().filter_map(|it| match it.outcome {
        Outcome::Skipped(reason) => Some(reason),
        Outcome::Mirrored(_) => None,
    });
    reasons.collect()
}

/// A world with a mirror for each of `count` events.
fn settled(count: u32) -> World {
    let mut world = World::new();
    for number in 0..count {
        world.book(&format!("e{number}"), i64::from(number) * 3, Facts::BUSY);
    }
    let plan = world.plan();
    world.apply(&plan);
    world
}

#[test]
fn what_a_person_narrowed_goes_unheld_and_what_is_skipped_otherwise_is_held() {
    let mut world = settled(30);
    let long = Policy { min_minutes: 600, ..Policy::default() };
    world.policy = long.clone();
    assert_eq!((world.plan().operations.len(), world.plan().held.len()), (0, 1));

    world.narrowed_from = vec![Policy::default()];
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.held.len()), (30, 0));
    let narrowed = RemoveCause::Narrowed(SkipReason::TooShort);
    assert!(
        plan.operations
            .iter()
            .all(|it| matches!(it.action, Action::Remove { cause, .. } if cause == narrowed))
    );

    // What did not count before either is no matter of the narrowing.
    world.narrowed_from = vec![long];
    assert_eq!((world.plan().operations.len(), world.plan().held.len()), (0, 1));
}

#[test]
fn a_label_of_its_own_links_bears_and_a_changed_one_is_written() {
    let mut world = settled(1);
    world.policy.label = Some(Label::new("Private").unwrap());
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["update"]);
    assert_eq!(plan.operations[0].body().unwrap().label.as_str(), "Private");
}

#[test]
fn a_mirror_deleted_by_hand_is_placed_again_or_stays_away_until_its_event_moves() {
    let mut world = settled(1);
    world.target.clear();
    let placed = |world: &World| match world.plan().operations.as_slice() {
        [] => None,
        [Operation { action: Action::Place { respected, previous: Some(_), .. }, .. }] => Some(*respected),
        other => panic!("one placement expected, found {other:?}"),
    };
    assert_eq!(placed(&world), Some(false));
    world.policy.deleted = Deleted::Respected;
    assert_eq!(placed(&world), Some(true), "looked for first");

    world.records[0].dismissed = true;
    assert_eq!(placed(&world), None);
    assert_eq!(skips(&world.plan()), [SkipReason::DeletedByHand]);
    assert!(world.plan().forget.is_empty(), "what stays away is remembered");

    world.source = vec![event("e0", 5, Facts::BUSY)];
    assert_eq!(placed(&world), Some(false), "at another time it is another one");
    world.source = vec![event("e0", 0, Facts::BUSY)];
    world.policy.deleted = Deleted::Restored;
    assert_eq!(placed(&world), Some(false));
}

#[test]
fn a_dismissed_mirror_that_stands_again_is_one_like_any_other() {
    let mut world = settled(1);
    world.policy.deleted = Deleted::Respected;
    world.records[0].dismissed = true;
    let plan = world.plan();
    assert!(plan.operations.is_empty());
    assert_eq!(plan.adopt.iter().map(|record| record.dismissed).collect::<Vec<_>>(), [false]);
}

#[test]
fn mirrors_that_vanish_in_a_mass_are_not_taken_for_deleted_by_hand() {
    let mut world = settled(30);
    world.policy.deleted = Deleted::Respected;
    world.target.clear();
    let respected = |plan: &TargetPlan| {
        let of = |it: &&Operation| matches!(it.action, Action::Place { respected: true, .. });
        plan.operations.iter().filter(of).count()
    };
    assert_eq!((world.plan().operations.len(), respected(&world.plan())), (30, 0));
    let mut few = settled(10);
    few.policy.deleted = Deleted::Respected;
    few.target.clear();
    assert_eq!(respected(&few.plan()), 10);
}
