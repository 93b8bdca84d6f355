//! Worlds from files.

use super::*;

fn empty() -> GoogleSim {
    let options = GoogleOptions { clock: SimClock::fixed(at(2, 12)), ..GoogleOptions::default() };
    GoogleSim::new(options).unwrap()
}

#[test]
fn the_default_world_has_ada_with_a_few_calendars() {
    let sim = empty();
    let world = WorldFile::default_world().unwrap();
    world.fill(&sim).unwrap();
    assert_eq!(world.well_known(), Some(ADA));
    assert_eq!(sim.calendar_ids().len(), 5);
    let week = sim.events_between(ADA, at(2, 0), at(16, 0)).unwrap();
    assert_eq!(week.len(), 3);
    assert_eq!(week[0]["start"]["dateTime"], "2026-03-03T10:00:00+01:00");
}

#[test]
fn a_file_that_speaks_of_others_alone_leaves_the_default_world() {
    let world = WorldFile::parse("[[microsoft.mailbox]]\nupn = 'eve@example.test'").unwrap();
    assert_eq!(world.well_known(), Some(ADA));
}

#[test]
fn a_file_that_cannot_be_a_world_says_which_row_is_wrong() {
    let fill =
        |text: &str| WorldFile::parse(text).and_then(|world| world.fill(&empty())).unwrap_err().to_string();
    let zone = fill("[[google.user]]\nmail = 'a@b.test'\nzone = 'Mars/Olympus'");
    assert_eq!(zone, "user number 1: the time zone is not known");
    let owner = fill("[[google.calendar]]\nid = 'c'\nsummary = 's'\nowner = 'nobody@b.test'");
    assert_eq!(owner, "calendar number 1: there is no such person");
    let event = fill(
        "[[google.user]]\nmail = 'a@b.test'\n[[google.event]]\ncalendar = 'a@b.test'\nday = 1\nfrom = '10:00'",
    );
    assert_eq!(event, "event number 1: the service refuses it: from and to belong together");
    assert!(fill("[[google.users]]").contains("cannot be read"));
}
