//! The original dates of a series: DTSTART, RRULE and RDATE, less EXDATE and EXRULE.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};

use super::RecurrenceProblem;
use super::budget::Budget;
use super::rule::{Rule, Until};
use super::span::day_of;
use super::walk::{LocalSpan, walk};
use super::{OriginalStart, OriginalTime};
use crate::event::{CalendarTime, ExtraDate, Length, Master};
use crate::time::{TimeRange, midnight};
use crate::zone::Zone;

/// No offset and no change of a wall clock moves a time by more than this many days.
const WALL_DAYS: i64 = 2;
const WALL_MARGIN: TimeDelta = TimeDelta::days(WALL_DAYS);

/// A date as the series makes it, before any exception.
#[derive(Clone, Copy)]
pub(super) struct Original<'a> {
    pub(super) time: OriginalTime,
    /// What the series' own wall clock shows; midnight of a day.
    pub(super) wall: NaiveDateTime,
    /// Where the date was listed with a length of its own.
    pub(super) listed: Option<(&'a CalendarTime, &'a Length)>,
}

/// A master with its rules understood.
pub(super) struct Series<'a> {
    pub(super) master: &'a Master,
    /// DTSTART on the wall clock; midnight of a day.
    wall: NaiveDateTime,
    /// The zone of DTSTART; `None` for whole days.
    pub(super) zone: Option<&'a Zone>,
    floating: &'a Zone,
    rules: Vec<Rule>,
    exclusion_rules: Vec<Rule>,
    excluded: BTreeSet<OriginalTime>,
    /// Days on which a timed series does not happen.
    excluded_days: BTreeSet<NaiveDate>,
}

impl<'a> Series<'a> {
    /// The most rules of a kind.
    pub(super) const RULES_MAX: usize = 32;
    /// The most dates a series may list, of each kind, exceptions included.
    pub(super) const LISTED_MAX: usize = 20_000;

    pub(super) fn new(master: &'a Master, floating: &'a Zone) -> Result<Self, RecurrenceProblem> {
        if master.rules.len().max(master.exclusion_rules.len()) > Self::RULES_MAX
            || master.dates.len().max(master.exclusions.len()) > Self::LISTED_MAX
        {
            return Err(RecurrenceProblem::TooManyOccurrences);
        }
        let (wall, zone) = match &master.instance.start {
            CalendarTime::Date(day) => (day.and_time(NaiveTime::MIN), None),
            CalendarTime::Local { local, zone } => (*local, Some(zone)),
        };
        let parse = |rules: &[String]| -> Result<Vec<Rule>, RecurrenceProblem> {
            rules.iter().map(|rule| Rule::parse(rule)).collect()
        };
        let mut series = Self {
            master,
            wall,
            zone,
            floating,
            rules: parse(&master.rules)?,
            exclusion_rules: parse(&master.exclusion_rules)?,
            excluded: BTreeSet::new(),
            excluded_days: BTreeSet::new(),
        };
        for exclusion in &master.exclusions {
            match (exclusion, zone) {
                (CalendarTime::Date(day), Some(_)) => series.excluded_days.insert(*day),
                _ => series.excluded.insert(series.normalised(exclusion)),
            };
        }
        Ok(series)
    }

    /// The dates that start in `range`, both ends included, ascending and each once.
    pub(super) fn originals(
        &self,
        range: &TimeRange,
        budget: &mut Budget,
    ) -> Result<Vec<Original<'a>>, RecurrenceProblem> {
        let mut originals = self.made(range, budget)?;
        let mut ruled_out = BTreeSet::new();
        for rule in &self.exclusion_rules {
            self.walk(rule, range, budget, &mut |original| {
                ruled_out.insert(original.time);
            })?;
        }
        originals.retain(|original| !ruled_out.contains(&original.time) && !self.excludes(original.time));
        Ok(originals)
    }

    /// True when EXDATE names this date.
    pub(super) fn excludes(&self, time: OriginalTime) -> bool {
        self.excluded.contains(&time)
            || (!self.excluded_days.is_empty() && self.excluded_days.contains(&self.wall_of(time).date()))
    }

    /// The date that a RECURRENCE-ID means. A day in a timed series is its first date on that day.
    pub(super) fn identify(
        &self,
        id: &CalendarTime,
        budget: &mut Budget,
    ) -> Result<OriginalTime, RecurrenceProblem> {
        let (CalendarTime::Date(day), Some(zone)) = (id, self.zone) else { return Ok(self.normalised(id)) };
        let noon = zone.to_utc(day.and_time(NaiveTime::MIN) + TimeDelta::hours(12), self.floating);
        let around = TimeRange { lo: noon - WALL_MARGIN, hi: noon + WALL_MARGIN };
        let made = self.made(&around, budget)?;
        let first = made.iter().find(|original| original.wall.date() == *day);
        Ok(first.map_or_else(|| self.normalised(id), |original| original.time))
    }

    /// What the series' wall clock shows at one of its dates.
    pub(super) fn wall_of(&self, time: OriginalTime) -> NaiveDateTime {
        match (time, self.zone) {
            (OriginalTime::Day(day), _) => day.and_time(NaiveTime::MIN),
            (OriginalTime::Instant(instant), Some(zone)) => zone.to_local(instant, self.floating),
            (OriginalTime::Instant(instant), None) => Zone::Floating.to_local(instant, self.floating),
        }
    }

    /// The dates before any exclusion.
    fn made(&self, range: &TimeRange, budget: &mut Budget) -> Result<Vec<Original<'a>>, RecurrenceProblem> {
        budget.spend(self.master.dates.len())?;
        let mut made = Vec::new();
        for extra in &self.master.dates {
            made.push(self.listed(extra));
        }
        if self.start_counts() {
            made.push(self.original(self.wall));
        }
        made.retain(|original| in_range(original.time, range));
        for rule in &self.rules {
            self.walk(rule, range, budget, &mut |original| made.push(original))?;
        }
        // Of two with one identity the one that was listed with its own length stays.
        // Two wall-clock times may mean one instant where clocks change: the earlier stays, whichever rule
        // made it.
        made.sort_by_key(|original| (original.time, original.listed.is_none(), original.wall));
        made.dedup_by_key(|original| original.time);
        Ok(made)
    }

    /// DTSTART is the first date even where no rule makes it, and COUNT does not count it then (as in
    /// python's recurring-ical-events and Google's rfc-2445 library; the RFC leaves it open). Only a
    /// series all of whose rules end before it starts has lost it: that is how programs write "this
    /// and all that follow are gone" at the first date.
    fn start_counts(&self) -> bool {
        let start = self.original(self.wall);
        self.rules.is_empty() || self.rules.iter().any(|rule| self.before_until(rule, &start))
    }

    fn listed(&self, extra: &'a ExtraDate) -> Original<'a> {
        let time = self.normalised(&extra.start);
        let wall = match &extra.start {
            CalendarTime::Local { local, zone } if Some(zone) == self.zone => *local,
            _ => self.wall_of(time),
        };
        Original { time, wall, listed: extra.length.as_ref().map(|length| (&extra.start, length)) }
    }

    fn original(&self, wall: NaiveDateTime) -> Original<'a> {
        match self.zone {
            None => Original {
                time: OriginalTime::Day(wall.date()),
                wall: wall.date().and_time(NaiveTime::MIN),
                listed: None,
            },
            Some(zone) => {
                Original { time: OriginalTime::Instant(zone.to_utc(wall, self.floating)), wall, listed: None }
            }
        }
    }

    /// Any calendar time as a date of this series: a day for whole days, else an instant, a bare day
    /// at the time of day of DTSTART.
    fn normalised(&self, time: &CalendarTime) -> OriginalTime {
        match (self.zone, time) {
            (None, time) => OriginalTime::Day(day_of(time, self.floating)),
            (Some(zone), CalendarTime::Date(day)) => {
                OriginalTime::Instant(zone.to_utc(day.and_time(self.wall.time()), self.floating))
            }
            (Some(_), CalendarTime::Local { local, zone }) => {
                OriginalTime::Instant(zone.to_utc(*local, self.floating))
            }
        }
    }

    fn walk(
        &self,
        rule: &Rule,
        range: &TimeRange,
        budget: &mut Budget,
        found: &mut dyn FnMut(Original<'a>),
    ) -> Result<(), RecurrenceProblem> {
        let wall = |instant: DateTime<Utc>| self.zone.unwrap_or(&Zone::Utc).to_local(instant, self.floating);
        let span = LocalSpan {
            lo: wall(range.lo) - clock_change(range.lo, wall),
            hi: wall(range.hi) + clock_change(range.hi, wall),
        };
        // Where UNTIL is an instant it is compared as one, below; here it only ends the walk.
        let until = rule.until.map(|until| match self.bound(until) {
            Bound::Wall(wall) => wall,
            Bound::Instant(instant) => wall(instant) + WALL_MARGIN,
        });
        walk(rule, self.wall, span, until, budget, &mut |wall| {
            let original = self.original(wall);
            if in_range(original.time, range) && self.before_until(rule, &original) {
                found(original);
            }
        })
    }

    fn before_until(&self, rule: &Rule, original: &Original<'_>) -> bool {
        rule.until.is_none_or(|until| match self.bound(until) {
            Bound::Wall(wall) => original.wall <= wall,
            Bound::Instant(instant) => original.time.instant() <= instant,
        })
    }

    /// UNTIL, which is often of another kind than DTSTART: a day includes all of it, UTC is an
    /// instant for a timed series and the day at the reader's place otherwise.
    fn bound(&self, until: Until) -> Bound {
        let day_end = |day: NaiveDate| Bound::Wall(day.and_time(NaiveTime::MIN) + TimeDelta::seconds(86_399));
        match (until, self.zone) {
            (Until::Day(day), _) => day_end(day),
            (Until::Local(local), None) => day_end(local.date()),
            (Until::Utc(utc), None) => {
                day_end(day_of(&CalendarTime::Local { local: utc, zone: Zone::Utc }, self.floating))
            }
            (Until::Local(local), Some(_)) => Bound::Wall(local),
            (Until::Utc(utc), Some(_)) => Bound::Instant(utc.and_utc()),
        }
    }
}

/// How far the wall clock is changed around an instant; by so much a wall-clock time may lie on the other
/// side of it than its own instant.
fn clock_change(around: DateTime<Utc>, wall: impl Fn(DateTime<Utc>) -> NaiveDateTime) -> TimeDelta {
    let offsets = (-WALL_DAYS..=WALL_DAYS)
        .filter_map(|days| around.checked_add_signed(TimeDelta::days(days)))
        .map(|instant| wall(instant) - instant.naive_utc());
    let (least, most) = offsets.fold((TimeDelta::MAX, TimeDelta::MIN), |(least, most), offset| {
        (least.min(offset), most.max(offset))
    });
    // Beyond the years of a calendar a wall clock stands still, which is no change of clocks.
    (most - least).clamp(TimeDelta::zero(), WALL_MARGIN)
}

/// UNTIL in the terms of a series.
enum Bound {
    /// On its wall clock.
    Wall(NaiveDateTime),
    /// In the world.
    Instant(DateTime<Utc>),
}

fn in_range(time: OriginalTime, range: &TimeRange) -> bool {
    (range.lo..=range.hi).contains(&time.instant())
}

impl OriginalTime {
    /// The instant; a day starts at midnight UTC here.
    pub(super) fn instant(self) -> DateTime<Utc> {
        match self {
            Self::Day(day) => midnight(day),
            Self::Instant(instant) => instant,
        }
    }
}

impl From<OriginalTime> for OriginalStart {
    fn from(time: OriginalTime) -> Self {
        match time {
            OriginalTime::Day(day) => Self(day.format("%Y%m%d").to_string()),
            OriginalTime::Instant(instant) => Self(instant.format("%Y%m%dT%H%M%SZ").to_string()),
        }
    }
}
