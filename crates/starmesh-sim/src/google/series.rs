//! The dates of a series. Expansion itself is the core's, which is held to python-dateutil elsewhere; what is
//! read from the wire, the bounds, and the ids of instances are the simulator's own.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use starmesh_core::event::{
    CalendarTime, ExtraDate, Facts, Instance, Length, Master, Recurrence, RecurrenceSet,
};
use starmesh_core::recurrence::{Occurrence, expand};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

use super::moment::{Moment, known};
use super::problem::Problem;
use crate::web::Met;

/// How far after its start a series is followed, in days: ninety years.
const REACH_DAYS: i64 = 32_768;
/// The first stretch of an open-ended series that is looked at, in days; each further one is four times as long.
const STRETCH_DAYS: i64 = 32;

/// One date of a series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Date {
    /// Its identity: where the series has it.
    pub(super) original: Moment,
    pub(super) start: Moment,
    pub(super) end: Moment,
}

/// All dates of a series, ascending; at most `instances_max` of an open-ended one.
pub(super) fn dates(
    start: &Moment,
    end: &Moment,
    lines: &[String],
    calendar_zone: &str,
    (instances_max, met): (usize, &Met),
) -> Result<Vec<Date>, Problem> {
    let zone_name = start.zone().unwrap_or(calendar_zone).to_owned();
    let zone = known(&zone_name).unwrap_or(Zone::Utc);
    let (master, open) = master(start, end, lines, &zone)?;
    let set = Recurrence::Set(RecurrenceSet { master: Some(master), overrides: Vec::new() });
    let lo = start.instant(&zone) - TimeDelta::days(2);
    let within = |days: i64| {
        let hi = lo.checked_add_signed(TimeDelta::days(days)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        expand(&set, &TimeRange { lo, hi }, &zone).map_err(|_| invalid_rule())
    };
    let mut found = if open {
        let mut days = STRETCH_DAYS;
        loop {
            let found = within(days)?;
            if found.len() >= instances_max || days >= REACH_DAYS {
                break found;
            }
            days *= 4;
        }
    } else {
        within(REACH_DAYS)?
    };
    if open && found.len() >= instances_max {
        met.meet("instances_max");
        found.truncate(instances_max);
    }
    Ok(found.iter().map(|occurrence| date(occurrence, start, &zone_name)).collect())
}

fn date(occurrence: &Occurrence, start: &Moment, zone: &str) -> Date {
    let zone = start.zone().map(|_| zone.to_owned());
    let at = |instant| Moment::At { instant, zone: zone.clone() };
    let text = &occurrence.original_start.0;
    let original = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ")
        .map(|local| at(local.and_utc()))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y%m%d").map(Moment::Day));
    let (start, end) = match occurrence.time {
        EventTime::Timed { start, end } => (at(start), at(end)),
        EventTime::AllDay { start, end } => (Moment::Day(start), Moment::Day(end)),
    };
    // The core writes original starts in one of the two forms, so this falls back on nothing real.
    Date { original: original.unwrap_or_else(|_| start.clone()), start, end }
}

fn master(start: &Moment, end: &Moment, lines: &[String], zone: &Zone) -> Result<(Master, bool), Problem> {
    let time = |moment: &Moment| match moment {
        Moment::Day(day) => CalendarTime::Date(*day),
        Moment::At { instant, .. } => {
            CalendarTime::Local { local: zone.to_local(*instant, &Zone::Utc), zone: zone.clone() }
        }
    };
    let mut master = Master {
        instance: Instance { start: time(start), length: Length::Until(time(end)), facts: Facts::BUSY },
        rules: Vec::new(),
        exclusion_rules: Vec::new(),
        dates: Vec::new(),
        exclusions: Vec::new(),
    };
    let mut open = false;
    for line in lines {
        let (head, value) = line.split_once(':').ok_or_else(invalid_rule)?;
        let (name, parameters) = head.split_once(';').unwrap_or((head, ""));
        match name.to_ascii_uppercase().as_str() {
            "RRULE" => {
                let upper = value.to_ascii_uppercase();
                open |= !upper.contains("COUNT=") && !upper.contains("UNTIL=");
                master.rules.push(value.to_owned());
            }
            "EXRULE" => master.exclusion_rules.push(value.to_owned()),
            "RDATE" => {
                for start in listed(parameters, value, zone)? {
                    master.dates.push(ExtraDate { start, length: None });
                }
            }
            "EXDATE" => master.exclusions.extend(listed(parameters, value, zone)?),
            _ => return Err(invalid_rule()),
        }
    }
    Ok((master, open))
}

fn listed(parameters: &str, value: &str, zone: &Zone) -> Result<Vec<CalendarTime>, Problem> {
    let named = parameters
        .split(';')
        .find_map(|parameter| parameter.strip_prefix("TZID="))
        .map(|name| known(name).ok_or_else(invalid_rule))
        .transpose()?;
    let zone = named.as_ref().unwrap_or(zone);
    value
        .split(',')
        .map(|text| {
            if let Ok(day) = NaiveDate::parse_from_str(text, "%Y%m%d") {
                return Ok(CalendarTime::Date(day));
            }
            if let Ok(utc) = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%SZ") {
                return Ok(CalendarTime::Local { local: utc, zone: Zone::Utc });
            }
            let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| invalid_rule())?;
            Ok(CalendarTime::Local { local, zone: zone.clone() })
        })
        .collect()
}

fn invalid_rule() -> Problem {
    Problem::invalid("Invalid recurrence rule.")
}
