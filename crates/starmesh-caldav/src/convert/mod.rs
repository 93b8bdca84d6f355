//! iCalendar text (RFC 5545) into scheduling facts.
//!
//! calcard parses; everything that is not a time, a rule or one of the few facts of
//! [`Facts`](starmesh_core::event::Facts) is dropped with its parse, here.

mod facts;
mod item;
mod marked;
mod series;
mod times;

#[cfg(test)]
mod tests;

pub(crate) use facts::OwnAddresses;
pub(crate) use item::source_item;
pub(crate) use times::naive_date_time;
