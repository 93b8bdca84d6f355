//! The log of what changed, in the order in which it did.

use chrono::{DateTime, Utc};

use super::ids::{CalendarNo, ItemNo};

/// One change of one event.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Change {
    /// Its place in the order; never used twice.
    pub(crate) seq: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) calendar: CalendarNo,
    pub(crate) item: ItemNo,
    pub(crate) kind: ChangeKind,
    /// When the event was before, from the start of its first to the end of its last occurrence where it
    /// was a series with an end; `None` for a new event.
    pub(crate) before: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

/// What happened to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    /// Deleted, or moved to another calendar.
    Removed,
}

impl ChangeKind {
    /// The name of it in subscriptions (`changeType`).
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "deleted",
        }
    }
}
