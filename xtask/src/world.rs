//! `world`: the seeded world, built with the bugs that can be planted and run with optimisation.

use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// Which worlds to run. A failing seed is printed and replays exactly with `--seed`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// How many seeds to run.
    #[arg(long, value_name = "N")]
    pub(crate) seeds: Option<u64>,
    /// The first seed; alone, the only one.
    #[arg(long, value_name = "S")]
    pub(crate) seed: Option<u64>,
    /// Plant each known bug in turn and fail unless every one is found.
    #[arg(long)]
    pub(crate) bugs: bool,
}

/// Builds and runs it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    process::run(process::cargo(workspace.root(), words(arguments)))
}

fn words(arguments: &Arguments) -> Vec<String> {
    const BUILD: [&str; 9] = [
        "run",
        "--release",
        "-p",
        "starmesh-sim",
        "--features",
        "planted-bugs",
        "--bin",
        "starmesh-world",
        "--",
    ];
    let mut words = BUILD.map(str::to_owned).to_vec();
    let seeds = arguments.seeds.map(|count| ("--seeds", count));
    let seed = arguments.seed.map(|first| ("--seed", first));
    for (option, value) in seeds.into_iter().chain(seed) {
        words.extend([option.to_owned(), value.to_string()]);
    }
    if arguments.bugs {
        words.push("--bugs".to_owned());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_passed_on_and_nothing_else() {
        let asked = Arguments { seeds: Some(2000), seed: Some(7), bugs: true };
        assert!(words(&asked).ends_with(&["--seeds", "2000", "--seed", "7", "--bugs"].map(str::to_owned)));
        let plain = Arguments { seeds: None, seed: None, bugs: false };
        assert_eq!(words(&plain).last().map(String::as_str), Some("--"));
    }
}
