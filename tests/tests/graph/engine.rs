//! The whole engine on the adapter: two calendars of one mailbox, each mirrored into the other.

use std::sync::Arc;

use async_trait::async_trait;
use chrono_tz::Tz;
use serde_json::json;
use starmesh_core::ids::{AccountId, CalendarId, GroupId, LastingName, LinkId};
use starmesh_core::mirror::IdentityKey;
use starmesh_core::topology::{Group, Shape};
use starmesh_engine::{Engine, Parts, PlanOptions};
use starmesh_graph::{GraphClient, Mailbox};
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::env::SystemEntropy;
use starmesh_provider::{CalendarProvider, Providers};
use starmesh_sim::microsoft::world::CalendarNo;
use starmesh_sim::microsoft::{Switches, TransactionScope};
use starmesh_store::MemoryStore;
use starmesh_store::state::{Account, AccountKind, Calendar, Changes, Link, State};

use crate::scene::{Scene, times};

/// Two calendars and an engine between them.
struct Mesh {
    scene: Scene,
    other: LastingName,
    other_number: CalendarNo,
}

struct One(Arc<GraphClient>);

#[async_trait]
impl Providers for One {
    async fn provider(&self, _: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        Ok(Arc::clone(&self.0) as Arc<dyn CalendarProvider>)
    }
}

impl Mesh {
    async fn with(switches: Switches) -> Self {
        let scene = Scene::with(switches).await;
        let other = scene.graph.create_calendar().await;
        let other_number = scene.graph.number(&other);
        Self { scene, other, other_number }
    }

    /// An engine that knows nothing but what a person set up.
    async fn engine(&self) -> Engine {
        let client = Arc::new(self.scene.graph.client_of(Mailbox::Me));
        let listed = client.list_calendars().await.unwrap();
        let state = State::new(Arc::new(MemoryStore::new()), IdentityKey::new([5; 32]));
        let mut changes = Changes::new();
        let account = AccountId::new("account");
        let kind = AccountKind::Caldav {
            url: "https://unused.example/".to_owned(),
            user: "ada".to_owned(),
            by_token: false,
        };
        changes.put_account(&Account { id: account.clone(), name: "account".to_owned(), kind });
        for (id, name) in [("one", &self.scene.calendar), ("other", &self.other)] {
            let remote = listed.iter().find(|remote| remote.name == *name).unwrap().clone();
            let (id, account) = (CalendarId::new(id), account.clone());
            changes.put_calendar(&Calendar {
                id,
                account,
                remote,
                zone: Tz::Europe__Berlin,
                missing: false,
                pause: None,
            });
        }
        let (one, other) = (CalendarId::new("one"), CalendarId::new("other"));
        let shape = Shape::Pair { a: one.clone(), b: other.clone(), one_way: false };
        changes.put_group(&Group { id: GroupId::new("group"), shape });
        for id in [LinkId::new(one.clone(), other.clone()), LinkId::new(other, one)] {
            changes.put_link(&Link::new(id));
        }
        state.commit(changes).await.unwrap();
        Engine::new(Parts {
            state,
            providers: Arc::new(One(client)),
            clock: Arc::new(self.scene.graph.sim.clock().clone()),
            entropy: Arc::new(SystemEntropy),
        })
    }

    /// Runs until nothing is left to do, and gives how many writes that took.
    async fn settle(&self, engine: &Engine) -> u64 {
        let report = engine.settle(&PlanOptions::default()).await.unwrap();
        assert!(report.last.is_quiet() && report.last.troubles.is_empty(), "{:?}", report.last.troubles);
        self.scene.assert_silent();
        report.total.writes()
    }

    /// The starts of the mirrors in the other calendar, as days from today.
    async fn mirrored(&self) -> Vec<i64> {
        let mut days: Vec<i64> = Vec::new();
        for event in self.scene.graph.kept(&self.other).await.values() {
            let event: serde_json::Value = serde_json::from_slice(event).unwrap();
            if event["transactionId"].as_str().is_some_and(|id| id.starts_with("sfb")) {
                let start = event["start"]["dateTime"].as_str().unwrap();
                let start: chrono::NaiveDateTime = start
                    .trim_end_matches('0')
                    .trim_end_matches('.')
                    .parse()
                    .unwrap_or_else(|_| start.parse().unwrap());
                days.push((start.and_utc() - self.scene.day(0)).num_days());
            }
        }
        days.sort_unstable();
        days
    }
}

async fn follows_everything(switches: Switches) {
    let mesh = Mesh::with(switches).await;
    let scene = &mesh.scene;
    let sim = &scene.graph.sim;
    let engine = mesh.engine().await;
    let single = scene.make(scene.day(2), json!({}));
    let series = scene.make_series(scene.day(10), 4);
    scene.make(scene.day(3), json!({"showAs": "free"}));
    assert_eq!(mesh.settle(&engine).await, 5);
    assert_eq!(mesh.mirrored().await, [2, 10, 11, 12, 13]);
    assert_eq!(mesh.settle(&engine).await, 0, "an unchanged world causes no write");

    sim.with(|world| world.change_event(single, &times(scene.day(4)))).unwrap();
    sim.with(|world| world.cancel_occurrence(series, scene.day(11).date_naive()));
    mesh.settle(&engine).await;
    assert_eq!(mesh.mirrored().await, [4, 10, 12, 13]);

    // A person removes a mirror and edits another: both are put right.
    let (removed, edited) = sim.with(|world| {
        let numbers: Vec<_> = world.events(mesh.other_number).map(|item| item.no).collect();
        (numbers[0], numbers[1])
    });
    sim.with(|world| world.delete_event(removed));
    sim.with(|world| world.change_event(edited, &json!({"subject": "Lunch"}))).unwrap();
    assert_eq!(mesh.settle(&engine).await, 2);
    assert_eq!(mesh.mirrored().await, [4, 10, 12, 13]);

    // The database is lost: every mirror proves itself, and nothing is written.
    let engine = mesh.engine().await;
    assert_eq!(mesh.settle(&engine).await, 0);
    assert_eq!(mesh.mirrored().await, [4, 10, 12, 13]);

    sim.with(|world| world.delete_event(single));
    sim.with(|world| world.delete_event(series));
    assert_eq!(mesh.settle(&engine).await, 4);
    assert!(mesh.mirrored().await.is_empty());
}

#[tokio::test]
async fn the_engine_follows_everything_and_then_rests() {
    follows_everything(Switches::default()).await;
}

#[tokio::test]
async fn the_engine_follows_everything_on_a_service_that_reads_otherwise() {
    let switches = Switches {
        transaction_scope: TransactionScope::Calendar,
        transaction_conflict_status: 409,
        delta_masters: false,
        delta_series_tombstones: true,
        delta_duplicates_per_mille: 500,
        page_max: 3,
        touch_after_write_per_mille: 500,
        ..Switches::default()
    };
    follows_everything(switches).await;
}

#[tokio::test]
async fn the_engine_follows_everything_where_rounds_never_end() {
    let switches = Switches { delta_endless: true, page_max: 2, ..Switches::default() };
    follows_everything(switches).await;
}
