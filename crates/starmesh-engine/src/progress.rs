//! What the engine tells while it works: progress of long work, and one event for each real write.

use std::time::Duration;

use starmesh_core::ids::CalendarId;
use starmesh_store::state::{Journey, WedgeReason};

/// Something that happened. Late listeners miss events; the activity in the store is the record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum EngineEvent {
    /// A calendar is being read.
    PullStarted {
        /// Which.
        calendar: CalendarId,
    },
    /// Items of it were read.
    PullProgress {
        /// Which.
        calendar: CalendarId,
        /// How many so far in this read.
        items: u64,
    },
    /// Its provider asked to slow down: the read goes on after a wait.
    PullWaits {
        /// Which.
        calendar: CalendarId,
        /// How long.
        wait: Duration,
    },
    /// A calendar was read.
    Pulled {
        /// Which.
        calendar: CalendarId,
        /// How many items are new, changed or gone.
        changed: u64,
    },
    /// A calendar could not be read.
    PullFailed {
        /// Which.
        calendar: CalendarId,
        /// Why.
        message: String,
        /// True when only a person can help.
        needs_person: bool,
    },
    /// A target was planned.
    Planned {
        /// Which.
        target: CalendarId,
        /// How many writes follow.
        operations: u64,
        /// How many removals are held.
        held: u64,
        /// True when the whole target was planned: then `held` is all that is held there. A plan of some
        /// meetings sees only theirs.
        whole: bool,
    },
    /// Writes to a target were carried out.
    PlaceProgress {
        /// Which.
        target: CalendarId,
        /// How many of this plan so far.
        done: u64,
        /// How many there are in all.
        total: u64,
    },
    /// A mirror was placed, changed or removed: one real write.
    Placed(Journey),
    /// A write stands still until something changes.
    Wedged {
        /// In which target.
        target: CalendarId,
        /// Why.
        reason: WedgeReason,
    },
    /// Nothing is left to do for now.
    Quiet,
}
