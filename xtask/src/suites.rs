//! What `cargo xtask test` runs: the list, in fail-fast order, with a time budget for each.

use std::time::Duration;

use cargo_metadata::{Metadata, TargetKind};

use crate::world;

/// One suite.
pub(crate) struct Suite {
    /// What `--only` takes.
    pub(crate) name: String,
    /// How long it may take on a small machine with a warm build.
    pub(crate) budget: Duration,
    /// Suites without which this one cannot run.
    pub(crate) needs: &'static [&'static str],
    /// What it does.
    pub(crate) work: Work,
}

/// What a suite does.
pub(crate) enum Work {
    /// `cargo xtask setup`.
    Setup,
    /// `cargo xtask tidy`.
    Tidy,
    /// `cargo xtask world`, asked so.
    World(world::Arguments),
    /// The same, its traffic recorded for the judge.
    RecordedWorld(world::Arguments),
    /// `cargo xtask demo`: the whole story once, its traffic recorded.
    Demo,
    /// The judge, over the traffic that other suites recorded.
    Judge,
    /// A script of the window, by npm.
    Window(&'static str),
    /// A Cargo command.
    Cargo(Vec<String>),
    /// A Cargo command whose simulators record their traffic for the judge.
    Recorded(Vec<String>),
    /// A Cargo command whose program need not be there.
    CargoIfInstalled {
        /// The program, as it is found on the search path.
        program: &'static str,
        /// What to say when it is not there.
        otherwise: &'static str,
        /// The command.
        words: Vec<String>,
    },
}

/// The package whose test binaries meet real servers and the real program.
const END_TO_END: &str = "starmesh-tests";

/// Its binaries in the order in which they find mistakes soonest, with their budgets in seconds. One that
/// is not listed runs after these.
const END_TO_END_ORDER: [(&str, u64); 18] = [
    ("servers", 60),
    ("keychain", 60),
    ("recurrence_differential", 120),
    ("caldav_conformance", 150),
    ("google_conformance", 120),
    ("graph_conformance", 120),
    ("google", 120),
    ("graph", 120),
    ("official_clients", 60),
    ("caldav_faults", 120),
    ("web_accounts", 120),
    ("demo", 90),
    ("web_trouble", 240),
    ("bad_input", 180),
    ("guide", 60),
    ("doctor", 180),
    ("end_to_end", 420),
    ("killed", 240),
];

/// The budget of a binary that is not listed, in seconds.
const BUDGET_DEFAULT: u64 = 120;

/// Seeds of the world in CI. Every fourth is at simulated services.
const WORLD_SEEDS: u64 = 1200;
/// Seeds at simulated services whose traffic is judged: over a megabyte each.
const JUDGED_SEEDS: u64 = 12;

/// What the judge needs to have been recorded; whatever else was is judged as well.
const JUDGED: [&str; 10] = [
    "setup",
    "build",
    "google_conformance",
    "graph_conformance",
    "google",
    "graph",
    "official_clients",
    "web_accounts",
    "demo",
    "world_judged",
];

/// Every suite, in the order in which they run.
pub(crate) fn all(metadata: &Metadata) -> Vec<Suite> {
    // Not recorded: the simulators' own tests send them what is illegal, on purpose.
    let unit = nextest(&format!("not (package({END_TO_END}) & kind(test))"));
    let mut suites = vec![
        // On a fresh machine; later it is instant.
        suite("setup", 240, &[], Work::Setup),
        suite("fmt", 15, &[], cargo(&["fmt", "--all", "--check"])),
        suite("tidy", 15, &[], Work::Tidy),
        suite("deny", 30, &[], deny()),
        suite("clippy", 300, &[], cargo(&["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"])),
        // Programs and tests in one go: apart, they would be built with different features, twice.
        suite("build", 600, &[], cargo(&["build", "--workspace", "--bins", "--tests"])),
        suite("unit", 120, &["setup"], Work::Cargo(unit)),
        // Our own crates once more, with the feature that nothing else turns on.
        suite("bindings", 300, &[], cargo(&["xtask", "bindings", "--check"])),
        suite("window_types", 60, &["setup"], Work::Window("check")),
        suite("window_unit", 60, &["setup"], Work::Window("test")),
        suite("window_build", 60, &["setup"], Work::Window("build")),
        suite("window_browser", 300, &["setup"], Work::Window("test:browser")),
    ];
    suites.extend(end_to_end(metadata));
    let asked = world::Arguments::default();
    let seeds = world::Arguments { seeds: Some(WORLD_SEEDS), ..asked };
    let judged = world::Arguments { seeds: Some(JUDGED_SEEDS), mixed: true, ..asked };
    let bugs = world::Arguments { bugs: true, memory: true, ..asked };
    suites.extend([
        suite("doc", 120, &[], cargo(&["test", "--doc", "--workspace"])),
        suite("world", 300, &[], Work::World(seeds)),
        suite("world_judged", 60, &[], Work::RecordedWorld(judged)),
        suite("bugs", 300, &[], Work::World(bugs)),
        suite("demo", 60, &[], Work::Demo),
        suite("judge", 60, &JUDGED, Work::Judge),
    ]);
    suites
}

fn suite(name: &str, seconds: u64, needs: &'static [&'static str], work: Work) -> Suite {
    Suite { name: name.to_owned(), budget: Duration::from_secs(seconds), needs, work }
}

fn cargo(words: &[&str]) -> Work {
    Work::Cargo(words.iter().copied().map(str::to_owned).collect())
}

/// Always over the whole workspace, so that a selection is built with the same features as everything.
fn nextest(filter: &str) -> Vec<String> {
    ["nextest", "run", "--workspace", "-E", filter].map(str::to_owned).to_vec()
}

/// Known vulnerabilities are left to the scheduled job of CI: their list changes from day to day, and a
/// build that passed yesterday should pass today.
fn deny() -> Work {
    Work::CargoIfInstalled {
        program: "cargo-deny",
        otherwise: "cargo-deny is not installed (`cargo install --locked cargo-deny`)",
        words: ["deny", "check", "bans", "licenses", "sources"].map(str::to_owned).to_vec(),
    }
}

fn end_to_end(metadata: &Metadata) -> Vec<Suite> {
    let targets =
        metadata.packages.iter().filter(|it| it.name.as_str() == END_TO_END).flat_map(|it| &it.targets);
    let tests = targets.filter(|it| it.kind.contains(&TargetKind::Test));
    in_order(tests.map(|it| it.name.clone()).collect())
        .into_iter()
        .map(|(name, seconds)| {
            let work = Work::Recorded(nextest(&format!("binary_id({END_TO_END}::{name})")));
            suite(&name, seconds, &["setup", "build"], work)
        })
        .collect()
}

fn in_order(mut names: Vec<String>) -> Vec<(String, u64)> {
    let place = |name: &String| END_TO_END_ORDER.iter().position(|(known, _)| known == name);
    names.sort_by_key(|name| (place(name).unwrap_or(usize::MAX), name.clone()));
    let budget = |name: &String| place(name).map_or(BUDGET_DEFAULT, |at| END_TO_END_ORDER[at].1);
    names.into_iter().map(|name| (budget(&name), name)).map(|(seconds, name)| (name, seconds)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        in_order(names.iter().copied().map(str::to_owned).collect()).into_iter().map(|it| it.0).collect()
    }

    #[test]
    fn the_judge_needs_suites_that_there_are() {
        let others = ["setup", "build", "world_judged"];
        let listed: Vec<_> = END_TO_END_ORDER.iter().map(|(name, _)| *name).chain(others).collect();
        for name in JUDGED {
            assert!(listed.contains(&name), "{name}");
        }
    }

    #[test]
    fn binaries_run_in_the_order_in_which_they_find_mistakes() {
        assert_eq!(names(&["killed", "end_to_end", "servers"]), ["servers", "end_to_end", "killed"]);
    }

    #[test]
    fn a_binary_that_nobody_listed_runs_last_with_the_default_budget() {
        assert_eq!(names(&["zebra", "ant", "killed"]), ["killed", "ant", "zebra"]);
        assert_eq!(in_order(names(&["zebra"])), [("zebra".to_owned(), BUDGET_DEFAULT)]);
    }
}
