//! The world while it runs: universe, oracle, devices, and the story so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::IdentityKey;
use starmesh_core::time::EventTime;
use starmesh_engine::Command;
use starmesh_sim::dice::Dice;
use starmesh_store::StoreError;
use starmesh_store::state::Settings;
use tokio::time::sleep;

use crate::clock::WorldClock;
use crate::device::{Device, Wishes};
use crate::event::{Event, HORIZON};
use crate::ground::Ground;
use crate::layout::Edge;
use crate::memory::{FaultPlan, MarkedItem, Owner, Universe};
use crate::oracle::{Oracle, Running, Watcher};
use crate::still::Still;
use crate::swarm::{Feature, Swarm};
use crate::trace::Kept;
use crate::undo::Past;
use crate::venue::{Content, Refused, Standing};
use crate::verdict::Excuses;

/// The longest time between two looks at the notices, in seconds.
const LOOK_S_MAX: u64 = 12;
/// How often a notice is lost on its way, per mille, where polls make up for it.
const NOTICE_LOST_PER_MILLE: u32 = 300;

/// A mirror that a person deleted.
pub(crate) struct Deleted {
    /// Where.
    pub place: usize,
    /// Its id.
    pub id: RemoteId,
    /// What it was.
    pub mirror: MarkedItem,
}

/// The world while it runs.
pub(crate) struct World {
    /// What the seed stands for.
    pub swarm: Swarm,
    /// The services that it stands on.
    pub ground: Arc<Ground>,
    /// What is common to all of it: faults, trace, and the calendars in memory.
    pub universe: Arc<Universe>,
    /// The oracle.
    pub watcher: Watcher,
    /// The clock.
    pub clock: Arc<WorldClock>,
    /// The devices.
    pub devices: Vec<Device>,
    /// What each device is to do.
    pub wishes: Vec<Wishes>,
    /// What each device was to do when that was last written down.
    pub configured: Vec<Option<Wishes>>,
    /// What each was to do before, step by step.
    pub pasts: Vec<Past>,
    /// Chance for what persons take back; none in most seeds.
    pub undo_dice: Option<Dice>,
    /// Chance for databases that are damaged; none in most seeds.
    pub damage_dice: Option<Dice>,
    /// Chance for the script.
    pub dice: Dice,
    /// Chance for what a person does to rules and pauses.
    pub whims: Dice,
    /// What happened, for a person.
    pub story: Vec<String>,
    /// What the last comparison forgives.
    pub excuses: Excuses,
    /// The versions in which persons left their items.
    pub versions: BTreeMap<(usize, RemoteId), String>,
    /// Mirrors that persons deleted.
    pub deleted: Vec<Deleted>,
    /// The number of the next event, copy or group.
    pub next: u64,
    /// True while signals are lost now and then.
    pub lossy: bool,
    /// True once a service refused writes that it takes again now.
    pub refused: bool,
    /// True once the world was sabotaged.
    pub damaged: bool,
}

/// Why a world ends early.
pub(crate) type Broken = String;

impl World {
    /// The world of `swarm`, before anything happened.
    pub(crate) fn new(mut swarm: Swarm, content: Content, kept: Kept) -> Result<Self, Broken> {
        let faults = FaultPlan::new(swarm.faults.clone(), Dice::new(swarm.seed, 2));
        let universe = Arc::new(Universe::new(faults));
        universe.keep_trace(kept);
        for (account, style) in &swarm.accounts {
            universe.add_account(account, *style);
        }
        let keys = identity_key(swarm.seed, 0);
        let clock = Arc::new(WorldClock::new(swarm.base));
        let (ground, ledger_names) = Ground::build(&mut swarm, &clock, &universe, content)?;
        let ground = Arc::new(ground);
        let until = swarm.base + HORIZON;
        let count = usize::from(swarm.devices());
        let mut oracle = Oracle::new(
            keys.clone(),
            swarm.places.clone(),
            clock.clone(),
            swarm.days,
            until,
            count,
            swarm.rules.clone(),
        );
        oracle.all_is_seen = swarm.sees_all();
        let watcher = Watcher::new(oracle);
        universe.set_witness(Box::new(watcher.clone()));
        ground.watch_by(&watcher, ledger_names);
        let devices = (0..swarm.devices()).map(|number| {
            let (ground, clock) = (ground.clone(), clock.clone());
            Device::new(number, swarm.seed, keys.clone(), ground, clock, swarm.places.clone())
        });
        let unrecorded = !swarm.sees_all();
        Ok(Self {
            devices: devices.collect(),
            wishes: vec![wishes_of(&swarm); count],
            configured: vec![None; count],
            pasts: vec![Past::default(); count],
            undo_dice: crate::undo::dice(swarm.seed),
            damage_dice: crate::damage::dice(swarm.seed),
            dice: Dice::new(swarm.seed, 3),
            whims: Dice::new(swarm.seed, 6),
            swarm,
            ground,
            universe,
            watcher,
            clock,
            story: Vec::new(),
            excuses: Excuses { unrecorded, ..Excuses::default() },
            versions: BTreeMap::new(),
            deleted: Vec::new(),
            next: 1,
            lossy: true,
            refused: false,
            damaged: false,
        })
    }

    /// Adds a line to the story.
    #[expect(clippy::needless_pass_by_value, reason = "every caller has just made the line")]
    pub(crate) fn tell(&mut self, line: String) {
        self.universe.trace(&line);
        let now = self.clock.seconds();
        self.story.push(format!("{} {line}", crate::span::wall_clock(now).format("%m-%d %H:%M:%S")));
    }

    /// A number that was not used before.
    pub(crate) fn fresh(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A person writes an event, as far as the calendar's service can express it.
    pub(crate) fn put_event(&mut self, place: usize, id: &RemoteId, event: Event) {
        let event = self.ground.venues[place].fit(id, event);
        let written = self.ground.venues[place].put_event(id, &event);
        {
            let mut oracle = self.watcher.oracle();
            let reach = oracle.reach();
            oracle.causes.put(place, id, Some(event), &reach);
        }
        self.hand_did(written);
        self.remember(place, id);
    }

    /// A person deletes an event.
    pub(crate) fn remove_event(&mut self, place: usize, id: &RemoteId) {
        {
            let mut oracle = self.watcher.oracle();
            let reach = oracle.reach();
            oracle.causes.put(place, id, None, &reach);
        }
        self.versions.remove(&(place, id.clone()));
        self.hand_did(self.ground.venues[place].remove(id));
    }

    /// A person writes something with a mark, which must stay as it is.
    pub(crate) fn put_copy(&mut self, place: usize, id: &RemoteId, marked: &MarkedItem) {
        self.hand_did(self.ground.venues[place].put_marked(id, marked));
        self.remember(place, id);
    }

    /// Remembers in which version a person left an item.
    fn remember(&mut self, place: usize, id: &RemoteId) {
        let version = self.ground.venues[place].version(id);
        self.versions.extend(version.map(|version| ((place, id.clone()), version)));
    }

    /// What a person did has to be possible.
    pub(crate) fn hand_did(&self, done: Result<(), Refused>) {
        if let Err(refused) = done {
            self.universe.complain(format!("by hand: {refused}"));
        }
    }

    /// The mirrors that stand in a calendar.
    pub(crate) fn mirrors(&self, place: usize) -> Vec<(RemoteId, MarkedItem)> {
        let standing = self.ground.venues[place].standing().into_iter();
        let mirror = |Standing { id, marked, .. }| marked.map(|marked: MarkedItem| (id, marked));
        standing.filter_map(mirror).filter(|(_, marked)| marked.owner == Owner::Mirror).collect()
    }

    /// How many writes there were, at every service.
    pub(crate) fn writes(&self) -> u64 {
        self.watcher.oracle().writes()
    }

    /// What persons own is as they left it.
    pub(crate) fn check_persons(&self) -> Vec<String> {
        let mut found = Vec::new();
        let oracle = self.watcher.oracle();
        for (number, venue) in self.ground.venues.iter().enumerate() {
            let mut seen = 0;
            let is_mirror =
                |item: &Standing| item.marked.as_ref().is_some_and(|it| it.owner == Owner::Mirror);
            for item in venue.standing().into_iter().filter(|item| !is_mirror(item)) {
                seen += 1;
                let known = self.versions.get(&(number, item.id.clone()));
                let is_event = oracle.causes.events(number).contains_key(&item.id);
                if known != Some(&item.version) || is_event == item.marked.is_some() {
                    found.push(format!("calendar {number}: {} is not as its person left it", item.id));
                }
            }
            let owned = self.versions.keys().filter(|(place, _)| *place == number).count();
            if seen != owned {
                found.push(format!("calendar {number}: {seen} items of persons where {owned} ought to be"));
            }
        }
        found
    }

    /// Writes down what a device is to do, and tells it.
    pub(crate) async fn configure(&mut self, device: usize) -> Result<(), Broken> {
        let wishes = self.wishes[device].clone();
        let (running, is_kept) = self.devices[device].configure(&wishes).await.map_err(store_broke)?;
        // What a device is told first is nothing to take back, nor is what touches none of its links.
        if let Some(before) = self.configured[device].replace(wishes.clone())
            && is_kept
        {
            self.pasts[device].note(before, wishes);
        }
        self.runs(device, running);
        self.devices[device].tell(Command::Reload);
        Ok(())
    }

    /// Tells the oracle how the links of a device run from now on.
    pub(crate) fn runs(&mut self, device: usize, running: BTreeMap<Edge, Running>) {
        {
            let mut oracle = self.watcher.oracle();
            oracle.set_links(self.devices[device].number, &running);
            oracle.set_still(self.devices[device].number, &self.wishes[device].still);
        }
        for (edge, state) in running {
            if state == Running::Retiring {
                self.watcher.oracle().causes.given_up(edge.0, edge.1);
                // Without a record, a mirror that a listing hides is nowhere known.
                if self.excuses.store_lost && self.swarm.hides_mirrors() {
                    self.excuses.forgotten.insert(edge);
                }
            }
        }
    }

    /// Lets `seconds` go by while the daemons run, with signals for what changed, and revives the dead.
    pub(crate) async fn live(&mut self, seconds: u64) -> Result<(), Broken> {
        let mut left = seconds;
        while left > 0 {
            let step = (1 + self.dice.below(LOOK_S_MAX)).min(left);
            left -= step;
            sleep(Duration::from_secs(step)).await;
            self.ground.deliver().await;
            self.check_violations()?;
            self.deliver_notices();
            for device in 0..self.devices.len() {
                if !self.devices[device].is_running() {
                    self.tell(format!("device {device} starts"));
                    self.devices[device].start();
                }
            }
        }
        Ok(())
    }

    fn deliver_notices(&mut self) {
        let lossy = self.lossy && !self.swarm.has(Feature::SignalsOnly);
        for name in self.universe.take_notices() {
            let Some(place) = self.swarm.places.iter().find(|place| place.name == name) else { continue };
            for device in &self.devices {
                if lossy && self.dice.chance(NOTICE_LOST_PER_MILLE) {
                    continue;
                }
                device.tell(Command::Signal(place.id.clone()));
            }
        }
        // Those of simulated services were lost, doubled and delayed by these.
        for (device, place) in self.ground.bell.take_changed() {
            if let (Some(device), Some(place)) =
                (self.devices.get(usize::from(device)), self.swarm.places.get(place))
            {
                device.tell(Command::Signal(place.id.clone()));
            }
        }
    }

    /// Every device hears of every calendar, as one does that was cut off for a while.
    pub(crate) fn signal_all(&self) {
        for device in &self.devices {
            for place in &self.swarm.places {
                device.tell(Command::Signal(place.id.clone()));
            }
        }
    }

    /// Ends the world at the first thing that must not be.
    pub(crate) fn check_violations(&self) -> Result<(), Broken> {
        let found = self.universe.violations().into_iter().chain(self.watcher.oracle().violations.clone());
        let told = self.ground.notifications();
        let told = told.iter().map(|told| format!("a person would hear of {}", told.about));
        found.chain(told).next().map_or(Ok(()), Err)
    }

    /// The computer sleeps for days.
    pub(crate) fn sleep_through(&mut self, seconds: i64) {
        self.watcher.oracle().sleeps();
        self.clock.sleep_through(seconds);
        let mut oracle = self.watcher.oracle();
        let reach = oracle.reach();
        oracle.causes.reach_changed(&reach);
    }

    /// The edges of a device that run now.
    pub(crate) fn edges(&self, device: usize) -> Vec<Edge> {
        crate::layout::edges(&self.wishes[device].groups, &self.swarm.places).into_iter().collect()
    }
}

/// What the devices of a world are to do at first.
fn wishes_of(swarm: &Swarm) -> Wishes {
    let poll_s = if swarm.has(Feature::SignalsOnly) {
        Settings::POLL_INTERVAL_S_MAX
    } else {
        Settings::POLL_INTERVAL_S_DEFAULT
    };
    Wishes {
        groups: swarm.groups.clone(),
        paused: BTreeSet::new(),
        still: Still::default(),
        days: swarm.days,
        rules: swarm.rules.clone(),
        poll_s,
        beside_foreign: swarm.has(Feature::Copies),
    }
}

/// The identity key of a world, or of another installation in it.
pub(crate) fn identity_key(seed: u64, installation: u64) -> IdentityKey {
    let mut bytes = [0; 32];
    Dice::new(seed, 10 + installation).fill(&mut bytes);
    IdentityKey::new(bytes)
}

/// The store of a world never fails.
#[expect(clippy::needless_pass_by_value, reason = "it stands in `map_err`, which gives the value")]
pub(crate) fn store_broke(error: StoreError) -> Broken {
    format!("the store failed: {error}")
}

/// A time as the port writes it, moved by some seconds.
pub(crate) fn shifted(time: &EventTime, seconds: i64) -> EventTime {
    let mut span = crate::span::Span::of(time);
    span.start += seconds;
    span.end += seconds;
    span.to_time()
}
