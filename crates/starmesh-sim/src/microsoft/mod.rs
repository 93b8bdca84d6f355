//! A simulated Microsoft Graph v1.0: calendars, sign-in and web hooks, as far as calendars go.
//!
//! The way of a request:
//!
//! 1. `gate`: taken apart (`call`), its token looked at, its budget (`throttle`) and the faults that are
//!    planned for it (`faults`); a `$batch` comes apart into parts (`batch`) that go the same way.
//! 2. `api`: the function of the path, which reads or writes the `world`.
//! 3. `push`: what a write causes at those who subscribed.
//! 4. `refusal`: how an error looks.
//!
//! `sign_in` is the authorization server of the Microsoft identity platform, `control` the routes that no
//! real service has, `outside` what people do without the API, [`MicrosoftSim`] all of it together.
//!
//! The wire types are the simulator's own and shared with no adapter, so that no mistake can be made twice.

mod api;
mod batch;
mod call;
mod control;
mod faults;
mod gate;
mod met;
mod options;
mod outside;
mod push;
mod refusal;
mod sign_in;
mod sim;
mod switches;
mod throttle;
pub mod world;
mod world_file;

#[cfg(test)]
mod tests;

pub use faults::{Fault, FaultPlan, FaultRule};
pub use options::MicrosoftOptions;
pub use push::Lifecycle;
pub use sim::{MicrosoftServed, MicrosoftSim};
pub use switches::{
    AdminConsent, AllDayRead, DeadToken, DeltaOptions, PrivateInList, RetryAfter, StaleChangeKey, Switches,
    TransactionScope,
};
pub use throttle::Usage;
pub use world_file::{WorldFile, WorldFileError};
