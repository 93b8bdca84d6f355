//! From the provider's signal to the mirror standing at the provider.
//!
//! The floor is two round trips: one to read what changed, one to write. A cancellation at Microsoft has one
//! more: what delta calls removed may only have left the window, and is looked up before its mirrors go. The
//! store is on disk, requests go over sockets, and the mirrors' own changes are signalled, too, as a provider
//! would.

use std::collections::BTreeMap;
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

use starmesh_tests::{Failure, Outcome};

use crate::field::{At, Daemon, Field, Way};
use crate::table::Table;

/// The aim for the slowest of a hundred, in floors.
const P99_AIM: f64 = 1.25;
/// A person's pause between two changes: without it the bench would measure how the budget of a provider is
/// waited for.
const BETWEEN_CHANGES: Duration = Duration::from_secs(1);

/// What a person does to an event, in turn.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Deed {
    Booked,
    Moved,
    Cancelled,
}

impl Deed {
    const ALL: [Self; 3] = [Self::Booked, Self::Moved, Self::Cancelled];

    /// Round trips that cannot be saved.
    fn round_trips(self, at: At) -> u32 {
        if self == Self::Cancelled && at == At::Microsoft { 3 } else { 2 }
    }
}

/// What is measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Round trip to each provider, in milliseconds.
    #[arg(long, default_value_t = Self::default().rtt_ms)]
    rtt_ms: u32,
    /// Events at each provider, each of them booked, moved and cancelled.
    #[arg(long, default_value_t = Self::default().events)]
    events: u32,
    /// Calendars at each provider, all in one mesh.
    #[arg(long, default_value_t = Self::default().calendars)]
    calendars: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { rtt_ms: 80, events: 50, calendars: 2 }
    }
}

/// Measures it.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let round_trip = Duration::from_millis(u64::from(options.rtt_ms));
    let mut field = Field::new(SimClock::real(), &Way { round_trip, sockets: true }).await?;
    let mut calendars = Vec::new();
    for at in [At::Google, At::Microsoft].into_iter().flat_map(|at| vec![at; options.calendars]) {
        calendars.push(field.add_calendar(at).await);
    }
    let each = |source: &CalendarId| {
        let source = source.clone();
        calendars.iter().filter(move |target| **target != source).cloned()
    };
    let links: Vec<_> = calendars.iter().flat_map(|a| each(a).map(|b| (a.clone(), b))).collect();
    let folder = tempfile::tempdir()?;
    let entropy = Arc::new(SystemEntropy);
    let store = SqliteStore::open(&folder.path().join("store.db"), &DataKey::new([1; 32]), entropy).await;
    let engine = field.engine(Arc::new(store?), &links).await?;
    let mut daemon = Daemon::start(engine).await?;
    let mut table =
        Table::new("From the provider's signal to the last of a change's mirrors at its provider");
    let mut floors = Vec::new();
    for at in [At::Google, At::Microsoft] {
        let mut here = calendars.iter().filter(|id| field.name(id).is_ok_and(|name| name.0 == at));
        let Some(source) = here.next().cloned() else { continue };
        let targets: Vec<_> = each(&source).collect();
        let mut waits: BTreeMap<Deed, Vec<Duration>> = BTreeMap::new();
        for event in 0..options.events {
            for deed in Deed::ALL {
                let wait = one_change(&field, &mut daemon, &source, &targets, event, deed).await?;
                waits.entry(deed).or_default().push(wait);
                tokio::time::sleep(BETWEEN_CHANGES).await;
            }
        }
        for (deed, mut waits) in waits {
            waits.sort_unstable();
            let floor = round_trip * deed.round_trips(at);
            for (name, per_mille) in [("p50", 500), ("p99", 990)] {
                let wait = percentile(&waits, per_mille);
                let found = format!("{} ms of {}", wait.as_millis(), floor.as_millis());
                table.fact(format!("{deed:?} at {at:?}, {name} of {}", waits.len()), &found);
            }
            floors.extend(waits.iter().map(|wait| wait.as_secs_f64() / floor.as_secs_f64()));
        }
    }
    floors.sort_by(f64::total_cmp);
    let count = floors.len();
    table.fact(format!("p50 of all {count}, in floors"), &format!("{:.2}", percentile(&floors, 500)));
    let p99 = percentile(&floors, 990);
    let aim = format!("<= {P99_AIM}");
    table.row(format!("p99 of all {count}, in floors"), &format!("{p99:.2}"), &aim, p99 <= P99_AIM);
    daemon.stop().await?;
    Ok(table)
}

/// The value that so many of a thousand do not exceed; `values` are in order and not empty.
fn percentile<T: Copy + Default>(values: &[T], per_mille: usize) -> T {
    let position = (values.len() * per_mille).div_ceil(1000).saturating_sub(1);
    values.get(position).copied().unwrap_or_default()
}

/// A person's change and its way to the last of its mirrors.
async fn one_change(
    field: &Field,
    daemon: &mut Daemon,
    source: &CalendarId,
    targets: &[CalendarId],
    event: u32,
    deed: Deed,
) -> Outcome<Duration> {
    let (at, name) = field.name(source)?;
    let uid = format!("event-{event}");
    let event = |hours: i64| {
        let start: DateTime<Utc> = field.clock.now() + TimeDelta::days(2) + TimeDelta::hours(hours);
        let time = EventTime::Timed { start, end: start + TimeDelta::hours(1) };
        PersonEvent { uid: uid.clone(), time, rule: None, transparent: false }
    };
    match deed {
        Deed::Booked => drop(field.harness(*at).put_event(name, &event(0)).await),
        Deed::Moved => drop(field.harness(*at).put_event(name, &event(5)).await),
        Deed::Cancelled => {
            let id = field.harness(*at).put_event(name, &event(5)).await;
            field.harness(*at).delete_item(name, &id).await;
        }
    }
    let before = (field.google.sim.ledger().writes().len(), field.microsoft.sim.ledger().writes().len());
    let signalled = field.clock.now();
    daemon.signal(source).await?;
    let mut left = targets.len();
    while left > 0 {
        if matches!(daemon.event().await?, EngineEvent::Placed(_)) {
            left -= 1;
        }
    }
    let google = field.google.sim.ledger().writes().split_off(before.0);
    let microsoft = field.microsoft.sim.ledger().writes().split_off(before.1);
    let is_event =
        |kind| matches!(kind, WriteKind::EventCreated | WriteKind::EventChanged | WriteKind::EventDeleted);
    let placed = google.iter().chain(&microsoft).filter(|write| is_event(write.kind));
    let last = placed.map(|write| write.at).max();
    let last = last.ok_or_else(|| Failure::new("no mirror was written"))?;
    // The providers tell of the mirrors, too.
    for target in targets {
        daemon.signal(target).await?;
    }
    daemon.quiet().await?;
    Ok((last - signalled).to_std()?)
}
