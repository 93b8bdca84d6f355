//! Working hours: outside them nothing is mirrored.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::time::EventTime;
use crate::zone::Zone;

/// The times of a week in which a person works, on the clock of a zone.
///
/// Written `Mon-Thu 09:00-17:30, Fri 09:00-14:00 Europe/Berlin`. A shift that ends at or before its start ends
/// on the next day; one from `00:00` to `24:00` is a whole day.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(try_from = "String", into = "String")]
pub struct WorkingHours {
    shifts: Vec<Shift>,
    zone: Tz,
}

/// The same hours on some days of the week.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Shift {
    /// First and last day; a span may go over Sunday.
    days: (Weekday, Weekday),
    from: NaiveTime,
    to: NaiveTime,
}

/// The most shifts that working hours can have: three for each day of the week.
pub const SHIFTS_MAX: usize = 21;

/// What is at least this long meets every shift of a week, and the eve of one that goes over midnight.
const WEEK: TimeDelta = TimeDelta::days(9);

impl WorkingHours {
    /// True when some of `time` lies in a shift. A whole day does when it is the day of one.
    pub fn touches(&self, time: &EventTime) -> bool {
        if time.length() >= WEEK {
            return true;
        }
        match *time {
            EventTime::AllDay { start, end } => {
                days(start, end).any(|day| self.shifts.iter().any(|shift| shift.is_on(day.weekday())))
            }
            EventTime::Timed { start, end } => {
                let zone = Zone::Named(self.zone);
                let local = |instant| zone.to_local(instant, &Zone::Utc).date();
                let eve = local(start).checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN);
                let after = local(end).checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX);
                days(eve, after).any(|day| {
                    let mut spans = self.shifts.iter().filter_map(|shift| shift.span(day, &zone));
                    spans.any(|(from, to)| start < to && end > from)
                })
            }
        }
    }
}

/// The days from `start` to before `end`.
fn days(start: NaiveDate, end: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    start.iter_days().take_while(move |day| *day < end)
}

impl Shift {
    fn is_on(&self, day: Weekday) -> bool {
        let (first, last) = self.days;
        day.days_since(first) <= last.days_since(first)
    }

    /// From when to when it goes, where it begins on `day`.
    fn span(&self, day: NaiveDate, zone: &Zone) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        if !self.is_on(day.weekday()) {
            return None;
        }
        let last = if self.to <= self.from { day.succ_opt()? } else { day };
        let instant = |day: NaiveDate, time| zone.to_utc(day.and_time(time), &Zone::Utc);
        Some((instant(day, self.from), instant(last, self.to)))
    }
}

/// Why a text is no working hours.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HoursProblem {
    /// No zone at the end, or none that is known.
    #[error("working hours end with an IANA zone such as Europe/Berlin")]
    Zone,
    /// A day that is none.
    #[error("“{0}” is no day of the week: they are Mon, Tue, Wed, Thu, Fri, Sat and Sun")]
    Day(String),
    /// A time that is none.
    #[error("“{0}” is no time of day such as 09:00")]
    Time(String),
    /// Something that is no shift.
    #[error("“{0}” is no shift such as Mon-Fri 09:00-17:00")]
    Shift(String),
    /// Too many of them.
    #[error("working hours have at most {SHIFTS_MAX} shifts")]
    TooMany,
}

impl FromStr for WorkingHours {
    type Err = HoursProblem;

    fn from_str(text: &str) -> Result<Self, HoursProblem> {
        let (shifts, zone) = text.trim().rsplit_once(char::is_whitespace).ok_or(HoursProblem::Zone)?;
        let zone = zone.parse().map_err(|_| HoursProblem::Zone)?;
        let shifts = shifts.split(',').map(|shift| shift.trim().parse()).collect::<Result<Vec<_>, _>>()?;
        if shifts.len() > SHIFTS_MAX {
            return Err(HoursProblem::TooMany);
        }
        Ok(Self { shifts, zone })
    }
}

impl FromStr for Shift {
    type Err = HoursProblem;

    fn from_str(text: &str) -> Result<Self, HoursProblem> {
        let broken = || HoursProblem::Shift(text.to_owned());
        let (days, hours) = text.split_once(char::is_whitespace).ok_or_else(broken)?;
        let (from, to) = hours.trim().split_once('-').ok_or_else(broken)?;
        let (first, last) = days.split_once('-').unwrap_or((days, days));
        Ok(Self { days: (day(first)?, day(last)?), from: time(from)?, to: time(to)? })
    }
}

fn day(text: &str) -> Result<Weekday, HoursProblem> {
    text.trim().parse().map_err(|_| HoursProblem::Day(text.to_owned()))
}

fn time(text: &str) -> Result<NaiveTime, HoursProblem> {
    let text = text.trim();
    // The end of a day is the start of the next.
    let text_or_midnight = if text == "24:00" { "00:00" } else { text };
    NaiveTime::parse_from_str(text_or_midnight, "%H:%M").map_err(|_| HoursProblem::Time(text.to_owned()))
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, last) = self.days;
        if first == last {
            write!(f, "{first}")?;
        } else {
            write!(f, "{first}-{last}")?;
        }
        let to =
            if self.to == NaiveTime::MIN { "24:00".to_owned() } else { self.to.format("%H:%M").to_string() };
        write!(f, " {}-{to}", self.from.format("%H:%M"))
    }
}

impl fmt::Display for WorkingHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shifts: Vec<String> = self.shifts.iter().map(ToString::to_string).collect();
        write!(f, "{} {}", shifts.join(", "), self.zone.name())
    }
}

impl TryFrom<String> for WorkingHours {
    type Error = HoursProblem;

    fn try_from(text: String) -> Result<Self, HoursProblem> {
        text.parse()
    }
}

impl From<WorkingHours> for String {
    fn from(hours: WorkingHours) -> Self {
        hours.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn hours(text: &str) -> WorkingHours {
        text.parse().unwrap()
    }

    /// In UTC, on a day of December 2026; the 1st is a Tuesday.
    fn timed(day: u32, from: (u32, u32), to: (u32, u32)) -> EventTime {
        let at = |(hour, minute)| Utc.with_ymd_and_hms(2026, 12, day, hour, minute, 0).unwrap();
        EventTime::Timed { start: at(from), end: at(to) }
    }

    fn whole(from: u32, to: u32) -> EventTime {
        let day = |day| NaiveDate::from_ymd_opt(2026, 12, day).unwrap();
        EventTime::AllDay { start: day(from), end: day(to) }
    }

    #[test]
    fn what_touches_a_shift_counts_and_what_meets_its_edge_does_not() {
        let office = hours("Mon-Fri 09:00-17:00 Europe/Berlin");
        for (time, touched) in [
            (timed(1, (8, 0), (9, 0)), true),
            (timed(1, (6, 0), (8, 0)), false),
            (timed(1, (7, 0), (8, 1)), true),
            (timed(1, (16, 0), (18, 0)), false),
            (timed(1, (15, 59), (18, 0)), true),
            (timed(5, (9, 0), (10, 0)), false),
            (timed(1, (0, 0), (23, 0)), true),
            (whole(5, 7), false),
            (whole(5, 8), true),
            (whole(1, 30), true),
        ] {
            assert_eq!(office.touches(&time), touched, "{time:?}");
        }
    }

    #[test]
    fn a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() {
        let nights = hours("Fri 22:00-06:00 UTC");
        assert!(nights.touches(&timed(5, (5, 0), (5, 30))), "the morning after");
        assert!(!nights.touches(&timed(4, (5, 0), (5, 30))), "the morning before");
        assert!(nights.touches(&timed(4, (23, 0), (23, 30))));
    }

    #[test]
    fn a_span_of_days_may_go_over_sunday_and_a_day_may_be_whole() {
        let weekend = hours("Sat-Mon 00:00-24:00 UTC");
        assert!(weekend.touches(&timed(6, (3, 0), (4, 0))) && weekend.touches(&timed(7, (23, 0), (23, 59))));
        assert!(!weekend.touches(&timed(8, (0, 0), (1, 0))));
    }

    #[test]
    fn hours_are_written_as_they_are_read() {
        for text in [
            "Mon-Thu 09:00-17:30, Fri 09:00-14:00 Europe/Berlin",
            "Sat 00:00-24:00 UTC",
            "Sun 22:00-06:00 UTC",
        ] {
            assert_eq!(hours(text).to_string(), text);
        }
        assert_eq!(hours(" mon-fri 9:00 - 17:00   UTC ").to_string(), "Mon-Fri 09:00-17:00 UTC");
    }

    #[test]
    fn what_is_wrong_is_named() {
        let parsed = |text: &str| text.parse::<WorkingHours>().unwrap_err();
        assert_eq!(parsed("Mon-Fri 09:00-17:00"), HoursProblem::Zone);
        assert_eq!(parsed("Mon-Fri 09:00-17:00 Mars/Base"), HoursProblem::Zone);
        assert_eq!(parsed("Mo-Fri 09:00-17:00 UTC"), HoursProblem::Day("Mo".to_owned()));
        assert_eq!(parsed("Mon 25:00-26:00 UTC"), HoursProblem::Time("25:00".to_owned()));
        assert_eq!(parsed("Mon, UTC"), HoursProblem::Shift("Mon".to_owned()));
        let many = vec!["Mon 09:00-10:00"; SHIFTS_MAX + 1].join(",");
        assert_eq!(parsed(&format!("{many} UTC")), HoursProblem::TooMany);
    }
}
