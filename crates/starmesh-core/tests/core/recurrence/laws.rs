//! Laws that hold for every series.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{Occurrence, RecurrenceProblem, expand};
use starmesh_core::time::{TimeRange, midnight};
use starmesh_core::zone::Zone;

const ZONES: [&str; 6] =
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia"];

fn zone() -> impl Strategy<Value = Zone> {
    prop_oneof![
        4 => select(&ZONES[..]).prop_map(|name| Zone::resolve(name).unwrap()),
        1 => Just(Zone::Floating),
    ]
}

fn wall() -> impl Strategy<Value = NaiveDateTime> {
    let first = midnight(NaiveDate::from_ymd_opt(2024, 1, 1).unwrap()).naive_utc();
    (0_i64..3 * 366 * 48).prop_map(move |half_hours| first + TimeDelta::minutes(half_hours * 30))
}

fn time() -> impl Strategy<Value = CalendarTime> {
    prop_oneof![
        3 => (wall(), zone()).prop_map(|(local, zone)| CalendarTime::Local { local, zone }),
        1 => wall().prop_map(|local| CalendarTime::Date(local.date())),
    ]
}

fn length() -> impl Strategy<Value = Length> {
    prop_oneof![
        Just(Length::Unstated),
        (0_i64..40, 0_i64..200_000).prop_map(|(days, seconds)| Length::Duration { days, seconds }),
        time().prop_map(Length::Until),
    ]
}

fn list(all: &'static [&'static str], name: &'static str) -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        1 => subsequence(all, 1..=3.min(all.len())).prop_map(move |some| format!(";{name}={}", some.join(","))),
    ]
}

/// Whether rules may say how many dates they make.
#[derive(Clone, Copy)]
enum Counted {
    Never,
    Sometimes,
}

/// A rule that can be understood.
fn rule(counted: Counted) -> impl Strategy<Value = String> {
    let counts = match counted {
        Counted::Never => 0,
        Counted::Sometimes => 1,
    };
    (
        select(&["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY"][..]),
        1_u32..5,
        list(&["1", "2", "3", "6", "10", "11"], "BYMONTH"),
        list(&["MO", "TU", "WE", "2TH", "-1FR", "1SU"], "BYDAY"),
        list(&["1", "13", "29", "31", "-1", "-30"], "BYMONTHDAY"),
        list(&["1", "2", "-1"], "BYSETPOS"),
        list(&["1", "2", "9"], "BYHOUR"),
        prop_oneof![
            1 => Just(String::new()),
            counts => (1_u32..60).prop_map(|count| format!(";COUNT={count}")),
            1 => wall().prop_map(|until| format!(";UNTIL={}", until.format("%Y%m%dT%H%M%SZ"))),
            1 => wall().prop_map(|until| format!(";UNTIL={}", until.format("%Y%m%d"))),
        ],
    )
        .prop_map(|(frequency, interval, month, day, month_day, position, hour, end)| {
            format!("FREQ={frequency};INTERVAL={interval}{month}{day}{month_day}{position}{hour}{end}")
        })
}

fn instance() -> impl Strategy<Value = Instance> {
    (time(), length(), any::<bool>()).prop_map(|(start, length, cancelled)| Instance {
        start,
        length,
        facts: Facts { cancelled, ..Facts::BUSY },
    })
}

fn exception() -> impl Strategy<Value = Override> {
    (time(), any::<bool>(), instance(), 0_i64..3, proptest::option::of(wall())).prop_map(
        |(recurrence_id, and_future, instance, sequence, stamp)| Override {
            recurrence_id,
            and_future,
            instance,
            sequence,
            stamp: stamp.map(|stamp| stamp.and_utc()),
        },
    )
}

prop_compose! {
    fn master()(
        instance in instance(),
        rules in prop::collection::vec(rule(Counted::Sometimes), 0..3),
        exclusion_rules in prop::collection::vec(rule(Counted::Sometimes), 0..2),
        dates in prop::collection::vec((time(), proptest::option::of(length())), 0..4),
        exclusions in prop::collection::vec(time(), 0..4),
    ) -> Master {
        let dates = dates.into_iter().map(|(start, length)| ExtraDate { start, length }).collect();
        Master { instance, rules, exclusion_rules, dates, exclusions }
    }
}

fn recurrence() -> impl Strategy<Value = Recurrence> {
    (proptest::option::weighted(0.9, master()), prop::collection::vec(exception(), 0..4))
        .prop_map(|(master, overrides)| Recurrence::Set(RecurrenceSet { master, overrides }))
}

fn instants() -> impl Strategy<Value = [DateTime<Utc>; 3]> {
    (wall(), 0_i64..400 * 24, 0_i64..400 * 24).prop_map(|(lo, first, second)| {
        let lo = lo.and_utc();
        [lo, lo + TimeDelta::hours(first), lo + TimeDelta::hours(first + second)]
    })
}

/// What tells two occurrences apart, for sets.
fn shown(occurrences: &[Occurrence]) -> BTreeSet<String> {
    occurrences.iter().map(|occurrence| format!("{occurrence:?}")).collect()
}

proptest! {
    #[test]
    fn a_range_is_the_union_of_its_parts(
        recurrence in recurrence(), [a, b, c] in instants(), reader in zone()
    ) {
        let expanded = |lo, hi| expand(&recurrence, &TimeRange { lo, hi }, &reader);
        if let (Ok(whole), Ok(first), Ok(second)) = (expanded(a, c), expanded(a, b), expanded(b, c)) {
            let mut parts = shown(&first);
            parts.extend(shown(&second));
            // An occurrence that takes no time, or less, may lie in the whole and touch both parts
            // from outside: exactly at the cut.
            let at_the_cut: BTreeSet<_> = whole
                .iter()
                .filter(|occurrence| occurrence.time.end() <= b && occurrence.time.start() >= b)
                .map(|occurrence| format!("{occurrence:?}"))
                .collect();
            let without_cut = |set: BTreeSet<String>| set.difference(&at_the_cut).cloned().collect::<BTreeSet<_>>();
            prop_assert_eq!(without_cut(shown(&whole)), without_cut(parts));
        }
    }

    #[test]
    fn occurrences_come_in_order_each_once_and_inside(
        recurrence in recurrence(), [lo, hi, _] in instants(), reader in zone()
    ) {
        let range = TimeRange { lo, hi };
        if let Ok(found) = expand(&recurrence, &range, &reader) {
            prop_assert!(found.is_sorted_by_key(|occurrence| occurrence.time.start()));
            prop_assert!(found.iter().all(|occurrence| range.contains(&occurrence.time)));
            let identities: BTreeSet<_> = found.iter().map(|occurrence| &occurrence.original_start).collect();
            prop_assert_eq!(identities.len(), found.len());
        }
    }

    #[test]
    fn the_order_of_exceptions_and_lists_does_not_matter(
        recurrence in recurrence(), [lo, hi, _] in instants(), reader in zone()
    ) {
        let Recurrence::Set(mut turned) = recurrence.clone() else { unreachable!("a set") };
        turned.overrides.reverse();
        if let Some(master) = &mut turned.master {
            master.rules.reverse();
            master.exclusions.reverse();
        }
        let range = TimeRange { lo, hi };
        prop_assert_eq!(
            expand(&recurrence, &range, &reader),
            expand(&Recurrence::Set(turned), &range, &reader)
        );
    }

    #[test]
    fn a_rule_without_count_enters_late_where_a_counted_one_walks_to(
        rule in rule(Counted::Never), start in time(), [lo, hi, _] in instants(), reader in zone()
    ) {
        let series = |rule: String| {
            let instance = Instance { start: start.clone(), length: Length::Unstated, facts: Facts::BUSY };
            let master = Master {
                instance, rules: vec![rule], exclusion_rules: vec![], dates: vec![], exclusions: vec![],
            };
            Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![] })
        };
        let range = TimeRange { lo, hi };
        prop_assert_eq!(
            expand(&series(format!("{rule};COUNT=100000000")), &range, &reader),
            expand(&series(rule), &range, &reader)
        );
    }

    #[test]
    fn any_text_as_a_rule_gives_dates_or_a_problem(
        text in prop_oneof![
            ".{0,60}",
            "(FREQ=(SECONDLY|MINUTELY|HOURLY|DAILY|WEEKLY|MONTHLY|YEARLY);?)?((INTERVAL|COUNT|UNTIL|WKST|BYDAY|BYMONTH|BYSETPOS|BYHOUR|BYWEEKNO|BYYEARDAY|BYMONTHDAY|X-A)=[-+0-9A-Z,TZ]{0,16};){0,4}",
            rule(Counted::Sometimes).prop_map(|rule| format!("{rule};BYWEEKNO=-53,1;BYYEARDAY=-366,366,-1")),
        ],
        start in extreme_time(), length in extreme_length(), id in extreme_time(), and_future: bool,
    ) {
        let instance = Instance { start: start.clone(), length, facts: Facts::BUSY };
        let master = Master {
            instance: instance.clone(), rules: vec![text], exclusion_rules: vec![],
            dates: vec![ExtraDate { start: id.clone(), length: None }], exclusions: vec![id.clone()],
        };
        let exception = Override { recurrence_id: start, and_future, instance, sequence: 0, stamp: None };
        let set = Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![exception] });
        let day = |year| midnight(NaiveDate::from_ymd_opt(year, 1, 1).unwrap());
        for (lo, hi) in [(2026, 2027), (1, 2), (9998, 9999)] {
            let range = TimeRange { lo: day(lo), hi: day(hi) };
            match expand(&set, &range, &Zone::Floating) {
                Ok(found) => prop_assert!(found.iter().all(|occurrence| range.contains(&occurrence.time))),
                Err(RecurrenceProblem::MalformedRule | RecurrenceProblem::TooManyOccurrences) => {}
            }
        }
    }
}

fn extreme_time() -> impl Strategy<Value = CalendarTime> {
    let extremes = [NaiveDateTime::MIN, NaiveDateTime::MAX, DateTime::<Utc>::UNIX_EPOCH.naive_utc()];
    let far = [(1, 1, 1), (1601, 1, 1), (9999, 12, 31)]
        .map(|(year, month, day)| midnight(NaiveDate::from_ymd_opt(year, month, day).unwrap()).naive_utc());
    (prop_oneof![select(extremes.to_vec()), select(far.to_vec()), wall()], zone(), any::<bool>()).prop_map(
        |(local, zone, date)| {
            if date { CalendarTime::Date(local.date()) } else { CalendarTime::Local { local, zone } }
        },
    )
}

fn extreme_length() -> impl Strategy<Value = Length> {
    prop_oneof![
        length(),
        extreme_time().prop_map(Length::Until),
        (any::<i64>(), any::<i64>()).prop_map(|(days, seconds)| Length::Duration { days, seconds }),
    ]
}

/// A rule by the hour makes one whole day many times; what an onward exception makes of the day must not
/// hang on which of them was found first.
#[test]
fn a_whole_day_made_by_two_rules_is_one_day() {
    let day = NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    let instance = |start| Instance { start, length: Length::Unstated, facts: Facts::BUSY };
    let evening = day.and_hms_opt(22, 30, 0).unwrap();
    let moved = instance(CalendarTime::Local { local: evening, zone: Zone::Utc });
    let set = |rules: [&str; 2]| {
        let master = Master {
            instance: instance(CalendarTime::Date(day)),
            rules: rules.map(String::from).to_vec(),
            exclusion_rules: vec![],
            dates: vec![],
            exclusions: vec![],
        };
        let onward = Override {
            recurrence_id: CalendarTime::Date(day),
            and_future: true,
            instance: moved.clone(),
            sequence: 0,
            stamp: None,
        };
        Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![onward] })
    };
    let first = midnight(day);
    let range = TimeRange { lo: first, hi: first + TimeDelta::days(62) };
    let (hourly, monthly) = ("FREQ=HOURLY;UNTIL=20240201T000000Z", "FREQ=MONTHLY;BYHOUR=2");
    let found = expand(&set([hourly, monthly]), &range, &Zone::Utc).unwrap();
    assert_eq!(found.len(), 32 + 1, "each day to UNTIL, and the first of March");
    assert_eq!(Ok(found), expand(&set([monthly, hourly]), &range, &Zone::Utc));
}
