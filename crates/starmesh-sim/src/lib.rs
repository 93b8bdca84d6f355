//! Simulated calendars and the seeded world.
//!
//! - [`memory`]: calendar servers in memory behind the port of real ones, with fault plans and a ledger.
//! - [`world`]: the engine against them, driven by a seed and judged by an oracle.
//! - [`dice`], [`trace`]: chance, and the proof that a seed replays.
//! - [`bugs`]: bugs planted on purpose; the world has to find each.
//! - [`google`], [`microsoft`], [`caldav`]: a simulated Google Calendar, Microsoft Graph and CalDAV server.
//! - [`web`]: what simulated web services share: clock, ledger, sign-in, web hooks, sockets.

pub mod bugs;
pub mod caldav;
pub mod dice;
pub mod google;
pub mod memory;
pub mod microsoft;
pub mod trace;
pub mod web;
pub mod world;
