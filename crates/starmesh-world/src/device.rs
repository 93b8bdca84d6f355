//! A device: a store, and the engine that lives on it for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use chrono_tz::Tz;
use starmesh_core::ids::{AccountId, CalendarId, LinkId};
use starmesh_core::mirror::IdentityKey;
use starmesh_core::policy::Policy;
use starmesh_core::reconcile::LinkState;
use starmesh_engine::{Command, Engine, EngineError, Parts, Plan, PlanOptions, SweepOptions, SweepPlan};
use starmesh_provider::env::Clock;
use starmesh_provider::{CalendarProvider, ErrorKind, ProviderError, Providers, RemoteCalendar};
use starmesh_store::state::{
    Account, AccountKind, Calendar, Changes, Course, Deed, Link, Narrowing, Pause, Settings, State, Step,
};
use starmesh_store::{Change, MemoryStore, Select, Store as _, StoreError, Table};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::clock::{WorldClock, WorldEntropy};
use crate::ground::{Ground, Listened, Listener};
use crate::layout::{Edge, Group, Place, edges};
use crate::lifeline::{Lifeline, Mortal};
use crate::oracle::Running;
use crate::rules::{self, Rules};
use crate::span::Wall;
use crate::still::{Still, Until};
use starmesh_sim::dice::Dice;

/// How many signals a daemon may lag behind.
const COMMANDS_MAX: usize = 256;
/// The dice that says whether canaries are placed: drawn from another stream it would change every seed.
const CANARY_DICE: u64 = 7_200;

/// Whether the power goes when a device dies, life by life, without moving what the seed rolls otherwise.
const POWER_DICE: u64 = 7_300_000;
/// How long a shutdown, a plan or a placement may take before it counts as hung.
const PATIENCE: Duration = Duration::from_hours(2);

/// What a device is to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Wishes {
    /// Its groups.
    pub groups: Vec<Group>,
    /// Links that stand still.
    pub paused: BTreeSet<Edge>,
    /// Calendars that stand still, or everything.
    pub still: Still,
    /// What the links leave out.
    pub rules: Rules,
    /// The length of the window, in days.
    pub days: i64,
    /// Seconds between polls.
    pub poll_s: u32,
    /// Calendars in which another installation's marks are expected.
    pub beside_foreign: bool,
}

/// A device.
pub(crate) struct Device {
    /// Its number.
    pub number: u8,
    seed: u64,
    keys: IdentityKey,
    ground: Arc<Ground>,
    /// The wall clock.
    pub(crate) clock: Arc<WorldClock>,
    /// The calendars of the world.
    pub(crate) places: Vec<Place>,
    accounts: Vec<AccountId>,
    store: Arc<MemoryStore>,
    life: Arc<Lifeline>,
    lives: u64,
    /// What no commit made to last is lost before the next life.
    power_fails: bool,
    daemon: Option<Daemon>,
}

struct Daemon {
    commands: mpsc::Sender<Command>,
    task: JoinHandle<Result<(), EngineError>>,
    listener: Option<JoinHandle<()>>,
}

/// Why a device stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stopped {
    /// It was asked to.
    Asked,
    /// It died before it could.
    Died,
}

impl Device {
    /// A device with an empty store.
    pub(crate) fn new(
        number: u8,
        seed: u64,
        keys: IdentityKey,
        ground: Arc<Ground>,
        clock: Arc<WorldClock>,
        places: Vec<Place>,
    ) -> Self {
        let accounts: BTreeSet<AccountId> = places.iter().map(|place| place.account.clone()).collect();
        Self {
            number,
            seed,
            keys,
            ground,
            clock,
            places,
            accounts: accounts.into_iter().collect(),
            store: Arc::new(MemoryStore::new()),
            life: Arc::new(Lifeline::default()),
            lives: 0,
            power_fails: false,
            daemon: None,
        }
    }

    /// The state, as a second program beside the engine would see it.
    pub(crate) fn state(&self) -> State {
        State::new(self.store.clone(), self.keys.clone())
    }

    /// The life of the engine that runs now.
    pub(crate) fn life(&self) -> &Lifeline {
        &self.life
    }

    /// True while a daemon runs that was not found dead.
    pub(crate) fn is_running(&self) -> bool {
        self.daemon.is_some() && !self.life.is_over()
    }

    /// Before its next engine comes to life the power may fail: what no commit made to last is lost. True when it
    /// does.
    pub(crate) fn may_lose_power(&mut self) -> bool {
        let life = u64::from(self.number) * 10_000 + self.lives;
        self.power_fails |= Dice::new(self.seed, POWER_DICE + life).chance(500);
        self.power_fails
    }

    /// Forgets everything: the disk is lost.
    pub(crate) fn lose_store(&mut self) {
        self.kill();
        self.store = Arc::new(MemoryStore::new());
        self.ground.bell.forget(self.number);
    }

    /// The database is damaged, and rebuilt with what was configured.
    pub(crate) async fn damage_store(&mut self) -> Result<(), StoreError> {
        let before = self.store.clone();
        self.lose_store();
        let mut changes = Vec::new();
        for table in Table::CONFIGURATION.into_iter().chain([Table::History]) {
            let rows = before.select(table, Select::All).await?.into_iter();
            changes.extend(rows.map(|row| Change::Put(table, row)));
        }
        self.store.commit(changes).await
    }

    /// Writes down what a person wants, as the façade would; says how each link runs now, and whether a step was
    /// kept of it.
    pub(crate) async fn configure(
        &self,
        wishes: &Wishes,
    ) -> Result<(BTreeMap<Edge, Running>, bool), StoreError> {
        let state = self.state();
        let mut changes = Changes::new();
        if state.accounts().await?.is_empty() {
            self.connect(wishes, &mut changes);
        }
        let mut settings: Settings = state.settings().await?;
        settings.window_days = u16::try_from(wishes.days).unwrap_or(u16::MAX);
        settings.poll_interval_s = wishes.poll_s;
        settings.pause = wishes.still.everything.map(pause);
        for mut calendar in state.calendars().await? {
            let place = self.places.iter().position(|place| place.id == calendar.id);
            calendar.pause = place.and_then(|place| wishes.still.calendars.get(&place)).copied().map(pause);
            changes.put_calendar(&calendar);
        }
        changes.put_settings(&settings);
        let groups: Vec<_> = wishes.groups.iter().map(|group| group.stored(&self.places)).collect();
        for old in state.groups().await?.iter().filter(|old| groups.iter().all(|new| new.id != old.id)) {
            changes.delete_group(&old.id);
        }
        groups.iter().for_each(|group| changes.put_group(group));
        let wanted = edges(&wishes.groups, &self.places);
        let mut running = BTreeMap::new();
        let links = state.links().await?;
        for link in &links {
            if let Some(edge) = self.edge(&link.id).filter(|edge| !wanted.contains(edge)) {
                running.insert(edge, Running::Retiring);
            }
        }
        for edge in wanted {
            let paused = wishes.paused.contains(&edge);
            running.insert(edge, if paused { Running::Paused } else { Running::Active });
        }
        for (edge, running) in &running {
            let state = match running {
                Running::Active => LinkState::Active,
                Running::Paused => LinkState::Paused,
                Running::Retiring => LinkState::Retiring,
            };
            let policy = rules::policy(wishes.rules.get(edge));
            let id = self.link(*edge);
            let before = links.iter().find(|link| link.id == id);
            let narrowed = self.approved(before, &policy);
            changes.put_link(&Link { state, policy, narrowed, ..Link::new(id) });
        }
        let last = |steps: Vec<Step>| steps.into_iter().rfind(|step| !step.undone).map(|step| step.number);
        let before = last(state.steps().await?);
        state.record(&mut changes, Deed::GroupAdded, Course::AtOnce, self.clock.now()).await?;
        state.commit(changes).await?;
        let is_kept = last(state.steps().await?) != before;
        Ok((running, is_kept))
    }

    /// What a person has approved to go from a link whose rules are `policy` from now on.
    fn approved(&self, before: Option<&Link>, policy: &Policy) -> Vec<Narrowing> {
        let Some(before) = before else { return Vec::new() };
        let now = self.clock.now();
        let mut narrowed = before.narrowed.clone();
        narrowed.retain(|narrowing| narrowing.holds(now) && narrowing.from != before.policy);
        if before.policy != *policy {
            narrowed.push(Narrowing { from: before.policy.clone(), at: now });
        }
        narrowed
    }

    fn connect(&self, wishes: &Wishes, changes: &mut Changes) {
        for id in &self.accounts {
            let kind = AccountKind::Caldav {
                url: format!("https://{id}.example/"),
                user: "user".to_owned(),
                by_token: false,
            };
            changes.put_account(&Account { id: id.clone(), name: id.to_string(), kind });
        }
        for (number, place) in self.places.iter().enumerate() {
            let pause = wishes.still.calendars.get(&number).copied().map(pause);
            let remote = remote(place);
            let zone = if place.home == Wall::Berlin { Tz::Europe__Berlin } else { Tz::UTC };
            let (id, account) = (place.id.clone(), place.account.clone());
            changes.put_calendar(&Calendar { id, account, remote, zone, missing: false, pause });
            let read =
                starmesh_store::state::Read { beside_foreign: wishes.beside_foreign, ..Default::default() };
            changes.put_read(&place.id, &read);
        }
    }

    fn link(&self, (source, target): Edge) -> LinkId {
        LinkId::new(self.places[source].id.clone(), self.places[target].id.clone())
    }

    /// A link by the numbers of its calendars.
    pub(crate) fn edge(&self, link: &LinkId) -> Option<Edge> {
        let number = |id: &CalendarId| self.places.iter().position(|place| place.id == *id);
        Some((number(&link.source)?, number(&link.target)?))
    }

    /// A new engine over the store, and its accounts.
    fn engine(&mut self) -> (Engine, BTreeMap<AccountId, Arc<dyn CalendarProvider>>) {
        if std::mem::take(&mut self.power_fails) {
            self.store.lose_power();
        }
        self.life = Arc::new(Lifeline::default());
        self.lives += 1;
        let providers = self.accounts.iter().map(|account| {
            let provider = self.ground.provider(account, self.number, &self.life, self.lives);
            let provider: Arc<dyn CalendarProvider> = Arc::new(Mortal::new(provider, self.life.clone()));
            (account.clone(), provider)
        });
        let providers: BTreeMap<_, _> = providers.collect();
        let purpose = 100 + u64::from(self.number) * 1_000 + self.lives;
        let engine = Engine::new(Parts {
            state: State::new(
                Arc::new(Mortal::new(self.store.clone(), self.life.clone())),
                self.keys.clone(),
            ),
            providers: Arc::new(Accounts(providers.clone())),
            clock: self.clock.clone(),
            entropy: Arc::new(WorldEntropy::new(Dice::new(self.seed, purpose))),
        });
        (engine, providers)
    }

    /// Starts the daemon.
    pub(crate) fn start(&mut self) {
        self.kill();
        let (engine, providers) = self.engine();
        let (commands, inbox) = mpsc::channel(COMMANDS_MAX);
        let task = tokio::spawn(async move { engine.run(inbox).await });
        let listener = self.listener(&providers, commands.clone());
        let listener = listener.map(|listener| tokio::spawn(listener.listen()));
        self.daemon = Some(Daemon { commands, task, listener });
    }

    /// What listens to the simulated services; none where there are none.
    fn listener(
        &self,
        providers: &BTreeMap<AccountId, Arc<dyn CalendarProvider>>,
        commands: mpsc::Sender<Command>,
    ) -> Option<Listener> {
        let simulated = self.places.iter().enumerate().filter(|(_, place)| self.ground.is_simulated(place));
        let listened = simulated.filter_map(|(number, place)| {
            let provider = providers.get(&place.account)?.clone();
            Some(Listened { place: number, id: place.id.clone(), name: place.name.clone(), provider })
        });
        let calendars: Vec<Listened> = listened.collect();
        let (bell, clock) = (self.ground.bell.clone(), self.clock.clone());
        (!calendars.is_empty()).then(|| Listener { device: self.number, calendars, bell, clock, commands })
    }

    /// Sends a word to the daemon; false when nobody takes it.
    pub(crate) fn tell(&self, command: Command) -> bool {
        self.daemon.as_ref().is_some_and(|daemon| daemon.commands.try_send(command).is_ok())
    }

    /// The process is killed.
    pub(crate) fn kill(&mut self) {
        self.life.end();
        if let Some(daemon) = self.daemon.take() {
            daemon.task.abort();
            daemon.listener.iter().for_each(JoinHandle::abort);
        }
    }

    /// Asks the daemon to stop and waits for it.
    pub(crate) async fn stop(&mut self) -> Result<Stopped, String> {
        let Some(Daemon { commands, mut task, listener }) = self.daemon.take() else {
            return Ok(Stopped::Asked);
        };
        listener.iter().for_each(JoinHandle::abort);
        let told = commands.send(Command::Shutdown).await.is_ok();
        let answer = tokio::select! {
            biased;
            () = self.life.over() => None,
            answer = timeout(PATIENCE, &mut task) => Some(answer),
        };
        task.abort();
        self.life.end();
        match answer {
            Some(Ok(Ok(Ok(())))) if told => Ok(Stopped::Asked),
            None => Ok(Stopped::Died),
            Some(Ok(answer)) => {
                Err(format!("device {}: the daemon ended by itself: {answer:?}", self.number))
            }
            Some(Err(_)) => Err(format!("device {}: a shutdown hangs", self.number)),
        }
    }

    /// Plans with a fresh engine; `None` when it died over it.
    pub(crate) async fn plan(&mut self, options: &PlanOptions) -> Result<Option<Plan>, String> {
        self.kill();
        let (engine, _) = self.engine();
        self.finish("a plan", engine.plan(options)).await
    }

    /// Plans and places with a fresh engine, which dies after `steps` touches if given.
    pub(crate) async fn pass(
        &mut self,
        options: &PlanOptions,
        steps: Option<u64>,
    ) -> Result<Option<Plan>, String> {
        self.kill();
        let (engine, _) = self.engine();
        steps.iter().for_each(|steps| self.life.end_after(*steps));
        let tries = self.tries_canaries();
        let pass = async {
            let mut plan = engine.plan(options).await?;
            if tries {
                let canaries = engine.try_canaries(&plan).await?;
                plan.leave_out(&canaries.stopped);
            }
            engine.place(&plan).await?;
            Ok(plan)
        };
        self.finish("a pass", pass).await
    }

    /// Settles with a fresh engine, which dies after `steps` touches if given.
    pub(crate) async fn settle(&mut self, options: &PlanOptions, steps: Option<u64>) -> Result<(), String> {
        self.kill();
        let (engine, _) = self.engine();
        steps.iter().for_each(|steps| self.life.end_after(*steps));
        let tries = self.tries_canaries();
        let settling = async {
            if tries {
                let plan = engine.plan(options).await?;
                engine.try_canaries(&plan).await?;
            }
            engine.settle(options).await
        };
        self.finish("settling", settling).await.map(drop)
    }

    /// True where the person lets every calendar be tried before something is placed in it by hand.
    fn tries_canaries(&self) -> bool {
        Dice::new(self.seed, CANARY_DICE).chance(500)
    }

    /// Looks through calendars and removes what is found, with a fresh engine; `None` when it died over it.
    pub(crate) async fn sweep(&mut self, options: &SweepOptions) -> Result<Option<SweepPlan>, String> {
        self.kill();
        let (engine, _) = self.engine();
        let sweep = async {
            let plan = engine.plan_sweep(options).await?;
            engine.sweep(&plan).await?;
            Ok(plan)
        };
        self.finish("a sweep", sweep).await
    }

    /// The calendars of an account, as the program lists them for a person.
    pub(crate) async fn list_calendars(
        &self,
        account: &AccountId,
    ) -> Result<Result<Vec<RemoteCalendar>, ProviderError>, String> {
        let life = Arc::new(Lifeline::default());
        let provider = self.ground.provider(account, self.number, &life, self.lives + 1);
        let answer = timeout(PATIENCE, provider.list_calendars()).await;
        answer.map_err(|_| format!("{account}: a list of calendars hangs"))
    }

    async fn finish<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<Option<T>, String> {
        let answer = tokio::select! {
            biased;
            () = self.life.over() => return Ok(None),
            answer = timeout(PATIENCE, work) => answer,
        };
        self.life.end();
        match answer {
            Ok(Ok(answer)) => Ok(Some(answer)),
            Ok(Err(error)) => Err(format!("device {}: {what} failed: {error}", self.number)),
            Err(_) => Err(format!("device {}: {what} hangs", self.number)),
        }
    }
}

/// What the provider says of a calendar.
pub(crate) fn remote(place: &Place) -> RemoteCalendar {
    RemoteCalendar {
        name: place.name.clone(),
        display_name: place.id.to_string(),
        short_name: place.id.to_string(),
        color: None,
        zone: None,
        read_only: place.read_only,
        hides_marks: false,
    }
}

struct Accounts(BTreeMap<AccountId, Arc<dyn CalendarProvider>>);

#[async_trait]
impl Providers for Accounts {
    async fn provider(&self, account: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        let unknown = || ProviderError::new(ErrorKind::Refused, "there is no such account");
        self.0.get(account).cloned().ok_or_else(unknown)
    }
}

fn pause(until: Until) -> Pause {
    Pause { until: until.and_then(|until| DateTime::from_timestamp(until, 0)) }
}
