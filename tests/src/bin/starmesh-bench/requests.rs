//! Calls for a change, for a series and for no change at all.
//!
//! The bound: one call to read the source, and one to write each target, in a batch where there is more to
//! write than one block; a series may need one more to be read. A round without a change is one call for each calendar.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_core::time::EventTime;
use starmesh_provider::conformance::PersonEvent;
use starmesh_provider::env::Clock as _;
use starmesh_store::MemoryStore;
use starmesh_tests::Outcome;
use starmesh_tests::in_process::clock_from_noon;

use crate::field::{At, Daemon, Field, Way};
use crate::table::Table;

/// Targets of the source, at each of the two services.
const TARGETS_EACH: [usize; 3] = [1, 2, 5];

/// Measures it.
pub(crate) async fn measure() -> Outcome<Table> {
    let mut table = Table::new("Calls to the providers (K targets, half of them at each provider)");
    for source in [At::Google, At::Microsoft] {
        for each in TARGETS_EACH {
            star(&mut table, source, each).await?;
        }
    }
    Ok(table)
}

/// One source with `each` targets at each service.
async fn star(table: &mut Table, at: At, each: usize) -> Outcome<()> {
    let mut field =
        Field::new(clock_from_noon(), &Way { round_trip: Duration::ZERO, sockets: false }).await?;
    let source = field.add_calendar(at).await;
    let mut targets = Vec::new();
    for target in [At::Google, At::Microsoft].into_iter().flat_map(|at| vec![at; each]) {
        targets.push(field.add_calendar(target).await);
    }
    // A calendar that is empty at the first look is read a second time before that is believed.
    for calendar in targets.iter().chain([&source]) {
        let (at, name) = field.name(calendar)?;
        let held = PersonEvent { transparent: true, ..event(&field, "held", 12, None) };
        field.harness(*at).put_event(name, &held).await;
    }
    let links: Vec<_> = targets.iter().map(|target| (source.clone(), target.clone())).collect();
    let engine = field.engine(Arc::new(MemoryStore::new()), &links).await?;
    let mut daemon = Daemon::start(engine).await?;
    let targets_count = u64::try_from(targets.len()).unwrap_or(u64::MAX);
    let single = |hours: i64| event(&field, "single", hours, None);
    let series = |hours: i64| event(&field, "series", hours, Some("FREQ=DAILY;COUNT=3"));
    let steps = [
        ("single event booked", Some(single(24)), 1 + targets_count),
        ("single event moved", Some(single(30)), 1 + targets_count),
        ("series of three booked", Some(series(48)), 2 + targets_count),
        ("nothing changed", None, 1),
    ];
    for (what, event, aim) in steps {
        if let Some(event) = event {
            let (at, name) = field.name(&source)?;
            field.harness(*at).put_event(name, &event).await;
        }
        let calls = after_signal(&field, &mut daemon, &source).await?;
        let what = format!("{at:?}, K = {targets_count}, {what}");
        table.row(what, &calls, &format!("<= {aim}"), calls <= aim);
    }
    daemon.stop().await
}

/// The calls until all is quiet after a signal.
async fn after_signal(field: &Field, daemon: &mut Daemon, source: &CalendarId) -> Outcome<u64> {
    drop(field.take_calls());
    daemon.signal(source).await?;
    daemon.quiet().await?;
    Ok(field.take_calls().values().sum())
}

fn event(field: &Field, uid: &str, hours: i64, rule: Option<&str>) -> PersonEvent {
    let start: chrono::DateTime<Utc> = field.clock.now() + TimeDelta::hours(hours);
    PersonEvent {
        uid: uid.to_owned(),
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        rule: rule.map(str::to_owned),
        transparent: false,
    }
}
