//! When an object happens. Expansion itself is the core's, which is held to python-dateutil elsewhere; what is
//! read from the text is the simulator's own.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Override, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{Occurrence, expand};
use starmesh_core::time::TimeRange;
use starmesh_core::zone::Zone;

use super::object::{Component, Line};

/// Before everything that is looked at: the year 1970.
pub(super) const EARLIEST: DateTime<Utc> = DateTime::UNIX_EPOCH;
/// After everything that is looked at: the year 2100.
pub(super) const LATEST: DateTime<Utc> = match DateTime::from_timestamp(4_102_444_800, 0) {
    Some(time) => time,
    None => DateTime::UNIX_EPOCH,
};

/// True where any date of the object lies between `lo` and `hi`; with `first_only` recurrences do not count.
/// What cannot be read happens always: a server shows rather too much.
pub(super) fn happens(object: &Component, lo: DateTime<Utc>, hi: DateTime<Utc>, first_only: bool) -> bool {
    let Some(mut set) = read(object) else { return true };
    if first_only && let Some(master) = &mut set.master {
        master.rules.clear();
        master.dates.clear();
    }
    expand(&Recurrence::Set(set), &TimeRange { lo, hi }, &Zone::Utc).is_ok_and(|found| !found.is_empty())
}

/// The dates of an object between `lo` and `hi`; none where it cannot be read.
pub(super) fn occurrences(object: &Component, lo: DateTime<Utc>, hi: DateTime<Utc>) -> Vec<Occurrence> {
    let Some(set) = read(object) else { return Vec::new() };
    expand(&Recurrence::Set(set), &TimeRange { lo, hi }, &Zone::Utc).unwrap_or_default()
}

fn read(object: &Component) -> Option<RecurrenceSet> {
    let mut set = RecurrenceSet { master: None, overrides: Vec::new() };
    for entry in object.entries() {
        let instance = instance(entry)?;
        match entry.line("RECURRENCE-ID") {
            Some(id) => set.overrides.push(Override {
                recurrence_id: time(id)?,
                and_future: id.parameter("RANGE") == Some("THISANDFUTURE"),
                instance,
                sequence: entry.value("SEQUENCE").and_then(|text| text.parse().ok()).unwrap_or(0),
                stamp: None,
            }),
            None => set.master = Some(master(entry, instance)?),
        }
    }
    Some(set)
}

fn instance(entry: &Component) -> Option<Instance> {
    let start = time(entry.line("DTSTART")?)?;
    let length = match (entry.line("DTEND"), entry.value("DURATION")) {
        (Some(end), _) => Length::Until(time(end)?),
        (None, Some(text)) => duration(text)?,
        (None, None) => Length::Unstated,
    };
    Some(Instance { start, length, facts: Facts::BUSY })
}

fn master(entry: &Component, instance: Instance) -> Option<Master> {
    let values = |name: &str| entry.lines_of(name).map(|line| line.value.clone()).collect::<Vec<_>>();
    let times = |name: &str| -> Option<Vec<CalendarTime>> {
        let lists = entry.lines_of(name).map(times);
        Some(lists.collect::<Option<Vec<_>>>()?.concat())
    };
    Some(Master {
        instance,
        rules: values("RRULE"),
        exclusion_rules: values("EXRULE"),
        dates: times("RDATE")?.into_iter().map(|start| ExtraDate { start, length: None }).collect(),
        exclusions: times("EXDATE")?,
    })
}

fn time(line: &Line) -> Option<CalendarTime> {
    one_time(line, line.value.trim())
}

fn times(line: &Line) -> Option<Vec<CalendarTime>> {
    line.value.split(',').map(|text| one_time(line, text.split('/').next()?.trim())).collect()
}

fn one_time(line: &Line, text: &str) -> Option<CalendarTime> {
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y%m%d") {
        return Some(CalendarTime::Date(day));
    }
    if let Ok(utc) = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ") {
        return Some(CalendarTime::Local { local: utc, zone: Zone::Utc });
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok()?;
    let zone = line.parameter("TZID").and_then(|name| name.parse().ok()).map_or(Zone::Floating, Zone::Named);
    Some(CalendarTime::Local { local, zone })
}

/// `P1W`, `P1DT2H30M` and their like.
fn duration(text: &str) -> Option<Length> {
    let (mut days, mut seconds, mut number) = (0, 0, String::new());
    for character in text.trim().trim_start_matches('+').strip_prefix('P')?.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        if character == 'T' {
            continue;
        }
        let count: i64 = number.parse().ok()?;
        number.clear();
        match character {
            'W' => days += count * 7,
            'D' => days += count,
            'H' => seconds += count * 3_600,
            'M' => seconds += count * 60,
            'S' => seconds += count,
            _ => return None,
        }
    }
    Some(Length::Duration { days, seconds })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(lines: &str) -> Component {
        Component::parse(&format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{lines}\nEND:VEVENT\nEND:VCALENDAR"))
            .unwrap()
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_series_happens_on_each_of_its_dates_and_on_no_other() {
        let weekly = object(
            "DTSTART;TZID=Europe/Berlin:20261102T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEXDATE:20261109T090000Z",
        );
        let day = |text: &str| (at(&format!("{text}T00:00:00Z")), at(&format!("{text}T23:00:00Z")));
        for (date, happening) in
            [("2026-11-02", true), ("2026-11-09", false), ("2026-11-16", true), ("2026-11-17", false)]
        {
            let (lo, hi) = day(date);
            assert_eq!(happens(&weekly, lo, hi, false), happening, "{date}");
        }
        let (lo, hi) = day("2026-11-16");
        assert!(!happens(&weekly, lo, hi, true));
    }

    #[test]
    fn what_cannot_be_read_happens_always() {
        assert!(happens(&object("DTSTART:nonsense"), EARLIEST, LATEST, false));
        assert!(happens(&object("UID:1"), at("2030-01-01T00:00:00Z"), at("2030-01-02T00:00:00Z"), false));
    }
}
