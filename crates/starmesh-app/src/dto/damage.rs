//! A database that was damaged.

use serde::{Deserialize, Serialize};

/// A database that was damaged, and was rebuilt.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct DamageDto {
    /// When that was found out, RFC 3339.
    pub at: String,
    /// What was wrong.
    pub what: String,
    /// Where the damaged file lies; none when there was no file any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub moved_to: Option<String>,
    /// Where what was configured came from.
    pub restored_from: DamageSource,
}

/// Where what was configured came from.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum DamageSource {
    /// The second copy beside the database.
    Copy,
    /// The damaged database itself, whose rows of it could still be read.
    Rows,
}
