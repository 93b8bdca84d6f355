//! A mesh is planned: from scratch, and one changed event of it at all of its targets.
//!
//! Pure: what the engine asks of its store before is measured by the engine's own bench.

use std::hint::black_box;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use criterion::{Criterion, criterion_group, criterion_main};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, Recurrence, SourceEvent, SourceItem};
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use starmesh_core::mirror::{IdentityKey, Label, MirrorRecord, MirrorSpec};
use starmesh_core::policy::{Policy, Terms};
use starmesh_core::reconcile::{
    Action, BrakeBudget, CalendarView, LinkInput, LinkState, Observed, Operation, TargetInput, TargetPlan,
    reconcile,
};
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;

/// Calendars in the mesh; with [`EVENTS`] in each it has 380,000 mirrors.
const CALENDARS: usize = 20;
/// Events in each calendar.
const EVENTS: usize = 1_000;
/// Over so many days, all in the window, the events of a calendar are spread.
const DAYS: i64 = 150;

/// The mesh with everything that was read of it.
struct Mesh {
    keys: IdentityKey,
    window: Window,
    zone: Zone,
    label: Label,
    policy: Policy,
    terms: Terms,
    read_at: DateTime<Utc>,
    calendars: Vec<Calendar>,
}

struct Calendar {
    id: CalendarId,
    name: LastingName,
    items: Vec<Observed>,
    /// The links into it, one from every other calendar in order.
    links: Vec<LinkId>,
}

impl Mesh {
    fn new() -> Self {
        let read_at = DateTime::from_timestamp(1_795_435_200, 0).unwrap_or_default();
        let ids: Vec<_> = (0..CALENDARS).map(|at| CalendarId::new(format!("calendar-{at:02}"))).collect();
        let calendars = ids.iter().enumerate().map(|(at, id)| Calendar {
            id: id.clone(),
            name: LastingName::new(format!("https://calendars.example.org/person/calendar-{at:02}/")),
            items: (0..EVENTS).map(|number| Observed { item: event(at, number, read_at), read_at }).collect(),
            links: ids
                .iter()
                .filter(|source| *source != id)
                .map(|source| LinkId::new(source.clone(), id.clone()))
                .collect(),
        });
        Self {
            keys: IdentityKey::new([7; 32]),
            window: Window::around(read_at, Window::DAYS_DEFAULT),
            zone: Zone::Utc,
            label: Label::default(),
            policy: Policy::default(),
            terms: Terms::default(),
            read_at,
            calendars: calendars.collect(),
        }
    }

    fn view<'a>(&'a self, calendar: &'a Calendar, items: &'a [Observed]) -> CalendarView<'a> {
        CalendarView { id: &calendar.id, name: &calendar.name, zone: &self.zone, items }
    }

    /// Plans one target, of its sources as many items as `items_of` gives.
    fn plan<'a>(
        &'a self,
        target: &'a Calendar,
        own: &[Observed],
        records: &[MirrorRecord],
        whole: bool,
        items_of: impl Fn(&'a Calendar) -> &'a [Observed],
    ) -> TargetPlan {
        let sources = self.calendars.iter().filter(|source| source.id != target.id);
        let links: Vec<_> = sources
            .zip(&target.links)
            .map(|(source, id)| LinkInput {
                id,
                state: LinkState::Active,
                source: self.view(source, items_of(source)),
                source_read_at: Some(self.read_at),
                source_range: None,
                hides_marks: false,
                policy: &self.policy,
                terms: &self.terms,
                narrowed_from: &[],
                brake: BrakeBudget::default(),
            })
            .collect();
        reconcile(&TargetInput {
            keys: &self.keys,
            window: &self.window,
            target: &self.view(target, own),
            label: &self.label,
            links: &links,
            records,
            whole,
            narrowing: false,
        })
    }

    /// Plans every target, from nothing but what was read.
    fn plan_all(&self) -> Vec<TargetPlan> {
        let targets = self.calendars.iter();
        targets.map(|target| self.plan(target, &target.items, &[], true, |source| &source.items)).collect()
    }
}

/// The `number`th event of the calendar `at`: half an hour, in even steps.
fn event(at: usize, number: usize, now: DateTime<Utc>) -> SourceItem {
    let step = TimeDelta::days(DAYS) / i32::try_from(EVENTS).unwrap_or(i32::MAX);
    let start = now + TimeDelta::hours(1) + step * i32::try_from(number).unwrap_or(0);
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

/// What is known of a mirror once it was placed: its record and the item that was read back.
fn standing(mesh: &Mesh, target: &Calendar, operation: &Operation) -> Option<(MirrorRecord, Observed)> {
    let Action::Place { body, .. } = &operation.action else { return None };
    let provider_id = mesh.keys.provider_id(&operation.key, operation.incarnation);
    let remote_id = RemoteId::new(format!("{}{provider_id}.ics", target.name));
    let version = Some(Version::new("\"1\""));
    let record = operation.record(&mesh.keys, operation.incarnation, remote_id.clone(), version.clone())?;
    let source = mesh.calendars.iter().find(|source| source.id == operation.link.source)?;
    let (keys, key, incarnation) = (&mesh.keys, operation.key, operation.incarnation);
    let spec = MirrorSpec::new(keys, &target.name, &source.name, key, incarnation, body.clone());
    let item = spec.as_observed(remote_id, version);
    Some((record, Observed { item, read_at: mesh.read_at }))
}

fn from_scratch(criterion: &mut Criterion) {
    let mesh = Mesh::new();
    let operations: usize = mesh.plan_all().iter().map(|plan| plan.operations.len()).sum();
    assert_eq!(operations, CALENDARS * (CALENDARS - 1) * EVENTS, "every event has a mirror everywhere");
    let mut group = criterion.benchmark_group("planning");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    group.bench_function("mesh_from_scratch", |bencher| bencher.iter_with_large_drop(|| mesh.plan_all()));
    group.finish();
}

fn one_change(criterion: &mut Criterion) {
    let mesh = Mesh::new();
    let changed_in = &mesh.calendars[0];
    let mut changed = changed_in.items[EVENTS / 2].clone();
    let later = event(0, EVENTS / 2 + 1, mesh.read_at);
    changed.item.events[0].recurrence = later.events[0].recurrence.clone();
    let changed = [changed];
    // At each other calendar stands the mirror of the event as it was before.
    let before = &changed_in.items[EVENTS / 2..=EVENTS / 2];
    let targets: Vec<_> = mesh.calendars[1..]
        .iter()
        .map(|target| {
            let items_of = |source: &Calendar| if source.id == changed_in.id { before } else { &[] };
            let placed = mesh.plan(target, &[], &[], false, items_of);
            let stands = placed.operations.first().and_then(|operation| standing(&mesh, target, operation));
            (target, stands.unzip())
        })
        .collect();
    let plan = || -> usize {
        let targets = targets.iter().map(|(target, (record, own))| {
            let items_of = |source: &Calendar| if source.id == changed_in.id { &changed[..] } else { &[] };
            mesh.plan(target, own.as_slice(), record.as_slice(), false, items_of).operations.len()
        });
        targets.sum()
    };
    assert_eq!(plan(), CALENDARS - 1, "one mirror moves at every target");
    let mut group = criterion.benchmark_group("planning");
    group.bench_function("one_change", |bencher| bencher.iter(|| black_box(plan())));
    group.finish();
}

criterion_group!(benches, from_scratch, one_change);
criterion_main!(benches);
