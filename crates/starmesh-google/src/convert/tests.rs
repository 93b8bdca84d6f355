//! Rows in, facts out.

use serde_json::{Value, json};
use starmesh_core::event::{
    Availability, CalendarTime, EventKind, Facts, Instance, ItemProblem, LabelDigest, Length, Recurrence,
    Response, SourceEvent, SourceItem,
};
use starmesh_core::policy::{Found, Term, Terms, Word};
use starmesh_core::recurrence::{Occurrence, expand};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::tool::Tool;
use starmesh_core::zone::Zone;

use super::{lies_in, marked, series_item, series_of_instance, single_item};
use crate::privacy::Privacy;
use crate::script::{mirror, mirror_of, stored};
use crate::wire::{EventRow, Row};

fn row(value: Value) -> EventRow {
    match Row::read(value, &Terms::default()).unwrap() {
        Row::Event(row) => *row,
        Row::Broken { id, .. } => panic!("{id} is broken"),
    }
}

fn item(value: Value) -> SourceItem {
    let row = row(value);
    single_item(&row, marked(&row, Privacy::Private))
}

/// An event of an hour with these fields besides.
fn event(fields: Value) -> Value {
    let mut event = json!({
        "id": "e1", "iCalUID": "u1", "etag": "\"1\"", "status": "confirmed",
        "start": {"dateTime": "2026-12-01T10:00:00+01:00", "timeZone": "Europe/Paris"},
        "end": {"dateTime": "2026-12-01T11:00:00+01:00", "timeZone": "Europe/Paris"},
    });
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    for (name, value) in fields {
        event[name] = value;
    }
    event
}

fn single(fields: Value) -> Instance {
    let mut item = item(event(fields));
    assert_eq!((item.problem, item.events.len()), (None, 1));
    match item.events.remove(0).recurrence {
        Recurrence::Single(instance) => instance,
        Recurrence::Set(_) => panic!("not single"),
    }
}

fn facts(fields: Value) -> Facts {
    single(fields).facts
}

fn utc(text: &str) -> CalendarTime {
    CalendarTime::utc(text.parse().unwrap())
}

fn day(text: &str) -> CalendarTime {
    CalendarTime::Date(text.parse().unwrap())
}

fn occurrences(item: &SourceItem) -> Vec<Occurrence> {
    let all = TimeRange {
        lo: "2026-01-01T00:00:00Z".parse().unwrap(),
        hi: "2028-01-01T00:00:00Z".parse().unwrap(),
    };
    expand(&item.events[0].recurrence, &all, &Zone::Utc).unwrap()
}

#[test]
fn times_are_instants_or_days() {
    let timed = single(json!({}));
    assert_eq!(
        (timed.start, timed.length),
        (utc("2026-12-01T09:00:00Z"), Length::Until(utc("2026-12-01T10:00:00Z")))
    );
    let days = single(json!({"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-03"}}));
    assert_eq!((days.start, days.length), (day("2026-12-01"), Length::Until(day("2026-12-03"))));
    let zoned = single(json!({"start": {"dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Paris"}}));
    let paris = Zone::resolve("Europe/Paris").unwrap();
    assert_eq!(
        zoned.start,
        CalendarTime::Local { local: "2026-12-01T10:00:00".parse().unwrap(), zone: paris }
    );
    assert_eq!(single(json!({"end": null})).length, Length::Unstated);
}

#[test]
fn an_event_that_cannot_be_read_says_why() {
    for (fields, problem) in [
        (json!({"start": null}), ItemProblem::NoStart),
        (json!({"start": {}}), ItemProblem::NoStart),
        (json!({"start": {"date": "yesterday"}}), ItemProblem::Malformed),
        (json!({"end": {"dateTime": "2026-13-01T00:00:00Z"}}), ItemProblem::Malformed),
    ] {
        let item = item(event(fields.clone()));
        assert_eq!((item.problem, item.events.len()), (Some(problem), 0), "{fields}");
        assert_eq!(item.remote_id.as_str(), "e1");
    }
}

#[test]
fn availability_is_decided_by_the_field_and_not_by_the_length() {
    for (fields, availability) in [
        (json!({}), Availability::Busy),
        (json!({"transparency": "opaque"}), Availability::Busy),
        (json!({"transparency": "transparent"}), Availability::Free),
        (json!({"start": {"date": "2026-12-01"}, "end": {"date": "2026-12-02"}}), Availability::Busy),
        (json!({"status": "tentative"}), Availability::Tentative),
        (json!({"status": "tentative", "transparency": "transparent"}), Availability::Free),
        (json!({"eventType": "outOfOffice"}), Availability::OutOfOffice),
        (json!({"eventType": "focusTime"}), Availability::Busy),
        (json!({"eventType": "fromGmail"}), Availability::Busy),
        (json!({"extendedProperties": {"private": {"syncfbShow": "outOfOffice"}}}), Availability::Busy),
    ] {
        assert_eq!(facts(fields.clone()).availability, availability, "{fields}");
    }
}

#[test]
fn event_types_are_told_apart() {
    for (kind, expected) in [
        ("default", EventKind::Default),
        ("workingLocation", EventKind::WorkingLocation),
        ("birthday", EventKind::Birthday),
        ("outOfOffice", EventKind::Default),
        ("focusTime", EventKind::Default),
        ("somethingNew", EventKind::Default),
    ] {
        assert_eq!(facts(json!({"eventType": kind})).kind, expected, "{kind}");
    }
}

#[test]
fn only_the_owners_answer_counts() {
    let own = |status: &str, organizer: bool| json!({"attendees": [{"self": true, "organizer": organizer, "responseStatus": status}]});
    for (fields, response) in [
        (json!({}), Response::NotInvited),
        (json!({"attendees": [{"responseStatus": "declined"}]}), Response::NotInvited),
        (own("needsAction", false), Response::NeedsAction),
        (own("somethingNew", false), Response::NeedsAction),
        (own("declined", false), Response::Declined),
        (own("tentative", false), Response::Tentative),
        (own("accepted", false), Response::Accepted),
        (own("needsAction", true), Response::NotInvited),
        (own("declined", true), Response::Declined),
    ] {
        assert_eq!(facts(fields.clone()).response, response, "{fields}");
    }
}

#[test]
fn a_row_of_a_free_busy_reader_is_a_busy_event() {
    let item = item(json!({
        "id": "e1", "status": "confirmed", "visibility": "private",
        "start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T11:00:00Z"},
    }));
    assert_eq!(item.events[0].id.as_str(), "e1", "without a UID the id stands in");
    assert_eq!(occurrences(&item)[0].facts, Facts::BUSY);
}

#[test]
fn the_uid_names_the_event_and_its_meeting() {
    let event = item(event(json!({"iCalUID": " 040000008200E0@outlook.example "}))).events.remove(0);
    assert_eq!(
        (event.id.as_str(), event.uid.as_str()),
        ("040000008200E0@outlook.example", "040000008200E0@outlook.example")
    );
}

#[test]
fn of_another_programs_properties_only_which_program_it_is_is_kept() {
    let tool = |private: Value| {
        let event = item(event(json!({"extendedProperties": {"private": private}}))).events.remove(0);
        let debug = format!("{event:?}");
        assert!(!debug.contains("secret"), "{debug}");
        event.tool
    };
    assert_eq!(tool(json!({"reclaim.personalSync": "secret"})), Some(Tool::Reclaim));
    assert_eq!(tool(json!({"outlook_EntryID": "secret"})), Some(Tool::OutlookGoogleCalendarSync));
    assert_eq!(tool(json!({"something": "secret", "outlook_EntryID": ""})), None);
}

#[test]
fn an_event_without_a_trace_is_kept_as_before_there_were_any() {
    let plain = item(event(json!({}))).events.remove(0);
    let kept = serde_json::to_value(&plain).unwrap();
    assert_eq!(kept.get("tool"), None);
    assert_eq!(serde_json::from_value::<SourceEvent>(kept).unwrap(), plain);
}

#[test]
fn a_mirror_without_its_mark_is_known_by_its_shape() {
    let mut row = stored(&mirror(), "\"1\"");
    row.as_object_mut().unwrap().remove("extendedProperties");
    let item = item(row);
    assert!(item.events[0].marked.is_none());
    assert!(!starmesh_core::reconcile::is_source(&item.events[0]));
}

fn instance(id: &str, original: Value, start: &str) -> Value {
    let mut row = event(
        json!({"id": id, "recurringEventId": "s1", "start": {"dateTime": start}, "end": {"dateTime": start}}),
    );
    row["originalStartTime"] = original;
    row
}

#[test]
fn the_instances_of_a_series_are_one_event_with_their_original_starts() {
    let rows = [
        instance(
            "s1_20261201T090000Z",
            json!({"dateTime": "2026-12-01T10:00:00+01:00"}),
            "2026-12-01T10:00:00+01:00",
        ),
        instance(
            "s1_20261208T090000Z",
            json!({"dateTime": "2026-12-08T10:00:00+01:00"}),
            "2026-12-09T15:00:00+01:00",
        ),
        instance("s1_20261215T090000Z", Value::Null, "2026-12-15T10:00:00+01:00"),
    ];
    let item =
        series_item("s1", rows.into_iter().map(|row| Row::read(row, &Terms::default()).unwrap()).collect())
            .unwrap();
    assert_eq!((item.remote_id.as_str(), item.events[0].id.as_str(), item.events.len()), ("s1", "u1", 1));
    let seen: Vec<_> = occurrences(&item)
        .into_iter()
        .map(|it| (it.original_start.0, it.time.start().to_rfc3339()))
        .collect();
    let expected = [
        ("20261201T090000Z", "2026-12-01T09:00:00+00:00"),
        ("20261208T090000Z", "2026-12-09T14:00:00+00:00"),
        ("20261215T090000Z", "2026-12-15T09:00:00+00:00"),
    ];
    assert_eq!(seen, expected.map(|(original, start)| (original.to_owned(), start.to_owned())));
}

#[test]
fn a_series_of_whole_days_keeps_its_days_as_originals() {
    let mut row = event(json!({
        "id": "s1_20261201", "recurringEventId": "s1", "originalStartTime": {"date": "2026-12-01"},
        "start": {"dateTime": "2026-12-01T10:00:00Z"}, "end": {"dateTime": "2026-12-01T11:00:00Z"},
    }));
    for told in [true, false] {
        if !told {
            row.as_object_mut().unwrap().remove("originalStartTime");
        }
        let item = series_item("s1", vec![Row::read(row.clone(), &Terms::default()).unwrap()]).unwrap();
        assert_eq!(occurrences(&item)[0].original_start.0, "20261201", "though that date became timed");
    }
}

#[test]
fn a_series_without_instances_is_nothing_and_one_that_is_partly_unreadable_a_problem() {
    assert_eq!(series_item("s1", Vec::new()), None);
    let cancelled =
        Row::read(json!({"id": "s1_20261201T090000Z", "status": "cancelled"}), &Terms::default()).unwrap();
    assert_eq!(series_item("s1", vec![cancelled]), None);
    let good =
        Row::read(instance("s1_20261201T090000Z", Value::Null, "2026-12-01T10:00:00Z"), &Terms::default())
            .unwrap();
    for bad in [
        Row::Broken { id: "s1_20261208T090000Z".to_owned(), series: Some("s1".to_owned()) },
        Row::read(instance("s1_20261208T090000Z", Value::Null, "never"), &Terms::default()).unwrap(),
    ] {
        let item = series_item("s1", vec![good.clone(), bad]).unwrap();
        assert_eq!((item.problem, item.events.len()), (Some(ItemProblem::Malformed), 0));
    }
}

#[test]
fn the_series_of_an_instance_is_in_its_id() {
    for (id, series) in [
        ("abc_20261201T090000Z", Some("abc")),
        ("abc_20261201", Some("abc")),
        ("abc_R20261201T090000_20261208T090000Z", Some("abc_R20261201T090000")),
        ("abc_R20261201T090000", None),
        ("_60q30c1g60o30e1i60o4ac1g60rj8gpl88rj2c1h84s34h9g60s30c1g60o30c1g", None),
        ("abc", None),
        ("abc_2026120", None),
        ("abc_20261399", None),
        ("_20261201", None),
    ] {
        assert_eq!(series_of_instance(id), series, "{id}");
    }
}

#[test]
fn a_mirror_reads_back_as_it_was_written() {
    use starmesh_core::mirror::{Label, MirrorAvailability, MirrorBody};
    let times = [
        mirror().body().time,
        EventTime::AllDay { start: "2026-12-01".parse().unwrap(), end: "2026-12-03".parse().unwrap() },
    ];
    for time in times {
        for availability in
            [MirrorAvailability::Busy, MirrorAvailability::Tentative, MirrorAvailability::OutOfOffice]
        {
            let label = Label::new("Away; \"far\", far \\ away").unwrap();
            let mirror = mirror_of("event", MirrorBody { time, availability, label, color: None });
            let item = item(stored(&mirror, "\"1\""));
            let id = starmesh_core::ids::RemoteId::new(mirror.provider_id().as_str());
            let version = Some(starmesh_core::ids::Version::new("\"1\""));
            assert_eq!(item, mirror.as_observed(id, version));
        }
    }
}

#[test]
fn whatever_somebody_adds_to_a_mirror_is_noticed() {
    let found = |fields: Value| {
        let mut row = stored(&mirror(), "\"1\"");
        for (name, value) in fields.as_object().unwrap() {
            row[name] = value.clone();
        }
        marked(&self::row(row), Privacy::Private).unwrap()
    };
    assert!(found(json!({})).plain);
    for fields in [
        json!({"visibility": "default"}),
        json!({"visibility": null}),
        json!({"reminders": {"useDefault": true}}),
        json!({"reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 10}]}}),
        json!({"reminders": null}),
        json!({"description": "x"}),
        json!({"location": "x"}),
        json!({"attachments": [{"fileUrl": "x"}]}),
        json!({"conferenceData": {"conferenceId": "x"}}),
        json!({"hangoutLink": "https://meet.example.org/x"}),
        json!({"source": {"url": "https://example.org"}}),
        json!({"recurrence": ["RRULE:FREQ=DAILY"]}),
        json!({"eventType": "outOfOffice"}),
    ] {
        assert!(!found(fields.clone()).plain, "{fields}");
    }
    assert_eq!(found(json!({"summary": "Dentist"})).label, LabelDigest::of("Dentist"));
    assert_eq!(found(json!({"transparency": "transparent"})).availability, Availability::Free);
    for invited in [json!({"attendees": [{"responseStatus": "accepted"}]}), json!({"attendeesOmitted": true})]
    {
        let found = found(invited);
        assert!(found.has_attendees && !found.plain);
    }
}

#[test]
fn a_mirror_that_somebody_made_repeat_is_marked_and_not_plain() {
    let mut row = stored(&mirror(), "\"1\"");
    let id = mirror().provider_id().to_string();
    row["id"] = format!("{id}_20261201T100000Z").into();
    row["recurringEventId"] = id.as_str().into();
    let item = series_item(&id, vec![Row::read(row, &Terms::default()).unwrap()]).unwrap();
    let marked = item.events[0].marked.as_ref().unwrap();
    assert_eq!((marked.provider_id.as_str(), marked.plain), (id.as_str(), false));
    assert_eq!(marked.mark, mirror().mark().to_string());
}

#[test]
fn only_what_is_known_to_lie_outside_lies_outside() {
    let range = TimeRange {
        lo: "2026-12-01T00:00:00Z".parse().unwrap(),
        hi: "2026-12-31T00:00:00Z".parse().unwrap(),
    };
    let at = |start: &str, end: &str| {
        lies_in(&row(event(json!({"start": {"dateTime": start}, "end": {"dateTime": end}}))), &range)
    };
    assert!(at("2026-12-30T23:00:00Z", "2027-01-02T00:00:00Z"));
    assert!(!at("2026-12-31T00:00:00Z", "2027-01-02T00:00:00Z"));
    assert!(!at("2026-11-30T23:00:00Z", "2026-12-01T00:00:00Z"));
    assert!(lies_in(&row(event(json!({"start": {"dateTime": "never"}}))), &range));
    assert!(lies_in(&row(json!({"id": "e1"})), &range));
}

#[test]
fn words_are_found_in_subjects_and_colours_stand_for_categories() {
    let word = |text| Word::new(text).unwrap();
    let terms = Terms::new([Term::Keyword(word("lunch")), Term::Category(word("tomato"))]).unwrap();
    let found = |fields: Value| {
        let Ok(Row::Event(row)) = Row::read(fields, &terms) else { panic!("a row is expected") };
        row.found
    };
    assert_eq!(found(json!({"id": "a"})), Found::NONE);
    assert_eq!(found(json!({"id": "a", "summary": "LUNCH with Ada"})), terms.find("lunch", []));
    assert_eq!(found(json!({"id": "a", "summary": "Tomato", "colorId": "11"})), terms.find("", ["tomato"]));
    assert_eq!(found(json!({"id": "a", "description": "lunch", "colorId": "10"})), Found::NONE);
}
