//! Which days a rule means: its BY parts as a filter over the days of a period.

use chrono::{Datelike, NaiveDate};

use super::numbers::Numbers;
use super::rule::{Frequency, NthDay, Rule};

/// The BY parts of a rule that speak of days, completed from DTSTART.
pub(super) struct DayFilter<'a> {
    rule: &'a Rule,
    months: Numbers,
    month_days: Numbers,
    weekdays: Numbers,
    /// BYDAY numbers count in the month, else in the year.
    nth_in_month: bool,
}

impl<'a> DayFilter<'a> {
    /// The filter of `rule`. What the rule leaves open is taken from DTSTART (RFC 5545, section 3.3.10):
    /// a yearly rule without any part for days means its month and day, a monthly one its day, a weekly
    /// one its weekday, and a yearly one that names weeks its weekday in those.
    pub(super) fn new(rule: &'a Rule, start: NaiveDate) -> Self {
        let mut filter = Self {
            rule,
            months: rule.months,
            month_days: rule.month_days,
            weekdays: rule.weekdays,
            nth_in_month: rule.frequency == Frequency::Monthly || !rule.months.is_empty(),
        };
        let no_day = rule.year_days.is_empty()
            && rule.month_days.is_empty()
            && rule.month_days_back.is_empty()
            && rule.weekdays.is_empty()
            && rule.nth_days.is_empty();
        if !no_day {
            return filter;
        }
        let weekday = Numbers::only(start.weekday().num_days_from_monday());
        match rule.frequency {
            Frequency::Yearly if !rule.weeks.is_empty() => filter.weekdays = weekday,
            Frequency::Yearly => {
                filter.months = rule.months.or_only(start.month());
                filter.month_days = Numbers::only(start.day());
            }
            Frequency::Monthly if rule.weeks.is_empty() => filter.month_days = Numbers::only(start.day()),
            Frequency::Weekly if rule.weeks.is_empty() => filter.weekdays = weekday,
            _ => {}
        }
        filter
    }

    /// False when no day of `month` can match.
    pub(super) fn allows_month(&self, month: u32) -> bool {
        self.months.allows(month)
    }

    /// True when the rule means `day`.
    pub(super) fn matches(&self, day: NaiveDate) -> bool {
        self.months.allows(day.month())
            && self.matches_month_day(day)
            && self.matches_weekday(day)
            && self.matches_year_day(day)
            && self.matches_week(day)
    }

    fn matches_month_day(&self, day: NaiveDate) -> bool {
        let back = self.rule.month_days_back;
        (self.month_days.is_empty() && back.is_empty())
            || self.month_days.contains(day.day())
            || (!back.is_empty() && back.contains(month_length(day) - day.day() + 1))
    }

    fn matches_weekday(&self, day: NaiveDate) -> bool {
        (self.weekdays.is_empty() && self.rule.nth_days.is_empty())
            || self.weekdays.contains(day.weekday().num_days_from_monday())
            || self.rule.nth_days.iter().any(|&nth| self.is_nth(nth, day))
    }

    fn is_nth(&self, nth: NthDay, day: NaiveDate) -> bool {
        if day.weekday() != nth.day {
            return false;
        }
        let (place, length) = if self.nth_in_month {
            (day.day(), month_length(day))
        } else {
            (day.ordinal(), year_length(day.year()))
        };
        let week = if nth.nth > 0 { (place - 1) / 7 + 1 } else { (length - place) / 7 + 1 };
        week == nth.nth.unsigned_abs()
    }

    fn matches_year_day(&self, day: NaiveDate) -> bool {
        self.rule.year_days.is_empty()
            || self.rule.year_days.iter().any(|&number| {
                let place =
                    if number > 0 { day.ordinal() } else { year_length(day.year()) - day.ordinal() + 1 };
                place == number.unsigned_abs()
            })
    }

    fn matches_week(&self, day: NaiveDate) -> bool {
        if self.rule.weeks.is_empty() {
            return true;
        }
        let (week, weeks) = self.week_of(day);
        self.rule
            .weeks
            .iter()
            .any(|&number| if number > 0 { number == week } else { weeks + 1 + number == week })
    }

    /// The number of the week of `day`, and how many weeks the year of that week has. The first week of a
    /// year is the first with four days in it; early in January and late in December the week may belong
    /// to the neighbouring year.
    fn week_of(&self, day: NaiveDate) -> (i32, i32) {
        let mut year = day.year();
        let today = day.num_days_from_ce();
        if today >= self.first_week(year + 1) {
            year += 1;
        } else if today < self.first_week(year) {
            year -= 1;
        }
        let first = self.first_week(year);
        ((today - first) / 7 + 1, (self.first_week(year + 1) - first) / 7)
    }

    /// The day on which the first week of `year` starts, in days of the common era.
    fn first_week(&self, year: i32) -> i32 {
        /// A week belongs to the year in which it has four days.
        const DAYS_TO_BELONG: i32 = 4;
        let Some(new_year) = NaiveDate::from_ymd_opt(year, 1, 1) else { return i32::MAX };
        let into_week = days_into_week(new_year, self.rule.week_start);
        let first = new_year.num_days_from_ce() - into_week;
        if 7 - into_week >= DAYS_TO_BELONG { first } else { first + 7 }
    }
}

/// How many days `day` comes after the start of its week.
pub(super) fn days_into_week(day: NaiveDate, week_start: chrono::Weekday) -> i32 {
    let day = day.weekday().num_days_from_monday() + 7 - week_start.num_days_from_monday();
    i32::try_from(day % 7).unwrap_or(0)
}

fn month_length(day: NaiveDate) -> u32 {
    u32::from(day.num_days_in_month())
}

fn year_length(year: i32) -> u32 {
    if NaiveDate::from_ymd_opt(year, 2, 29).is_some() { 366 } else { 365 }
}
