//! How long an instance lasts, and when it therefore ends.

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc};

use crate::event::{CalendarTime, Instance, Length};
use crate::time::EventTime;
use crate::zone::Zone;

/// Where an occurrence starts.
#[derive(Clone, Copy)]
pub(super) enum Start<'a> {
    /// A whole day.
    Day(NaiveDate),
    /// A wall-clock time.
    Timed {
        /// What the clock shows.
        wall: NaiveDateTime,
        /// Where it hangs.
        zone: &'a Zone,
    },
}

/// The length of an instance, as it carries over to the other occurrences of its series.
#[derive(Clone, Copy)]
pub(super) enum Extent {
    /// Whole days, at least one.
    Days(i64),
    /// Days on the wall clock, then exact seconds; may be negative.
    Clock {
        /// Nominal days.
        days: i64,
        /// Exact seconds.
        seconds: i64,
    },
}

/// The longest length that is told apart, in days: all the years iCalendar can write.
const DAYS_MAX: i64 = 3_652_059;

const DAY_SECONDS: i64 = 24 * 3600;

/// The time of an event that happens once.
pub(super) fn time_of(instance: &Instance, floating: &Zone) -> EventTime {
    let start = match &instance.start {
        CalendarTime::Date(day) => Start::Day(*day),
        CalendarTime::Local { local, zone } => Start::Timed { wall: *local, zone },
    };
    Extent::of(&instance.start, &instance.length, floating).from(start, floating)
}

/// The instant of a calendar time; a day starts at midnight in `day_zone`.
pub(super) fn instant_of(time: &CalendarTime, day_zone: &Zone, floating: &Zone) -> DateTime<Utc> {
    match time {
        CalendarTime::Date(day) => day_zone.to_utc(day.and_time(NaiveTime::MIN), floating),
        CalendarTime::Local { local, zone } => zone.to_utc(*local, floating),
    }
}

/// The day that a calendar time means where only a day makes sense.
///
/// A wall-clock time means the day on its wall, UTC the day at the reader's place. Midnight UTC is the
/// exception: programs that have to write a day as an instant write that, wherever the reader is.
pub(super) fn day_of(time: &CalendarTime, floating: &Zone) -> NaiveDate {
    match time {
        CalendarTime::Date(day) => *day,
        CalendarTime::Local { local, zone: Zone::Utc } if local.time() != NaiveTime::MIN => {
            Zone::Floating.to_local(local.and_utc(), floating).date()
        }
        CalendarTime::Local { local, .. } => local.date(),
    }
}

impl Extent {
    /// The length of an instance that starts at `start`.
    ///
    /// DTEND of a timed instance fixes the exact seconds between the two instants, also for a series: "the
    /// same exact duration will apply to all the members" (RFC 5545, section 3.8.5.3). DURATION keeps its
    /// days nominal. A day that ends on itself or before is one day; a timed inversion is left as it is.
    pub(super) fn of(start: &CalendarTime, length: &Length, floating: &Zone) -> Self {
        match start {
            CalendarTime::Date(day) => Self::Days(match length {
                Length::Unstated => 1,
                Length::Duration { days, seconds } => whole_days(*days, *seconds),
                Length::Until(end) => {
                    let days = day_of(end, floating).signed_duration_since(*day).num_days();
                    let begun = matches!(end, CalendarTime::Local { local, zone }
                        if *zone != Zone::Utc && local.time().num_seconds_from_midnight() > 0);
                    (days + i64::from(begun)).clamp(1, DAYS_MAX)
                }
            }),
            CalendarTime::Local { local, zone } => match length {
                Length::Unstated => Self::Clock { days: 0, seconds: 0 },
                Length::Duration { days, seconds } => Self::Clock { days: *days, seconds: *seconds },
                Length::Until(end) => {
                    let exact = instant_of(end, zone, floating) - zone.to_utc(*local, floating);
                    Self::Clock { days: 0, seconds: exact.num_seconds() }
                }
            },
        }
    }

    /// The time of an occurrence of this length.
    pub(super) fn from(self, start: Start<'_>, floating: &Zone) -> EventTime {
        match start {
            Start::Day(start) => {
                let days = match self {
                    Self::Days(days) => days,
                    Self::Clock { days, seconds } => whole_days(days, seconds),
                };
                let end = start.checked_add_signed(delta(days, 0)).unwrap_or(NaiveDate::MAX);
                EventTime::AllDay { start, end }
            }
            Start::Timed { wall, zone } => {
                let (days, seconds) = match self {
                    Self::Days(days) => (days, 0),
                    Self::Clock { days, seconds } => (days, seconds),
                };
                let start = zone.to_utc(wall, floating);
                let nominal = match wall.checked_add_signed(delta(days, 0)) {
                    Some(wall) if days != 0 => zone.to_utc(wall, floating),
                    _ => start,
                };
                let end = nominal.checked_add_signed(delta(0, seconds)).unwrap_or(nominal);
                EventTime::Timed { start, end }
            }
        }
    }

    /// At most this much time lies between start and end; never negative.
    pub(super) fn reach(self) -> TimeDelta {
        let (days, seconds) = match self {
            Self::Days(days) => (days, 0),
            Self::Clock { days, seconds } => (days, seconds),
        };
        // Days of the wall clock may be longer than 24 hours; the caller's margin covers that.
        (delta(days, 0) + delta(0, seconds)).max(TimeDelta::zero())
    }
}

fn whole_days(days: i64, seconds: i64) -> i64 {
    let begun = i64::from(seconds.rem_euclid(DAY_SECONDS) > 0);
    days.saturating_add(seconds.div_euclid(DAY_SECONDS)).saturating_add(begun).clamp(1, DAYS_MAX)
}

/// A delta of at most [`DAYS_MAX`] days and as many days' worth of seconds, either way.
fn delta(days: i64, seconds: i64) -> TimeDelta {
    let seconds_max = DAYS_MAX * DAY_SECONDS;
    TimeDelta::days(days.clamp(-DAYS_MAX, DAYS_MAX))
        + TimeDelta::seconds(seconds.clamp(-seconds_max, seconds_max))
}
