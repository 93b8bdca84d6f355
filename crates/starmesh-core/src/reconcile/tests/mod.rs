//! What a plan does, case by case, and the laws that hold for all.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;

mod color;
mod meetings;
mod policies;
mod sweep;

use super::*;
use crate::event::{
    Availability, CalendarTime, Facts, Instance, Length, Master, Recurrence, RecurrenceSet, SourceEvent,
    SourceItem,
};
use crate::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use crate::mirror::{IdentityKey, Label, MirrorRecord, MirrorSpec};
use crate::policy::{Policy, SkipReason, Terms};
use crate::time::{TimeRange, Window};
use crate::zone::Zone;

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap()
}

/// A target with one source, as the engine would hold them.
#[derive(Clone)]
struct World {
    keys: IdentityKey,
    names: [LastingName; 2],
    ids: [CalendarId; 2],
    link: LinkId,
    state: LinkState,
    source: Vec<Observed>,
    target: Vec<Observed>,
    records: Vec<MirrorRecord>,
    source_read_at: Option<DateTime<Utc>>,
    source_range: Option<TimeRange>,
    hides_marks: bool,
    window_days: u16,
    allowed: u64,
    policy: Policy,
    narrowed_from: Vec<Policy>,
}

impl World {
    fn new() -> Self {
        let ids = [CalendarId::new("source"), CalendarId::new("target")];
        Self {
            keys: IdentityKey::new([7; 32]),
            names: [
                LastingName::new("https://a.example/source/"),
                LastingName::new("https://b.example/target/"),
            ],
            link: LinkId::new(ids[0].clone(), ids[1].clone()),
            ids,
            state: LinkState::Active,
            source: Vec::new(),
            target: Vec::new(),
            records: Vec::new(),
            source_read_at: Some(now()),
            source_range: None,
            hides_marks: false,
            window_days: Window::DAYS_DEFAULT,
            allowed: 0,
            policy: Policy::default(),
            narrowed_from: Vec::new(),
        }
    }

    fn book(&mut self, uid: &str, start_h: i64, facts: Facts) {
        self.source.push(event(uid, start_h, facts));
    }

    fn plan(&self) -> TargetPlan {
        self.plan_with(true)
    }

    fn plan_with(&self, whole: bool) -> TargetPlan {
        let zone = Zone::Utc;
        let (policy, label) = (&self.policy, Label::default());
        let terms = Terms::new(policy.terms()).unwrap();
        let view =
            |i: usize, items| CalendarView { id: &self.ids[i], name: &self.names[i], zone: &zone, items };
        let link = LinkInput {
            id: &self.link,
            state: self.state,
            source: view(0, &self.source),
            source_read_at: self.source_read_at,
            source_range: self.source_range,
            hides_marks: self.hides_marks,
            policy,
            terms: &terms,
            narrowed_from: &self.narrowed_from,
            brake: BrakeBudget {
                mirrors: self.records.len() as u64,
                removed_lately: 0,
                allowed: self.allowed,
            },
        };
        reconcile(&TargetInput {
            keys: &self.keys,
            window: &Window::around(now(), self.window_days),
            target: &view(1, &self.target),
            label: &label,
            links: &[link],
            records: &self.records,
            whole,
            narrowing: false,
        })
    }

    /// Carries out a plan as a perfect provider would.
    fn apply(&mut self, plan: &TargetPlan) {
        for record in &plan.adopt {
            self.records.retain(|known| known.key != record.key);
            self.records.push(record.clone());
        }
        self.records.retain(|known| !plan.forget.contains(&known.key));
        for operation in &plan.operations {
            let id = match &operation.action {
                Action::Update { placed, .. } | Action::Remove { placed, .. } => placed.remote_id().clone(),
                Action::Place { .. } => {
                    let id = self.keys.provider_id(&operation.key, operation.incarnation);
                    RemoteId::new(format!("{id}.ics"))
                }
            };
            self.target.retain(|observed| observed.item.remote_id != id);
            self.records.retain(|known| known.key != operation.key);
            let version = Some(Version::new("\"2\""));
            if let Some(body) = operation.body() {
                let spec = MirrorSpec::new(
                    &self.keys,
                    &self.names[1],
                    &self.names[0],
                    operation.key,
                    operation.incarnation,
                    body.clone(),
                );
                let item = spec.as_observed(id.clone(), version.clone());
                self.target.push(Observed { item, read_at: now() });
                self.records.extend(operation.record(&self.keys, operation.incarnation, id, version));
            }
        }
    }

    fn settled(mut self) -> Self {
        let plan = self.plan();
        self.apply(&plan);
        assert_eq!(self.plan().operations, [], "a plan that was carried out leaves nothing to do");
        self
    }
}

fn event(uid: &str, start_h: i64, facts: Facts) -> Observed {
    let start = now() + TimeDelta::hours(start_h);
    let instance = Instance {
        start: CalendarTime::utc(start),
        length: Length::Until(CalendarTime::utc(start + TimeDelta::hours(1))),
        facts,
    };
    let item = SourceItem {
        remote_id: RemoteId::new(format!("/cal/{uid}.ics")),
        version: Some(Version::new("\"1\"")),
        events: vec![SourceEvent {
            id: EventId::new(uid),
            uid: ICalUid::new(uid),
            recurrence: Recurrence::Single(instance),
            marked: None,
            tool: None,
        }],
        problem: None,
    };
    Observed { item, read_at: now() }
}

fn booked(count: i64) -> World {
    let mut world = World::new();
    for i in 0..count {
        world.book(&format!("e{i}"), 5 * i, Facts::BUSY);
    }
    world.settled()
}

fn kinds(plan: &TargetPlan) -> Vec<&'static str> {
    plan.operations
        .iter()
        .map(|operation| match operation.action {
            Action::Place { .. } => "place",
            Action::Update { .. } => "update",
            Action::Remove { .. } => "remove",
        })
        .collect()
}

fn cause(plan: &TargetPlan) -> RemoveCause {
    match plan.operations.as_slice() {
        [Operation { action: Action::Remove { cause, .. }, .. }] => *cause,
        other => panic!("one removal expected, found {other:?}"),
    }
}

#[test]
fn an_event_gets_one_mirror_with_its_whole_time_and_a_move_keeps_the_mirror() {
    let mut world = World::new();
    world.book("a", 3, Facts::BUSY);
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["place"]);
    let first = plan.operations[0].key;
    world.apply(&plan);
    world.source = vec![event("a", 9, Facts::BUSY)];
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["update"]);
    assert_eq!(plan.operations[0].key, first);
    let world = world.settled();
    assert_eq!(world.target.len(), 1);
}

#[test]
fn a_cancelled_event_and_one_that_is_gone_lose_their_mirrors_with_the_reason() {
    let mut world = booked(2);
    world.source[0] = event("e0", 0, Facts { cancelled: true, ..Facts::BUSY });
    assert_eq!(cause(&world.plan()), RemoveCause::Skipped(SkipReason::Cancelled));
    world.source = vec![event("e1", 5, Facts::BUSY)];
    assert_eq!(cause(&world.plan()), RemoveCause::SourceGone);
}

#[test]
fn a_mirror_is_never_mirrored_whoever_wrote_it() {
    let mut world = booked(1);
    world.source.append(&mut world.target.clone());
    assert_eq!(world.plan().operations, []);
    let mut stripped = world.target[0].clone();
    stripped.item.events[0].marked = None;
    world.source.push(stripped);
    assert_eq!(world.plan().operations, [], "its shape alone is enough");
}

#[test]
fn losing_the_database_adopts_every_mirror_and_writes_nothing() {
    let mut world = booked(5);
    let records = std::mem::take(&mut world.records);
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(plan.adopt.len(), 5);
    world.apply(&plan);
    world.records.sort_by_key(|record| record.key);
    let mut expected = records;
    expected.sort_by_key(|record| record.key);
    assert_eq!(world.records, expected);
}

#[test]
fn marks_of_another_key_are_left_alone() {
    let mut world = booked(3);
    world.keys = IdentityKey::new([8; 32]);
    world.records.clear();
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["place"; 3], "its own mirrors are placed beside them");
    assert_eq!(plan.strays.len(), 3);
    assert!(plan.strays.iter().all(|stray| stray.kind == StrayKind::Foreign));
}

#[test]
fn a_mirror_of_a_link_unknown_here_is_listed_and_never_removed() {
    let mut world = booked(2);
    world.records.clear();
    world.source.clear();
    world.names[0] = LastingName::new("https://elsewhere.example/other/");
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert!(plan.strays.iter().all(|stray| stray.kind == StrayKind::UnknownLink));
    assert_eq!(plan.strays.len(), 2);
}

#[test]
fn a_copied_mirror_is_neither_source_nor_written() {
    let mut world = booked(1);
    let mut copy = world.target[0].clone();
    copy.item.remote_id = RemoteId::new("copy.ics");
    if let Some(found) = &mut copy.item.events[0].marked {
        found.provider_id = "a-person's-client-chose-this".to_owned();
    }
    world.target.push(copy);
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(plan.strays.iter().map(|stray| stray.kind).collect::<Vec<_>>(), [StrayKind::Copied]);
}

#[test]
fn what_no_read_of_the_source_speaks_of_is_not_gone() {
    let mut world = booked(1);
    world.source.clear();
    let time = world.records[0].time;
    let range = |lo, hi| Some(TimeRange { lo, hi });
    world.source_range = range(time.start() - TimeDelta::days(30), time.start());
    assert_eq!(world.plan().operations, [], "the window was widened, and the source not read since");
    world.records.clear();
    world.source_read_at = Some(now() + TimeDelta::seconds(1));
    assert_eq!(world.plan().operations, [], "nor without a record");
    world.source_range = range(time.start(), time.end());
    assert_eq!(cause(&world.plan()), RemoveCause::SourceGone);
}

#[test]
fn of_two_live_mirrors_with_one_key_the_recorded_one_stays() {
    let mut world = booked(1);
    let mut twin = world.target[0].clone();
    twin.item.remote_id = RemoteId::new("a-lower-id.ics");
    world.target.push(twin);
    let plan = world.plan();
    assert_eq!(cause(&plan), RemoveCause::Duplicate);
    let Action::Remove { placed, .. } = &plan.operations[0].action else { unreachable!() };
    assert_eq!(placed.remote_id().as_str(), "a-lower-id.ics");
    world.records.clear();
    let plan = world.plan();
    let Action::Remove { placed, .. } = &plan.operations[0].action else { unreachable!() };
    assert_ne!(placed.remote_id().as_str(), "a-lower-id.ics", "unrecorded, the lower id stays");
}

/// A world in which the one mirror stands twice, the second one unrecorded.
fn with_a_second_mirror(state: LinkState, has_attendees: bool) -> World {
    let mut world = booked(1);
    let mut second = world.target[0].clone();
    second.item.remote_id = RemoteId::new("second.ics");
    if let Some(found) = &mut second.item.events[0].marked {
        found.has_attendees = has_attendees;
    }
    world.target.push(second);
    world.state = state;
    world
}

fn removals(plan: &TargetPlan) -> Vec<(&str, RemoveCause)> {
    let removal = |operation: &'_ Operation| match &operation.action {
        Action::Remove { cause, .. } => *cause,
        other => panic!("only removals expected, found {other:?}"),
    };
    let place = |operation: &'_ Operation| match &operation.action {
        Action::Remove { placed, .. } if placed.remote_id().as_str() == "second.ics" => "second",
        _ => "first",
    };
    plan.operations.iter().map(|operation| (place(operation), removal(operation))).collect()
}

#[test]
fn a_second_live_mirror_goes_as_its_link_says() {
    let plan = with_a_second_mirror(LinkState::Active, false).plan();
    assert_eq!(removals(&plan), [("second", RemoveCause::Duplicate)]);
    let plan = with_a_second_mirror(LinkState::Retiring, false).plan();
    let both = [("second", RemoveCause::Cleaned), ("first", RemoveCause::Cleaned)];
    assert_eq!(removals(&plan), both, "a link that ends leaves neither");
    let plan = with_a_second_mirror(LinkState::Paused, false).plan();
    assert_eq!((plan.operations.len(), plan.stuck.len()), (0, 0), "a paused link touches nothing");
}

#[test]
fn a_second_live_mirror_with_attendees_is_left_and_named() {
    for (state, removed) in [
        (LinkState::Active, vec![]),
        (LinkState::Retiring, vec![("first", RemoveCause::Cleaned)]),
        (LinkState::Paused, vec![]),
    ] {
        let plan = with_a_second_mirror(state, true).plan();
        assert_eq!(removals(&plan), removed, "{state:?}");
        let stuck: Vec<_> = plan.stuck.iter().map(|stuck| (stuck.remote_id.as_str(), stuck.reason)).collect();
        if state == LinkState::Paused {
            assert_eq!(stuck, []);
        } else {
            assert_eq!(stuck, [("second.ics", StuckReason::HasAttendees)], "{state:?}");
        }
    }
}

#[test]
fn while_a_source_holds_something_unreadable_no_unrecorded_mirror_of_it_goes() {
    let mut world = booked(2);
    world.records.clear();
    world.source_read_at = Some(now() + TimeDelta::seconds(1));
    world.source.truncate(1);
    assert_eq!(cause(&world.plan()), RemoveCause::SourceGone);
    let malformed = Recurrence::Set(RecurrenceSet {
        master: Some(Master {
            instance: Instance {
                start: CalendarTime::utc(now()),
                length: Length::Unstated,
                facts: Facts::BUSY,
            },
            rules: vec!["FREQ=SOMETIMES".to_owned()],
            exclusion_rules: Vec::new(),
            dates: Vec::new(),
            exclusions: Vec::new(),
        }),
        overrides: Vec::new(),
    });
    let mut unreadable = event("e9", 0, Facts::BUSY);
    unreadable.item.events[0].recurrence = malformed;
    world.source.push(unreadable);
    assert_eq!(world.plan().operations, [], "it may be the one that the mirror stands for");
}

#[test]
fn what_only_an_older_state_is_known_of_changes_no_mirror_that_stands() {
    let mut world = booked(3);
    for (observed, later) in world.source.iter_mut().zip([1, 5, 10]) {
        observed.item.problem = Some(crate::event::ItemProblem::Malformed);
        observed.item.events = event("e", later, Facts::BUSY).item.events;
    }
    for (number, observed) in world.source.iter_mut().enumerate() {
        observed.item.events[0].id = EventId::new(format!("e{number}"));
    }
    if let Recurrence::Single(last) = &mut world.source[2].item.events[0].recurrence {
        last.facts.cancelled = true;
    }
    assert_eq!(world.plan().operations, [], "neither moved nor removed: another device may know better");
    world.target.clear();
    assert_eq!(
        kinds(&world.plan()),
        ["place", "place"],
        "what is missing is placed, unless it was cancelled"
    );
}

#[test]
fn an_edited_mirror_is_restored_and_one_with_attendees_is_left_and_named() {
    let mut world = booked(2);
    if let Some(found) = &mut world.target[0].item.events[0].marked {
        found.plain = false;
    }
    if let Some(found) = &mut world.target[1].item.events[0].marked {
        found.plain = false;
        found.has_attendees = true;
    }
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["update"]);
    assert!(matches!(plan.operations[0].action, Action::Update { cause: UpdateCause::EditedByHand, .. }));
    assert_eq!(plan.stuck.iter().map(|stuck| stuck.reason).collect::<Vec<_>>(), [StuckReason::HasAttendees]);
}

#[test]
fn a_mirror_deleted_by_hand_is_looked_for_and_placed_again() {
    let mut world = booked(1);
    world.target.clear();
    let plan = world.plan();
    assert!(matches!(&plan.operations[0].action, Action::Place { previous: Some(_), .. }));
}

#[test]
fn a_mirror_whose_mark_was_stripped_is_neither_placed_nor_removed() {
    let mut world = booked(1);
    world.target[0].item.events[0].marked = None;
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(plan.stuck.iter().map(|stuck| stuck.reason).collect::<Vec<_>>(), [StuckReason::MarkStripped]);
    world.source.clear();
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.forget.len()), (0, 0));
}

#[test]
fn nothing_is_removed_before_the_source_was_read() {
    let mut world = booked(3);
    world.source.clear();
    world.source_read_at = None;
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.forget.len()), (0, 0));
}

#[test]
fn a_mirror_no_record_knows_is_judged_only_by_a_later_read_of_its_source() {
    let mut world = booked(1);
    world.records.clear();
    world.source.clear();
    let plan = world.plan();
    assert_eq!(plan.operations, []);
    assert_eq!(plan.recheck.iter().collect::<Vec<_>>(), [&world.ids[0]]);
    assert_eq!(world.plan_with(false).operations, [], "some meetings cannot tell");
    world.source_read_at = Some(now() + TimeDelta::seconds(1));
    assert_eq!(cause(&world.plan()), RemoveCause::SourceGone);
}

#[test]
fn the_brake_holds_a_mass_removal_and_nothing_else() {
    let mut world = booked(40);
    world.source.truncate(20);
    world.book("new", 500, Facts::BUSY);
    let plan = world.plan();
    assert_eq!(kinds(&plan), ["place"]);
    assert_eq!(plan.held.len(), 1);
    assert_eq!((plan.held[0].operations.len(), plan.held[0].limit), (20, 10));
    world.allowed = 19;
    assert_eq!(world.plan().held.len(), 1);
    world.allowed = 20;
    let plan = world.plan();
    assert_eq!((plan.held.len(), plan.operations.len()), (0, 21));
}

#[test]
fn a_link_that_is_taken_down_loses_all_its_mirrors_unheld_and_a_paused_one_none() {
    let mut world = booked(40);
    world.state = LinkState::Retiring;
    assert_eq!(world.plan().operations.len(), 40);
    world.state = LinkState::Paused;
    world.source.clear();
    let plan = world.plan();
    assert_eq!((plan.operations.len(), plan.forget.len(), plan.adopt.len()), (0, 0, 0));
}

#[test]
fn mirrors_behind_the_window_stay_and_those_beyond_stay_until_their_source_is_gone() {
    let mut world = World::new();
    world.window_days = 100;
    world.book("far", 24 * 90, Facts::BUSY);
    let mut world = world.settled();
    world.window_days = 30;
    assert_eq!(world.plan().operations, []);
    world.source.clear();
    assert_eq!(cause(&world.plan()), RemoveCause::SourceGone);
    let mut past = World::new();
    past.book("old", -30, Facts::BUSY);
    let mut past = past.settled();
    for record in &mut past.records {
        record.time = crate::time::EventTime::Timed {
            start: now() - TimeDelta::days(9),
            end: now() - TimeDelta::days(8),
        };
    }
    past.source.clear();
    assert_eq!(past.plan().operations, []);
}

proptest! {
    #[test]
    fn any_change_of_the_sources_is_followed_in_one_pass(
        before in proptest::collection::btree_map(0u8..30, -60i64..5_000, 0..25),
        after in proptest::collection::btree_map(0u8..30, -60i64..5_000, 0..25),
    ) {
        let mut world = World::new();
        world.allowed = 100;
        for (uid, start) in &before {
            world.book(&format!("e{uid}"), *start, Facts::BUSY);
        }
        let mut world = world.settled();
        world.source.clear();
        for (uid, start) in &after {
            world.book(&format!("e{uid}"), *start, Facts::BUSY);
        }
        let world = world.settled();
        let window = Window::around(now(), world.window_days);
        let shown: Vec<_> = world.target.iter().filter_map(|it| it.item.events[0].marked.as_ref()?.time).collect();
        for start in after.values() {
            let start = now() + TimeDelta::hours(*start);
            let time = crate::time::EventTime::Timed { start, end: start + TimeDelta::hours(1) };
            prop_assert_eq!(window.contains(&time), shown.contains(&time));
        }
    }

    #[test]
    fn a_mark_survives_being_written_and_read(bytes in any::<[u8; 32]>(), key in any::<[u8; 20]>(), n in any::<u32>()) {
        use crate::mirror::{Incarnation, Mark, MirrorKey, Proof};
        let keys = IdentityKey::new(bytes);
        let (target, source) = (LastingName::new("t"), LastingName::new("s"));
        let mark = Mark::new(&keys, &target, &source, MirrorKey(key), Incarnation(n));
        let read = Mark::parse(&mark.to_string());
        prop_assert_eq!(read.as_ref(), Some(&mark));
        prop_assert_eq!(mark.verify(&keys, &target, [(1, &target), (2, &source)]), Proof::Link(2));
        prop_assert_eq!(mark.verify(&keys, &target, [(1, &target)]), Proof::Mine);
        prop_assert_eq!(mark.verify(&keys, &source, [(1, &target), (2, &source)]), Proof::Foreign);
    }

    #[test]
    fn arbitrary_text_is_never_taken_for_a_mark_of_ours(text in ".{0,200}") {
        use crate::mirror::{Mark, Proof};
        let keys = IdentityKey::new([1; 32]);
        if let Some(mark) = Mark::parse(&text) {
            prop_assert_eq!(mark.verify::<()>(&keys, &LastingName::new("t"), []), Proof::Foreign);
        }
    }
}
