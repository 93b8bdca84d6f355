//! The port itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{AccountId, LastingName, RemoteId, Version};
use starmesh_core::mirror::{MirrorSpec, PlacedMirror, ProviderId};
use starmesh_core::policy::Terms;
use starmesh_core::time::{TimeRange, Window};

use crate::error::Result;
use crate::push::Push;

/// One account at one provider.
///
/// Reading happens in two steps, since some providers list versions first and some hand over everything at
/// once: [`changes_since`](Self::changes_since) says what changed, [`fetch`](Self::fetch) reads the items
/// of which only the version was listed. Every call is cancel safe: dropped at any await, nothing is left
/// half done on our side.
#[async_trait]
pub trait CalendarProvider: Send + Sync {
    /// What this provider can do.
    fn capabilities(&self) -> Capabilities;

    /// All calendars of the account that hold events. A good answer also proves that the account's home
    /// can be reached.
    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>>;

    /// Says what links ask of the events of `calendar`: every item read from now on tells which of `terms` it
    /// holds. Where there are none, the provider is asked for no subject.
    fn look_for(&self, calendar: &LastingName, terms: &Terms);

    /// One page of what changed in `calendar` since `cursor`, or of everything when there is none.
    ///
    /// `cursor` is the one of the last page, or of the last page of the last read. A dead one gives
    /// [`ErrorKind::TokenExpired`](crate::ErrorKind::TokenExpired), never a short list.
    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<ChangeSet>;

    /// How long a calendar is to be left alone after a read that ended in `cursor`, where whoever publishes it
    /// says so.
    fn rest_after(&self, _cursor: &Cursor) -> Option<Duration> {
        None
    }

    /// Reads items by id. The answer has exactly one entry for each of `ids`, in any order; an item that
    /// is not there is [`Fetched::Missing`], and a short answer of the provider is an error.
    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>>;

    /// Looks for a mirror under its deterministic identity, for a crash between a request and its answer.
    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>>;

    /// Writes mirrors, at most [`Capabilities::batch`] of them; one answer for each, in order.
    ///
    /// A create never overwrites, an update and a removal carry the version as precondition. Removing
    /// what is already gone is [`ErrorKind::Gone`](crate::ErrorKind::Gone).
    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>>;

    /// The push side, where the provider has one.
    fn push(&self) -> Option<&dyn Push> {
        None
    }
}

/// Finds the provider of an account; the composition root implements it.
#[async_trait]
pub trait Providers: Send + Sync {
    /// The provider of `account`, with its credentials in place.
    async fn provider(&self, account: &AccountId) -> Result<Arc<dyn CalendarProvider>>;
}

/// What a provider can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Capabilities {
    /// The most writes one call of [`CalendarProvider::write`] takes.
    pub batch: usize,
    /// How many calls to one account may be under way at once.
    pub concurrency: usize,
    /// How many ids one call of [`CalendarProvider::fetch`] takes.
    pub fetch_batch: usize,
}

/// A calendar as its provider lists it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct RemoteCalendar {
    /// The name that lasts: for CalDAV the collection URL.
    pub name: LastingName,
    /// What people call it; empty when the provider has no name for it.
    pub display_name: String,
    /// The last segment of its path, or the provider's short id.
    pub short_name: String,
    /// `#RRGGBB`, when the provider has one.
    pub color: Option<String>,
    /// The zone of the calendar, an IANA name, when the provider has one.
    pub zone: Option<String>,
    /// True when the provider says that we may not write.
    pub read_only: bool,
    /// True when events are shown without their marks and under ids that tell nothing, so that a mirror looks
    /// like anybody's event there.
    #[serde(default)]
    pub hides_marks: bool,
}

/// An opaque position in the changes of a calendar (sync token, ctag, delta link).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(pub String);

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cursor(..)")
    }
}

/// One page of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChangeSet {
    /// New and changed items.
    pub changed: Vec<Changed>,
    /// Items that the provider says are gone: evidence by themselves.
    pub removed: Vec<RemoteId>,
    /// Where to go on: with the next page when `more`, else with the next read.
    pub cursor: Option<Cursor>,
    /// True when another page follows at once.
    pub more: bool,
    /// True when the pages of this read together list everything there is in `coverage`, so that what is
    /// not among them is gone. The same on every page of one read.
    pub complete: bool,
    /// The part of the calendar that this read speaks of.
    pub coverage: Coverage,
}

/// The part of a calendar that a read speaks of.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Coverage {
    /// All of it.
    Everything,
    /// Only occurrences in this range.
    Range(TimeRange),
}

/// A new or changed item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Changed {
    /// Listed with its version only; read it with [`CalendarProvider::fetch`] when the version is new.
    Listed {
        /// Which item.
        id: RemoteId,
        /// The version it has now, when the provider gave one.
        version: Option<Version>,
    },
    /// Handed over whole.
    Read(SourceItem),
    /// Handed over whole but for marks, which this read cannot show. An item that is known to carry one is
    /// read with [`CalendarProvider::fetch`]; any other is as it says.
    ReadWithoutMarks(SourceItem),
}

/// The answer for one id of a fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fetched {
    /// The item as it is now.
    Found(SourceItem),
    /// It is not there.
    Missing(RemoteId),
}

/// A write. There is no other way to change anything at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum MirrorWrite {
    /// Place a new mirror; never overwrites.
    Create(MirrorSpec),
    /// Change a mirror in place, if it is still in the version we saw.
    Update(PlacedMirror, MirrorSpec),
    /// Remove a mirror, if it is still in the version we saw.
    Remove(PlacedMirror),
}

/// What a write left at the provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// Where the mirror is now (where it was, after a removal).
    pub remote_id: RemoteId,
    /// Its version, read back if the provider did not say; `None` after a removal.
    pub version: Option<Version>,
}
