//! RRULE as text and as a value (RFC 5545, section 3.3.10).
//!
//! Reading is forgiving where the meaning is plain: any case, spaces, empty parts, `RRULE:` in front,
//! unknown `X-` parts, every form of UNTIL. What could be read in two ways is refused.

use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};

use super::RecurrenceProblem;
use super::numbers::Numbers;

/// FREQ, from short to long.
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

/// UNTIL as written; what it bounds depends on the event's start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Until {
    Day(NaiveDate),
    Local(NaiveDateTime),
    Utc(NaiveDateTime),
}

/// BYDAY with its number: the `nth` such day of a month or year, from its end when negative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct NthDay {
    pub(crate) nth: i32,
    pub(crate) day: Weekday,
}

/// A recurrence rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Rule {
    pub(crate) frequency: Frequency,
    pub(crate) interval: u32,
    pub(crate) count: Option<u64>,
    pub(crate) until: Option<Until>,
    pub(crate) months: Numbers,
    pub(crate) weeks: Vec<i32>,
    pub(crate) year_days: Vec<i32>,
    /// BYMONTHDAY from the front of the month.
    pub(crate) month_days: Numbers,
    /// BYMONTHDAY from its end: 1 is the last day.
    pub(crate) month_days_back: Numbers,
    /// BYDAY without a number, in days from Monday.
    pub(crate) weekdays: Numbers,
    pub(crate) nth_days: Vec<NthDay>,
    pub(crate) hours: Numbers,
    pub(crate) minutes: Numbers,
    pub(crate) seconds: Numbers,
    pub(crate) positions: Vec<i32>,
    pub(crate) week_start: Weekday,
}

impl Rule {
    /// The longest rule that is read, in bytes. One that names every second, minute, hour and day of a
    /// year stays below.
    pub(crate) const LEN_MAX: usize = 8_192;

    fn every(frequency: Frequency) -> Self {
        Self {
            frequency,
            interval: 1,
            count: None,
            until: None,
            months: Numbers::default(),
            weeks: Vec::new(),
            year_days: Vec::new(),
            month_days: Numbers::default(),
            month_days_back: Numbers::default(),
            weekdays: Numbers::default(),
            nth_days: Vec::new(),
            hours: Numbers::default(),
            minutes: Numbers::default(),
            seconds: Numbers::default(),
            positions: Vec::new(),
            week_start: Weekday::Mon,
        }
    }

    /// Reads a rule as written in a file.
    pub(crate) fn parse(text: &str) -> Result<Self, RecurrenceProblem> {
        if text.len() > Self::LEN_MAX {
            return Err(RecurrenceProblem::MalformedRule);
        }
        Self::read(text).ok_or(RecurrenceProblem::MalformedRule)
    }

    fn read(text: &str) -> Option<Self> {
        let text: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_uppercase()).collect();
        let text = text.strip_prefix("RRULE:").or_else(|| text.strip_prefix("EXRULE:")).unwrap_or(&text);
        let mut parts = Vec::new();
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=')?;
            if parts.iter().any(|&(other, _)| other == name) {
                return None;
            }
            parts.push((name, value));
        }
        let frequency =
            parts.iter().find(|(name, _)| *name == "FREQ").and_then(|(_, value)| frequency(value))?;
        let mut rule = Self::every(frequency);
        for (name, value) in parts {
            rule.take(name, value)?;
        }
        Some(rule)
    }

    fn take(&mut self, name: &str, value: &str) -> Option<()> {
        match name {
            "FREQ" => {}
            "INTERVAL" => self.interval = digits(value)?.try_into().ok().filter(|&interval| interval > 0)?,
            "COUNT" => self.count = Some(digits(value)?),
            "UNTIL" => self.until = Some(until(value)?),
            "WKST" => self.week_start = weekday(value)?,
            "BYMONTH" => self.months = numbers(value, 1..=12)?,
            "BYHOUR" => self.hours = numbers(value, 0..=23)?,
            "BYMINUTE" => self.minutes = numbers(value, 0..=59)?,
            "BYSECOND" => {
                // A clock without leap seconds reads 60 as 59 (RFC 5545, section 3.3.12).
                for second in numbers(value, 0..=60)?.iter() {
                    self.seconds.insert(second.min(59));
                }
            }
            "BYMONTHDAY" => {
                for day in signed(value, 31)? {
                    let days = if day > 0 { &mut self.month_days } else { &mut self.month_days_back };
                    days.insert(day.unsigned_abs());
                }
            }
            "BYYEARDAY" => self.year_days = signed(value, 366)?,
            "BYWEEKNO" => self.weeks = signed(value, 53)?,
            "BYSETPOS" => self.positions = signed(value, i32::MAX)?,
            "BYDAY" => {
                for item in items(value) {
                    self.take_day(item)?;
                }
            }
            // The Gregorian calendar and leaving out dates that do not exist are the defaults of RFC 7529.
            "RSCALE" if value == "GREGORIAN" => {}
            "SKIP" if value == "OMIT" => {}
            _ if name.starts_with("X-") => {}
            _ => return None,
        }
        Some(())
    }

    fn take_day(&mut self, item: &str) -> Option<()> {
        let (nth, day) = item.split_at_checked(item.len().checked_sub(2)?)?;
        let day = weekday(day)?;
        // A number means something in a month or a year only; below, every such day is meant.
        if nth.is_empty() || self.frequency < Frequency::Monthly {
            if !nth.is_empty() {
                number(nth, 53)?;
            }
            self.weekdays.insert(day.num_days_from_monday());
        } else {
            self.nth_days.push(NthDay { nth: number(nth, 53)?, day });
        }
        Some(())
    }
}

fn frequency(value: &str) -> Option<Frequency> {
    Some(match value {
        "SECONDLY" => Frequency::Secondly,
        "MINUTELY" => Frequency::Minutely,
        "HOURLY" => Frequency::Hourly,
        "DAILY" => Frequency::Daily,
        "WEEKLY" => Frequency::Weekly,
        "MONTHLY" => Frequency::Monthly,
        "YEARLY" => Frequency::Yearly,
        _ => return None,
    })
}

fn weekday(value: &str) -> Option<Weekday> {
    Some(match value {
        "MO" => Weekday::Mon,
        "TU" => Weekday::Tue,
        "WE" => Weekday::Wed,
        "TH" => Weekday::Thu,
        "FR" => Weekday::Fri,
        "SA" => Weekday::Sat,
        "SU" => Weekday::Sun,
        _ => return None,
    })
}

/// `20261231`, `20261231T235959`, `20261231T235959Z`, also without seconds and with ISO 8601's marks.
fn until(value: &str) -> Option<Until> {
    let plain: String = value.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let (plain, utc) = match plain.strip_suffix('Z') {
        Some(rest) => (rest, true),
        None => (plain.as_str(), false),
    };
    let Some((day, time)) = plain.split_once('T') else {
        return Some(Until::Day(calendar_day(plain)?));
    };
    let day = calendar_day(day)?;
    let clock = |range| time.get(range).and_then(digits).and_then(|part| u32::try_from(part).ok());
    let second = match time.len() {
        4 => 0,
        6 => clock(4..6)?.min(59),
        _ => return None,
    };
    let local = match (clock(0..2)?, clock(2..4)?, second) {
        (24, 0, 0) => day.and_time(NaiveTime::MIN).checked_add_signed(TimeDelta::days(1))?,
        (hour, minute, second) => day.and_hms_opt(hour, minute, second)?,
    };
    Some(if utc { Until::Utc(local) } else { Until::Local(local) })
}

fn calendar_day(text: &str) -> Option<NaiveDate> {
    if text.len() != 8 || digits(text).is_none() {
        return None;
    }
    NaiveDate::from_ymd_opt(text[..4].parse().ok()?, text[4..6].parse().ok()?, text[6..].parse().ok()?)
}

/// The items of a list; an empty list says nothing, as if the part were not there.
fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').filter(|item| !item.is_empty())
}

fn numbers(value: &str, range: std::ops::RangeInclusive<u64>) -> Option<Numbers> {
    let mut numbers = Numbers::default();
    for item in items(value) {
        let number =
            digits(item.strip_prefix('+').unwrap_or(item)).filter(|number| range.contains(number))?;
        numbers.insert(u32::try_from(number).ok()?);
    }
    Some(numbers)
}

fn signed(value: &str, limit: i32) -> Option<Vec<i32>> {
    items(value).map(|item| number(item, limit)).collect()
}

/// A number other than zero, at most `limit` either way.
fn number(item: &str, limit: i32) -> Option<i32> {
    let (negative, rest) = match item.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, item.strip_prefix('+').unwrap_or(item)),
    };
    let size = i32::try_from(digits(rest)?).ok().filter(|size| (1..=limit).contains(size))?;
    Some(if negative { -size } else { size })
}

fn digits(text: &str) -> Option<u64> {
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}
