//! What the suites on real servers share.
//!
//! - [`servers`]: calendar servers of this machine, each in a folder and on a port of its own.
//! - [`dav`]: a small CalDAV client that shares no code with the adapter, to look at a server from outside.
//! - [`fault_proxy`]: stands before a server and spoils single answers.
//! - [`caldav_harness`]: all three as a harness of the provider's conformance suite.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness that does not work leaves nothing to test, and says so where it stands"
)]

pub mod caldav_harness;
pub mod dav;
pub mod fault_proxy;
pub mod servers;
