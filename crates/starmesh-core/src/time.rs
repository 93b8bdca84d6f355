//! Spans of time as a calendar knows them, and the window in which mirrors are placed.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// When an occurrence happens, on the world's clock.
///
/// Not validated: a calendar may hold an event that ends before it starts, and policy names it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub enum EventTime {
    /// From one instant to another.
    Timed {
        /// First instant.
        start: DateTime<Utc>,
        /// First instant after it.
        end: DateTime<Utc>,
    },
    /// Whole days, wherever the reader is.
    AllDay {
        /// First day.
        start: NaiveDate,
        /// First day after it.
        end: NaiveDate,
    },
}

impl EventTime {
    /// The first instant; a day starts at midnight UTC here.
    pub fn start(&self) -> DateTime<Utc> {
        match *self {
            Self::Timed { start, .. } => start,
            Self::AllDay { start, .. } => midnight(start),
        }
    }

    /// The first instant after it.
    pub fn end(&self) -> DateTime<Utc> {
        match *self {
            Self::Timed { end, .. } => end,
            Self::AllDay { end, .. } => midnight(end),
        }
    }

    /// How long it lasts; negative when it ends before it starts.
    pub fn length(&self) -> TimeDelta {
        self.end() - self.start()
    }

    /// True for whole days.
    pub fn is_all_day(&self) -> bool {
        matches!(self, Self::AllDay { .. })
    }
}

/// A half-open range of instants.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug)]
pub struct TimeRange {
    /// First instant.
    pub lo: DateTime<Utc>,
    /// First instant after it.
    pub hi: DateTime<Utc>,
}

impl TimeRange {
    /// An occurrence is inside when `end > lo` and `start < hi`: touching an edge is outside.
    pub fn contains(&self, time: &EventTime) -> bool {
        time.end() > self.lo && time.start() < self.hi
    }
}

/// The rolling window in which mirrors are placed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, Debug)]
pub struct Window {
    /// From midnight UTC of yesterday to midnight UTC of day T + `days`.
    pub range: TimeRange,
}

impl Window {
    /// Days ahead unless set otherwise.
    pub const DAYS_DEFAULT: u16 = 180;
    /// The fewest days ahead that can be set.
    pub const DAYS_MIN: u16 = 30;
    /// The most days ahead that can be set.
    pub const DAYS_MAX: u16 = 730;

    /// The window around `now`.
    pub fn around(now: DateTime<Utc>, days: u16) -> Self {
        let today = now.date_naive();
        let lo = today.checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
        let hi = today.checked_add_days(Days::new(u64::from(days))).unwrap_or(NaiveDate::MAX);
        Self { range: TimeRange { lo: midnight(lo), hi: midnight(hi) } }
    }

    /// See [`TimeRange::contains`].
    pub fn contains(&self, time: &EventTime) -> bool {
        self.range.contains(time)
    }
}

/// Midnight UTC at which `day` starts.
pub fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}
