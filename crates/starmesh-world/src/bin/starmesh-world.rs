//! The seeded world as a program: runs seeds, shrinks and prints what fails, and proves itself with canaries
//! and planted bugs.

use std::process::ExitCode;

use starmesh_core::planted::Bug;
use starmesh_world::{
    Cut, Kept, Outcome, Request, Seeds, TWIN_CONTENT, Terrain, hunt, run, run_canaries, run_seeds, shrink,
};

/// How many seeds run unless told otherwise.
const SEEDS_DEFAULT: u64 = 200;
/// How many threads run worlds unless told otherwise.
const THREADS_DEFAULT: usize = 2;
/// After how many seeds it is told how many are done.
const PROGRESS_EVERY: u64 = 100;
/// How much is printed of a failure that is one of many, or that a planted bug led to.
const FAILURE_CHARS: usize = 150;
/// In how many seeds a planted bug has to be found.
const BUG_SEEDS_MAX: u64 = 10_000;
/// How many lines of a failed world's story are printed.
const STORY_LINES: usize = 60;
/// How many lines are printed before and after the place where a seed and its twin part.
const TWIN_LINES: usize = 12;

const USAGE: &str = "\
The seeded world: the engine against calendars in memory and at the simulated services, with everything going
wrong.

Usage: starmesh-world [--seeds N] [--from S] [--threads N]   many seeds, canaries included
       starmesh-world --seed S [--trace | --bodies] [--shrink]
                                                             one seed, told as a story
       starmesh-world --seed S --twin                        one seed and its twin, and where they part
       starmesh-world --bugs [--bug NAME] [--from S]         plants each known bug, which must be found
       starmesh-world --canary [--from S]                    damages right worlds, which must be noticed

--trace tells every request, and --bodies shows requests and answers whole. With --memory all calendars are in
memory, with --mixed every seed has some at simulated services; else every fourth seed has.";

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Task {
    /// Many seeds, or the one that was asked for.
    #[default]
    Seeds,
    /// One seed and its twin.
    Twin,
    /// Planted bugs.
    Bugs,
    /// Damage to right worlds.
    Canaries,
}

/// What was asked for.
#[derive(Default)]
struct Arguments {
    task: Task,
    seeds: Option<u64>,
    seed: Option<u64>,
    from: Option<u64>,
    threads: Option<usize>,
    bug: Option<String>,
    kept: Kept,
    shrink: bool,
    terrain: Terrain,
}

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(Some(arguments)) => arguments,
        Ok(None) => {
            println!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        Err(problem) => {
            eprintln!("{problem}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    let good = match (arguments.task, arguments.seed) {
        (Task::Twin, _) => twin(arguments.first(), &arguments),
        (Task::Bugs, _) => bugs(&arguments),
        (Task::Canaries, _) => canaries(arguments.first()),
        // With more than one seed asked for, `--seed` is where they begin.
        (Task::Seeds, Some(seed)) if arguments.seeds.is_none() => one(seed, &arguments),
        (Task::Seeds, _) => many(&arguments),
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

impl Arguments {
    /// `None` when all that is asked for is how to ask.
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
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
                "--bugs" => asked.task = Task::Bugs,
                "--canary" => asked.task = Task::Canaries,
                "--trace" => asked.kept = Kept::Lines,
                "--bodies" => asked.kept = Kept::Bodies,
                "--twin" => asked.task = Task::Twin,
                "--memory" => asked.terrain = Terrain::Memory,
                "--shrink" => asked.shrink = true,
                "--mixed" => asked.terrain = Terrain::Mixed,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("{word} is not known")),
            }
        }
        if asked.bug.is_some() {
            asked.task = Task::Bugs;
        }
        Ok(Some(asked))
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
    let outcome = run(&Request { seed, cut, kept: arguments.kept, ..Request::default() });
    let lines = if arguments.kept == Kept::Hash { &outcome.story } else { &outcome.lines };
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

/// A seed beside the twin whose persons write something else: every request has to be the same.
fn twin(seed: u64, arguments: &Arguments) -> bool {
    let cut = Cut { terrain: arguments.terrain, ..Cut::default() };
    let request = Request { seed, cut, kept: Kept::Lines, ..Request::default() };
    let first = run(&request).lines;
    let second = run(&Request { content: TWIN_CONTENT, ..request }).lines;
    let same = first.iter().zip(&second).take_while(|(first, second)| first == second).count();
    if same == first.len() && same == second.len() {
        println!("seed {seed} and its twin leave the same {same} lines");
        return true;
    }
    first.iter().take(same).skip(same.saturating_sub(TWIN_LINES)).for_each(|line| println!("  {line}"));
    first.iter().skip(same).take(TWIN_LINES).for_each(|line| println!("- {line}"));
    second.iter().skip(same).take(TWIN_LINES).for_each(|line| println!("+ {line}"));
    println!("seed {seed}: what persons write shows outside their calendars");
    false
}

fn many(arguments: &Arguments) -> bool {
    if !canaries(arguments.first()) {
        return false;
    }
    let seeds = arguments.seeds(SEEDS_DEFAULT);
    let campaign = run_seeds(&seeds, &|outcome, done| {
        if let Some(failure) = &outcome.failure {
            eprintln!("seed {} FAILED: {}", outcome.seed, first_words(failure));
        }
        if done.is_multiple_of(PROGRESS_EVERY) {
            eprintln!("{done} of {} seeds", seeds.count);
        }
    });
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
    let terrain = match terrain {
        Terrain::Memory => " --memory",
        Terrain::Mixed => " --mixed",
        Terrain::Seeded => "",
    };
    println!("replay: cargo xtask world{terrain} --seed {seed}");
}

fn first_words(failure: &str) -> String {
    failure.lines().next().unwrap_or_default().chars().take(FAILURE_CHARS).collect()
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
            let failure = first_words(outcome.failure.as_deref().unwrap_or_default());
            println!("{:<24} found after {:>4} seeds: {failure}", format!("{bug:?}"), hunt.seeds);
        } else {
            missed += 1;
            println!("{:<24} NOT FOUND in {} seeds", format!("{bug:?}"), hunt.seeds);
        }
    }
    println!("{hunted} bugs planted, {missed} not found");
    hunted > 0 && missed == 0
}
