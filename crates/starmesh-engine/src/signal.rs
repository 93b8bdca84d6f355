//! What reaches the daemon from outside. A signal says that something may have changed, never what.

use chrono::{DateTime, Utc};
use starmesh_core::ids::CalendarId;

/// A word to the running engine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    /// This calendar may have changed.
    Signal(CalendarId),
    /// Groups, links, settings or accounts have changed.
    Reload,
    /// Finish what is under way and stop.
    Shutdown,
}

/// The first steps of a journey, carried along until the writes that follow from them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Origin {
    pub signalled: DateTime<Utc>,
    pub taken: DateTime<Utc>,
    pub pulled: DateTime<Utc>,
}

impl Origin {
    /// A journey that begins here and now: nothing was signalled, a person asked.
    pub(crate) fn at(now: DateTime<Utc>) -> Self {
        Self { signalled: now, taken: now, pulled: now }
    }
}
