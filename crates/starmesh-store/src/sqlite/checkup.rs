//! What SQLite itself says of a database file. No key is needed, and nothing is written.

use std::path::Path;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use sqlx::Connection;

use super::open::{SqliteStore, reading};
use super::{failure, migrate};
use crate::private_file::beside;
use crate::row::{StoreError, Table};

/// SQLite stops to look after so many problems: one is enough to act, and a few tell how bad it is.
const PROBLEMS_MAX: u32 = 20;

/// What was found when all of a database was looked over.
pub(super) type Verdict = Shared<BoxFuture<'static, Result<(), StoreError>>>;

/// What SQLite says of a database file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Checkup {
    /// The version of SQLite that looks.
    pub sqlite_version: String,
    /// The version of the schema.
    pub schema: i64,
    /// How many problems there are, [`PROBLEMS_MAX`] at most.
    pub problems: u64,
}

impl SqliteStore {
    /// Looks at a database file as a whole, beside a process that writes it or without one.
    pub async fn checkup(path: &Path) -> Result<Checkup, StoreError> {
        let name = path.display().to_string();
        let alone = !beside(path, "-wal").exists();
        match look(path, false).await {
            // As in [`SqliteStore::open_read_only`]: a folder that cannot be written, and nobody at work in it.
            Err(error) if alone => match failure::of_sqlite(&name, &error) {
                StoreError::NotWritable { .. } => look(path, true).await,
                _ => Err(error),
            },
            seen => seen,
        }
        .map_err(|error| failure::of_sqlite(&name, &error))
    }
}

impl SqliteStore {
    /// Fails with what is damaged: pages that are not as SQLite wrote them (all but the order of indexes, which
    /// would take long), or a row that does not open.
    pub async fn verify(&self) -> Result<(), StoreError> {
        self.verify_pages().await?;
        for table in Table::ALL {
            self.verify_rows(table).await?;
        }
        Ok(())
    }

    /// Begins to look over all of it. What is read meanwhile may be damaged and says so itself, row by row; what
    /// is missing says nothing, so every commit waits for the end, and fails if anything was found.
    pub fn verify_meanwhile(self: &Arc<Self>) {
        self.verdict.get_or_init(|| {
            let store = Arc::clone(self);
            let looking = tokio::spawn(async move { store.verify().await });
            looking.map(|ended| ended.unwrap_or_else(|error| Err(cut_off(&error)))).boxed().shared()
        });
    }

    /// What was found, once all of it was looked over; at once where nobody is looking.
    pub async fn verified(&self) -> Result<(), StoreError> {
        match self.verdict.get().cloned() {
            Some(verdict) => verdict.await,
            None => Ok(()),
        }
    }
}

fn cut_off(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Failed(format!("looking over the database was cut off: {error}"))
}

async fn look(path: &Path, immutable: bool) -> Result<Checkup, sqlx::Error> {
    let options = if immutable { reading(path).immutable(true) } else { reading(path) };
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await?;
    let sqlite_version = migrate::version_of_sqlite(&mut conn).await?;
    let schema = sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut conn).await?;
    let check = format!("PRAGMA integrity_check({PROBLEMS_MAX})");
    let said: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(check)).fetch_all(&mut conn).await?;
    conn.close().await?;
    let problems = said.iter().filter(|line| line.as_str() != "ok").count() as u64;
    Ok(Checkup { sqlite_version, schema, problems })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use starmesh_provider::env::SystemEntropy;

    use super::super::open::writing;
    use super::*;
    use crate::DataKey;
    use crate::row::{Change, Row, Select, Store};

    #[tokio::test]
    async fn a_whole_database_has_no_problem_and_a_spoilt_one_is_found_out() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("starmesh.db");
        let store = SqliteStore::open(&path, &DataKey::new([1; 32]), Arc::new(SystemEntropy)).await.unwrap();
        store.close().await;
        let checkup = SqliteStore::checkup(&path).await.unwrap();
        assert_eq!((checkup.schema, checkup.problems), (2, 0));
        assert!(checkup.sqlite_version.starts_with("3."), "{checkup:?}");

        // Pages after the first, which holds the header and the schema.
        let mut bytes = fs::read(&path).unwrap();
        for byte in &mut bytes[4096 * 3..4096 * 6] {
            *byte = 0xa5;
        }
        fs::write(&path, bytes).unwrap();
        let spoilt = SqliteStore::checkup(&path).await;
        assert!(spoilt.as_ref().map_or(true, |checkup| checkup.problems > 0), "{spoilt:?}");

        fs::write(&path, "not a database, and long enough to be looked at as one".repeat(100)).unwrap();
        let none = SqliteStore::checkup(&path).await.unwrap_err();
        assert!(none.to_string().contains("corrupt or not a database"), "{none}");
    }

    #[tokio::test]
    async fn nothing_is_committed_to_a_database_that_turns_out_to_be_damaged() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("starmesh.db");
        let key = DataKey::new([1; 32]);
        let open = || async { SqliteStore::open(&path, &key, Arc::new(SystemEntropy)).await.map(Arc::new) };
        let put = |number: u8| {
            let (key, value) = (vec![number], vec![number; 40]);
            let row = Row { key, parent: vec![], lookups: vec![], at_ms: 0, value };
            vec![Change::Put(Table::Mirrors, row)]
        };
        let store = open().await.unwrap();
        store.commit(put(1)).await.unwrap();
        store.close().await;

        let store = open().await.unwrap();
        store.verify_meanwhile();
        store.commit(put(2)).await.unwrap();
        store.verified().await.unwrap();
        let mut conn = sqlx::SqliteConnection::connect_with(&writing(&path)).await.unwrap();
        sqlx::query("UPDATE mirrors SET at_ms = 7").execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
        store.close().await;

        let store = open().await.unwrap();
        store.verify_meanwhile();
        let refused = store.commit(put(3)).await.unwrap_err();
        assert!(refused.is_damage(), "{refused}");
        assert!(store.commit_observed(put(3)).await.unwrap_err().is_damage());
        assert!(store.verified().await.unwrap_err().is_damage());
        assert_eq!(store.count(Table::Mirrors, Select::All).await.unwrap(), 2);
    }
}
