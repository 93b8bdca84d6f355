//! What Starmesh remembers: rows, at rest in SQLite under AES-256-GCM or in memory, and the vault that
//! holds the keys and passwords.
//!
//! The lower half is untyped: a [`Store`] keeps [`Row`]s in [`Table`]s and commits [`Change`]s as one
//! transaction. The upper half, [`state`], gives rows their types and is the same over every store.
//!
//! In reading order:
//!
//! 1. [`row`](Row): the port. [`MemoryStore`] is its simplest form and the model of every other.
//! 2. [`SqliteStore`]: the same on disk. `sealed` turns a row into what the disk may see, `migrations/`
//!    holds the frozen schema, [`conformance`] is the suite that both stores pass.
//! 3. [`vault`]: where the two 256-bit keys and the passwords of accounts live, and the recovery file.
//! 4. [`ConfigurationCopy`]: what a person configured once more, for the day the database is damaged.
//! 5. [`DataFolderLock`]: one writing process per data folder.
//!
//! **Invariant:** nothing that a row holds but its `at_ms` reaches the disk in clear, and no key or password
//! is ever written to disk unsealed.

mod data_key;
mod row;

mod memory;

mod sealed;
mod sqlite;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub mod state;

pub mod vault;

mod copy;
mod lock;
pub mod private_file;

pub use copy::{ConfigurationCopy, CopiedStore};
pub use data_key::DataKey;
pub use lock::{DataFolderLock, LockError, holder};
pub use memory::MemoryStore;
pub use row::{Change, Row, Select, Store, StoreError, Table, TakeRow};
pub use sqlite::{Checkup, SqliteStore};
