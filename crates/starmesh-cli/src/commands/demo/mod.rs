//! `starmesh demo`: the main job, shown on simulated providers, with nothing of anybody's.
//!
//! 1. `command`: what can be asked for, and the frame: a scratch folder that goes in the end, however the
//!    demo ends.
//! 2. `cast`: simulated Google and Microsoft behind real addresses, and the four calendars at them.
//! 3. `play`: the scenes, with `sign_in`, `running` and `promises`. They go through the façade, as every
//!    command does, and through nothing else.
//! 4. `person`: somebody who books, moves and cancels by hand, past the program.
//! 5. `relay`: hears the providers' notifications and rings for the engine.
//! 6. `journey`: from a change to its busy blocks; `statistics` counts over many of them.
//! 7. `oracle`: looks into the simulators' own stores, not through an adapter.
//! 8. `line`, `prose` and `stage`: everything that is shown, for programs and for people.

mod cast;
mod command;
mod journey;
mod line;
mod oracle;
mod person;
mod play;
mod promises;
mod prose;
mod relay;
mod running;
mod sign_in;
mod stage;
mod statistics;

pub(crate) use command::{DemoArgs, demo};
