//! In-memory calendar servers behind the port of real ones.
//!
//! 1. [`Item`]: a stored event, a person's or a mirror.
//! 2. [`MemoryCalendar`]: items, versions, tombstones, cursors, pages.
//! 3. [`Style`]: how a server lists, names and remembers: the ways in which real providers differ.
//! 4. [`FaultPlan`]: what goes wrong, as data, drawn per request.
//! 5. [`Universe`]: all calendars of all accounts, the ledger of every write, and the witness that judges
//!    each write before it happens.
//! 6. [`MemoryProvider`]: the port, one account seen by one device.
//!
//! **Invariant:** a write that addresses anything but a mirror is refused and recorded as a violation,
//! whoever asks and whatever the witness says.

mod calendar;
mod fault;
mod item;
mod provider;
mod style;
mod universe;

#[cfg(test)]
mod tests;

pub use calendar::MemoryCalendar;
pub use fault::{FaultKind, FaultPlan};
pub use item::{Content, Item, MarkedItem, Owner};
pub use provider::MemoryProvider;
pub use style::{Change, Detail, Ids, Style};
pub use universe::{Did, LedgerEntry, Seen, Universe, Witness};
