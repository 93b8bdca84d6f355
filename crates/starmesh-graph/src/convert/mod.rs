//! Rows into scheduling facts.

mod facts;
mod item;
mod marked;
mod times;
mod uid;

#[cfg(test)]
mod tests;

pub(crate) use facts::{facts, show_as};
pub(crate) use item::{looks_like_mirror, series_item, single_item, unreadable};
pub(crate) use marked::{Privacy, mirror_item, shows};
pub(crate) use times::{event_time, zoneless};
