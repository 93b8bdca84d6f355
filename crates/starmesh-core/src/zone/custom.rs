//! Zones that a file brings itself: VTIMEZONE (RFC 5545, section 3.6.5).

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::recurrence::{Budget, LocalSpan, RecurrenceProblem, Rule, Until, walk};

/// Offsets as a VTIMEZONE states them.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct CustomZone {
    /// Offset in seconds before the first transition.
    pub initial_offset: i32,
    /// Instants (seconds since the epoch) and the offset in seconds from then on, ascending.
    pub transitions: Vec<(i64, i32)>,
}

/// One STANDARD or DAYLIGHT part of a VTIMEZONE.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Observance {
    /// DTSTART, on the wall clock as it was before the change.
    pub start: NaiveDateTime,
    /// TZOFFSETFROM, in seconds.
    pub offset_from: i32,
    /// TZOFFSETTO, in seconds.
    pub offset_to: i32,
    /// RRULE, as written.
    pub rule: Option<String>,
    /// RDATE values, on the wall clock as it was before the change.
    pub dates: Vec<NaiveDateTime>,
}

/// Why a VTIMEZONE cannot be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, thiserror::Error)]
pub enum ZoneProblem {
    /// No STANDARD and no DAYLIGHT part.
    #[error("the zone states no offset")]
    Empty,
    /// An offset of a day or more.
    #[error("the zone states an offset of a day or more")]
    OffsetOutOfRange,
    /// A rule that cannot be understood.
    #[error("the zone has a rule that cannot be understood")]
    MalformedRule,
    /// More changes than any real zone has.
    #[error("the zone changes its offset more often than any real one")]
    TooManyTransitions,
}

impl CustomZone {
    /// Rules are followed from this year on; earlier times have the offset before the first change that
    /// is kept. Exchange starts its zones in 1601.
    pub const YEAR_FIRST: i32 = 1970;
    /// Rules are followed up to the end of this year; later times keep the last offset.
    pub const YEAR_LAST: i32 = 2100;
    /// The most changes of offset. The liveliest real zones have a few hundred.
    pub const TRANSITIONS_MAX: usize = 5_000;
    /// An offset is less than this, in seconds, either way.
    const OFFSET_LIMIT: i32 = 24 * 3600;

    /// The zone that these parts describe.
    pub fn from_observances(observances: &[Observance]) -> Result<Self, ZoneProblem> {
        if observances.is_empty() {
            return Err(ZoneProblem::Empty);
        }
        let mut onsets = Vec::new();
        for part in observances {
            let in_range = |offset: i32| offset.unsigned_abs() < Self::OFFSET_LIMIT.unsigned_abs();
            if !in_range(part.offset_from) || !in_range(part.offset_to) {
                return Err(ZoneProblem::OffsetOutOfRange);
            }
            for local in part.onsets()? {
                let at = local.and_utc().timestamp() - i64::from(part.offset_from);
                onsets.push((at, part.offset_from, part.offset_to));
            }
            if onsets.len() > Self::TRANSITIONS_MAX {
                return Err(ZoneProblem::TooManyTransitions);
            }
        }
        // Sorted whole, so that the order of the parts in the file does not matter.
        onsets.sort_unstable();
        onsets.dedup_by_key(|onset| onset.0);
        let initial_offset = onsets.first().ok_or(ZoneProblem::Empty)?.1;
        let transitions = onsets.into_iter().map(|(at, _, to)| (at, to)).collect();
        Ok(Self { initial_offset, transitions })
    }

    /// The offset in seconds at an instant, given in seconds since the epoch.
    pub fn offset_at(&self, instant: i64) -> i32 {
        self.offset_after(self.transitions.partition_point(|&(at, _)| at <= instant))
    }

    /// The instant at which the wall clock shows `local`.
    pub(super) fn to_utc(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let wall = local.and_utc().timestamp();
        let day = i64::from(Self::OFFSET_LIMIT);
        // No offset reaches a day, so the answer lies between the last change a day before and the first
        // one a day after. The first stretch whose end is not passed yet holds the wall time, or the
        // change that ends it skips it: either way its offset counts.
        let mut stretch = self.transitions.partition_point(|&(at, _)| at <= wall - day);
        while let Some(&(end, _)) = self.transitions.get(stretch) {
            let after = self.offset_after(stretch + 1);
            let offset = self.offset_after(stretch);
            if wall - i64::from(offset) < end || wall - i64::from(after) < end {
                break;
            }
            stretch += 1;
        }
        let offset = self.offset_after(stretch);
        local.checked_sub_signed(TimeDelta::seconds(i64::from(offset))).unwrap_or(local).and_utc()
    }

    /// The offset once `count` transitions have happened.
    fn offset_after(&self, count: usize) -> i32 {
        match count.checked_sub(1).and_then(|last| self.transitions.get(last)) {
            Some(&(_, offset)) => offset,
            None => self.initial_offset,
        }
    }
}

impl Observance {
    /// The wall-clock times of its changes.
    fn onsets(&self) -> Result<Vec<NaiveDateTime>, ZoneProblem> {
        let mut onsets = self.dates.clone();
        let Some(text) = &self.rule else {
            onsets.push(self.start);
            return Ok(onsets);
        };
        let rule = Rule::parse(text).map_err(ZoneProblem::from)?;
        let until = rule.until.map(|until| match until {
            Until::Day(day) => day.and_time(NaiveTime::MIN) + TimeDelta::days(1),
            Until::Local(local) => local,
            // The rule runs on the wall clock before the change, UNTIL is written in UTC.
            Until::Utc(utc) => {
                utc.checked_add_signed(TimeDelta::seconds(i64::from(self.offset_from))).unwrap_or(utc)
            }
        });
        // One year more at the front, for the offset with which the first year begins.
        let span =
            LocalSpan { lo: new_year(CustomZone::YEAR_FIRST - 1), hi: new_year(CustomZone::YEAR_LAST + 1) };
        let mut budget = Budget::new();
        walk(&rule, self.start, span, until, &mut budget, &mut |onset| onsets.push(onset))
            .map_err(ZoneProblem::from)?;
        // DTSTART counts even where the rule does not make it, and a rule that ended before the first year
        // still leaves its offset behind.
        let counts = onsets.is_empty() || self.start >= span.lo;
        if counts && !onsets.contains(&self.start) {
            onsets.push(self.start);
        }
        Ok(onsets)
    }
}

impl From<RecurrenceProblem> for ZoneProblem {
    fn from(problem: RecurrenceProblem) -> Self {
        match problem {
            RecurrenceProblem::MalformedRule => Self::MalformedRule,
            RecurrenceProblem::TooManyOccurrences => Self::TooManyTransitions,
        }
    }
}

fn new_year(year: i32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MIN).and_time(NaiveTime::MIN)
}
