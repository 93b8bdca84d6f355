//! Rules of days and longer: the periods are years, months, weeks or days.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::super::RecurrenceProblem;
use super::super::days::{DayFilter, days_into_week};
use super::super::rule::{Frequency, Rule};
use super::{Step, Tally, YEAR_LAST, places};

/// Periods of a day or more.
pub(super) struct DayWalk<'a> {
    rule: &'a Rule,
    days: DayFilter<'a>,
    start: NaiveDate,
    /// The times of every matching day, ascending.
    times: Vec<NaiveTime>,
    tally: Tally<'a>,
}

impl<'a> DayWalk<'a> {
    pub(super) fn new(rule: &'a Rule, tally: Tally<'a>) -> Self {
        let days = DayFilter::new(rule, tally.start.date());
        Self { rule, days, start: tally.start.date(), times: times_of_day(rule, tally.start), tally }
    }

    pub(super) fn run(mut self) -> Result<(), RecurrenceProblem> {
        self.tally.budget.spend(self.times.len())?;
        let interval = i64::from(self.rule.interval);
        let origin = self.period_of(self.start);
        let ahead = self.period_of(self.tally.entry().date()) - origin;
        let mut period = origin + ahead / interval * interval;
        let mut days = Vec::new();
        while let Some(first) = self.first_day(period).filter(|&first| first <= self.tally.hi.date()) {
            days.clear();
            let looked_at = self.collect_days(first, &mut days);
            self.tally.budget.spend(1 + looked_at / 8)?;
            if self.offer_period(&days)? == Step::Done {
                break;
            }
            period += interval;
        }
        Ok(())
    }

    /// The number of the period in which `day` lies. The common era starts on a Monday.
    fn period_of(&self, day: NaiveDate) -> i64 {
        match self.rule.frequency {
            Frequency::Yearly => i64::from(day.year()),
            Frequency::Monthly => i64::from(day.year()) * 12 + i64::from(day.month0()),
            Frequency::Weekly => {
                let first = day.num_days_from_ce() - days_into_week(day, self.rule.week_start);
                i64::from(first).div_euclid(7)
            }
            _ => i64::from(day.num_days_from_ce()),
        }
    }

    /// The first day of a period; `None` beyond the last year.
    fn first_day(&self, period: i64) -> Option<NaiveDate> {
        let day = match self.rule.frequency {
            Frequency::Yearly => NaiveDate::from_ymd_opt(i32::try_from(period).ok()?, 1, 1),
            Frequency::Monthly => {
                let month = u32::try_from(period.rem_euclid(12)).ok()? + 1;
                NaiveDate::from_ymd_opt(i32::try_from(period.div_euclid(12)).ok()?, month, 1)
            }
            Frequency::Weekly => {
                // A week whose number is n starts on one of the days 7n to 7n + 6.
                let seventh = i32::try_from(period.checked_mul(7)?).ok()?;
                let any = NaiveDate::from_num_days_from_ce_opt(seventh.checked_add(6)?)?;
                NaiveDate::from_num_days_from_ce_opt(
                    any.num_days_from_ce() - days_into_week(any, self.rule.week_start),
                )
            }
            _ => NaiveDate::from_num_days_from_ce_opt(i32::try_from(period).ok()?),
        };
        day.filter(|day| day.year() <= YEAR_LAST)
    }

    /// Appends the matching days of the period that starts on `first`; tells how many were looked at.
    fn collect_days(&self, first: NaiveDate, days: &mut Vec<NaiveDate>) -> usize {
        let mut looked_at = 0;
        let mut look_at = |from: NaiveDate, count: u32| {
            looked_at += count as usize;
            days.extend(from.iter_days().take(count as usize).filter(|&day| self.days.matches(day)));
        };
        match self.rule.frequency {
            Frequency::Yearly => {
                for month in (1..=12).filter(|&month| self.days.allows_month(month)) {
                    if let Some(first) = first.with_month(month) {
                        look_at(first, u32::from(first.num_days_in_month()));
                    }
                }
            }
            Frequency::Monthly if !self.days.allows_month(first.month()) => {}
            Frequency::Monthly => look_at(first, u32::from(first.num_days_in_month())),
            Frequency::Weekly => look_at(first, 7),
            _ => look_at(first, 1),
        }
        looked_at
    }

    fn offer_period(&mut self, days: &[NaiveDate]) -> Result<Step, RecurrenceProblem> {
        if !self.rule.positions.is_empty() {
            let per_day = self.times.len();
            for place in places(&self.rule.positions, days.len() * per_day) {
                let candidate = days[place / per_day].and_time(self.times[place % per_day]);
                if self.tally.offer(candidate)? == Step::Done {
                    return Ok(Step::Done);
                }
            }
            return Ok(Step::On);
        }
        for &day in days {
            if self.tally.count_whole_day(day, self.times.len()) {
                continue;
            }
            for &time in &self.times {
                if self.tally.offer(day.and_time(time))? == Step::Done {
                    return Ok(Step::Done);
                }
            }
        }
        Ok(Step::On)
    }
}

/// The times at which a rule of days happens on each day; what it leaves open is taken from DTSTART.
fn times_of_day(rule: &Rule, start: NaiveDateTime) -> Vec<NaiveTime> {
    let hours = rule.hours.or_only(start.hour());
    let minutes = rule.minutes.or_only(start.minute());
    let seconds = rule.seconds.or_only(start.second());
    let mut times = Vec::new();
    for hour in hours.iter() {
        for minute in minutes.iter() {
            times.extend(seconds.iter().filter_map(|second| NaiveTime::from_hms_opt(hour, minute, second)));
        }
    }
    times
}
