//! From the provider's signal to the mirror standing at the provider.
//!
//! The floor is two round trips: one to read what changed, one to write. The store is on disk, requests go
//! over sockets, and the mirrors' own changes are signalled, too, as a provider would.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use starmesh_core::ids::CalendarId;
use starmesh_core::time::EventTime;
use starmesh_engine::EngineEvent;
use starmesh_provider::conformance::PersonEvent;
use starmesh_provider::env::{Clock as _, SystemEntropy};
use starmesh_sim::web::{SimClock, WriteKind};
use starmesh_store::{DataKey, SqliteStore};

use crate::field::{At, Daemon, Field, Way};
use crate::table::Table;

/// The aim for the slowest of a hundred, in floors.
const P99_AIM: f64 = 1.25;
/// Round trips that cannot be saved: reading what changed, and writing it.
const FLOOR_ROUND_TRIPS: u32 = 2;

/// What is measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Round trip to each provider, in milliseconds.
    #[arg(long, default_value_t = Self::default().rtt_ms)]
    rtt_ms: u32,
    /// Changes to be made at each provider: events are booked, moved and cancelled in turn.
    #[arg(long, default_value_t = Self::default().changes)]
    changes: u32,
    /// Calendars at each provider, all in one mesh.
    #[arg(long, default_value_t = Self::default().calendars)]
    calendars: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rtt_ms: 80, changes: 150, calendars: 2 }
    }
}

/// Measures it.
pub(crate) async fn measure(options: Options) -> Table {
    let round_trip = Duration::from_millis(u64::from(options.rtt_ms));
    let mut field = Field::new(SimClock::real(), &Way { round_trip, sockets: true }).await;
    let mut calendars = Vec::new();
    for at in [At::Google, At::Microsoft].into_iter().flat_map(|at| vec![at; options.calendars]) {
        calendars.push(field.add_calendar(at).await);
    }
    let each = |source: &CalendarId| {
        let source = source.clone();
        calendars.iter().filter(move |target| **target != source).cloned()
    };
    let links: Vec<_> = calendars.iter().flat_map(|a| each(a).map(|b| (a.clone(), b))).collect();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let entropy = Arc::new(SystemEntropy);
    let store = SqliteStore::open(&folder.path().join("store.db"), &DataKey::new([1; 32]), entropy).await;
    let engine = field.engine(Arc::new(store.expect("a store can be made")), &links).await;
    let mut daemon = Daemon::start(engine).await;
    let mut table = Table::new("From the provider's signal to the mirror at the provider");
    let floor = round_trip * FLOOR_ROUND_TRIPS;
    table.fact("floor: two round trips", format!("{} ms", floor.as_millis()));
    for at in [At::Google, At::Microsoft] {
        let source = calendars.iter().find(|id| field.name(id).0 == at).expect("one of each").clone();
        let targets: Vec<_> = each(&source).collect();
        let mut waits = Vec::new();
        for number in 0..options.changes {
            waits.push(one_change(&field, &mut daemon, &source, &targets, number).await);
        }
        waits.sort_unstable();
        report(&mut table, at, &waits, floor);
    }
    daemon.stop().await;
    table
}

fn report(table: &mut Table, at: At, waits: &[Duration], floor: Duration) {
    let ratio = |wait: Duration| wait.as_secs_f64() / floor.as_secs_f64();
    for (name, per_mille, aim) in [("p50", 500, None), ("p95", 950, None), ("p99", 990, Some(P99_AIM))] {
        let position = (waits.len() * per_mille).div_ceil(1000).saturating_sub(1);
        let Some(wait) = waits.get(position) else { continue };
        let found = format!("{} ms = {:.2} floors", wait.as_millis(), ratio(*wait));
        let what = format!("changed at {at:?}, last of its mirrors, {name} of {}", waits.len());
        match aim {
            Some(aim) => table.row(what, found, format!("<= {aim} floors"), ratio(*wait) <= aim),
            None => table.fact(what, found),
        }
    }
}

/// A person's change and its way to the last of its mirrors.
async fn one_change(
    field: &Field,
    daemon: &mut Daemon,
    source: &CalendarId,
    targets: &[CalendarId],
    number: u32,
) -> Duration {
    let (at, name) = field.name(source);
    let uid = format!("event-{}", number / 3);
    let event = |hours: i64| {
        let start: DateTime<Utc> = field.clock.now() + TimeDelta::days(2) + TimeDelta::hours(hours);
        let time = EventTime::Timed { start, end: start + TimeDelta::hours(1) };
        PersonEvent { uid: uid.clone(), time, rule: None, transparent: false }
    };
    match number % 3 {
        0 => drop(field.harness(*at).put_event(name, &event(0)).await),
        1 => drop(field.harness(*at).put_event(name, &event(5)).await),
        _ => {
            let id = field.harness(*at).put_event(name, &event(5)).await;
            field.harness(*at).delete_item(name, &id).await;
        }
    }
    let before = (field.google.sim.ledger().writes().len(), field.microsoft.sim.ledger().writes().len());
    let signalled = field.clock.now();
    daemon.signal(source).await;
    let mut left = targets.len();
    while left > 0 {
        let ev = daemon.event().await;
        eprintln!("{number} {left} {ev:?}");
        match ev {
            EngineEvent::Placed(_) => left -= 1,
            EngineEvent::PullFailed { message, .. } => panic!("a calendar cannot be read: {message}"),
            _ => {}
        }
    }
    let google = field.google.sim.ledger().writes().split_off(before.0);
    let microsoft = field.microsoft.sim.ledger().writes().split_off(before.1);
    let is_event =
        |kind| matches!(kind, WriteKind::EventCreated | WriteKind::EventChanged | WriteKind::EventDeleted);
    let placed = google.iter().chain(&microsoft).filter(|write| is_event(write.kind));
    let last = placed.map(|write| write.at).max().expect("mirrors were written");
    // The providers tell of the mirrors, too.
    for target in targets {
        daemon.signal(target).await;
    }
    daemon.quiet().await;
    (last - signalled).to_std().unwrap_or_default()
}
