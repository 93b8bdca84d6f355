//! Which occurrences count, and as what.

mod hours;
mod reason;
mod terms;

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::event::{Availability, EventKind, Facts, Response};
use crate::mirror::{Color, Label, MirrorAvailability};
use crate::planted::{Bug, planted};
use crate::recurrence::Occurrence;

pub use hours::{HoursProblem, SHIFTS_MAX, WorkingHours};
pub use reason::SkipReason;
pub use terms::{Found, Term, Terms, Word, WordProblem};

/// The policy of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct Policy {
    /// True when nothing is mirrored: the way to have one direction of a pair only.
    pub off: bool,
    /// What mirrors are called in the target; `None` when as everywhere.
    pub label: Option<Label>,
    /// The colour of mirrors in the target; `None` for whatever the target gives them.
    pub color: Option<Color>,
    /// What becomes of tentative events and of invitations answered "perhaps".
    pub tentative: Undecided,
    /// What becomes of invitations that are not answered yet.
    pub unanswered: Undecided,
    /// What becomes of whole days.
    pub all_day: AllDay,
    /// What lies wholly outside is not mirrored.
    pub hours: Option<WorkingHours>,
    /// What is shorter is not mirrored, in minutes.
    pub min_minutes: u32,
    /// Which subjects count.
    pub keywords: Choice,
    /// Which categories count.
    pub categories: Choice,
    /// What becomes of mirrors that a person deletes.
    pub deleted: Deleted,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            off: false,
            label: None,
            color: None,
            tentative: Undecided::Tentative,
            unanswered: Undecided::Tentative,
            all_day: AllDay::Opaque,
            hours: None,
            min_minutes: 0,
            keywords: Choice::default(),
            categories: Choice::default(),
            deleted: Deleted::Restored,
        }
    }
}

/// Which words let an event count: any of `only`, where there are some, and none of `never`.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct Choice {
    /// One of these has to be there.
    pub only: BTreeSet<Word>,
    /// None of these may be there.
    pub never: BTreeSet<Word>,
}

impl Choice {
    fn admits(&self, holds: impl Fn(&Word) -> bool) -> bool {
        (self.only.is_empty() || self.only.iter().any(&holds)) && !self.never.iter().any(holds)
    }

    fn words(&self) -> impl Iterator<Item = &Word> {
        self.only.iter().chain(&self.never)
    }
}

/// What becomes of a mirror that a person deletes.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub enum Deleted {
    /// It is placed again.
    Restored,
    /// It stays away, until its event moves.
    Respected,
}

/// What becomes of an event that may or may not happen.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub enum Undecided {
    /// Mirrored as tentative.
    Tentative,
    /// Mirrored as busy.
    Busy,
    /// Not mirrored.
    Skip,
}

/// What becomes of whole days.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub enum AllDay {
    /// Mirrored when they block time.
    Opaque,
    /// Never mirrored.
    Off,
    /// Mirrored even when they are shown as free.
    All,
}

/// The longest occurrence that is mirrored: ten years. Anything longer is a slip of the keyboard or an
/// attack, and would block a calendar for good.
pub const LENGTH_DAYS_MAX: i64 = 3_653;

impl Policy {
    /// What has to be looked for in the source's events.
    pub fn terms(&self) -> impl Iterator<Item = Term> {
        let keywords = self.keywords.words().cloned().map(Term::Keyword);
        keywords.chain(self.categories.words().cloned().map(Term::Category))
    }

    /// What an occurrence becomes in the target: how its mirror is shown, or why there is none. Its facts tell
    /// which of `terms` it holds.
    pub fn decide(&self, occurrence: &Occurrence, terms: &Terms) -> Result<MirrorAvailability, SkipReason> {
        let time = &occurrence.time;
        let length = time.length();
        if length < TimeDelta::zero() {
            return Err(SkipReason::EndsBeforeStart);
        }
        let shown = self.decide_facts(occurrence.facts, time.is_all_day())?;
        if length.is_zero() {
            return Err(SkipReason::TakesNoTime);
        }
        if length > TimeDelta::days(LENGTH_DAYS_MAX) {
            return Err(SkipReason::TooLong);
        }
        self.narrow(occurrence, terms)?;
        Ok(shown)
    }

    /// What this link alone leaves out.
    fn narrow(&self, occurrence: &Occurrence, terms: &Terms) -> Result<(), SkipReason> {
        let time = &occurrence.time;
        let found = occurrence.facts.found;
        if planted(Bug::IgnoreRules) {
            return Ok(());
        }
        if self.off {
            return Err(SkipReason::LinkOff);
        }
        if time.length() < TimeDelta::minutes(i64::from(self.min_minutes)) {
            return Err(SkipReason::TooShort);
        }
        if self.hours.as_ref().is_some_and(|hours| !hours.touches(time)) {
            return Err(SkipReason::OutsideHours);
        }
        // Who asks for words gets nothing of which it is not known whether it holds them.
        if found == Found::UNKNOWN && self.terms().next().is_some() {
            return Err(SkipReason::Unreadable);
        }
        if !self.keywords.admits(|word| terms.has(found, &Term::Keyword(word.clone()))) {
            return Err(SkipReason::Keyword);
        }
        if !self.categories.admits(|word| terms.has(found, &Term::Category(word.clone()))) {
            return Err(SkipReason::Category);
        }
        Ok(())
    }

    fn decide_facts(&self, facts: Facts, all_day: bool) -> Result<MirrorAvailability, SkipReason> {
        if facts.cancelled {
            return Err(SkipReason::Cancelled);
        }
        match facts.kind {
            EventKind::WorkingLocation => return Err(SkipReason::WorkingLocation),
            EventKind::Birthday => return Err(SkipReason::Birthday),
            EventKind::Default => {}
        }
        if facts.response == Response::Declined {
            return Err(SkipReason::Declined);
        }
        if all_day && self.all_day == AllDay::Off {
            return Err(SkipReason::AllDay);
        }
        let shown = match facts.availability {
            Availability::Free if all_day && self.all_day == AllDay::All => MirrorAvailability::Busy,
            Availability::Free => return Err(SkipReason::Free),
            Availability::Tentative => decide_undecided(self.tentative, SkipReason::Tentative)?,
            Availability::Busy => MirrorAvailability::Busy,
            Availability::OutOfOffice => MirrorAvailability::OutOfOffice,
        };
        match facts.response {
            Response::NeedsAction => {
                Ok(decide_undecided(self.unanswered, SkipReason::Unanswered)?.min(shown))
            }
            Response::Tentative => Ok(decide_undecided(self.tentative, SkipReason::Tentative)?.min(shown)),
            Response::NotInvited | Response::Accepted | Response::Declined => Ok(shown),
        }
    }
}

fn decide_undecided(rule: Undecided, reason: SkipReason) -> Result<MirrorAvailability, SkipReason> {
    match rule {
        Undecided::Tentative => Ok(MirrorAvailability::Tentative),
        Undecided::Busy => Ok(MirrorAvailability::Busy),
        Undecided::Skip => Err(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recurrence::OriginalStart;
    use crate::time::EventTime;
    use MirrorAvailability as Shown;
    use chrono::{NaiveDate, TimeZone, Utc};

    fn timed(hours: i64, facts: Facts) -> Occurrence {
        let start = Utc.with_ymd_and_hms(2026, 12, 1, 10, 0, 0).unwrap();
        let time = EventTime::Timed { start, end: start + TimeDelta::hours(hours) };
        Occurrence { original_start: OriginalStart(String::new()), time, facts }
    }

    fn day(facts: Facts) -> Occurrence {
        let start = NaiveDate::from_ymd_opt(2026, 12, 1).unwrap();
        let time = EventTime::AllDay { start, end: start.succ_opt().unwrap() };
        Occurrence { original_start: OriginalStart(String::new()), time, facts }
    }

    #[test]
    fn the_default_policy_follows_its_table() {
        let busy = Facts::BUSY;
        let rows = [
            (timed(1, busy), Ok(Shown::Busy)),
            (timed(1, Facts { availability: Availability::Free, ..busy }), Err(SkipReason::Free)),
            (timed(1, Facts { availability: Availability::Tentative, ..busy }), Ok(Shown::Tentative)),
            (timed(1, Facts { availability: Availability::OutOfOffice, ..busy }), Ok(Shown::OutOfOffice)),
            (timed(1, Facts { response: Response::Declined, ..busy }), Err(SkipReason::Declined)),
            (timed(1, Facts { response: Response::NeedsAction, ..busy }), Ok(Shown::Tentative)),
            (timed(1, Facts { response: Response::Tentative, ..busy }), Ok(Shown::Tentative)),
            (timed(1, Facts { response: Response::Accepted, ..busy }), Ok(Shown::Busy)),
            (timed(1, Facts { cancelled: true, ..busy }), Err(SkipReason::Cancelled)),
            (timed(1, Facts { kind: EventKind::WorkingLocation, ..busy }), Err(SkipReason::WorkingLocation)),
            (timed(1, Facts { kind: EventKind::Birthday, ..busy }), Err(SkipReason::Birthday)),
            (timed(0, busy), Err(SkipReason::TakesNoTime)),
            (timed(-1, busy), Err(SkipReason::EndsBeforeStart)),
            (timed(24 * 365 * 1_000, busy), Err(SkipReason::TooLong)),
            (day(busy), Ok(Shown::Busy)),
            (day(Facts { availability: Availability::Free, ..busy }), Err(SkipReason::Free)),
        ];
        for (occurrence, expected) in rows {
            assert_eq!(Policy::default().decide(&occurrence, &Terms::default()), expected, "{occurrence:?}");
        }
    }

    #[test]
    fn whole_days_can_be_left_out_or_taken_even_when_free() {
        let free = Facts { availability: Availability::Free, ..Facts::BUSY };
        let none = Terms::default();
        let off = Policy { all_day: AllDay::Off, ..Policy::default() };
        let all = Policy { all_day: AllDay::All, ..Policy::default() };
        assert_eq!(off.decide(&day(Facts::BUSY), &none), Err(SkipReason::AllDay));
        assert_eq!(all.decide(&day(free), &none), Ok(Shown::Busy));
        assert_eq!(all.decide(&timed(1, free), &none), Err(SkipReason::Free));
    }

    #[test]
    fn a_link_leaves_out_what_its_rules_name() {
        let word = |text| BTreeSet::from([Word::new(text).unwrap()]);
        let only = |text| Choice { only: word(text), never: BTreeSet::new() };
        let never = |text| Choice { only: BTreeSet::new(), never: word(text) };
        let rows = [
            (Policy { off: true, ..Policy::default() }, Err(SkipReason::LinkOff)),
            (Policy { min_minutes: 61, ..Policy::default() }, Err(SkipReason::TooShort)),
            (Policy { min_minutes: 60, ..Policy::default() }, Ok(Shown::Busy)),
            (
                Policy { hours: "Mon 09:00-17:00 UTC".parse().ok(), ..Policy::default() },
                Err(SkipReason::OutsideHours),
            ),
            (Policy { hours: "Tue 10:59-11:30 UTC".parse().ok(), ..Policy::default() }, Ok(Shown::Busy)),
            (Policy { keywords: only("lunch"), ..Policy::default() }, Ok(Shown::Busy)),
            (Policy { keywords: only("gym"), ..Policy::default() }, Err(SkipReason::Keyword)),
            (Policy { keywords: never("lunch"), ..Policy::default() }, Err(SkipReason::Keyword)),
            (Policy { keywords: never("gym"), ..Policy::default() }, Ok(Shown::Busy)),
            (Policy { categories: only("red"), ..Policy::default() }, Ok(Shown::Busy)),
            (Policy { categories: never("red"), ..Policy::default() }, Err(SkipReason::Category)),
        ];
        for (policy, expected) in rows {
            let known = Terms::new(policy.terms()).unwrap();
            let found = known.find("Lunch with Ada", ["Red"]);
            let occurrence = timed(1, Facts { found, ..Facts::BUSY });
            assert_eq!(policy.decide(&occurrence, &known), expected, "{policy:?}");
        }
    }

    #[test]
    fn a_policy_of_an_older_version_reads_as_one_with_the_defaults() {
        let read: Policy = serde_json::from_str(r#"{"tentative":"busy"}"#).unwrap();
        assert_eq!(read, Policy { tentative: Undecided::Busy, ..Policy::default() });
    }
}
