//! Rows as the service writes them, and what is made of them.

use chrono::{NaiveDate, TimeZone, Utc};
use serde_json::{Value, json};
use starmesh_core::event::{
    Availability, CalendarTime, Facts, ItemProblem, LabelDigest, Length, Recurrence, Response, SourceItem,
};
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

use super::*;
use crate::wire::{EventRow, MARK_PROPERTY, MirrorRow};

const OURS: &str = "sfb0123456789abcdefghijklmnopqrstuv";

fn merged(mut row: Value, fields: Value) -> Value {
    let (Some(row_fields), Value::Object(fields)) = (row.as_object_mut(), fields) else {
        panic!("an object")
    };
    row_fields.extend(fields);
    row
}

fn plain(fields: Value) -> Value {
    let row = json!({
        "id": "AAMk=", "@odata.etag": "W/\"7\"", "type": "singleInstance", "iCalUId": "uid-1",
        "start": {"dateTime": "2026-11-03T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-03T10:00:00.0000000", "timeZone": "UTC"},
        "isAllDay": false, "showAs": "busy", "sensitivity": "normal", "isCancelled": false,
        "isReminderOn": true, "attendees": [],
    });
    merged(row, fields)
}

fn row(fields: Value) -> EventRow {
    serde_json::from_value(plain(fields)).unwrap()
}

fn single(fields: Value) -> SourceItem {
    single_item(RemoteId::new("AAMk="), &row(fields))
}

fn facts_of(item: &SourceItem) -> Facts {
    match &item.events[0].recurrence {
        Recurrence::Single(instance) => instance.facts,
        Recurrence::Set(_) => panic!("not a series"),
    }
}

fn days_of(fields: Value) -> (NaiveDate, NaiveDate) {
    let item = single(merged(json!({"isAllDay": true}), fields));
    let Recurrence::Single(instance) = &item.events[0].recurrence else { panic!("not a series") };
    match (&instance.start, &instance.length) {
        (CalendarTime::Date(start), Length::Until(CalendarTime::Date(end))) => (*start, *end),
        other => panic!("no days: {other:?}"),
    }
}

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, month, day).unwrap()
}

#[test]
fn a_plain_event_is_its_id_its_version_and_its_time() {
    let item = single(json!({}));
    assert_eq!((item.remote_id.as_str(), item.version.as_ref()), ("AAMk=", Some(&Version::new("W/\"7\""))));
    let [event] = item.events.as_slice() else { panic!("one event") };
    assert_eq!((event.id.as_str(), event.uid.as_str(), &event.marked), ("uid-1", "uid-1", &None));
    let Recurrence::Single(instance) = &event.recurrence else { panic!("not a series") };
    assert_eq!(instance.start, CalendarTime::utc(Utc.with_ymd_and_hms(2026, 11, 3, 9, 0, 0).unwrap()));
    assert_eq!(instance.facts, Facts::BUSY);
}

#[test]
fn an_event_without_a_uid_goes_by_its_id_and_one_of_ours_by_its_transaction() {
    assert_eq!(single(json!({"iCalUId": null})).events[0].id.as_str(), "AAMk=");
    assert_eq!(single(json!({"transactionId": OURS})).events[0].uid.as_str(), OURS);
    assert_eq!(single(json!({"transactionId": "localevent:1"})).events[0].uid.as_str(), "uid-1");
}

#[test]
fn what_is_shown_decides_about_the_time() {
    let cases = [
        ("free", Availability::Free),
        ("workingElsewhere", Availability::Free),
        ("tentative", Availability::Tentative),
        ("busy", Availability::Busy),
        ("oof", Availability::OutOfOffice),
        ("unknown", Availability::Busy),
        ("somethingNew", Availability::Busy),
    ];
    for (text, expected) in cases {
        assert_eq!(facts_of(&single(json!({"showAs": text}))).availability, expected, "{text}");
    }
    assert_eq!(facts_of(&single(json!({"showAs": null}))).availability, Availability::Busy);
    assert!(facts_of(&single(json!({"isCancelled": true}))).cancelled);
}

#[test]
fn the_owners_answer_counts_and_nobody_elses() {
    let response = |response: &str, organizer: bool| {
        let fields = json!({"responseStatus": {"response": response, "time": "0001-01-01T00:00:00Z"},
            "isOrganizer": organizer, "attendees": [{"type": "required", "status": {"response": "declined"}}]});
        facts_of(&single(fields)).response
    };
    assert_eq!(response("organizer", true), Response::NotInvited);
    assert_eq!(response("accepted", false), Response::Accepted);
    assert_eq!(response("tentativelyAccepted", false), Response::Tentative);
    assert_eq!(response("declined", false), Response::Declined);
    assert_eq!(response("notResponded", false), Response::NeedsAction);
    assert_eq!(response("none", false), Response::NeedsAction);
    assert_eq!(response("none", true), Response::NotInvited);
    assert_eq!(facts_of(&single(json!({"isOrganizer": false}))).response, Response::NotInvited);
}

#[test]
fn times_are_read_in_whatever_form_they_come() {
    let start = |text: &str, zone: Option<&str>| {
        let item = single(json!({"start": {"dateTime": text, "timeZone": zone}}));
        match item.events.first().map(|event| &event.recurrence) {
            Some(Recurrence::Single(instance)) => Ok(instance.start.clone()),
            _ => Err(item.problem),
        }
    };
    let nine = Ok(CalendarTime::utc(Utc.with_ymd_and_hms(2026, 11, 3, 9, 0, 0).unwrap()));
    for text in
        ["2026-11-03T09:00:00", "2026-11-03T09:00:00.0000000", "2026-11-03T09:00:00Z", "2026-11-03T09:00"]
    {
        assert_eq!(start(text, Some("UTC")), nine, "{text}");
    }
    assert_eq!(start("2026-11-03T10:00:00+01:00", Some("UTC")), nine);
    assert_eq!(start("2026-11-03T09:00:00", None), nine);
    assert_eq!(start("2026-11-03T09:00:00", Some("tzone://Microsoft/Utc")), nine);
    assert_eq!(start("2026-11-03T09:00:00", Some("tzone://Microsoft/Custom")), nine);
    assert_eq!(start("2026-11-03T10:00:00", Some("W. Europe Standard Time")), nine);
    assert_eq!(start("2026-11-03T01:00:00", Some("America/Los_Angeles")), nine);
    assert_eq!(start("tomorrow", Some("UTC")), Err(Some(ItemProblem::Malformed)));
    assert_eq!(single(json!({"start": null})).problem, Some(ItemProblem::NoStart));
}

#[test]
fn a_day_is_its_date_and_no_zone_shifts_it() {
    let expected = (day(11, 3), day(11, 4));
    let days = |start: &str, end: &str, zone: &str, made_in: &str| {
        days_of(
            json!({"start": {"dateTime": start, "timeZone": zone}, "end": {"dateTime": end, "timeZone": zone},
            "originalStartTimeZone": made_in}),
        )
    };
    assert_eq!(days("2026-11-03T00:00:00.0000000", "2026-11-04T00:00:00.0000000", "UTC", "UTC"), expected);
    assert_eq!(days("2026-11-03T00:00:00", "2026-11-04T00:00:00", "Tokyo Standard Time", "UTC"), expected);
    assert_eq!(days("2026-11-03", "2026-11-04", "UTC", "UTC"), expected);
    // The other reading: midnights where the event was made, told in UTC.
    let berlin = "W. Europe Standard Time";
    assert_eq!(days("2026-11-02T23:00:00.0000000", "2026-11-03T23:00:00.0000000", "UTC", berlin), expected);
    let kiritimati = "Line Islands Standard Time";
    assert_eq!(days("2026-11-02T10:00:00", "2026-11-03T10:00:00", "UTC", kiritimati), expected);
    assert_eq!(
        days("2026-11-03T08:00:00", "2026-11-04T08:00:00", "UTC", "tzone://Microsoft/Custom"),
        expected
    );
}

fn occurrence(fields: Value) -> EventRow {
    row(merged(
        json!({"type": "occurrence", "seriesMasterId": "M", "iCalUId": null,
            "originalStart": "2026-11-03T09:00:00Z"}),
        fields,
    ))
}

#[test]
fn a_series_is_its_master_and_its_dates() {
    let master =
        row(json!({"id": "M", "type": "seriesMaster", "@odata.etag": "W/\"m\"", "iCalUId": "series"}));
    let moved = occurrence(json!({"type": "exception", "showAs": "oof",
        "start": {"dateTime": "2026-11-11T15:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-11T16:00:00", "timeZone": "UTC"}, "originalStart": "2026-11-10T09:00:00Z"}));
    let item = series_item(RemoteId::new("M"), Some(&master), &[occurrence(json!({})), moved]);
    assert_eq!((item.remote_id.as_str(), item.version.as_ref()), ("M", Some(&Version::new("W/\"m\""))));
    assert_eq!(item.events[0].id.as_str(), "series");
    let range = TimeRange {
        lo: Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap(),
        hi: Utc.with_ymd_and_hms(2026, 12, 1, 0, 0, 0).unwrap(),
    };
    let found = starmesh_core::recurrence::expand(&item.events[0].recurrence, &range, &Zone::Utc).unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|it| (it.original_start.0.as_str(), it.time.start().to_rfc3339(), it.facts.availability))
        .collect();
    assert_eq!(
        told,
        [
            ("20261103T090000Z", "2026-11-03T09:00:00+00:00".to_owned(), Availability::Busy),
            ("20261110T090000Z", "2026-11-11T15:00:00+00:00".to_owned(), Availability::OutOfOffice),
        ]
    );
}

#[test]
fn a_series_whose_master_is_hidden_goes_by_its_occurrences() {
    let uid = "040000008200E00074C5B7101A82E00807EA0B0300000000C0E0B6A3000000000000000010000000\
        5B5F2C1D9A3E4F40B1C2D3E4F5061728";
    let item = series_item(RemoteId::new("M"), None, &[occurrence(json!({"iCalUId": uid}))]);
    assert_eq!(item.events[0].id.as_str(), uid.replacen("E00807EA0B03", "E00800000000", 1));
    assert_eq!(item.version, None);
}

#[test]
fn an_occurrence_edited_out_of_whole_days_keeps_the_date_of_its_series() {
    let master = row(json!({"id": "M", "type": "seriesMaster", "isAllDay": true}));
    let timed = occurrence(json!({"type": "exception", "originalStart": "2026-11-02T23:00:00Z",
        "originalStartTimeZone": "W. Europe Standard Time"}));
    let item = series_item(RemoteId::new("M"), Some(&master), &[timed]);
    let Recurrence::Set(set) = &item.events[0].recurrence else { panic!("a series") };
    assert_eq!(set.overrides[0].recurrence_id, CalendarTime::Date(day(11, 3)));
}

#[test]
fn one_broken_date_makes_the_series_unreadable_and_not_shorter() {
    let broken = occurrence(json!({"start": {"dateTime": "x", "timeZone": "UTC"}}));
    let item = series_item(RemoteId::new("M"), None, &[occurrence(json!({})), broken]);
    assert_eq!((item.events.len(), item.problem), (0, Some(ItemProblem::Malformed)));
}

#[test]
fn a_lone_occurrence_keeps_its_date() {
    let item =
        single(json!({"type": "exception", "seriesMasterId": null, "originalStart": "2026-11-02T09:00:00Z"}));
    let Recurrence::Set(set) = &item.events[0].recurrence else { panic!("a series of one") };
    let expected = CalendarTime::utc(Utc.with_ymd_and_hms(2026, 11, 2, 9, 0, 0).unwrap());
    assert_eq!(set.overrides[0].recurrence_id, expected);
}

#[test]
fn what_may_be_a_mirror_is_looked_at_again() {
    let looks = |fields| looks_like_mirror(&row(fields));
    assert!(looks(json!({"transactionId": OURS})));
    assert!(looks(json!({"sensitivity": "private", "isReminderOn": false})));
    assert!(!looks(json!({"sensitivity": "private"})));
    assert!(!looks(json!({"isReminderOn": false})));
    assert!(!looks(json!({"sensitivity": "private", "isReminderOn": false, "attendees": [{}]})));
}

fn mirror(fields: Value, privacy: Privacy) -> Option<starmesh_core::event::MarkedEvent> {
    let base = json!({"transactionId": OURS, "sensitivity": "private", "isReminderOn": false, "subject": "Busy",
        "bodyPreview": "", "singleValueExtendedProperties": [{"id": MARK_PROPERTY, "value": "1.a.0.b.c"}]});
    let row: MirrorRow = serde_json::from_value(plain(merged(base, fields))).unwrap();
    mirror_item(RemoteId::new("AAMk="), &row, privacy).map(|item| item.events[0].marked.clone().unwrap())
}

#[test]
fn a_mirror_reads_back_as_what_it_says() {
    let found = mirror(json!({}), Privacy::Private).unwrap();
    assert_eq!((found.mark.as_str(), found.provider_id.as_str()), ("1.a.0.b.c", OURS));
    assert!(found.plain && !found.has_attendees);
    assert_eq!((found.availability, found.label), (Availability::Busy, LabelDigest::of("Busy")));
    let start = Utc.with_ymd_and_hms(2026, 11, 3, 9, 0, 0).unwrap();
    assert_eq!(found.time, Some(EventTime::Timed { start, end: start + chrono::TimeDelta::hours(1) }));
    assert_eq!(mirror(json!({"singleValueExtendedProperties": []}), Privacy::Private), None);
    assert_eq!(mirror(json!({"singleValueExtendedProperties": null}), Privacy::Private), None);
}

#[test]
fn a_mirror_that_a_person_changed_is_no_longer_plain() {
    for fields in [
        json!({"sensitivity": "normal"}),
        json!({"isReminderOn": true}),
        json!({"bodyPreview": "x"}),
        json!({"location": {"displayName": "x"}}),
        json!({"categories": ["x"]}),
        json!({"attendees": [{"emailAddress": {"address": "a@example.org"}}]}),
        json!({"type": "seriesMaster"}),
    ] {
        assert!(!mirror(fields.clone(), Privacy::Private).unwrap().plain, "{fields}");
    }
    assert!(mirror(json!({"attendees": [{}]}), Privacy::Private).unwrap().has_attendees);
    assert!(mirror(json!({"sensitivity": "normal"}), Privacy::Normal).unwrap().plain);
    assert_eq!(
        mirror(json!({"isCancelled": true}), Privacy::Private).unwrap().availability,
        Availability::Free
    );
}

#[test]
fn a_copy_without_the_transaction_does_not_pass_for_the_mirror() {
    assert_eq!(mirror(json!({"transactionId": null}), Privacy::Private).unwrap().provider_id, "uid-1");
}
