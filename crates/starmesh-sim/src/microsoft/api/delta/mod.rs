//! `calendarView/delta`: what changed in a range since a token.
//!
//! 1. `memory`: tokens, the ranges frozen in them, and how they die.
//! 2. `round`: the rows of one round, with everything that is known to be odd about them.
//! 3. `page`: rows as JSON, and the link to what comes next.
//!
//! Sources: <https://learn.microsoft.com/en-us/graph/api/event-delta> and
//! <https://learn.microsoft.com/en-us/graph/delta-query-overview>.

mod memory;
mod page;
mod round;

pub(crate) use self::memory::DeltaMemory;
pub(crate) use self::page::delta;

/// Which of the two functions was called.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Scope {
    /// `calendarView/delta`: occurrences in a range.
    View,
    /// `events/delta`: single events and series, from a start on.
    Events,
}
