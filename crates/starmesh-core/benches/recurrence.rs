//! Series that began long ago: the dates of one window, 26 years after the first, by us and by the `rrule` crate.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure, and says so")]

use std::hint::black_box;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use rrule::{RRuleSet, Tz};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Master, Recurrence, RecurrenceSet};
use starmesh_core::recurrence::expand;
use starmesh_core::time::TimeRange;
use starmesh_core::zone::Zone;

/// How long after the first date the window begins, in days: 26 years.
const DAYS_BEFORE: i64 = 26 * 365 + 7;
/// As long as the usual window.
const WINDOW_DAYS: i64 = 180;
/// More dates than any of the series has in the window, so that the other side cuts nothing.
const DATES_MAX: u16 = 1_000;

/// Series as people have them.
const SERIES: [(&str, &str); 4] = [
    ("daily", "FREQ=DAILY"),
    ("weekdays", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"),
    ("second_tuesday", "FREQ=MONTHLY;BYDAY=2TU"),
    ("birthday", "FREQ=YEARLY"),
];

fn first() -> NaiveDateTime {
    NaiveDate::from_ymd_opt(2000, 11, 23).unwrap_or_default().and_time(NaiveTime::MIN) + TimeDelta::hours(9)
}

fn window() -> TimeRange {
    let lo = first().and_utc() + TimeDelta::days(DAYS_BEFORE) - TimeDelta::hours(9);
    TimeRange { lo, hi: lo + TimeDelta::days(WINDOW_DAYS) }
}

/// The series as the engine keeps it: it reads the rule each time it expands it.
fn ours(rule: &str) -> Recurrence {
    let instance = Instance {
        start: CalendarTime::Local { local: first(), zone: Zone::Named(chrono_tz::Europe::Berlin) },
        length: Length::Duration { days: 0, seconds: 1_800 },
        facts: Facts::BUSY,
    };
    Recurrence::Set(RecurrenceSet {
        master: Some(Master {
            instance,
            rules: vec![rule.to_owned()],
            exclusion_rules: Vec::new(),
            dates: Vec::new(),
            exclusions: Vec::new(),
        }),
        overrides: Vec::new(),
    })
}

fn starts(series: &Recurrence) -> Vec<DateTime<Utc>> {
    let occurrences = expand(series, &window(), &Zone::Utc).expect("the rules are plain");
    occurrences.iter().map(|occurrence| occurrence.time.start()).collect()
}

fn theirs(rule: &str) -> String {
    format!("DTSTART;TZID=Europe/Berlin:{}\nRRULE:{rule}", first().format("%Y%m%dT%H%M%S"))
}

/// What `rrule` makes of it; the rule is read each time here, too.
fn starts_of_theirs(text: &str) -> Vec<DateTime<Utc>> {
    let set: RRuleSet = text.parse().expect("the rules are plain");
    let TimeRange { lo, hi } = window();
    // Its edges belong to the range.
    let (after, before) = (lo.with_timezone(&Tz::UTC), (hi - TimeDelta::seconds(1)).with_timezone(&Tz::UTC));
    let found = set.after(after).before(before).all(DATES_MAX);
    found.dates.into_iter().map(|date| date.with_timezone(&Utc)).collect()
}

fn long_after_the_first(criterion: &mut Criterion) {
    for (name, rule) in SERIES {
        let (series, text) = (ours(rule), theirs(rule));
        assert_eq!(starts(&series), starts_of_theirs(&text), "{rule}: both sides find the same dates");
        let mut group = criterion.benchmark_group(format!("recurrence_{name}"));
        group.bench_function("ours", |bencher| bencher.iter(|| black_box(starts(&series))));
        group.bench_function("rrule", |bencher| bencher.iter(|| black_box(starts_of_theirs(&text))));
        group.finish();
    }
}

criterion_group!(benches, long_after_the_first);
criterion_main!(benches);
