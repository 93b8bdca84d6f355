//! Simulators of the providers' web services.
//!
//! - [`google`]: a simulated Google Calendar.
//! - [`microsoft`]: a simulated Microsoft Graph.
//! - [`web`]: what both share: clock, ledger, sign-in, web hooks, sockets.
//! - [`dice`]: seeded chance.

pub mod dice;
pub mod google;
pub mod microsoft;
pub mod web;
