//! Writes the database that `tests/fixtures/vN.db` keeps for every schema version (`migrations/NOTES.md`):
//! `cargo run -p starmesh-store --example frozen_database -- <path>`.

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use starmesh_provider::env::SystemEntropy;
use starmesh_store::{Change, DataKey, Row, SqliteStore, Store, Table};

/// The key of every such database.
const KEY: [u8; 32] = [0x53; 32];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args_os().nth(1).ok_or("say where to write the database")?;
    let store = SqliteStore::open(Path::new(&path), &DataKey::new(KEY), Arc::new(SystemEntropy)).await?;
    for table in Table::ALL {
        let rows = (0..3_u8).map(|number| Row {
            key: vec![number],
            parent: b"parent".to_vec(),
            lookups: vec![b"all".to_vec(), vec![number]],
            at_ms: i64::from(number),
            value: format!("{} {number}", table.name()).into_bytes(),
        });
        store.commit(rows.map(|row| Change::Put(table, row)).collect()).await?;
    }
    store.close().await;
    Ok(())
}
