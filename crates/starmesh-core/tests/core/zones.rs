//! Names of zones, own zones, and the way between wall clock and instant.

use std::sync::Arc;

use chrono::{DateTime, NaiveDateTime, Utc};
use proptest::prelude::*;
use proptest::sample::select;
use starmesh_core::zone::{CustomZone, Observance, Zone, ZoneProblem};

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap()
}

fn utc(text: &str) -> DateTime<Utc> {
    local(text).and_utc()
}

/// What a TZID is resolved to, in words.
fn resolved(tzid: &str) -> String {
    match Zone::resolve(tzid) {
        Some(Zone::Utc) => "UTC".to_owned(),
        Some(Zone::Named(tz)) => tz.name().to_owned(),
        other => format!("{other:?}"),
    }
}

#[test]
fn names_in_the_wild_are_understood() {
    for (tzid, expected) in [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("AMERICA/NEW_YORK", "America/New_York"),
        ("America/New York", "America/New_York"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("\"Europe/Berlin\"", "Europe/Berlin"),
        ("US/Eastern", "US/Eastern"),
        ("Etc/GMT+5", "Etc/GMT+5"),
        ("UTC", "UTC"),
        ("utc", "UTC"),
        ("Z", "UTC"),
        ("GMT", "UTC"),
        ("Etc/UTC", "UTC"),
        ("Etc/GMT", "UTC"),
        ("tzone://Microsoft/Utc", "UTC"),
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("GMT Standard Time", "Europe/London"),
        ("Greenwich Standard Time", "Atlantic/Reykjavik"),
        ("India Standard Time", "Asia/Calcutta"),
        ("Tokyo Standard Time", "Asia/Tokyo"),
        ("UTC-02", "Etc/GMT+2"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        (
            "/freeassociation.sourceforge.net/Tzfile/America/Argentina/Buenos_Aires",
            "America/Argentina/Buenos_Aires",
        ),
        ("/mozilla.org/20050126_1/America/New_York", "America/New_York"),
        ("/citadel.org/20211207_1/Europe/London", "Europe/London"),
        ("/softwarestudio.org/Olson_20011030_5/America/Indiana/Indianapolis", "America/Indiana/Indianapolis"),
        ("", "None"),
        ("/", "None"),
        ("Customized Time Zone", "None"),
        ("tzone://Microsoft/Custom", "None"),
        ("Europe/Atlantis", "None"),
    ] {
        assert_eq!(resolved(tzid), expected, "{tzid}");
    }
}

fn standard(start: &str, rule: Option<&str>) -> Observance {
    Observance {
        start: local(start),
        offset_from: 7200,
        offset_to: 3600,
        rule: rule.map(str::to_owned),
        dates: vec![],
    }
}

fn daylight(start: &str, rule: Option<&str>) -> Observance {
    Observance { offset_from: 3600, offset_to: 7200, ..standard(start, rule) }
}

const BACK: Option<&str> = Some("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU");
const FORWARD: Option<&str> = Some("FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU");

fn own_berlin() -> Zone {
    let parts = [standard("16011028T030000", BACK), daylight("16010325T020000", FORWARD)];
    Zone::Custom(Arc::new(CustomZone::from_observances(&parts).unwrap()))
}

proptest! {
    #[test]
    fn an_own_zone_agrees_with_the_database(seconds in 852_076_800_i64..4_102_444_800) {
        // From 1997, when today's European rules began, to 2100.
        let berlin = Zone::resolve("Europe/Berlin").unwrap();
        let wall = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        prop_assert_eq!(own_berlin().to_utc(wall, &Zone::Utc), berlin.to_utc(wall, &Zone::Utc));
        prop_assert_eq!(
            own_berlin().to_local(wall.and_utc(), &Zone::Utc),
            berlin.to_local(wall.and_utc(), &Zone::Utc)
        );
    }

    #[test]
    fn there_and_back_is_the_same_outside_gaps_and_later_inside(
        seconds in 0_i64..4_102_444_800,
        zone in select(&["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
            "America/Sao_Paulo", "Africa/Casablanca", "Antarctica/Troll", "America/Caracas"][..]),
    ) {
        let zone = Zone::resolve(zone).unwrap();
        let wall = DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
        prop_assert!(zone.to_local(zone.to_utc(wall, &Zone::Utc), &Zone::Utc) >= wall);
        let instant = wall.and_utc();
        // Of the two readings of an overlap the first is taken, so the way back never comes out later.
        prop_assert!(zone.to_utc(zone.to_local(instant, &Zone::Utc), &Zone::Utc) <= instant);
    }
}

#[test]
fn an_own_zone_has_gaps_and_overlaps() {
    let zone = own_berlin();
    let to_utc = |wall| zone.to_utc(local(wall), &Zone::Utc);
    assert_eq!(to_utc("20260329T015959"), utc("20260329T005959"));
    assert_eq!(to_utc("20260329T023000"), utc("20260329T013000"), "the offset before the gap");
    assert_eq!(to_utc("20260329T030000"), utc("20260329T010000"));
    assert_eq!(to_utc("20261025T023000"), utc("20261025T003000"), "the first reading");
    assert_eq!(to_utc("20261025T030000"), utc("20261025T020000"));
}

#[test]
fn an_own_zone_begins_with_the_offset_of_its_first_year() {
    let zone = own_berlin();
    assert_eq!(zone.to_utc(local("19700101T120000"), &Zone::Utc), utc("19700101T110000"));
    assert_eq!(zone.to_utc(local("19000701T120000"), &Zone::Utc), utc("19000701T110000"));
    assert_eq!(zone.to_utc(local("21010701T120000"), &Zone::Utc), utc("21010701T110000"));
}

#[test]
fn a_zone_of_one_offset_has_it_always() {
    let fixed = Observance { offset_from: 19_800, offset_to: 19_800, ..standard("16010101T000000", None) };
    let zone = Zone::Custom(Arc::new(CustomZone::from_observances(&[fixed]).unwrap()));
    for wall in ["00010101T120000", "19500101T120000", "20260701T120000", "99990101T120000"] {
        let expected = local(wall).and_utc() - chrono::TimeDelta::seconds(19_800);
        assert_eq!(zone.to_utc(local(wall), &Zone::Utc), expected, "{wall}");
    }
}

#[test]
fn rules_of_an_own_zone_end_at_until() {
    let until = "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU;UNTIL=20240331T010000Z";
    let parts = [standard("19971026T030000", BACK), daylight("19970330T020000", Some(until))];
    let zone = Zone::Custom(Arc::new(CustomZone::from_observances(&parts).unwrap()));
    assert_eq!(zone.to_utc(local("20240701T120000"), &Zone::Utc), utc("20240701T100000"), "the last summer");
    assert_eq!(
        zone.to_utc(local("20250701T120000"), &Zone::Utc),
        utc("20250701T110000"),
        "no summer any more"
    );
}

#[test]
fn an_own_zone_may_list_its_changes() {
    let listed = Observance {
        dates: vec![local("20250330T020000"), local("20260329T020000")],
        ..daylight("20240331T020000", None)
    };
    let back = Observance {
        dates: vec![local("20251026T030000"), local("20261025T030000")],
        ..standard("20241027T030000", None)
    };
    let zone = Zone::Custom(Arc::new(CustomZone::from_observances(&[listed, back]).unwrap()));
    for (wall, expected) in [
        ("20240101T120000", "20240101T110000"),
        ("20240701T120000", "20240701T100000"),
        ("20250701T120000", "20250701T100000"),
        ("20260701T120000", "20260701T100000"),
        ("20261201T120000", "20261201T110000"),
    ] {
        assert_eq!(zone.to_utc(local(wall), &Zone::Utc), utc(expected), "{wall}");
    }
}

#[test]
fn a_zone_that_cannot_be_used_says_why() {
    let problem = |parts: &[Observance]| CustomZone::from_observances(parts).unwrap_err();
    assert_eq!(problem(&[]), ZoneProblem::Empty);
    let far = Observance { offset_to: 86_400, ..standard("20260101T000000", None) };
    assert_eq!(problem(&[far]), ZoneProblem::OffsetOutOfRange);
    let least = Observance { offset_to: i32::MIN, ..standard("20260101T000000", None) };
    assert_eq!(problem(&[least]), ZoneProblem::OffsetOutOfRange);
    assert_eq!(problem(&[standard("20260101T000000", Some("FREQ=NOW"))]), ZoneProblem::MalformedRule);
    let restless = standard("20260101T000000", Some("FREQ=MINUTELY"));
    assert_eq!(problem(&[restless]), ZoneProblem::TooManyTransitions);
}
