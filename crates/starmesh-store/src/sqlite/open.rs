//! The store itself: opening, connections, and the port.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteAutoVacuum, SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection, Sqlite, SqliteConnection, SqlitePool};
use starmesh_provider::env::Entropy;

use super::checkup::Verdict;
use super::line::Line;
use super::write::Lasting;
use super::{failure, migrate, read};
use crate::data_key::DataKey;
use crate::memory::MemoryStore;
use crate::private_file::{beside, create_private_dir, open_private_file};
use crate::row::{Change, Row, Select, Store, StoreError, Table, TakeRow};
use crate::sealed::{NONCE_BYTES, Nonce, SealedRow, Sealer};

/// How long SQLite itself waits for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a caller waits for a free connection: longer than a commit may take with all its retries.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(30);

/// How many connections read at once.
const READERS_MAX: u32 = 3;

/// The switch to WAL mode needs the file for itself and does not wait for it: so often it is tried.
const OPEN_ATTEMPTS_MAX: u32 = 100;

/// The pause between two such attempts.
const OPEN_RETRY_DELAY: Duration = Duration::from_millis(50);

/// The size to which the WAL shrinks after a checkpoint, in bytes.
const JOURNAL_BYTES_MAX: &str = "4194304";

/// How many pages are given back to the file system at once.
const VACUUM_PAGES_MAX: &str = "PRAGMA incremental_vacuum(4096)";

/// Pages that a connection keeps in memory, in KiB as SQLite wants it told: the system keeps the file at hand, too.
const CACHE_KIB: &str = "-512";

/// Prepared statements kept per connection: reading and writing every table in every batch size.
const STATEMENTS_MAX: usize = 400;

/// The store on disk.
pub struct SqliteStore {
    path: String,
    sealer: Arc<Sealer>,
    readers: SqlitePool,
    /// None when opened for reading.
    writer: Option<Arc<Line>>,
    /// Set once all of it is being looked over: nothing is committed before.
    pub(super) verdict: OnceLock<Verdict>,
}

impl SqliteStore {
    /// Opens the database, made with its folder if it is missing, and brings its schema up to date. The file
    /// is for its owner only (mode 0600, a new folder 0700).
    ///
    /// Fails with [`StoreError::Newer`], [`StoreError::WrongKey`], [`StoreError::NotWritable`] and
    /// [`StoreError::Full`] where these fit, and changes nothing then.
    pub async fn open(path: &Path, key: &DataKey, entropy: Arc<dyn Entropy>) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        let of_io = |error: std::io::Error| failure::of_io(&name, &error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_private_dir(folder).map_err(of_io)?;
        }
        // SQLite gives its other files the mode of this one.
        let file = open_private_file(path).map_err(of_io)?;
        let options = if file.metadata().map_err(of_io)?.len() == 0 { making(path) } else { writing(path) };
        drop(file);

        let sealer = Arc::new(Sealer::new(key));
        let pool = connect_writer(options, &name).await?;
        let prepared = prepare(&pool, &name, &sealer, draw_nonce(&*entropy)).await;
        if let Err(error) = prepared {
            pool.close().await;
            return Err(error);
        }
        let readers = reader_pool().connect_lazy_with(reading(path));
        let writer = Line::new(pool, name.clone(), Arc::clone(&sealer), entropy);
        Ok(Self { path: name, sealer, readers, writer: Some(Arc::new(writer)), verdict: OnceLock::new() })
    }

    /// Opens the database for reading, beside a process that writes it or without one. No row changes
    /// through it; a commit fails with [`StoreError::NotWritable`].
    pub async fn open_read_only(path: &Path, key: &DataKey) -> Result<Self, StoreError> {
        let name = path.display().to_string();
        if !path.exists() {
            return Err(StoreError::Failed(format!("there is no database {name}")));
        }
        let beside_a_writer = Self::read_with(reading(path), &name, key).await;
        match beside_a_writer {
            // A WAL database needs two more files beside it even to be read. Where we may not make them
            // and nobody has, no one is writing, and the file can be read as it stands.
            Err(StoreError::NotWritable { .. }) if !beside(path, "-wal").exists() => {
                Self::read_with(reading(path).immutable(true), &name, key).await
            }
            result => result,
        }
    }

    async fn read_with(options: SqliteConnectOptions, name: &str, key: &DataKey) -> Result<Self, StoreError> {
        let readers = reader_pool().connect_lazy_with(options);
        let sealer = Arc::new(Sealer::new(key));
        let store = Self { path: name.to_owned(), sealer, readers, writer: None, verdict: OnceLock::new() };
        if let Err(error) = store.check_readable().await {
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// Everything, as it stood at one moment, in a store of its own: what a dry run works on.
    pub async fn snapshot(&self) -> Result<MemoryStore, StoreError> {
        let mut conn = self.reader().await?;
        let rows = self.read_everything(&mut conn).await;
        if rows.is_err() {
            // A transaction may still be open on it, or not: see `write::commit`.
            conn.close_on_drop();
        }
        Ok(MemoryStore::holding(rows?))
    }

    async fn read_everything(&self, conn: &mut SqliteConnection) -> Result<Vec<(Table, Row)>, StoreError> {
        let mut rows = Vec::new();
        let mut transaction = conn.begin().await.map_err(|error| self.failed(&error))?;
        for table in Table::ALL {
            let sealed = read::fetch(read::select(&self.sealer, table, Select::All), &mut transaction).await;
            let sealed = sealed.map_err(|error| self.failed(&error))?;
            let opened = read::open_all(&self.sealer, table, Select::All, sealed)?;
            rows.extend(opened.into_iter().map(|row| (table, row)));
        }
        transaction.rollback().await.map_err(|error| self.failed(&error))?;
        Ok(rows)
    }

    /// Gives pages that nothing needs any more back to the file system. That may move others and takes its time, so
    /// it is for the end, when nobody waits.
    pub async fn give_back(&self) -> Result<(), StoreError> {
        self.verified().await?;
        let pool = &self.line()?.pool;
        sqlx::raw_sql(VACUUM_PAGES_MAX).execute(pool).await.map_err(|error| self.failed(&error))?;
        Ok(())
    }

    /// Closes every connection once the commits under way are done. Afterwards every call fails.
    pub async fn close(&self) {
        self.readers.close().await;
        if let Some(writer) = &self.writer {
            writer.pool.close().await;
        }
    }

    async fn check_readable(&self) -> Result<(), StoreError> {
        let mut conn = self.reader().await?;
        migrate::assert_version(&mut conn, &self.path).await?;
        migrate::check_only(&mut conn, &self.path, &self.sealer).await
    }

    async fn reader(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        self.readers.acquire().await.map_err(|error| self.failed(&error))
    }

    async fn rows(&self, statement: read::Statement) -> Result<Vec<SealedRow>, StoreError> {
        let (readers, path) = (self.readers.clone(), self.path.clone());
        on_its_own(async move {
            let rows = async { read::fetch(statement, &mut *readers.acquire().await?).await };
            rows.await.map_err(|error| failure::of_sqlite(&path, &error))
        })
        .await
    }

    /// Asks SQLite what it finds wrong with the pages.
    pub(super) async fn verify_pages(&self) -> Result<(), StoreError> {
        let mut conn = self.reader().await?;
        let said: Vec<String> = sqlx::query_scalar("PRAGMA quick_check(1)")
            .fetch_all(&mut *conn)
            .await
            .map_err(|error| self.failed(&error))?;
        match said.first().map(String::as_str) {
            Some("ok") => Ok(()),
            _ => Err(StoreError::Corrupt { path: self.path.clone() }),
        }
    }

    /// Opens every row of a table, one by one.
    pub(super) async fn verify_rows(&self, table: Table) -> Result<(), StoreError> {
        let statement = read::select(&self.sealer, table, Select::All);
        let (readers, path, sealer) = (self.readers.clone(), self.path.clone(), Arc::clone(&self.sealer));
        on_its_own(async move {
            let opened = move |one: &SealedRow| sealer.open(table.name(), one).map(drop);
            let visit = async { read::visit(statement, &mut *readers.acquire().await?, opened).await };
            visit.await.map_err(|error| failure::of_sqlite(&path, &error))?
        })
        .await
    }

    fn line(&self) -> Result<&Arc<Line>, StoreError> {
        self.writer.as_ref().ok_or_else(|| StoreError::NotWritable { path: self.path.clone() })
    }

    fn failed(&self, error: &sqlx::Error) -> StoreError {
        failure::of_sqlite(&self.path, error)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        Ok(self.get_many(table, &[key.to_vec()]).await?.pop())
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        let statement = read::get_many(&self.sealer, table, keys);
        let sealed = self.rows(statement).await?;
        read::open_all(&self.sealer, table, Select::All, sealed)
    }

    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError> {
        let statement = read::select(&self.sealer, table, which);
        let sealed = self.rows(statement).await?;
        read::open_all(&self.sealer, table, which, sealed)
    }

    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError> {
        let statement = read::count(&self.sealer, table, which);
        let (readers, path) = (self.readers.clone(), self.path.clone());
        on_its_own(async move {
            let count = async { read::fetch_count(statement, &mut *readers.acquire().await?).await };
            count.await.map_err(|error| failure::of_sqlite(&path, &error))
        })
        .await
    }

    async fn visit(&self, table: Table, parent: &[u8], mut take: TakeRow) -> Result<(), StoreError> {
        let statement = read::select(&self.sealer, table, Select::Parent(parent));
        let (readers, path, sealer) = (self.readers.clone(), self.path.clone(), Arc::clone(&self.sealer));
        on_its_own(async move {
            let opened = move |one: &SealedRow| take(sealer.open(table.name(), one)?);
            let visit = async { read::visit(statement, &mut *readers.acquire().await?, opened).await };
            visit.await.map_err(|error| failure::of_sqlite(&path, &error))?
        })
        .await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.verified().await?;
        self.line()?.commit(changes, Lasting::Power).await
    }

    async fn commit_observed(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.verified().await?;
        self.line()?.commit(changes, Lasting::Process).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Does `work` on a task of its own. Whoever waits for it may not be polled for a while, as it happens to one
/// of several futures in hand; it must not hold a connection meanwhile, nor a place in the line for one, which
/// others may need to get on.
async fn on_its_own<T: Send + 'static>(
    work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::spawn(work).await {
        Ok(result) => result,
        Err(error) => Err(StoreError::Failed(format!("the database was cut off: {error}"))),
    }
}

pub(super) fn draw_nonce(entropy: &dyn Entropy) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    entropy.fill(&mut nonce);
    nonce
}

async fn prepare(pool: &SqlitePool, path: &str, sealer: &Sealer, nonce: Nonce) -> Result<(), StoreError> {
    let of_sqlite = |error: sqlx::Error| failure::of_sqlite(path, &error);
    let mut conn = pool.acquire().await.map_err(of_sqlite)?;
    migrate::assert_version(&mut conn, path).await?;
    migrate::bring_up_to_date(&mut conn, path, sealer, nonce).await
}

async fn connect_writer(options: SqliteConnectOptions, name: &str) -> Result<SqlitePool, StoreError> {
    let pool = SqlitePoolOptions::new()
        .max_connections(1)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false);
    let mut attempts = 0;
    loop {
        attempts += 1;
        match pool.clone().connect_with(options.clone()).await {
            Ok(pool) => return Ok(pool),
            Err(error) if failure::is_busy(&error) && attempts < OPEN_ATTEMPTS_MAX => {
                tokio::time::sleep(OPEN_RETRY_DELAY).await;
            }
            Err(error) => return Err(failure::of_sqlite(name, &error)),
        }
    }
}

fn reader_pool() -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(READERS_MAX)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
}

/// What every connection has. Statements are not logged: they would drown everything else.
fn common(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT)
        .foreign_keys(true)
        .statement_cache_capacity(STATEMENTS_MAX)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("cache_size", CACHE_KIB)
        .disable_statement_logging()
}

/// Settings of the writing connection. Content is sealed, so deleted content is overwritten only where that
/// costs nothing (`secure_delete=FAST`).
pub(super) fn writing(path: &Path) -> SqliteConnectOptions {
    common(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("journal_size_limit", JOURNAL_BYTES_MAX)
        .pragma("secure_delete", "FAST")
        // Only macOS knows these: there a plain fsync does not reach the disk.
        .pragma("fullfsync", "ON")
        .pragma("checkpoint_fullfsync", "ON")
}

/// Settings of the connection that makes the file. Set on an old file, this one would write to it.
fn making(path: &Path) -> SqliteConnectOptions {
    writing(path).auto_vacuum(SqliteAutoVacuum::Incremental)
}

pub(super) fn reading(path: &Path) -> SqliteConnectOptions {
    common(path).read_only(true)
}

#[cfg(test)]
mod tests {
    use starmesh_provider::env::SystemEntropy;

    use super::*;

    async fn fresh() -> (SqliteStore, tempfile::TempDir) {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("data/starmesh.db");
        let store = SqliteStore::open(&path, &DataKey::new([1; 32]), Arc::new(SystemEntropy)).await;
        (store.unwrap(), home)
    }

    crate::store_conformance!(fresh());

    /// As with several futures in hand of which one is awaited.
    #[tokio::test]
    async fn a_future_that_nobody_polls_keeps_no_other_waiting() {
        let (store, _home) = fresh().await;
        let mut begun: Vec<_> =
            (0..2 * READERS_MAX).map(|_| Box::pin(store.select(Table::Items, Select::All))).collect();
        let mut commits: Vec<_> = (0..2).map(|_| Box::pin(store.commit(Vec::new()))).collect();
        for future in &mut begun {
            drop(futures::poll!(future));
        }
        for future in &mut commits {
            drop(futures::poll!(future));
        }
        let others = async {
            store.select(Table::Items, Select::All).await?;
            store.commit(Vec::new()).await
        };
        tokio::time::timeout(ACQUIRE_TIMEOUT / 3, others).await.unwrap().unwrap();
    }

    fn put(key: u8, at_ms: i64) -> Change {
        let row = Row { key: vec![key], parent: vec![], lookups: vec![], at_ms, value: vec![] };
        Change::Put(Table::Mirrors, row)
    }

    #[tokio::test]
    async fn commits_that_wait_are_made_together_and_none_pays_for_another() {
        let (store, _home) = fresh().await;
        let mut conn = store.writer.as_ref().unwrap().pool.acquire().await.unwrap();
        let refuse = "CREATE TRIGGER refuse BEFORE INSERT ON mirrors WHEN new.at_ms = 13 \
                      BEGIN SELECT raise(ABORT, 'refused'); END";
        sqlx::raw_sql(refuse).execute(&mut *conn).await.unwrap();
        let mut first = store.commit(vec![put(1, 1)]);
        let mut refused = store.commit(vec![put(2, 2), put(3, 13)]);
        let mut last = store.commit_observed(vec![put(1, 4)]);
        for future in [&mut first, &mut refused, &mut last] {
            assert!(futures::poll!(future).is_pending());
        }
        drop(conn);
        assert!(first.await.is_ok());
        assert!(matches!(refused.await, Err(StoreError::Failed(why)) if why.contains("refused")));
        assert!(last.await.is_ok());
        let rows = store.select(Table::Mirrors, Select::All).await.unwrap();
        assert_eq!(rows.iter().map(|row| (row.key[0], row.at_ms)).collect::<Vec<_>>(), [(1, 4)]);
    }

    #[tokio::test]
    async fn what_is_observed_is_on_file_at_once_and_the_next_commit_waits_for_the_disk_again() {
        let (store, home) = fresh().await;
        store.commit_observed(vec![put(1, 7)]).await.unwrap();
        let path = home.path().join("data/starmesh.db");
        let other = SqliteStore::open_read_only(&path, &DataKey::new([1; 32])).await.unwrap();
        assert_eq!(other.get(Table::Mirrors, &[1]).await.unwrap().unwrap().at_ms, 7);
        let pool = &store.writer.as_ref().unwrap().pool;
        let level: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(pool).await.unwrap();
        assert_eq!(level, 2, "FULL");
    }

    #[tokio::test]
    async fn a_full_disk_changes_nothing_and_is_named() {
        let (store, _home) = fresh().await;
        let put = |key: u8, value: Vec<u8>| {
            Change::Put(
                Table::Mirrors,
                Row { key: vec![key], parent: vec![], lookups: vec![], at_ms: 0, value },
            )
        };
        store.commit(vec![put(1, b"first".to_vec())]).await.unwrap();
        let pool = &store.writer.as_ref().unwrap().pool;
        sqlx::raw_sql("PRAGMA max_page_count = 1").execute(pool).await.unwrap();
        let refused = store.commit(vec![put(1, b"gone".to_vec()), put(2, vec![0; 1 << 20])]).await;
        assert!(matches!(refused, Err(StoreError::Full { path }) if path == store.path));
        assert_eq!(store.get(Table::Mirrors, &[1]).await.unwrap().unwrap().value, b"first");
        assert_eq!(store.count(Table::Mirrors, Select::All).await.unwrap(), 1);
        store.commit(vec![put(2, vec![0; 1 << 20])]).await.unwrap();
    }

    #[tokio::test]
    async fn every_durability_setting_is_in_force() {
        let (store, _home) = fresh().await;
        let pool = &store.writer.as_ref().unwrap().pool;
        for (pragma, expected) in [
            ("PRAGMA journal_mode", "wal"),
            ("PRAGMA synchronous", "2"),
            ("PRAGMA foreign_keys", "1"),
            ("PRAGMA trusted_schema", "0"),
            ("PRAGMA cell_size_check", "1"),
            ("PRAGMA busy_timeout", "5000"),
            ("PRAGMA journal_size_limit", JOURNAL_BYTES_MAX),
            ("PRAGMA secure_delete", "2"),
            ("PRAGMA auto_vacuum", "2"),
            ("PRAGMA fullfsync", "1"),
        ] {
            let found: String = match sqlx::query_scalar::<_, i64>(pragma).fetch_one(pool).await {
                Ok(number) => number.to_string(),
                Err(_) => sqlx::query_scalar(pragma).fetch_one(pool).await.unwrap(),
            };
            assert_eq!(found, expected, "{pragma}");
        }
    }
}
