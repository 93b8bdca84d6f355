//! Dates, times and lengths.

use calcard::common::PartialDateTime;
use calcard::icalendar::{
    ICalendarDuration, ICalendarEntry, ICalendarParameterName, ICalendarPeriod, ICalendarValue,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use starmesh_core::event::{CalendarTime, ExtraDate, ItemProblem, Length};
use starmesh_core::zone::Zone;

use crate::zones::FileZones;

/// The one time of a property like DTSTART.
pub(super) fn single_time(entry: &ICalendarEntry, zones: &FileZones) -> Result<CalendarTime, ItemProblem> {
    match entry.values.first() {
        Some(ICalendarValue::PartialDateTime(time)) => calendar_time(time, tzid(entry), zones),
        _ => Err(ItemProblem::Malformed),
    }
}

/// The times of a property like EXDATE. An empty one has none.
pub(super) fn all_times(entry: &ICalendarEntry, zones: &FileZones) -> Result<Vec<CalendarTime>, ItemProblem> {
    let times = entry.values.iter().filter(|value| !is_blank(value)).map(|value| match value {
        ICalendarValue::PartialDateTime(time) => calendar_time(time, tzid(entry), zones),
        _ => Err(ItemProblem::Malformed),
    });
    times.collect()
}

/// The values of an RDATE.
pub(super) fn extra_dates(entry: &ICalendarEntry, zones: &FileZones) -> Result<Vec<ExtraDate>, ItemProblem> {
    let tzid = tzid(entry);
    let dates = entry.values.iter().filter(|value| !is_blank(value)).map(|value| match value {
        ICalendarValue::PartialDateTime(time) => {
            Ok(ExtraDate { start: calendar_time(time, tzid, zones)?, length: None })
        }
        ICalendarValue::Period(ICalendarPeriod::Range { start, end }) => Ok(ExtraDate {
            start: calendar_time(start, tzid, zones)?,
            length: Some(Length::Until(calendar_time(end, tzid, zones)?)),
        }),
        ICalendarValue::Period(ICalendarPeriod::Duration { start, duration: span }) => {
            Ok(ExtraDate { start: calendar_time(start, tzid, zones)?, length: Some(duration(span)) })
        }
        _ => Err(ItemProblem::Malformed),
    });
    dates.collect()
}

/// A DURATION: weeks and days are nominal, the rest exact.
pub(super) fn duration(span: &ICalendarDuration) -> Length {
    let sign = if span.neg { -1 } else { 1 };
    let days = i64::from(span.weeks) * 7 + i64::from(span.days);
    let seconds = i64::from(span.hours) * 3600 + i64::from(span.minutes) * 60 + i64::from(span.seconds);
    Length::Duration { days: sign * days, seconds: sign * seconds }
}

/// The instant of a DTSTAMP; a stamp without a zone is read as UTC, which it has to be.
pub(super) fn stamp(entry: &ICalendarEntry) -> Option<DateTime<Utc>> {
    match entry.values.first()? {
        ICalendarValue::PartialDateTime(time) => {
            let local = naive_date_time(time)?;
            Some((local - offset(time).unwrap_or_default()).and_utc())
        }
        _ => None,
    }
}

/// What the wall clock shows in `time`; midnight for a date.
pub(crate) fn naive_date_time(time: &PartialDateTime) -> Option<NaiveDateTime> {
    let date = naive_date(time)?;
    let clock = match (time.hour, time.minute) {
        (Some(hour), Some(minute)) => {
            // A leap second is legal (RFC 5545, section 3.3.12) and counts as the one before it.
            let second = time.second.unwrap_or(0).min(59);
            NaiveTime::from_hms_opt(hour.into(), minute.into(), second.into())?
        }
        _ => NaiveTime::MIN,
    };
    Some(date.and_time(clock))
}

fn calendar_time(
    time: &PartialDateTime,
    tzid: Option<&str>,
    zones: &FileZones,
) -> Result<CalendarTime, ItemProblem> {
    if !time.has_time() {
        return naive_date(time).map(CalendarTime::Date).ok_or(ItemProblem::Malformed);
    }
    let local = naive_date_time(time).ok_or(ItemProblem::Malformed)?;
    if let Some(offset) = offset(time) {
        return Ok(CalendarTime::Local { local: local - offset, zone: Zone::Utc });
    }
    let zone = tzid.map_or(Zone::Floating, |tzid| zones.zone(tzid));
    Ok(CalendarTime::Local { local, zone })
}

fn naive_date(time: &PartialDateTime) -> Option<NaiveDate> {
    NaiveDate::from_ymd_opt(time.year?.into(), time.month?.into(), time.day?.into())
}

/// The offset from UTC that a time states itself; `Z` is zero.
fn offset(time: &PartialDateTime) -> Option<TimeDelta> {
    let minutes = i64::from(time.tz_hour?) * 60 + i64::from(time.tz_minute.unwrap_or(0));
    Some(TimeDelta::minutes(if time.tz_minus { -minutes } else { minutes }))
}

fn tzid(entry: &ICalendarEntry) -> Option<&str> {
    entry.parameter(&ICalendarParameterName::Tzid)?.as_text().map(str::trim).filter(|tzid| !tzid.is_empty())
}

fn is_blank(value: &ICalendarValue) -> bool {
    matches!(value, ICalendarValue::Text(text) if text.trim().is_empty())
}
