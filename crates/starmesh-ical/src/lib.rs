//! iCalendar text (RFC 5545) into scheduling facts.
//!
//! calcard parses; everything that is not a time, a rule or one of the few facts of
//! [`Facts`](starmesh_core::event::Facts) is dropped with its parse, here.
//!
//! [`source_item`] reads one resource: `lines` finds its components and rules as written, `item` groups them by
//! UID, `series` and `times` say when they happen, `facts` and `marked` what else is to be known; `zones` says
//! where their clocks hang.
//!
//! [`calendar_file`] reads a file of many events: `blocks` cuts it, and each event is read as a resource is.
//!
//! **Invariant:** a subject, body, place or attendee never leaves this crate.

mod blocks;
mod facts;
mod file;
mod item;
mod lines;
mod marked;
mod series;
mod times;
mod zones;

#[cfg(test)]
mod tests;

pub use facts::OwnAddresses;
pub use file::{CalendarFile, FileProblem, calendar_file};
pub use item::source_item;
pub use marked::MARK_PROPERTY;
pub use zones::zone_of_timezone_text;
