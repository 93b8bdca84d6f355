//! What Starmesh remembers: rows, at rest in SQLite under AES-256-GCM or in memory, and the vault that
//! holds the keys and passwords.
//!
//! The lower half is untyped: a [`Store`] keeps [`Row`]s in [`Table`]s and commits [`Change`]s as one
//! transaction. The upper half, [`state`], gives rows their types and is the same over every store.

mod row;
pub mod state;

pub use row::{Change, Row, Select, Store, StoreError, Table};
