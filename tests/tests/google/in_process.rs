//! The simulator without a socket, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use starmesh_google::Budget;
use starmesh_http::{HttpError, Request, Response, Transport, Unreachable};
use starmesh_provider::env::Clock;
use starmesh_sim::google::{GoogleOptions, GoogleSim, Switches};
use starmesh_sim::web::{Cut, SimClock};
use starmesh_tests::google_harness::GoogleHarness;
use tokio::time::Instant;
use tower::ServiceExt as _;

/// The world's clock, driven by tokio's.
struct Virtual {
    begin: DateTime<Utc>,
    since: Instant,
}

impl Clock for Virtual {
    fn now(&self) -> DateTime<Utc> {
        self.begin + TimeDelta::from_std(self.since.elapsed()).unwrap()
    }
}

/// The simulator in process, at some distance.
struct InProcess {
    sim: GoogleSim,
    round_trip: Duration,
}

/// The adapter on a simulator whose time begins at noon and passes with tokio's.
pub(crate) fn google(seed: u64, switches: Switches, round_trip: Duration, budget: Budget) -> GoogleHarness {
    let begin = "2026-11-23T12:00:00Z".parse().unwrap();
    let clock = SimClock::over(Arc::new(Virtual { begin, since: Instant::now() }));
    let sim = GoogleSim::new(GoogleOptions { seed, clock, switches, ..GoogleOptions::default() }).unwrap();
    GoogleHarness::over(sim.clone(), Arc::new(InProcess { sim, round_trip }), budget)
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        tokio::time::sleep(self.round_trip).await;
        let Ok(response) = self.sim.router().oneshot(request.map(Body::from)).await;
        if response.extensions().get::<Cut>().is_some() {
            let host = "www.googleapis.com".to_owned();
            return Err(HttpError::Unreachable { host, cause: Unreachable::Broken });
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}
