//! What was written: intents before, the journal with each write's inverse after, and the journeys that
//! people look at.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::{Incarnation, MirrorKey, MirrorRecord};
use starmesh_core::reconcile::Operation;
use starmesh_core::time::EventTime;

use super::mirror::mirror_key;
use super::{Changes, State, key, row};
use crate::{Change, Select, StoreError, Table};

/// How many journal entries are kept.
const JOURNAL_MAX: usize = 200_000;
/// How many journeys are kept.
const ACTIVITY_MAX: usize = 10_000;

/// Placed, changed or removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ActionKind {
    /// A mirror was placed.
    Place,
    /// A mirror was changed in place.
    Update,
    /// A mirror was removed.
    Remove,
}

impl ActionKind {
    /// The kind of an operation.
    pub fn of(operation: &Operation) -> Self {
        use starmesh_core::reconcile::Action;
        match operation.action {
            Action::Place { .. } => Self::Place,
            Action::Update { .. } => Self::Update,
            Action::Remove { .. } => Self::Remove,
        }
    }
}

/// A write about to be made. Found at start, it tells that its outcome is unknown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Intent {
    /// The link it is for.
    pub link: LinkId,
    /// The mirror.
    pub key: MirrorKey,
    /// The incarnation it is written under.
    pub incarnation: Incarnation,
    /// What is about to be done.
    pub action: ActionKind,
}

/// A write that was made, with what undoes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct JournalEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// For which link.
    pub link: LinkId,
    /// What was done.
    pub action: ActionKind,
    /// The mirror as it was remembered before; `None` when it was not there.
    pub before: Option<MirrorRecord>,
    /// The mirror as it is remembered after; `None` when it is gone.
    pub after: Option<MirrorRecord>,
    /// True for a removal that the brake counts.
    pub counted: bool,
}

/// The journey of one event to one target.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Journey {
    /// On which link.
    pub link: LinkId,
    /// Which mirror.
    pub key: MirrorKey,
    /// What was done.
    pub action: ActionKind,
    /// The time the mirror has, or had.
    pub time: Option<EventTime>,
    /// When each step was done.
    pub steps: Steps,
}

/// When each step of a journey was done. A change at the provider has no time that we could know.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Steps {
    /// The signal arrived, or the poll was due.
    pub signalled: DateTime<Utc>,
    /// The calendar was taken from the queue.
    pub taken: DateTime<Utc>,
    /// Its changes were read and kept.
    pub pulled: DateTime<Utc>,
    /// The plan was made.
    pub planned: DateTime<Utc>,
    /// The provider confirmed the write.
    pub placed: DateTime<Utc>,
}

fn removal_hour(at: DateTime<Utc>) -> Vec<u8> {
    let hour = at.duration_trunc(TimeDelta::hours(1)).unwrap_or(at).timestamp();
    key(&["removal", &hour.to_string()])
}

fn link_key(link: &LinkId) -> Vec<u8> {
    key(&[link.source.as_str(), link.target.as_str()])
}

/// A key that sorts by time and then by mirror.
fn entry_key(at: DateTime<Utc>, link: &LinkId, mirror: &MirrorKey, action: ActionKind) -> Vec<u8> {
    let mut joined = at.timestamp_micros().to_be_bytes().to_vec();
    joined.extend_from_slice(&link_key(link));
    joined.extend_from_slice(&mirror.0);
    joined.push(action as u8);
    joined
}

impl Changes {
    /// Writes an intent.
    pub fn put_intent(&mut self, intent: &Intent) {
        let target = &intent.link.target;
        let row = row(mirror_key(target, &intent.key), key(&[target.as_str()]), Vec::new(), 0, intent);
        self.push(Change::Put(Table::Intents, row));
    }

    /// Removes an intent whose outcome is known.
    pub fn delete_intent(&mut self, target: &CalendarId, mirror: &MirrorKey) {
        self.push(Change::Delete(Table::Intents, mirror_key(target, mirror)));
    }

    /// Adds a write to the journal.
    pub fn put_journal(&mut self, mirror: &MirrorKey, entry: &JournalEntry) {
        let lookups = if entry.counted { vec![removal_hour(entry.at)] } else { Vec::new() };
        let key = entry_key(entry.at, &entry.link, mirror, entry.action);
        let row = row(key, link_key(&entry.link), lookups, entry.at.timestamp_millis(), entry);
        self.push(Change::Put(Table::Journal, row));
    }

    /// Adds a journey.
    pub fn put_journey(&mut self, journey: &Journey) {
        let at = journey.steps.placed;
        let key = entry_key(at, &journey.link, &journey.key, journey.action);
        let row = row(key, link_key(&journey.link), Vec::new(), at.timestamp_millis(), journey);
        self.push(Change::Put(Table::Activity, row));
    }

    /// Drops the oldest journal entries and journeys beyond their bounds.
    pub fn trim_journal(&mut self) {
        self.push(Change::Trim(Table::Journal, JOURNAL_MAX));
        self.push(Change::Trim(Table::Activity, ACTIVITY_MAX));
    }
}

impl State {
    /// Writes to a target whose outcome is unknown.
    pub async fn intents_in(&self, target: &CalendarId) -> Result<Vec<Intent>, StoreError> {
        self.select(Table::Intents, Select::Parent(&key(&[target.as_str()]))).await
    }

    /// The newest journal entries, newest first.
    pub async fn journal(&self, limit: usize) -> Result<Vec<JournalEntry>, StoreError> {
        self.select(Table::Journal, Select::Newest { limit }).await
    }

    /// The newest journeys, newest first.
    pub async fn activity(&self, limit: usize) -> Result<Vec<Journey>, StoreError> {
        self.select(Table::Activity, Select::Newest { limit }).await
    }

    /// How many removals that the brake counts a link made in the 24 hours before `now`, counted by the
    /// hour: at most one hour more than asked.
    pub async fn removed_lately(&self, link: &LinkId, now: DateTime<Utc>) -> Result<u64, StoreError> {
        let hours: Vec<_> = (0..=24).map(|hours| removal_hour(now - TimeDelta::hours(hours))).collect();
        self.store.count(Table::Journal, Select::Lookups(&link_key(link), &hours)).await
    }
}
