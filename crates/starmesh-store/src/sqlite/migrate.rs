//! The schema and its versions (`migrations/NOTES.md`), and the check that the key is the right one.

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::{failure, read};
use crate::row::{Row, StoreError, Table};
use crate::sealed::{Nonce, Sealer};

/// The migrations; the n-th leads to version n.
const MIGRATIONS: [&str; 2] =
    [include_str!("../../migrations/0001_rows.sql"), include_str!("../../migrations/0002_history.sql")];

/// The version that this program writes.
const NEWEST: i64 = 2;

/// Marks a file as ours, in its header (`file(1)` and SQLite show it): `SfbM`.
const APPLICATION_ID: i64 = 0x5366_624d;

/// The oldest SQLite that may touch a database: those before can lose committed writes when two connections
/// meet at a WAL reset (<https://www.sqlite.org/wal.html#walresetbug>).
const SQLITE_VERSION_MIN: (u32, u32, u32) = (3, 51, 3);

/// The table, and the key in it, of the row that only the right data key opens.
const META: &str = "meta";
const KEY_CHECK: &[u8] = b"key check";

/// How many rows of a table are tried before the key counts as wrong: with a wrong one none opens.
const ROWS_TRIED: usize = 8;

/// Fails when the SQLite that was linked is too old.
pub(super) async fn assert_version(conn: &mut SqliteConnection, path: &str) -> Result<(), StoreError> {
    let version = version_of_sqlite(conn).await.map_err(|error| failure::of_sqlite(path, &error))?;
    if is_new_enough(&version) {
        return Ok(());
    }
    let (major, minor, fix) = SQLITE_VERSION_MIN;
    Err(StoreError::Failed(format!("SQLite {version} is too old: {major}.{minor}.{fix} or newer is needed")))
}

/// The version of the SQLite that was linked.
pub(super) async fn version_of_sqlite(conn: &mut SqliteConnection) -> Result<String, sqlx::Error> {
    sqlx::query_scalar("SELECT sqlite_version()").fetch_one(conn).await
}

fn is_new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(str::parse::<u32>);
    let mut next = || parts.next().and_then(Result::ok).unwrap_or(0);
    (next(), next(), next()) >= SQLITE_VERSION_MIN
}

/// Brings the schema up to date and checks the key, in one transaction: of two processes that come at once,
/// the second finds everything done.
pub(super) async fn bring_up_to_date(
    conn: &mut SqliteConnection,
    path: &str,
    sealer: &Sealer,
    nonce: Nonce,
) -> Result<(), StoreError> {
    let of_sqlite = |error: sqlx::Error| failure::of_sqlite(path, &error);
    let mut transaction = conn.begin_with("BEGIN IMMEDIATE").await.map_err(of_sqlite)?;
    let version = checked_version(&mut transaction, path).await?;
    if version > 0 {
        check_key(&mut transaction, path, sealer).await?;
    }
    let done = usize::try_from(version).unwrap_or(0);
    for migration in &MIGRATIONS[done..] {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(of_sqlite)?;
    }
    if version == 0 {
        write_key_check(&mut transaction, sealer, nonce).await.map_err(of_sqlite)??;
    }
    if version < NEWEST {
        let pragmas = format!("PRAGMA user_version = {NEWEST}; PRAGMA application_id = {APPLICATION_ID}");
        sqlx::raw_sql(AssertSqlSafe(pragmas)).execute(&mut *transaction).await.map_err(of_sqlite)?;
    }
    transaction.commit().await.map_err(of_sqlite)
}

/// Fails unless the database is of the present version and opens under this key; writes nothing.
pub(super) async fn check_only(
    conn: &mut SqliteConnection,
    path: &str,
    sealer: &Sealer,
) -> Result<(), StoreError> {
    let version = checked_version(conn, path).await?;
    if version < NEWEST {
        return Err(StoreError::Failed(format!(
            "the database {path} has version {version}, it must first be brought to {NEWEST} by a program that writes"
        )));
    }
    check_key(conn, path, sealer).await
}

/// The schema's version; an error when this program does not know it, or the file is another program's.
async fn checked_version(conn: &mut SqliteConnection, path: &str) -> Result<i64, StoreError> {
    let of_sqlite = |error: sqlx::Error| failure::of_sqlite(path, &error);
    let found: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *conn).await.map_err(of_sqlite)?;
    if found > NEWEST {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: NEWEST });
    }
    let foreign = StoreError::Failed(format!("{path} is the database of another program"));
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *conn)
        .await
        .map_err(of_sqlite)?;
    let ours: i64 = sqlx::query_scalar("PRAGMA application_id").fetch_one(conn).await.map_err(of_sqlite)?;
    match (found, tables, ours) {
        (0, 0, 0) => Ok(0),
        (1.., 1.., APPLICATION_ID) => Ok(found),
        _ => Err(foreign),
    }
}

async fn check_key(conn: &mut SqliteConnection, path: &str, sealer: &Sealer) -> Result<(), StoreError> {
    let check =
        sqlx::query("SELECT key_hash, parent_hash, at_ms, envelope FROM meta WHERE name = 'key_check'");
    let found = read::fetch(check, conn).await.map_err(|error| failure::of_sqlite(path, &error))?;
    let Some(check) = found.first() else { return Err(StoreError::Damaged { table: META }) };
    if sealer.open(META, check).is_ok() {
        return Ok(());
    }
    // Where any row opens, the key is right and it is the check that is damaged.
    for table in Table::CONFIGURATION {
        let some = read::fetch(read::some(table, ROWS_TRIED), conn).await;
        let some = some.map_err(|error| failure::of_sqlite(path, &error))?;
        if some.iter().any(|row| sealer.open(table.name(), row).is_ok()) {
            return Err(StoreError::Damaged { table: META });
        }
    }
    Err(StoreError::WrongKey { path: path.to_owned() })
}

async fn write_key_check(
    conn: &mut SqliteConnection,
    sealer: &Sealer,
    nonce: Nonce,
) -> Result<Result<(), StoreError>, sqlx::Error> {
    let row = Row { key: KEY_CHECK.to_vec(), parent: vec![], lookups: vec![], at_ms: 0, value: vec![] };
    let check = match sealer.seal(META, &row, nonce) {
        Ok(check) => check,
        Err(error) => return Ok(Err(error)),
    };
    sqlx::query(
        "INSERT INTO meta (name, key_hash, parent_hash, at_ms, envelope) VALUES ('key_check', ?, ?, ?, ?)",
    )
    .bind(&check.key_hash[..])
    .bind(&check.parent_hash[..])
    .bind(check.at_ms)
    .bind(check.envelope)
    .execute(conn)
    .await?;
    Ok(Ok(()))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn migrations_are_frozen() {
        assert_eq!(MIGRATIONS.len(), usize::try_from(NEWEST).unwrap());
        let hashes = MIGRATIONS.map(|sql| HEXLOWER.encode(&Sha256::digest(sql.replace('\r', ""))[..8]));
        assert_eq!(hashes, ["dc3c8a7efe7f749d", "86aeeb039a4f6b0b"], "edit no migration, add one");
    }

    #[test]
    fn every_table_of_the_port_has_its_table_and_companion() {
        let all = MIGRATIONS.concat();
        for table in Table::ALL {
            assert!(all.contains(&format!("CREATE TABLE {} (", table.name())));
            assert!(all.contains(&format!("CREATE TABLE {}_lookups (", table.name())));
        }
    }

    #[test]
    fn versions_of_sqlite_compare_by_number() {
        for (version, expected) in [
            ("3.51.3", true),
            ("3.51.10", true),
            ("3.53.0", true),
            ("4.0", true),
            ("3.51.2", false),
            ("3.9.9", false),
        ] {
            assert_eq!(is_new_enough(version), expected, "{version}");
        }
    }
}
