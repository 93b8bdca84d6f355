//! Reading: by key, by parent, by look-up, by age.
//!
//! SQLite orders rows by age; rows of one age are ordered by key, which only shows once they are open. So
//! the last step of ordering, and of cutting to the newest, happens after opening.

use std::collections::BTreeSet;

use data_encoding::HEXLOWER;
use sqlx::sqlite::SqliteRow;
use sqlx::{AssertSqlSafe, Row as _, SqliteConnection};

use crate::row::{Row, Select, StoreError, Table};
use crate::sealed::{KeyedHash, SealedRow, Sealer};

const COLUMNS: &str = "key_hash, parent_hash, at_ms, envelope";

/// Rows in the order of the port, checked to be what was asked for.
pub(super) fn open_all(
    sealer: &Sealer,
    table: Table,
    which: Select<'_>,
    at_rest: &[SealedRow],
) -> Result<Vec<Row>, StoreError> {
    let mut rows = Vec::with_capacity(at_rest.len());
    for one in at_rest {
        let row = sealer.open(table.name(), one)?;
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

pub(super) async fn get_many(
    conn: &mut SqliteConnection,
    sealer: &Sealer,
    table: Table,
    keys: &[Vec<u8>],
) -> Result<Vec<SealedRow>, sqlx::Error> {
    let name = table.name();
    let hashes = hash_list(keys.iter().map(|key| sealer.key_hash(name, key)));
    let sql =
        format!("SELECT {COLUMNS} FROM {name} WHERE key_hash IN (SELECT unhex(value) FROM json_each(?1))");
    fetch(sqlx::query(AssertSqlSafe(sql)).bind(hashes), conn).await
}

/// The rows, in no order. For [`Select::Newest`] all that are as old as the last of them come along.
pub(super) async fn select(
    conn: &mut SqliteConnection,
    sealer: &Sealer,
    table: Table,
    which: Select<'_>,
) -> Result<Vec<SealedRow>, sqlx::Error> {
    let name = table.name();
    match which {
        Select::All => {
            let sql = format!("SELECT {COLUMNS} FROM {name}");
            fetch(sqlx::query(AssertSqlSafe(sql)), conn).await
        }
        Select::Parent(parent) => {
            let sql = format!("SELECT {COLUMNS} FROM {name} WHERE parent_hash = ?1");
            let hash = sealer.parent_hash(name, parent).to_vec();
            fetch(sqlx::query(AssertSqlSafe(sql)).bind(hash), conn).await
        }
        Select::Lookups(parent, lookups) => {
            let sql = format!(
                "SELECT {COLUMNS} FROM {name} WHERE key_hash IN (SELECT key_hash FROM {name}_lookups \
                 WHERE lookup_hash IN (SELECT unhex(value) FROM json_each(?1)))"
            );
            fetch(sqlx::query(AssertSqlSafe(sql)).bind(lookup_hashes(sealer, name, parent, lookups)), conn)
                .await
        }
        Select::Newest { limit: 0 } => Ok(Vec::new()),
        Select::Newest { limit } => {
            let sql = format!(
                "SELECT {COLUMNS} FROM {name} WHERE at_ms >= coalesce(\
                 (SELECT at_ms FROM {name} ORDER BY at_ms DESC LIMIT 1 OFFSET ?1), -9223372036854775808)"
            );
            fetch(sqlx::query(AssertSqlSafe(sql)).bind(sql_count(limit - 1)), conn).await
        }
    }
}

pub(super) async fn count(
    conn: &mut SqliteConnection,
    sealer: &Sealer,
    table: Table,
    which: Select<'_>,
) -> Result<u64, sqlx::Error> {
    let name = table.name();
    let count: i64 = match which {
        Select::All => {
            let sql = format!("SELECT count(*) FROM {name}");
            sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(conn).await?
        }
        Select::Parent(parent) => {
            let sql = format!("SELECT count(*) FROM {name} WHERE parent_hash = ?1");
            let hash = sealer.parent_hash(name, parent).to_vec();
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(hash).fetch_one(conn).await?
        }
        Select::Lookups(parent, lookups) => {
            let sql = format!(
                "SELECT count(DISTINCT key_hash) FROM {name}_lookups \
                 WHERE lookup_hash IN (SELECT unhex(value) FROM json_each(?1))"
            );
            let hashes = lookup_hashes(sealer, name, parent, lookups);
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(hashes).fetch_one(conn).await?
        }
        Select::Newest { limit } => {
            let sql = format!("SELECT min(count(*), ?1) FROM {name}");
            sqlx::query_scalar(AssertSqlSafe(sql)).bind(sql_count(limit)).fetch_one(conn).await?
        }
    };
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Runs a statement that gives the columns of a row.
pub(super) async fn fetch(
    query: sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments>,
    conn: &mut SqliteConnection,
) -> Result<Vec<SealedRow>, sqlx::Error> {
    query.fetch_all(conn).await?.iter().map(sealed_row).collect()
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
