//! Time zones as calendars name them, and the one way from a wall clock to an instant.
//!
//! A wall-clock time that does not exist (a gap, when clocks go forward) is read with the offset in force
//! before the gap, and one that exists twice (an overlap) is its first reading: RFC 5545, section 3.3.5.

mod custom;
mod name;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, MappedLocalTime, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::{GapInfo, Tz};
use serde::{Deserialize, Serialize};

pub use custom::{CustomZone, Observance, ZoneProblem};

/// Where a wall clock hangs.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Zone {
    /// UTC.
    Utc,
    /// No zone: the wall clock of the reader, fixed per calendar.
    Floating,
    /// A zone of the IANA database.
    Named(Tz),
    /// The rules a file brought itself (VTIMEZONE).
    Custom(Arc<CustomZone>),
}

/// The first wall-clock time that is told apart: what lies before is read as this.
const EARLIEST: NaiveDateTime = match NaiveDate::from_ymd_opt(1, 1, 1) {
    Some(day) => day.and_time(chrono::NaiveTime::MIN),
    None => NaiveDateTime::MIN,
};

/// The last one, for the same purpose. iCalendar has four digits for a year.
const LATEST: NaiveDateTime = match NaiveDate::from_ymd_opt(9999, 12, 31) {
    Some(day) => day.and_time(chrono::NaiveTime::MIN),
    None => NaiveDateTime::MAX,
};

impl Zone {
    /// The zone that a TZID names; `None` when it names none that the world knows, and only the file's
    /// own VTIMEZONE can help.
    ///
    /// Understood are IANA names in any case, the names Windows uses (Unicode CLDR, territory 001), and
    /// either behind a vendor's path as in `/freeassociation.sourceforge.net/Europe/Berlin`.
    pub fn resolve(tzid: &str) -> Option<Self> {
        name::resolve(tzid)
    }

    /// The instant at which the wall clock shows `local`; `floating` stands in for [`Zone::Floating`].
    ///
    /// Years outside 1 to 9999 are read as the nearest inside.
    pub fn to_utc(&self, local: NaiveDateTime, floating: &Self) -> DateTime<Utc> {
        let local = local.clamp(EARLIEST, LATEST);
        match (self, floating) {
            (Self::Named(tz), _) | (Self::Floating, Self::Named(tz)) => named_to_utc(*tz, local),
            (Self::Custom(custom), _) | (Self::Floating, Self::Custom(custom)) => custom.to_utc(local),
            (Self::Utc, _) | (Self::Floating, Self::Utc | Self::Floating) => local.and_utc(),
        }
    }

    /// What the wall clock shows at `instant`; `floating` stands in for [`Zone::Floating`].
    pub fn to_local(&self, instant: DateTime<Utc>, floating: &Self) -> NaiveDateTime {
        let utc = instant.naive_utc().clamp(EARLIEST, LATEST);
        match (self, floating) {
            (Self::Named(tz), _) | (Self::Floating, Self::Named(tz)) => {
                shifted(utc, tz.offset_from_utc_datetime(&utc).fix().local_minus_utc())
            }
            (Self::Custom(custom), _) | (Self::Floating, Self::Custom(custom)) => {
                shifted(utc, custom.offset_at(utc.and_utc().timestamp()))
            }
            (Self::Utc, _) | (Self::Floating, Self::Utc | Self::Floating) => utc,
        }
    }
}

fn named_to_utc(tz: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    let offset = match tz.offset_from_local_datetime(&local) {
        MappedLocalTime::Single(offset) | MappedLocalTime::Ambiguous(offset, _) => offset.fix(),
        MappedLocalTime::None => offset_before_gap(tz, local),
    };
    shifted(local, -offset.local_minus_utc()).and_utc()
}

fn offset_before_gap(tz: Tz, local: NaiveDateTime) -> FixedOffset {
    GapInfo::new(&local, &tz)
        .and_then(|gap| gap.begin)
        // A gap without a beginning would need a zone whose first known moment lies in it; there is none.
        .map_or_else(|| tz.offset_from_utc_datetime(&local).fix(), |(_, offset)| offset.fix())
}

fn shifted(time: NaiveDateTime, seconds: i32) -> NaiveDateTime {
    // Cannot overflow: the time lies in the years 1 to 9999 and the offset is less than two days.
    time.checked_add_signed(chrono::TimeDelta::seconds(i64::from(seconds))).unwrap_or(time)
}
