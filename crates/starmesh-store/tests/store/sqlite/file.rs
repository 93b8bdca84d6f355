//! What somebody else does to the file: reads it, alters it, fills its disk.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use starmesh_store::{Select, SqliteStore, Store, StoreError, Table};

use super::{home, open, put};

/// Runs SQL on the closed database, past the store.
async fn alter(path: &Path, sql: &str) {
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(false);
    let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
}

async fn with_two_rows(path: &Path) {
    let store = open(path).await.unwrap();
    store.commit(vec![put(b"a", b"first"), put(b"b", b"second")]).await.unwrap();
    store.close().await;
}

#[tokio::test]
async fn altered_and_swapped_rows_are_damaged() {
    let alterations = [
        "UPDATE mirrors SET envelope = (SELECT envelope FROM mirrors WHERE id = 2) WHERE id = 1",
        "UPDATE mirrors SET envelope = zeroblob(length(envelope))",
        "UPDATE mirrors SET envelope = x''",
        "UPDATE mirrors SET at_ms = at_ms + 1",
        "UPDATE mirrors SET key_hash = zeroblob(20) WHERE id = 1",
        "UPDATE mirrors SET parent_hash = zeroblob(20) WHERE id = 1",
        "DELETE FROM mirrors; INSERT INTO mirrors SELECT * FROM items",
    ];
    for sql in alterations {
        let (_home, path) = home();
        with_two_rows(&path).await;
        let store = open(&path).await.unwrap();
        let copy = super::row_of(Table::Items);
        store.commit(vec![starmesh_store::Change::Put(Table::Items, copy)]).await.unwrap();
        store.close().await;
        alter(&path, sql).await;
        let store = open(&path).await.unwrap();
        let read = store.select(Table::Mirrors, Select::All).await;
        assert!(matches!(read, Err(StoreError::Damaged { table: "mirrors" })), "{sql}");
        assert!(store.select(Table::Items, Select::All).await.is_ok(), "other tables still open");
    }
}

#[tokio::test]
async fn a_lookup_that_names_the_wrong_row_is_damaged() {
    let (_home, path) = home();
    let store = open(&path).await.unwrap();
    let mut other = super::row_of(Table::Mirrors);
    other.lookups = vec![b"other".to_vec()];
    store.commit(vec![put(b"a", b"v"), starmesh_store::Change::Put(Table::Mirrors, other)]).await.unwrap();
    store.close().await;
    alter(&path, "UPDATE mirrors_lookups SET lookup_hash = (SELECT max(lookup_hash) FROM mirrors_lookups)")
        .await;
    let store = open(&path).await.unwrap();
    let one = store.select(Table::Mirrors, Select::Lookups(b"p", &[b"other".to_vec()])).await;
    let two = store
        .select(Table::Mirrors, Select::Lookups(b"parent-in-clear", &[b"look-up-in-clear".to_vec()]))
        .await;
    let damaged = |read: &Result<Vec<_>, _>| matches!(read, Err(StoreError::Damaged { .. }));
    assert!(damaged(&one) || damaged(&two));
}

#[tokio::test]
async fn nothing_of_a_row_is_in_the_files_in_clear() {
    let (home, path) = home();
    let store = open(&path).await.unwrap();
    store.commit(vec![put(b"key-in-clear", b"value-in-clear")]).await.unwrap();
    let mut seen = 0;
    for file in std::fs::read_dir(home.path().join("data")).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        seen += 1;
        assert!(!bytes.windows(8).any(|window| window == b"in-clear"));
    }
    assert_eq!(seen, 3, "the database, its WAL and the WAL's index");
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_may_read_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (home, path) = home();
    let store = open(&path).await.unwrap();
    store.commit(vec![put(b"k", b"v")]).await.unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&home.path().join("data")), 0o700);
    for file in std::fs::read_dir(home.path().join("data")).unwrap() {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_untouched() {
    let (_home, path) = home();
    with_two_rows(&path).await;
    alter(&path, "PRAGMA user_version = 7").await;
    for refused in [
        open(&path).await.unwrap_err(),
        SqliteStore::open_read_only(&path, &starmesh_store::DataKey::new([1; 32])).await.unwrap_err(),
    ] {
        assert!(matches!(refused, StoreError::Newer { found: 7, known: 2, .. }));
        assert!(!refused.is_damage());
        assert!(refused.to_string().contains("has version 7, this program knows versions up to 2"));
    }
    alter(&path, "PRAGMA user_version = 2").await;
    assert_eq!(open(&path).await.unwrap().count(Table::Mirrors, Select::All).await.unwrap(), 2);
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused_untouched() {
    let (_home, path) = home();
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, b"a letter, long enough to be no empty file").unwrap();
    assert!(matches!(open(&path).await, Err(StoreError::Corrupt { .. })));
    assert_eq!(std::fs::read(&path).unwrap(), b"a letter, long enough to be no empty file");

    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, b"").unwrap();
    alter(&path, "CREATE TABLE theirs (x); PRAGMA user_version = 1").await;
    assert!(matches!(open(&path).await, Err(StoreError::Failed(why)) if why.contains("another program")));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let (home, path) = home();
    std::fs::write(home.path().join("data"), b"a file where the folder should be").unwrap();
    assert!(matches!(open(&path).await, Err(StoreError::NotWritable { .. })));
    std::fs::remove_file(home.path().join("data")).unwrap();
    std::fs::create_dir_all(&path).unwrap();
    assert!(
        matches!(open(&path).await, Err(StoreError::NotWritable { .. })),
        "a folder where the file should be"
    );
}

#[tokio::test]
async fn a_missing_database_is_not_made_by_a_reader() {
    let (_home, path) = home();
    let refused = SqliteStore::open_read_only(&path, &starmesh_store::DataKey::new([1; 32])).await;
    assert!(matches!(refused, Err(StoreError::Failed(why)) if why.starts_with("there is no database")));
    assert!(!path.exists());
}

#[tokio::test]
async fn a_reader_alone_can_read() {
    let (_home, path) = home();
    with_two_rows(&path).await;
    let reader = SqliteStore::open_read_only(&path, &starmesh_store::DataKey::new([1; 32])).await.unwrap();
    assert_eq!(reader.count(Table::Mirrors, Select::All).await.unwrap(), 2);
}

/// Names the read-only folder to the child of the next test.
#[cfg(unix)]
const READ_ONLY: &str = "STARMESH_TEST_READ_ONLY";

/// A folder's mode does not bind the superuser, so the child runs as somebody else when the test does not.
#[cfg(unix)]
#[tokio::test]
async fn a_read_only_folder_can_be_read_and_is_named_when_written() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    use std::process::Command;

    let (home, path) = home();
    with_two_rows(&path).await;
    let folder = path.parent().unwrap();
    for (path, mode) in [(&*path, 0o444), (folder, 0o555), (home.path(), 0o755)] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    // A copy, because the build folder need not be open to others.
    let program = home.path().join("child");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut child = Command::new(program);
    child.args(["--exact", "sqlite::file::reads_and_does_not_write", "--nocapture"]).env(READ_ONLY, &path);
    if std::fs::metadata(home.path()).unwrap().uid() == 0 {
        child.uid(65_534).gid(65_534);
    }
    let output = child.current_dir("/").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 1, "no file was made");
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// Also the child of the test above, which gives it a folder that it cannot write.
#[cfg(unix)]
#[tokio::test]
async fn reads_and_does_not_write() {
    let (_home, own) = home();
    let given = std::env::var_os(READ_ONLY).map(std::path::PathBuf::from);
    if given.is_none() {
        with_two_rows(&own).await;
    }
    let path = given.as_deref().unwrap_or(&own);
    let reader = SqliteStore::open_read_only(path, &starmesh_store::DataKey::new([1; 32])).await.unwrap();
    assert_eq!(reader.count(Table::Mirrors, Select::All).await.unwrap(), 2);
    let refused = reader.commit(vec![put(b"k", b"v")]).await;
    assert!(matches!(refused, Err(StoreError::NotWritable { .. })));
    assert_eq!(open(path).await.is_err(), given.is_some());
    if given.is_some() {
        assert!(matches!(open(path).await, Err(StoreError::NotWritable { .. })));
    }
}

#[tokio::test]
async fn whoever_looks_at_all_of_it_finds_a_row_or_a_page_that_is_damaged() {
    let (_home, path) = home();
    with_two_rows(&path).await;
    let store = open(&path).await.unwrap();
    store.verify().await.unwrap();
    store.close().await;
    alter(&path, "UPDATE mirrors SET envelope = zeroblob(length(envelope)) WHERE id = 2").await;
    let store = open(&path).await.unwrap();
    let damaged = store.verify().await.unwrap_err();
    assert!(matches!(damaged, StoreError::Damaged { table: "mirrors" }) && damaged.is_damage());
    store.close().await;

    let mut bytes = std::fs::read(&path).unwrap();
    let (from, to) = (bytes.len() / 2, bytes.len() * 3 / 4);
    bytes[from..to].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let found = match open(&path).await {
        Ok(store) => store.verify().await,
        Err(error) => Err(error),
    };
    assert!(found.unwrap_err().is_damage());
}

#[tokio::test]
async fn a_key_check_that_is_damaged_is_no_wrong_key() {
    let (_home, path) = home();
    let store = open(&path).await.unwrap();
    store
        .commit(vec![starmesh_store::Change::Put(Table::Groups, super::row_of(Table::Groups))])
        .await
        .unwrap();
    store.close().await;
    alter(&path, "UPDATE meta SET envelope = zeroblob(length(envelope))").await;
    assert!(matches!(open(&path).await, Err(StoreError::Damaged { .. })));
    let other = starmesh_store::DataKey::new([2; 32]);
    let refused = SqliteStore::open_read_only(&path, &other).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKey { .. }) && !refused.is_damage());
}
