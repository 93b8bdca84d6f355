//! The journey of an event, one module a step:
//!
//! 1. [`signal`]: "calendar X may have changed". A signal carries no data.
//! 2. [`queue`]: the signal is made durable and coalesced; [`schedule`] says when to try (again).
//! 3. `pull`: the calendar's changes are read and kept, together with the sync token that covers them.
//! 4. `reconcile`: what is known becomes a plan (`starmesh-core`).
//! 5. `place`: the plan is carried out, each write with an intent before and a `journal` entry after.
//!
//! Beside the journey is `sweep`: every mirror that stands in a calendar, found by its mark, for a person who wants
//! them gone.
//!
//! [`Engine::plan`], [`Engine::place`] and [`Engine::settle`] are the journey step by step for a person who
//! watches; [`Engine::run`] is the daemon.
//!
//! **Invariant:** the engine names no provider, no database and no HTTP client.
//!
//! **Invariant:** every future of the engine may be dropped at any await, as a crash would: what was
//! observed so far is kept, what was not is read again.

mod absent;
mod canary;
mod engine;
mod error;
mod forget;
mod journal;
mod pass;
mod place;
mod progress;
mod pull;
mod queue;
mod reconcile;
mod run;
mod schedule;
mod signal;
mod standstill;
mod sweep;
#[cfg(test)]
mod tests;
mod write;

pub use canary::CanaryReport;
pub use engine::{Engine, Parts};
pub use error::{EngineError, Trouble};
pub use pass::{Plan, PlanOptions, Question, SettleReport};
pub use place::PlaceReport;
pub use progress::EngineEvent;
pub use schedule::{POLL_JITTER, backoff, poll_delay};
pub use signal::Command;
pub use standstill::Standstill;
pub use sweep::{SweepOptions, SweepPlan, SweptCalendar};
