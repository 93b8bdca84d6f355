//! Simulators of the providers' web services.
//!
//! - [`google`], [`microsoft`], [`caldav`]: a simulated Google Calendar, Microsoft Graph and CalDAV server.
//! - [`web`]: what they share: clock, ledger, sign-in, web hooks, sockets.
//! - [`dice`]: seeded chance.

pub mod caldav;
pub mod dice;
pub mod google;
pub mod microsoft;
pub mod web;
