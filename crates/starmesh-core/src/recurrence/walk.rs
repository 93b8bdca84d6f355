//! The dates of one rule on the wall clock.
//!
//! A rule is a sequence of periods: years, months, weeks, days, hours, minutes or seconds, every
//! INTERVAL-th counted from DTSTART. Each gives its candidates. A rule without COUNT is entered at the
//! period in which the wanted span starts, however long ago DTSTART was.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, NaiveTime, Timelike};

use super::RecurrenceProblem;
use super::budget::Budget;
use super::days::{DayFilter, days_into_week};
use super::numbers::Numbers;
use super::rule::{Frequency, Rule};

/// A span of wall-clock time; both ends belong to it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LocalSpan {
    pub(crate) lo: NaiveDateTime,
    pub(crate) hi: NaiveDateTime,
}

/// Whether there is any use in going on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    Done,
}

const DAY_SECONDS: i64 = 24 * 3600;

/// The last year that is walked into: iCalendar has four digits for a year.
const YEAR_LAST: i32 = 9999;

/// Hands every wall-clock time that `rule` makes in `span` to `emit`, ascending.
///
/// `start` is DTSTART: nothing comes before it, and COUNT counts from it. `until` is UNTIL on the same
/// wall clock.
pub(crate) fn walk(
    rule: &Rule,
    start: NaiveDateTime,
    span: LocalSpan,
    until: Option<NaiveDateTime>,
    budget: &mut Budget,
    emit: &mut dyn FnMut(NaiveDateTime),
) -> Result<(), RecurrenceProblem> {
    let hi = until.map_or(span.hi, |until| until.min(span.hi));
    if hi < start || hi < span.lo {
        return Ok(());
    }
    let tally = Tally { start, lo: span.lo, hi, left: rule.count, budget, emit };
    let days = DayFilter::new(rule, start.date());
    match rule.frequency {
        Frequency::Yearly | Frequency::Monthly | Frequency::Weekly | Frequency::Daily => {
            DayWalk { rule, days, start: start.date(), times: times_of_day(rule, start), tally }.run()
        }
        Frequency::Hourly => SlotWalk { rule, days, start, unit: 3600, tally }.run(),
        Frequency::Minutely => SlotWalk { rule, days, start, unit: 60, tally }.run(),
        Frequency::Secondly => SlotWalk { rule, days, start, unit: 1, tally }.run(),
    }
}

/// Counts candidates and passes on those in the span.
struct Tally<'a> {
    start: NaiveDateTime,
    lo: NaiveDateTime,
    hi: NaiveDateTime,
    /// What is left of COUNT.
    left: Option<u64>,
    budget: &'a mut Budget,
    emit: &'a mut dyn FnMut(NaiveDateTime),
}

impl Tally<'_> {
    /// From where on candidates matter: all of them when they are counted.
    fn entry(&self) -> NaiveDateTime {
        if self.left.is_some() { self.start } else { self.lo.max(self.start) }
    }

    /// Takes the next candidate.
    fn offer(&mut self, candidate: NaiveDateTime) -> Result<Step, RecurrenceProblem> {
        self.budget.spend(1)?;
        if candidate < self.start {
            return Ok(Step::On);
        }
        if candidate > self.hi || self.left == Some(0) {
            return Ok(Step::Done);
        }
        self.left = self.left.map(|left| left - 1);
        if candidate >= self.lo {
            (self.emit)(candidate);
        }
        Ok(Step::On)
    }

    /// Takes all `count` candidates of `day` at once if every one lies between DTSTART and the span, so
    /// that only their number matters. False when they have to be offered one by one.
    fn count_whole_day(&mut self, day: NaiveDate, count: usize) -> bool {
        if day <= self.start.date() || day >= self.lo.date() {
            return false;
        }
        self.left = self.left.map(|left| left.saturating_sub(count as u64));
        true
    }
}

/// Periods of a day or more.
struct DayWalk<'a> {
    rule: &'a Rule,
    days: DayFilter<'a>,
    start: NaiveDate,
    /// The times of every matching day, ascending.
    times: Vec<NaiveTime>,
    tally: Tally<'a>,
}

impl DayWalk<'_> {
    fn run(mut self) -> Result<(), RecurrenceProblem> {
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

/// Periods of an hour, a minute or a second: slots of `unit` seconds.
struct SlotWalk<'a> {
    rule: &'a Rule,
    days: DayFilter<'a>,
    start: NaiveDateTime,
    unit: i64,
    tally: Tally<'a>,
}

impl SlotWalk<'_> {
    fn run(mut self) -> Result<(), RecurrenceProblem> {
        let origin = seconds(self.start).div_euclid(self.unit);
        let last = seconds(self.tally.hi).div_euclid(self.unit);
        let within = self.times_of_slot();
        let mut known_day = None;
        let mut slot = self.slot_from(origin, seconds(self.tally.entry()).div_euclid(self.unit));
        while slot <= last {
            self.tally.budget.spend(1)?;
            let at = slot * self.unit;
            let day = at.div_euclid(DAY_SECONDS);
            let matches = match known_day {
                Some((known, matches)) if known == day => matches,
                _ => civil(at).is_some_and(|time| self.days.matches(time.date())),
            };
            known_day = Some((day, matches));
            let skip_to = if matches { self.skip_in_day(at) } else { Some((day + 1) * DAY_SECONDS) };
            if let Some(target) = skip_to {
                slot = self.slot_from(origin, target.div_euclid(self.unit));
                continue;
            }
            if self.offer_slot(at, &within)? == Step::Done {
                break;
            }
            slot += i64::from(self.rule.interval);
        }
        Ok(())
    }

    /// The first slot of the rule that is not before `wanted`.
    fn slot_from(&self, origin: i64, wanted: i64) -> i64 {
        let interval = i64::from(self.rule.interval);
        let ahead = (wanted - origin).max(0);
        origin + (ahead + interval - 1) / interval * interval
    }

    /// Where to look next when hour, minute or second of the slot at `at` are not meant; `None` if they are.
    fn skip_in_day(&self, at: i64) -> Option<i64> {
        let in_day = at.rem_euclid(DAY_SECONDS);
        let midnight = at - in_day;
        let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
        let next =
            |set: Numbers, value: i64| set.above(u32::try_from(value).unwrap_or(u32::MAX - 1)).map(i64::from);
        let allows = |set: Numbers, value: i64| u32::try_from(value).is_ok_and(|v| set.allows(v));
        if !allows(self.rule.hours, hour) {
            return Some(midnight + next(self.rule.hours, hour).map_or(DAY_SECONDS, |hour| hour * 3600));
        }
        let hour_starts = midnight + hour * 3600;
        if self.unit <= 60 && !allows(self.rule.minutes, minute) {
            return Some(hour_starts + next(self.rule.minutes, minute).map_or(3600, |minute| minute * 60));
        }
        let minute_starts = hour_starts + minute * 60;
        if self.unit == 1 && !allows(self.rule.seconds, second) {
            return Some(minute_starts + next(self.rule.seconds, second).unwrap_or(60));
        }
        None
    }

    /// Seconds into a slot at which candidates lie, the same for every slot.
    fn times_of_slot(&self) -> Vec<i64> {
        let second = self.rule.seconds.or_only(self.start.second());
        let all: Vec<i64> = match self.unit {
            3600 => {
                let minute = self.rule.minutes.or_only(self.start.minute());
                minute
                    .iter()
                    .flat_map(|minute| second.iter().map(move |second| i64::from(minute * 60 + second)))
                    .collect()
            }
            60 => second.iter().map(i64::from).collect(),
            _ => vec![0],
        };
        if self.rule.positions.is_empty() {
            return all;
        }
        places(&self.rule.positions, all.len()).into_iter().map(|place| all[place]).collect()
    }

    fn offer_slot(&mut self, at: i64, within: &[i64]) -> Result<Step, RecurrenceProblem> {
        for &offset in within {
            let Some(candidate) = civil(at + offset) else { return Ok(Step::Done) };
            if self.tally.offer(candidate)? == Step::Done {
                return Ok(Step::Done);
            }
        }
        Ok(Step::On)
    }
}

/// BYSETPOS: places among `count` candidates, ascending, each once.
fn places(positions: &[i32], count: usize) -> Vec<usize> {
    let mut places: Vec<usize> = positions
        .iter()
        .filter_map(|&position| {
            let size = position.unsigned_abs() as usize;
            let place = if position > 0 { size.checked_sub(1) } else { count.checked_sub(size) };
            place.filter(|&place| place < count)
        })
        .collect();
    places.sort_unstable();
    places.dedup();
    places
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

/// Wall-clock seconds, counted as if the wall hung in UTC.
fn seconds(time: NaiveDateTime) -> i64 {
    time.and_utc().timestamp()
}

/// The reverse of [`seconds`]; `None` beyond the last year.
fn civil(seconds: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.naive_utc()).filter(|time| time.year() <= YEAR_LAST)
}
