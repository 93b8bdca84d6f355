//! What the suites on real servers and the demo share.
//!
//! 1. [`servers`]: real CalDAV servers as child processes on loopback.
//! 2. [`dav`]: a small CalDAV client of its own, so that what a server holds is read without our adapter.
//! 3. [`ics`] and [`mirrors`]: writing a person's events and reading mirrors, as plain iCalendar text;
//!    [`google_json`] and [`microsoft_json`] write the same events as those services do.
//! 4. [`cli`]: the real `starmesh` program with a data folder of its own.
//! 5. [`world`]: all of these put together on some [`ground`], and the questions that a test asks of them.
//! 6. [`fault_proxy`]: stands before a server and spoils single answers; [`feed`] publishes events with it.
//! 7. [`rows`]: what a data folder's database holds, opened and made comparable.
//! 8. [`web`]: simulated Google and Microsoft, and a browser for their sign-in; [`crowd`] fills them, and
//!    [`footprint`] tells what a process costs.
//! 9. [`caldav_harness`], [`caldav_sim_harness`], [`google_harness`] and [`graph_harness`]: each server, or simulator, with its
//!    adapter as a harness of the provider's conformance suite; [`bearer`] signs them in, [`in_process`] leaves
//!    out the socket, and [`adapter_scene`] is what scenes on them share.
//!
//! **Invariant:** the oracles here ([`dav`], [`ics`], [`mirrors`] and both services' JSON) name no other crate
//! of ours, or a mistake shared with the program would hide itself.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a harness that does not work leaves nothing to test, and says so where it stands"
)]

pub mod adapter_scene;
pub mod bearer;
pub mod caldav_harness;
pub mod caldav_sim_harness;
pub mod cli;
pub mod crowd;
pub mod dav;
mod failure;
pub mod fault_proxy;
pub mod feed;
pub mod footprint;
pub mod google_harness;
pub mod google_json;
pub mod graph_harness;
pub mod ground;
pub mod ics;
pub mod in_process;
pub mod linked;
pub mod microsoft_json;
pub mod mirrors;
pub mod rows;
pub mod servers;
pub mod web;
pub mod world;

pub use failure::{Failure, Outcome};
