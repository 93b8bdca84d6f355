//! A simulator without a socket, in virtual time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use starmesh_http::{HttpError, Request, Response, Transport, Unreachable};
use starmesh_provider::env::Clock;
use starmesh_sim::web::{Cut, SimClock};
use tokio::time::Instant;
use tower::ServiceExt as _;

/// The world's clock, driven by tokio's.
struct Virtual {
    begin: DateTime<Utc>,
    since: Instant,
}

impl Clock for Virtual {
    fn now(&self) -> DateTime<Utc> {
        self.begin + TimeDelta::from_std(self.since.elapsed()).expect("no test takes that long")
    }
}

/// A clock that begins at noon of a day in November and passes with tokio's.
pub fn clock_from_noon() -> SimClock {
    let begin = "2026-11-23T12:00:00Z".parse().expect("an instant");
    SimClock::over(Arc::new(Virtual { begin, since: Instant::now() }))
}

/// The way to a simulator in process, at some distance.
pub struct InProcess {
    /// The simulator's routes.
    pub router: Router,
    /// How long a request travels.
    pub round_trip: Duration,
    /// What the simulator is called when a connection breaks.
    pub host: &'static str,
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        tokio::time::sleep(self.round_trip).await;
        let Ok(response) = self.router.clone().oneshot(request.map(Body::from)).await;
        if response.extensions().get::<Cut>().is_some() {
            let host = self.host.to_owned();
            return Err(HttpError::Unreachable { host, cause: Unreachable::Broken });
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.expect("a body in memory");
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}
