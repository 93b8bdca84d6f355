//! The store in memory: the model of every other store, the one of the seeded world and of dry runs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::row::{Change, Row, Select, Store, StoreError, Table};

/// Rows in ordered maps, so that the same changes always give the same answers.
///
/// A commit has no await inside: it happens wholly, or, when its future is dropped unpolled, not at all.
#[derive(Default)]
pub struct MemoryStore {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// Shared with forks until one side writes to the table.
    tables: BTreeMap<Table, Arc<Rows>>,
    /// The tables as the last lasting commit left them, when others came after it.
    lasting: Option<BTreeMap<Table, Arc<Rows>>>,
    /// How many commits succeeded.
    commits: u64,
    /// Commits, by how many more calls it takes, that will fail.
    failures: BTreeMap<u64, StoreError>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy that goes its own way from here. Costs a few pointers; a table is copied when either side
    /// first writes to it. Injected failures stay behind.
    #[must_use]
    pub fn fork(&self) -> Self {
        let inner = self.lock();
        Self {
            inner: Mutex::new(Inner {
                tables: inner.tables.clone(),
                lasting: inner.lasting.clone(),
                commits: inner.commits,
                failures: BTreeMap::new(),
            }),
        }
    }

    /// How many commits succeeded, forks' shared past included: an unchanged world makes none.
    pub fn commits(&self) -> u64 {
        self.lock().commits
    }

    /// Makes the `nth` commit from now (1 is the next) fail with `error` and change nothing.
    pub fn fail_commit(&self, nth: u64, error: StoreError) {
        self.lock().failures.insert(nth.max(1), error);
    }

    /// What a loss of power does: only what was made to last is left. True when anything was lost.
    pub fn lose_power(&self) -> bool {
        let mut inner = self.lock();
        let lasting = inner.lasting.take();
        lasting.map(|lasting| inner.tables = lasting).is_some()
    }

    /// A store that holds these rows.
    pub(crate) fn holding(rows: impl IntoIterator<Item = (Table, Row)>) -> Self {
        let mut inner = Inner::default();
        for (table, row) in rows {
            inner.apply(Change::Put(table, row));
        }
        Self { inner: Mutex::new(inner) }
    }

    /// A panic elsewhere cannot leave half a commit: nothing inside a commit panics midway.
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clone for MemoryStore {
    fn clone(&self) -> Self {
        self.fork()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = self.lock();
        let sizes = inner.tables.iter().map(|(table, rows)| (table.name(), rows.by_key.len()));
        f.debug_map().entries(sizes).finish()
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        Ok(self.lock().tables.get(&table).and_then(|rows| rows.by_key.get(key)).cloned())
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        let inner = self.lock();
        let Some(rows) = inner.tables.get(&table) else { return Ok(Vec::new()) };
        let distinct: BTreeSet<&Vec<u8>> = keys.iter().collect();
        Ok(distinct.into_iter().filter_map(|key| rows.by_key.get(key)).cloned().collect())
    }

    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError> {
        Ok(self.lock().tables.get(&table).map(|rows| rows.select(which)).unwrap_or_default())
    }

    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError> {
        Ok(self.lock().tables.get(&table).map_or(0, |rows| rows.count(which)) as u64)
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut inner = self.lock();
        inner.commit(changes)?;
        inner.lasting = None;
        Ok(())
    }

    async fn commit_observed(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let mut inner = self.lock();
        if inner.lasting.is_none() {
            inner.lasting = Some(inner.tables.clone());
        }
        inner.commit(changes)
    }
}

impl Inner {
    fn commit(&mut self, changes: Vec<Change>) -> Result<(), StoreError> {
        let failures = std::mem::take(&mut self.failures);
        let mut due = None;
        for (nth, error) in failures {
            if nth == 1 {
                due = Some(error);
            } else {
                self.failures.insert(nth - 1, error);
            }
        }
        if let Some(error) = due {
            return Err(error);
        }
        for change in changes {
            self.apply(change);
        }
        self.commits += 1;
        Ok(())
    }

    fn apply(&mut self, change: Change) {
        match change {
            Change::Put(table, row) => self.rows(table).put(row),
            Change::Delete(table, key) => self.rows(table).delete(&key),
            Change::DeleteParent(table, parent) => self.rows(table).delete_parent(&parent),
            Change::Trim(table, keep) => self.rows(table).trim(keep),
        }
    }

    fn rows(&mut self, table: Table) -> &mut Rows {
        Arc::make_mut(self.tables.entry(table).or_default())
    }
}

/// When a row was made, and its key: the order of rows.
type Age = (i64, Vec<u8>);

/// One table and the ways to find a row in it.
#[expect(clippy::struct_field_names, reason = "each field is a way to find rows by something")]
#[derive(Clone, Default)]
struct Rows {
    by_key: BTreeMap<Vec<u8>, Row>,
    by_age: BTreeSet<Age>,
    by_parent: BTreeMap<Vec<u8>, BTreeSet<Age>>,
    /// By parent and look-up.
    by_lookup: BTreeMap<(Vec<u8>, Vec<u8>), BTreeSet<Age>>,
}

impl Rows {
    fn select(&self, which: Select<'_>) -> Vec<Row> {
        match which {
            Select::All => self.rows_of(self.by_age.iter()),
            Select::Parent(parent) => self.rows_of(self.by_parent.get(parent).into_iter().flatten()),
            Select::Lookups(parent, lookups) => self.rows_of(self.looked_up(parent, lookups).into_iter()),
            Select::Newest { limit } => self.rows_of(self.by_age.iter().rev().take(limit)),
        }
    }

    fn count(&self, which: Select<'_>) -> usize {
        match which {
            Select::All => self.by_key.len(),
            Select::Parent(parent) => self.by_parent.get(parent).map_or(0, BTreeSet::len),
            Select::Lookups(parent, lookups) => self.looked_up(parent, lookups).len(),
            Select::Newest { limit } => self.by_key.len().min(limit),
        }
    }

    fn looked_up(&self, parent: &[u8], lookups: &[Vec<u8>]) -> BTreeSet<&Age> {
        let names = lookups.iter().map(|lookup| (parent.to_vec(), lookup.clone()));
        names.filter_map(|name| self.by_lookup.get(&name)).flatten().collect()
    }

    fn rows_of<'a>(&self, ages: impl Iterator<Item = &'a Age>) -> Vec<Row> {
        ages.filter_map(|(_, key)| self.by_key.get(key)).cloned().collect()
    }

    fn put(&mut self, row: Row) {
        self.delete(&row.key);
        let age = (row.at_ms, row.key.clone());
        for lookup in &row.lookups {
            let name = (row.parent.clone(), lookup.clone());
            self.by_lookup.entry(name).or_default().insert(age.clone());
        }
        self.by_parent.entry(row.parent.clone()).or_default().insert(age.clone());
        self.by_age.insert(age);
        self.by_key.insert(row.key.clone(), row);
    }

    fn delete(&mut self, key: &[u8]) {
        let Some(row) = self.by_key.remove(key) else { return };
        let age = (row.at_ms, row.key);
        for lookup in row.lookups {
            forget(&mut self.by_lookup, &(row.parent.clone(), lookup), &age);
        }
        forget(&mut self.by_parent, &row.parent, &age);
        self.by_age.remove(&age);
    }

    fn delete_parent(&mut self, parent: &[u8]) {
        for (_, key) in self.by_parent.get(parent).cloned().unwrap_or_default() {
            self.delete(&key);
        }
    }

    fn trim(&mut self, keep: usize) {
        let surplus = self.by_age.len().saturating_sub(keep);
        let oldest: Vec<Age> = self.by_age.iter().take(surplus).cloned().collect();
        for (_, key) in oldest {
            self.delete(&key);
        }
    }
}

/// Takes `age` out of the set named `name`, and the set away with its last member.
fn forget<K: Ord>(index: &mut BTreeMap<K, BTreeSet<Age>>, name: &K, age: &Age) {
    if let Some(ages) = index.get_mut(name) {
        ages.remove(age);
        if ages.is_empty() {
            index.remove(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::store_conformance!(async { (MemoryStore::new(), ()) });

    fn put(key: u8) -> Vec<Change> {
        let row = Row { key: vec![key], parent: vec![], lookups: vec![], at_ms: 0, value: vec![key] };
        vec![Change::Put(Table::Settings, row)]
    }

    #[tokio::test]
    async fn a_fork_goes_its_own_way() -> Result<(), StoreError> {
        let store = MemoryStore::new();
        store.commit(put(1)).await?;
        let fork = store.fork();
        fork.commit(put(2)).await?;
        store.commit(vec![Change::Delete(Table::Settings, vec![1])]).await?;
        assert_eq!(fork.count(Table::Settings, Select::All).await?, 2);
        assert_eq!(store.count(Table::Settings, Select::All).await?, 0);
        Ok(())
    }

    #[tokio::test]
    async fn the_named_commit_fails_once_and_changes_nothing() -> Result<(), StoreError> {
        let store = MemoryStore::new();
        store.fail_commit(2, StoreError::Failed("planned".into()));
        store.commit(put(1)).await?;
        assert!(matches!(store.commit(put(2)).await, Err(StoreError::Failed(why)) if why == "planned"));
        assert_eq!(store.get(Table::Settings, &[2]).await?, None);
        store.commit(put(2)).await?;
        assert_eq!(store.commits(), 2);
        Ok(())
    }
}
