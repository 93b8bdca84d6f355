//! From the provider's signal to the mirror standing at the provider.
//!
//! The floor is two round trips: one to read what changed, one to write. A cancellation at Microsoft has one
//! more: what delta calls removed may only have left the window, and is looked up before its mirrors go. The
//! store is on disk, requests go over sockets, and the mirrors' own changes are signalled, too, as a provider
//! would. Between the changes, in the same run, bare requests go the same way, one after another: what they take
//! on this machine is what a round trip costs in truth.

use std::collections::BTreeMap;
use std::path::PathBuf;
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
use starmesh_store::state::Steps;
use starmesh_store::{DataKey, SqliteStore};
use tokio::time::Instant;

use starmesh_tests::{Failure, Outcome};

use crate::field::{At, Daemon, Field, Way};
use crate::table::Table;

/// The aim for the slowest of a hundred, in floors.
const P99_AIM: f64 = 1.25;

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

/// As many events as removals that are never held: `starmesh_core::reconcile::REMOVALS_ALWAYS_ALLOWED`.
const EVENTS_MAX: i64 = 10;

/// What is measured.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// Round trip to each provider, in milliseconds.
    #[arg(long, default_value_t = Self::default().rtt_ms)]
    rtt_ms: u32,
    /// Events at each provider, each of them booked, moved and cancelled; at most ten, since the brake holds the
    /// eleventh removal on a link within a day until a person lets it go.
    #[arg(long, default_value_t = Self::default().events, value_parser = clap::value_parser!(u32).range(1..=EVENTS_MAX))]
    events: u32,
    /// Calendars at each provider, all in one mesh.
    #[arg(long, default_value_t = Self::default().calendars)]
    calendars: usize,
    /// Pause of the person between two changes, in milliseconds. Without one it would be measured how the
    /// budget of a provider is waited for.
    #[arg(long, default_value_t = Self::default().pause_ms)]
    pause_ms: u32,
    /// Where the database lies; in the system's folder for scratch files unless named. Every change waits for
    /// this disk once.
    #[arg(long)]
    folder: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { rtt_ms: 80, events: 10, calendars: 2, pause_ms: 500, folder: None }
    }
}

/// Measures it.
pub(crate) async fn measure(options: &Options) -> Outcome<Table> {
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
    let folder = match &options.folder {
        Some(folder) => tempfile::tempdir_in(folder)?,
        None => tempfile::tempdir()?,
    };
    let entropy = Arc::new(SystemEntropy);
    let store = SqliteStore::open(&folder.path().join("store.db"), &DataKey::new([1; 32]), entropy).await;
    let engine = field.engine(Arc::new(store?), &links).await?;
    let mut daemon = Daemon::start(engine).await?;
    let mut table =
        Table::new("From the provider's signal to the last of a change's mirrors at its provider");
    let mut floors = Vec::new();
    let mut bare = Vec::new();
    let mut steps = Samples::default();
    for at in [At::Google, At::Microsoft] {
        let mut here = calendars.iter().filter(|id| field.name(id).is_ok_and(|name| name.0 == at));
        let Some(source) = here.next().cloned() else { continue };
        let targets: Vec<_> = each(&source).collect();
        let mut waits: BTreeMap<Deed, Vec<Duration>> = BTreeMap::new();
        for event in 0..options.events {
            for deed in Deed::ALL {
                bare.push(two_bare_requests(&field, at).await);
                let wait =
                    one_change(&field, &mut daemon, &source, &targets, event, deed, &mut steps).await?;
                waits.entry(deed).or_default().push(wait);
                tokio::time::sleep(Duration::from_millis(u64::from(options.pause_ms))).await;
            }
        }
        for (deed, waits) in waits {
            let floor = round_trip * deed.round_trips(at);
            let name = format!("{deed:?} at {at:?}, floor {} ms", floor.as_millis());
            floors.extend(waits.iter().map(|wait| wait.as_secs_f64() / floor.as_secs_f64()));
            tell(&mut table, &name, waits);
        }
    }
    let Samples { read, planned, written } = steps;
    tell(&mut table, "of which: to read and keep what changed", read);
    tell(&mut table, "of which: to plan", planned);
    tell(&mut table, "of which: to intend and write", written);
    let bare_median = percentile(&sorted(bare.clone()), 500);
    tell(&mut table, "two bare requests, one after another", bare);
    floors.sort_by(f64::total_cmp);
    let count = floors.len();
    let cost = (2 * round_trip).as_secs_f64() / bare_median.as_secs_f64();
    for (name, per_mille) in [("p50", 500), ("p99", 990)] {
        let share = percentile(&floors, per_mille);
        table.fact(format!("{name} of all {count}, in bare requests"), &format!("{:.2}", share * cost));
    }
    table.fact(format!("p50 of all {count}, in floors"), &format!("{:.2}", percentile(&floors, 500)));
    let p99 = percentile(&floors, 990);
    let aim = format!("<= {P99_AIM}");
    table.row(format!("p99 of all {count}, in floors"), &format!("{p99:.2}"), &aim, p99 <= P99_AIM);
    daemon.stop().await?;
    Ok(table)
}

/// How long the steps of a change took.
#[derive(Default)]
struct Samples {
    read: Vec<Duration>,
    planned: Vec<Duration>,
    written: Vec<Duration>,
}

impl Samples {
    /// Those of a change whose last mirror was there at `end`; the slowest target counts.
    fn add(&mut self, steps: &[Steps], end: DateTime<Utc>) -> Outcome<()> {
        let (Some(pulled), Some(planned)) =
            (steps.iter().map(|steps| steps.pulled).max(), steps.iter().map(|steps| steps.planned).max())
        else {
            return Err(Failure::new("a change without a journey"));
        };
        let signalled = steps.iter().map(|steps| steps.signalled).min().unwrap_or(pulled);
        self.read.push((pulled - signalled).to_std()?);
        self.planned.push((planned - pulled).to_std()?);
        self.written.push((end - planned).to_std()?);
        Ok(())
    }
}

/// Two requests that Starmesh has no part in, the second once the first is answered.
async fn two_bare_requests(field: &Field, at: At) -> Duration {
    let began = Instant::now();
    for _ in 0..2 {
        match at {
            At::Google => {
                field.google.around.done("GET", &["users", "me", "calendarList"], &[], None).await;
            }
            At::Microsoft => {
                field.microsoft.ask("GET", &["me", "calendars"], None).await;
            }
        }
    }
    began.elapsed()
}

/// Half of the values, and all but the slowest of a hundred.
fn tell(table: &mut Table, name: &str, values: Vec<Duration>) {
    let values = sorted(values);
    let ms = |per_mille| percentile(&values, per_mille).as_secs_f64() * 1_000.0;
    table.fact(
        format!("{name}: p50, p99 of {}", values.len()),
        &format!("{:.1} ms, {:.1} ms", ms(500), ms(990)),
    );
}

fn sorted(mut values: Vec<Duration>) -> Vec<Duration> {
    values.sort_unstable();
    values
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
    steps: &mut Samples,
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
    let mut journeys = Vec::new();
    while journeys.len() < targets.len() {
        if let EngineEvent::Placed(journey) = daemon.event().await? {
            journeys.push(journey.steps);
        }
    }
    let google = field.google.sim.ledger().writes().split_off(before.0);
    let microsoft = field.microsoft.sim.ledger().writes().split_off(before.1);
    let is_event =
        |kind| matches!(kind, WriteKind::EventCreated | WriteKind::EventChanged | WriteKind::EventDeleted);
    let placed = google.iter().chain(&microsoft).filter(|write| is_event(write.kind));
    let last = placed.map(|write| write.at).max();
    let last = last.ok_or_else(|| Failure::new("no mirror was written"))?;
    steps.add(&journeys, last)?;
    // The providers tell of the mirrors, too.
    for target in targets {
        daemon.signal(target).await?;
    }
    daemon.quiet().await?;
    Ok((last - signalled).to_std()?)
}
