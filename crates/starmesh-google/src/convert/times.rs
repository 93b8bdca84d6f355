//! Days and times.

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use starmesh_core::event::{CalendarTime, ItemProblem};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

use crate::wire::{EventRow, TimeRow};

/// A time as the API takes it.
pub(crate) fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// A start or an end. Google tells times with their offset; one without is read in the zone beside it.
pub(super) fn calendar_time(time: &TimeRow) -> Result<CalendarTime, ItemProblem> {
    if let Some(text) = &time.date_time {
        if let Ok(instant) = DateTime::parse_from_rfc3339(text) {
            return Ok(CalendarTime::utc(instant.to_utc()));
        }
        let local: NaiveDateTime = text.parse().map_err(|_| ItemProblem::Malformed)?;
        let zone = time.time_zone.as_deref().and_then(Zone::resolve).unwrap_or(Zone::Floating);
        return Ok(CalendarTime::Local { local, zone });
    }
    match &time.date {
        Some(text) => text.parse::<NaiveDate>().map(CalendarTime::Date).map_err(|_| ItemProblem::Malformed),
        None => Err(ItemProblem::NoStart),
    }
}

/// The span of two times; `None` where one is a day and the other is not, or hangs on no zone.
pub(super) fn event_time(start: &CalendarTime, end: &CalendarTime) -> Option<EventTime> {
    match (start, end) {
        (CalendarTime::Date(start), CalendarTime::Date(end)) => {
            Some(EventTime::AllDay { start: *start, end: *end })
        }
        (
            CalendarTime::Local { local: start, zone: start_zone },
            CalendarTime::Local { local: end, zone: end_zone },
        ) if *start_zone != Zone::Floating && *end_zone != Zone::Floating => Some(EventTime::Timed {
            start: start_zone.to_utc(*start, &Zone::Utc),
            end: end_zone.to_utc(*end, &Zone::Utc),
        }),
        _ => None,
    }
}

/// True unless a row is known to lie outside `range`: one that cannot be read is not let go of.
pub(crate) fn lies_in(row: &EventRow, range: &TimeRange) -> bool {
    let time = |time: &Option<TimeRow>| time.as_ref().and_then(|time| calendar_time(time).ok());
    let Some(start) = time(&row.start) else { return true };
    let end = time(&row.end).unwrap_or_else(|| start.clone());
    event_time(&start, &end).is_none_or(|time| range.contains(&time))
}

/// The original start in the id of an instance: `…_20261201T100000Z`, or `…_20261201` of whole days.
pub(super) fn original_start_in(id: &str) -> Option<CalendarTime> {
    let (_, start) = id.rsplit_once('_')?;
    if let Ok(local) = NaiveDateTime::parse_from_str(start, "%Y%m%dT%H%M%SZ") {
        return Some(CalendarTime::utc(local.and_utc()));
    }
    let is_day = start.len() == 8 && start.bytes().all(|byte| byte.is_ascii_digit());
    is_day.then(|| NaiveDate::parse_from_str(start, "%Y%m%d").ok().map(CalendarTime::Date)).flatten()
}
