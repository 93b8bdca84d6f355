//! One event changed, in calendars of one hundred and of ten thousand events: what it takes to plan one target of a
//! mesh, from the store on disk to the plan. It may not hang on how much else there is.

#![expect(clippy::expect_used, reason = "a bench that cannot be set up has nothing to measure, and says so")]

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Recurrence, SourceEvent, SourceItem};
use starmesh_core::ids::{AccountId, CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use starmesh_core::mirror::{IdentityKey, MirrorSpec};
use starmesh_core::reconcile::{Action, TargetPlan};
use starmesh_engine::{Engine, Parts};
use starmesh_provider::env::{Clock, SystemEntropy};
use starmesh_provider::{CalendarProvider, ErrorKind, ProviderError, Providers, RemoteCalendar};
use starmesh_store::state::{Calendar, Changes, Link, Read, State};
use starmesh_store::{DataKey, SqliteStore};
use tokio::runtime::Builder;

/// Calendars in the mesh.
const CALENDARS: usize = 20;
/// Events in each calendar: the least and the most that are compared.
const EVENTS: [usize; 2] = [100, 10_000];
/// Over so many days, all in the window, the events of a calendar are spread.
const DAYS: i64 = 150;
/// Rows in one commit while the store is filled.
const ROWS_AT_ONCE: usize = 5_000;

/// A moment at which the mesh was read.
fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_435_200, 0).expect("a time of our days")
}

struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

/// Nobody is asked: planning is from what is known.
struct Nobody;

#[async_trait]
impl Providers for Nobody {
    async fn provider(&self, _id: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        Err(ProviderError::new(ErrorKind::InvalidData, "a bench asks no provider"))
    }
}

fn calendar_id(at: usize) -> CalendarId {
    CalendarId::new(format!("calendar-{at:02}"))
}

fn name(at: usize) -> LastingName {
    LastingName::new(format!("https://calendars.example.org/person/calendar-{at:02}/"))
}

fn calendar(at: usize) -> Calendar {
    let remote = RemoteCalendar {
        name: name(at),
        display_name: format!("Calendar {at}"),
        short_name: format!("calendar-{at}"),
        color: None,
        zone: None,
        read_only: false,
        hides_marks: false,
    };
    Calendar {
        id: calendar_id(at),
        account: AccountId::new("account"),
        remote,
        zone: chrono_tz::Tz::UTC,
        missing: false,
        pause: None,
    }
}

/// The `number`th event of the calendar `at`: half an hour, in even steps.
fn event(at: usize, number: usize, events: usize) -> SourceItem {
    let step = TimeDelta::days(DAYS) / i32::try_from(events).unwrap_or(i32::MAX);
    let start = now() + TimeDelta::hours(1) + step * i32::try_from(number).unwrap_or(0);
    let uid = format!("{at:02}-{number:05}-5d9c1f0e@example.org");
    let instance = Instance {
        start: CalendarTime::utc(start),
        length: Length::Duration { days: 0, seconds: 1_800 },
        facts: Facts::BUSY,
    };
    SourceItem {
        remote_id: RemoteId::new(format!("/person/calendar-{at:02}/{uid}.ics")),
        version: Some(Version::new("\"1\"")),
        events: vec![SourceEvent {
            id: EventId::new(uid.as_str()),
            uid: ICalUid::new(uid.as_str()),
            recurrence: Recurrence::Single(instance),
            marked: None,
            tool: None,
        }],
        problem: None,
    }
}

/// A store on disk, and an engine over it.
struct Scene {
    state: State,
    engine: Engine,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// A mesh in which everything stands in its first calendar, and one event of the second moved since.
    async fn new(events: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("starmesh.db");
        let store = SqliteStore::open(&path, &DataKey::new([3; 32]), Arc::new(SystemEntropy)).await;
        let state = State::new(Arc::new(store.expect("a new database")), IdentityKey::new([7; 32]));
        let engine = Engine::new(Parts {
            state: state.clone(),
            providers: Arc::new(Nobody),
            clock: Arc::new(Still),
            entropy: Arc::new(SystemEntropy),
        });
        let scene = Self { state, engine, _folder: folder };
        scene.read_all(events).await;
        scene.place_all().await;
        let mut changes = Changes::new();
        let mut moved = event(1, events / 2, events);
        moved.events[0].recurrence = event(1, events / 2 + 1, events).events[0].recurrence.clone();
        changes.put_item(scene.state.keys(), &calendar_id(1), &moved, now());
        scene.commit(&mut changes).await;
        scene
    }

    async fn commit(&self, changes: &mut Changes) {
        self.state.commit(std::mem::take(changes)).await.expect("the store takes rows");
    }

    async fn read_all(&self, events: usize) {
        let mut changes = Changes::new();
        for at in 0..CALENDARS {
            changes.put_calendar(&calendar(at));
            for source in (0..CALENDARS).filter(|source| *source != at) {
                changes.put_link(&Link::new(LinkId::new(calendar_id(source), calendar_id(at))));
            }
            let read = Read { read_at: Some(now()), whole_at: Some(now()), ..Read::default() };
            changes.put_read(&calendar_id(at), &read);
            for number in 0..events {
                changes.put_item(self.state.keys(), &calendar_id(at), &event(at, number, events), now());
                if changes.len() >= ROWS_AT_ONCE {
                    self.commit(&mut changes).await;
                }
            }
        }
        self.commit(&mut changes).await;
    }

    /// Keeps what would be known of the first calendar once its plan was carried out.
    async fn place_all(&self) {
        let plan = self.plan(None).await;
        let names: HashMap<_, _> = (0..CALENDARS).map(|at| (calendar_id(at), name(at))).collect();
        let (keys, target) = (self.state.keys(), name(0));
        let mut changes = Changes::new();
        for operation in plan.operations {
            let Action::Place { body, .. } = &operation.action else { continue };
            let (key, incarnation) = (operation.key, operation.incarnation);
            let source = &names[&operation.link.source];
            let spec = MirrorSpec::new(keys, &target, source, key, incarnation, body.clone());
            let remote_id = RemoteId::new(format!("/person/calendar-00/{}.ics", spec.provider_id()));
            let version = Some(Version::new("\"1\""));
            let record = operation.record(keys, incarnation, remote_id.clone(), version.clone());
            changes.put_mirror(&record.expect("an event that is placed has a record"));
            changes.put_item(keys, &calendar_id(0), &spec.as_observed(remote_id, version), now());
            if changes.len() >= ROWS_AT_ONCE {
                self.commit(&mut changes).await;
            }
        }
        self.commit(&mut changes).await;
    }

    /// The plan of the first calendar.
    async fn plan(&self, events: Option<&SourceItem>) -> TargetPlan {
        let meetings: Option<BTreeSet<_>> = events.map(|item| self.state.meetings_of(item));
        let plan = self.engine.plan_known(&calendar_id(0), meetings).await;
        plan.expect("the store answers").expect("the calendar was read")
    }
}

fn one_change(criterion: &mut Criterion) {
    // As the programs have it.
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("one_change_from_disk");
    for events in EVENTS {
        let scene = runtime.block_on(Scene::new(events));
        let changed = event(1, events / 2, events);
        let plan = runtime.block_on(scene.plan(Some(&changed)));
        assert_eq!(plan.operations.len(), 1, "the mirror of the event that moved, and no other");
        group.bench_function(BenchmarkId::from_parameter(events), |bencher| {
            bencher.to_async(&runtime).iter(|| scene.plan(Some(&changed)));
        });
    }
    group.finish();
}

criterion_group!(benches, one_change);
criterion_main!(benches);
