//! Writing: one commit is one `BEGIN IMMEDIATE` transaction.
//!
//! Runs of like changes go to SQLite many rows at a time, in few batch sizes, so that their statements stay
//! prepared.

use std::collections::BTreeMap;

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection, Sqlite, SqliteConnection};
use starmesh_provider::env::Entropy;

use super::open::draw_nonce;
use super::{failure, read};
use crate::row::{Change, Row, Select, StoreError, Table};
use crate::sealed::{KeyedHash, SealedRow, Sealer};

/// The sizes of batches, largest first. A run of rows is cut into as many of each as fit.
const BATCH_ROWS: [usize; 5] = [256, 64, 16, 4, 1];

/// So many rows at most are sealed before they are handed to SQLite: all rows of a large commit are not to be
/// in memory twice.
const RUN_ROWS_MAX: usize = 1_024;

/// How often a commit asks for the write lock; each time SQLite waits its whole busy time-out.
const BEGIN_ATTEMPTS_MAX: u32 = 4;

/// Why a transaction did not come to its end.
enum Cause {
    Sqlite(sqlx::Error),
    Store(StoreError),
}

impl From<sqlx::Error> for Cause {
    fn from(error: sqlx::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<StoreError> for Cause {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// What a commit outlasts once it has returned.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Lasting {
    /// The end of this process. A loss of power may take it back, with all that came after it.
    Process,
    /// A loss of power.
    Power,
}

/// What a transaction is written with.
#[derive(Clone, Copy)]
pub(super) struct Writing<'a> {
    pub(super) sealer: &'a Sealer,
    pub(super) entropy: &'a dyn Entropy,
    /// The file, for messages.
    pub(super) path: &'a str,
}

/// Makes all changes or none, one list after the other.
///
/// After a failure the connection is closed: SQLite ends a transaction by itself on some errors (a full
/// disk), which the connection's own count of open transactions does not notice.
pub(super) async fn commit(
    mut conn: PoolConnection<Sqlite>,
    writing: Writing<'_>,
    changes: &[&[Change]],
    lasting: Lasting,
) -> Result<(), StoreError> {
    let mut attempts = 1;
    loop {
        match transact(&mut conn, writing, changes, lasting).await {
            Ok(()) => return Ok(()),
            Err(Cause::Sqlite(error)) if failure::is_busy(&error) && attempts < BEGIN_ATTEMPTS_MAX => {
                attempts += 1;
            }
            Err(cause) => {
                conn.close_on_drop();
                return Err(match cause {
                    Cause::Sqlite(error) => failure::of_sqlite(writing.path, &error),
                    Cause::Store(error) => error,
                });
            }
        }
    }
}

/// One attempt. Once the write lock is held, nothing more can be busy.
///
/// In WAL mode `synchronous=NORMAL` leaves out only the wait for the disk at the end of the transaction; the
/// next one that does wait makes it last, too, since both are in one file, one after the other
/// (<https://www.sqlite.org/pragma.html#pragma_synchronous>).
async fn transact(
    conn: &mut SqliteConnection,
    writing: Writing<'_>,
    changes: &[&[Change]],
    lasting: Lasting,
) -> Result<(), Cause> {
    if lasting == Lasting::Process {
        sqlx::raw_sql("PRAGMA synchronous = NORMAL").execute(&mut *conn).await?;
    }
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await?;
    let Writing { sealer, entropy, .. } = writing;
    Transaction { conn: &mut transaction, sealer, entropy }
        .apply(changes.iter().flat_map(|list| list.iter()))
        .await?;
    transaction.commit().await?;
    if lasting == Lasting::Process {
        sqlx::raw_sql("PRAGMA synchronous = FULL").execute(&mut *conn).await?;
    }
    Ok(())
}

/// A run of changes of one kind to one table.
enum Run<'a> {
    Puts(Table, Vec<&'a Row>),
    Deletes(Table, Vec<&'a [u8]>),
}

struct Transaction<'a> {
    conn: &'a mut SqliteConnection,
    sealer: &'a Sealer,
    entropy: &'a dyn Entropy,
}

impl Transaction<'_> {
    async fn apply<'c>(&mut self, changes: impl Iterator<Item = &'c Change>) -> Result<(), Cause> {
        let mut run = None;
        for change in changes {
            match (change, &mut run) {
                (Change::Put(table, row), Some(Run::Puts(of, rows)))
                    if of == table && rows.len() < RUN_ROWS_MAX =>
                {
                    rows.push(row);
                }
                (Change::Delete(table, key), Some(Run::Deletes(of, keys))) if of == table => keys.push(key),
                (change, open) => {
                    self.finish(open.take()).await?;
                    run = self.start(change).await?;
                }
            }
        }
        self.finish(run).await
    }

    /// Begins a run, or carries out at once what stands alone.
    async fn start<'c>(&mut self, change: &'c Change) -> Result<Option<Run<'c>>, Cause> {
        match change {
            Change::Put(table, row) => return Ok(Some(Run::Puts(*table, vec![row]))),
            Change::Delete(table, key) => return Ok(Some(Run::Deletes(*table, vec![key]))),
            Change::DeleteParent(table, parent) => self.delete_parent(table.name(), parent).await?,
            Change::Trim(table, keep) => self.trim(*table, *keep).await?,
        }
        Ok(None)
    }

    async fn finish(&mut self, run: Option<Run<'_>>) -> Result<(), Cause> {
        match run {
            None => Ok(()),
            Some(Run::Puts(table, rows)) => self.put(table.name(), &rows).await,
            Some(Run::Deletes(table, keys)) => {
                let name = table.name();
                let hashes: Vec<KeyedHash> = keys.iter().map(|key| self.sealer.key_hash(name, key)).collect();
                Ok(self.delete(name, "", hashes.into_iter()).await?)
            }
        }
    }

    /// Writes rows; of two with one key the later stands.
    async fn put(&mut self, name: &'static str, rows: &[&Row]) -> Result<(), Cause> {
        let last: BTreeMap<&[u8], &Row> = rows.iter().map(|row| (row.key.as_slice(), *row)).collect();
        let mut keys: Vec<KeyedHash> = Vec::with_capacity(last.len());
        let mut sealed = Vec::with_capacity(last.len());
        let mut lookups: Vec<(KeyedHash, KeyedHash)> = Vec::new();
        for row in last.values() {
            let at_rest = self.sealer.seal(name, row, draw_nonce(self.entropy))?;
            let hash = |lookup: &Vec<u8>| self.sealer.lookup_hash(name, &row.parent, lookup);
            lookups.extend(row.lookups.iter().map(|lookup| (hash(lookup), at_rest.key_hash)));
            keys.push(at_rest.key_hash);
            sealed.push(at_rest);
        }
        self.delete(name, "_lookups", keys.into_iter()).await?;
        for batch in batches(&sealed) {
            self.upsert(name, batch).await?;
        }
        for batch in batches(&lookups) {
            self.insert_lookups(name, batch).await?;
        }
        Ok(())
    }

    async fn upsert(&mut self, name: &str, rows: &[SealedRow]) -> Result<(), sqlx::Error> {
        let values = vec!["(?,?,?,?)"; rows.len()].join(",");
        let sql = format!(
            "INSERT INTO {name} (key_hash, parent_hash, at_ms, envelope) VALUES {values} \
             ON CONFLICT (key_hash) DO UPDATE SET \
             parent_hash = excluded.parent_hash, at_ms = excluded.at_ms, envelope = excluded.envelope"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for row in rows {
            query =
                query.bind(&row.key_hash[..]).bind(&row.parent_hash[..]).bind(row.at_ms).bind(&row.envelope);
        }
        query.execute(&mut *self.conn).await.map(|_| ())
    }

    /// A row may name a look-up twice; it is kept once.
    async fn insert_lookups(
        &mut self,
        name: &str,
        lookups: &[(KeyedHash, KeyedHash)],
    ) -> Result<(), sqlx::Error> {
        let values = vec!["(?,?)"; lookups.len()].join(",");
        let sql = format!(
            "INSERT INTO {name}_lookups (lookup_hash, key_hash) VALUES {values} ON CONFLICT DO NOTHING"
        );
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (lookup, key) in lookups {
            query = query.bind(&lookup[..]).bind(&key[..]);
        }
        query.execute(&mut *self.conn).await.map(|_| ())
    }

    /// Removes rows, with their look-ups (by the foreign key), or only these (`suffix` `_lookups`).
    async fn delete(
        &mut self,
        name: &str,
        suffix: &str,
        hashes: impl Iterator<Item = KeyedHash>,
    ) -> Result<(), sqlx::Error> {
        let sql =
            format!("DELETE FROM {name}{suffix} WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))");
        sqlx::query(AssertSqlSafe(sql))
            .bind(read::hash_list(hashes))
            .execute(&mut *self.conn)
            .await
            .map(|_| ())
    }

    async fn delete_parent(&mut self, name: &str, parent: &[u8]) -> Result<(), sqlx::Error> {
        let sql = format!("DELETE FROM {name} WHERE parent_hash = ?1");
        let hash = self.sealer.parent_hash(name, parent).to_vec();
        sqlx::query(AssertSqlSafe(sql)).bind(hash).execute(&mut *self.conn).await.map(|_| ())
    }

    /// Keeps the newest rows. Where several are as old as the last one kept, the greater keys stay.
    async fn trim(&mut self, table: Table, keep: usize) -> Result<(), Cause> {
        let name = table.name();
        let Some(last) = keep.checked_sub(1) else {
            let sql = format!("DELETE FROM {name}");
            sqlx::query(AssertSqlSafe(sql)).execute(&mut *self.conn).await?;
            return Ok(());
        };
        let sql = format!("SELECT at_ms FROM {name} ORDER BY at_ms DESC LIMIT 1 OFFSET ?1");
        let oldest_kept: Option<i64> = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(read::sql_count(last))
            .fetch_optional(&mut *self.conn)
            .await?;
        let Some(oldest_kept) = oldest_kept else { return Ok(()) };
        let sql = format!("DELETE FROM {name} WHERE at_ms < ?1");
        sqlx::query(AssertSqlSafe(sql)).bind(oldest_kept).execute(&mut *self.conn).await?;
        let left = read::fetch_count(read::count(self.sealer, table, Select::All), self.conn).await?;
        if left > keep as u64 {
            self.trim_tied(table, oldest_kept, left - keep as u64).await?;
        }
        Ok(())
    }

    async fn trim_tied(&mut self, table: Table, at_ms: i64, surplus: u64) -> Result<(), Cause> {
        let name = table.name();
        let sql = format!("SELECT key_hash, parent_hash, at_ms, envelope FROM {name} WHERE at_ms = ?1");
        let tied = read::fetch(sqlx::query(AssertSqlSafe(sql)).bind(at_ms), self.conn).await?;
        let tied = read::open_all(self.sealer, table, Select::All, tied)?;
        let surplus = usize::try_from(surplus).unwrap_or(usize::MAX);
        let hashes: Vec<KeyedHash> =
            tied.iter().take(surplus).map(|row| self.sealer.key_hash(name, &row.key)).collect();
        Ok(self.delete(name, "", hashes.into_iter()).await?)
    }
}

/// Cuts `rows` into batches of the sizes in [`BATCH_ROWS`].
fn batches<T>(rows: &[T]) -> Vec<&[T]> {
    let mut batches = Vec::new();
    let mut rest = rows;
    for size in BATCH_ROWS {
        while rest.len() >= size {
            let (batch, tail) = rest.split_at(size);
            batches.push(batch);
            rest = tail;
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_every_row_once_and_in_order() {
        for count in [0, 1, 3, 4, 5, 255, 256, 1000] {
            let rows: Vec<usize> = (0..count).collect();
            assert_eq!(batches(&rows).concat(), rows);
            assert!(batches(&rows).iter().all(|batch| BATCH_ROWS.contains(&batch.len())));
        }
    }
}
