//! Times as the service writes them: a wall clock and the name of its zone, UTC when it does as we ask.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use starmesh_core::event::{CalendarTime, Instance, ItemProblem, Length};
use starmesh_core::time::EventTime;
use starmesh_core::zone::Zone;

use super::facts::facts;
use crate::wire::{EventRow, ZonedTime};

/// When one row happens.
pub(super) fn instance(row: &EventRow) -> Result<Instance, ItemProblem> {
    let (start, end) = match event_time(row)? {
        EventTime::Timed { start, end } => (CalendarTime::utc(start), CalendarTime::utc(end)),
        EventTime::AllDay { start, end } => (CalendarTime::Date(start), CalendarTime::Date(end)),
    };
    Ok(Instance { start, length: Length::Until(end), facts: facts(row) })
}

/// The span of one row.
pub(crate) fn event_time(row: &EventRow) -> Result<EventTime, ItemProblem> {
    let start = row.start.as_ref().ok_or(ItemProblem::NoStart)?;
    let end = row.end.as_ref().ok_or(ItemProblem::Malformed)?;
    if row.is_all_day == Some(true) {
        return Ok(EventTime::AllDay { start: day(start, row)?, end: day(end, row)? });
    }
    Ok(EventTime::Timed { start: instant(start)?, end: instant(end)? })
}

/// The date of a series that a row stands for; `all_day` says what kind of dates the series has.
pub(super) fn original(row: &EventRow, all_day: bool) -> Result<CalendarTime, ItemProblem> {
    let written = row.original_start.as_deref().filter(|text| !text.is_empty());
    let Some(written) = written else {
        // An occurrence that is as the rule makes it may leave it out: then it starts where it is.
        let start = row.start.as_ref().ok_or(ItemProblem::NoStart)?;
        return if all_day {
            day(start, row).map(CalendarTime::Date)
        } else {
            instant(start).map(CalendarTime::utc)
        };
    };
    let instant = parse(written).ok_or(ItemProblem::Malformed)?;
    if all_day { Ok(CalendarTime::Date(day_at(instant, row))) } else { Ok(CalendarTime::utc(instant)) }
}

/// An instant as the service takes it: its zone stands beside it.
pub(crate) fn zoneless(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%dT%H:%M:%S").to_string()
}

fn instant(time: &ZonedTime) -> Result<DateTime<Utc>, ItemProblem> {
    let text = time.date_time.as_deref().ok_or(ItemProblem::Malformed)?;
    if let Some(instant) = with_offset(text) {
        return Ok(instant);
    }
    let local = wall_clock(text).ok_or(ItemProblem::Malformed)?;
    // We ask for UTC: a zone that nobody knows is a name for it.
    let zone = time.time_zone.as_deref().and_then(Zone::resolve).unwrap_or(Zone::Utc);
    Ok(zone.to_utc(local, &Zone::Utc))
}

/// A day is its date wherever the reader is, so that the zone beside a midnight does not matter. A server
/// that moved the midnight to UTC is understood by the zone in which the event was made.
fn day(time: &ZonedTime, row: &EventRow) -> Result<NaiveDate, ItemProblem> {
    let text = time.date_time.as_deref().ok_or(ItemProblem::Malformed)?;
    let local = wall_clock(text.trim_end_matches('Z')).or_else(|| with_offset(text).map(|it| it.naive_utc()));
    let local = local.ok_or(ItemProblem::Malformed)?;
    if local.time() == NaiveTime::MIN {
        return Ok(local.date());
    }
    Ok(day_at(instant(time)?, row))
}

/// The day that starts at `instant` where the event was made; the nearest midnight where that is not known.
fn day_at(instant: DateTime<Utc>, row: &EventRow) -> NaiveDate {
    const HALF_A_DAY: TimeDelta = TimeDelta::hours(12);
    let utc = instant.naive_utc();
    if utc.time() == NaiveTime::MIN {
        return utc.date();
    }
    let zone = row.original_start_time_zone.as_deref().and_then(Zone::resolve);
    let local = zone.map(|zone| zone.to_local(instant, &Zone::Utc));
    match local.filter(|local| local.time() == NaiveTime::MIN) {
        Some(local) => local.date(),
        None => utc.checked_add_signed(HALF_A_DAY).unwrap_or(utc).date(),
    }
}

fn parse(text: &str) -> Option<DateTime<Utc>> {
    with_offset(text).or_else(|| wall_clock(text).map(|local| local.and_utc()))
}

fn with_offset(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.to_utc())
}

/// A wall clock with any number of digits behind the second, or a bare date.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let text = text.trim();
    NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f")
        .or_else(|_| NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M"))
        .or_else(|_| NaiveDate::parse_from_str(text, "%Y-%m-%d").map(|day| day.and_time(NaiveTime::MIN)))
        .ok()
}
