//! What links leave out besides. Own code, as all of the oracle's: no policy is asked what it means.

use std::collections::BTreeMap;

use starmesh_core::event::{Availability, Facts, Response};
use starmesh_core::mirror::Label;
use starmesh_core::policy::{AllDay, Policy, Undecided};
use starmesh_sim::dice::Dice;

use crate::event::{Occurrence, Shown};
use crate::layout::Edge;
use crate::oracle::LABEL;
use crate::span::{DAY, HOUR};

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
pub(crate) struct Rule {
    off: bool,
    other_label: bool,
    tentative: Undecided,
    unanswered: Undecided,
    all_day: AllDay,
    hours: bool,
    min_minutes: u32,
}

/// The rules of the links that have some.
pub(crate) type Rules = BTreeMap<Edge, Rule>;

/// The rules of a seed with so many calendars.
pub(crate) fn draw(seed: u64, places: usize) -> Rules {
    let (every, ruled) = RULED;
    if !ruled.contains(&(seed % every)) {
        return Rules::new();
    }
    let mut dice = Dice::new(seed, 5);
    let mut rules = Rules::new();
    for edge in (0..places).flat_map(|a| (0..places).map(move |b| (a, b))).filter(|(a, b)| a != b) {
        let undecided = [Undecided::Tentative, Undecided::Tentative, Undecided::Busy, Undecided::Skip];
        let rule = Rule {
            off: dice.chance(100),
            other_label: dice.chance(300),
            tentative: dice.pick(&undecided).unwrap_or(Undecided::Tentative),
            unanswered: dice.pick(&undecided).unwrap_or(Undecided::Tentative),
            all_day: dice
                .pick(&[AllDay::Opaque, AllDay::Opaque, AllDay::Off, AllDay::All])
                .unwrap_or(AllDay::Opaque),
            hours: dice.chance(250),
            min_minutes: dice.pick(&[0, 0, 30, 60, 120]).unwrap_or(0),
        };
        rules.insert(edge, rule);
    }
    rules
}

/// What the mirror of an occurrence shows over a link with this rule, if it has one; `None` when it has none.
pub(crate) fn shown(rule: Option<&Rule>, occurrence: &Occurrence) -> Option<Shown> {
    let Some(rule) = rule else { return occurrence.shown() };
    let Facts { availability, response, .. } = occurrence.facts;
    let span = occurrence.span;
    let free_day = span.all_day && availability == Availability::Free && rule.all_day == AllDay::All;
    // A free day counts here, unless something else stands against it.
    let availability = if free_day { Availability::Busy } else { availability };
    let facts = Facts { availability, ..occurrence.facts };
    Occurrence { facts, ..occurrence.clone() }.shown()?;
    let too_short = span.end - span.start < i64::from(rule.min_minutes) * 60;
    let left_out = rule.off || too_short || (rule.hours && !touches_hours(occurrence));
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

/// What the mirrors of a link with this rule are called.
pub(crate) fn label(rule: Option<&Rule>) -> &'static str {
    if rule.is_some_and(|rule| rule.other_label) { OTHER_LABEL } else { LABEL }
}

/// The rule as a person sets it.
pub(crate) fn policy(rule: Option<&Rule>) -> Policy {
    let Some(rule) = rule else { return Policy::default() };
    Policy {
        off: rule.off,
        label: rule.other_label.then(|| Label::new(OTHER_LABEL).ok()).flatten(),
        tentative: rule.tentative,
        unanswered: rule.unanswered,
        all_day: rule.all_day,
        hours: rule.hours.then(|| HOURS_WRITTEN.parse().ok()).flatten(),
        min_minutes: rule.min_minutes,
        ..Policy::default()
    }
}
