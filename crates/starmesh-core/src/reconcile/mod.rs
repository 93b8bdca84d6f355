//! Desired and observed mirrors of one target become a plan. The file list is the algorithm:
//!
//! 1. [`input`]: what is known of a target, the links into it and their sources.
//! 2. [`echo`]: which events are mirrors, and whose (SYNC-FB).
//! 3. [`desired`]: the mirrors that sources and policies imply, with the reason for every one left out.
//! 4. [`diff`]: desired against observed.
//! 5. [`blocked`]: what is left out of sources that hide marks, since the target blocks its time already.
//! 6. [`guard`]: the brake before an unexpected mass removal.
//! 7. [`fault`]: events so broken that a person should hear of them.
//! 8. [`plan`]: the ordered operations, and everything a person may ask about them.
//!
//! Beside them [`mod@sweep`]: every mirror that stands in a calendar, for a person who wants them gone.
//!
//! The input may be the whole target or any set of meetings, as long as everything that belongs to a
//! meeting is in it; the plan is the same. A target with a link from a source that hides marks has to be whole.

mod blocked;
mod desired;
mod diff;
mod echo;
mod fault;
mod guard;
mod input;
mod operation;
mod plan;
mod sweep;

#[cfg(test)]
mod tests;

pub use echo::is_source;
pub use fault::fault;
pub use guard::{BrakeBudget, REMOVALS_ALWAYS_ALLOWED, removals_limit};
pub use input::{CalendarView, LinkInput, LinkState, Observed, TargetInput};
pub use operation::{Action, EventRef, Operation, RemoveCause, UpdateCause};
pub use plan::{Explanation, Held, Outcome, Stray, StrayKind, Stuck, StuckReason, TargetPlan, reconcile};
pub use sweep::{Left, LeftReason, Sweep, SweepInput, Swept, SweptKind, sweep};
