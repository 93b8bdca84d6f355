//! Twenty thousand random rules, expanded here and by python-dateutil.
//!
//! Every rule has to come out the same. Where dateutil is known to read a rule differently, the class is
//! decided by a predicate on the rule alone, and dateutil is asked a question that brings out the
//! reading of the RFC, so that those rules are compared, too. Nothing is left out afterwards.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Master, Recurrence, RecurrenceSet};
use starmesh_core::recurrence::expand;
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

/// How many rules are compared.
const RULES: usize = 20_000;
/// Where the rules come from; another seed gives other rules.
const SEED: u64 = 5545;

const FORMAT: &str = "%Y%m%dT%H%M%S";
const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
const ZONES: [&str; 7] = [
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Asia/Kolkata",
    "Europe/London",
];

/// How dateutil's reading of a rule differs from ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Class {
    /// Not at all.
    Same,
    /// A yearly rule that names weeks but no days: the RFC takes the weekday from DTSTART, dateutil all seven.
    /// It is asked for that weekday.
    WeeksWithoutDay,
    /// BYDAY with numbered and plain days: the RFC unites them, dateutil intersects. It is asked for each kind.
    NumberedAndPlainDays,
    /// BYSETPOS in weeks: dateutil cuts the first week at DTSTART before it counts places. It is asked from
    /// the start of that week.
    PlacesInFirstWeek,
    /// Weeks counted from the end that reach the first week of the next year: dateutil does not look there.
    /// What it finds we find, and what we find more is in the last days of December.
    WeekOneFromTheEnd,
    /// BYHOUR, BYMINUTE or BYSECOND that the interval never meets: dateutil refuses, here it is empty.
    NeverMet,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A random rule with everything needed to ask about it.
#[derive(Clone, Debug)]
struct Case {
    start: NaiveDateTime,
    whole_day: bool,
    zone: Option<&'static str>,
    frequency: Frequency,
    interval: u32,
    week_start: Option<usize>,
    months: Vec<i32>,
    weeks: Vec<i32>,
    year_days: Vec<i32>,
    month_days: Vec<i32>,
    plain_days: Vec<usize>,
    numbered_days: Vec<(i32, usize)>,
    hours: Vec<i32>,
    minutes: Vec<i32>,
    seconds: Vec<i32>,
    places: Vec<i32>,
    count: Option<u32>,
    until: Option<Until>,
    lo: NaiveDateTime,
    hi: NaiveDateTime,
}

#[derive(Clone, Copy, Debug)]
enum Until {
    Day(NaiveDate),
    Wall(NaiveDateTime),
    Utc(NaiveDateTime),
}

#[derive(Serialize)]
struct Question {
    anchor: String,
    start: String,
    rules: Vec<String>,
    count: Option<u32>,
    zone: Option<&'static str>,
    until_wall: Option<String>,
    until_utc: Option<String>,
    lo: String,
    hi: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Dates { instants: Vec<String> },
    Refused { error: String },
}

#[test]
fn twenty_thousand_random_rules_come_out_as_in_dateutil() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let cases: Vec<Case> = (0..RULES).map(|_| Case::random(&mut rng)).collect();
    let questions: Vec<Question> = cases.iter().map(Case::question).collect();
    let answers = ask(&questions);
    assert_eq!(answers.len(), RULES);

    let mut classes: BTreeMap<Class, usize> = BTreeMap::new();
    let (mut start_not_made, mut dates, mut empty) = (0, 0, 0);
    let mut unexplained = Vec::new();
    for (case, answer) in cases.iter().zip(&answers) {
        *classes.entry(case.class()).or_default() += 1;
        let found = case.found();
        dates += found.len();
        empty += usize::from(found.is_empty());
        let mut expected = match (answer, case.class()) {
            (Answer::Dates { instants }, _) => instants.clone(),
            (Answer::Refused { .. }, Class::NeverMet) => vec![],
            (Answer::Refused { error }, _) => {
                unexplained.push(format!("{case:?}\n  refused: {error}"));
                continue;
            }
        };
        // DTSTART counts even where the rule does not make it; dateutil expands rules only.
        if let Some(start) = case.start_in_range().filter(|start| !expected.contains(start)) {
            start_not_made += 1;
            expected.push(start);
            expected.sort();
        }
        let agree = if case.reaches_week_one() {
            expected.iter().all(|date| found.contains(date))
                && found.iter().all(|date| expected.contains(date) || case.is_last_days_of_december(date))
        } else {
            found == expected
        };
        if !agree {
            unexplained.push(format!(
                "{case:?}\n  {}\n  expected {expected:?}\n  found    {found:?}",
                case.text()
            ));
        }
    }
    println!("{RULES} rules, {dates} dates, {empty} empty, DTSTART not made by {start_not_made}, {classes:?}");
    let few: Vec<_> = unexplained.iter().take(5).cloned().collect();
    assert!(unexplained.is_empty(), "{} unexplained, the first:\n{}", unexplained.len(), few.join("\n"));
    // The generator is worth something only while it reaches every class and most rules make dates.
    assert_eq!(classes.len(), 6, "{classes:?}");
    assert!(classes[&Class::Same] > RULES * 8 / 10, "{classes:?}");
    assert!(empty < RULES / 2, "{empty} of {RULES} rules made nothing");
    assert!(start_not_made > 100, "{start_not_made}");
}

/// Asks dateutil all the questions, on all cores.
fn ask(questions: &[Question]) -> Vec<Answer> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let parts: Vec<_> = questions
            .chunks(questions.len().div_ceil(cores))
            .map(|part| scope.spawn(move || ask_one(part)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

/// Asks one interpreter.
fn ask_one(questions: &[Question]) -> Vec<Answer> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python/expand.py");
    let python = python();
    let mut child = Command::new(&python)
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{} does not start ({error}); `cargo xtask setup` installs it", python.display())
        });
    let mut input = child.stdin.take().unwrap();
    let output = child.stdout.take().unwrap();
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for question in questions {
                let line = serde_json::to_string(question).unwrap();
                writeln!(input, "{line}").unwrap();
            }
        });
        BufReader::new(output).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    });
    assert!(child.wait().unwrap().success(), "{} failed", script.display());
    answers
}

/// The interpreter that has python-dateutil.
#[expect(clippy::disallowed_methods, reason = "a test binary has no main.rs in which to read the environment")]
fn python() -> PathBuf {
    match std::env::var("STARMESH_PYTHON") {
        Ok(path) => path.into(),
        Err(_) => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python"),
    }
}

impl Case {
    fn random(rng: &mut ChaCha8Rng) -> Self {
        let frequency = match rng.random_range(0..100) {
            0..24 => Frequency::Yearly,
            24..50 => Frequency::Monthly,
            50..70 => Frequency::Weekly,
            70..88 => Frequency::Daily,
            88..94 => Frequency::Hourly,
            94..98 => Frequency::Minutely,
            _ => Frequency::Secondly,
        };
        let below_day = frequency < Frequency::Daily;
        let whole_day = !below_day && rng.random_ratio(1, 8);
        let start = random_start(rng, whole_day);
        let mut case = Self {
            start,
            whole_day,
            zone: (!whole_day && rng.random_ratio(1, 2)).then(|| ZONES[rng.random_range(0..ZONES.len())]),
            frequency,
            interval: if rng.random_ratio(1, 2) { 1 } else { rng.random_range(2..=13) },
            week_start: rng.random_ratio(1, 3).then(|| rng.random_range(0..7)),
            months: vec![],
            weeks: vec![],
            year_days: vec![],
            month_days: vec![],
            plain_days: vec![],
            numbered_days: vec![],
            hours: vec![],
            minutes: vec![],
            seconds: vec![],
            places: vec![],
            count: None,
            until: None,
            lo: start,
            hi: start,
        };
        case.choose_days(rng);
        if !whole_day {
            case.choose_times(rng);
        }
        // Where the two sides make different sets, places in them mean different dates.
        let place = rng.random_ratio(1, 6);
        if place && case.class() != Class::NumberedAndPlainDays && !case.reaches_week_one() {
            // A minute or a second is one candidate, unless seconds are listed.
            let limit = if frequency < Frequency::Hourly { 1 } else { 5 };
            case.places = several(rng, 3, |rng| signed(rng, limit));
        }
        case.choose_range_and_end(rng);
        case
    }

    fn choose_days(&mut self, rng: &mut ChaCha8Rng) {
        // Below a day one filter at a time, or nothing is ever found.
        let mut left = if self.frequency < Frequency::Daily { 1 } else { 3 };
        let mut wanted = |rng: &mut ChaCha8Rng, odds: u32| {
            let yes = left > 0 && rng.random_ratio(1, odds);
            left -= u32::from(yes);
            yes
        };
        if wanted(rng, 4) {
            self.months = several(rng, 5, |rng| rng.random_range(1..=12));
            if self.frequency < Frequency::Hourly {
                // dateutil looks at every minute until it reaches the month.
                self.months.push(i32::try_from(self.start.month()).unwrap());
            }
        }
        if wanted(rng, 3) {
            let numbered = self.frequency >= Frequency::Monthly;
            for _ in 0..rng.random_range(1..=3) {
                let day = rng.random_range(0..7);
                if numbered && rng.random_ratio(1, 2) {
                    let in_month = self.frequency == Frequency::Monthly || !self.months.is_empty();
                    self.numbered_days.push((signed(rng, if in_month { 5 } else { 53 }), day));
                } else {
                    self.plain_days.push(day);
                }
            }
        }
        if wanted(rng, 4) {
            self.month_days = several(rng, 4, |rng| signed(rng, 31));
        }
        if wanted(rng, if self.frequency == Frequency::Yearly { 6 } else { 30 }) {
            self.year_days = several(rng, 6, |rng| signed(rng, 366));
        }
        if wanted(rng, if self.frequency == Frequency::Yearly { 4 } else { 30 }) {
            self.weeks = several(rng, 6, |rng| signed(rng, 53));
        }
    }

    fn choose_times(&mut self, rng: &mut ChaCha8Rng) {
        if rng.random_ratio(1, 6) {
            self.hours = several(rng, 3, |rng| rng.random_range(0..24));
        }
        if rng.random_ratio(1, 10) {
            self.minutes = several(rng, 3, |rng| rng.random_range(0..60));
        }
        if rng.random_ratio(1, 16) {
            self.seconds = several(rng, 3, |rng| rng.random_range(0..60));
        }
    }

    fn choose_range_and_end(&mut self, rng: &mut ChaCha8Rng) {
        let (ahead_days, length) = match self.frequency {
            Frequency::Yearly => (1_800, TimeDelta::days(1_600)),
            Frequency::Monthly => (700, TimeDelta::days(400)),
            Frequency::Weekly => (500, TimeDelta::days(150)),
            Frequency::Daily => (150, TimeDelta::days(60)),
            Frequency::Hourly => (5, TimeDelta::days(4)),
            Frequency::Minutely => (0, TimeDelta::hours(5)),
            Frequency::Secondly => (0, TimeDelta::minutes(4)),
        };
        let ahead = if rng.random_ratio(1, 2) { 0 } else { rng.random_range(0..=ahead_days) };
        // A little before, so that DTSTART itself is often inside.
        let slack = TimeDelta::minutes(if self.frequency < Frequency::Hourly { 1 } else { 901 });
        let start = self.zone().to_utc(self.start, &Zone::Utc).naive_utc();
        self.lo = start + TimeDelta::days(ahead) - slack;
        self.hi = start + TimeDelta::days(ahead) + slack + length;
        match rng.random_range(0..10) {
            // With dates that only one side knows a count would end elsewhere.
            0..3 if !self.reaches_week_one() => self.count = Some(rng.random_range(1..40)),
            3..6 => {
                let span = (self.hi - self.start).num_minutes();
                let end = self.start + TimeDelta::minutes(rng.random_range(-span.abs() / 20..=span.abs()));
                self.until = Some(match rng.random_range(0..3) {
                    _ if self.whole_day => Until::Day(end.date()),
                    0 => Until::Day(end.date()),
                    1 => Until::Wall(end),
                    _ => Until::Utc(end),
                });
            }
            _ => {}
        }
    }

    fn class(&self) -> Class {
        let no_day = self.plain_days.is_empty()
            && self.numbered_days.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty();
        if self.never_met() {
            Class::NeverMet
        } else if self.frequency == Frequency::Weekly && !self.places.is_empty() {
            Class::PlacesInFirstWeek
        } else if !self.plain_days.is_empty() && !self.numbered_days.is_empty() {
            Class::NumberedAndPlainDays
        } else if self.frequency == Frequency::Yearly && !self.weeks.is_empty() && no_day {
            Class::WeeksWithoutDay
        } else if self.reaches_week_one() {
            Class::WeekOneFromTheEnd
        } else {
            Class::Same
        }
    }

    /// See [`Class::WeekOneFromTheEnd`]; it may come together with another class.
    fn reaches_week_one(&self) -> bool {
        self.weeks.iter().any(|&week| week <= -52)
    }

    /// True when the interval steps over every hour, minute or second that is asked for.
    fn never_met(&self) -> bool {
        let (asked, start, base) = match self.frequency {
            Frequency::Hourly => (&self.hours, self.start.hour(), 24),
            Frequency::Minutely => (&self.minutes, self.start.minute(), 60),
            Frequency::Secondly => (&self.seconds, self.start.second(), 60),
            _ => return false,
        };
        let step = i32::try_from(greatest_common_divisor(self.interval, base)).unwrap();
        let start = i32::try_from(start).unwrap();
        !asked.is_empty() && asked.iter().all(|value| (value - start) % step != 0)
    }

    /// The rule as a file would have it.
    fn text(&self) -> String {
        let mut text = self.parts(&self.plain_days, &self.numbered_days);
        if let Some(count) = self.count {
            text += &format!(";COUNT={count}");
        }
        match self.until {
            Some(Until::Day(day)) => text += &format!(";UNTIL={}", day.format("%Y%m%d")),
            Some(Until::Wall(wall)) => text += &format!(";UNTIL={}", wall.format(FORMAT)),
            Some(Until::Utc(utc)) => text += &format!(";UNTIL={}Z", utc.format(FORMAT)),
            None => {}
        }
        text
    }

    fn parts(&self, plain_days: &[usize], numbered_days: &[(i32, usize)]) -> String {
        let mut text = format!("FREQ={:?}", self.frequency).to_uppercase();
        if self.interval > 1 {
            text += &format!(";INTERVAL={}", self.interval);
        }
        if let Some(day) = self.week_start {
            text += &format!(";WKST={}", WEEKDAYS[day]);
        }
        let days = numbered_days
            .iter()
            .map(|(number, day)| format!("{number}{}", WEEKDAYS[*day]))
            .chain(plain_days.iter().map(|day| WEEKDAYS[*day].to_owned()))
            .collect::<Vec<_>>();
        if !days.is_empty() {
            text += &format!(";BYDAY={}", days.join(","));
        }
        for (name, numbers) in [
            ("BYMONTH", &self.months),
            ("BYWEEKNO", &self.weeks),
            ("BYYEARDAY", &self.year_days),
            ("BYMONTHDAY", &self.month_days),
            ("BYHOUR", &self.hours),
            ("BYMINUTE", &self.minutes),
            ("BYSECOND", &self.seconds),
            ("BYSETPOS", &self.places),
        ] {
            if !numbers.is_empty() {
                let numbers: Vec<_> = numbers.iter().map(ToString::to_string).collect();
                text += &format!(";{name}={}", numbers.join(","));
            }
        }
        text
    }

    /// The question whose answer is the RFC's reading of the rule.
    fn question(&self) -> Question {
        let weekday = self.start.weekday().num_days_from_monday() as usize;
        let mut anchor = self.start;
        let mut count = self.count;
        let counted = self.count.map_or_else(String::new, |count| format!(";COUNT={count}"));
        let no_day = self.plain_days.is_empty() && self.month_days.is_empty() && self.year_days.is_empty();
        let rules = match self.class() {
            Class::WeeksWithoutDay => vec![self.parts(&[weekday], &[]) + &counted],
            Class::NumberedAndPlainDays => {
                vec![self.parts(&self.plain_days, &[]), self.parts(&[], &self.numbered_days)]
            }
            Class::PlacesInFirstWeek => {
                let into_week = (weekday + 7 - self.week_start.unwrap_or(0)) % 7;
                anchor = self.start - TimeDelta::days(i64::try_from(into_week).unwrap());
                let own_day = no_day && self.weeks.is_empty();
                let days = if own_day { vec![weekday] } else { self.plain_days.clone() };
                vec![self.parts(&days, &[])]
            }
            Class::Same | Class::WeekOneFromTheEnd | Class::NeverMet => {
                count = None;
                vec![self.parts(&self.plain_days, &self.numbered_days) + &counted]
            }
        };
        let shown = |time: NaiveDateTime| time.format(FORMAT).to_string();
        let (until_wall, until_utc) = match self.until {
            Some(Until::Day(day)) => (day.and_hms_opt(23, 59, 59).map(shown), None),
            Some(Until::Wall(wall)) => (Some(shown(wall)), None),
            Some(Until::Utc(utc)) => (None, Some(shown(utc))),
            None => (None, None),
        };
        Question {
            anchor: shown(anchor),
            start: shown(self.start),
            rules,
            count: if self.class() == Class::WeeksWithoutDay { None } else { count },
            zone: self.zone,
            until_wall,
            until_utc,
            lo: shown(self.lo),
            hi: shown(self.hi),
        }
    }

    fn zone(&self) -> Zone {
        self.zone.map_or(Zone::Utc, |name| Zone::resolve(name).unwrap())
    }

    /// What we make of the rule: the starts strictly inside the range.
    fn found(&self) -> Vec<String> {
        let start = if self.whole_day {
            CalendarTime::Date(self.start.date())
        } else {
            CalendarTime::Local { local: self.start, zone: self.zone() }
        };
        let master = Master {
            instance: Instance { start, length: Length::Unstated, facts: Facts::BUSY },
            rules: vec![self.text()],
            exclusion_rules: vec![],
            dates: vec![],
            exclusions: vec![],
        };
        let set = Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![] });
        let range = TimeRange { lo: self.lo.and_utc(), hi: self.hi.and_utc() };
        let occurrences = expand(&set, &range, &Zone::Utc).unwrap_or_else(|problem| panic!("{problem:?}: {self:?}"));
        assert!(occurrences.iter().all(|occurrence| {
            matches!(occurrence.time, EventTime::AllDay { .. }) == self.whole_day
        }));
        let starts = occurrences.iter().map(|occurrence| occurrence.time.start());
        starts.filter(|&start| self.lo.and_utc() < start).map(shown_instant).collect()
    }

    /// DTSTART, when it counts and lies in the range.
    fn start_in_range(&self) -> Option<String> {
        let start = self.zone().to_utc(self.start, &Zone::Utc);
        let alive = match self.until {
            Some(Until::Day(day)) => self.start.date() <= day,
            Some(Until::Wall(wall)) => self.start <= wall,
            Some(Until::Utc(utc)) => start <= utc.and_utc(),
            None => true,
        };
        let inside = self.lo.and_utc() < start && start < self.hi.and_utc();
        (alive && inside).then(|| shown_instant(start))
    }

    /// True when an instant, as answered, lies on one of the last three days of the year on our wall.
    fn is_last_days_of_december(&self, instant: &str) -> bool {
        let instant = NaiveDateTime::parse_from_str(instant, FORMAT).unwrap().and_utc();
        let day = self.zone().to_local(instant, &Zone::Utc).date();
        day.month() == 12 && day.day() >= 29
    }
}

fn shown_instant(instant: DateTime<Utc>) -> String {
    instant.format(FORMAT).to_string()
}

fn random_start(rng: &mut ChaCha8Rng, whole_day: bool) -> NaiveDateTime {
    let year = rng.random_range(2015..2027);
    let day = match rng.random_range(0..8) {
        0 => NaiveDate::from_ymd_opt(year / 4 * 4, 2, 29),
        1 => NaiveDate::from_ymd_opt(year, 12, 31),
        2 => NaiveDate::from_ymd_opt(year, 1, rng.random_range(28..=31)),
        // The months in which clocks change.
        3 => NaiveDate::from_ymd_opt(year, [3, 4, 10, 11][rng.random_range(0..4)], rng.random_range(1..=30)),
        _ => NaiveDate::from_yo_opt(year, rng.random_range(1..=365)),
    };
    let day = day.unwrap();
    if whole_day {
        return day.and_hms_opt(0, 0, 0).unwrap();
    }
    let hour = if rng.random_ratio(1, 3) { rng.random_range(1..4) } else { rng.random_range(0..24) };
    day.and_hms_opt(hour, rng.random_range(0..4) * 15, 0).unwrap()
}

fn several(rng: &mut ChaCha8Rng, most: usize, mut one: impl FnMut(&mut ChaCha8Rng) -> i32) -> Vec<i32> {
    let mut numbers: Vec<_> = (0..rng.random_range(1..=most)).map(|_| one(rng)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// A number other than zero, at most `limit` either way, more often small.
fn signed(rng: &mut ChaCha8Rng, limit: i32) -> i32 {
    let limit = if rng.random_ratio(1, 2) { limit.min(5) } else { limit };
    let size = rng.random_range(1..=limit);
    if rng.random_ratio(1, 3) { -size } else { size }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
