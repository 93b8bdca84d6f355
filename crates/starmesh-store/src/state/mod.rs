//! The typed half: what the rows mean. The same over every store.
//!
//! What is kept are *observations* and *wishes*: what calendars held when they were read, what a person
//! wants, what was written. Pending work is not kept; it follows from the difference.

mod account;
mod calendar;
mod changes;
mod history;
mod item;
mod journal;
mod link;
mod mirror;
mod pause;
mod restoration;
mod settings;
mod wedge;

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use starmesh_core::mirror::IdentityKey;

pub use account::{Account, AccountKind, OAuthAccount};
pub use calendar::{Calendar, Canary, Failure, Read, Repairs, Suspicion};
pub use changes::Changes;
pub use history::{Course, Deed, Edit, Part, STEPS_MAX, Step, Writes};
pub use journal::{ActionKind, Intent, JournalEntry, Journey, Steps};
pub use link::{Link, Narrowing};
pub use pause::Pause;
pub use restoration::{Restoration, Way};
pub use settings::{Settings, SettingsProblem};
pub use wedge::{Wedge, WedgeReason};

use crate::{Row, Select, Store, StoreError, Table};

/// Typed access to a store.
#[derive(Clone)]
pub struct State {
    store: Arc<dyn Store>,
    keys: IdentityKey,
}

impl State {
    /// Over `store`, with look-ups derived from `keys`.
    pub fn new(store: Arc<dyn Store>, keys: IdentityKey) -> Self {
        Self { store, keys }
    }

    /// The key that identities and look-ups are derived from.
    pub fn keys(&self) -> &IdentityKey {
        &self.keys
    }

    /// Makes all changes, or none.
    pub async fn commit(&self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.store.commit(changes.into_inner()).await
    }

    /// The same for what can be found out again: see [`Store::commit_observed`].
    pub async fn commit_observed(&self, changes: Changes) -> Result<(), StoreError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.store.commit_observed(changes.into_inner()).await
    }

    async fn get<T: DeserializeOwned>(&self, table: Table, key: &[u8]) -> Result<Option<T>, StoreError> {
        self.store.get(table, key).await?.map(|row| decode(table, &row)).transpose()
    }

    async fn select<T: DeserializeOwned>(
        &self,
        table: Table,
        which: Select<'_>,
    ) -> Result<Vec<T>, StoreError> {
        self.store.select(table, which).await?.iter().map(|row| decode(table, row)).collect()
    }
}

fn decode<T: DeserializeOwned>(table: Table, row: &Row) -> Result<T, StoreError> {
    serde_json::from_slice(&row.value).map_err(|_| StoreError::Damaged { table: table.name() })
}

/// A row of `value`; every value we keep can be written as JSON.
fn row(key: Vec<u8>, parent: Vec<u8>, lookups: Vec<Vec<u8>>, at_ms: i64, value: &impl Serialize) -> Row {
    #[expect(clippy::expect_used, reason = "our own types have string keys and finite numbers only")]
    let value = serde_json::to_vec(value).expect("a row can be written as JSON");
    Row { key, parent, lookups, at_ms, value }
}

/// Joins parts of a key so that no two lists of parts give one key.
fn key(parts: &[&str]) -> Vec<u8> {
    let mut joined = Vec::new();
    for part in parts {
        joined.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        joined.extend_from_slice(part.as_bytes());
    }
    joined
}
