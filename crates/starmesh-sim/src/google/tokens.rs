//! Sync tokens and page tokens: opaque to clients, and whole in themselves.

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Where a delta begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct SyncToken {
    /// The list: a calendar's id, or empty for the list of calendars.
    pub(super) list: String,
    pub(super) user: String,
    /// The newest change that the holder knows.
    pub(super) change: u64,
    pub(super) epoch: u64,
    /// The parameters that have to stay the same.
    pub(super) query: String,
    /// timeMin and timeMax of the first list.
    pub(super) window: (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    pub(super) issued: DateTime<Utc>,
}

/// Where a page begins.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(super) struct PageToken {
    pub(super) list: String,
    pub(super) user: String,
    /// All parameters of the request but the page token.
    pub(super) query: String,
    /// The last row of the page before; `None` when that page was empty.
    pub(super) after: Option<(u64, String)>,
    /// What the sync token at the end will say.
    pub(super) change: u64,
    pub(super) epoch: u64,
    /// How many pages came before.
    pub(super) pages: u32,
}

pub(super) fn seal<T: Serialize>(token: &T) -> String {
    // A struct of strings and numbers always has a JSON form.
    BASE64URL_NOPAD.encode(&serde_json::to_vec(token).unwrap_or_default())
}

pub(super) fn open<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_slice(&BASE64URL_NOPAD.decode(text.as_bytes()).ok()?).ok()
}
