//! Times as people write them, and as answers do.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use starmesh_core::zone::Zone;

/// What a person wrote: `08:00`, `2026-12-01`, `2026-12-01 08:00`, or RFC 3339.
pub(crate) enum When {
    /// A time of some day.
    Time(NaiveTime),
    /// A whole day.
    Day(NaiveDate),
    /// A moment.
    Moment(DateTime<Utc>),
}

impl When {
    /// Reads it on the clock of `zone`; `None` when it is no time.
    pub(crate) fn read(text: &str, zone: Tz) -> Option<Self> {
        let text = text.trim();
        if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M") {
            return Some(Self::Time(time));
        }
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::Day(day));
        }
        if let Ok(local) = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M") {
            return Some(Self::Moment(on_clock(zone, local)));
        }
        let moment = DateTime::parse_from_rfc3339(text).ok()?;
        Some(Self::Moment(moment.with_timezone(&Utc)))
    }
}

/// When the clock of `zone` shows `local`.
pub(crate) fn on_clock(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    Zone::Named(zone).to_utc(local, &Zone::Utc)
}

/// The day that the clock of `zone` is in at `now`.
pub(crate) fn today(zone: Tz, now: DateTime<Utc>) -> NaiveDate {
    Zone::Named(zone).to_local(now, &Zone::Utc).date()
}

/// RFC 3339 in UTC, to the second.
pub(crate) fn written(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
