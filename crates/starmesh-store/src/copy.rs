//! The second copy of what a person configured: one sealed file beside the database, replaced as a whole after
//! each commit that changes it. A database that is damaged gets it back from there.
//!
//! Everything else that a database holds can be read again. What a person wants is known nowhere else.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use starmesh_provider::env::Entropy;

use crate::data_key::DataKey;
use crate::lock::{DataFolderLock, LockError};
use crate::private_file::replace_private_file;
use crate::row::{Change, Row, Select, Store, StoreError, Table, TakeRow};
use crate::sealed::{NONCE_BYTES, Sealer, decode, encode, take_field};
use crate::sqlite::SqliteStore;

/// What the file is sealed as: no row of a table opens in its place.
const PLACE: &str = "configuration copy";

/// How often a process asks for its turn to write the copy; each time it waits up to 200 ms, and a turn takes
/// milliseconds.
const TURN_ATTEMPTS_MAX: u32 = 50;

/// The pause between two of them.
const TURN_DELAY: Duration = Duration::from_millis(10);

/// The tables that are copied: what is configured, and what can be taken back of it.
const COPIED: [Table; 6] =
    [Table::Settings, Table::Accounts, Table::Calendars, Table::Groups, Table::Links, Table::History];

/// The second copy of what a person configured.
#[derive(Clone)]
pub struct ConfigurationCopy {
    path: PathBuf,
    sealer: Arc<Sealer>,
    entropy: Arc<dyn Entropy>,
}

impl ConfigurationCopy {
    /// The copy at `path`, sealed under the key of its database.
    pub fn new(path: PathBuf, key: &DataKey, entropy: Arc<dyn Entropy>) -> Self {
        Self { path, sealer: Arc::new(Sealer::new(key)), entropy }
    }

    /// The rows of the copy; `None` when there is none that opens under this key.
    pub fn read(&self) -> Result<Option<Vec<(Table, Row)>>, StoreError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(StoreError::Failed(format!("{}: {error}", self.path.display()))),
        };
        let envelope = self.sealer.sealed_at(PLACE, bytes);
        Ok(self.sealer.open(PLACE, &envelope).ok().and_then(|row| unpack(&row.value)))
    }

    fn write(&self, rows: &[(Table, Row)]) -> Result<(), StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        self.entropy.fill(&mut nonce);
        let row =
            Row { key: PLACE.into(), parent: Vec::new(), lookups: Vec::new(), at_ms: 0, value: pack(rows)? };
        let sealed = self.sealer.seal(PLACE, &row, nonce)?;
        replace_private_file(&self.path, &sealed.envelope)
            .map_err(|error| StoreError::Failed(format!("{}: {error}", self.path.display())))
    }

    /// Makes the copy what `store` holds. Whoever writes it reads the store in the same turn, so that the last
    /// to write is also the last to have read.
    pub async fn renew(&self, store: &dyn Store) -> Result<(), StoreError> {
        let turn = self.turn().await?;
        let rows = configuration(store).await?;
        if self.read()?.as_deref() != Some(&rows) {
            self.write(&rows)?;
        }
        drop(turn);
        Ok(())
    }

    /// True when the copy is what `store` holds.
    pub async fn is_current(&self, store: &dyn Store) -> Result<bool, StoreError> {
        Ok(self.read()?.as_deref() == Some(&configuration(store).await?))
    }

    async fn turn(&self) -> Result<DataFolderLock, StoreError> {
        let mut place = self.path.as_os_str().to_owned();
        place.push(".turn");
        let mut attempts = 1;
        loop {
            match DataFolderLock::acquire(Path::new(&place)) {
                Ok(turn) => return Ok(turn),
                Err(LockError::Held { .. }) if attempts < TURN_ATTEMPTS_MAX => attempts += 1,
                Err(error) => return Err(StoreError::Failed(error.to_string())),
            }
            tokio::time::sleep(TURN_DELAY).await;
        }
    }
}

async fn configuration(store: &dyn Store) -> Result<Vec<(Table, Row)>, StoreError> {
    let mut rows = Vec::new();
    for table in COPIED {
        rows.extend(store.select(table, Select::All).await?.into_iter().map(|row| (table, row)));
    }
    Ok(rows)
}

/// A database whose configuration is copied after each commit that changes it.
pub struct CopiedStore {
    inner: Arc<SqliteStore>,
    copy: ConfigurationCopy,
}

impl CopiedStore {
    /// Over a database that is open for writing. A copy that is older, as a crash may leave it, is renewed.
    pub async fn new(inner: Arc<SqliteStore>, copy: ConfigurationCopy) -> Result<Self, StoreError> {
        copy.renew(&*inner).await?;
        Ok(Self { inner, copy })
    }

    /// What was committed is committed: a copy that cannot be written now is renewed with the next start, and
    /// the doctor tells of it.
    async fn renew_after(&self, concerned: bool) {
        if concerned && let Err(error) = self.copy.renew(&*self.inner).await {
            tracing::warn!(%error, "the second copy of the configuration could not be renewed");
        }
    }
}

fn is_copied(changes: &[Change]) -> bool {
    changes.iter().any(|change| {
        let (Change::Put(table, _)
        | Change::Delete(table, _)
        | Change::DeleteParent(table, _)
        | Change::Trim(table, _)) = change;
        COPIED.contains(table)
    })
}

#[async_trait]
impl Store for CopiedStore {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.inner.get(table, key).await
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        self.inner.get_many(table, keys).await
    }

    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError> {
        self.inner.select(table, which).await
    }

    async fn visit(&self, table: Table, parent: &[u8], take: TakeRow) -> Result<(), StoreError> {
        self.inner.visit(table, parent, take).await
    }

    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError> {
        self.inner.count(table, which).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let concerned = is_copied(&changes);
        self.inner.commit(changes).await?;
        self.renew_after(concerned).await;
        Ok(())
    }

    async fn commit_observed(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        let concerned = is_copied(&changes);
        self.inner.commit_observed(changes).await?;
        self.renew_after(concerned).await;
        Ok(())
    }
}

/// Each row: the length of its table's name (1 byte) ‖ that name ‖ `at_ms` (8) ‖ length (4) ‖ the row as it is
/// sealed.
fn pack(rows: &[(Table, Row)]) -> Result<Vec<u8>, StoreError> {
    let too_large = || StoreError::Failed("a row is larger than the copy can hold".to_owned());
    let mut bytes = Vec::new();
    for (table, row) in rows {
        let (name, content) = (table.name(), encode(row)?);
        bytes.push(u8::try_from(name.len()).map_err(|_| too_large())?);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&row.at_ms.to_be_bytes());
        bytes.extend_from_slice(&u32::try_from(content.len()).map_err(|_| too_large())?.to_be_bytes());
        bytes.extend_from_slice(&content);
    }
    Ok(bytes)
}

/// `None` when it is not whole, or holds a table that this version does not know.
fn unpack(bytes: &[u8]) -> Option<Vec<(Table, Row)>> {
    let mut rest = bytes;
    let mut rows = Vec::new();
    while let Some((length, tail)) = rest.split_first() {
        let (name, tail) = tail.split_at_checked(usize::from(*length))?;
        let table = COPIED.into_iter().find(|table| table.name().as_bytes() == name)?;
        let (at_ms, tail) = tail.split_first_chunk::<8>()?;
        rest = tail;
        let content = take_field(&mut rest)?;
        rows.push((table, decode(&content, i64::from_be_bytes(*at_ms))?));
    }
    Some(rows)
}

#[cfg(test)]
mod tests {
    use starmesh_provider::env::SystemEntropy;

    use super::*;

    fn row(key: u8) -> Row {
        Row {
            key: vec![key],
            parent: b"p".to_vec(),
            lookups: vec![b"l".to_vec()],
            at_ms: -3,
            value: vec![key; 100],
        }
    }

    fn key(byte: u8) -> DataKey {
        DataKey::new([byte; 32])
    }

    fn copy(home: &tempfile::TempDir, key: &DataKey) -> ConfigurationCopy {
        ConfigurationCopy::new(home.path().join("configuration.sealed"), key, Arc::new(SystemEntropy))
    }

    async fn fresh(home: &tempfile::TempDir) -> CopiedStore {
        let path = home.path().join("starmesh.db");
        let inner = SqliteStore::open(&path, &key(1), Arc::new(SystemEntropy)).await.unwrap();
        CopiedStore::new(Arc::new(inner), copy(home, &key(1))).await.unwrap()
    }

    #[tokio::test]
    async fn the_copy_is_what_was_configured_last() {
        let home = tempfile::tempdir().unwrap();
        let store = fresh(&home).await;
        let copy = copy(&home, &key(1));
        assert_eq!(copy.read().unwrap(), Some(Vec::new()));
        store
            .commit(vec![Change::Put(Table::Groups, row(1)), Change::Put(Table::Links, row(2))])
            .await
            .unwrap();
        assert_eq!(copy.read().unwrap(), Some(vec![(Table::Groups, row(1)), (Table::Links, row(2))]));
        store.commit(vec![Change::Delete(Table::Groups, vec![1])]).await.unwrap();
        assert_eq!(copy.read().unwrap(), Some(vec![(Table::Links, row(2))]));
    }

    #[tokio::test]
    async fn what_can_be_read_again_is_not_copied_and_costs_nothing() {
        let home = tempfile::tempdir().unwrap();
        let store = fresh(&home).await;
        let file = home.path().join("configuration.sealed");
        let before = fs::read(&file).unwrap();
        store.commit(vec![Change::Put(Table::Mirrors, row(1))]).await.unwrap();
        store.commit_observed(vec![Change::Put(Table::Items, row(1))]).await.unwrap();
        assert_eq!(fs::read(&file).unwrap(), before);
    }

    #[tokio::test]
    async fn a_copy_that_a_crash_left_behind_is_renewed_at_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("starmesh.db");
        drop(fresh(&home).await);
        let bare = SqliteStore::open(&path, &key(1), Arc::new(SystemEntropy)).await.unwrap();
        bare.commit(vec![Change::Put(Table::Settings, row(5))]).await.unwrap();
        bare.close().await;
        drop(fresh(&home).await);
        assert_eq!(copy(&home, &key(1)).read().unwrap(), Some(vec![(Table::Settings, row(5))]));
    }

    #[tokio::test]
    async fn the_copy_tells_nothing_without_its_key_and_nothing_once_it_is_altered() {
        let home = tempfile::tempdir().unwrap();
        let store = fresh(&home).await;
        store.commit(vec![Change::Put(Table::Accounts, row(65))]).await.unwrap();
        assert_eq!(copy(&home, &key(2)).read().unwrap(), None);
        let file = home.path().join("configuration.sealed");
        let mut bytes = fs::read(&file).unwrap();
        assert!(!bytes.windows(8).any(|window| window == [65; 8]), "it is sealed");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&file, bytes).unwrap();
        assert_eq!(copy(&home, &key(1)).read().unwrap(), None);
    }
}
