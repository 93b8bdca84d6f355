//! Many seeds: on several threads, one world on each, with replay checks, shrinking, canaries and planted
//! bugs.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use starmesh_core::planted::Bug;

use crate::bugs;
use crate::memory::FaultKind;
use crate::run::{Outcome, Request, Sabotage, run};
use crate::swarm::{Cut, Feature, Terrain};
use crate::tally::Tally;

/// Every so many seeds one is run twice, the second time as its own twin, and must leave the same trace.
const REPLAY_EVERY: u64 = 20;
/// What the persons of a twin write.
pub const TWIN_CONTENT: u64 = 4_711;
/// After this many failures a campaign stops: they have one cause more often than not.
pub const FAILURES_MAX: usize = 5;
/// How many seeds a canary may pass over before one of them offers something to damage.
const CANARY_SEEDS_MAX: u64 = 20;

/// What a campaign found.
#[derive(Default, Debug)]
pub struct Campaign {
    /// What the worlds did.
    pub tally: Tally,
    /// The worlds that failed, by seed, at most [`FAILURES_MAX`] and one more for each thread.
    pub failures: Vec<Outcome>,
    /// How many seeds were run twice.
    pub replayed: u64,
}

/// Which seeds are run, and how.
#[derive(Clone, Copy, Debug)]
pub struct Seeds {
    /// The first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// How many threads run them.
    pub threads: usize,
    /// Which services their calendars are at.
    pub terrain: Terrain,
}

/// Runs seeds; `told` hears of each that is done, and how many there were so far.
pub fn run_seeds(seeds: &Seeds, told: &(dyn Fn(&Outcome, u64) + Sync)) -> Campaign {
    run_until(seeds, None, FAILURES_MAX, told)
}

/// Runs seeds with `bug` planted, if given, until so many have failed.
fn run_until(
    seeds: &Seeds,
    bug: Option<Bug>,
    failures_max: usize,
    told: &(dyn Fn(&Outcome, u64) + Sync),
) -> Campaign {
    let &Seeds { first, count, threads, terrain } = seeds;
    let next = AtomicU64::new(first);
    let enough = AtomicBool::new(false);
    let found = Mutex::new(Campaign::default());
    thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                bugs::with(bug, || {
                    while !enough.load(Ordering::Relaxed) {
                        let seed = next.fetch_add(1, Ordering::Relaxed);
                        if seed >= first.saturating_add(count) {
                            break;
                        }
                        let (outcome, replayed) = run_checked(seed, terrain, bug.is_none());
                        let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
                        found.tally.add(&outcome);
                        told(&outcome, found.tally.seeds);
                        found.replayed += u64::from(replayed);
                        if outcome.failure.is_some() {
                            found.failures.push(outcome);
                            enough.fetch_or(found.failures.len() >= failures_max, Ordering::Relaxed);
                        }
                    }
                });
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    found.failures.sort_by_key(|outcome| outcome.seed);
    found
}

/// Runs a seed, now and then twice.
fn run_checked(seed: u64, terrain: Terrain, replays: bool) -> (Outcome, bool) {
    let cut = Cut { terrain, ..Cut::default() };
    let request = Request { seed, cut, ..Request::default() };
    let mut outcome = run(&request);
    let replays = replays && seed.is_multiple_of(REPLAY_EVERY);
    if replays && outcome.failure.is_none() {
        // A twin whose persons write something else besides when their events are: every request must be the
        // same, byte by byte, and so must all that follows from the answers.
        let twin = run(&Request { content: TWIN_CONTENT, ..request.clone() });
        if twin.trace != outcome.trace {
            let replays = run(&request).trace == outcome.trace;
            outcome.failure = Some(if replays {
                "what persons write shows outside their calendars: a twin left a different trace".to_owned()
            } else {
                "the seed does not replay: two runs left different traces".to_owned()
            });
        }
    }
    (outcome, replays)
}

/// Leaves out of a failing seed what its failure does not need, and gives the smaller failure.
pub fn shrink(failed: &Outcome, terrain: Terrain) -> (Cut, Outcome) {
    let mut cut = Cut { terrain, ..Cut::default() };
    let mut smallest = failed.clone();
    let mut attempt = |cut: &mut Cut, change: &dyn Fn(&mut Cut)| {
        let mut smaller = cut.clone();
        change(&mut smaller);
        let outcome = run(&Request { seed: failed.seed, cut: smaller.clone(), ..Request::default() });
        if outcome.failure.is_some() {
            *cut = smaller;
            smallest = outcome;
        }
    };
    for rounds in 0..failed.rounds {
        if cut.rounds.is_none() {
            attempt(&mut cut, &|cut| cut.rounds = Some(rounds));
        }
    }
    for kind in FaultKind::ALL.into_iter().filter(|kind| failed.faults.contains(kind)) {
        attempt(&mut cut, &|cut| cut.faults.extend([kind]));
    }
    for feature in Feature::ALL.into_iter().filter(|feature| failed.features.contains(feature)) {
        attempt(&mut cut, &|cut| cut.features.extend([feature]));
    }
    for truth in &failed.truths {
        let name = truth.split(':').next().unwrap_or_default();
        attempt(&mut cut, &|cut| cut.truths.extend([name.to_owned()]));
    }
    (cut, smallest)
}

/// Damages worlds that are right; gives the kinds of damage that the oracle did not notice.
pub fn run_canaries(first: u64) -> Vec<Sabotage> {
    let is_noticed = |sabotage: Sabotage| {
        let seeds = first..first.saturating_add(CANARY_SEEDS_MAX);
        let damaged = seeds
            .map(|seed| run(&Request { seed, sabotage: Some(sabotage), ..Request::default() }))
            .find(|outcome| outcome.damaged);
        damaged.is_some_and(|outcome| outcome.failure.is_some())
    };
    Sabotage::ALL.into_iter().filter(|sabotage| !is_noticed(*sabotage)).collect()
}

/// How a planted bug fared.
#[derive(Debug)]
pub struct Hunt {
    /// The bug.
    pub bug: Bug,
    /// How many seeds were run.
    pub seeds: u64,
    /// The first failure; `None` when the bug was not found.
    pub found: Option<Outcome>,
}

/// Plants a bug and looks for it in `seeds`.
pub fn hunt(bug: Bug, seeds: &Seeds) -> Hunt {
    let campaign = run_until(seeds, Some(bug), 1, &|_, _| {});
    let found = campaign.failures.into_iter().next();
    let run = found.as_ref().map_or(campaign.tally.seeds, |outcome| outcome.seed - seeds.first + 1);
    Hunt { bug, seeds: run, found }
}
