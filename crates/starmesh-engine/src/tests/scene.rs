//! Devices that share an identity key, and a clock that follows virtual time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Recurrence, SourceEvent, SourceItem};
use starmesh_core::ids::{AccountId, CalendarId, EventId, GroupId, ICalUid, LinkId, RemoteId};
use starmesh_core::mirror::{IdentityKey, MirrorRecord};
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::{Group, Shape};
use starmesh_provider::env::{Clock, Entropy};
use starmesh_store::state::{Calendar, Changes, Link, Settings, State};
use starmesh_store::{MemoryStore, Store};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::server::{Home, Server, Shelf, remote};
use crate::{Command, Engine, EngineError, Parts, Plan, PlanOptions, SettleReport};

/// The source of the one link.
pub(super) const WORK: &str = "work";
/// Its target.
pub(super) const HOME: &str = "home";
/// A little more than what makes a second look a second look.
pub(super) const A_SECOND_LOOK_LATER: Duration = Duration::from_secs(61);
/// The group behind the link.
const GROUP: &str = "group";

/// One server and one clock, for any number of devices.
pub(super) struct Scene {
    pub server: Arc<Server>,
    clock: Arc<SceneClock>,
}

/// One installation.
pub(super) struct Device {
    pub state: State,
    pub engine: Engine,
}

/// A daemon under way.
pub(super) struct Daemon {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<Result<(), EngineError>>,
}

struct SceneClock {
    base: DateTime<Utc>,
    started: Instant,
    /// How long the computer slept, in seconds: the timers know nothing of it.
    slept_s: AtomicI64,
}

struct SceneEntropy;

impl Clock for SceneClock {
    fn now(&self) -> DateTime<Utc> {
        let awake = TimeDelta::from_std(self.started.elapsed()).unwrap();
        self.base + awake + TimeDelta::seconds(self.slept_s.load(Ordering::Relaxed))
    }
}

impl Entropy for SceneEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

impl Scene {
    /// Two empty calendars, at nine in the morning.
    pub(super) fn new() -> Self {
        Self::at(Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap())
    }

    /// Two empty calendars, at this time.
    pub(super) fn at(base: DateTime<Utc>) -> Self {
        let server = Arc::new(Server::default());
        server.with(WORK, |_| ());
        server.with(HOME, |_| ());
        Self {
            server,
            clock: Arc::new(SceneClock { base, started: Instant::now(), slept_s: AtomicI64::new(0) }),
        }
    }

    /// What the clock shows.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The computer sleeps, timers and all.
    pub(super) fn sleep(&self, duration: TimeDelta) {
        self.clock.slept_s.fetch_add(duration.num_seconds(), Ordering::Relaxed);
    }

    /// A fresh installation with the identity key of all, and the link from work to home.
    pub(super) async fn device(&self) -> Device {
        self.device_over(Arc::new(MemoryStore::new())).await
    }

    /// The same, with its observations in `store`.
    pub(super) async fn device_over(&self, store: Arc<dyn Store>) -> Device {
        let state = State::new(store, IdentityKey::new([7; 32]));
        let mut changes = Changes::new();
        for name in [WORK, HOME] {
            changes.put_calendar(&Calendar {
                id: CalendarId::new(name),
                account: AccountId::new("account"),
                remote: remote(name),
                zone: "UTC".parse().unwrap(),
                missing: false,
                pause: None,
            });
        }
        let (a, b) = (CalendarId::new(WORK), CalendarId::new(HOME));
        changes.put_group(&Group { id: GroupId::new(GROUP), shape: Shape::Pair { a, b, one_way: true } });
        changes.put_link(&Link::new(link()));
        state.commit(changes).await.unwrap();
        let engine = Engine::new(Parts {
            state: state.clone(),
            providers: Arc::new(Home(Arc::clone(&self.server))),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            entropy: Arc::new(SceneEntropy),
        });
        Device { state, engine }
    }

    /// A fresh installation, in step with `count` events of an hour each in the source.
    pub(super) async fn settled_device(&self, count: i64) -> Device {
        for number in 0..count {
            self.book(&format!("event{number}"), 24 + 2 * number);
        }
        let device = self.device().await;
        let report = device.settle().await;
        assert_eq!(report.total.placed, u64::try_from(count).unwrap());
        self.server.take_calls();
        device
    }

    /// A person books an hour in the source, `in_hours` from the start of the scene.
    pub(super) fn book(&self, uid: &str, in_hours: i64) {
        let item = self.event(uid, in_hours);
        self.work(|shelf| shelf.put(item));
    }

    /// A person books an hour in the target.
    pub(super) fn book_at_home(&self, uid: &str, in_hours: i64) {
        let item = self.event(uid, in_hours);
        self.home(|shelf| shelf.put(item));
    }

    /// A person deletes an event in the target.
    pub(super) fn cancel_at_home(&self, uid: &str) {
        let id = RemoteId::new(format!("{uid}.ics"));
        assert!(self.home(|shelf| shelf.items.remove(&id)).is_some());
    }

    /// An old event of the target's own: without one, a target that loses its last mirror seems to have lost
    /// everything.
    pub(super) fn give_home_an_event(&self) {
        let item = self.event("own", -24 * 30);
        self.home(|shelf| shelf.put(item));
    }

    fn event(&self, uid: &str, in_hours: i64) -> SourceItem {
        let start = self.clock.base + TimeDelta::hours(in_hours);
        SourceItem {
            remote_id: RemoteId::new(format!("{uid}.ics")),
            version: None,
            events: vec![SourceEvent {
                id: EventId::new(uid),
                uid: ICalUid::new(uid),
                recurrence: Recurrence::Single(Instance {
                    start: CalendarTime::utc(start),
                    length: Length::Until(CalendarTime::utc(start + TimeDelta::hours(1))),
                    facts: Facts::BUSY,
                }),
                marked: None,
                tool: None,
            }],
            problem: None,
        }
    }

    /// A person deletes an event in the source.
    pub(super) fn cancel(&self, uid: &str) {
        let id = RemoteId::new(format!("{uid}.ics"));
        assert!(self.work(|shelf| shelf.items.remove(&id)).is_some());
    }

    /// The source.
    pub(super) fn work<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        self.server.with(WORK, act)
    }

    /// The target.
    pub(super) fn home<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        self.server.with(HOME, act)
    }

    /// How many mirrors stand.
    pub(super) fn mirrors(&self) -> usize {
        self.home(|shelf| shelf.marks().len())
    }
}

impl Device {
    /// The source turns out to be a feed, which shows no marks.
    pub(super) async fn hide_marks(&self) {
        let mut work = self.state.calendar(&CalendarId::new(WORK)).await.unwrap().unwrap();
        work.remote.hides_marks = true;
        let mut changes = Changes::new();
        changes.put_calendar(&work);
        self.state.commit(changes).await.unwrap();
    }

    pub(super) async fn plan(&self) -> Plan {
        self.engine.plan(&PlanOptions::default()).await.unwrap()
    }

    pub(super) async fn settle(&self) -> SettleReport {
        self.engine.settle(&PlanOptions::default()).await.unwrap()
    }

    /// What is remembered of mirrors in the target.
    pub(super) async fn records(&self) -> Vec<MirrorRecord> {
        self.state.mirrors(&CalendarId::new(HOME)).await.unwrap()
    }

    /// The links, as a person left them or the engine ended them.
    pub(super) async fn links(&self) -> Vec<Link> {
        self.state.links().await.unwrap()
    }

    /// A person takes the group down.
    pub(super) async fn retire(&self) {
        let mut changes = Changes::new();
        changes.delete_group(&GroupId::new(GROUP));
        changes.put_link(&Link::new(link()).in_state(LinkState::Retiring));
        self.state.commit(changes).await.unwrap();
    }

    /// Starts the daemon, which polls once a day: what happens before that happens for another reason.
    pub(super) async fn run(&self) -> Daemon {
        self.run_polling(Duration::from_secs(u64::from(Settings::POLL_INTERVAL_S_MAX))).await
    }

    /// Starts the daemon, which polls as often as that.
    pub(super) async fn run_polling(&self, interval: Duration) -> Daemon {
        let poll_interval_s = u32::try_from(interval.as_secs()).unwrap();
        let settings = Settings { poll_interval_s, ..Settings::default() };
        let mut changes = Changes::new();
        changes.put_settings(&settings);
        self.state.commit(changes).await.unwrap();
        let (commands, heard) = mpsc::channel(8);
        let engine = self.engine.clone();
        Daemon { commands, task: tokio::spawn(async move { engine.run(heard).await }) }
    }
}

impl Daemon {
    /// A signal that the source may have changed.
    pub(super) async fn signal_work(&self) {
        self.commands.send(Command::Signal(CalendarId::new(WORK))).await.unwrap();
    }

    /// A signal that the target may have changed.
    pub(super) async fn signal_home(&self) {
        self.commands.send(Command::Signal(CalendarId::new(HOME))).await.unwrap();
    }

    /// Tells it that a person changed something.
    pub(super) async fn reload(&self) {
        self.commands.send(Command::Reload).await.unwrap();
    }

    /// Ends it in good order.
    pub(super) async fn stop(self) {
        self.commands.send(Command::Shutdown).await.unwrap();
        self.task.await.unwrap().unwrap();
    }
}

/// The one link.
pub(super) fn link() -> LinkId {
    LinkId::new(CalendarId::new(WORK), CalendarId::new(HOME))
}

/// Lets virtual time go by.
pub(super) async fn wait(duration: Duration) {
    tokio::time::sleep(duration).await;
}
