//! iCalendar in, facts out.

use chrono::{NaiveDate, NaiveDateTime, TimeZone as _, Utc};
use starmesh_core::event::{
    Availability, CalendarTime, ExtraDate, Facts, Instance, ItemProblem, Length, MarkedEvent, Recurrence,
    RecurrenceSet, Response, SourceItem,
};
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::policy::{Found, Term, Terms, Word};
use starmesh_core::time::EventTime;
use starmesh_core::zone::Zone;

use super::{OwnAddresses, source_item};

fn read(text: &str) -> SourceItem {
    read_for(text, &Terms::default())
}

fn read_for(text: &str, terms: &Terms) -> SourceItem {
    let own = OwnAddresses::new(["mailto:Ada@Example.org", "/principals/ada/"]);
    source_item(RemoteId::new("/cal/x.ics"), Some(Version::new("\"1\"")), text, &own, terms)
}

/// A calendar with one event of these lines.
fn event(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u1\r\n{lines}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")
        .replace("\r\n\r\n", "\r\n")
}

fn recurrence(lines: &str) -> Recurrence {
    let mut item = read(&event(lines));
    assert_eq!((item.problem, item.events.len()), (None, 1), "{lines}");
    item.events.remove(0).recurrence
}

fn single(lines: &str) -> Instance {
    match recurrence(lines) {
        Recurrence::Single(instance) => instance,
        Recurrence::Set(_) => panic!("not single: {lines}"),
    }
}

fn set(lines: &str) -> RecurrenceSet {
    match recurrence(lines) {
        Recurrence::Set(set) => set,
        Recurrence::Single(_) => panic!("not a set: {lines}"),
    }
}

fn facts(lines: &str) -> Facts {
    single(&format!("DTSTART:20261201T100000Z\r\n{lines}")).facts
}

fn marked(lines: &str) -> Option<MarkedEvent> {
    let mut item = read(&event(lines));
    assert_eq!(item.problem, None);
    item.events.remove(0).marked
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").unwrap()
}

fn day(text: &str) -> CalendarTime {
    CalendarTime::Date(text.parse::<NaiveDate>().unwrap())
}

fn utc(text: &str) -> CalendarTime {
    CalendarTime::Local { local: local(text), zone: Zone::Utc }
}

fn paris(text: &str) -> CalendarTime {
    CalendarTime::Local { local: local(text), zone: Zone::Named(chrono_tz::Europe::Paris) }
}

fn problem(text: &str) -> Option<ItemProblem> {
    let item = read(text);
    assert!(item.problem.is_none() || item.events.is_empty());
    item.problem
}

#[test]
fn times_are_read_with_their_zones() {
    for (line, expected) in [
        ("DTSTART:20261201T100000Z", utc("2026-12-01 10:00")),
        ("DTSTART;VALUE=DATE:20261201", day("2026-12-01")),
        ("DTSTART:20261201", day("2026-12-01")),
        ("DTSTART;TZID=Europe/Paris:20261201T100000", paris("2026-12-01 10:00")),
        ("DTSTART;TZID=\"Romance Standard Time\":20261201T100000", paris("2026-12-01 10:00")),
        (
            "DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Paris:20261201T100000",
            paris("2026-12-01 10:00"),
        ),
        ("DTSTART;TZID=Europe/Paris:20261201T100000Z", utc("2026-12-01 10:00")),
        (
            "DTSTART:20261201T235960Z",
            CalendarTime::Local {
                local: NaiveDateTime::parse_from_str("2026-12-01 23:59:59", "%F %T").unwrap(),
                zone: Zone::Utc,
            },
        ),
        (
            "DTSTART:20261201T100000",
            CalendarTime::Local { local: local("2026-12-01 10:00"), zone: Zone::Floating },
        ),
        (
            "DTSTART;TZID=Nowhere/At all:20261201T100000",
            CalendarTime::Local { local: local("2026-12-01 10:00"), zone: Zone::Floating },
        ),
    ] {
        assert_eq!(single(line).start, expected, "{line}");
    }
}

#[test]
fn a_zone_that_the_file_defines_is_used_when_its_name_says_nothing() {
    let calendar = |definition: &str, tzid: &str| {
        let text = format!(
            "BEGIN:VCALENDAR\nX-WR-TIMEZONE:Europe/Paris\n{definition}BEGIN:VEVENT\nUID:1\n\
             DTSTART;TZID={tzid}:20260701T100000\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        match &read(&text).events[0].recurrence {
            Recurrence::Single(Instance { start: CalendarTime::Local { local, zone }, .. }) => {
                (zone.clone(), zone.to_utc(*local, &Zone::Utc))
            }
            other => panic!("{other:?}"),
        }
    };
    let rules = "BEGIN:VTIMEZONE\nTZID:Home\nBEGIN:STANDARD\nDTSTART:16010101T030000\nTZOFFSETFROM:+0330\n\
                 TZOFFSETTO:+0230\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\nEND:STANDARD\nBEGIN:DAYLIGHT\n\
                 DTSTART:16010101T020000\nTZOFFSETFROM:+0230\nTZOFFSETTO:+0330\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\n\
                 END:DAYLIGHT\nEND:VTIMEZONE\n";
    let (zone, instant) = calendar(rules, "Home");
    assert!(matches!(zone, Zone::Custom(_)), "{zone:?}");
    assert_eq!(instant, Utc.with_ymd_and_hms(2026, 7, 1, 6, 30, 0).unwrap());
    let located = "BEGIN:VTIMEZONE\nTZID:Home\nX-LIC-LOCATION:Asia/Tokyo\nEND:VTIMEZONE\n";
    assert_eq!(calendar(located, "Home").0, Zone::Named(chrono_tz::Asia::Tokyo));
    assert_eq!(calendar("", "Home").0, Zone::Named(chrono_tz::Europe::Paris), "the zone of the file");
}

#[test]
fn lengths_are_read_in_all_three_forms() {
    let length = |lines: &str| single(&format!("DTSTART:20261201T100000Z\r\n{lines}")).length;
    assert_eq!(length("DTEND:20261201T110000Z"), Length::Until(utc("2026-12-01 11:00")));
    assert_eq!(length("DURATION:P1W2DT3H4M5S"), Length::Duration { days: 9, seconds: 11_045 });
    assert_eq!(length("DURATION:-PT15M"), Length::Duration { days: 0, seconds: -900 });
    assert_eq!(length(""), Length::Unstated);
}

#[test]
fn a_series_keeps_its_rules_as_written() {
    let set = set(
        "DTSTART;TZID=Europe/Paris:20261201T100000\r\nRRULE:FREQ=WEEKLY;BYDAY=TU,\r\n TH;INTERVAL=99999\r\n\
                   EXRULE:FREQ=MONTHLY\r\nEXDATE;TZID=Europe/Paris:20261203T100000,20261208T100000\r\n\
                   EXDATE:20261210T090000Z\r\nRDATE;VALUE=DATE:20270101\r\n\
                   RDATE;VALUE=PERIOD:20270102T100000Z/20270102T120000Z,20270103T100000Z/PT1H",
    );
    let master = set.master.unwrap();
    assert_eq!(master.rules, ["FREQ=WEEKLY;BYDAY=TU,TH;INTERVAL=99999"]);
    assert_eq!(master.exclusion_rules, ["FREQ=MONTHLY"]);
    assert_eq!(
        master.exclusions,
        [paris("2026-12-03 10:00"), paris("2026-12-08 10:00"), utc("2026-12-10 09:00")]
    );
    assert_eq!(
        master.dates,
        [
            ExtraDate { start: day("2027-01-01"), length: None },
            ExtraDate {
                start: utc("2027-01-02 10:00"),
                length: Some(Length::Until(utc("2027-01-02 12:00")))
            },
            ExtraDate {
                start: utc("2027-01-03 10:00"),
                length: Some(Length::Duration { days: 0, seconds: 3600 })
            },
        ]
    );
}

#[test]
fn exceptions_belong_to_the_series_of_their_uid() {
    let text = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:a\nDTSTART:20261201T100000Z\nRRULE:FREQ=DAILY\nEND:VEVENT\n\
                BEGIN:VEVENT\nUID:b\nDTSTART:20261202T100000Z\nRECURRENCE-ID:20261202T100000Z\nEND:VEVENT\n\
                BEGIN:VEVENT\nUID: a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261203T100000Z\nSEQUENCE:3\n\
                DTSTAMP:20261101T000000Z\nDTSTART:20261203T120000Z\nSTATUS:CANCELLED\nEND:VEVENT\nEND:VCALENDAR\n";
    let item = read(text);
    let ids: Vec<_> = item.events.iter().map(|event| event.id.as_str()).collect();
    assert_eq!(ids, ["a", "b"]);
    let Recurrence::Set(series) = &item.events[0].recurrence else { panic!("a series") };
    assert!(series.master.is_some());
    let [exception] = series.overrides.as_slice() else { panic!("one exception") };
    assert_eq!((&exception.recurrence_id, exception.and_future), (&utc("2026-12-03 10:00"), true));
    assert_eq!((exception.sequence, exception.instance.facts.cancelled), (3, true));
    assert_eq!(exception.stamp, Some(Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap()));
    let Recurrence::Set(lone) = &item.events[1].recurrence else { panic!("a lone exception") };
    assert!(lone.master.is_none() && lone.overrides.len() == 1 && !lone.overrides[0].and_future);
}

#[test]
fn of_two_masters_the_newer_counts() {
    let master = |sequence: u8, hour: u8| {
        format!("BEGIN:VEVENT\nUID:a\nSEQUENCE:{sequence}\nDTSTART:20261201T{hour}0000Z\nEND:VEVENT\n")
    };
    let item = read(&format!("BEGIN:VCALENDAR\n{}{}END:VCALENDAR\n", master(2, 12), master(1, 11)));
    let [event] = item.events.as_slice() else { panic!("one event") };
    let Recurrence::Single(instance) = &event.recurrence else { panic!("single") };
    assert_eq!(instance.start, utc("2026-12-01 12:00"));
}

#[test]
fn availability_follows_outlook_then_transp_then_status() {
    for (lines, expected) in [
        ("", Availability::Busy),
        ("TRANSP:OPAQUE", Availability::Busy),
        ("TRANSP:transparent", Availability::Free),
        ("STATUS:TENTATIVE", Availability::Tentative),
        ("STATUS:TENTATIVE\r\nTRANSP:TRANSPARENT", Availability::Free),
        ("TRANSP:TRANSPARENT\r\nX-MICROSOFT-CDO-BUSYSTATUS:BUSY", Availability::Busy),
        ("X-MICROSOFT-CDO-BUSYSTATUS:free", Availability::Free),
        ("X-Microsoft-CDO-BusyStatus;X-A=b:TENTATIVE", Availability::Tentative),
        ("X-MICROSOFT-CDO-BUSYSTATUS:OOF", Availability::OutOfOffice),
        ("X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE", Availability::Free),
        ("X-MICROSOFT-CDO-BUSYSTATUS:SOMETHING\r\nTRANSP:TRANSPARENT", Availability::Free),
    ] {
        assert_eq!(facts(lines).availability, expected, "{lines}");
    }
    assert!(facts("STATUS:CANCELLED").cancelled);
}

#[test]
fn the_response_is_that_of_the_owner() {
    for (lines, expected) in [
        ("", Response::NotInvited),
        ("ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org", Response::NotInvited),
        ("ATTENDEE;PARTSTAT=DECLINED:MAILTO:ada@example.org", Response::Declined),
        ("ATTENDEE;PARTSTAT=ACCEPTED:mailto:ADA@example.org", Response::Accepted),
        ("ATTENDEE;PARTSTAT=TENTATIVE:/principals/ada/", Response::Tentative),
        ("ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:ada@example.org", Response::NeedsAction),
        ("ATTENDEE:mailto:ada@example.org", Response::NeedsAction),
        ("ATTENDEE;PARTSTAT=DELEGATED:mailto:ada@example.org", Response::Declined),
        ("ATTENDEE;EMAIL=ada@example.org;PARTSTAT=ACCEPTED:urn:uuid:1", Response::Accepted),
        (
            "ORGANIZER:mailto:ada@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org",
            Response::NotInvited,
        ),
        (
            "ORGANIZER:mailto:bob@example.org\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:ada@example.org",
            Response::Accepted,
        ),
    ] {
        assert_eq!(facts(lines).response, expected, "{lines}");
    }
}

const MARK: &str = "DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nCLASS:PRIVATE\r\nSUMMARY:Busy\r\nX-SYNC-FB:1.a.0.b.c\r\n";

#[test]
fn a_mark_is_seen_in_any_case_and_with_parameters() {
    for line in ["X-SYNC-FB:m", "x-sync-fb:m", "X-Sync-Fb;X-A=\"b:c\";VALUE=TEXT: m ", "X-SYNC-\r\n FB:m"] {
        let marked = marked(&format!("DTSTART:20261201T100000Z\r\n{line}")).expect(line);
        assert_eq!(marked.mark, "m", "{line}");
    }
    assert_eq!(marked("DTSTART:20261201T100000Z\r\nX-SYNC-FBX:m"), None);
    assert_eq!(
        marked("DTSTART:20261201T100000Z\r\nX-SYNC-FB:").map(|marked| marked.mark),
        Some(String::new())
    );
}

#[test]
fn a_mirror_that_says_more_is_not_plain() {
    assert!(marked(MARK).unwrap().plain);
    for harmless in [
        "CREATED:20261101T000000Z",
        "LAST-MODIFIED:20261101T000000Z",
        "DESCRIPTION:",
        "X-MOZ-GENERATION:1",
        "BEGIN:VALARM\r\nACTION:NONE\r\nTRIGGER:-PT15M\r\nEND:VALARM",
    ] {
        assert!(marked(&format!("{MARK}{harmless}")).unwrap().plain, "{harmless}");
    }
    for telling in [
        "DESCRIPTION:x",
        "LOCATION:x",
        "RRULE:FREQ=DAILY",
        "ATTENDEE:mailto:bob@example.org",
        "ORGANIZER:mailto:bob@example.org",
        "URL:https://example.org/",
        "CATEGORIES:x",
        "X-ALT-DESC:x",
        "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nEND:VALARM",
    ] {
        assert!(!marked(&format!("{MARK}{telling}")).unwrap().plain, "{telling}");
    }
    assert!(!marked(&MARK.replace("CLASS:PRIVATE", "CLASS:PUBLIC")).unwrap().plain);
    assert!(!marked(&MARK.replace("CLASS:PRIVATE\r\n", "")).unwrap().plain);
    let invited = marked(&format!("{MARK}ATTENDEE:mailto:bob@example.org")).unwrap();
    assert!(invited.has_attendees);
}

#[test]
fn the_time_of_a_mirror_is_one_plain_span() {
    let span = |lines: &str| marked(&format!("X-SYNC-FB:m\r\n{lines}")).unwrap().time;
    let ten_to_eleven = Some(EventTime::Timed {
        start: Utc.with_ymd_and_hms(2026, 12, 1, 10, 0, 0).unwrap(),
        end: Utc.with_ymd_and_hms(2026, 12, 1, 11, 0, 0).unwrap(),
    });
    assert_eq!(span("DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z"), ten_to_eleven);
    assert_eq!(span("DTSTART:20261201T100000Z\r\nDURATION:PT1H"), ten_to_eleven);
    assert_eq!(
        span("DTSTART;TZID=Europe/Paris:20261201T110000\r\nDTEND;TZID=Europe/Paris:20261201T120000"),
        ten_to_eleven
    );
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    let one_day = Some(EventTime::AllDay { start: date("2026-12-01"), end: date("2026-12-02") });
    assert_eq!(span("DTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261202"), one_day);
    assert_eq!(span("DTSTART;VALUE=DATE:20261201"), one_day);
    assert_eq!(span("DTSTART:20261201T100000\r\nDTEND:20261201T110000"), None, "floating");
}

#[test]
fn a_cancelled_mirror_blocks_nothing() {
    assert_eq!(marked(&format!("{MARK}STATUS:CANCELLED")).unwrap().availability, Availability::Free);
    assert_eq!(marked(&format!("{MARK}TRANSP:TRANSPARENT")).unwrap().availability, Availability::Free);
}

#[test]
fn what_cannot_be_read_is_a_problem_of_that_item() {
    assert_eq!(problem(""), Some(ItemProblem::Malformed));
    assert_eq!(problem("<html></html>"), Some(ItemProblem::Malformed));
    let whole = event("DTSTART:20261201T100000Z");
    assert_eq!(problem(&whole), None);
    assert_eq!(problem(&whole[..whole.len() / 2]), Some(ItemProblem::Malformed), "cut off");
    assert_eq!(problem(&event("SUMMARY:x")), Some(ItemProblem::NoStart));
    assert_eq!(problem(&event("DTSTART:tomorrow")), Some(ItemProblem::Malformed));
    assert_eq!(problem(&event("DTSTART:20261301T100000Z")), Some(ItemProblem::Malformed));
    assert_eq!(problem(&event("DTSTART:20261201T100000Z\r\nDTEND:later")), Some(ItemProblem::Malformed));
    assert_eq!(problem(&event("DTSTART:20261201T100000Z\r\nDURATION:long")), Some(ItemProblem::Malformed));
    assert_eq!(problem(&event("DTSTART:20261201T100000Z\r\nEXDATE:x")), Some(ItemProblem::Malformed));
    assert_eq!(
        problem(&event("DTSTART:20261201T100000Z\r\nEXDATE:")),
        None,
        "an empty list excludes nothing"
    );
    let large = event(&format!("DTSTART:20261201T100000Z\r\nATTACH:{}", "x".repeat(5 * 1024 * 1024)));
    assert_eq!(problem(&large), Some(ItemProblem::TooLarge));
}

#[test]
fn tasks_and_journals_are_no_events() {
    let item =
        read("BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:1\nDTSTART:20261201T100000Z\nEND:VTODO\nEND:VCALENDAR\n");
    assert_eq!((item.events.len(), item.problem), (0, None));
}

#[test]
fn uids_are_trimmed_and_unescaped_and_may_be_missing() {
    let id = |uid: &str| {
        let text = format!(
            "\u{feff}BEGIN:VCALENDAR\n{uid}BEGIN:VEVENT\n{uid}DTSTART:20261201T100000Z\nEND:VEVENT\nEND:VCALENDAR\n"
        );
        let item = read(&text);
        assert_eq!(item.problem, None, "{uid}");
        (item.events[0].id.as_str().to_owned(), item.events[0].uid.as_str().to_owned())
    };
    let both = |text: &str| (text.to_owned(), text.to_owned());
    assert_eq!(id("UID: a\\,b \n"), both("a,b"));
    assert_eq!(id("UID:\n"), both("/cal/x.ics"));
    assert_eq!(id(""), both("/cal/x.ics"));
}

#[test]
fn subject_body_place_and_people_never_leave_the_parse() {
    let secret = "SECRET";
    let text = event(&format!(
        "DTSTART:20261201T100000Z\r\nSUMMARY:{secret}\r\nDESCRIPTION:{secret}\r\nLOCATION:{secret}\r\n\
         ATTENDEE;CN={secret}:mailto:{secret}@x.org\r\nORGANIZER;CN={secret}:mailto:{secret}@x.org\r\n\
         CATEGORIES:{secret}\r\nURL:https://{secret}/\r\nX-SYNC-FB:m\r\nX-OTHER:{secret}"
    ));
    let item = read(&text);
    let other = read(&text.replace(secret, "OTHER1"));
    assert!(!format!("{item:?}").contains(secret));
    assert!(!serde_json::to_string(&item).unwrap().contains(secret));
    let label = |item: &SourceItem| item.events[0].marked.as_ref().unwrap().label;
    assert_ne!(label(&item), label(&other), "of the subject a digest is left, of mirrors only");
}

#[test]
fn words_that_links_ask_for_are_found_in_subjects_and_categories_of_each_date() {
    let word = |text| Word::new(text).unwrap();
    let terms = Terms::new([Term::Keyword(word("lunch")), Term::Category(word("private"))]).unwrap();
    let found = |lines: &str| {
        let item = read_for(&event(&format!("DTSTART:20261201T100000Z\r\n{lines}")), &terms);
        match &item.events[0].recurrence {
            Recurrence::Single(instance) => instance.facts.found,
            Recurrence::Set(_) => panic!("not single: {lines}"),
        }
    };
    assert_eq!(found("SUMMARY:Dinner"), Found::NONE);
    assert_eq!(found("SUMMARY:Late LUNCH\\, long"), terms.find("lunch", []));
    assert_eq!(found("CATEGORIES:Work,Private\r\nCATEGORIES:Blue"), terms.find("", ["private"]));
    assert_eq!(found("SUMMARY:Lunch\r\nCATEGORIES:PRIVATE"), terms.find("lunch", ["private"]));
    assert_eq!(found("DESCRIPTION:lunch\r\nLOCATION:private"), Found::NONE);
    assert_eq!(facts("SUMMARY:Lunch").found, Found::NONE, "nothing is looked for unasked");
}
