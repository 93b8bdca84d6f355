//! A simulated CalDAV server (RFC 4791) in the manner of whichever real one its switches describe.
//!
//! The way of a request:
//!
//! 1. [`CaldavSim`] takes it from a router; `faults` may keep it from going on; `sign_in` finds the person, and
//!    `throttle` counts what they ask for.
//! 2. `call` is the request in its context, `place` what its path means.
//! 3. `propfind`, `report` (with `sync`, `query` and `filter`), `read`, `write`, `uids` and `make` answer it from
//!    the `world`; `schedule` notes whom a server that sends invitations (RFC 6638) would have written to.
//! 4. `refusal` says no; `xml` reads bodies and writes them.
//!
//! Stored are a `world` of people with their homes, and `collection`s of iCalendar objects with all their
//! former states, so that a listing can lag and a token can be of any age. `object` is iCalendar text as the
//! simulator itself reads it, `extent` when an object happens.
//!
//! Paths: `/principals/{user}/`, `/calendars/{user}/` and `/calendars/{user}/{calendar}/{file}`.
//!
//! [`Switches`] hold every habit in which real servers differ, and every fault. `hand` is the world as people
//! change it and as it is seen from outside.

mod call;
mod collection;
mod extent;
mod faults;
mod filter;
mod hand;
mod make;
mod met;
mod object;
mod place;
mod properties;
mod propfind;
mod query;
mod read;
mod refusal;
mod report;
mod schedule;
mod sign_in;
mod sim;
mod switches;
mod sync;
mod throttle;
mod uids;
mod world;
mod world_file;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub use hand::{HandError, StoredObject};
pub use sim::{CaldavOptions, CaldavSim};
pub use switches::{
    AcrossCalendars, AfterPut, Challenge, ComponentFilter, DavLimit, DeadToken, DiscoverySwitches,
    EtagSource, EtagSwitches, Fault, FaultPlan, HrefSwitches, IfMatchStar, MissingParent, Privileges,
    QuerySwitches, ReadOnlyRefusal, Rewrite, SchedulingSwitches, Scripted, SecondUid, Spelling, Switches,
    SyncRefusal, SyncSwitches, ThrottleSwitches, TokenGrain, WriteSwitches,
};
pub use world_file::{WorldFile, WorldFileError};
