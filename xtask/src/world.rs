//! `world`: the seeded world, built with the bugs that can be planted.

use std::path::Path;
use std::process::Command;

use crate::judge;
use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// Which worlds to run. A failing seed is printed and replays exactly with `--seed`.
#[derive(clap::Args, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of the command line")]
pub(crate) struct Arguments {
    /// How many seeds to run.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// The first seed; alone, the only one.
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// All calendars in memory. Without this and without `--mixed` every fourth seed has some at simulated
    /// services.
    #[arg(long, conflicts_with = "mixed")]
    pub(crate) memory: bool,
    /// Every seed with calendars at simulated Google, Microsoft and CalDAV services.
    #[arg(long)]
    pub(crate) mixed: bool,
    /// Plant each known bug in turn and fail unless every one is found.
    #[arg(long)]
    pub(crate) bugs: bool,
    /// Build with optimisation: worth it from some ten thousand seeds on.
    #[arg(long)]
    pub(crate) release: bool,
}

/// The program.
const PROGRAM: &str = "starmesh-world";

/// Builds and runs it; the simulators leave their traffic in `traffic`, if given. Over the whole workspace, so
/// that what it stands on is built once for every chore.
pub(crate) fn run(
    workspace: &Workspace,
    arguments: &Arguments,
    traffic: Option<&Path>,
) -> Result<(), Failure> {
    const BUILD: [&str; 6] =
        ["build", "--workspace", "--features", "starmesh-world/planted-bugs", "--bin", PROGRAM];
    let release = arguments.release.then_some("--release");
    process::run(process::cargo(workspace.root(), BUILD.into_iter().chain(release)))?;
    let mut world = Command::new(workspace.program(PROGRAM, arguments.release)?);
    world.args(words(arguments)).current_dir(workspace.root());
    world.envs(traffic.map(|folder| (judge::TRAFFIC_FOLDER, folder)));
    process::run(world)
}

fn words(arguments: &Arguments) -> Vec<String> {
    let seeds = arguments.seeds.map(|count| ("--seeds", count));
    let seed = arguments.seed.map(|first| ("--seed", first));
    let mut words: Vec<String> = seeds
        .into_iter()
        .chain(seed)
        .flat_map(|(option, value)| [option.to_owned(), value.to_string()])
        .collect();
    for (asked, option) in
        [(arguments.memory, "--memory"), (arguments.mixed, "--mixed"), (arguments.bugs, "--bugs")]
    {
        words.extend(asked.then(|| option.to_owned()));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_passed_on_and_nothing_else() {
        let plain = Arguments::default();
        let asked = Arguments { seeds: Some(2000), seed: Some(7), mixed: true, bugs: true, ..plain };
        assert_eq!(words(&asked), ["--seeds", "2000", "--seed", "7", "--mixed", "--bugs"]);
        assert_eq!(words(&plain), Vec::<String>::new());
    }
}
