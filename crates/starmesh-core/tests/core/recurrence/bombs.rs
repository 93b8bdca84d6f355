//! Rules made to hurt: each ends in its dates or in a clear refusal, and soon. (That they end at all is
//! what these tests show; the test runner's timeout is the clock.)

use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{OCCURRENCES_MAX, RecurrenceProblem, expand};
use starmesh_core::time::{TimeRange, midnight};
use starmesh_core::zone::Zone;

use chrono::{NaiveDate, TimeDelta};

fn series(start: NaiveDate, rules: &[&str]) -> Recurrence {
    let start = CalendarTime::utc(midnight(start) + TimeDelta::hours(9));
    let instance = Instance { start, length: Length::Unstated, facts: Facts::BUSY };
    let rules = rules.iter().map(|&rule| rule.to_owned()).collect();
    let master = Master { instance, rules, exclusion_rules: vec![], dates: vec![], exclusions: vec![] };
    Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![] })
}

fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// How many occurrences the rules make in the two years after 22 November 2026.
fn count(start: NaiveDate, rules: &[&str]) -> Result<usize, RecurrenceProblem> {
    let range = TimeRange { lo: midnight(day(2026, 11, 22)), hi: midnight(day(2028, 11, 22)) };
    expand(&series(start, rules), &range, &Zone::Utc).map(|occurrences| occurrences.len())
}

const TOO_MANY: Result<usize, RecurrenceProblem> = Err(RecurrenceProblem::TooManyOccurrences);

#[test]
fn a_rule_of_every_second_is_refused() {
    for rule in ["FREQ=SECONDLY", "FREQ=SECONDLY;COUNT=1000000", "FREQ=MINUTELY", "FREQ=SECONDLY;INTERVAL=59"]
    {
        assert_eq!(count(day(2026, 11, 20), &[rule]), TOO_MANY, "{rule}");
    }
}

#[test]
fn a_day_full_of_seconds_is_refused() {
    let all = |limit: u32| (0..limit).map(|number| number.to_string()).collect::<Vec<_>>().join(",");
    let rule = format!("FREQ=DAILY;BYHOUR={};BYMINUTE={};BYSECOND={}", all(24), all(60), all(60));
    assert_eq!(count(day(2020, 1, 1), &[&rule]), TOO_MANY);
    assert_eq!(count(day(2020, 1, 1), &[&rule.replace("DAILY", "YEARLY")]), TOO_MANY);
}

#[test]
fn a_count_in_millions_is_walked_no_further_than_the_range() {
    // 730 days, both leap-year days included: 2028 has its 29th of February in the range.
    assert_eq!(count(day(1997, 1, 1), &["FREQ=DAILY;COUNT=5000000"]), Ok(731));
    assert_eq!(count(day(2026, 1, 1), &["FREQ=DAILY;COUNT=18446744073709551615"]), Ok(731));
}

#[test]
fn a_count_of_seconds_that_ended_long_ago_makes_nothing() {
    assert_eq!(count(day(2020, 1, 1), &["FREQ=SECONDLY;COUNT=400000"]), Ok(0));
    assert_eq!(count(day(2020, 1, 1), &["FREQ=SECONDLY;COUNT=5000000"]), TOO_MANY);
}

#[test]
fn a_rule_that_can_never_match_makes_dtstart_alone() {
    for rule in [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=-30",
        "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2",
        "FREQ=SECONDLY;BYHOUR=23;BYMINUTE=59;BYSECOND=59;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=HOURLY;INTERVAL=2;BYHOUR=8",
        "FREQ=YEARLY;INTERVAL=2;BYMONTHDAY=29;BYMONTH=2",
        "FREQ=MONTHLY;BYMONTHDAY=1;BYSETPOS=2",
    ] {
        assert_eq!(count(day(2027, 1, 1), &[rule]), Ok(1), "{rule}");
    }
}

#[test]
fn a_rule_that_never_matches_though_every_minute_has_to_be_looked_at_is_refused_or_empty() {
    let found = count(day(2027, 1, 1), &["FREQ=SECONDLY;INTERVAL=2;BYSECOND=1"]);
    assert!(matches!(found, Ok(1)) || found == TOO_MANY, "{found:?}");
}

#[test]
fn the_rarest_rule_is_still_found() {
    // 29 February 2028 is a Tuesday.
    let rule = "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=TU;BYHOUR=23;BYMINUTE=59;BYSECOND=58,59";
    assert_eq!(count(day(1800, 1, 1), &[rule]), Ok(2));
    assert_eq!(count(day(1800, 1, 1), &[&format!("{rule};COUNT=1000")]), Ok(2));
}

#[test]
fn huge_numbers_end_in_nothing_or_in_a_refusal() {
    assert_eq!(count(day(2026, 11, 22), &["FREQ=YEARLY;INTERVAL=4294967295"]), Ok(1));
    assert_eq!(count(day(2026, 11, 22), &["FREQ=SECONDLY;INTERVAL=4294967295"]), Ok(1));
    let malformed = Err(RecurrenceProblem::MalformedRule);
    assert_eq!(count(day(2026, 11, 22), &["FREQ=DAILY;INTERVAL=4294967296"]), malformed);
    assert_eq!(count(day(2026, 11, 22), &["FREQ=DAILY;COUNT=99999999999999999999"]), malformed);
    assert_eq!(count(day(2026, 11, 22), &[&format!("FREQ=DAILY;X-A={}", "A".repeat(9_000))]), malformed);
}

#[test]
fn many_rules_and_long_lists_are_refused() {
    assert_eq!(count(day(2026, 1, 1), &["FREQ=YEARLY"; 33]), TOO_MANY);
    let Recurrence::Set(set) = series(day(2026, 1, 1), &["FREQ=YEARLY"]) else { panic!("a set") };
    let range = TimeRange { lo: midnight(day(2026, 1, 1)), hi: midnight(day(2027, 1, 1)) };
    let time = CalendarTime::Date(day(2026, 1, 1));
    let many = 20_001;
    let instance = set.master.as_ref().unwrap().instance.clone();
    let with = |change: &dyn Fn(&mut RecurrenceSet, &mut Master)| {
        let mut set = set.clone();
        let mut master = set.master.take().unwrap();
        change(&mut set, &mut master);
        set.master = Some(master);
        expand(&Recurrence::Set(set), &range, &Zone::Utc).map(|occurrences| occurrences.len())
    };
    assert_eq!(with(&|_, _| ()), Ok(1));
    let extra = ExtraDate { start: time.clone(), length: None };
    assert_eq!(with(&|_, master| master.dates = vec![extra.clone(); many]), TOO_MANY);
    assert_eq!(with(&|_, master| master.exclusions = vec![time.clone(); many]), TOO_MANY);
    assert_eq!(with(&|_, master| master.exclusion_rules = vec!["FREQ=DAILY".to_owned(); 33]), TOO_MANY);
    let exception =
        Override { recurrence_id: time.clone(), and_future: false, instance, sequence: 0, stamp: None };
    assert_eq!(with(&|set, _| set.overrides = vec![exception.clone(); many]), TOO_MANY);
}

#[test]
fn as_many_occurrences_as_allowed_are_given_and_one_more_is_refused() {
    let range = |slots: usize| {
        let lo = midnight(day(2026, 1, 1));
        TimeRange { lo, hi: lo + TimeDelta::minutes(i64::try_from(slots).unwrap()) + TimeDelta::seconds(1) }
    };
    // Minute 0 is the edge of the range and outside, as it takes no time.
    let set = series(day(2025, 12, 1), &["FREQ=MINUTELY"]);
    let found = expand(&set, &range(OCCURRENCES_MAX), &Zone::Utc).map(|occurrences| occurrences.len());
    assert_eq!(found, Ok(OCCURRENCES_MAX));
    let found = expand(&set, &range(OCCURRENCES_MAX + 1), &Zone::Utc);
    assert_eq!(found, Err(RecurrenceProblem::TooManyOccurrences));
}

#[test]
fn many_exceptions_by_day_of_a_series_of_many_listed_dates_are_refused() {
    let Recurrence::Set(mut set) = series(day(2026, 1, 1), &["FREQ=YEARLY"]) else { panic!("a set") };
    let master = set.master.as_mut().unwrap();
    let extra = |number| ExtraDate {
        start: CalendarTime::Date(day(2026, 1, 1) + TimeDelta::days(number)),
        length: None,
    };
    master.dates = (0..20_000).map(extra).collect();
    let instance = master.instance.clone();
    let exception = |number| Override {
        recurrence_id: CalendarTime::Date(day(2026, 1, 1) + TimeDelta::days(number)),
        and_future: false,
        instance: instance.clone(),
        sequence: 0,
        stamp: None,
    };
    set.overrides = (0..20_000).map(exception).collect();
    let range = TimeRange { lo: midnight(day(2026, 1, 1)), hi: midnight(day(2027, 1, 1)) };
    let found = expand(&Recurrence::Set(set), &range, &Zone::Utc);
    assert_eq!(found, Err(RecurrenceProblem::TooManyOccurrences));
}
