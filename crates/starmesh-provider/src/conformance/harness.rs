//! What a law needs of a server: the provider, and a way around it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::EventTime;

use crate::error::ProviderError;
use crate::port::{CalendarProvider, Cursor};

/// Whom [`Harness::invite`] invites.
pub const GUEST: &str = "guest@elsewhere.example";

/// A server with an account on it, reached through the provider and around it. What goes around must share
/// no code with the provider, or a shared mistake would stay hidden.
///
/// A failure of the harness itself may panic: it is no statement about the provider.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The provider under test.
    fn provider(&self) -> Arc<dyn CalendarProvider>;

    /// The time around which events are made.
    fn now(&self) -> DateTime<Utc>;

    /// Makes an empty calendar.
    async fn create_calendar(&self) -> LastingName;

    /// Removes a calendar with all it holds.
    async fn delete_calendar(&self, calendar: &LastingName);

    /// Stores a person's event, over the one with the same UID, and gives its id.
    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId;

    /// Invites [`GUEST`] to an item that stands there, as its owner would; nobody hears of it.
    async fn invite(&self, calendar: &LastingName, id: &RemoteId);

    /// Removes an item as its owner would.
    async fn delete_item(&self, calendar: &LastingName, id: &RemoteId);

    /// Everything that is stored in a calendar.
    async fn kept(&self, calendar: &LastingName) -> Kept;

    /// A well-formed cursor that the server does not know.
    async fn dead_cursor(&self, calendar: &LastingName) -> Cursor;

    /// Asks for pages of at most so many changes, where the server can do that.
    async fn limit_pages(&self, calendar: &LastingName, changes: usize) {
        let _ = (calendar, changes);
    }
}

/// What a calendar holds: each item as it is stored, byte by byte.
pub type Kept = BTreeMap<RemoteId, Vec<u8>>;

/// An event of a person, as facts; the harness finds the words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PersonEvent {
    /// Its UID, of letters, digits and hyphens.
    pub uid: String,
    /// When it happens first.
    pub time: EventTime,
    /// RRULE, without the property name.
    pub rule: Option<String>,
    /// True when it blocks no time.
    pub transparent: bool,
}

/// A broken law, in words.
#[derive(Clone, PartialEq, Eq)]
pub struct Broken(pub String);

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<ProviderError> for Broken {
    fn from(error: ProviderError) -> Self {
        Self(format!("the provider failed: {:?}, {}", error.kind, error.message))
    }
}

/// Breaks the law unless `holds`.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(Broken(what())) }
}

/// Breaks the law unless both are equal.
pub(super) fn ensure_equal<T: PartialEq + fmt::Debug>(
    found: &T,
    expected: &T,
    what: &str,
) -> Result<(), Broken> {
    ensure(found == expected, || format!("{what}: found {found:?}, expected {expected:?}"))
}
