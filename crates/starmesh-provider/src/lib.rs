//! The ports of Starmesh: what the engine asks of a calendar provider, and of the world around it.
//!
//! An adapter implements [`CalendarProvider`] and passes the conformance suite of this crate
//! (feature `conformance`); nothing above it knows which provider it talks to.
//!
//! **Invariant:** the write side takes a [`MirrorWrite`] and nothing else, so no code path can change or
//! delete an event that a person made.

#[cfg(feature = "conformance")]
pub mod conformance;
pub mod env;
mod error;
mod looked_for;
mod port;
mod push;

pub use error::{ErrorKind, ProviderError, Result};
pub use looked_for::LookedFor;
pub use port::{
    CalendarProvider, Capabilities, ChangeSet, Changed, Coverage, Cursor, Fetched, MirrorWrite, Providers,
    RemoteCalendar, Written,
};
pub use push::{Hook, Notice, Push, Subscription};
