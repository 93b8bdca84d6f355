//! CalDAV (RFC 4791) as a calendar provider.
//!
//! 1. [`discover`] finds an account's calendars from a URL or a mail address (`discovery`).
//! 2. [`CaldavProvider`] implements the port (`client`), each request in a file of `requests` that
//!    prepares it and reads its answer without touching a socket; `wire` reads the XML they share.
//! 3. `starmesh-ical` turns iCalendar text into scheduling facts, and `print` writes a mirror as such text.
//! 4. `write` carries out the writes, `errors` says what a refusal means.
//!
//! Terms: a *collection* is a calendar, a *resource* one stored item of it, an *href* the path of either.
//! Hrefs are compared and kept in the one form that `href` gives them.
//!
//! **Invariant:** no request carries `If-Match: *`, which some servers read as its opposite.

mod changes;
mod client;
mod connection;
mod discovery;
mod entry;
mod errors;
mod href;
mod print;
mod requests;
mod turns;
mod wire;
mod write;

pub use client::CaldavProvider;
pub use connection::{BUDGET, CONCURRENCY, CaldavAccount, CaldavNetwork, CaldavSecret, budget_of};
pub use discovery::{Discovered, discover};
pub use entry::{Entry, EntryProblem};
