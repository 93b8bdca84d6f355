//! A first sync at the pace that Microsoft grants, in virtual time and without a socket.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use starmesh_http::Budget;
use starmesh_provider::{CalendarProvider as _, MirrorWrite};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftSim, Switches};
use starmesh_tests::graph_harness::GraphHarness;
use starmesh_tests::in_process::{InProcess, clock_from_noon};
use tokio::time::Instant;

use crate::scene::{Reader, Scene};

/// Requests travel so long.
const ROUND_TRIP: Duration = Duration::from_millis(80);

/// A tenth of what the service grants, so that the test is not all waiting.
const GRANTED: u32 = 1_000;

/// Mirrors of a first sync that takes twice as long as the burst lasts.
const MIRRORS: u32 = 1_500;

#[tokio::test(start_paused = true)]
async fn a_first_sync_uses_nine_tenths_of_the_budget_and_is_never_refused() {
    let clock = clock_from_noon();
    let switches = Switches { throttle_requests: GRANTED as usize, ..Switches::default() };
    let options = MicrosoftOptions { clock, switches, ..MicrosoftOptions::default() };
    let sim = MicrosoftSim::new(options).unwrap();
    let ledger = sim.ledger().clone();
    let api = "https://graph.microsoft.com/v1.0".parse().unwrap();
    let count = |count| NonZeroU32::new(count).unwrap();
    let budget = Budget { period: Duration::from_mins(10), sustained: count(930), burst: count(50) };
    let way = InProcess { router: sim.router(), round_trip: ROUND_TRIP, host: "graph.microsoft.com" };
    let scene = Scene::on(GraphHarness::over(sim, Arc::new(way), &api, budget)).await;
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    ledger.record_traffic(true);
    let started = Instant::now();
    let client = scene.graph.adapter();
    let mirrors: Vec<_> =
        (0..MIRRORS).map(|number| scene.mirror(&format!("event-{number}"), scene.day(3))).collect();
    for batch in mirrors.chunks(client.capabilities().batch) {
        let writes = batch.iter().cloned().map(MirrorWrite::Create).collect();
        for outcome in client.write(&scene.calendar, writes).await {
            outcome.unwrap();
        }
    }
    let elapsed = started.elapsed();
    let (traffic, _) = ledger.traffic();
    let refused = traffic.iter().filter(|exchange| exchange.status >= 400).count();
    assert_eq!(refused, 0);
    let share = f64::from(MIRRORS) / f64::from(GRANTED) / (elapsed.as_secs_f64() / 600.0);
    assert!((0.9..=1.0).contains(&share), "{share} of the budget in {elapsed:?}");
}
