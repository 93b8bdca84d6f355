//! Files of many events: whole ones, odd ones, and pieces.

use starmesh_core::event::{CalendarTime, ItemProblem, Recurrence, RecurrenceSet, Response};
use starmesh_core::zone::Zone;

use super::*;

const HEAD: &str = "BEGIN:VCALENDAR\r\nX-WR-CALNAME:Ada's\\n  week\r\nX-WR-TIMEZONE:Europe/Rome\r\n";

fn file(events: &[&str]) -> String {
    let events: String =
        events.iter().map(|lines| format!("BEGIN:VEVENT\r\n{lines}\r\nEND:VEVENT\r\n")).collect();
    format!("{HEAD}{events}END:VCALENDAR\r\n")
}

fn read(text: &str) -> CalendarFile {
    calendar_file(text, &["ada@example.org"], &Terms::default()).unwrap()
}

fn ids(file: &CalendarFile) -> Vec<&str> {
    file.items.iter().map(|item| item.remote_id.as_str()).collect()
}

#[test]
fn a_file_has_a_name_a_zone_and_an_item_for_each_uid() {
    let file = read(&file(&[
        "UID:b\r\nDTSTART:20261201T100000Z",
        "UID:a\r\nDTSTART:20261201T100000Z\r\nRRULE:FREQ=DAILY;COUNT=3",
        "UID:a\r\nRECURRENCE-ID:20261202T100000Z\r\nDTSTART:20261202T120000Z",
    ]));
    assert_eq!((file.name.as_deref(), file.zone.as_deref()), (Some("Ada's week"), Some("Europe/Rome")));
    assert_eq!(ids(&file), ["a", "b"]);
    assert!(file.items.iter().all(|item| item.problem.is_none() && item.version.is_none()));
    let Recurrence::Set(RecurrenceSet { master: Some(_), overrides }) = &file.items[0].events[0].recurrence
    else {
        panic!("the master and its exception are one series");
    };
    assert_eq!(overrides.len(), 1);
}

#[test]
fn only_a_whole_file_is_read() {
    let whole = file(&["UID:a\r\nDTSTART:20261201T100000Z", "UID:b\r\nDTSTART:20261201T100000Z"]);
    let end = whole.len() - "END:VCALENDAR\r\n".len();
    for cut in [end, end - 20, whole.find("UID:b").unwrap(), HEAD.len()] {
        assert_eq!(
            calendar_file(&whole[..cut], &[], &Terms::default()),
            Err(FileProblem::CutShort),
            "{}",
            &whole[..cut]
        );
    }
    for nothing in ["", "\u{feff}", " \r\n\r\n"] {
        assert_eq!(calendar_file(nothing, &[], &Terms::default()), Err(FileProblem::Empty));
    }
    for other in ["hello", "<html>BEGIN:VCALENDAR</html>", "BEGIN:VCARD\r\nEND:VCARD\r\n"] {
        assert_eq!(calendar_file(other, &[], &Terms::default()), Err(FileProblem::NotACalendar), "{other}");
    }
    assert_eq!(read(&file(&[])).items, [], "a calendar without events is whole");
}

#[test]
fn a_broken_event_spoils_no_other() {
    let broken = [
        "UID:broken\r\nDTSTART:yesterday",
        "UID:broken\r\nSUMMARY:no start",
        "UID:broken\r\nDTSTART:20261201T100000Z\r\nATTENDEE;CN=\"Ada:mailto:ada@example.org",
        "UID:broken\r\nDTSTART:20261201T100000Z\r\nDESCRIPTION;ENCODING=QUOTED-PRINTABLE:ends with=",
        "UID:broken\r\nDTSTART:20261201T100000Z\r\n:::;;;\"",
    ];
    let good = |uid: &str| format!("UID:{uid}\r\nDTSTART:20261201T100000Z");
    for broken in broken {
        let file = read(&file(&[&good("before"), broken, &good("later")]));
        assert_eq!(ids(&file), ["before", "broken", "later"], "{broken}");
        assert!(file.items[0].problem.is_none() && file.items[2].problem.is_none(), "{broken}");
        assert_eq!((file.items[0].events.len(), file.items[2].events.len()), (1, 1), "{broken}");
    }
    let large = format!("UID:large\r\nDTSTART:20261201T100000Z\r\nATTACH:{}", "A".repeat(5 * 1024 * 1024));
    let file = read(&file(&[&good("before"), &large]));
    assert_eq!(file.items[1].problem, Some(ItemProblem::TooLarge));
    assert_eq!(file.items[0].problem, None);
}

#[test]
fn events_without_a_uid_keep_their_names_whatever_else_they_say_and_wherever_they_stand() {
    let (one, other) =
        ("DTSTART:20261201T100000Z\r\nSUMMARY:one", "DTSTART:20261202T100000Z\r\nSUMMARY:other");
    let first = read(&file(&[one, one, other, "SUMMARY:no start"]));
    assert_eq!(first.items.len(), 4);
    let renamed = one.replace("one", "renamed");
    let second = read(&file(&["SUMMARY:no start", other, "UID:new\r\nDTSTART:20261203", &renamed, one]));
    let names = ids(&second);
    for name in ids(&first) {
        assert!(names.contains(&name) && name.starts_with(WITHOUT_UID), "{name}");
    }
    let twins = ids(&first).iter().filter(|name| name.ends_with("#2")).count();
    assert_eq!(twins, 1, "the two that are alike in all we know are two");
    let item = &first.items[0];
    assert_eq!(item.remote_id.as_str(), item.events.first().map_or("", |event| event.id.as_str()));
}

#[test]
fn zones_stand_before_the_events_and_hold_for_each() {
    let zone = "BEGIN:VTIMEZONE\r\nTZID:Here\r\nX-LIC-LOCATION:Europe/Paris\r\nEND:VTIMEZONE\r\n";
    let text =
        file(&["UID:a\r\nDTSTART;TZID=Here:20261201T100000", "UID:b\r\nDTSTART;TZID=Here:20261201T100000"]);
    let file = read(&text.replace(HEAD, &format!("{HEAD}{zone}")));
    for item in &file.items {
        let Recurrence::Single(instance) = &item.events[0].recurrence else { panic!("single") };
        let CalendarTime::Local { zone, .. } = &instance.start else { panic!("a time") };
        assert_eq!(*zone, Zone::resolve("Europe/Paris").unwrap());
    }
}

#[test]
fn a_file_that_is_called_by_a_mail_address_is_its_owners() {
    let declined = "UID:a\r\nDTSTART:20261201T100000Z\r\nATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.org";
    let text = file(&[declined]).replace("Ada's\\n  week", "Bob@example.org");
    let response = |text: &str| match &read(text).items[0].events[0].recurrence {
        Recurrence::Single(instance) => instance.facts.response,
        Recurrence::Set(_) => panic!("single"),
    };
    assert_eq!(response(&text), Response::Declined);
    assert_eq!(response(&text.replace("Bob@example.org", "Bob's")), Response::NotInvited);
    assert_eq!(response(&file(&[&declined.replace("bob", "ada")])), Response::Declined);
}

#[test]
fn one_uid_in_two_calendars_of_a_file_is_one_item_of_two_events() {
    let one = file(&["UID:a\r\nDTSTART:20261201T100000Z"]);
    let file = read(&format!("{one}{}", one.replace("20261201", "20261205")));
    assert_eq!((file.items.len(), file.items[0].events.len()), (1, 2));
}

#[test]
fn a_uid_of_an_alarm_is_none_of_its_event() {
    let alarm = "DTSTART:20261201T100000Z\r\nBEGIN:VALARM\r\nUID:alarm\r\nEND:VALARM\r\nUID:event";
    assert_eq!(ids(&read(&file(&[alarm]))), ["event"]);
}

#[test]
fn a_file_says_how_long_it_is_to_be_left_alone() {
    let refresh =
        |lines: &str| read(&file(&[]).replace("X-WR-TIMEZONE", &format!("{lines}X-WR-TIMEZONE"))).refresh_s;
    assert_eq!(refresh(""), None);
    assert_eq!(refresh("X-PUBLISHED-TTL:PT12H\r\n"), Some(43_200));
    assert_eq!(refresh("REFRESH-INTERVAL;VALUE=DURATION:P1DT30M\r\nX-PUBLISHED-TTL:PT12H\r\n"), Some(88_200));
    for nonsense in ["soon", "-PT1H", "PT0S", ""] {
        assert_eq!(refresh(&format!("X-PUBLISHED-TTL:{nonsense}\r\n")), None, "{nonsense}");
        assert_eq!(refresh(&format!("REFRESH-INTERVAL;VALUE=DURATION:{nonsense}\r\n")), None, "{nonsense}");
    }
}
