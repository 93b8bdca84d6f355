//! Whole series: a rule with listed, excluded, moved and onward-moved dates, expanded here and by
//! recurring-ical-events.

use std::collections::BTreeSet;
use std::fmt::Write;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{Occurrence, expand};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

use crate::oracle::ask;
use crate::{FORMAT, on_all_cores};

/// How many series are compared.
const SERIES: usize = 2_000;
/// Where they come from; another seed gives other series.
const SEED: u64 = 7986;
/// How many days of a series are looked at.
const DAYS: i64 = 400;

/// See the script for what the fields mean.
#[derive(Serialize)]
struct Question {
    calendar: String,
    lo: String,
    hi: String,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Answer {
    Starts { starts: Vec<String> },
    Refused { error: String },
}

/// A random series; every time in it is on one wall clock.
#[derive(Clone, Debug)]
struct Series {
    zone: Option<&'static str>,
    whole_day: bool,
    start: NaiveDateTime,
    rule: String,
    excluded: Vec<NaiveDateTime>,
    listed: Vec<NaiveDateTime>,
    moved: Vec<Moved>,
}

#[derive(Clone, Debug)]
struct Moved {
    from: NaiveDateTime,
    to: NaiveDateTime,
    onward: bool,
}

#[test]
fn two_thousand_random_series_with_exceptions_come_out_as_in_recurring_ical_events() {
    let mut rng = ChaCha8Rng::seed_from_u64(SEED);
    let all: Vec<Series> = (0..SERIES).map(|_| Series::random(&mut rng)).collect();
    let questions: Vec<Question> = all.iter().map(Series::question).collect();
    let answers: Vec<Answer> = on_all_cores(&questions, |part| ask("expand_sets.py", part));
    assert_eq!(answers.len(), SERIES);
    let mut unexplained = Vec::new();
    let mut dates = 0;
    for (series, answer) in all.iter().zip(answers) {
        let found = series.found();
        dates += found.len();
        match answer {
            Answer::Starts { starts } if starts == found => {}
            Answer::Starts { starts } => {
                unexplained.push(format!("{}expected {starts:?}\nfound    {found:?}", series.text()));
            }
            Answer::Refused { error } => unexplained.push(format!("{}refused: {error}", series.text())),
        }
    }
    let few: Vec<_> = unexplained.iter().take(3).cloned().collect();
    assert!(unexplained.is_empty(), "{} unexplained, the first:\n{}", unexplained.len(), few.join("\n\n"));
    // The generator is worth something only while it makes dates and every kind of exception.
    println!("{SERIES} series, {dates} dates");
    assert!(dates > SERIES * 10, "{dates} dates");
    let with = |has: fn(&Series) -> bool| all.iter().filter(|series| has(series)).count();
    assert!(with(|series| !series.excluded.is_empty()) > SERIES / 4);
    assert!(with(|series| !series.listed.is_empty()) > SERIES / 4);
    assert!(with(|series| series.moved.iter().any(|moved| !moved.onward)) > SERIES / 4);
    assert!(with(|series| series.moved.iter().any(|moved| moved.onward)) > SERIES / 10);
}

impl Series {
    fn random(rng: &mut ChaCha8Rng) -> Self {
        let whole_day = rng.random_ratio(1, 5);
        let day = NaiveDate::from_ymd_opt(2025, 1, 1).unwrap() + TimeDelta::days(rng.random_range(0..365));
        let half_hours = if whole_day { 0 } else { rng.random_range(0..48) };
        let zones = [None, Some("Europe/Berlin"), Some("America/New_York"), Some("Australia/Sydney")];
        let mut series = Self {
            zone: if whole_day { None } else { zones[rng.random_range(0..zones.len())] },
            whole_day,
            start: day.and_hms_opt(0, 0, 0).unwrap() + TimeDelta::minutes(30 * half_hours),
            rule: random_rule(rng),
            excluded: vec![],
            listed: vec![],
            moved: vec![],
        };
        for _ in 0..rng.random_range(0..3) {
            series.listed.push(series.start + TimeDelta::days(rng.random_range(1..200)));
        }
        series.choose_exceptions(rng);
        series
    }

    fn choose_exceptions(&mut self, rng: &mut ChaCha8Rng) {
        let mut dates = self.walls();
        dates.truncate(40);
        let onward = rng.random_ratio(1, 4);
        for exception in 0..rng.random_range(0..5) {
            if dates.len() < 2 {
                break;
            }
            let from = dates.remove(rng.random_range(0..dates.len()));
            if rng.random_ratio(1, 2) {
                self.excluded.push(from);
                continue;
            }
            let step = if self.whole_day { TimeDelta::days(1) } else { TimeDelta::minutes(30) };
            let to = from + step * rng.random_range(-5..=5);
            self.moved.push(Moved { from, to, onward: onward && exception == 0 });
        }
    }

    /// The dates of the rule and the list, on the wall.
    fn walls(&self) -> Vec<NaiveDateTime> {
        let plain = Self { excluded: vec![], moved: vec![], ..self.clone() };
        let zone = self.zone();
        let walls: BTreeSet<_> = plain
            .expanded()
            .iter()
            .map(|occurrence| match occurrence.time {
                EventTime::AllDay { start, .. } => start.and_hms_opt(0, 0, 0).unwrap(),
                EventTime::Timed { start, .. } => zone.to_local(start, &Zone::Utc),
            })
            .collect();
        walls.into_iter().collect()
    }

    fn zone(&self) -> Zone {
        self.zone.map_or(Zone::Utc, |name| Zone::resolve(name).unwrap())
    }

    fn time(&self, wall: NaiveDateTime) -> CalendarTime {
        if self.whole_day {
            CalendarTime::Date(wall.date())
        } else {
            CalendarTime::Local { local: wall, zone: self.zone() }
        }
    }

    fn instance(&self, start: NaiveDateTime) -> Instance {
        let length =
            if self.whole_day { Length::Unstated } else { Length::Duration { days: 0, seconds: 3_600 } };
        Instance { start: self.time(start), length, facts: Facts::BUSY }
    }

    fn expanded(&self) -> Vec<Occurrence> {
        let master = Master {
            instance: self.instance(self.start),
            rules: vec![self.rule.clone()],
            exclusion_rules: vec![],
            dates: self
                .listed
                .iter()
                .map(|wall| ExtraDate { start: self.time(*wall), length: None })
                .collect(),
            exclusions: self.excluded.iter().map(|wall| self.time(*wall)).collect(),
        };
        let overrides = self
            .moved
            .iter()
            .map(|moved| Override {
                recurrence_id: self.time(moved.from),
                and_future: moved.onward,
                instance: self.instance(moved.to),
                sequence: 1,
                stamp: None,
            })
            .collect();
        let set = Recurrence::Set(RecurrenceSet { master: Some(master), overrides });
        let (lo, hi) = self.range();
        let margin = TimeDelta::days(3);
        expand(&set, &TimeRange { lo: lo - margin, hi: hi + margin }, &Zone::Utc).unwrap()
    }

    fn range(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let lo = (self.start - TimeDelta::days(10)).and_utc();
        (lo, lo + TimeDelta::days(DAYS))
    }

    /// The starts in range, as the script writes them.
    fn found(&self) -> Vec<String> {
        let (lo, hi) = self.range();
        let mut starts: Vec<_> = self
            .expanded()
            .iter()
            .map(|occurrence| occurrence.time)
            .filter(|time| (lo..hi).contains(&time.start()))
            .map(|time| match time {
                EventTime::AllDay { start, .. } => start.format("%Y%m%d").to_string(),
                EventTime::Timed { start, .. } => start.format(FORMAT).to_string(),
            })
            .collect();
        starts.sort();
        starts
    }

    fn question(&self) -> Question {
        let (lo, hi) = self.range();
        let text = |instant: DateTime<Utc>| instant.format(FORMAT).to_string();
        Question { calendar: self.text(), lo: text(lo), hi: text(hi) }
    }

    fn text(&self) -> String {
        let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".into(), "PRODID:-//test//EN".into()];
        self.component(&mut lines, self.start, |lines| {
            lines.push(format!("RRULE:{}", self.rule));
            for (name, dates) in [("RDATE", &self.listed), ("EXDATE", &self.excluded)] {
                lines.extend(dates.iter().map(|wall| self.property(name, *wall)));
            }
        });
        for moved in &self.moved {
            self.component(&mut lines, moved.to, |lines| {
                let id = self.property("RECURRENCE-ID", moved.from);
                let range = if moved.onward { "RECURRENCE-ID;RANGE=THISANDFUTURE" } else { "RECURRENCE-ID" };
                lines.push(id.replacen("RECURRENCE-ID", range, 1));
            });
        }
        lines.push("END:VCALENDAR".into());
        lines.iter().fold(String::new(), |mut text, line| {
            write!(text, "{line}\r\n").unwrap();
            text
        })
    }

    fn component(&self, lines: &mut Vec<String>, start: NaiveDateTime, more: impl FnOnce(&mut Vec<String>)) {
        let sequence = i32::from(start != self.start);
        lines.extend(["BEGIN:VEVENT".to_owned(), "UID:series".into(), "DTSTAMP:20250101T000000Z".into()]);
        lines.push(format!("SEQUENCE:{sequence}"));
        lines.push(self.property("DTSTART", start));
        if !self.whole_day {
            lines.push("DURATION:PT1H".into());
        }
        more(lines);
        lines.push("END:VEVENT".into());
    }

    fn property(&self, name: &str, wall: NaiveDateTime) -> String {
        match self.zone {
            _ if self.whole_day => format!("{name};VALUE=DATE:{}", wall.format("%Y%m%d")),
            Some(zone) => format!("{name};TZID={zone}:{}", wall.format(FORMAT)),
            None => format!("{name}:{}Z", wall.format(FORMAT)),
        }
    }
}

fn random_rule(rng: &mut ChaCha8Rng) -> String {
    let base = match rng.random_range(0..5) {
        0 => "FREQ=DAILY".to_owned(),
        1 => "FREQ=WEEKLY".to_owned(),
        2 => "FREQ=WEEKLY;BYDAY=MO,WE,FR".to_owned(),
        3 => format!("FREQ=MONTHLY;BYMONTHDAY={}", rng.random_range(1..=31)),
        _ => format!("FREQ=MONTHLY;BYDAY={}TU", [1, 2, 3, -1][rng.random_range(0..4)]),
    };
    let interval = rng.random_range(1..=4);
    let end =
        if rng.random_ratio(1, 2) { format!(";COUNT={}", rng.random_range(2..40)) } else { String::new() };
    format!("{base};INTERVAL={interval}{end}")
}
