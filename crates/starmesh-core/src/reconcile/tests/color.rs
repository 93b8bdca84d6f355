//! The colour of a link's mirrors: what is rewritten for its sake, and what is left alone.

use super::*;
use crate::mirror::{Color, Fingerprint, FoundColor};

/// What [`colored`] without a colour made before there were any.
const BEFORE_COLORS: &str = "a3i64pd1lbqh875rmoq5ogclpc";

fn colored(color: Option<Color>) -> World {
    let mut world = World::new();
    world.policy.color = color;
    world.book("e", 5, Facts::BUSY);
    world.settled()
}

fn repaint(world: &mut World, color: FoundColor, version: &str) {
    let item = &mut world.target[0].item;
    item.version = Some(Version::new(version));
    item.events[0].marked.as_mut().unwrap().color = color;
}

#[test]
fn mirrors_placed_before_there_were_colors_stay_as_they_are() {
    let mut world = colored(None);
    let mut record = serde_json::to_value(&world.records[0]).unwrap();
    assert!(record.as_object_mut().unwrap().remove("color").is_some());
    world.records[0] = serde_json::from_value(record).unwrap();
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.adopt.len()), (0, 0));
    let shown = world.target[0].item.events[0].marked.clone().unwrap();
    let mut found = serde_json::to_value(&shown).unwrap();
    assert!(found.as_object_mut().unwrap().remove("color").is_some());
    assert_eq!(serde_json::from_value::<crate::event::MarkedEvent>(found).unwrap(), shown);
    let fingerprints: std::collections::BTreeSet<_> = std::iter::once(None)
        .chain(Color::ALL.map(Some))
        .map(|color| Fingerprint::observed(&world.keys, &shown, color).unwrap())
        .collect();
    assert_eq!(fingerprints.len(), 1 + Color::ALL.len(), "each colour is a change");
    assert_eq!(world.records[0].fingerprint.to_string(), BEFORE_COLORS);
}

#[test]
fn another_color_of_the_link_rewrites_its_mirrors_once() {
    let mut world = colored(None);
    for color in [Some(Color::Red), Some(Color::Blue), None] {
        world.policy.color = color;
        assert_eq!(kinds(&world.plan()), ["update"], "{color:?}");
        world = world.settled();
        let shown = world.target[0].item.events[0].marked.as_ref().unwrap().color;
        assert_eq!(shown, color.map_or(FoundColor::Unset, FoundColor::Known));
    }
}

#[test]
fn a_color_given_by_hand_stays_where_the_link_has_none() {
    let mut world = colored(None);
    for color in [FoundColor::Known(Color::Blue), FoundColor::Other] {
        repaint(&mut world, color, "\"3\"");
        assert_eq!(world.plan().operations, [], "{color:?}");
    }
}

#[test]
fn where_the_link_has_a_color_another_one_is_replaced_and_none_is_not_missed() {
    let mut world = colored(Some(Color::Red));
    for color in [FoundColor::Known(Color::Blue), FoundColor::Other] {
        repaint(&mut world, color, "\"3\"");
        let plan = world.plan();
        assert_eq!(kinds(&plan), ["update"], "{color:?}");
        let Action::Update { cause, .. } = &plan.operations[0].action else { panic!("an update") };
        assert_eq!(*cause, UpdateCause::EditedByHand);
        // What a server makes of ours in the very version that it gave it is no edit.
        repaint(&mut world, color, "\"2\"");
        assert_eq!(world.plan().operations, [], "{color:?}");
    }
    // A server may keep none; nobody could tell that from a person who took it off.
    for version in ["\"2\"", "\"3\""] {
        repaint(&mut world, FoundColor::Unset, version);
        assert_eq!(world.plan().operations, []);
    }
}

#[test]
fn a_lost_database_rewrites_no_color_that_is_shown() {
    let mut world = colored(Some(Color::Red));
    world.records.clear();
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.adopt.len()), (0, 1));
    assert_eq!(plan.adopt[0].color, Some(Color::Red));
}
