//! Overrides: occurrences of a series that were edited on their own, or from one date on.

use std::collections::BTreeMap;

use chrono::{NaiveDateTime, NaiveTime, TimeDelta};

use super::budget::Budget;
use super::series::{Original, Series};
use super::span::{Extent, Start, time_of};
use super::{Occurrence, OriginalStart, OriginalTime, RecurrenceProblem};
use crate::event::{CalendarTime, Facts, Override};
use crate::time::EventTime;
use crate::zone::Zone;

/// The overrides of one series that count, by the date they replace.
pub(super) struct Exceptions<'a> {
    /// What happens on these dates.
    alone: BTreeMap<OriginalTime, &'a Override>,
    /// What happens from these dates on (RANGE=THISANDFUTURE).
    onward: BTreeMap<OriginalTime, Onward<'a>>,
}

/// An override that applies to what follows it, too.
struct Onward<'a> {
    exception: &'a Override,
    /// How far it moves an occurrence on the wall clock of its own start.
    shift: TimeDelta,
    extent: Extent,
}

impl<'a> Exceptions<'a> {
    /// Sorts the overrides of a series; `series` is `None` when its master is not at hand.
    ///
    /// Of several for one date the highest SEQUENCE counts, then the newest DTSTAMP; the master's own
    /// SEQUENCE does not matter. EXDATE for the very date wins over an override: it was removed later.
    pub(super) fn new(
        overrides: &'a [Override],
        series: Option<&Series<'_>>,
        floating: &Zone,
        budget: &mut Budget,
    ) -> Result<Self, RecurrenceProblem> {
        let mut alone: BTreeMap<OriginalTime, &Override> = BTreeMap::new();
        let mut onward: BTreeMap<OriginalTime, &Override> = BTreeMap::new();
        for exception in overrides {
            let date = match series {
                Some(series) => series.identify(&exception.recurrence_id, budget)?,
                None => lone_date(&exception.recurrence_id, floating),
            };
            let kept = if exception.and_future { &mut onward } else { &mut alone };
            let known = kept.entry(date).or_insert(exception);
            if rank(exception, floating) > rank(known, floating) {
                *known = exception;
            }
        }
        for (date, exception) in &onward {
            // On its own date an onward override is one like any other; on equal terms the one for
            // that date alone is the more particular.
            let known = alone.entry(*date).or_insert(exception);
            if (exception.sequence, exception.stamp) > (known.sequence, known.stamp) {
                *known = exception;
            }
        }
        let onward = match series {
            Some(series) => {
                onward.into_iter().map(|(date, it)| (date, Onward::new(date, it, series, floating))).collect()
            }
            None => BTreeMap::new(),
        };
        if let Some(series) = series {
            alone.retain(|date, _| !series.excludes(*date));
        }
        Ok(Self { alone, onward })
    }

    /// How much earlier than `range.lo` and how much later than `range.hi` an original may lie whose
    /// occurrence is in a range.
    pub(super) fn reach(&self) -> (TimeDelta, TimeDelta) {
        /// A shift is measured on a wall clock, and a time may become a day: neither is exact by more.
        const MARGIN: TimeDelta = TimeDelta::days(3);
        let zero = TimeDelta::zero();
        let earlier = self.onward.values().map(|onward| onward.shift + onward.extent.reach() + MARGIN).max();
        let later = self.onward.values().map(|onward| -onward.shift + MARGIN).max();
        (earlier.unwrap_or(zero).max(zero), later.unwrap_or(zero).max(zero))
    }

    /// The occurrences that stand on their own, whether or not the series makes their dates.
    pub(super) fn occurrences(&self, floating: &Zone) -> impl Iterator<Item = Occurrence> {
        self.alone.iter().map(move |(date, exception)| Occurrence {
            original_start: OriginalStart::from(*date),
            time: time_of(&exception.instance, floating),
            facts: exception.instance.facts,
        })
    }

    /// True when the date has an occurrence of its own.
    pub(super) fn replaces(&self, date: OriginalTime) -> bool {
        self.alone.contains_key(&date)
    }

    /// What the last onward override before `original` makes of it; `None` when there is none.
    pub(super) fn moved(
        &self,
        original: &Original<'_>,
        series: &Series<'_>,
        floating: &Zone,
    ) -> Option<(EventTime, Facts)> {
        let (_, onward) = self.onward.range(..=original.time).next_back()?;
        let instance = &onward.exception.instance;
        let wall = wall_for(&instance.start, original.time, original.wall, series, floating);
        let wall = wall.checked_add_signed(onward.shift).unwrap_or(wall);
        let start = match &instance.start {
            CalendarTime::Date(_) => Start::Day(wall.date()),
            CalendarTime::Local { zone, .. } => Start::Timed { wall, zone },
        };
        Some((onward.extent.from(start, floating), instance.facts))
    }
}

impl<'a> Onward<'a> {
    fn new(date: OriginalTime, exception: &'a Override, series: &Series<'_>, floating: &Zone) -> Self {
        let start = &exception.instance.start;
        let wall = match start {
            CalendarTime::Date(day) => day.and_time(NaiveTime::MIN),
            CalendarTime::Local { local, .. } => *local,
        };
        let shift = wall - wall_for(start, date, series.wall_of(date), series, floating);
        Self { exception, shift, extent: Extent::of(start, &exception.instance.length, floating) }
    }
}

/// Where the wall clock of `start` stands on a date of the series, so that a shift is measured and
/// applied on one clock: ten o'clock moved to eleven is eleven in summer and in winter.
fn wall_for(
    start: &CalendarTime,
    date: OriginalTime,
    series_wall: NaiveDateTime,
    series: &Series<'_>,
    floating: &Zone,
) -> NaiveDateTime {
    match (start, date) {
        (CalendarTime::Date(_), _) => series_wall.date().and_time(NaiveTime::MIN),
        (CalendarTime::Local { zone, .. }, OriginalTime::Instant(instant)) if Some(zone) != series.zone => {
            zone.to_local(instant, floating)
        }
        (CalendarTime::Local { .. }, _) => series_wall,
    }
}

/// The date of an exception without a master.
fn lone_date(id: &CalendarTime, floating: &Zone) -> OriginalTime {
    match id {
        CalendarTime::Date(day) => OriginalTime::Day(*day),
        CalendarTime::Local { local, zone } => OriginalTime::Instant(zone.to_utc(*local, floating)),
    }
}

/// The order of several overrides of one date. After SEQUENCE and DTSTAMP comes what they say, so that
/// the order in the file, which servers change, never matters.
fn rank(exception: &Override, floating: &Zone) -> impl Ord + use<> {
    let instance = &exception.instance;
    (exception.sequence, exception.stamp, time_of(instance, floating), instance.facts)
}
