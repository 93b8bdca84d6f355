//! A feed, a calendar published as one iCalendar file under an address, as a calendar provider.
//!
//! 1. [`FeedAddress`] is the address as a person gives it (`address`).
//! 2. [`FeedProvider`] implements the port (`client`): one calendar that can only be read.
//! 3. `requests` prepares the one request and reads its answer without touching a socket; `changes` makes of it
//!    what changed, `convert` the items of the calendar, `errors` says what a refusal means.
//!
//! A feed cannot say what is gone: each read is of the whole file, and of nothing when the server says that the
//! file is the one we know.
//!
//! **Invariant:** the address is a secret, since it often is all that protects the calendar. It stands in requests
//! and nowhere else: errors, names and `Debug` know the host only.
//!
//! **Invariant:** a file that is not whole is no read at all.

mod address;
mod changes;
mod client;
mod connection;
mod convert;
mod errors;
mod requests;

pub use address::{AddressProblem, FeedAddress};
pub use client::FeedProvider;
pub use connection::{FeedAccount, FeedNetwork, FeedSignIn};
