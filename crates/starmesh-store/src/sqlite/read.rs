//! Reading: by key, by parent, by look-up, by age.
//!
//! SQLite orders rows by age; rows of one age are ordered by key, which only shows once they are open. So
//! the last step of ordering, and of cutting to the newest, happens after opening.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use futures::TryStreamExt;
use sqlx::query::Query;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Row as _, Sqlite, SqliteConnection};

use crate::row::{Row, Select, StoreError, Table};
use crate::sealed::{KeyedHash, SealedRow, Sealer};

/// A statement with its values: it borrows nothing, so that a task of its own can run it.
pub(super) type Statement = Query<'static, Sqlite, SqliteArguments>;

const COLUMNS: &str = "key_hash, parent_hash, at_ms, envelope";

/// Rows in the order of the port, checked to be what was asked for.
pub(super) fn open_all(
    sealer: &Sealer,
    table: Table,
    which: Select<'_>,
    at_rest: Vec<SealedRow>,
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(at_rest.len());
    for one in at_rest {
        let row = sealer.open(table.name(), &one)?;
        // The companion table is not authenticated; that a row is found under a wrong name is.
        if let Select::Lookups(parent, lookups) = which
            && !(row.parent == parent && row.lookups.iter().any(|lookup| lookups.contains(lookup)))
        {
            return Err(StoreError::Damaged { table: table.name() });
        }
        rows.push(row);
    }
    rows.sort_by(|a, b| (a.at_ms, &a.key).cmp(&(b.at_ms, &b.key)));
    if let Select::Newest { limit } = which {
        rows.reverse();
        rows.truncate(limit);
    }
    Ok(rows)
}

/// Asks for the rows with these keys.
pub(super) fn get_many(sealer: &Sealer, table: Table, keys: &[Vec<u8>]) -> Statement {
    let name = table.name();
    let hashes = hash_list(keys.iter().map(|key| sealer.key_hash(name, key)));
    let sql =
        format!("SELECT {COLUMNS} FROM {name} WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))");
    sqlx::query(AssertSqlSafe(sql)).bind(hashes)
}

/// Asks for some rows, whichever.
pub(super) fn some(table: Table, limit: usize) -> Statement {
    let sql = format!("SELECT {COLUMNS} FROM {} LIMIT ?1", table.name());
    sqlx::query(AssertSqlSafe(sql)).bind(sql_count(limit))
}

/// Asks for rows, in no order. For [`Select::Newest`] all that are as old as the last of them come along.
pub(super) fn select(sealer: &Sealer, table: Table, which: Select<'_>) -> Statement {
    let name = table.name();
    match which {
        Select::All => {
            let sql = format!("SELECT {COLUMNS} FROM {name}");
            sqlx::query(AssertSqlSafe(sql))
        }
        Select::Parent(parent) => {
            let sql = format!("SELECT {COLUMNS} FROM {name} WHERE parent_hash = ?1");
            let hash = sealer.parent_hash(name, parent).to_vec();
            sqlx::query(AssertSqlSafe(sql)).bind(hash)
        }
        Select::Lookups(parent, lookups) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM {name} WHERE key_hash IN (SELECT key_hash FROM {name}_lookups \
                 WHERE lookup_hash IN (SELECT unhex(value) FROM json_each(?1)))"
            );
            sqlx::query(AssertSqlSafe(sql)).bind(lookup_hashes(sealer, name, parent, lookups))
        }
        Select::Newest { limit: 0 } => {
            sqlx::query(AssertSqlSafe(format!("SELECT {COLUMNS} FROM {name} LIMIT 0")))
        }
        Select::Newest { limit } => {
            let sql = format!(
                "SELECT {COLUMNS} FROM {name} WHERE at_ms >= coalesce(\
                 (SELECT at_ms FROM {name} ORDER BY at_ms DESC LIMIT 1 OFFSET ?1), -9223372036854775808)"
            );
            sqlx::query(AssertSqlSafe(sql)).bind(sql_count(limit - 1))
        }
    }
}

/// Asks how many rows [`select`] would give.
pub(super) fn count(sealer: &Sealer, table: Table, which: Select<'_>) -> Statement {
    let name = table.name();
    match which {
        Select::All => sqlx::query(AssertSqlSafe(format!("SELECT count(*) FROM {name}"))),
        Select::Parent(parent) => {
            let sql = format!("SELECT count(*) FROM {name} WHERE parent_hash = ?1");
            let hash = sealer.parent_hash(name, parent).to_vec();
            sqlx::query(AssertSqlSafe(sql)).bind(hash)
        }
        Select::Lookups(parent, lookups) => {
            let sql = format!(
                "SELECT count(DISTINCT key_hash) FROM {name}_lookups \
                 WHERE lookup_hash IN (SELECT unhex(value) FROM json_each(?1))"
            );
            let hashes = lookup_hashes(sealer, name, parent, lookups);
            sqlx::query(AssertSqlSafe(sql)).bind(hashes)
        }
        Select::Newest { limit } => {
            let sql = format!("SELECT min(count(*), ?1) FROM {name}");
            sqlx::query(AssertSqlSafe(sql)).bind(sql_count(limit))
        }
    }
}

/// Runs a statement that gives one number.
pub(super) async fn fetch_count(
    statement: Statement,
    conn: &mut SqliteConnection,
) -> Result<u64, sqlx::Error> {
    let count: i64 = statement.fetch_one(conn).await?.try_get(0)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Runs a statement that gives the columns of a row.
pub(super) async fn fetch(
    statement: Statement,
    conn: &mut SqliteConnection,
) -> Result<Vec<SealedRow>, sqlx::Error> {
    // Row by row: SQLite's own rows take far more room than ours.
    statement
        .fetch(conn)
        .try_fold(Vec::new(), async |mut rows, row| {
            rows.push(sealed_row(&row)?);
            Ok(rows)
        })
        .await
}

/// Runs a statement that gives the columns of a row, and hands each row over as soon as it is open.
pub(super) async fn visit(
    statement: Statement,
    conn: &mut SqliteConnection,
    mut take: impl FnMut(&SealedRow) -> Result<(), StoreError> + Send,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let mut rows = statement.fetch(conn);
    while let Some(row) = rows.try_next().await? {
        if let Err(error) = take(&sealed_row(&row)?) {
            return Ok(Err(error));
        }
    }
    Ok(Ok(()))
}

/// Hashes as a JSON array of hex: one parameter, however many there are.
pub(super) fn hash_list(hashes: impl Iterator<Item = KeyedHash>) -> String {
    let distinct: BTreeSet<KeyedHash> = hashes.collect();
    let quoted: Vec<String> = distinct.iter().map(|hash| format!("\"{}\"", HEXLOWER.encode(hash))).collect();
    format!("[{}]", quoted.join(","))
}

/// A number of rows as SQLite takes it.
pub(super) fn sql_count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn lookup_hashes(sealer: &Sealer, table: &str, parent: &[u8], lookups: &[Vec<u8>]) -> String {
    hash_list(lookups.iter().map(|lookup| sealer.lookup_hash(table, parent, lookup)))
}

fn sealed_row(row: &SqliteRow) -> Result<SealedRow, sqlx::Error> {
    Ok(SealedRow {
        key_hash: hash_column(row, 0)?,
        parent_hash: hash_column(row, 1)?,
        at_ms: row.try_get(2)?,
        envelope: row.try_get(3)?,
    })
}

/// A hash of another length is somebody else's work; as zeros it opens no envelope.
fn hash_column(row: &SqliteRow, index: usize) -> Result<KeyedHash, sqlx::Error> {
    let bytes: &[u8] = row.try_get(index)?;
    Ok(bytes.try_into().unwrap_or_default())
}
