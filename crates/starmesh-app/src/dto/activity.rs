//! What happened: journeys of events, and the events of a running engine.

use serde::Serialize;

use super::{CalendarRef, LinkRef};

/// What was done to a busy block.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ActionDto {
    /// It was placed.
    Placed,
    /// It was changed in place.
    Updated,
    /// It was removed.
    Removed,
}

/// The time of a busy block: two instants (RFC 3339, UTC) or two dates, the end exclusive.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TimeDto {
    /// First instant or day.
    pub start: String,
    /// First instant or day after it.
    pub end: String,
    /// True for whole days.
    pub all_day: bool,
}

/// The journey of one event to one target.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct JourneyDto {
    /// When it ended, RFC 3339, UTC.
    pub at: String,
    /// On which link.
    pub link: LinkRef,
    /// What was done.
    pub action: ActionDto,
    /// The time of the busy block.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub time: Option<TimeDto>,
    /// When each step was done.
    pub steps: StepsDto,
}

/// When each step of a journey was done, RFC 3339, UTC. The change at the provider itself has no time that
/// could be known.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StepsDto {
    /// The signal arrived, or the poll was due.
    pub signalled: String,
    /// The calendar was taken from the queue.
    pub taken: String,
    /// Its changes were read and kept.
    pub pulled: String,
    /// The plan was made.
    pub planned: String,
    /// The provider confirmed the write.
    pub placed: String,
}

/// Something that happened in a running engine.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RunEvent {
    /// The engine began to work.
    Started {
        /// Of how many links.
        links: u64,
        /// Its process.
        pid: u32,
    },
    /// A calendar is being read.
    PullStarted {
        /// Which.
        calendar: CalendarRef,
    },
    /// Items of it were read.
    PullProgress {
        /// Which.
        calendar: CalendarRef,
        /// How many so far.
        items: u64,
    },
    /// Its provider asked to slow down: the read goes on after a wait.
    PullWaits {
        /// Which.
        calendar: CalendarRef,
        /// How long, in seconds.
        seconds: u64,
    },
    /// A calendar was read.
    Pulled {
        /// Which.
        calendar: CalendarRef,
        /// How many items are new, changed or gone.
        changed: u64,
    },
    /// A calendar could not be read.
    PullFailed {
        /// Which.
        calendar: CalendarRef,
        /// Why.
        message: String,
        /// True when only a person can help.
        needs_person: bool,
    },
    /// A target was planned.
    Planned {
        /// Which.
        calendar: CalendarRef,
        /// How many writes follow.
        operations: u64,
        /// How many removals wait for a person.
        held: u64,
    },
    /// Writes were carried out.
    PlaceProgress {
        /// In which calendar.
        calendar: CalendarRef,
        /// How many so far.
        done: u64,
        /// How many in all.
        total: u64,
    },
    /// One real write.
    Placed(Box<JourneyDto>),
    /// A write stands still.
    Wedged {
        /// In which calendar.
        calendar: CalendarRef,
        /// Why.
        reason: String,
    },
    /// Groups, links, settings or accounts were changed by another process.
    Reloaded,
    /// Nothing is left to do for now.
    Quiet,
    /// Events came faster than they could be shown.
    Missed {
        /// How many.
        count: u64,
    },
    /// The engine stopped as asked.
    Stopped,
}
