//! A rule, the class it belongs to, what is asked about it, and what is made of it here.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta, Timelike, Utc};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Master, Recurrence, RecurrenceSet};
use starmesh_core::recurrence::expand;
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;

use crate::FORMAT;
use crate::oracle::Question;

const WEEKDAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

/// How dateutil's reading of a rule differs from ours.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Class {
    /// Not at all.
    Same,
    /// A yearly rule that names weeks but no days: the RFC takes the weekday from DTSTART, dateutil all seven.
    /// It is asked for that weekday.
    WeeksWithoutDay,
    /// BYDAY with numbered and plain days: the RFC unites them, dateutil intersects. It is asked for each kind.
    NumberedAndPlainDays,
    /// BYSETPOS in weeks: dateutil cuts the first week at DTSTART before it counts places. It is asked from
    /// the start of that week.
    PlacesInFirstWeek,
    /// Weeks counted from the end that reach the first week of the next year: dateutil does not look there.
    /// What it finds we find, and what we find more is in the last days of December.
    WeekOneFromTheEnd,
    /// BYHOUR, BYMINUTE or BYSECOND that the interval never meets: dateutil refuses, here it is empty.
    NeverMet,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Frequency {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// A random rule with everything needed to ask about it.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) start: NaiveDateTime,
    pub(crate) whole_day: bool,
    pub(crate) zone: Option<&'static str>,
    pub(crate) frequency: Frequency,
    pub(crate) interval: u32,
    pub(crate) week_start: Option<usize>,
    pub(crate) months: Vec<i32>,
    pub(crate) weeks: Vec<i32>,
    pub(crate) year_days: Vec<i32>,
    pub(crate) month_days: Vec<i32>,
    pub(crate) plain_days: Vec<usize>,
    pub(crate) numbered_days: Vec<(i32, usize)>,
    pub(crate) hours: Vec<i32>,
    pub(crate) minutes: Vec<i32>,
    pub(crate) seconds: Vec<i32>,
    pub(crate) places: Vec<i32>,
    pub(crate) count: Option<u32>,
    pub(crate) until: Option<Until>,
    pub(crate) lo: NaiveDateTime,
    pub(crate) hi: NaiveDateTime,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Until {
    Day(NaiveDate),
    Wall(NaiveDateTime),
    Utc(NaiveDateTime),
}

impl Case {
    pub(crate) fn class(&self) -> Class {
        let no_day = self.plain_days.is_empty()
            && self.numbered_days.is_empty()
            && self.month_days.is_empty()
            && self.year_days.is_empty();
        if self.never_met() {
            Class::NeverMet
        } else if self.frequency == Frequency::Weekly && !self.places.is_empty() {
            Class::PlacesInFirstWeek
        } else if !self.plain_days.is_empty() && !self.numbered_days.is_empty() {
            Class::NumberedAndPlainDays
        } else if self.frequency == Frequency::Yearly && !self.weeks.is_empty() && no_day {
            Class::WeeksWithoutDay
        } else if self.reaches_week_one() {
            Class::WeekOneFromTheEnd
        } else {
            Class::Same
        }
    }

    /// See [`Class::WeekOneFromTheEnd`]; it may come together with another class.
    pub(crate) fn reaches_week_one(&self) -> bool {
        self.weeks.iter().any(|&week| week <= -52)
    }

    /// True when the interval steps over every hour, minute or second that is asked for.
    fn never_met(&self) -> bool {
        let (asked, start, base) = match self.frequency {
            Frequency::Hourly => (&self.hours, self.start.hour(), 24),
            Frequency::Minutely => (&self.minutes, self.start.minute(), 60),
            Frequency::Secondly => (&self.seconds, self.start.second(), 60),
            _ => return false,
        };
        let step = i32::try_from(greatest_common_divisor(self.interval, base)).unwrap();
        let start = i32::try_from(start).unwrap();
        !asked.is_empty() && asked.iter().all(|value| (value - start) % step != 0)
    }

    /// The rule as a file would have it.
    pub(crate) fn text(&self) -> String {
        let mut parts = vec![self.parts(&self.plain_days, &self.numbered_days)];
        parts.extend(self.count.map(|count| format!("COUNT={count}")));
        parts.extend(self.until.map(|until| match until {
            Until::Day(day) => format!("UNTIL={}", day.format("%Y%m%d")),
            Until::Wall(wall) => format!("UNTIL={}", wall.format(FORMAT)),
            Until::Utc(utc) => format!("UNTIL={}Z", utc.format(FORMAT)),
        }));
        parts.join(";")
    }

    /// The rule without an end, and with these days for BYDAY.
    fn parts(&self, plain_days: &[usize], numbered_days: &[(i32, usize)]) -> String {
        let mut parts = vec![format!("FREQ={:?}", self.frequency).to_uppercase()];
        if self.interval > 1 {
            parts.push(format!("INTERVAL={}", self.interval));
        }
        parts.extend(self.week_start.map(|day| format!("WKST={}", WEEKDAYS[day])));
        let numbered = numbered_days.iter().map(|(number, day)| format!("{number}{}", WEEKDAYS[*day]));
        let plain = plain_days.iter().map(|day| WEEKDAYS[*day].to_owned());
        let days: Vec<String> = numbered.chain(plain).collect();
        let shown = |numbers: &[i32]| numbers.iter().map(ToString::to_string).collect::<Vec<_>>();
        for (name, items) in [
            ("BYDAY", days),
            ("BYMONTH", shown(&self.months)),
            ("BYWEEKNO", shown(&self.weeks)),
            ("BYYEARDAY", shown(&self.year_days)),
            ("BYMONTHDAY", shown(&self.month_days)),
            ("BYHOUR", shown(&self.hours)),
            ("BYMINUTE", shown(&self.minutes)),
            ("BYSECOND", shown(&self.seconds)),
            ("BYSETPOS", shown(&self.places)),
        ] {
            if !items.is_empty() {
                parts.push(format!("{name}={}", items.join(",")));
            }
        }
        parts.join(";")
    }

    /// The question whose answer is the RFC's reading of the rule.
    pub(crate) fn question(&self) -> Question {
        let weekday = self.start.weekday().num_days_from_monday() as usize;
        let mut anchor = self.start;
        let mut count = self.count;
        let counted = self.count.map_or_else(String::new, |count| format!(";COUNT={count}"));
        let no_day = self.plain_days.is_empty() && self.month_days.is_empty() && self.year_days.is_empty();
        let rules = match self.class() {
            Class::WeeksWithoutDay => vec![self.parts(&[weekday], &[]) + &counted],
            Class::NumberedAndPlainDays => {
                vec![self.parts(&self.plain_days, &[]), self.parts(&[], &self.numbered_days)]
            }
            Class::PlacesInFirstWeek => {
                let into_week = (weekday + 7 - self.week_start.unwrap_or(0)) % 7;
                anchor = self.start - TimeDelta::days(i64::try_from(into_week).unwrap());
                let own_day = no_day && self.weeks.is_empty();
                let days = if own_day { vec![weekday] } else { self.plain_days.clone() };
                vec![self.parts(&days, &[])]
            }
            Class::Same | Class::WeekOneFromTheEnd | Class::NeverMet => {
                count = None;
                vec![self.parts(&self.plain_days, &self.numbered_days) + &counted]
            }
        };
        let shown = |time: NaiveDateTime| time.format(FORMAT).to_string();
        let (until_wall, until_utc) = match self.until {
            Some(Until::Day(day)) => (day.and_hms_opt(23, 59, 59).map(shown), None),
            Some(Until::Wall(wall)) => (Some(shown(wall)), None),
            Some(Until::Utc(utc)) => (None, Some(shown(utc))),
            None => (None, None),
        };
        Question {
            anchor: shown(anchor),
            start: shown(self.start),
            rules,
            count: if self.class() == Class::WeeksWithoutDay { None } else { count },
            zone: self.zone,
            until_wall,
            until_utc,
            lo: shown(self.lo),
            hi: shown(self.hi),
        }
    }

    pub(crate) fn zone(&self) -> Zone {
        self.zone.map_or(Zone::Utc, |name| Zone::resolve(name).unwrap())
    }

    /// What we make of the rule: the starts strictly inside the range.
    pub(crate) fn found(&self) -> Vec<String> {
        let start = if self.whole_day {
            CalendarTime::Date(self.start.date())
        } else {
            CalendarTime::Local { local: self.start, zone: self.zone() }
        };
        let master = Master {
            instance: Instance { start, length: Length::Unstated, facts: Facts::BUSY },
            rules: vec![self.text()],
            exclusion_rules: vec![],
            dates: vec![],
            exclusions: vec![],
        };
        let set = Recurrence::Set(RecurrenceSet { master: Some(master), overrides: vec![] });
        let range = TimeRange { lo: self.lo.and_utc(), hi: self.hi.and_utc() };
        let occurrences =
            expand(&set, &range, &Zone::Utc).unwrap_or_else(|problem| panic!("{problem:?}: {self:?}"));
        assert!(
            occurrences
                .iter()
                .all(|occurrence| { matches!(occurrence.time, EventTime::AllDay { .. }) == self.whole_day })
        );
        let starts = occurrences.iter().map(|occurrence| occurrence.time.start());
        starts.filter(|&start| self.lo.and_utc() < start).map(shown_instant).collect()
    }

    /// DTSTART, when it counts and lies in the range.
    pub(crate) fn start_in_range(&self) -> Option<String> {
        let start = self.zone().to_utc(self.start, &Zone::Utc);
        let alive = match self.until {
            Some(Until::Day(day)) => self.start.date() <= day,
            Some(Until::Wall(wall)) => self.start <= wall,
            Some(Until::Utc(utc)) => start <= utc.and_utc(),
            None => true,
        };
        let inside = self.lo.and_utc() < start && start < self.hi.and_utc();
        (alive && inside).then(|| shown_instant(start))
    }

    /// True when an instant, as answered, lies on one of the last three days of the year on our wall.
    pub(crate) fn is_last_days_of_december(&self, instant: &str) -> bool {
        let instant = NaiveDateTime::parse_from_str(instant, FORMAT).unwrap().and_utc();
        let day = self.zone().to_local(instant, &Zone::Utc).date();
        day.month() == 12 && day.day() >= 29
    }
}

fn shown_instant(instant: DateTime<Utc>) -> String {
    instant.format(FORMAT).to_string()
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
