//! A series and its occurrences.
//!
//! The way of a date: [`rule`](self) reads RRULE, `walk` steps through its periods on the wall clock with
//! `days` and `numbers` as filters, `series` turns wall-clock times into instants and adds and removes
//! listed dates, `exceptions` replaces dates, `span` gives each its end. `budget` bounds them all.
//!
//! Terms: an *original* is a date as the series makes it; its identity never changes, even when an
//! exception moves the occurrence that happens instead.
//!
//! **Invariant:** the cost is bounded for every input (see [`Budget`] and the limits below). A rule
//! that would cost more is reported, never cut short in silence.

mod budget;
mod days;
mod exceptions;
mod numbers;
mod rule;
mod series;
mod span;
mod walk;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use self::exceptions::Exceptions;
use self::series::Series;
use self::span::{Extent, Start};
use crate::event::{Facts, Recurrence, RecurrenceSet};
use crate::time::{EventTime, TimeRange};
use crate::zone::Zone;

pub(crate) use self::budget::Budget;
pub(crate) use self::rule::{Rule, Until};
pub(crate) use self::walk::{LocalSpan, walk};

/// The most occurrences one event may have in a range.
pub const OCCURRENCES_MAX: usize = 10_000;

/// The original start of an occurrence, in a form that is the same on every device: empty for a single
/// event, else `20261201T100000Z` or, for whole days, `20261201`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct OriginalStart(pub String);

impl OriginalStart {
    /// That of an event that happens once.
    pub fn single() -> Self {
        Self(String::new())
    }

    /// That of a whole day.
    pub fn day(day: NaiveDate) -> Self {
        OriginalTime::Day(day).into()
    }

    /// That of a timed occurrence.
    pub fn instant(instant: DateTime<Utc>) -> Self {
        OriginalTime::Instant(instant).into()
    }
}

/// One date of a series, or the only one of a single event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Its identity inside the series.
    pub original_start: OriginalStart,
    /// When it happens.
    pub time: EventTime,
    /// What it says about the person's time.
    pub facts: Facts,
}

/// Why a recurrence cannot be expanded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum RecurrenceProblem {
    /// A rule that cannot be understood.
    MalformedRule,
    /// More occurrences than we are willing to walk through or place.
    TooManyOccurrences,
}

/// The identity of a date inside a series.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum OriginalTime {
    /// Of whole days.
    Day(NaiveDate),
    /// Of a timed series.
    Instant(DateTime<Utc>),
}

/// The occurrences of `recurrence` that lie in `range` ([`TimeRange::contains`]), ascending by time;
/// floating times and nothing else are read in `zone`.
///
/// A cancelled exception is an occurrence with [`Facts::cancelled`] set: policy skips it and can say why.
/// Lengths are as written: an occurrence may end before it starts.
pub fn expand(
    recurrence: &Recurrence,
    range: &TimeRange,
    zone: &Zone,
) -> Result<Vec<Occurrence>, RecurrenceProblem> {
    let mut occurrences = match recurrence {
        Recurrence::Single(instance) => vec![Occurrence {
            original_start: OriginalStart::single(),
            time: span::time_of(instance, zone),
            facts: instance.facts,
        }],
        Recurrence::Set(set) => expand_set(set, range, zone)?,
    };
    occurrences.retain(|occurrence| range.contains(&occurrence.time));
    if occurrences.len() > OCCURRENCES_MAX {
        return Err(RecurrenceProblem::TooManyOccurrences);
    }
    occurrences.sort_by(|a, b| {
        (a.time.start(), a.time.end(), &a.original_start).cmp(&(
            b.time.start(),
            b.time.end(),
            &b.original_start,
        ))
    });
    Ok(occurrences)
}

/// Occurrences in `range`, and some around it.
fn expand_set(
    set: &RecurrenceSet,
    range: &TimeRange,
    floating: &Zone,
) -> Result<Vec<Occurrence>, RecurrenceProblem> {
    if set.overrides.len() > Series::LISTED_MAX {
        return Err(RecurrenceProblem::TooManyOccurrences);
    }
    let mut budget = Budget::new();
    let series = set.master.as_ref().map(|master| Series::new(master, floating)).transpose()?;
    let exceptions = Exceptions::new(&set.overrides, series.as_ref(), floating, &mut budget)?;
    let mut occurrences: Vec<_> = exceptions.occurrences(floating).collect();
    let Some(series) = series else { return Ok(occurrences) };

    let instance = &series.master.instance;
    let extent = Extent::of(&instance.start, &instance.length, floating);
    let scan = scan_range(range, extent, &series, &exceptions, floating);
    for original in series.originals(&scan, &mut budget)? {
        if exceptions.replaces(original.time) {
            continue;
        }
        let (time, facts) = exceptions.moved(&original, &series, floating).unwrap_or_else(|| {
            let extent =
                original.listed.map_or(extent, |(start, length)| Extent::of(start, length, floating));
            let start = match series.zone {
                None => Start::Day(original.wall.date()),
                Some(zone) => Start::Timed { wall: original.wall, zone },
            };
            (extent.from(start, floating), instance.facts)
        });
        occurrences.push(Occurrence { original_start: original.time.into(), time, facts });
    }
    Ok(occurrences)
}

/// Where originals have to be looked for so that no occurrence in `range` is missed: a long one may have
/// started before, and an onward exception may have moved it.
fn scan_range(
    range: &TimeRange,
    extent: Extent,
    series: &Series<'_>,
    exceptions: &Exceptions<'_>,
    floating: &Zone,
) -> TimeRange {
    /// Nominal days may be longer than 24 hours.
    const LONG_DAYS: TimeDelta = TimeDelta::days(1);
    let (earlier, later) = exceptions.reach();
    let listed = series.master.dates.iter().filter_map(|extra| {
        extra.length.as_ref().map(|length| Extent::of(&extra.start, length, floating).reach())
    });
    let longest = listed.fold(earlier.max(extent.reach()), TimeDelta::max);
    let margin = if longest < LONG_DAYS { TimeDelta::zero() } else { LONG_DAYS };
    let lo = range.lo.checked_sub_signed(longest + margin).unwrap_or(DateTime::<Utc>::MIN_UTC);
    let hi = range.hi.checked_add_signed(later).unwrap_or(DateTime::<Utc>::MAX_UTC);
    TimeRange { lo, hi }
}
