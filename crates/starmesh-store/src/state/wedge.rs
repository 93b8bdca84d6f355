//! Work that stands still until a person or the source changes something.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::IdentityKey;
use starmesh_core::policy::SkipReason;
use starmesh_core::reconcile::{Operation, StuckReason};

use super::{ActionKind, Changes, State, key, row};
use crate::{Change, Select, StoreError, Table};

/// One thing that stands still.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Wedge {
    /// The calendar in which it stands.
    pub calendar: CalendarId,
    /// Which mirror or item, in letters that name no content.
    pub subject: String,
    /// The link it is for; `None` for an item of a source.
    pub link: Option<LinkId>,
    /// Why.
    pub reason: WedgeReason,
    /// What the provider said, where it said something.
    pub message: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it is tried again unasked.
    pub retry_at: DateTime<Utc>,
    /// When the event in question starts, where that is known: so that a person can find it.
    pub event_at: Option<DateTime<Utc>>,
}

impl Wedge {
    /// The subject of a wedge that stops every write to its calendar.
    pub const WHOLE_CALENDAR: &'static str = "calendar";

    /// The subject of a wedge that stops this operation and no other; it changes with what the operation
    /// would write, so that a changed source is tried at once.
    pub fn subject_of(keys: &IdentityKey, operation: &Operation) -> String {
        let fingerprint = operation.body().map(|body| body.fingerprint(keys).to_string()).unwrap_or_default();
        format!("{}:{:?}:{fingerprint}", operation.key, ActionKind::of(operation))
    }

    /// True when this wedge stops `operation`.
    pub fn stops(&self, keys: &IdentityKey, operation: &Operation) -> bool {
        self.subject == Self::WHOLE_CALENDAR || self.subject == Self::subject_of(keys, operation)
    }
}

/// Why something stands still.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum WedgeReason {
    /// The provider refuses the write, and will again.
    Refused,
    /// The calendar cannot be written.
    ReadOnly,
    /// The mailbox is full.
    QuotaExceeded,
    /// An event of a source is broken.
    Broken(SkipReason),
    /// A mirror cannot be changed.
    Stuck(StuckReason),
}

fn wedge_key(calendar: &CalendarId, subject: &str) -> Vec<u8> {
    key(&[calendar.as_str(), subject])
}

impl Changes {
    /// Writes a wedge.
    pub fn put_wedge(&mut self, wedge: &Wedge) {
        let key_ = wedge_key(&wedge.calendar, &wedge.subject);
        let at = wedge.since.timestamp_millis();
        let row = row(key_, key(&[wedge.calendar.as_str()]), Vec::new(), at, wedge);
        self.push(Change::Put(Table::Wedges, row));
    }

    /// Removes a wedge whose cause is gone.
    pub fn delete_wedge(&mut self, calendar: &CalendarId, subject: &str) {
        self.push(Change::Delete(Table::Wedges, wedge_key(calendar, subject)));
    }

    /// Removes all wedges of a calendar.
    pub fn delete_wedges(&mut self, calendar: &CalendarId) {
        self.push(Change::DeleteParent(Table::Wedges, key(&[calendar.as_str()])));
    }
}

impl State {
    /// Everything that stands still, longest first.
    pub async fn wedges(&self) -> Result<Vec<Wedge>, StoreError> {
        self.select(Table::Wedges, Select::All).await
    }

    /// What stands still in one calendar.
    pub async fn wedges_in(&self, calendar: &CalendarId) -> Result<Vec<Wedge>, StoreError> {
        self.select(Table::Wedges, Select::Parent(&key(&[calendar.as_str()]))).await
    }
}
