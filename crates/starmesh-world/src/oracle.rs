//! Judges every write at the moment it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use starmesh_core::mirror::{IdentityKey, MirrorKey};
use tokio::time::Instant;

use crate::cause::{Cause, Causes};
use crate::clock::WorldClock;
use crate::event::Shown;
use crate::layout::{Edge, Place};
use crate::memory::{Did, MarkedItem, Owner, Seen, Witness};
use crate::rules::{Rule, Rules};
use crate::span::{DAY, HOUR, Reach, Span};
use crate::still::Still;

/// How long after a link was paused a write that was planned before may still arrive.
const PAUSE_GRACE: Duration = Duration::from_mins(15);
/// Removals per link and day that are never too many.
const REMOVALS_FREE: usize = 10;
/// The share of all mirrors that a link ever had that may go within a day, in percent.
const REMOVALS_PERCENT: usize = 20;
/// How long the approval of what goes with other rules lasts, in seconds, with a day for what is on its way.
const APPROVAL_S: i64 = 8 * DAY;
/// What mirrors are called in this world.
pub(crate) const LABEL: &str = "Busy";

/// Whether a link runs on a device.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Running {
    /// It runs.
    Active,
    /// It stands still.
    Paused,
    /// Its mirrors are being removed.
    Retiring,
}

/// What the oracle knows of a device.
#[derive(Default)]
pub(crate) struct DeviceView {
    links: BTreeMap<Edge, (Running, Instant)>,
    /// What else stands still, and since when it does so.
    still: (Still, Option<Instant>),
    /// When which event's mirrors were removed, by link.
    removed: BTreeMap<Edge, Vec<(i64, String)>>,
    /// True while a person has allowed removals.
    removals_allowed: bool,
}

/// A write that arrived.
pub(crate) struct Deed<'a> {
    /// Which device asked for it.
    pub device: u8,
    /// In which calendar.
    pub target: usize,
    /// The mirror as it stood; `None` for a create.
    pub before: Option<&'a MarkedItem>,
    /// The mirror as it stands; `None` for a removal.
    pub after: Option<&'a MarkedItem>,
    /// What is done.
    pub did: Did,
    /// How many other mirrors with the same key live in the calendar.
    pub others: usize,
}

/// Knows what ought to be, and judges what is done.
pub(crate) struct Oracle {
    /// Why mirrors may be.
    pub causes: Causes,
    /// The calendars.
    pub places: Vec<Place>,
    /// The length of the window, in days.
    pub days: i64,
    clock: Arc<WorldClock>,
    /// The keys of the canaries of each calendar.
    canaries: Vec<MirrorKey>,
    devices: Vec<DeviceView>,
    /// Mirrors that a person brought back from the bin, perhaps while another was on its way.
    pub(crate) restored: BTreeSet<MirrorKey>,
    /// When the computers last slept, and where the window began before.
    slept: Option<(Instant, i64)>,
    /// When which event's mirrors were placed, by link, whichever device did it.
    placed: BTreeMap<Edge, Vec<(i64, String)>>,
    /// When links were given other rules: what goes with that was approved, and is not for the brake.
    rules_changed: BTreeMap<Edge, i64>,
    /// True when no device ever forgets what it saw, and none overlooks a thing.
    pub(crate) all_is_seen: bool,
    /// The events that had a mirror placed.
    events_placed: BTreeSet<String>,
    /// True once a person had everything looked through: then any mirror may go but what others were invited to.
    sweeping: bool,
    /// Situations that were reached.
    pub sometimes: BTreeMap<&'static str, u64>,
    /// The mirrors that stand in calendars of simulated services.
    standing: BTreeMap<usize, BTreeMap<String, MirrorKey>>,
    /// What was done that must not be, at simulated services.
    pub violations: Vec<String>,
    /// How many writes of each kind were right.
    pub writes: BTreeMap<Did, u64>,
}

impl Oracle {
    /// An oracle of an empty world.
    pub(crate) fn new(
        keys: IdentityKey,
        places: Vec<Place>,
        clock: Arc<WorldClock>,
        days: i64,
        until: i64,
        devices: usize,
        rules: Rules,
    ) -> Self {
        let canaries = places.iter().map(|place| keys.canary_key(&place.name)).collect();
        Self {
            canaries,
            causes: Causes::new(keys, places.clone(), until, rules),
            places,
            days,
            clock,
            devices: (0..devices).map(|_| DeviceView::default()).collect(),
            restored: BTreeSet::new(),
            slept: None,
            placed: BTreeMap::new(),
            rules_changed: BTreeMap::new(),
            all_is_seen: false,
            events_placed: BTreeSet::new(),
            sweeping: false,
            sometimes: BTreeMap::new(),
            standing: BTreeMap::new(),
            violations: Vec::new(),
            writes: BTreeMap::new(),
        }
    }

    /// Notes which mirror stands under an id in a calendar of a simulated service, or that none does.
    pub(crate) fn stands(&mut self, place: usize, id: &str, key: Option<MirrorKey>) {
        let here = self.standing.entry(place).or_default();
        match key {
            Some(key) => here.insert(id.to_owned(), key),
            None => here.remove(id),
        };
    }

    /// How many mirrors besides the one with this id stand for the same as `mirror`.
    pub(crate) fn others(&self, place: usize, id: &str, mirror: Option<&MarkedItem>) -> usize {
        let Some(key) = mirror.and_then(|mirror| mirror.key) else { return 0 };
        let here = self.standing.get(&place).into_iter().flatten();
        here.filter(|(other, standing)| other.as_str() != id && **standing == key).count()
    }

    /// How many writes there were.
    pub(crate) fn writes(&self) -> u64 {
        self.writes.values().sum()
    }

    /// Why the write must not be.
    pub(crate) fn judge(&mut self, deed: &Deed<'_>) -> Result<(), String> {
        match (deed.did, deed.before, deed.after) {
            (Did::Create, _, Some(after)) => self.judge_create(deed, after),
            (Did::Update, Some(before), Some(after)) => self.judge_update(deed, before, after),
            (Did::Remove, Some(before), _) => self.judge_remove(deed, before),
            _ => Err("a write without a mirror".to_owned()),
        }?;
        *self.writes.entry(deed.did).or_default() += 1;
        Ok(())
    }

    /// The window now.
    pub(crate) fn reach(&self) -> Reach {
        Reach::around(self.clock.seconds(), self.days)
    }

    /// The computers are about to sleep.
    pub(crate) fn sleeps(&mut self) {
        self.slept = Some((Instant::now(), self.reach().lo));
    }

    /// Where the window began, at the latest, for a plan that is being carried out: one from before midnight,
    /// or from before a sleep.
    fn lo_of_plans(&self) -> i64 {
        let today = self.reach().lo - DAY;
        match self.slept {
            Some((at, lo)) if at.elapsed() <= PAUSE_GRACE => today.min(lo - DAY),
            _ => today,
        }
    }

    /// A person has everything looked through from now on.
    pub(crate) fn begin_sweep(&mut self) {
        self.sweeping = true;
    }

    /// Counts a situation.
    pub(crate) fn note(&mut self, situation: &'static str) {
        *self.sometimes.entry(situation).or_default() += 1;
    }

    /// How many different events had a mirror placed.
    pub(crate) fn events_placed(&self) -> u64 {
        self.events_placed.len() as u64
    }

    /// Takes over the links of a device.
    pub(crate) fn set_links(&mut self, device: u8, links: &BTreeMap<Edge, Running>) {
        let view = &mut self.devices[usize::from(device)];
        let now = Instant::now();
        view.links.retain(|edge, _| links.contains_key(edge));
        for (edge, running) in links {
            let known = view.links.entry(*edge).or_insert((*running, now));
            if known.0 != *running {
                *known = (*running, now);
            }
        }
    }

    /// Takes over what stands still on a device besides.
    pub(crate) fn set_still(&mut self, device: u8, still: &Still) {
        let known = &mut self.devices[usize::from(device)].still;
        if known.0 != *still {
            *known = (still.clone(), Some(Instant::now()));
        }
    }

    /// A person gave a link other rules, and approved what goes with that.
    pub(crate) fn rule_changes(&mut self, edge: Edge, rule: &Rule) {
        let reach = self.reach();
        self.rules_changed.insert(edge, self.clock.seconds());
        self.causes.rule_changes(edge, rule, &reach);
    }

    /// How a link runs on a device.
    pub(crate) fn running(&self, device: u8, edge: Edge) -> Option<Running> {
        self.devices[usize::from(device)].links.get(&edge).map(|(running, _)| *running)
    }

    /// True when a link runs on any device.
    pub(crate) fn is_active(&self, edge: Edge) -> bool {
        let now = self.clock.seconds();
        let runs = |view: &DeviceView| matches!(view.links.get(&edge), Some((Running::Active, _)));
        self.devices.iter().any(|view| runs(view) && !view.still.0.holds(edge, now))
    }

    /// True when any device knows a link.
    pub(crate) fn is_known(&self, edge: Edge) -> bool {
        self.devices.iter().any(|view| view.links.contains_key(&edge))
    }

    /// True when a link stands still on any device: its mirrors stay as they are.
    pub(crate) fn is_paused(&self, edge: Edge) -> bool {
        let now = self.clock.seconds();
        let is_paused = |view: &DeviceView| matches!(view.links.get(&edge), Some((Running::Paused, _)));
        self.devices.iter().any(|view| is_paused(view) || view.still.0.holds(edge, now))
    }

    /// A device lost what it remembered: also how much it removed lately.
    pub(crate) fn forget_device(&mut self, device: u8) {
        self.devices[usize::from(device)].removed.clear();
    }

    /// A person allows a device to remove what the brake holds.
    pub(crate) fn allow_removals(&mut self, device: u8, allowed: bool) {
        self.devices[usize::from(device)].removals_allowed = allowed;
    }

    /// True for the key of the canary of a calendar.
    pub(crate) fn is_canary(&self, place: usize, key: Option<MirrorKey>) -> bool {
        key.is_some() && self.canaries.get(place).copied() == key
    }

    /// True when any link into a calendar runs on any device.
    pub(crate) fn is_fed(&self, place: usize) -> bool {
        self.devices
            .iter()
            .flat_map(|view| &view.links)
            .any(|((_, target), (running, _))| *target == place && *running == Running::Active)
    }

    /// A canary says when, like any mirror, and nothing else; it stands in the window, and alone.
    fn judge_canary(&mut self, deed: &Deed<'_>, after: &MarkedItem) -> Result<(), String> {
        self.note("a canary was placed");
        let span = Span::of(&after.time);
        if after.label != LABEL || !after.plain || after.has_attendees {
            return Err("a canary says more than a mirror does".to_owned());
        }
        if span.end - span.start > HOUR || !self.reach().meets(&span) || deed.others > 0 {
            return Err(format!("a canary blocks {span:?}, beside {} others", deed.others));
        }
        Ok(())
    }

    fn judge_create(&mut self, deed: &Deed<'_>, after: &MarkedItem) -> Result<(), String> {
        if self.is_canary(deed.target, after.key) {
            return self.judge_canary(deed, after);
        }
        let (key, edge, event) = self.cause_of(after, deed.target, "a mirror without cause is placed")?;
        if deed.others > 0 && !self.restored.contains(&key) {
            return Err(format!("a second live mirror of {event} is placed"));
        }
        self.judge_link(deed.device, edge, false)?;
        self.judge_body(&key, after)?;
        let Some(cause) = self.causes.get(&key) else { return Ok(()) };
        let event = cause.event.clone();
        if cause.stays_away && self.all_is_seen {
            return Err(format!("the mirror of {event} is placed again, which a person deleted for good"));
        }
        self.causes.placed(&key);
        self.events_placed.insert(event.clone());
        let now = self.clock.seconds();
        self.placed.entry(edge).or_default().push((now, event));
        Ok(())
    }

    fn judge_update(&self, deed: &Deed<'_>, before: &MarkedItem, after: &MarkedItem) -> Result<(), String> {
        let (key, edge, _) = self.cause_of(after, deed.target, "a mirror without cause is changed")?;
        if before.has_attendees {
            return Err("a mirror with attendees is changed".to_owned());
        }
        if before.key != Some(key) {
            return Err("a mirror is changed into another one".to_owned());
        }
        if before.provider_id != after.provider_id {
            return Err("an update changes a mirror's identity".to_owned());
        }
        self.judge_link(deed.device, edge, false)?;
        self.judge_body(&key, after)
    }

    fn judge_remove(&mut self, deed: &Deed<'_>, before: &MarkedItem) -> Result<(), String> {
        if before.has_attendees {
            return Err("a mirror with attendees is removed".to_owned());
        }
        if self.is_canary(deed.target, before.key) {
            self.note("a canary was removed");
            return Ok(());
        }
        if self.sweeping {
            self.note("a sweep removed a mirror");
            return Ok(());
        }
        let (key, edge, event) =
            self.cause_of(before, deed.target, "a mirror without known cause is removed")?;
        if deed.others > 0 {
            self.note("a duplicate was removed");
            return Ok(());
        }
        self.judge_link(deed.device, edge, true)?;
        if self.running(deed.device, edge) == Some(Running::Retiring) {
            self.note("a retiring link's mirror was removed");
            return Ok(());
        }
        let Some(cause) = self.causes.get(&key) else { return Ok(()) };
        if !cause.blemished {
            return Err(format!("the mirror of {event} is removed, which was never gone"));
        }
        let span = Span::of(&before.time);
        let as_written = cause.said.iter().any(|(said, _)| *said == span);
        if as_written && span.end <= self.lo_of_plans() {
            return Err(format!("the mirror of {event} is removed although it lies behind the window"));
        }
        let event = cause.event.clone();
        self.judge_brake(deed.device, edge, event)
    }

    fn judge_brake(&mut self, device: u8, edge: Edge, event: String) -> Result<(), String> {
        let since = self.clock.seconds() - DAY;
        if self.rules_changed.get(&edge).is_some_and(|at| *at > since + DAY - APPROVAL_S) {
            return Ok(());
        }
        let view = &mut self.devices[usize::from(device)];
        if view.removals_allowed {
            return Ok(());
        }
        let removed = view.removed.entry(edge).or_default();
        removed.retain(|(at, _)| *at > since);
        removed.push((since + DAY, event));
        let placed = self.placed.entry(edge).or_default();
        let mut balance: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
        removed.iter().for_each(|(_, event)| balance.entry(event).or_default().0 += 1);
        // A plan that a sleep cut in two placed before it what it removes after it.
        let placed_since = match self.slept {
            Some((at, lo)) if at.elapsed() <= PAUSE_GRACE => since.min(lo),
            _ => since,
        };
        let lately = placed.iter().filter(|(at, _)| *at > placed_since);
        lately.for_each(|(_, event)| balance.entry(event).or_default().1 += 1);
        let counted: usize = balance.values().map(|(gone, come)| gone.saturating_sub(*come)).sum();
        if counted > REMOVALS_FREE.max(placed.len() * REMOVALS_PERCENT / 100) {
            return Err(format!("{counted} unexpected removals on one link within a day, none held"));
        }
        Ok(())
    }

    /// The key, the link and the event of a mirror.
    fn cause_of(
        &self,
        mirror: &MarkedItem,
        target: usize,
        problem: &str,
    ) -> Result<(MirrorKey, Edge, String), String> {
        let cause = mirror.key.and_then(|key| self.causes.get(&key).map(|cause| (key, cause)));
        match cause {
            Some((key, cause)) if cause.target == target => {
                let name = format!("{} {} of calendar {}", cause.event, cause.original, cause.source);
                Ok((key, (cause.source, target), name.trim().to_owned()))
            }
            Some(_) => Err(format!("{problem}: its mark is of another calendar")),
            None => Err(problem.to_owned()),
        }
    }

    fn judge_link(&self, device: u8, edge: Edge, removal: bool) -> Result<(), String> {
        let view = &self.devices[usize::from(device)];
        let known = view.links.get(&edge);
        let (still, since) = &view.still;
        let long_since = since.is_some_and(|since| since.elapsed() > PAUSE_GRACE);
        if long_since && still.holds(edge, self.clock.seconds()) {
            return Err(format!(
                "device {device} writes for the link {edge:?}, which a person let stand still"
            ));
        }
        let allowed = match known {
            Some((Running::Active, _)) => true,
            Some((Running::Retiring, since)) => removal || since.elapsed() <= PAUSE_GRACE,
            Some((Running::Paused, since)) => since.elapsed() <= PAUSE_GRACE,
            None => false,
        };
        if allowed {
            return Ok(());
        }
        let state = known.map(|(running, _)| *running);
        Err(format!("device {device} writes for the link {edge:?}, which it has as {state:?}"))
    }

    fn judge_body(&self, key: &MirrorKey, after: &MarkedItem) -> Result<(), String> {
        let Some(cause) = self.causes.get(key) else { return Ok(()) };
        let said = Shown::of(after.availability).map(|shown| (Span::of(&after.time), shown));
        let edge = (cause.source, cause.target);
        let looks_right = self.causes.was_look(edge, &after.label, after.color);
        if !looks_right || !after.plain || after.has_attendees {
            return Err("a mirror says more than a mirror does".to_owned());
        }
        if said.is_none_or(|said| !cause.said.contains(&said)) {
            let Cause { event, source, target, .. } = cause;
            return Err(format!(
                "the mirror of {event} of calendar {source} in calendar {target} says what its source never said: {said:?}"
            ));
        }
        Ok(())
    }
}

/// The oracle, shared by the world and by the universe that asks it.
#[derive(Clone)]
pub(crate) struct Watcher(Arc<Mutex<Oracle>>);

impl Watcher {
    /// Shares `oracle`.
    pub(crate) fn new(oracle: Oracle) -> Self {
        Self(Arc::new(Mutex::new(oracle)))
    }

    /// The oracle itself.
    pub(crate) fn oracle(&self) -> MutexGuard<'_, Oracle> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Witness for Watcher {
    fn judge(&mut self, seen: &Seen<'_>) -> Result<(), String> {
        let mut oracle = self.oracle();
        let target = oracle.places.iter().position(|place| place.name == seen.calendar.remote.name);
        let Some(target) = target else { return Err("a write to an unknown calendar".to_owned()) };
        let key = seen.before.or(seen.after).and_then(|mirror| mirror.key);
        let alike = seen.calendar.items().filter(|item| {
            item.mirror().is_some_and(|mirror| mirror.owner == Owner::Mirror && mirror.key == key)
        });
        let deed = Deed {
            device: seen.device,
            target,
            before: seen.before,
            after: seen.after,
            did: seen.did,
            others: alike.count().saturating_sub(usize::from(seen.before.is_some())),
        };
        oracle.judge(&deed)
    }
}
