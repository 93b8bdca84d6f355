//! A first sync at both providers at once: how much of what they grant it uses, and whether they refuse.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use clap::Args;
use serde_json::json;
use starmesh_engine::PlanOptions;
use starmesh_provider::env::Clock as _;
use starmesh_sim::google::QuotaSwitches;
use starmesh_sim::web::Write;
use starmesh_store::MemoryStore;
use starmesh_tests::in_process::clock_from_noon;
use starmesh_tests::{Failure, Outcome};

use crate::field::{At, Field, Way};
use crate::table::Table;

/// How long a request travels.
const ROUND_TRIP: Duration = Duration::from_millis(80);
/// The least share of a budget that is to be used.
const SHARE_AIM: f64 = 0.9;
/// Requests that Microsoft grants an app in a mailbox in ten minutes ("Outlook service limits").
const MICROSOFT_PER_TEN_MINUTES: f64 = 10_000.0;

/// How much there is to sync.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Mirrors to be written at Google; 600 a minute are granted.
    #[arg(long, default_value_t = Self::default().google)]
    google: u32,
    /// Mirrors to be written at Microsoft; 10,000 in ten minutes are granted.
    #[arg(long, default_value_t = Self::default().microsoft)]
    microsoft: u32,
}

impl Default for Options {
    fn default() -> Self {
        Self { google: 3_000, microsoft: 11_000 }
    }
}

/// Measures it.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let mut field = Field::new(clock_from_noon(), &Way { round_trip: ROUND_TRIP, sockets: false }).await?;
    let google = field.add_calendar(At::Google).await;
    let microsoft = field.add_calendar(At::Microsoft).await;
    fill(&field, &google, &microsoft, options)?;
    let links = [(google.clone(), microsoft.clone()), (microsoft, google)];
    let engine = field.engine(Arc::new(MemoryStore::new()), &links).await?;
    field.google.sim.ledger().record_traffic(true);
    field.microsoft.sim.ledger().record_traffic(true);
    let report = engine.settle(&PlanOptions::default()).await?;
    let mut table = Table::new("First sync at both providers at once");
    let wanted = u64::from(options.google) + u64::from(options.microsoft);
    let writes = report.total.writes();
    table.row("busy blocks placed", &writes, &wanted, writes == wanted);
    let google_per_minute =
        f64::from(u32::try_from(QuotaSwitches::default().user_per_minute).unwrap_or(u32::MAX));
    for (name, writes, granted_per_minute) in [
        ("Google", field.google.sim.ledger().writes(), google_per_minute),
        ("Microsoft", field.microsoft.sim.ledger().writes(), MICROSOFT_PER_TEN_MINUTES / 10.0),
    ] {
        let minutes = minutes_of(&writes);
        let count = f64::from(u32::try_from(writes.len()).unwrap_or(u32::MAX));
        let share = count / minutes / granted_per_minute;
        table.fact(format!("{name}, {} writes", writes.len()), &format!("{minutes:.2} min"));
        let aim = format!(">= {SHARE_AIM}");
        table.row(format!("{name}, share of the budget"), &format!("{share:.3}"), &aim, share >= SHARE_AIM);
    }
    for (name, ledger) in [("Google", field.google.sim.ledger()), ("Microsoft", field.microsoft.sim.ledger())]
    {
        let (traffic, dropped) = ledger.traffic();
        let refused = traffic.iter().filter(|exchange| matches!(exchange.status, 403 | 429 | 503)).count();
        table.row(
            format!("{name}, refusals in {} exchanges", traffic.len()),
            &refused,
            &0,
            refused == 0 && dropped == 0,
        );
    }
    Ok(table)
}

/// Events of a person in each calendar, an hour each, one after another.
fn fill(
    field: &Field,
    google: &starmesh_core::ids::CalendarId,
    microsoft: &starmesh_core::ids::CalendarId,
    options: Options,
) -> Outcome<()> {
    let begin = field.clock.now() + TimeDelta::days(1);
    let times = |number: u32| {
        let start = begin + TimeDelta::minutes(20 * i64::from(number));
        let text = |at: chrono::DateTime<chrono::Utc>| at.format("%Y-%m-%dT%H:%M:%S").to_string();
        (text(start), text(start + TimeDelta::hours(1)))
    };
    let (_, name) = field.name(google)?;
    for number in 0..options.microsoft {
        let (start, end) = times(number);
        let at = |time: String| json!({"dateTime": format!("{time}Z"), "timeZone": "UTC"});
        let body = json!({"summary": "A private matter", "start": at(start), "end": at(end)});
        field.google.sim.put_event(name.as_str(), None, &body)?;
    }
    let number_of = field.microsoft.number(&field.name(microsoft)?.1);
    for number in 0..options.google {
        let (start, end) = times(number);
        let at = |time: String| json!({"dateTime": time, "timeZone": "UTC"});
        let body =
            json!({"subject": "A private matter", "start": at(start), "end": at(end), "showAs": "busy"});
        field.microsoft.sim.with(|world| world.put_event(number_of, &body)).map_err(Failure::new)?;
    }
    Ok(())
}

/// From the first write to the last.
fn minutes_of(writes: &[Write]) -> f64 {
    let (Some(first), Some(last)) = (writes.first(), writes.last()) else { return 0.0 };
    (last.at - first.at).as_seconds_f64() / 60.0
}
