//! Worlds small enough for every test run; `cargo xtask world` runs the many.

use crate::*;

#[test]
fn the_first_seeds_hold_and_replay() {
    let cut = Cut { terrain: Terrain::Memory, ..Cut::default() };
    for seed in 1..=12 {
        let request = Request { seed, cut: cut.clone(), ..Request::default() };
        let first = run(&request);
        assert_eq!(first.failure, None, "seed {seed}");
        let again = run(&request);
        assert_eq!(first.trace, again.trace, "seed {seed} does not replay");
    }
}

#[test]
fn what_persons_write_changes_no_request_and_no_write() {
    for seed in 1..=10 {
        let cut = Cut { terrain: Terrain::Memory, ..Cut::default() };
        let request = Request { seed, cut, ..Request::default() };
        let twin = run(&Request { content: 4_711, ..request.clone() });
        assert_eq!(run(&request).trace, twin.trace, "seed {seed}");
    }
}

#[test]
fn every_damage_is_noticed() {
    assert_eq!(run_canaries(1), Vec::new());
}

/// Seeds that once found a bug in the engine or the core, by what they found.
#[test]
fn seeds_that_found_a_bug_hold() {
    let found = [
        (43, "a 404 was believed although the home still had the calendar"),
        (138, "a 404 confirmed an empty listing"),
        (155, "an unreadable item let unrecorded mirrors go"),
        (192, "a retiring link fought a device on which it still runs"),
        (314, "an empty first read let another device's mirrors go"),
        (317, "midnight passed unnoticed while no poll was due"),
        (23, "a mirror that a listing hid was forgotten"),
        (410, "a duplicate with attendees was removed"),
        (411, "a mirror deleted by hand before the answer to its write came stood in the store for good"),
        (1785, "two devices placed two incarnations of one mirror"),
    ];
    holds(Terrain::Memory, &found);
}

/// The same at simulated services.
#[test]
fn seeds_that_found_a_bug_at_a_simulated_service_hold() {
    let found = [
        (
            341,
            "an identity that was refused once was tried again, and a success believed that stored nothing",
        ),
        (599, "a duplicate was removed whose twin was gone, which nobody had told"),
        (1383, "a retiring link was given up with its calendar, which came back with all its mirrors"),
        (3116, "what came back from the bin outlived its retiring link"),
        (3138, "a mirror of which no version was known was removed although others were invited to it"),
        (3193, "a look through all of a calendar began again and again at a service that asks to slow down"),
    ];
    holds(Terrain::Mixed, &found);
}

fn holds(terrain: Terrain, found: &[(u64, &str)]) {
    for (seed, what) in found {
        let cut = Cut { terrain, ..Cut::default() };
        let outcome = run(&Request { seed: *seed, cut, ..Request::default() });
        assert_eq!(outcome.failure, None, "seed {seed}: {what}");
    }
}

#[cfg(feature = "planted-bugs")]
#[test]
fn an_obvious_bug_is_found_at_once() {
    use starmesh_core::planted::Bug;
    let hunt =
        hunt(Bug::SkipEchoFilter, &Seeds { first: 1, count: 20, threads: 1, terrain: Terrain::Seeded });
    assert!(hunt.found.is_some(), "{hunt:?}");
}
