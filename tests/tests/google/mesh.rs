//! The engine between calendars of Google: they converge, stay so, and nobody hears of it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use starmesh_core::ids::{AccountId, CalendarId, LastingName};
use starmesh_core::mirror::{IdentityKey, ProviderId};
use starmesh_engine::{Engine, Parts, PlanOptions};
use starmesh_google::BUDGET;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::env::{Clock, SystemEntropy};
use starmesh_provider::{CalendarProvider, Providers};
use starmesh_sim::google::{Collision, FaultPlan, Retimed, Switches, TokenWindow, Tombstones, Undelete};
use starmesh_sim::web::Exchange;
use starmesh_store::MemoryStore;
use starmesh_store::state::State;
use starmesh_tests::google_harness::GoogleHarness;
use starmesh_tests::linked::link_up;

use crate::in_process::google;
use crate::scene::{Scene, times};

/// One account with two calendars, joined both ways.
struct Mesh {
    scene: Scene,
    other: LastingName,
    engine: Engine,
}

struct One(Arc<dyn CalendarProvider>);

#[async_trait]
impl Providers for One {
    async fn provider(&self, _account: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        Ok(Arc::clone(&self.0))
    }
}

impl Mesh {
    async fn with(switches: Switches) -> Self {
        Self::on(Scene::with(switches).await).await
    }

    async fn on(scene: Scene) -> Self {
        let other = scene.google.create_calendar().await;
        let state = State::new(Arc::new(MemoryStore::new()), IdentityKey::new([3; 32]));
        let engine = engine(&scene.google, &state);
        Self { scene, other, engine }.joined(&state).await
    }

    /// Writes both links into a fresh `state`.
    async fn joined(self, state: &State) -> Self {
        let (one, two) = (CalendarId::new("one"), CalendarId::new("two"));
        let calendars = [(&one, &self.scene.calendar), (&two, &self.other)]
            .map(|(id, name)| (id.clone(), AccountId::new("google"), name.clone()));
        link_up(state, &calendars, &[(one.clone(), two.clone()), (two, one)]).await.unwrap();
        self
    }

    async fn settle(&self) {
        let report = self.engine.settle(&PlanOptions::default()).await.unwrap();
        let plan = self.engine.plan(&PlanOptions::default()).await.unwrap();
        assert!(plan.is_quiet(), "{report:?} leaves {plan:?}");
    }

    /// The starts of the mirrors in the other calendar.
    async fn mirrors(&self) -> BTreeSet<DateTime<Utc>> {
        mirrors(&self.scene, &self.other).await
    }
}

fn engine(google: &GoogleHarness, state: &State) -> Engine {
    Engine::new(Parts {
        state: state.clone(),
        providers: Arc::new(One(google.provider())),
        clock: Arc::new(google.sim.clock().clone()) as Arc<dyn Clock>,
        entropy: Arc::new(SystemEntropy),
    })
}

async fn mirrors(scene: &Scene, calendar: &LastingName) -> BTreeSet<DateTime<Utc>> {
    let query = [("singleEvents", "true"), ("privateExtendedProperty", "syncfb=1")];
    let found = scene.google.around.events(calendar.as_str(), &query).await;
    let starts: Vec<DateTime<Utc>> = found.iter().map(start).collect();
    let each: BTreeSet<_> = starts.iter().copied().collect();
    assert_eq!(each.len(), starts.len(), "one mirror for each occurrence");
    each
}

fn start(event: &Value) -> DateTime<Utc> {
    let start = &event["start"];
    match start["dateTime"].as_str() {
        Some(time) => DateTime::parse_from_rfc3339(time).unwrap().to_utc(),
        None => format!("{}T00:00:00Z", start["date"].as_str().unwrap()).parse().unwrap(),
    }
}

/// The corners of what may be true.
fn corners() -> [Switches; 4] {
    [
        Switches::default(),
        Switches {
            token_window: TokenWindow::Kept,
            retimed: Retimed::Silent,
            undelete: Undelete::Refused,
            tombstones: Tombstones::Whole,
            ..Switches::default()
        },
        Switches { omit_sync_token: true, collision: Collision::Unnoticed, ..Switches::default() },
        Switches {
            repeat_tombstones_per_mille: 500,
            batch_shuffled: true,
            error_details: true,
            ..Switches::default()
        },
    ]
}

#[tokio::test]
async fn two_calendars_converge_through_every_kind_of_change() {
    for switches in corners() {
        let mesh = Mesh::with(switches).await;
        let scene = &mesh.scene;
        let single = scene.make(scene.day(2), json!({"summary": "A private matter"})).await;
        let series = scene.make(scene.day(3), json!({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=5"]})).await;
        let free = scene.make(scene.day(4), json!({"transparency": "transparent"})).await;
        let weeks = |weeks: &[i64]| weeks.iter().map(|week| scene.day(3 + 7 * week)).collect::<BTreeSet<_>>();
        let mut expected = weeks(&[0, 1, 2, 3, 4]);
        expected.insert(scene.day(2));
        mesh.settle().await;
        assert_eq!(mesh.mirrors().await, expected);
        assert!(mirrors(scene, &scene.calendar).await.is_empty(), "a mirror is never mirrored");

        // An event moves, a date of a series goes and another moves, and what was free is busy.
        scene.patch(&single, times(scene.day(5))).await;
        let date = |week: i64| format!("{series}_{}", scene.day(3 + 7 * week).format("%Y%m%dT%H%M%SZ"));
        scene.delete(&date(1)).await;
        scene.patch(&date(2), times(scene.day(18))).await;
        scene.patch(&free, json!({"transparency": "opaque"})).await;
        mesh.settle().await;
        let mut expected = weeks(&[0, 3, 4]);
        expected.extend([scene.day(5), scene.day(18), scene.day(4)]);
        assert_eq!(mesh.mirrors().await, expected);

        // A person deletes a mirror: it comes back. An event that goes takes its mirror along, and one that
        // comes back brings it back, though Google gives out no id twice.
        let placed = scene.google.around.events(mesh.other.as_str(), &[]).await;
        let gone = placed.iter().find(|event| start(event) == scene.day(5)).unwrap()["id"].as_str().unwrap();
        let path = ["calendars", mesh.other.as_str(), "events", gone];
        scene.google.around.done("DELETE", &path, &[], None).await;
        scene.patch(&free, json!({"transparency": "transparent"})).await;
        mesh.settle().await;
        expected.remove(&scene.day(4));
        assert_eq!(mesh.mirrors().await, expected);
        scene.patch(&free, json!({"transparency": "opaque"})).await;
        mesh.settle().await;
        expected.insert(scene.day(4));
        assert_eq!(mesh.mirrors().await, expected);

        // The whole series moves, then ends.
        scene.patch(&series, times(scene.day(3) + TimeDelta::hours(2))).await;
        mesh.settle().await;
        assert!(mesh.mirrors().await.contains(&(scene.day(3) + TimeDelta::hours(2))));
        scene.delete(&series).await;
        mesh.settle().await;
        assert_eq!(mesh.mirrors().await, BTreeSet::from([scene.day(4), scene.day(5)]));
        assert!(scene.google.sim.ledger().notifications().is_empty(), "nobody hears of anything");
    }
}

#[tokio::test]
async fn a_lost_database_costs_no_write_on_an_unchanged_world() {
    let mesh = Mesh::with(Switches::default()).await;
    let scene = &mesh.scene;
    scene.make(scene.day(2), json!({})).await;
    scene.make(scene.day(3), json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=70"]})).await;
    mesh.settle().await;
    let before = mesh.mirrors().await;
    assert_eq!(before.len(), 71);
    let writes = scene.google.sim.ledger().writes().len();
    let Mesh { scene, other, .. } = mesh;
    let state = State::new(Arc::new(MemoryStore::new()), IdentityKey::new([3; 32]));
    let fresh = Mesh { engine: engine(&scene.google, &state), scene, other };
    let fresh = fresh.joined(&state).await;
    fresh.settle().await;
    assert_eq!(fresh.mirrors().await, before);
    assert_eq!(fresh.scene.google.sim.ledger().writes().len(), writes);
}

/// Everything that goes wrong on the way, often.
fn faults() -> FaultPlan {
    FaultPlan {
        user_rate: 30,
        rate: 30,
        too_many: 30,
        backend: 50,
        unavailable: 50,
        html: 30,
        cut_before: 50,
        cut_after: 100,
        dead_token: 50,
        short_page: 200,
        empty_page: 100,
        ..FaultPlan::default()
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_the_calendars_converge_once_it_stops() {
    for seed in 0..6 {
        let google = google(seed, Switches::default(), Duration::from_millis(80), BUDGET);
        let mesh = Mesh::on(Scene::on(google).await).await;
        let (scene, sim) = (&mesh.scene, &mesh.scene.google.sim);
        let mut ids = Vec::new();
        for day in 2..30 {
            ids.push(scene.make(scene.day(day), json!({})).await);
        }
        let series = scene.make(scene.day(40), json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=60"]})).await;
        for round in 0..4 {
            sim.switch(|switches| switches.faults = faults());
            sim.ledger().record_traffic(true);
            mesh.engine.settle(&PlanOptions::default()).await.unwrap();
            sim.ledger().record_traffic(false);
            sim.switch(|switches| switches.faults = FaultPlan::default());
            let id = &ids[round * 3];
            match round % 2 {
                0 => scene.patch(id, times(scene.day(150 + i64::try_from(round).unwrap()))).await,
                _ => scene.delete(id).await,
            }
            scene
                .delete(&format!(
                    "{series}_{}",
                    scene.day(41 + i64::try_from(round).unwrap()).format("%Y%m%dT%H%M%SZ")
                ))
                .await;
        }
        mesh.settle().await;
        let mut expected: BTreeSet<_> =
            (2..30).filter(|day| ![2, 5, 8, 11].contains(day)).map(|day| scene.day(day)).collect();
        expected.extend([scene.day(150), scene.day(152), scene.day(40)]);
        expected.extend((45..100).map(|day| scene.day(day)));
        assert_eq!(mesh.mirrors().await, expected, "seed {seed}");
        assert!(sim.ledger().notifications().is_empty());
        let (traffic, _) = sim.ledger().traffic();
        assert!(traffic.iter().any(|exchange| exchange.status == 0), "connections were cut");
        assert!(traffic.iter().filter(|exchange| exchange.status >= 400).count() > 10, "there was trouble");
        traffic.iter().for_each(is_discreet);
    }
}

/// No request asks for what is private, and none can reach a person.
fn is_discreet(exchange: &Exchange) {
    let query = exchange.query.clone().unwrap_or_default();
    if query.contains("summary") && exchange.method == "GET" {
        let id = exchange.path.rsplit('/').next().unwrap_or_default();
        assert!(query.contains("privateExtendedProperty") || ProviderId::has_shape(id), "{}", exchange.path);
    }
    let is_batch = exchange.path.starts_with("/batch/");
    if exchange.method != "GET" && !is_batch {
        assert!(query.contains("sendUpdates=none"), "{} {query}", exchange.path);
        assert!(!exchange.request_body.contains("attendees"), "{}", exchange.request_body);
    }
}
