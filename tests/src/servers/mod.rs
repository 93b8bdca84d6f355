//! Real CalDAV servers, each a child process on a free loopback port with its data in a folder of its own.
//!
//! A [`Server`] dies with its handle, also when a test panics. It stays in the process group of the test, so
//! that a runner that ends the whole group, or Ctrl-C, ends it too; Cyrus, which cannot, ends with its parent.

mod cyrus;
mod radicale;
pub(crate) mod sabre;
mod server;
mod users;
mod venv;
mod xandikos;

pub use radicale::Rights;
pub use server::{Kind, Server};
pub use users::{ALICE, BOB, CAROL, User};
pub use venv::python;
