//! The behaviour of the pure core, seen from outside.

#![expect(clippy::unwrap_used, reason = "a broken assumption of a test is a failed test")]

mod recurrence;
mod zones;
