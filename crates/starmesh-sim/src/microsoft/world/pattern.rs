//! `patternedRecurrence`: the rule of a series, read, written and walked.
//!
//! The walk is the simulator's own and knows nothing of RRULE, so that it cannot share a mistake with the
//! expansion it is used to judge. Source:
//! <https://learn.microsoft.com/en-us/graph/api/resources/recurrencepattern>.

use chrono::{Datelike, Days, Months, NaiveDate, Weekday};
use serde_json::{Value, json};

/// The most periods that are walked, so that a rule that never matches comes to an end.
const PERIODS_MAX: u32 = 40_000;
/// The most occurrences a numbered range may ask for, as in Outlook.
pub(crate) const OCCURRENCES_MAX: u64 = 999;

/// How often.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Daily,
    Weekly,
    AbsoluteMonthly,
    RelativeMonthly,
    AbsoluteYearly,
    RelativeYearly,
}

/// How long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Until {
    Day(NaiveDate),
    Never,
    Count(u64),
}

/// A recurrence: pattern and range.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Recurrence {
    kind: Kind,
    interval: u32,
    month: u32,
    day_of_month: u32,
    days: Vec<Weekday>,
    first_day: Weekday,
    /// Which of the matching days of a month, from zero; `None` for the last.
    index: Option<usize>,
    start: NaiveDate,
    until: Until,
    /// The zone as it was given; empty when none was.
    zone: String,
}

const KINDS: [(&str, Kind); 6] = [
    ("daily", Kind::Daily),
    ("weekly", Kind::Weekly),
    ("absoluteMonthly", Kind::AbsoluteMonthly),
    ("relativeMonthly", Kind::RelativeMonthly),
    ("absoluteYearly", Kind::AbsoluteYearly),
    ("relativeYearly", Kind::RelativeYearly),
];

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("sunday", Weekday::Sun),
    ("monday", Weekday::Mon),
    ("tuesday", Weekday::Tue),
    ("wednesday", Weekday::Wed),
    ("thursday", Weekday::Thu),
    ("friday", Weekday::Fri),
    ("saturday", Weekday::Sat),
];

const INDEXES: [(&str, Option<usize>); 5] =
    [("first", Some(0)), ("second", Some(1)), ("third", Some(2)), ("fourth", Some(3)), ("last", None)];

impl Recurrence {
    /// Reads a `recurrence`; the error names the part that cannot be read.
    pub(crate) fn read(value: &Value) -> Result<Self, &'static str> {
        let (pattern, range) = (&value["pattern"], &value["range"]);
        let kind = named(&KINDS, &pattern["type"]).ok_or("pattern.type")?;
        let start = date(&range["startDate"]).ok_or("range.startDate")?;
        let number = |value: &Value, default| match value {
            Value::Null => Some(default),
            value => value.as_u64().and_then(|number| u32::try_from(number).ok()),
        };
        let interval =
            number(&pattern["interval"], 1).filter(|interval| *interval > 0).ok_or("pattern.interval")?;
        let days = match &pattern["daysOfWeek"] {
            Value::Null => Vec::new(),
            Value::Array(days) => days
                .iter()
                .map(|day| named(&WEEKDAYS, day))
                .collect::<Option<Vec<_>>>()
                .ok_or("pattern.daysOfWeek")?,
            _ => return Err("pattern.daysOfWeek"),
        };
        let recurrence = Self {
            kind,
            interval,
            month: number(&pattern["month"], 0).ok_or("pattern.month")?,
            day_of_month: number(&pattern["dayOfMonth"], 0).ok_or("pattern.dayOfMonth")?,
            days,
            first_day: optional(&WEEKDAYS, &pattern["firstDayOfWeek"], Weekday::Sun)
                .ok_or("pattern.firstDayOfWeek")?,
            index: optional(&INDEXES, &pattern["index"], Some(0)).ok_or("pattern.index")?,
            start,
            until: until(range, start)?,
            zone: range["recurrenceTimeZone"].as_str().unwrap_or_default().into(),
        };
        recurrence.check().map(|()| recurrence)
    }

    fn check(&self) -> Result<(), &'static str> {
        let weekdays = matches!(self.kind, Kind::Weekly | Kind::RelativeMonthly | Kind::RelativeYearly);
        let day = matches!(self.kind, Kind::AbsoluteMonthly | Kind::AbsoluteYearly);
        let month = matches!(self.kind, Kind::AbsoluteYearly | Kind::RelativeYearly);
        if weekdays && self.days.is_empty() {
            return Err("pattern.daysOfWeek");
        }
        if day && !(1..=31).contains(&self.day_of_month) {
            return Err("pattern.dayOfMonth");
        }
        if month && !(1..=12).contains(&self.month) {
            return Err("pattern.month");
        }
        Ok(())
    }

    /// The recurrence as answers write it; `zone` stands in where none was given.
    pub(crate) fn write(&self, zone: &str) -> Value {
        let (range, end, count) = match self.until {
            Until::Day(day) => ("endDate", day.to_string(), 0),
            Until::Never => ("noEnd", "0001-01-01".into(), 0),
            Until::Count(count) => ("numbered", "0001-01-01".into(), count),
        };
        let days: Vec<_> = self.days.iter().map(|day| name(&WEEKDAYS, *day)).collect();
        let mut pattern = json!({
            "type": name(&KINDS, self.kind),
            "interval": self.interval,
            "month": self.month,
            "dayOfMonth": self.day_of_month,
            "firstDayOfWeek": name(&WEEKDAYS, self.first_day),
            "index": name(&INDEXES, self.index),
        });
        if !days.is_empty() {
            pattern["daysOfWeek"] = json!(days);
        }
        let zone = if self.zone.is_empty() { zone } else { &self.zone };
        json!({"pattern": pattern, "range": {
            "type": range, "startDate": self.start.to_string(), "endDate": end,
            "recurrenceTimeZone": zone, "numberOfOccurrences": count,
        }})
    }

    /// The dates from `first` to `last`, both included, ascending.
    pub(crate) fn days(&self, first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
        let mut found = Vec::new();
        let mut seen = 0;
        for period in 0..PERIODS_MAX {
            let Some((anchor, days)) = self.period(period) else { break };
            if anchor > last {
                break;
            }
            for day in days.into_iter().filter(|day| *day >= self.start) {
                seen += 1;
                let over = match self.until {
                    Until::Day(end) => day > end,
                    Until::Never => false,
                    Until::Count(count) => seen > count,
                };
                if over || day > last {
                    return found;
                }
                if day >= first {
                    found.push(day);
                }
            }
        }
        found
    }

    /// The first date of all; `None` for a rule without any.
    pub(crate) fn first_day(&self) -> Option<NaiveDate> {
        /// A rule without a date within so many days has none: the longest gap is that of 29 February.
        const REACH: Days = Days::new(366 * 8 * 12);
        let last = self.start.checked_add_days(REACH).unwrap_or(NaiveDate::MAX);
        (0..PERIODS_MAX)
            .map_while(|period| self.period(period).filter(|(anchor, _)| *anchor <= last))
            .find_map(|(_, days)| days.into_iter().find(|day| *day >= self.start))
            .filter(|day| !matches!(self.until, Until::Day(end) if *day > end))
    }

    /// The `number`th period of the pattern: its first day, and the matching days in it.
    fn period(&self, number: u32) -> Option<(NaiveDate, Vec<NaiveDate>)> {
        let step = number.checked_mul(self.interval)?;
        match self.kind {
            Kind::Daily => {
                let day = self.start.checked_add_days(Days::new(u64::from(step)))?;
                Some((day, vec![day]))
            }
            Kind::Weekly => {
                let back = self.start.weekday().days_since(self.first_day);
                let week = self.start.checked_sub_days(Days::new(u64::from(back)))?;
                let week = week.checked_add_days(Days::new(u64::from(step) * 7))?;
                let days = week.iter_days().take(7).filter(|day| self.days.contains(&day.weekday()));
                Some((week, days.collect()))
            }
            Kind::AbsoluteMonthly | Kind::RelativeMonthly => {
                let month = self.start.with_day(1)?.checked_add_months(Months::new(step))?;
                Some((month, self.in_month(month)))
            }
            Kind::AbsoluteYearly | Kind::RelativeYearly => {
                let year = self.start.year().checked_add(i32::try_from(step).ok()?)?;
                let month = NaiveDate::from_ymd_opt(year, self.month, 1)?;
                Some((month, self.in_month(month)))
            }
        }
    }

    /// The matching day of the month that starts on `month`. A day the month does not have is its last.
    fn in_month(&self, month: NaiveDate) -> Vec<NaiveDate> {
        let all = || month.iter_days().take_while(|day| day.month() == month.month());
        let absolute = matches!(self.kind, Kind::AbsoluteMonthly | Kind::AbsoluteYearly);
        let day = if absolute {
            all().take(self.day_of_month as usize).last()
        } else {
            let mut matching = all().filter(|day| self.days.contains(&day.weekday()));
            match self.index {
                Some(index) => matching.nth(index),
                None => matching.last(),
            }
        };
        day.into_iter().collect()
    }
}

fn until(range: &Value, start: NaiveDate) -> Result<Until, &'static str> {
    match range["type"].as_str() {
        Some("noEnd") => Ok(Until::Never),
        Some("endDate") => {
            let end = date(&range["endDate"]).filter(|end| *end >= start).ok_or("range.endDate")?;
            Ok(Until::Day(end))
        }
        Some("numbered") => range["numberOfOccurrences"]
            .as_u64()
            .filter(|count| (1..=OCCURRENCES_MAX).contains(count))
            .map(Until::Count)
            .ok_or("range.numberOfOccurrences"),
        _ => Err("range.type"),
    }
}

fn date(value: &Value) -> Option<NaiveDate> {
    NaiveDate::parse_from_str(value.as_str()?, "%Y-%m-%d").ok()
}

/// Enumerations are read in any case, as the service does.
fn named<T: Copy>(names: &[(&str, T)], value: &Value) -> Option<T> {
    let text = value.as_str()?;
    names.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, value)| *value)
}

fn optional<T: Copy>(names: &[(&str, T)], value: &Value, default: T) -> Option<T> {
    if value.is_null() { Some(default) } else { named(names, value) }
}

fn name<T: Copy + PartialEq>(names: &[(&'static str, T)], value: T) -> &'static str {
    names.iter().find(|(_, other)| *other == value).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(pattern: &Value, range: &Value) -> Vec<String> {
        let recurrence = Recurrence::read(&json!({"pattern": pattern, "range": range})).unwrap();
        let day = |text| NaiveDate::parse_from_str(text, "%Y-%m-%d").unwrap();
        let found = recurrence.days(day("2026-01-01"), day("2027-12-31"));
        assert_eq!(found.first().copied(), recurrence.first_day());
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_weekly_rule_starts_on_its_first_matching_day() {
        let found = days(
            &json!({"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "friday"], "firstDayOfWeek": "monday"}),
            &json!({"type": "numbered", "startDate": "2026-11-03", "numberOfOccurrences": 4}),
        );
        assert_eq!(found, ["2026-11-06", "2026-11-16", "2026-11-20", "2026-11-30"]);
    }

    #[test]
    fn a_day_that_a_month_does_not_have_is_its_last() {
        let found = days(
            &json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}),
            &json!({"type": "endDate", "startDate": "2026-01-31", "endDate": "2026-04-30"}),
        );
        assert_eq!(found, ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]);
    }

    #[test]
    fn a_relative_rule_counts_matching_days_from_either_end() {
        let range = json!({"type": "numbered", "startDate": "2026-01-01", "numberOfOccurrences": 2});
        let monthly = |index| json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": index});
        assert_eq!(days(&monthly("second"), &range), ["2026-01-13", "2026-02-10"]);
        assert_eq!(days(&monthly("last"), &range), ["2026-01-27", "2026-02-24"]);
        let yearly = json!({"type": "relativeYearly", "interval": 1, "daysOfWeek": ["sunday"], "index": "last", "month": 3});
        assert_eq!(days(&yearly, &range), ["2026-03-29", "2027-03-28"]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let read =
            |pattern, range| Recurrence::read(&json!({"pattern": pattern, "range": range})).unwrap_err();
        let range = json!({"type": "noEnd", "startDate": "2026-01-01"});
        assert_eq!(read(json!({"type": "hourly"}), range.clone()), "pattern.type");
        assert_eq!(read(json!({"type": "weekly"}), range.clone()), "pattern.daysOfWeek");
        assert_eq!(read(json!({"type": "absoluteYearly", "dayOfMonth": 2}), range), "pattern.month");
        assert_eq!(read(json!({"type": "daily"}), json!({"type": "noEnd"})), "range.startDate");
    }

    #[test]
    fn a_recurrence_is_written_as_it_was_read() {
        let read = Recurrence::read(&json!({
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "noEnd", "startDate": "2026-01-01"},
        }))
        .unwrap();
        let written = read.write("UTC");
        assert_eq!(written["range"]["recurrenceTimeZone"], "UTC");
        assert_eq!(Recurrence { zone: String::new(), ..Recurrence::read(&written).unwrap() }, read);
    }
}
