//! The store on disk: SQLite in WAL mode, one writing connection and a few reading ones, every row sealed.
//!
//! [`open`](SqliteStore::open) prepares the file and brings its schema up to date (`migrate`), `read`
//! answers, `checkup` looks at the file as a whole, commits stand in `line` and `write` carries them out, `failure` says in our words what SQLite says in numbers.
//!
//! **Invariant:** two processes may have the same file open. Every write is one `BEGIN IMMEDIATE`
//! transaction, so they queue and never see half of each other's work.

mod checkup;
mod failure;
mod line;
mod migrate;
mod open;
mod read;
mod write;

pub use checkup::Checkup;
pub use open::SqliteStore;
