//! From a change to its busy blocks.

use chrono::{DateTime, Utc};
use serde::Serialize;
use starmesh_app::AppError;
use starmesh_app::dto::{ActionDto, JourneyDto, StepsDto};

use super::cast::{Place, failed};
use super::line::Deed;
use super::person::Done;

/// When each step was done, in milliseconds since the change at the provider; none where a read that was
/// under way already brought the change.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub(super) struct Steps {
    /// The signal arrived: a notification, or a poll that was due.
    pub(super) signal: i64,
    /// The calendar was taken from the queue.
    pub(super) queue: i64,
    /// What changed was read.
    pub(super) read: i64,
    /// The plan was made.
    pub(super) plan: i64,
    /// The provider confirmed the write, and the block is there to be read.
    pub(super) place: i64,
}

impl Steps {
    /// The steps of a journey, counted from `change`.
    pub(super) fn since(change: DateTime<Utc>, steps: &StepsDto) -> Result<Self, AppError> {
        let ms = |time: &str| Ok::<_, AppError>((instant(time)? - change).num_milliseconds().max(0));
        Ok(Self {
            signal: ms(&steps.signalled)?,
            queue: ms(&steps.taken)?,
            read: ms(&steps.pulled)?,
            plan: ms(&steps.planned)?,
            place: ms(&steps.placed)?,
        })
    }
}

/// An instant of an answer.
pub(super) fn instant(text: &str) -> Result<DateTime<Utc>, AppError> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).map_err(|problem| failed(&problem))
}

/// What a deed has to bring: in each calendar it reaches, one write.
pub(super) struct Expected {
    pub(super) done: Done,
    pub(super) missing: Vec<Place>,
}

impl Expected {
    pub(super) fn of(done: Done) -> Self {
        Self { done, missing: done.place.reaches().to_vec() }
    }

    /// True when `journey`, from `source` to `target`, is one of those that were missing.
    pub(super) fn take(&mut self, source: Place, target: Place, journey: &JourneyDto) -> bool {
        let action = match self.done.deed {
            Deed::Booked => ActionDto::Placed,
            Deed::Moved => ActionDto::Updated,
            Deed::Cancelled => ActionDto::Removed,
        };
        let start = journey.time.as_ref().and_then(|time| instant(&time.start).ok());
        let is_it =
            source == self.done.place && journey.action == action && start == Some(self.done.span.start);
        let at = self.missing.iter().position(|missing| *missing == target).filter(|_| is_it);
        at.map(|at| self.missing.remove(at)).is_some()
    }
}
