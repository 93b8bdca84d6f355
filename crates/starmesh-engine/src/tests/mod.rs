//! The engine over one server in memory and virtual time, fault by fault.
//!
//! 1. [`server`]: calendars behind the port, with one switch for each way in which they mislead.
//! 2. [`scene`]: devices that share an identity key, and a clock that follows virtual time.
//! 3. [`connection`]: a store that serves one at a time.
//! 4. [`futures`]: what the compiler alone can promise.
//! 5. [`doubt`], [`retiring`], [`forgetting`], [`refusals`], [`hidden_marks`], [`policies`], [`daemon`],
//!    [`canaries`], [`sweeping`], [`verifying`],
//!    [`waking`]: what each is named for.

mod canaries;
mod connection;
mod daemon;
mod doubt;
mod forgetting;
mod futures;
mod hidden_marks;
mod policies;
mod refusals;
mod retiring;
mod scene;
mod server;
mod sweeping;
mod verifying;
mod waking;
