//! The pure core of Starmesh: what a calendar says, which busy blocks follow from it, and what has to be
//! written so that every target holds exactly those.
//!
//! Reading order is the order of thought:
//!
//! 1. [`ids`], [`time`], [`event`]: the facts a provider hands over, and nothing else of an event.
//! 2. [`recurrence`]: a series and its occurrences in a range of time.
//! 3. [`topology`], [`policy`]: which calendar feeds which, and which occurrences count.
//! 4. [`mirror`]: the busy block, its deterministic identity and the SYNC-FB mark that proves it is ours.
//! 5. [`reconcile`]: desired and observed mirrors become a plan.
//! 6. [`tool`]: other programs that do the same, by the traces they leave.
//!
//! **Invariant:** nothing here awaits, reads a clock, draws a random number or touches a file. The same
//! input always gives the same plan, which is what lets a dry run and a seeded world use the real code.

pub mod event;
pub mod ids;
pub mod mirror;
pub mod planted;
pub mod policy;
pub mod reconcile;
pub mod recurrence;
pub mod time;
pub mod tool;
pub mod topology;
pub mod zone;
