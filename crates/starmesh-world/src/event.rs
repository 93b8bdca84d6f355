//! A person's event as the world remembers it, with the explicit list of its occurrences.

use std::collections::BTreeMap;

use starmesh_core::event::{Availability, EventKind, Facts, Response};

use crate::span::{DAY, Span, Wall, wall_clock};

/// How far series are followed, in seconds after the start of a world. Further than any window reaches.
pub(crate) const HORIZON: i64 = 420 * DAY;
/// The longest occurrence that is mirrored, in days.
const LENGTH_DAYS_MAX: i64 = 3_653;

/// One event or series.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Event {
    /// Its iCal UID.
    pub uid: String,
    /// When it happens.
    pub when: When,
    /// What it says about the person's time.
    pub facts: Facts,
    /// True while its server hands it over in a form that nobody can read.
    pub unreadable: bool,
}

impl Event {
    /// Makes it, and each of its dates, an event of no special kind: what had one blocks no time.
    pub(crate) fn forget_kinds(&mut self) {
        let forget = |facts: &mut Facts| {
            if facts.kind != EventKind::Default {
                *facts = Facts { kind: EventKind::Default, availability: Availability::Free, ..*facts };
            }
        };
        forget(&mut self.facts);
        if let When::Series(series) = &mut self.when {
            for exception in series.exceptions.values_mut() {
                if let Exception::Shown(facts) = exception {
                    forget(facts);
                }
            }
        }
    }
}

/// When an event happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum When {
    /// Once: wall clock seconds, and the wall.
    Once {
        /// Where its clock hangs.
        wall: Wall,
        /// What the wall clock shows at its start.
        start: i64,
        /// Its length in seconds.
        length: i64,
        /// True for whole days.
        all_day: bool,
    },
    /// Again and again.
    Series(Series),
}

/// A series: every so many days at the same time of the wall clock.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Series {
    /// Where its clock hangs.
    pub wall: Wall,
    /// What the wall clock shows at its first start.
    pub first: i64,
    /// The length of each occurrence, in seconds.
    pub length: i64,
    /// True for whole days.
    pub all_day: bool,
    /// Days between two occurrences.
    pub step_days: i64,
    /// How many there are; endless when `None`.
    pub count: Option<u32>,
    /// Exceptions, by number of the occurrence.
    pub exceptions: BTreeMap<u32, Exception>,
}

/// What became of one occurrence of a series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Exception {
    /// It was taken out.
    Dropped,
    /// It stands there as cancelled.
    Cancelled,
    /// It happens at another time: seconds later, and its length.
    Moved {
        /// How much later, in seconds.
        later: i64,
        /// Its length, in seconds.
        length: i64,
    },
    /// It says something else about the person's time.
    Shown(Facts),
}

/// One occurrence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Occurrence {
    /// Its original start as text; empty for a single event.
    pub original: String,
    /// When it happens.
    pub span: Span,
    /// What it says.
    pub facts: Facts,
}

/// What a mirror of an occurrence shows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Shown {
    /// Perhaps busy.
    Tentative,
    /// Busy.
    Busy,
    /// Away.
    Away,
}

impl Shown {
    /// What a found mirror shows.
    pub(crate) fn of(availability: Availability) -> Option<Self> {
        match availability {
            Availability::Free => None,
            Availability::Tentative => Some(Self::Tentative),
            Availability::Busy => Some(Self::Busy),
            Availability::OutOfOffice => Some(Self::Away),
        }
    }
}

impl Event {
    /// All its occurrences up to a little after `until`, in a calendar whose clock hangs at `home`.
    pub(crate) fn occurrences(&self, home: Wall, until: i64) -> Vec<Occurrence> {
        match &self.when {
            When::Once { wall, start, length, all_day } => {
                let start = if *all_day { *start } else { wall.to_utc(*start, home) };
                let span = Span { all_day: *all_day, start, end: start + length };
                vec![Occurrence { original: String::new(), span, facts: self.facts }]
            }
            When::Series(series) => series.occurrences(self.facts, home, until),
        }
    }

    /// The series, if it is one.
    pub(crate) fn series_mut(&mut self) -> Option<&mut Series> {
        match &mut self.when {
            When::Series(series) => Some(series),
            When::Once { .. } => None,
        }
    }
}

impl Series {
    /// What the wall clock shows at the original start of an occurrence.
    pub(crate) fn local_start(&self, number: u32) -> i64 {
        self.first + i64::from(number) * self.step_days * DAY
    }

    fn instant(&self, local: i64, home: Wall) -> i64 {
        if self.all_day { local } else { self.wall.to_utc(local, home) }
    }

    fn occurrences(&self, facts: Facts, home: Wall, until: i64) -> Vec<Occurrence> {
        let mut found = Vec::new();
        for number in 0..self.count.unwrap_or(u32::MAX) {
            let local = self.local_start(number);
            let start = self.instant(local, home);
            if start > until {
                break;
            }
            let original = if self.all_day {
                wall_clock(start).format("%Y%m%d").to_string()
            } else {
                wall_clock(start).format("%Y%m%dT%H%M%SZ").to_string()
            };
            let at = |start: i64, length: i64| Span { all_day: self.all_day, start, end: start + length };
            let (span, facts) = match self.exceptions.get(&number) {
                Some(Exception::Dropped) => continue,
                Some(Exception::Cancelled) => (at(start, self.length), Facts { cancelled: true, ..facts }),
                Some(Exception::Moved { later, length }) => {
                    (at(self.instant(local + later, home), *length), facts)
                }
                Some(Exception::Shown(facts)) => (at(start, self.length), *facts),
                None => (at(start, self.length), facts),
            };
            found.push(Occurrence { original, span, facts });
        }
        found
    }
}

impl Occurrence {
    /// What its mirror shows under the default rules; `None` when it has none.
    pub(crate) fn shown(&self) -> Option<Shown> {
        let length = self.span.end - self.span.start;
        let Facts { availability, response, kind, cancelled, found: _ } = self.facts;
        if length <= 0 || length > LENGTH_DAYS_MAX * DAY || cancelled || kind != EventKind::Default {
            return None;
        }
        let shown = Shown::of(availability)?;
        match response {
            Response::Declined => None,
            Response::NeedsAction | Response::Tentative => Some(Shown::Tentative),
            Response::NotInvited | Response::Accepted => Some(shown),
        }
    }
}
