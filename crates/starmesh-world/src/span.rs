//! The world's own arithmetic of time. It shares nothing with the core's: the point of an oracle is that it
//! does not repeat the mistakes of what it judges.

use chrono::{DateTime, NaiveDateTime, Utc};
use starmesh_core::time::EventTime;

/// Seconds of a day.
pub(crate) const DAY: i64 = 86_400;
/// Seconds of an hour.
pub(crate) const HOUR: i64 = 3_600;

/// A span of time in seconds since the epoch; whole days start at midnight UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Span {
    /// True for whole days.
    pub all_day: bool,
    /// First second.
    pub start: i64,
    /// First second after it.
    pub end: i64,
}

impl Span {
    /// The span of a mirror's time.
    pub(crate) fn of(time: &EventTime) -> Self {
        Self { all_day: time.is_all_day(), start: time.start().timestamp(), end: time.end().timestamp() }
    }

    /// The span as the port writes it.
    pub(crate) fn to_time(self) -> EventTime {
        if self.all_day {
            EventTime::AllDay { start: instant(self.start).date_naive(), end: instant(self.end).date_naive() }
        } else {
            EventTime::Timed { start: instant(self.start), end: instant(self.end) }
        }
    }
}

/// Where mirrors are placed, in seconds since the epoch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Reach {
    /// Midnight UTC of yesterday.
    pub lo: i64,
    /// Midnight UTC of the last day.
    pub hi: i64,
}

impl Reach {
    /// The window of `days` days around `now`.
    pub(crate) fn around(now: i64, days: i64) -> Self {
        let today = now.div_euclid(DAY) * DAY;
        Self { lo: today - DAY, hi: today + days * DAY }
    }

    /// True when any part of `span` is inside.
    pub(crate) fn meets(&self, span: &Span) -> bool {
        span.end > self.lo && span.start < self.hi
    }
}

/// The wall on which a clock hangs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Wall {
    /// No daylight saving.
    Utc,
    /// Central European time.
    Berlin,
    /// Wherever its calendar is.
    Floating,
}

impl Wall {
    /// The instant at which this wall's clock shows `local`; `home` is the wall of the calendar.
    pub(crate) fn to_utc(self, local: i64, home: Wall) -> i64 {
        match self {
            Self::Utc => local,
            Self::Floating if home == Self::Floating => local,
            Self::Floating => home.to_utc(local, home),
            // Summer first: of a time that happens twice the first is meant. A time that is skipped is
            // read with the offset before the gap.
            Self::Berlin if is_summer(local - 2 * HOUR) => local - 2 * HOUR,
            Self::Berlin => local - HOUR,
        }
    }
}

/// True when central Europe is on summer time: from the last Sunday of March, 01:00 UTC, to the last one of
/// October, 01:00 UTC.
fn is_summer(utc: i64) -> bool {
    let year = year_of(utc);
    utc >= last_sunday(year, 3) + HOUR && utc < last_sunday(year, 10) + HOUR
}

fn year_of(utc: i64) -> i64 {
    let mut year = 1970 + utc / (366 * DAY);
    while day_number(year + 1, 1, 1) * DAY <= utc {
        year += 1;
    }
    year
}

/// Midnight of the last Sunday of a month of 31 days.
fn last_sunday(year: i64, month: i64) -> i64 {
    let last = day_number(year, month, 31);
    // Day 0 was a Thursday, so that day 3 was a Sunday.
    (last - (last - 3).rem_euclid(7)) * DAY
}

/// Days since the epoch, by counting leap years.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    const BEFORE_MONTH: [i64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let before = year - 1;
    let leaps = before / 4 - before / 100 + before / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let month_index = usize::try_from(month - 1).unwrap_or(0);
    (year - 1970) * 365 + leaps + BEFORE_MONTH[month_index] + i64::from(is_leap && month > 2) + day - 1
}

/// An instant from seconds; the epoch when out of range, which no world reaches.
pub(crate) fn instant(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}

/// What a clock shows that reads `seconds`.
pub(crate) fn wall_clock(seconds: i64) -> NaiveDateTime {
    instant(seconds).naive_utc()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;
    use chrono_tz::Europe::Berlin;

    #[test]
    fn our_own_arithmetic_agrees_with_the_zone_database_for_eight_years() {
        let start = Utc.with_ymd_and_hms(2024, 1, 1, 0, 0, 0).unwrap().timestamp();
        for hours in 0..(8 * 365 * 24) {
            let utc = start + hours * HOUR;
            let local = instant(utc).with_timezone(&Berlin).naive_local();
            let first = Berlin.from_local_datetime(&local).earliest().unwrap().timestamp();
            assert_eq!(Wall::Berlin.to_utc(local.and_utc().timestamp(), Wall::Utc), first, "{local}");
        }
    }

    #[test]
    fn a_skipped_time_is_read_with_the_offset_before_the_gap() {
        let local = Utc.with_ymd_and_hms(2026, 3, 29, 2, 30, 0).unwrap().timestamp();
        let expected = Utc.with_ymd_and_hms(2026, 3, 29, 1, 30, 0).unwrap().timestamp();
        assert_eq!(Wall::Berlin.to_utc(local, Wall::Utc), expected);
    }

    #[test]
    fn touching_an_edge_of_the_window_is_outside() {
        let reach = Reach::around(100 * DAY + 5, 30);
        assert_eq!((reach.lo, reach.hi), (99 * DAY, 130 * DAY));
        let span = |start, end| Span { all_day: false, start, end };
        assert!(!reach.meets(&span(98 * DAY, 99 * DAY)));
        assert!(reach.meets(&span(98 * DAY, 99 * DAY + 1)));
        assert!(reach.meets(&span(130 * DAY - 1, 131 * DAY)));
        assert!(!reach.meets(&span(130 * DAY, 131 * DAY)));
    }
}
