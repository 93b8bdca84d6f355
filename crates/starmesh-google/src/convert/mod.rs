//! Rows in, scheduling facts out.

mod facts;
mod item;
mod marked;
mod times;

#[cfg(test)]
mod tests;

pub(crate) use item::{broken_item, series_item, series_of_instance, single_item};
pub(crate) use marked::marked;
pub(crate) use times::{lies_in, rfc3339};
