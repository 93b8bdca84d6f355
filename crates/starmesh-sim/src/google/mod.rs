//! A simulated Google Calendar, version 3 of the API.
//!
//! The way of a request:
//!
//! 1. [`GoogleSim`] takes it from a router; `faults` may keep it from going on; `quota` counts it.
//! 2. `call` is the request in its context, `scope` what its token allows, `route` what it asks for.
//! 3. `calendars`, `list`, `write`, `push`, `free_busy` and `colors` answer it from the `world`.
//! 4. `fields` selects, `view` shows what the person's role lets them see, `problem` refuses; `batch` does all
//!    of it for several requests at once.
//!
//! Stored are a `world` of people and calendars, a `calendar` of `event`s with a log of changes, and for a
//! `series` all its dates; `invitation` keeps the copies of guests. `draft` judges what a client wants an event to be.
//!
//! [`Switches`] hold every disputed truth and every fault. `hand` is the world as people change it and as it
//! is seen from outside. Sign-in is `oauth`.
//!
//! The types of the wire are the simulator's own: sharing them with an adapter would hide a shared mistake.

mod batch;
mod calendar;
mod calendars;
mod call;
mod colors;
mod draft;
mod event;
mod faults;
mod fields;
mod free_busy;
mod hand;
mod invitation;
mod list;
mod met;
mod moment;
mod oauth;
mod problem;
mod push;
mod quota;
mod route;
mod scope;
mod series;
mod sim;
mod switches;
mod tokens;
mod view;
mod world;
mod world_file;
mod write;

#[cfg(test)]
mod tests;

pub use calendar::Role;
pub use hand::{HandError, NewCalendar};
pub use sim::{GoogleOptions, GoogleSim};
pub use switches::{
    Collision, Fault, FaultPlan, LeftWindow, LongProperties, PropertyFilter, PushSwitches, QuotaRefusal,
    QuotaSwitches, Reimport, Retimed, Scripted, Switches, TokenWindow, Tombstones, Undelete,
};
pub use world_file::{WorldFile, WorldFileError};
