//! `test`: every suite in order, a table of times at the end.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{env, fs, io};

use crate::process::{self, Failure};
use crate::setup::{self, Purpose};
use crate::suites::{self, Suite, Work};
use crate::workspace::Workspace;
use crate::{demo, judge, npm, tidy, world};

/// The seed from which proptest draws the cases of our laws, so that a red run is a property of the commit
/// and not luck. Another one in the environment, and `PROPTEST_CASES`, look for more.
const LAW_SEED: (&str, &str) = ("PROPTEST_RNG_SEED", "1");

/// Which suites to run, and how.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Run only this suite and what it needs (may be repeated).
    #[arg(long, value_name = "NAME")]
    only: Vec<String>,
    /// Show the suites with their budgets and stop.
    #[arg(long)]
    list: bool,
    /// Go on after a failure.
    #[arg(long)]
    keep_going: bool,
}

/// How a suite ended.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    Passed,
    Failed(String),
    Skipped(&'static str),
    /// A suite before it failed.
    NotRun,
}

struct Report {
    name: String,
    budget: Duration,
    took: Duration,
    outcome: Outcome,
}

/// Runs the suites; a failure when one fails.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    let suites = chosen(suites::all(&workspace.metadata()?), &arguments.only)?;
    if arguments.list {
        for suite in suites {
            println!("{:<14} {:>8}", suite.name, seconds(suite.budget));
        }
        return Ok(());
    }
    let judged = suites.iter().any(|suite| matches!(suite.work, Work::Judge));
    let traffic = if judged { Some(empty_traffic(workspace)?) } else { None };
    let mut reports: Vec<Report> = Vec::new();
    for suite in suites {
        let stopped = !arguments.keep_going && reports.iter().any(Report::is_failed);
        let (outcome, took) = if stopped {
            (Outcome::NotRun, Duration::ZERO)
        } else {
            println!("\n── {} (budget {})", suite.name, seconds(suite.budget));
            timed(|| perform(workspace, &suite.work, traffic.as_deref()))
        };
        if let Outcome::Failed(why) = &outcome {
            eprintln!("error: {}: {why}", suite.name);
        }
        reports.push(Report { name: suite.name, budget: suite.budget, took, outcome });
    }
    print!("\n{}", table(&reports));
    let failed: Vec<_> = reports.iter().filter(|it| it.is_failed()).map(|it| it.name.as_str()).collect();
    if failed.is_empty() { Ok(()) } else { Err(Failure::new(format!("failed: {}", failed.join(", ")))) }
}

/// The suites named in `only` and those they need, in the order of `all`; all when none is named.
fn chosen(all: Vec<Suite>, only: &[String]) -> Result<Vec<Suite>, Failure> {
    if only.is_empty() {
        return Ok(all);
    }
    let mut wanted = BTreeSet::new();
    for name in only {
        let suite = all.iter().find(|suite| suite.name == *name).ok_or_else(|| {
            let names: Vec<_> = all.iter().map(|suite| suite.name.as_str()).collect();
            Failure::new(format!("there is no suite {name}")).hint(format!("one of {}", names.join(", ")))
        })?;
        wanted.extend(suite.needs.iter().copied().map(str::to_owned));
        wanted.insert(name.clone());
    }
    Ok(all.into_iter().filter(|suite| wanted.contains(&suite.name)).collect())
}

#[expect(clippy::disallowed_methods, reason = "the time that people wait is measured, nothing depends on it")]
fn timed(work: impl FnOnce() -> Outcome) -> (Outcome, Duration) {
    let start = Instant::now();
    (work(), start.elapsed())
}

/// The folder for the traffic of this run, with nothing of an earlier one in it.
fn empty_traffic(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let folder = workspace.metadata()?.target_directory.into_std_path_buf().join("traffic");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Failure::new(format!("{} cannot be emptied: {error}", folder.display())))
        }
        _ => Ok(folder),
    }
}

/// Does a suite's work; what is recorded goes into `traffic`, where there is somebody to judge it.
fn perform(workspace: &Workspace, work: &Work, traffic: Option<&Path>) -> Outcome {
    let cargo = |words: &[String], traffic: Option<&Path>| {
        let mut command = process::cargo(workspace.root(), words);
        command.envs(traffic.map(|folder| (judge::TRAFFIC_FOLDER, folder)));
        if env::var_os(LAW_SEED.0).is_none() {
            command.env(LAW_SEED.0, LAW_SEED.1);
        }
        process::run(command)
    };
    let result = match work {
        Work::Setup => setup::run(workspace, Purpose::Test),
        Work::Tidy => tidy::run(workspace),
        Work::World(asked) => world::run(workspace, asked, None),
        Work::RecordedWorld(asked) => world::run(workspace, asked, traffic),
        Work::Demo => demo::run(workspace, &demo::Arguments { rest: Vec::new() }, traffic),
        Work::Judge => traffic
            .ok_or_else(|| Failure::new("nothing was recorded"))
            .and_then(|traffic| judge::run(workspace, traffic)),
        Work::Window(script) => {
            let mut npm = npm::command(&workspace.root().join(setup::WINDOW));
            npm.args(["run", "--silent", script]);
            process::run(npm)
        }
        Work::Cargo(words) => cargo(words, None),
        Work::Recorded(words) => cargo(words, traffic),
        Work::CargoIfInstalled { program, otherwise, words } => {
            if process::find(program).is_none() {
                return Outcome::Skipped(otherwise);
            }
            cargo(words, None)
        }
    };
    result.map_or_else(|failure| Outcome::Failed(failure.to_string()), |()| Outcome::Passed)
}

impl Report {
    fn is_failed(&self) -> bool {
        matches!(self.outcome, Outcome::Failed(_))
    }

    fn line(&self) -> String {
        let took = match self.outcome {
            Outcome::NotRun | Outcome::Skipped(_) => "-".to_owned(),
            Outcome::Passed | Outcome::Failed(_) => seconds(self.took),
        };
        let outcome = match &self.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(_) => "FAILED".to_owned(),
            Outcome::Skipped(why) => format!("skipped: {why}"),
            Outcome::NotRun => "not run".to_owned(),
        };
        format!("{:<14} {:>8} {took:>8}  {outcome}", self.name, seconds(self.budget))
    }
}

/// Budget and time of every suite, a warning for each that took too long, and the count as last line.
fn table(reports: &[Report]) -> String {
    let mut lines = vec![format!("{:<14} {:>8} {:>8}", "suite", "budget", "took")];
    lines.extend(reports.iter().map(Report::line));
    let slow = reports.iter().filter(|report| report.took > report.budget);
    lines.extend(slow.map(|it| {
        format!("warning: {} took {}, its budget is {}", it.name, seconds(it.took), seconds(it.budget))
    }));
    let passed = reports.iter().filter(|report| report.outcome == Outcome::Passed).count();
    let failed = reports.iter().filter(|report| report.is_failed()).count();
    lines.push(format!("{passed} passed, {failed} failed\n"));
    lines.join("\n")
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(name: &str, needs: &'static [&'static str]) -> Suite {
        Suite { name: name.to_owned(), budget: Duration::from_secs(1), needs, work: Work::Tidy }
    }

    fn report(name: &str, took: u64, outcome: Outcome) -> Report {
        let (budget, took) = (Duration::from_secs(10), Duration::from_secs(took));
        Report { name: name.to_owned(), budget, took, outcome }
    }

    fn names(suites: &[Suite]) -> Vec<&str> {
        suites.iter().map(|suite| suite.name.as_str()).collect()
    }

    #[test]
    fn a_suite_brings_what_it_needs_in_the_order_of_the_list() {
        let all = || vec![suite("setup", &[]), suite("fmt", &[]), suite("e2e", &["setup"])];
        assert_eq!(names(&chosen(all(), &["e2e".to_owned()]).unwrap()), ["setup", "e2e"]);
        assert_eq!(names(&chosen(all(), &[]).unwrap()), ["setup", "fmt", "e2e"]);
    }

    #[test]
    fn an_unknown_suite_is_named_with_the_known_ones() {
        let Err(failure) = chosen(vec![suite("fmt", &[])], &["format".to_owned()]) else {
            panic!("an unknown suite was taken");
        };
        assert_eq!(failure.to_string(), "there is no suite format\nhint: one of fmt");
    }

    #[test]
    fn the_table_ends_with_the_count_and_warns_of_slow_suites() {
        let reports = [
            report("fmt", 2, Outcome::Passed),
            report("unit", 12, Outcome::Passed),
            report("deny", 0, Outcome::Skipped("not installed")),
            report("e2e", 3, Outcome::Failed("exit status: 1".to_owned())),
            report("demo", 0, Outcome::NotRun),
        ];
        let expected = "\
suite            budget     took
fmt              10.0 s    2.0 s  passed
unit             10.0 s   12.0 s  passed
deny             10.0 s        -  skipped: not installed
e2e              10.0 s    3.0 s  FAILED
demo             10.0 s        -  not run
warning: unit took 12.0 s, its budget is 10.0 s
2 passed, 1 failed
";
        assert_eq!(table(&reports), expected);
    }
}
