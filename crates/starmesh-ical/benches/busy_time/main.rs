//! iCalendar text into busy time: what a CalDAV server sends, read and laid into the window, by us and by libical.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure, and says so")]

mod libical;

use std::hint::black_box;

use chrono::{DateTime, NaiveDateTime, TimeDelta};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use starmesh_core::ids::RemoteId;
use starmesh_core::policy::{Policy, Terms};
use starmesh_core::recurrence::expand;
use starmesh_core::time::{TimeRange, Window};
use starmesh_core::zone::Zone;
use starmesh_ical::{OwnAddresses, source_item};

use crate::libical::Libical;

/// Resources in one round: of each kind a quarter.
const RESOURCES: usize = 400;

/// As Thunderbird writes it.
const BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\n\
    BEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nTZNAME:CEST\r\nDTSTART:19700329T020000\r\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nTZNAME:CET\r\nDTSTART:19701025T030000\r\n\
    RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";

/// What a meeting carries that says nothing about its time.
const TALK: &str = "SUMMARY:Quarterly planning with everybody who could make it\r\n\
    DESCRIPTION:Agenda:\\n1. Where we are\\n2. Where we want to be\\n3. Who does what until the next time\\n\\nPl\r\n \
    ease read the paper before and bring one question each. The room has a screen and nobody has the cable.\r\n\
    LOCATION:Room 4.12\\, second floor\r\n\
    ORGANIZER;CN=Grace:mailto:grace@example.org\r\n\
    ATTENDEE;CN=Ada;PARTSTAT=ACCEPTED;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:ada@example.org\r\n\
    ATTENDEE;CN=Alan;PARTSTAT=NEEDS-ACTION;ROLE=REQ-PARTICIPANT;RSVP=TRUE:mailto:alan@example.org\r\n\
    ATTENDEE;CN=Edsger;PARTSTAT=TENTATIVE;ROLE=OPT-PARTICIPANT:mailto:edsger@example.org\r\n";

fn window() -> TimeRange {
    let today = DateTime::from_timestamp(1_795_392_000, 0).expect("a time of our days");
    Window::around(today, Window::DAYS_DEFAULT).range
}

/// The `number`th resource: an appointment in UTC, a meeting in Berlin, whole days, or a weekly series with a
/// date left out. Each lies in the window, or most of it does.
fn resource(number: usize) -> String {
    let step = i64::try_from(number).unwrap_or(0);
    let start =
        window().lo.naive_utc() + TimeDelta::days(2 + step % 150) + TimeDelta::minutes(540 + step % 60);
    let written = |time: NaiveDateTime| time.format("%Y%m%dT%H%M%S");
    let end = start + TimeDelta::minutes(45);
    let when = match number % 4 {
        0 => format!("DTSTART:{}Z\r\nDTEND:{}Z\r\n", written(start), written(end)),
        1 => berlin(start, end),
        2 => {
            let day = |days: i64| (start + TimeDelta::days(days)).format("%Y%m%d");
            format!("DTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}\r\n", day(0), day(2))
        }
        _ => {
            let began = start - TimeDelta::days(364);
            let left_out = written(start + TimeDelta::days(7));
            let rule = "RRULE:FREQ=WEEKLY\r\n";
            berlin(began, began + TimeDelta::minutes(45))
                + rule
                + &format!("EXDATE;TZID=Europe/Berlin:{left_out}\r\n")
        }
    };
    let zone = if number % 2 == 1 { BERLIN } else { "" };
    let talk = if number.is_multiple_of(4) { "SUMMARY:Dentist\r\n" } else { TALK };
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Bench//EN\r\n{zone}BEGIN:VEVENT\r\n\
         UID:{number:05}-9b2e4c1d@example.org\r\nDTSTAMP:20261101T080000Z\r\nCREATED:20261101T080000Z\r\n\
         LAST-MODIFIED:20261102T080000Z\r\nSEQUENCE:1\r\n{when}{talk}STATUS:CONFIRMED\r\nTRANSP:OPAQUE\r\n\
         CLASS:PUBLIC\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

fn berlin(start: NaiveDateTime, end: NaiveDateTime) -> String {
    let line = |name: &str, time: NaiveDateTime| {
        format!("{name};TZID=Europe/Berlin:{}\r\n", time.format("%Y%m%dT%H%M%S"))
    };
    line("DTSTART", start) + &line("DTEND", end)
}

/// How many busy spans we find in `resources`, each read as the adapter reads what a server sends.
fn busy_spans(resources: &[String], window: &TimeRange, policy: &Policy) -> usize {
    let (own, terms) = (OwnAddresses::default(), Terms::default());
    let spans = resources.iter().map(|text| {
        let item = source_item(RemoteId::new("resource"), None, text, &own, &terms);
        let events = item
            .events
            .iter()
            .flat_map(|event| expand(&event.recurrence, window, &Zone::Utc).expect("the rules are plain"));
        events.filter(|occurrence| policy.decide(occurrence, &terms).is_ok()).count()
    });
    spans.sum()
}

fn busy_time(criterion: &mut Criterion) {
    let (resources, window) = ((0..RESOURCES).map(resource).collect::<Vec<_>>(), window());
    let mut libical = Libical::new(&resources, &window);
    let policy = Policy::default();
    let ours = busy_spans(&resources, &window, &policy);
    assert_eq!(ours, libical.read(1).1, "both sides find the same busy time");
    assert!(ours > RESOURCES, "every resource is in the window, series more than once");
    let mut group = criterion.benchmark_group("busy_time");
    let bytes: usize = resources.iter().map(String::len).sum();
    // libical takes a second for one round: it works out the rules of a zone anew with every resource.
    group.sample_size(10);
    group.throughput(Throughput::Bytes(bytes as u64));
    group.bench_function("ours", |bencher| {
        bencher.iter(|| black_box(busy_spans(&resources, &window, &policy)));
    });
    group.bench_function("libical", |bencher| bencher.iter_custom(|rounds| libical.read(rounds).0));
    group.finish();
}

criterion_group!(benches, busy_time);
criterion_main!(benches);
