//! How the rows of the table are read.
//!
//! ```text
//! == the name of the row
//! at Europe/Berlin                     the reader's zone, UTC unless said
//! in 20260101 20270101                 the range, from midnight to midnight UTC, 2026 unless said
//! zone Odd  START FROM TO [RRULE]      an own zone; parts two spaces apart
//! DTSTART;TZID=Odd:20260328T023000  DURATION:PT1H  RRULE:FREQ=DAILY    a component; properties two spaces apart
//! RECURRENCE-ID...                     a component with this property is an exception
//! -> 20260328T013000Z+1h  ID>START+1d!
//! ```
//!
//! An expected occurrence is `original start>start+length`, with `!` when cancelled. The original start is left
//! out where it is the start; the length where it is that of the occurrence before, or an hour, or a day.
//! `none`, `malformed` and `too many` stand for themselves.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{Occurrence, RecurrenceProblem, expand};
use starmesh_core::time::{EventTime, TimeRange, midnight};
use starmesh_core::zone::{CustomZone, Observance, Zone};

/// Checks every row of a table, and that there are as many as promised.
pub(super) fn check(table: &str, rows_expected: usize) {
    let mut rows = 0;
    let mut wrong = String::new();
    for block in table.split("\n== ").skip(1) {
        rows += 1;
        let row = Row::read(block);
        let found = row.expanded();
        if found != row.expected {
            write!(wrong, "\n{}\n  expected {}\n  found    {}\n", row.name, row.expected, found).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert_eq!(rows, rows_expected, "rows of the table");
}

struct Row {
    name: String,
    reader: Zone,
    range: TimeRange,
    recurrence: Recurrence,
    expected: String,
}

impl Row {
    fn read(block: &str) -> Self {
        let mut lines = block.lines().filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
        let name = lines.next().unwrap().to_owned();
        let mut zones = BTreeMap::new();
        let mut reader = Zone::Utc;
        let mut range = TimeRange { lo: midnight(day("20260101")), hi: midnight(day("20270101")) };
        let mut components = Vec::new();
        let mut expected = String::new();
        for line in lines {
            if let Some(tzid) = line.strip_prefix("at ") {
                reader = zone(tzid, &zones);
            } else if let Some(days) = line.strip_prefix("in ") {
                let (lo, hi) = days.split_once(' ').unwrap();
                range = TimeRange { lo: midnight(day(lo)), hi: midnight(day(hi)) };
            } else if let Some(text) = line.strip_prefix("zone ") {
                let (name, custom) = own_zone(text);
                zones.insert(name, custom);
            } else if let Some(text) = line.strip_prefix("->") {
                expected = spelled_out(text);
            } else {
                components.push(Component::read(line, &zones));
            }
        }
        Self { name, reader, range, recurrence: recurrence(components), expected }
    }

    fn expanded(&self) -> String {
        match expand(&self.recurrence, &self.range, &self.reader) {
            Ok(occurrences) if occurrences.is_empty() => "none".to_owned(),
            Ok(occurrences) => occurrences.iter().map(shown).collect::<Vec<_>>().join(" "),
            Err(RecurrenceProblem::MalformedRule) => "malformed".to_owned(),
            Err(RecurrenceProblem::TooManyOccurrences) => "too many".to_owned(),
        }
    }
}

/// A component as its properties: name, TZID, value.
struct Component {
    properties: Vec<(String, Option<Zone>, bool, String)>,
}

impl Component {
    fn read(line: &str, zones: &BTreeMap<String, Zone>) -> Self {
        let properties = line.split("  ").filter(|text| !text.trim().is_empty()).map(|text| {
            let (head, value) = text.trim().split_once(':').unwrap();
            let mut head = head.split(';');
            let name = head.next().unwrap().to_owned();
            let parameters: Vec<_> = head.collect();
            let tzid = parameters.iter().find_map(|parameter| parameter.strip_prefix("TZID="));
            let future = parameters.contains(&"RANGE=THISANDFUTURE");
            (name, tzid.map(|tzid| zone(tzid, zones)), future, value.to_owned())
        });
        Self { properties: properties.collect() }
    }

    fn values(&self, name: &str) -> impl Iterator<Item = (&Option<Zone>, bool, &str)> {
        self.properties
            .iter()
            .filter(move |property| property.0 == name)
            .map(|(_, zone, future, value)| (zone, *future, value.as_str()))
    }

    fn time(&self, name: &str) -> Option<CalendarTime> {
        self.values(name).next().map(|(zone, _, value)| calendar_time(value, zone.as_ref()))
    }

    fn times(&self, name: &str) -> Vec<CalendarTime> {
        self.values(name)
            .flat_map(|(zone, _, value)| value.split(',').map(|item| calendar_time(item, zone.as_ref())))
            .collect()
    }

    fn texts(&self, name: &str) -> Vec<String> {
        self.values(name).map(|(_, _, value)| value.to_owned()).collect()
    }

    fn instance(&self) -> Instance {
        let length = match (self.time("DTEND"), self.values("DURATION").next()) {
            (Some(end), _) => Length::Until(end),
            (None, Some((_, _, duration))) => length(duration),
            (None, None) => Length::Unstated,
        };
        let cancelled = self.values("STATUS").any(|(_, _, value)| value == "CANCELLED");
        Instance { start: self.time("DTSTART").unwrap(), length, facts: Facts { cancelled, ..Facts::BUSY } }
    }
}

fn recurrence(components: Vec<Component>) -> Recurrence {
    let mut master = None;
    let mut overrides = Vec::new();
    let mut repeats = false;
    for component in components {
        if let Some((_, and_future, _)) = component.values("RECURRENCE-ID").next() {
            overrides.push(Override {
                recurrence_id: component.time("RECURRENCE-ID").unwrap(),
                and_future,
                instance: component.instance(),
                sequence: component.texts("SEQUENCE").first().map_or(0, |text| text.parse().unwrap()),
                stamp: component.texts("DTSTAMP").first().map(|text| instant(text)),
            });
            continue;
        }
        repeats |= component
            .properties
            .iter()
            .any(|property| property.0.starts_with('R') || property.0.starts_with("EX"));
        let dates = component.values("RDATE").flat_map(|(zone, _, value)| {
            value.split(',').map(|item| extra_date(item, zone.as_ref())).collect::<Vec<_>>()
        });
        master = Some(Master {
            instance: component.instance(),
            rules: component.texts("RRULE"),
            exclusion_rules: component.texts("EXRULE"),
            dates: dates.collect(),
            exclusions: component.times("EXDATE"),
        });
    }
    match master {
        Some(master) if !repeats && overrides.is_empty() => Recurrence::Single(master.instance),
        master => Recurrence::Set(RecurrenceSet { master, overrides }),
    }
}

fn extra_date(item: &str, zone: Option<&Zone>) -> ExtraDate {
    let Some((start, end)) = item.split_once('/') else {
        return ExtraDate { start: calendar_time(item, zone), length: None };
    };
    let length = if end.starts_with('P') { length(end) } else { Length::Until(calendar_time(end, zone)) };
    ExtraDate { start: calendar_time(start, zone), length: Some(length) }
}

fn calendar_time(text: &str, zone: Option<&Zone>) -> CalendarTime {
    if !text.contains('T') {
        return CalendarTime::Date(day(text));
    }
    match (text.strip_suffix('Z'), zone) {
        (Some(utc), _) => CalendarTime::Local { local: local(utc), zone: Zone::Utc },
        (None, zone) => {
            CalendarTime::Local { local: local(text), zone: zone.cloned().unwrap_or(Zone::Floating) }
        }
    }
}

fn zone(tzid: &str, own: &BTreeMap<String, Zone>) -> Zone {
    own.get(tzid).cloned().or_else(|| Zone::resolve(tzid)).unwrap_or_else(|| panic!("no zone {tzid}"))
}

fn own_zone(text: &str) -> (String, Zone) {
    let mut parts = text.split("  ");
    let name = parts.next().unwrap().to_owned();
    let observances: Vec<_> = parts
        .map(|part| {
            let mut words = part.split(' ');
            let mut next = || words.next().unwrap();
            let (start, offset_from, offset_to) = (local(next()), offset(next()), offset(next()));
            Observance {
                start,
                offset_from,
                offset_to,
                rule: words.next().map(str::to_owned),
                dates: Vec::new(),
            }
        })
        .collect();
    (name, Zone::Custom(Arc::new(CustomZone::from_observances(&observances).unwrap())))
}

fn offset(text: &str) -> i32 {
    let (sign, digits) = text.split_at(1);
    let size: i32 = digits[..2].parse::<i32>().unwrap() * 3600 + digits[2..].parse::<i32>().unwrap() * 60;
    if sign == "-" { -size } else { size }
}

/// A DURATION value: weeks and days are nominal, the rest is exact.
fn length(text: &str) -> Length {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (mut days, mut seconds, mut number) = (0, 0, 0);
    for letter in text.chars() {
        match letter {
            '0'..='9' => number = number * 10 + i64::from(letter.to_digit(10).unwrap()),
            'W' => days += std::mem::take(&mut number) * 7,
            'D' => days += std::mem::take(&mut number),
            'H' => seconds += std::mem::take(&mut number) * 3600,
            'M' => seconds += std::mem::take(&mut number) * 60,
            'S' => seconds += std::mem::take(&mut number),
            _ => assert!(matches!(letter, 'P' | 'T'), "a duration: {text}"),
        }
    }
    Length::Duration { days: sign * days, seconds: sign * seconds }
}

/// The expected occurrences with nothing left out.
fn spelled_out(text: &str) -> String {
    let text = text.trim();
    if matches!(text, "none" | "malformed" | "too many") {
        return text.to_owned();
    }
    let mut known_length = None;
    let items = text.split_whitespace().map(|item| {
        let (item, cancelled) = item.strip_suffix('!').map_or((item, ""), |item| (item, "!"));
        let (times, length) = match item.split_once('+') {
            Some((times, length)) => (times, Some(length.to_owned())),
            None => (item, None),
        };
        let (id, start) = times.split_once('>').unwrap_or((times, times));
        let usual = if start.contains('T') { "1h" } else { "1d" };
        let length = length.or_else(|| known_length.clone()).unwrap_or_else(|| usual.to_owned());
        known_length = Some(length.clone());
        let id = if id == "single" { "" } else { id };
        format!("{id}>{start}+{}{cancelled}", shown_length(read_length(&length)))
    });
    items.collect::<Vec<_>>().join(" ")
}

fn shown(occurrence: &Occurrence) -> String {
    let start = match occurrence.time {
        EventTime::Timed { start, .. } => start.format("%Y%m%dT%H%M%SZ").to_string(),
        EventTime::AllDay { start, .. } => start.format("%Y%m%d").to_string(),
    };
    let cancelled = if occurrence.facts.cancelled { "!" } else { "" };
    format!("{}>{start}+{}{cancelled}", occurrence.original_start.0, shown_length(occurrence.time.length()))
}

/// `1d`, `1h30m`, `-1h`.
fn read_length(text: &str) -> TimeDelta {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (mut seconds, mut number) = (0, 0);
    for letter in text.chars() {
        match letter {
            '0'..='9' => number = number * 10 + i64::from(letter.to_digit(10).unwrap()),
            'd' => seconds += std::mem::take(&mut number) * 86_400,
            'h' => seconds += std::mem::take(&mut number) * 3600,
            'm' => seconds += std::mem::take(&mut number) * 60,
            's' => seconds += std::mem::take(&mut number),
            _ => panic!("a length: {text}"),
        }
    }
    TimeDelta::seconds(sign * seconds)
}

fn shown_length(length: TimeDelta) -> String {
    format!("{}s", length.num_seconds())
}

fn day(text: &str) -> NaiveDate {
    NaiveDate::parse_from_str(text, "%Y%m%d").unwrap_or_else(|_| panic!("a day: {text}"))
}

fn local(text: &str) -> NaiveDateTime {
    NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").unwrap_or_else(|_| panic!("a time: {text}"))
}

fn instant(text: &str) -> DateTime<Utc> {
    local(text.strip_suffix('Z').unwrap()).and_utc()
}
