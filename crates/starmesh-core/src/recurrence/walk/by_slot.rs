//! Rules below a day: the periods are hours, minutes or seconds.

use chrono::{DateTime, Datelike, NaiveDateTime, Timelike};

use super::super::RecurrenceProblem;
use super::super::days::DayFilter;
use super::super::numbers::Numbers;
use super::super::rule::Rule;
use super::{Step, Tally, YEAR_LAST, places};

const DAY_SECONDS: i64 = 24 * 3600;

/// Periods of an hour, a minute or a second: slots of `unit` seconds.
pub(super) struct SlotWalk<'a> {
    rule: &'a Rule,
    days: DayFilter<'a>,
    start: NaiveDateTime,
    unit: i64,
    tally: Tally<'a>,
}

impl<'a> SlotWalk<'a> {
    pub(super) fn new(rule: &'a Rule, unit: i64, tally: Tally<'a>) -> Self {
        let start = tally.start;
        Self { rule, days: DayFilter::new(rule, start.date()), start, unit, tally }
    }

    pub(super) fn run(mut self) -> Result<(), RecurrenceProblem> {
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

/// Wall-clock seconds, counted as if the wall hung in UTC.
fn seconds(time: NaiveDateTime) -> i64 {
    time.and_utc().timestamp()
}

/// The reverse of [`seconds`]; `None` beyond the last year.
fn civil(seconds: i64) -> Option<NaiveDateTime> {
    DateTime::from_timestamp(seconds, 0).map(|time| time.naive_utc()).filter(|time| time.year() <= YEAR_LAST)
}
