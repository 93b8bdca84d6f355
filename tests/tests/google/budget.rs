//! A first sync at the pace that Google grants, in virtual time and without a socket.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::{EventId, LastingName};
use starmesh_core::mirror::{IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, Window};
use starmesh_google::{Endpoints, GoogleClient, GoogleNetwork};
use starmesh_http::{HttpError, Request, Response, Transport};
use starmesh_provider::env::{Clock, SystemEntropy};
use starmesh_provider::{CalendarProvider as _, MirrorWrite};
use starmesh_sim::google::{GoogleOptions, GoogleSim, QuotaSwitches, Switches};
use starmesh_sim::web::SimClock;
use starmesh_tests::google_harness::ADA;
use tokio::time::Instant;
use tower::ServiceExt as _;

const TOKEN: &str = "token-of-the-tests";

/// Mirrors of a large first sync.
const MIRRORS: usize = 2_000;

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

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, mut request: Request) -> Result<Response, HttpError> {
        tokio::time::sleep(self.round_trip).await;
        let token = format!("Bearer {TOKEN}").parse().unwrap();
        request.headers_mut().insert("authorization", token);
        let Ok(response) = self.sim.router().oneshot(request.map(Body::from)).await;
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Ok(Response::from_parts(parts, body.to_vec()))
    }
}

fn mirror(calendar: &LastingName, number: usize, start: DateTime<Utc>) -> MirrorSpec {
    let keys = IdentityKey::new([5; 32]);
    let source = LastingName::new("elsewhere@example.org");
    let event = EventId::new(format!("event-{number}"));
    let key = keys.mirror_key(calendar, &source, &event, &OriginalStart::single());
    let start = start + TimeDelta::minutes(i64::try_from(number).unwrap());
    let body = MirrorBody {
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        availability: MirrorAvailability::Busy,
        label: Label::default(),
    };
    MirrorSpec::new(&keys, calendar, &source, key, Incarnation::default(), body)
}

#[tokio::test(start_paused = true)]
async fn a_first_sync_uses_nine_tenths_of_the_budget_and_is_never_refused() {
    let begin: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().unwrap();
    let clock = Arc::new(Virtual { begin, since: Instant::now() });
    let options = GoogleOptions {
        clock: SimClock::over(Arc::clone(&clock) as Arc<dyn Clock>),
        switches: Switches::default(),
        ..GoogleOptions::default()
    };
    let sim = GoogleSim::new(options).unwrap();
    sim.add_user(ADA, "Europe/Paris").unwrap();
    sim.accept_token(TOKEN, ADA);
    let network = GoogleNetwork {
        http: Arc::new(InProcess { sim: sim.clone(), round_trip: Duration::from_millis(80) }),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        entropy: Arc::new(SystemEntropy),
    };
    let client = GoogleClient::new(&network, Endpoints::default());
    let calendar = LastingName::new(ADA);
    let window = Window::around(begin, Window::DAYS_DEFAULT);
    let started = Instant::now();
    let first = client.changes_since(&calendar, None, &window).await.unwrap();
    let mirrors: Vec<_> =
        (0..MIRRORS).map(|number| mirror(&calendar, number, begin + TimeDelta::days(1))).collect();
    for batch in mirrors.chunks(client.capabilities().batch) {
        let writes = batch.iter().cloned().map(MirrorWrite::Create).collect();
        for outcome in client.write(&calendar, writes).await {
            outcome.unwrap();
        }
    }
    let echo = client.changes_since(&calendar, first.cursor.as_ref(), &window).await.unwrap();
    assert_eq!(echo.changed.len(), MIRRORS);
    assert_eq!(sim.refused_for_budget(), 0);
    let granted = QuotaSwitches::default().user_per_minute;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let share =
        f64::from(u32::try_from(MIRRORS).unwrap()) / minutes / f64::from(u32::try_from(granted).unwrap());
    assert!((0.9..=1.0).contains(&share), "{share} of the budget, {minutes} minutes");
    // What a provider names in a token of its own is not to outgrow what a row can hold.
    assert!(echo.cursor.unwrap().0.len() < 4_096);
}
