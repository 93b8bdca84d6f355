//! The seeded world as a program: runs seeds, shrinks and prints what fails, and proves itself with canaries
//! and planted bugs.

use std::process::ExitCode;

use starmesh_core::planted::Bug;
use starmesh_world::{Cut, Outcome, Request, Seeds, Terrain, hunt, run, run_canaries, run_seeds, shrink};

/// How many seeds run unless told otherwise.
const SEEDS_DEFAULT: u64 = 200;
/// How many threads run worlds unless told otherwise.
const THREADS_DEFAULT: usize = 2;
/// In how many seeds a planted bug has to be found.
const BUG_SEEDS_MAX: u64 = 10_000;
/// How many lines of a failed world's story are printed.
const STORY_LINES: usize = 60;

const USAGE: &str = "\
The seeded world: the engine against in-memory calendars with everything going wrong.

Usage: starmesh-world [--seeds N] [--from S] [--threads N]   many seeds, canaries included
       starmesh-world --seed S [--trace] [--shrink]          one seed, told as a story
       starmesh-world --bugs [--bug NAME] [--from S]         plants each known bug, which must be found
       starmesh-world --canary [--from S]                    damages right worlds, which must be noticed

With --memory all calendars are in memory, with --mixed every seed has some at simulated services; else every
fourth seed has.";

/// What was asked for.
#[derive(Default)]
struct Arguments {
    seeds: Option<u64>,
    seed: Option<u64>,
    from: Option<u64>,
    threads: Option<usize>,
    bugs: bool,
    bug: Option<String>,
    canary: bool,
    trace: bool,
    shrink: bool,
    terrain: Terrain,
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let good = match arguments.seed {
        // With more than one seed asked for, `--seed` is where they begin.
        Some(seed) if arguments.seeds.is_none() && !arguments.bugs && !arguments.canary => {
            one(seed, &arguments)
        }
        _ if arguments.bugs => bugs(&arguments),
        _ if arguments.canary => canaries(arguments.first()),
        _ => many(&arguments),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        fn value<T: std::str::FromStr>(word: &str, given: Option<String>) -> Result<Option<T>, String> {
            let given = given.ok_or_else(|| format!("{word} needs a value"))?;
            given.parse().map(Some).map_err(|_| format!("{word} cannot be {given}"))
        }
        let mut asked = Self::default();
        while let Some(word) = words.next() {
            match word.as_str() {
                "--seeds" => asked.seeds = value(&word, words.next())?,
                "--seed" => asked.seed = value(&word, words.next())?,
                "--from" => asked.from = value(&word, words.next())?,
                "--threads" => asked.threads = value(&word, words.next())?,
                "--bug" => asked.bug = value(&word, words.next())?,
                "--bugs" => asked.bugs = true,
                "--canary" => asked.canary = true,
                "--trace" => asked.trace = true,
                "--memory" => asked.terrain = Terrain::Memory,
                "--shrink" => asked.shrink = true,
                "--mixed" => asked.terrain = Terrain::Mixed,
                _ => return Err(format!("{word} is not known")),
            }
        }
        asked.bugs |= asked.bug.is_some();
        Ok(asked)
    }

    fn first(&self) -> u64 {
        self.from.or(self.seed).unwrap_or(1)
    }

    fn seeds(&self, default: u64) -> Seeds {
        Seeds {
            first: self.first(),
            count: self.seeds.unwrap_or(default),
            threads: self.threads.unwrap_or(THREADS_DEFAULT),
            terrain: self.terrain,
        }
    }
}

fn one(seed: u64, arguments: &Arguments) -> bool {
    let cut = Cut { terrain: arguments.terrain, ..Cut::default() };
    let outcome = run(&Request { seed, cut, keep_lines: arguments.trace, ..Request::default() });
    let lines = if arguments.trace { &outcome.lines } else { &outcome.story };
    lines.iter().for_each(|line| println!("{line}"));
    println!(
        "services: {:?}\ntruths: {}\nfeatures: {:?}\nfaults: {:?}",
        outcome.services,
        outcome.truths.join(", "),
        outcome.features,
        outcome.faults
    );
    match &outcome.failure {
        Some(_) if arguments.shrink => report(&outcome, arguments.terrain),
        Some(failure) => println!("seed {seed} FAILED: {failure}"),
        None => println!("seed {seed} holds; trace {:016x}", outcome.trace),
    }
    outcome.failure.is_none()
}

fn many(arguments: &Arguments) -> bool {
    if !canaries(arguments.first()) {
        return false;
    }
    let campaign = run_seeds(&arguments.seeds(SEEDS_DEFAULT));
    println!("{}", campaign.tally);
    println!("{} seeds were run twice and left the same trace", campaign.replayed);
    if let Some(failed) = campaign.failures.first() {
        report(failed, arguments.terrain);
        let others: Vec<u64> = campaign.failures.iter().skip(1).map(|failed| failed.seed).collect();
        println!("other seeds that failed: {others:?}");
        return false;
    }
    let thin = campaign.tally.thin_spots();
    thin.iter().for_each(|spot| println!("the workload is thin: {spot}"));
    thin.is_empty()
}

fn report(failed: &Outcome, terrain: Terrain) {
    let (cut, smallest) = shrink(failed, terrain);
    let seed = failed.seed;
    println!("seed {seed} FAILED: {}", failed.failure.as_deref().unwrap_or_default());
    println!("it still fails with rounds: {:?}, without features: {:?}", cut.rounds, cut.features);
    println!("  and without faults: {:?}", cut.faults);
    println!("  and with these truths alone: {}", smallest.truths.join(", "));
    println!("smallest: {}", smallest.failure.as_deref().unwrap_or_default());
    let skipped = smallest.story.len().saturating_sub(STORY_LINES);
    println!("its story{}:", if skipped > 0 { format!(", less {skipped} lines") } else { String::new() });
    smallest.story.iter().skip(skipped).for_each(|line| println!("  {line}"));
    println!("replay: cargo xtask world --seed {seed}");
}

fn canaries(first: u64) -> bool {
    let unnoticed = run_canaries(first);
    for sabotage in &unnoticed {
        println!("the harness is broken: the oracle does not notice {sabotage:?}");
    }
    if unnoticed.is_empty() {
        println!("canaries: every damage was noticed");
    }
    unnoticed.is_empty()
}

/// Where a bug shows: most of the engine's are found soonest in memory, an adapter's with its service only.
fn terrain_of(bug: Bug) -> Terrain {
    if bug <= Bug::NoBrake { Terrain::Memory } else { Terrain::Mixed }
}

fn bugs(arguments: &Arguments) -> bool {
    if !cfg!(feature = "planted-bugs") {
        println!("bugs can be planted only in a build with the feature planted-bugs");
        return false;
    }
    let chosen = Bug::ALL.into_iter().filter(|bug| {
        let named = arguments.bug.as_ref().is_none_or(|name| name.eq_ignore_ascii_case(&format!("{bug:?}")));
        // With a terrain only the bugs that show there.
        named && (arguments.terrain == Terrain::Seeded || arguments.terrain == terrain_of(*bug))
    });
    let mut missed = 0;
    let mut hunted = 0;
    for bug in chosen {
        let hunt = hunt(bug, &Seeds { terrain: terrain_of(bug), ..arguments.seeds(BUG_SEEDS_MAX) });
        hunted += 1;
        if let Some(outcome) = &hunt.found {
            let failure = outcome.failure.as_deref().unwrap_or_default();
            let failure = failure.lines().next().unwrap_or_default();
            println!("{:<24} found after {:>4} seeds: {failure}", format!("{bug:?}"), hunt.seeds);
        } else {
            missed += 1;
            println!("{:<24} NOT FOUND in {} seeds", format!("{bug:?}"), hunt.seeds);
        }
    }
    println!("{hunted} bugs planted, {missed} not found");
    hunted > 0 && missed == 0
}
