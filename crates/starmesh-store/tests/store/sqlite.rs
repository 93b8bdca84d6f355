//! What only a store on disk can get wrong.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::thread;

use starmesh_provider::env::SystemEntropy;
use starmesh_store::{Change, DataKey, Row, Select, SqliteStore, Store, StoreError, Table};

mod file;

/// The key of `tests/fixtures/*.db`.
const FROZEN_KEY: [u8; 32] = [0x53; 32];

async fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(path, &DataKey::new([1; 32]), Arc::new(SystemEntropy)).await
}

fn put(key: &[u8], value: &[u8]) -> Change {
    let lookups = vec![b"look-up-in-clear".to_vec()];
    let row = Row {
        key: key.to_vec(),
        parent: b"parent-in-clear".to_vec(),
        lookups,
        at_ms: 1,
        value: value.to_vec(),
    };
    Change::Put(Table::Mirrors, row)
}

fn home() -> (tempfile::TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("data/starmesh.db");
    (home, path)
}

#[tokio::test]
async fn rows_outlive_the_process() {
    let (_home, path) = home();
    let store = open(&path).await.unwrap();
    store.commit(vec![put(b"k", b"v")]).await.unwrap();
    store.close().await;
    assert!(matches!(store.get(Table::Mirrors, b"k").await, Err(StoreError::Failed(_))), "closed is closed");
    let store = open(&path).await.unwrap();
    assert_eq!(store.get(Table::Mirrors, b"k").await.unwrap().unwrap().value, b"v");
}

#[tokio::test]
async fn a_database_of_every_old_version_opens() {
    for version in 1..=2 {
        let (_home, path) = home();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/v{version}.db"));
        std::fs::copy(fixture, &path).unwrap();
        let key = DataKey::new(FROZEN_KEY);
        let store = SqliteStore::open(&path, &key, Arc::new(SystemEntropy)).await.unwrap();
        // History came with version 2.
        let old = |table: &Table| version > 1 || *table != Table::History;
        for table in Table::ALL.into_iter().filter(old) {
            let rows = store.select(table, Select::Parent(b"parent")).await.unwrap();
            let values: Vec<_> = rows.iter().map(|row| String::from_utf8_lossy(&row.value)).collect();
            let name = table.name();
            assert_eq!(values, [format!("{name} 0"), format!("{name} 1"), format!("{name} 2")]);
            let found = store.select(table, Select::Lookups(b"parent", &[vec![1]])).await.unwrap();
            assert_eq!(found, rows[1..2]);
        }
        store.commit(vec![Change::Trim(Table::Journal, 1), put(b"k", b"v")]).await.unwrap();
    }
}

#[tokio::test]
async fn another_key_is_named_and_changes_nothing() {
    let (_home, path) = home();
    open(&path).await.unwrap().close().await;
    let before = std::fs::read(&path).unwrap();
    let other = DataKey::new([2; 32]);
    let refused = SqliteStore::open(&path, &other, Arc::new(SystemEntropy)).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKey { .. }));
    let refused = SqliteStore::open_read_only(&path, &other).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongKey { .. }));
    let after = std::fs::read(&path).unwrap();
    let differ: Vec<usize> =
        (0..after.len().max(before.len())).filter(|at| after.get(*at) != before.get(*at)).collect();
    assert_eq!(differ, [0_usize; 0], "bytes that changed");
    open(&path).await.unwrap();
}

#[tokio::test]
async fn a_snapshot_is_everything_at_one_moment() {
    let (_home, path) = home();
    let store = open(&path).await.unwrap();
    store.commit(Table::ALL.map(|table| Change::Put(table, row_of(table))).to_vec()).await.unwrap();
    let snapshot = store.snapshot().await.unwrap();
    store.commit(vec![Change::Delete(Table::Items, b"k".to_vec())]).await.unwrap();
    for table in Table::ALL {
        assert_eq!(snapshot.select(table, Select::All).await.unwrap(), [row_of(table)]);
    }
    snapshot.commit(vec![put(b"dry", b"run")]).await.unwrap();
    assert_eq!(store.get(Table::Mirrors, b"dry").await.unwrap(), None);
}

fn row_of(table: Table) -> Row {
    let value = table.name().as_bytes().to_vec();
    Row { key: b"k".to_vec(), parent: b"p".to_vec(), lookups: vec![b"l".to_vec()], at_ms: 3, value }
}

#[tokio::test]
async fn a_reader_beside_the_writer_sees_every_commit_and_writes_none() {
    let (_home, path) = home();
    let writer = open(&path).await.unwrap();
    let reader = SqliteStore::open_read_only(&path, &DataKey::new([1; 32])).await.unwrap();
    for round in 0..5_u8 {
        writer.commit(vec![put(&[round], b"v")]).await.unwrap();
        assert_eq!(reader.count(Table::Mirrors, Select::All).await.unwrap(), u64::from(round) + 1);
    }
    let refused = reader.commit(vec![put(b"k", b"v")]).await;
    assert!(matches!(refused, Err(StoreError::NotWritable { .. })));
    writer.close().await;
    assert_eq!(reader.count(Table::Mirrors, Select::All).await.unwrap(), 5);
}

#[tokio::test]
async fn two_stores_on_one_file_take_turns() {
    let (_home, path) = home();
    let stores = [open(&path).await.unwrap(), open(&path).await.unwrap()];
    for round in 0..20_u8 {
        let both = [&stores[0], &stores[1]].map(|store| store.commit(vec![put(b"last", &[round])]));
        let [first, second] = both;
        let (first, second) = tokio::join!(first, second);
        first.unwrap();
        second.unwrap();
    }
    for store in &stores {
        assert_eq!(store.get(Table::Mirrors, b"last").await.unwrap().unwrap().value, [19]);
    }
}

#[test]
fn threads_that_open_a_new_database_at_once_all_succeed() {
    for _ in 0..5 {
        let (_home, path) = home();
        let openers: Vec<_> = (0..6_u8)
            .map(|key| {
                thread::spawn({
                    let path = path.clone();
                    move || write_one(&path, key)
                })
            })
            .collect();
        for opener in openers {
            opener.join().unwrap();
        }
        assert_eq!(count(&path), 6);
    }
}

/// Where the child processes of the next test find their database.
const DATABASE: &str = "STARMESH_TEST_DATABASE";

#[test]
fn processes_that_open_a_new_database_at_once_all_succeed() {
    let (_home, path) = home();
    let children: Vec<_> = (0..4)
        .map(|_| {
            Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "sqlite::one_process_writes_its_row"])
                .env(DATABASE, &path)
                .stdout(std::process::Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(count(&path), 4);
}

/// Also the child of the test above, which names its database.
#[test]
fn one_process_writes_its_row() {
    let (_home, own) = home();
    let path = std::env::var_os(DATABASE).map_or(own, PathBuf::from);
    write_one(&path, 0);
    assert!(count(&path) >= 1);
}

fn write_one(path: &Path, key: u8) {
    let key = [&std::process::id().to_be_bytes()[..], &[key]].concat();
    block_on(async {
        let store = open(path).await.unwrap();
        store.commit(vec![put(&key, b"v")]).await.unwrap();
        store.close().await;
    });
}

fn count(path: &Path) -> u64 {
    block_on(async { open(path).await.unwrap().count(Table::Mirrors, Select::All).await.unwrap() })
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}
