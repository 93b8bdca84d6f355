//! The adapter on a simulator without a socket, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use starmesh_http::Budget;
use starmesh_sim::google::{GoogleOptions, GoogleSim, Switches};
use starmesh_tests::google_harness::GoogleHarness;
use starmesh_tests::in_process::{InProcess, clock_from_noon};

/// The adapter on a simulator whose time begins at noon and passes with tokio's.
pub(crate) fn google(seed: u64, switches: Switches, round_trip: Duration, budget: Budget) -> GoogleHarness {
    let clock = clock_from_noon();
    let sim = GoogleSim::new(GoogleOptions { seed, clock, switches, ..GoogleOptions::default() }).unwrap();
    let way = InProcess { router: sim.router(), round_trip, host: "www.googleapis.com" };
    GoogleHarness::over(sim, Arc::new(way), budget)
}
