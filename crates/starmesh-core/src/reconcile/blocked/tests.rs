//! What a source that hides marks may bring, and that it never swings.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, TimeZone, Utc};

use crate::event::{
    Availability, CalendarTime, Facts, Instance, Length, Recurrence, SourceEvent, SourceItem,
};
use crate::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId};
use crate::mirror::{IdentityKey, Label, MirrorRecord, MirrorSpec};
use crate::policy::{Policy, SkipReason, Terms};
use crate::reconcile::{
    Action, BrakeBudget, CalendarView, LinkInput, LinkState, Observed, Outcome, TargetInput, TargetPlan,
    reconcile,
};
use crate::time::Window;
use crate::zone::Zone;

/// Two feeds and a calendar that shows its marks.
const FEED: &str = "feed";
const OTHER_FEED: &str = "other feed";
const WORK: &str = "work";
/// More passes than any device may need.
const PASSES: usize = 6;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap()
}

/// One device's links into the one target, and what it remembers.
#[derive(Clone)]
struct Device {
    links: BTreeMap<&'static str, LinkState>,
    records: Vec<MirrorRecord>,
}

/// A target with its sources.
struct Scene {
    keys: IdentityKey,
    sources: BTreeMap<&'static str, Vec<Observed>>,
    target: Vec<Observed>,
}

impl Device {
    fn with(links: &[&'static str]) -> Self {
        let links = links.iter().map(|source| (*source, LinkState::Active)).collect();
        Self { links, records: Vec::new() }
    }
}

impl Scene {
    fn new() -> Self {
        let sources = [FEED, OTHER_FEED, WORK].map(|source| (source, Vec::new())).into();
        Self { keys: IdentityKey::new([7; 32]), sources, target: Vec::new() }
    }

    fn book(&mut self, source: &'static str, uid: &str, start_h: i64) {
        self.sources.entry(source).or_default().push(event(uid, start_h, Facts::BUSY));
    }

    fn plan(&self, device: &Device) -> TargetPlan {
        let target = CalendarId::new("target");
        let of = |source: &str| LinkId::new(CalendarId::new(source), target.clone());
        let named: Vec<_> = device
            .links
            .iter()
            .map(|(source, state)| (*source, *state, of(source), LastingName::new(*source)))
            .collect();
        let (policy, terms, label) = (Policy::default(), Terms::default(), Label::default());
        let links: Vec<LinkInput<'_>> = named
            .iter()
            .map(|(source, state, id, name)| LinkInput {
                id,
                state: *state,
                source: CalendarView { id: &id.source, name, zone: &Zone::Utc, items: &self.sources[source] },
                source_read_at: Some(now()),
                source_range: None,
                hides_marks: *source != WORK,
                policy: &policy,
                terms: &terms,
                narrowed_from: &[],
                brake: BrakeBudget { mirrors: 1, removed_lately: 0, allowed: 0 },
            })
            .collect();
        let (name, items) = (LastingName::new("target"), &self.target);
        reconcile(&TargetInput {
            keys: &self.keys,
            window: &Window::around(now(), Window::DAYS_DEFAULT),
            target: &CalendarView { id: &target, name: &name, zone: &Zone::Utc, items },
            label: &label,
            links: &links,
            records: &device.records,
            whole: true,
            narrowing: false,
        })
    }

    /// Carries out a device's plan as a perfect provider would; how many operations it had.
    fn pass(&mut self, device: &mut Device) -> usize {
        let plan = self.plan(device);
        device.records.retain(|known| !plan.forget.contains(&known.key));
        for record in &plan.adopt {
            device.records.retain(|known| known.key != record.key);
            device.records.push(record.clone());
        }
        for operation in &plan.operations {
            let id = match &operation.action {
                Action::Update { placed, .. } | Action::Remove { placed, .. } => placed.remote_id().clone(),
                Action::Place { .. } => {
                    RemoteId::new(self.keys.provider_id(&operation.key, operation.incarnation).as_str())
                }
            };
            self.target.retain(|observed| observed.item.remote_id != id);
            device.records.retain(|known| known.key != operation.key);
            let Some(body) = operation.body() else { continue };
            let (target, source) =
                (LastingName::new("target"), LastingName::new(operation.link.source.as_str()));
            let incarnation = operation.incarnation;
            let spec =
                MirrorSpec::new(&self.keys, &target, &source, operation.key, incarnation, body.clone());
            self.target.push(Observed { item: spec.as_observed(id.clone(), None), read_at: now() });
            device.records.extend(operation.record(&self.keys, incarnation, id, None));
        }
        plan.operations.len()
    }

    /// Passes of all devices in turn until a whole round of them writes nothing.
    fn settle(&mut self, devices: &mut [Device]) {
        for _pass in 0..PASSES {
            let written: usize = devices.iter_mut().map(|device| self.pass(device)).sum();
            if written == 0 {
                return;
            }
        }
        panic!("the devices never agree");
    }

    /// How many mirrors stand.
    fn mirrors(&self) -> usize {
        self.target.iter().filter(|observed| observed.item.events[0].marked.is_some()).count()
    }
}

fn event(uid: &str, start_h: i64, facts: Facts) -> Observed {
    let start = now() + TimeDelta::hours(start_h);
    let instance = Instance {
        start: CalendarTime::utc(start),
        length: Length::Until(CalendarTime::utc(start + TimeDelta::hours(1))),
        facts,
    };
    let event = SourceEvent {
        id: EventId::new(uid),
        uid: ICalUid::new(uid),
        recurrence: Recurrence::Single(instance),
        marked: None,
        tool: None,
    };
    let item =
        SourceItem { remote_id: RemoteId::new(uid), version: None, events: vec![event], problem: None };
    Observed { item, read_at: now() }
}

fn sources(plan: &TargetPlan) -> Vec<&str> {
    plan.operations.iter().map(|operation| operation.link.source.as_str()).collect()
}

fn left_out(plan: &TargetPlan) -> usize {
    let blocked = Outcome::Skipped(SkipReason::AlreadyBlocked);
    plan.explanations.iter().filter(|explanation| explanation.outcome == blocked).count()
}

#[test]
fn what_the_target_blocks_itself_is_not_mirrored_from_a_feed() {
    let mut scene = Scene::new();
    let mut device = Device::with(&[FEED]);
    scene.book(FEED, "same", 3);
    scene.book(FEED, "shorter by its start", 6);
    scene.target = vec![event("own", 3, Facts::BUSY), event("near", 5, Facts::BUSY)];
    let plan = scene.plan(&device);
    assert_eq!((plan.operations.len(), left_out(&plan)), (1, 1));
    // Free time blocks nothing.
    scene.target[0] = event("own", 3, Facts { availability: Availability::Free, ..Facts::BUSY });
    assert_eq!(scene.pass(&mut device), 2);
    // Once it is busy again, its mirror goes, and with the event gone it comes back.
    scene.target.retain(|observed| observed.item.remote_id.as_str() != "own");
    scene.target.push(event("own", 3, Facts::BUSY));
    scene.settle(&mut [device.clone()]);
    assert_eq!(scene.mirrors(), 1);
}

#[test]
fn a_mirror_is_no_reason_against_itself_nor_against_another_of_its_link() {
    let mut scene = Scene::new();
    let mut device = Device::with(&[FEED]);
    scene.book(FEED, "one", 3);
    scene.book(FEED, "two", 3);
    assert_eq!(scene.pass(&mut device), 2, "two events at one time are two blocks");
    assert_eq!(scene.pass(&mut device), 0);
}

#[test]
fn what_another_link_brings_at_that_time_is_enough() {
    let mut scene = Scene::new();
    let mut device = Device::with(&[FEED, WORK]);
    scene.book(WORK, "meeting", 3);
    scene.book(FEED, "published meeting", 3);
    let plan = scene.plan(&device);
    assert_eq!((sources(&plan), left_out(&plan)), (vec![WORK], 1), "even before it stands");
    scene.settle(std::slice::from_mut(&mut device));
    assert_eq!(scene.mirrors(), 1);
    // In one plan the one goes and the other comes.
    scene.sources.insert(WORK, Vec::new());
    assert_eq!(scene.pass(&mut device), 2);
    assert_eq!((scene.mirrors(), scene.pass(&mut device)), (1, 0));
}

#[test]
fn a_source_that_shows_its_marks_is_not_bound_by_the_rule() {
    let mut scene = Scene::new();
    let device = Device::with(&[WORK]);
    scene.book(WORK, "meeting", 3);
    scene.target = vec![event("own", 3, Facts::BUSY)];
    let plan = scene.plan(&device);
    assert_eq!((plan.operations.len(), left_out(&plan)), (1, 0));
}

#[test]
fn a_mirror_that_stays_blocks_although_nothing_wants_it() {
    let mut scene = Scene::new();
    let mut device = Device::with(&[FEED, WORK]);
    scene.book(WORK, "meeting", 3);
    scene.settle(std::slice::from_mut(&mut device));
    device.links.insert(WORK, LinkState::Paused);
    scene.sources.insert(WORK, Vec::new());
    scene.book(FEED, "published meeting", 3);
    assert_eq!(scene.pass(&mut device), 0, "the paused link's mirror stands");
    device.links.insert(WORK, LinkState::Retiring);
    assert_eq!(scene.pass(&mut device), 2, "it goes, and the feed's comes");
}

#[test]
fn of_two_feeds_that_bring_one_time_the_same_one_places_it_whoever_was_first() {
    let mut placed = Vec::new();
    for first in [FEED, OTHER_FEED] {
        let mut scene = Scene::new();
        scene.book(FEED, "a", 3);
        scene.book(OTHER_FEED, "b", 3);
        let mut alone = Device::with(&[first]);
        scene.settle(std::slice::from_mut(&mut alone));
        let mut both = Device { links: Device::with(&[FEED, OTHER_FEED]).links, ..alone };
        scene.settle(std::slice::from_mut(&mut both));
        assert_eq!(scene.mirrors(), 1);
        placed.push(both.records[0].link.clone());
    }
    assert_eq!(placed[0], placed[1]);
}

#[test]
fn a_paused_feed_without_a_mirror_stands_in_nobodys_way() {
    for paused in [FEED, OTHER_FEED] {
        let mut scene = Scene::new();
        scene.book(FEED, "a", 3);
        scene.book(OTHER_FEED, "b", 3);
        let mut device = Device::with(&[FEED, OTHER_FEED]);
        device.links.insert(paused, LinkState::Paused);
        scene.settle(std::slice::from_mut(&mut device));
        assert_eq!(scene.mirrors(), 1, "{paused} is paused");
    }
}

#[test]
fn devices_with_different_links_agree_and_block_the_time_once_or_twice() {
    let links: [&[&'static str]; 4] = [&[FEED], &[OTHER_FEED], &[FEED, WORK], &[FEED, OTHER_FEED]];
    for one in links {
        for other in links {
            let mut scene = Scene::new();
            for source in [FEED, OTHER_FEED, WORK] {
                scene.book(source, source, 3);
            }
            scene.settle(&mut [Device::with(one), Device::with(other)]);
            assert!((1..=2).contains(&scene.mirrors()), "{one:?} and {other:?}: {}", scene.mirrors());
        }
    }
}

#[test]
fn removals_that_the_brake_holds_still_block() {
    let mut scene = Scene::new();
    let mut device = Device::with(&[FEED, WORK]);
    for number in 0..20 {
        scene.book(WORK, &format!("meeting {number}"), 3 + 2 * number);
    }
    scene.settle(std::slice::from_mut(&mut device));
    scene.sources.insert(WORK, Vec::new());
    scene.book(FEED, "published meeting", 3);
    let plan = scene.plan(&device);
    assert_eq!(plan.held.len(), 1);
    assert_eq!((plan.operations.len(), left_out(&plan)), (0, 1));
}
