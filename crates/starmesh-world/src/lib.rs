//! The seeded world: the real engine against in-memory calendars, in virtual time, with everything going
//! wrong that can, judged by an oracle that shares no code with what it judges.
//!
//! 1. [`swarm`]: a seed becomes features, faults, servers, calendars and groups.
//! 2. [`span`], [`event`], [`told`]: the world's own arithmetic of events, and how a provider tells them.
//! 3. [`layout`]: who is linked with whom.
//! 4. [`cause`], [`oracle`]: why a mirror may be, and the judgement of each write as it is made.
//! 5. [`clock`], [`lifeline`], [`device`]: an engine on a store, which may die at any await.
//! 6. [`state`], [`edits`], [`mirror_edits`], [`rounds`], [`troubles`], [`undo`], [`damage`]: what persons and fate do.
//! 7. [`ending`], [`verdict`], [`clean`]: faults end, everything comes right within three passes, then nothing
//!    moves; and when all is taken back, nothing of ours is left.
//! 8. [`run()`], [`sabotage`]: one seed from start to end, and the proof that the oracle looks.
//! 9. [`campaign`], [`tally`], [`switches`]: many seeds, the bugs planted in them, and whether they were enough.
//!
//! Beside it stand [`memory`], the in-memory calendars; [`trace`], the proof that a seed replays; and [`bugs`],
//! which plants one bug at a time.

pub mod bugs;
mod campaign;
mod cause;
mod clean;
mod clock;
mod damage;
mod device;
mod edits;
mod ending;
mod event;
mod ground;
mod layout;
mod lifeline;
pub mod memory;
mod mirror_edits;
mod oracle;
mod rounds;
mod rules;
mod run;
mod sabotage;
mod span;
mod state;
mod still;
mod swarm;
mod sweep;
mod switches;
mod tally;
mod told;
pub mod trace;
mod troubles;
mod undo;
mod venue;
mod verdict;
mod whims;
mod words;

#[cfg(test)]
mod tests;

pub use campaign::{
    Campaign, FAILURES_MAX, Hunt, Seeds, TWIN_CONTENT, hunt, run_canaries, run_seeds, shrink,
};
pub use layout::Service;
pub use run::{Outcome, Request, Sabotage, run};
pub use swarm::{Cut, Feature, Terrain};
pub use tally::{SOMETIMES, Tally};
pub use trace::Kept;
