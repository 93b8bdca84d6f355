//! What a data folder's database holds, opened with its own vault and freed of what may differ between two
//! runs of the same story.

use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::Value;
use starmesh_provider::env::SystemEntropy;
use starmesh_store::vault::{PassphraseCost, PassphraseVault, SecretStore, VAULT_FILE};
use starmesh_store::{DataKey, Row, Select, SqliteStore, Store, Table};

use crate::cli::Starmesh;
use crate::{Failure, Outcome};

/// The vault's name of the key that seals the database.
const DATA_KEY: &str = "data key";

/// Fields that say when the program did something. Times of events have other names and stay.
const WORKING_TIMES: [&str; 10] =
    ["at", "since", "retry_at", "read_at", "whole_at", "signalled", "taken", "pulled", "planned", "placed"];

/// Fields that a server issues: they may follow from all of an event's text, hidden words included.
const ISSUED: [&str; 2] = ["version", "cursor"];

/// The rows of every table, opened and masked, in an order of their own. Two stories that differ only in
/// what a mirror does not show give the same, byte for byte.
///
/// What is masked, and nothing else:
/// - sealing: rows are compared as they are inside, since each has a nonce of its own;
/// - random ids of accounts, calendars and groups, which become the names behind them, wherever they stand;
/// - [`WORKING_TIMES`] and [`Row::at_ms`] (where they begin the key of a row, there too), and the hour by
///   which a removal is found, which is one of them;
/// - what the server [`ISSUED`], and the id of a canary, which it also draws;
/// - what differs between two worlds before anything happens in them: ids that a service draws, and
///   addresses. Each `stranger` is such a text, with the name that takes its place.
pub async fn opened_rows(
    app: &Starmesh,
    strangers: &[(String, String)],
) -> Outcome<BTreeMap<&'static str, Vec<String>>> {
    let store = open(app).await?;
    let mut names = strangers.to_vec();
    names.extend(random_ids(&store).await?);
    let mut tables = BTreeMap::new();
    for table in Table::ALL {
        let rows = store.select(table, Select::All).await.map_err(failed)?;
        let mut opened = Vec::new();
        for row in rows {
            opened.push(masked_row(table, &row, &names)?);
        }
        opened.sort();
        tables.insert(table.name(), opened);
    }
    store.close().await;
    Ok(tables)
}

async fn open(app: &Starmesh) -> Outcome<SqliteStore> {
    let passphrase = SecretString::from(app.passphrase());
    let (file, entropy) = (app.folder().join(VAULT_FILE), Arc::new(SystemEntropy));
    let vault = PassphraseVault::open(&file, passphrase, PassphraseCost::THROW_AWAY, entropy)
        .await
        .map_err(failed)?;
    let secret = vault.get(DATA_KEY).await.map_err(failed)?;
    let secret = secret.ok_or_else(|| Failure::new("the vault holds no data key"))?;
    let bytes = <[u8; 32]>::try_from(secret.expose()).map_err(failed)?;
    SqliteStore::open_read_only(&app.folder().join("starmesh.db"), &DataKey::new(bytes)).await.map_err(failed)
}

/// Each random id with what stands for it.
async fn random_ids(store: &SqliteStore) -> Outcome<Vec<(String, String)>> {
    let mut names = Vec::new();
    for (table, name) in
        [(Table::Accounts, "/name"), (Table::Calendars, "/remote/name"), (Table::Groups, "/shape")]
    {
        for row in store.select(table, Select::All).await.map_err(failed)? {
            let value = value_of(&row)?;
            let id = value.pointer("/id").and_then(Value::as_str);
            let name = value.pointer(name).map(Value::to_string);
            match (id, name) {
                (Some(id), Some(name)) => names.push((id.to_owned(), format!("<{}>", masked(&name, &names)))),
                _ => return Err(Failure::new(format!("a row of {} has no name", table.name()))),
            }
        }
    }
    Ok(names)
}

fn masked_row(table: Table, row: &Row, names: &[(String, String)]) -> Outcome<String> {
    let mut value = value_of(row)?;
    mask(&mut value);
    let timed = matches!(table, Table::Journal | Table::Activity);
    let key = if timed { row.key.get(8..).unwrap_or_default() } else { &row.key };
    let lookups = row.lookups.iter().map(|lookup| {
        let is_hour = timed && lookup.windows(7).any(|part| part == b"removal");
        if is_hour { "removal".to_owned() } else { bytes(lookup, names) }
    });
    let lookups: Vec<String> = lookups.collect();
    let (key, parent) = (bytes(key, names), bytes(&row.parent, names));
    // Rows within a row stand in the order of their random ids.
    if let Some(edits) = value.get_mut("edits").and_then(Value::as_array_mut) {
        edits.sort_by_key(|edit| masked(&edit.to_string(), names));
    }
    Ok(format!("{key} in {parent} as {lookups:?}: {}", masked(&value.to_string(), names)))
}

fn mask(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            // The canary is gone, and with it whatever could tell which id the service had drawn for it.
            if fields.get("event") == Some(&Value::from("canary"))
                && let Some(id) = fields.get_mut("remote_id")
            {
                *id = Value::from("masked");
            }
            for (name, field) in fields.iter_mut() {
                let is_masked = WORKING_TIMES.contains(&name.as_str()) || ISSUED.contains(&name.as_str());
                if is_masked && field.is_string() {
                    *field = Value::from("masked");
                } else {
                    mask(field);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(mask),
        _ => {}
    }
}

fn bytes(bytes: &[u8], names: &[(String, String)]) -> String {
    masked(&bytes.escape_ascii().to_string(), names)
}

/// `text` with names in place of what they stand for.
pub fn masked(text: &str, names: &[(String, String)]) -> String {
    names.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
}

fn value_of(row: &Row) -> Outcome<Value> {
    serde_json::from_slice(&row.value).map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(format!("the database cannot be opened: {error}"))
}
