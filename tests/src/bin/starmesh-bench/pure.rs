//! What is computed without any network, by the criterion benches: planning, reading iCalendar, series.
//!
//! Criterion runs everything several times over, one side after the other each time; of each time a ratio is
//! made, and the medians of these count. So a machine that is busy for a while is so for both sides.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use clap::Args;
use serde_json::Value;
use starmesh_tests::{Failure, Outcome};
use tokio::process::Command;

use crate::table::{Table, median};

/// The benches, each `benches/` of a crate.
const BENCHES: [&str; 4] = ["planning", "recurrence", "busy_time", "one_change"];
/// Criterion's own pace is made for a quiet machine and one look; here several short looks are better.
const PACE: [&str; 5] = ["--noplot", "--warm-up-time", "0.5", "--measurement-time", "1.5"];
/// From nothing to the plan of 380,000 mirrors, in seconds.
const SCRATCH_AIM_S: f64 = 1.0;
/// One changed event of them at all targets, in milliseconds.
const CHANGE_AIM_MS: f64 = 1.0;
/// The most that a change may cost in calendars of 10,000 events, where 1 is its cost in calendars of 100.
const GROWTH_AIM: f64 = 1.2;
/// How often libical's time fits in ours at least.
const LIBICAL_AIM: f64 = 1.0;
/// How often our time fits in that of the crate `rrule` at least.
const RRULE_AIM: f64 = 5.0;

/// How it is measured.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// How often everything is run.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

/// The median time of each bench, in nanoseconds, by group and function.
type Times = BTreeMap<String, f64>;

/// Measures it; the benches are built on the way.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let mut rounds: Vec<Times> = Vec::new();
    for _ in 0..options.rounds {
        rounds.push(round().await?);
    }
    let time = |name: &str| -> Outcome<f64> { Ok(median(all(&rounds, name)?.into_iter())) };
    let ratio = |above: &str, below: &str| -> Outcome<f64> {
        let (above, below) = (all(&rounds, above)?, all(&rounds, below)?);
        Ok(median(above.into_iter().zip(below).map(|(above, below)| above / below)))
    };
    let mut table = Table::new("Without any network (medians)");
    let scratch = time("planning/mesh_from_scratch")? / 1e9;
    let aim = format!("<= {SCRATCH_AIM_S} s");
    table.row("a mesh of 380,000 mirrors", &format!("{scratch:.2} s"), &aim, scratch <= SCRATCH_AIM_S);
    let change = time("planning/one_change")? / 1e6;
    let aim = format!("<= {CHANGE_AIM_MS} ms");
    table.row("one event of it", &format!("{change:.3} ms"), &aim, change <= CHANGE_AIM_MS);
    let from_disk = time("one_change_from_disk/10000")? / 1e6;
    table.fact("the same at one target, from disk, 10,000 events a calendar", &format!("{from_disk:.2} ms"));
    let growth = ratio("one_change_from_disk/10000", "one_change_from_disk/100")?;
    let aim = format!("<= {GROWTH_AIM}");
    table.row("… in shares of 100 events a calendar", &format!("{growth:.2}"), &aim, growth <= GROWTH_AIM);
    let libical = ratio("busy_time/libical", "busy_time/ours")?;
    let aim = format!(">= {LIBICAL_AIM}");
    table.row("iCalendar to busy time, × libical", &format!("{libical:.2}"), &aim, libical >= LIBICAL_AIM);
    for series in ["daily", "weekdays", "second_tuesday", "birthday"] {
        let group = format!("recurrence_{series}");
        let rrule = ratio(&format!("{group}/rrule"), &format!("{group}/ours"))?;
        let what = format!("26 years after its first date, {series}, × rrule");
        table.row(what, &format!("{rrule:.1}"), &format!(">= {RRULE_AIM}"), rrule >= RRULE_AIM);
    }
    Ok(table)
}

/// What the rounds say of one bench.
fn all(rounds: &[Times], name: &str) -> Outcome<Vec<f64>> {
    let times = rounds.iter().map(|times| times.get(name).copied());
    times.collect::<Option<_>>().ok_or_else(|| Failure::new(format!("no bench is called {name}")))
}

async fn round() -> Outcome<Times> {
    let folder = tempfile::Builder::new().prefix("starmesh-criterion-").tempdir()?;
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["bench", "--quiet", "--workspace"]);
    command.args(BENCHES.iter().flat_map(|bench| ["--bench", bench])).arg("--").args(PACE);
    command.env("CRITERION_HOME", folder.path()).kill_on_drop(true);
    let output = command.output().await?;
    if !output.status.success() {
        return Err(Failure::new(format!("cargo bench: {}", String::from_utf8_lossy(&output.stderr))));
    }
    let mut times = Times::new();
    for group in fs::read_dir(folder.path())? {
        let group = group?.path();
        for bench in fs::read_dir(&group)? {
            let bench = bench?.path();
            if let Some(time) = median_of(&bench.join("new").join("estimates.json"))? {
                times.insert(format!("{}/{}", name(&group), name(&bench)), time);
            }
        }
    }
    Ok(times)
}

fn name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What criterion has written of one bench, if it has.
fn median_of(file: &Path) -> Outcome<Option<f64>> {
    if !file.is_file() {
        return Ok(None);
    }
    let estimates: Value = serde_json::from_slice(&fs::read(file)?)?;
    Ok(estimates["median"]["point_estimate"].as_f64())
}
