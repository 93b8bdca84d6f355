//! A store with one connection, as the database has one writer.

use std::time::Duration;

use async_trait::async_trait;
use starmesh_store::{Change, MemoryStore, Row, Select, Store, StoreError, Table};
use tokio::sync::Mutex;
use tokio::time::sleep;

/// How long a commit holds the connection.
const COMMIT_TIME: Duration = Duration::from_millis(5);

/// Everything in memory, one commit at a time: whoever is not polled while holding the connection keeps
/// everybody else from it.
#[derive(Default)]
pub(super) struct OneConnection {
    store: MemoryStore,
    connection: Mutex<()>,
}

#[async_trait]
impl Store for OneConnection {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.store.get(table, key).await
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        self.store.get_many(table, keys).await
    }

    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError> {
        self.store.select(table, which).await
    }

    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError> {
        self.store.count(table, which).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let _held = self.connection.lock().await;
        sleep(COMMIT_TIME).await;
        self.store.commit(changes).await
    }
}
