//! The behaviour of the pure core, seen from outside.

mod recurrence;
mod zones;
