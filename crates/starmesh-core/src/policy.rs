//! Which occurrences count, and as what.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::event::{Availability, EventKind, Facts, Response};
use crate::mirror::{Label, MirrorAvailability};
use crate::recurrence::Occurrence;

/// The policy of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default)]
pub struct Policy {
    /// What mirrors are called in the target.
    pub label: Label,
    /// What becomes of tentative events and of invitations answered "perhaps".
    pub tentative: Undecided,
    /// What becomes of invitations that are not answered yet.
    pub unanswered: Undecided,
    /// What becomes of whole days.
    pub all_day: AllDay,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            label: Label::default(),
            tentative: Undecided::Tentative,
            unanswered: Undecided::Tentative,
            all_day: AllDay::Opaque,
        }
    }
}

/// What becomes of an event that may or may not happen.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
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

/// Why an occurrence is not mirrored. The words of each stand in the façade.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// It is a mirror itself, or carries a mark of another installation.
    Mirror,
    /// Cancelled.
    Cancelled,
    /// The owner declined.
    Declined,
    /// Shown as free.
    Free,
    /// Only says where the person works.
    WorkingLocation,
    /// A birthday.
    Birthday,
    /// Tentative, and the link leaves such events out.
    Tentative,
    /// Not answered, and the link leaves such events out.
    Unanswered,
    /// A whole day, and the link leaves such events out.
    AllDay,
    /// It ends before it starts.
    EndsBeforeStart,
    /// It takes no time.
    TakesNoTime,
    /// It lasts longer than [`LENGTH_DAYS_MAX`].
    TooLong,
    /// The target holds the same meeting itself.
    SameMeeting,
    /// Another source brings the same meeting to this target.
    OtherSource,
    /// The target blocks exactly this time already, and its source cannot show whether that is the same.
    AlreadyBlocked,
    /// The item cannot be read.
    Unreadable,
    /// Its rule cannot be understood.
    MalformedRule,
    /// Its rule makes more occurrences than a calendar can hold.
    TooManyOccurrences,
    /// It has no occurrence in the window.
    OutsideWindow,
}

impl SkipReason {
    /// True when the event is broken and a person should hear of it.
    pub fn is_fault(self) -> bool {
        matches!(
            self,
            Self::EndsBeforeStart
                | Self::TooLong
                | Self::Unreadable
                | Self::MalformedRule
                | Self::TooManyOccurrences
        )
    }
}

impl Policy {
    /// What an occurrence becomes in the target: how its mirror is shown, or why there is none.
    pub fn decide(&self, occurrence: &Occurrence) -> Result<MirrorAvailability, SkipReason> {
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
        Ok(shown)
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
            assert_eq!(Policy::default().decide(&occurrence), expected, "{occurrence:?}");
        }
    }

    #[test]
    fn whole_days_can_be_left_out_or_taken_even_when_free() {
        let free = Facts { availability: Availability::Free, ..Facts::BUSY };
        let off = Policy { all_day: AllDay::Off, ..Policy::default() };
        let all = Policy { all_day: AllDay::All, ..Policy::default() };
        assert_eq!(off.decide(&day(Facts::BUSY)), Err(SkipReason::AllDay));
        assert_eq!(all.decide(&day(free)), Ok(Shown::Busy));
        assert_eq!(all.decide(&timed(1, free)), Err(SkipReason::Free));
    }
}
