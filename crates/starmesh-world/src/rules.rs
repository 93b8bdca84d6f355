//! What links leave out besides. Own code, as all of the oracle's: no policy is asked what it means.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::event::{Availability, Facts, Response};
use starmesh_core::mirror::{Color, Label};
use starmesh_core::policy::{AllDay, Choice, Deleted, Policy, Undecided, Word};
use starmesh_sim::dice::Dice;

use crate::event::{Occurrence, Shown};
use crate::layout::{Edge, Place};
use crate::oracle::LABEL;
use crate::span::{DAY, HOUR};
use crate::words::{self, Holds};

/// Of so many seeds in a row these have rules. Seeds that once found a bug are not among them, so that they stay
/// what they were.
const RULED: (u64, [u64; 2]) = (9, [0, 4]);
/// When working hours begin and end, in seconds of the day.
const HOURS: (i64, i64) = (8 * HOUR, 18 * HOUR);
/// The same as a person writes it.
const HOURS_WRITTEN: &str = "Mon-Fri 08:00-18:00 UTC";
/// The weekday of the first day of the epoch, a Thursday, counted from Monday.
const EPOCH_WEEKDAY: i64 = 3;
/// What mirrors of some links are called.
const OTHER_LABEL: &str = "Away";

/// What one link leaves out, and what its mirrors are called.
#[derive(Clone, PartialEq, Eq, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a rule of its own")]
pub(crate) struct Rule {
    off: bool,
    other_label: bool,
    tentative: Undecided,
    unanswered: Undecided,
    all_day: AllDay,
    hours: bool,
    min_minutes: u32,
    keyword: Wanted,
    category: Wanted,
    respects: bool,
    color: Option<Color>,
}

/// Whether a word has to be there, may not be there, or does not matter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Wanted {
    Either,
    Only,
    Never,
}

impl Wanted {
    fn draw(dice: &mut Dice) -> Self {
        dice.pick(&[Self::Either, Self::Either, Self::Either, Self::Only, Self::Never])
            .unwrap_or(Self::Either)
    }

    fn admits(self, held: bool) -> bool {
        match self {
            Self::Either => true,
            Self::Only => held,
            Self::Never => !held,
        }
    }

    fn choice(self, word: &str) -> Choice {
        let words: BTreeSet<Word> = Word::new(word).into_iter().collect();
        match self {
            Self::Either => Choice::default(),
            Self::Only => Choice { only: words, ..Choice::default() },
            Self::Never => Choice { never: words, ..Choice::default() },
        }
    }
}

/// The rules of the links that have some.
pub(crate) type Rules = BTreeMap<Edge, Rule>;

/// The rules of a seed with these calendars.
pub(crate) fn draw(seed: u64, places: &[Place]) -> Rules {
    let (every, ruled) = RULED;
    if !ruled.contains(&(seed % every)) {
        return Rules::new();
    }
    let mut dice = Dice::new(seed, 5);
    let count = places.len();
    let edges = (0..count).flat_map(|a| (0..count).map(move |b| (a, b))).filter(|(a, b)| a != b);
    edges.map(|edge| (edge, Rule::draw(&mut dice, &places[edge.1]))).collect()
}

impl Rule {
    /// Any rule of a link into `target`.
    pub(crate) fn draw(dice: &mut Dice, target: &Place) -> Self {
        let undecided = [Undecided::Tentative, Undecided::Tentative, Undecided::Busy, Undecided::Skip];
        let all_day = [AllDay::Opaque, AllDay::Opaque, AllDay::Off, AllDay::All];
        Self {
            off: dice.chance(100),
            other_label: dice.chance(300),
            tentative: dice.pick(&undecided).unwrap_or(Undecided::Tentative),
            unanswered: dice.pick(&undecided).unwrap_or(Undecided::Tentative),
            all_day: dice.pick(&all_day).unwrap_or(AllDay::Opaque),
            hours: dice.chance(250),
            min_minutes: dice.pick(&[0, 0, 30, 60, 120]).unwrap_or(0),
            keyword: Wanted::draw(dice),
            category: Wanted::draw(dice),
            respects: dice.chance(300) && !target.forgets,
            color: dice.pick(&Color::ALL).filter(|_| dice.chance(400)).filter(|_| target.colors),
        }
    }

    /// True when mirrors that a person deletes stay away.
    pub(crate) fn respects(&self) -> bool {
        self.respects
    }
}

/// What the mirror of an occurrence shows over a link with this rule, if it has one; `None` when it has none.
pub(crate) fn shown(rule: Option<&Rule>, occurrence: &Occurrence, held: Holds) -> Option<Shown> {
    let Some(rule) = rule else { return occurrence.shown() };
    let Facts { availability, response, .. } = occurrence.facts;
    let span = occurrence.span;
    let free_day = span.all_day && availability == Availability::Free && rule.all_day == AllDay::All;
    // A free day counts here, unless something else stands against it.
    let availability = if free_day { Availability::Busy } else { availability };
    let facts = Facts { availability, ..occurrence.facts };
    Occurrence { facts, ..occurrence.clone() }.shown()?;
    let too_short = span.end - span.start < i64::from(rule.min_minutes) * 60;
    let unwanted = !rule.keyword.admits(held.keyword) || !rule.category.admits(held.category);
    let left_out = rule.off || unwanted || too_short || (rule.hours && !touches_hours(occurrence));
    if left_out || (span.all_day && rule.all_day == AllDay::Off) {
        return None;
    }
    let of_availability = match availability {
        Availability::Tentative => undecided(rule.tentative)?,
        Availability::OutOfOffice => Shown::Away,
        Availability::Busy | Availability::Free => Shown::Busy,
    };
    match response {
        Response::NeedsAction => Some(weaker(undecided(rule.unanswered)?, of_availability)),
        Response::Tentative => Some(weaker(undecided(rule.tentative)?, of_availability)),
        Response::NotInvited | Response::Accepted => Some(of_availability),
        Response::Declined => None,
    }
}

fn undecided(rule: Undecided) -> Option<Shown> {
    match rule {
        Undecided::Tentative => Some(Shown::Tentative),
        Undecided::Busy => Some(Shown::Busy),
        Undecided::Skip => None,
    }
}

/// Perhaps beats busy, and busy beats away.
fn weaker(one: Shown, other: Shown) -> Shown {
    let rank = |shown: Shown| match shown {
        Shown::Tentative => 0,
        Shown::Busy => 1,
        Shown::Away => 2,
    };
    if rank(one) <= rank(other) { one } else { other }
}

fn touches_hours(occurrence: &Occurrence) -> bool {
    let span = occurrence.span;
    let works = |day: i64| (day + EPOCH_WEEKDAY).rem_euclid(7) < 5;
    let (first, last) = (span.start.div_euclid(DAY), (span.end - 1).div_euclid(DAY));
    (first..=last.min(first + 14)).filter(|day| works(*day)).any(|day| {
        let (from, to) = (day * DAY + HOURS.0, day * DAY + HOURS.1);
        span.all_day || (span.start < to && span.end > from)
    })
}

/// What mirrors of a link look like.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Look {
    /// What they are called.
    pub label: &'static str,
    /// Their colour; none where the link says nothing of it.
    pub color: Option<Color>,
}

/// What the mirrors of a link with this rule look like.
pub(crate) fn look(rule: Option<&Rule>) -> Look {
    let label = if rule.is_some_and(|rule| rule.other_label) { OTHER_LABEL } else { LABEL };
    Look { label, color: rule.and_then(|rule| rule.color) }
}

/// The rule as a person sets it.
pub(crate) fn policy(rule: Option<&Rule>) -> Policy {
    let Some(rule) = rule else { return Policy::default() };
    Policy {
        off: rule.off,
        label: rule.other_label.then(|| Label::new(OTHER_LABEL).ok()).flatten(),
        color: rule.color,
        tentative: rule.tentative,
        unanswered: rule.unanswered,
        all_day: rule.all_day,
        hours: rule.hours.then(|| HOURS_WRITTEN.parse().ok()).flatten(),
        min_minutes: rule.min_minutes,
        keywords: rule.keyword.choice(words::KEYWORD),
        categories: rule.category.choice(words::CATEGORY),
        deleted: if rule.respects { Deleted::Respected } else { Deleted::Restored },
    }
}
