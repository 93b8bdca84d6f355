//! The dates of one rule on the wall clock.
//!
//! A rule is a sequence of periods: years, months, weeks, days, hours, minutes or seconds, every
//! INTERVAL-th counted from DTSTART. Each gives its candidates. A rule without COUNT is entered at the
//! period in which the wanted span starts, however long ago DTSTART was.

mod by_day;
mod by_slot;

use chrono::{NaiveDate, NaiveDateTime};

use self::by_day::DayWalk;
use self::by_slot::SlotWalk;
use super::RecurrenceProblem;
use super::budget::Budget;
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
    match rule.frequency {
        Frequency::Yearly | Frequency::Monthly | Frequency::Weekly | Frequency::Daily => {
            DayWalk::new(rule, tally).run()
        }
        Frequency::Hourly => SlotWalk::new(rule, 3600, tally).run(),
        Frequency::Minutely => SlotWalk::new(rule, 60, tally).run(),
        Frequency::Secondly => SlotWalk::new(rule, 1, tally).run(),
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
            self.budget.spend(Budget::STEPS_OF_KEPT_DATE)?;
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
