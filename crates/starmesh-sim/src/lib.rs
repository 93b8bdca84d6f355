//! In-memory calendars and the seeded world.

pub mod dice;
pub mod memory;
pub mod trace;
