//! Worlds from files, and the world by hand.

use super::super::{HandError, WorldFile, WorldFileError};
use super::*;

#[test]
fn the_default_world_has_ada_with_two_calendars_and_one_of_bobs() {
    let world = WorldFile::parse("").unwrap();
    assert_eq!(world.well_known(), Some(ADA));
    let sim = CaldavSim::new(CaldavOptions::default());
    world.fill(&sim).unwrap();
    let calendars = sim.calendars(ADA).unwrap();
    assert_eq!(calendars.len(), 3);
    assert!(calendars.iter().all(|calendar| sim.objects(calendar).unwrap().len() == 1));
}

#[test]
fn a_file_that_cannot_be_a_world_says_which_row_is_wrong() {
    let fill = |text: &str| WorldFile::parse(text)?.fill(&CaldavSim::new(CaldavOptions::default()));
    let user = "[[caldav.user]]\nmail = 'a@b.test'\n";
    let calendar = format!("{user}[[caldav.calendar]]\nowner = 'a@b.test'\nname = 'c'\n");
    assert!(matches!(fill("[[caldav.users]]"), Err(WorldFileError::Malformed(_))));
    let wrong = format!("{calendar}[[caldav.calendar]]\nowner = 'nobody'\nname = 'd'\n");
    assert!(matches!(
        fill(&wrong),
        Err(WorldFileError::Row { row: "calendar", number: 2, problem: HandError::NoPerson })
    ));
    let event = "[[caldav.event]]\ncalendar = '/calendars/a@b.test/c/'\nuid = 'u'\nday = 1\nfrom = '10:00'\n";
    assert!(matches!(fill(&format!("{calendar}{event}")), Err(WorldFileError::Time { number: 1 })));
    assert!(fill(&format!("{calendar}{event}to = '11:00'\n")).is_ok());
}

#[test]
fn what_a_calendar_shows_has_series_in_their_dates() {
    let scene = Scene::new();
    scene.book("single");
    scene.sim.put_object(WORK, &event("daily", "RRULE:FREQ=DAILY;COUNT=3\r\n")).unwrap();
    let shown = scene.sim.occurrences(WORK, at("2026-11-24T00:00:00Z"), at("2026-11-26T00:00:00Z")).unwrap();
    let uids: Vec<_> = shown.iter().map(|(uid, _)| uid.as_str()).collect();
    assert_eq!(uids, ["daily", "daily", "single"]);
}

#[test]
fn by_hand_an_object_replaces_the_one_with_its_uid_and_what_cannot_be_is_refused() {
    let scene = Scene::new();
    assert_eq!(scene.book("a"), scene.book("a"));
    assert_eq!(scene.sim.objects(WORK).unwrap().len(), 1);
    assert_eq!(scene.sim.put_object(WORK, "nothing"), Err(HandError::Unreadable));
    assert_eq!(scene.sim.put_object("/calendars/x/y/", &event("a", "")), Err(HandError::NoCalendar));
    assert_eq!(scene.sim.delete_object(&format!("{WORK}b.ics")), Err(HandError::NoObject));
    assert_eq!(scene.sim.add_calendar(ADA, "work", "Work"), Err(HandError::Taken));
    assert_eq!(scene.sim.set_password("eve@example.test", "x"), Err(HandError::NoPerson));
    assert_eq!(scene.sim.ledger().writes(), [], "what is done by hand is no write");
}
