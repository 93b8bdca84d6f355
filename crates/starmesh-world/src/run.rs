//! One seed from start to end, and what came of it.

use std::collections::{BTreeMap, BTreeSet};

use tokio::runtime::Builder;

use crate::bugs;
use crate::layout::Service;
use crate::memory::{Did, FaultKind};
use crate::state::World;
use crate::swarm::{Cut, Feature, Swarm};
use crate::trace::Kept;
use crate::venue::Content;

/// What came of a world.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// Why it failed; `None` when all was well.
    pub failure: Option<String>,
    /// True when sabotage was asked for and done.
    pub damaged: bool,
    /// The hash of everything that happened.
    pub trace: u64,
    /// The lines of the trace, when they were kept.
    pub lines: Vec<String>,
    /// What happened, for a person.
    pub story: Vec<String>,
    /// What the seed enables.
    pub features: BTreeSet<Feature>,
    /// What the seed lets go wrong.
    pub faults: BTreeSet<FaultKind>,
    /// How many rounds it has.
    pub rounds: u32,
    /// How many writes of each kind were made.
    pub writes: BTreeMap<Did, u64>,
    /// The switches of simulated services that are not as they usually are.
    pub truths: Vec<String>,
    /// How often the switches of simulated services made a difference.
    pub met: BTreeMap<String, u64>,
    /// What holds its calendars.
    pub services: Vec<Service>,
    /// How many different events had a mirror placed.
    pub events: u64,
    /// How often each fault struck.
    pub hits: BTreeMap<FaultKind, u64>,
    /// Which situations were reached how often.
    pub sometimes: BTreeMap<&'static str, u64>,
}

/// Damage done to a world after all came right: the comparison has to notice each of them, or it notices
/// nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sabotage {
    /// A mirror vanishes.
    MirrorVanishes,
    /// A mirror stands an hour late.
    MirrorMoves,
    /// A mirror says more than it should.
    MirrorTalks,
    /// A mirror stands twice.
    MirrorDoubles,
    /// A person's event is written.
    PersonWritten,
}

impl Sabotage {
    /// Every kind, in the order above.
    pub const ALL: [Self; 5] = [
        Self::MirrorVanishes,
        Self::MirrorMoves,
        Self::MirrorTalks,
        Self::MirrorDoubles,
        Self::PersonWritten,
    ];
}

/// How a seed is run.
#[derive(Clone, Default, Debug)]
pub struct Request {
    /// The seed.
    pub seed: u64,
    /// What is left out of it.
    pub cut: Cut,
    /// What of its trace is kept.
    pub kept: Kept,
    /// Damage to be done at the end.
    pub sabotage: Option<Sabotage>,
    /// What persons write besides when their events are; nothing else may depend on it.
    pub content: u64,
}

/// Runs one world, on this thread alone, in virtual time.
pub fn run(request: &Request) -> Outcome {
    let swarm = bugs::without(|| Swarm::of(request.seed, &request.cut));
    let (features, faults, rounds) =
        (swarm.features.clone(), swarm.faults.keys().copied().collect(), swarm.rounds);
    let runtime = match Builder::new_current_thread().enable_time().start_paused(true).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return Outcome::without_world(request.seed, format!("no runtime could be built: {error}"));
        }
    };
    runtime.block_on(async {
        let content = Content(request.content);
        let mut world = match World::new(swarm, content, request.kept) {
            Ok(world) => world,
            Err(broken) => return Outcome::without_world(request.seed, broken),
        };
        let failure = world.whole_life(request.sabotage).await.err();
        for device in &mut world.devices {
            device.kill();
        }
        let (trace, lines) = world.universe.trace_so_far();
        let met = world.ground.met();
        let services: Vec<Service> = world.swarm.services.values().copied().collect();
        let hits = world.universe.with_faults(|faults| faults.hits().clone());
        let oracle = world.watcher.oracle();
        Outcome {
            seed: request.seed,
            failure,
            damaged: world.damaged,
            trace,
            lines,
            features,
            faults,
            rounds,
            writes: oracle.writes.clone(),
            truths: world.swarm.truths.told(&services),
            met,
            services,
            events: oracle.events_placed(),
            hits,
            sometimes: oracle.sometimes.clone(),
            story: world.story.clone(),
        }
    })
}

impl World {
    async fn whole_life(&mut self, sabotage: Option<Sabotage>) -> Result<(), String> {
        self.play().await?;
        self.end().await?;
        if let Some(sabotage) = sabotage {
            self.sabotage(sabotage);
            return self.compare("after the sabotage");
        }
        self.take_back().await
    }
}

impl Outcome {
    fn without_world(seed: u64, failure: String) -> Self {
        Self {
            seed,
            failure: Some(failure),
            damaged: false,
            trace: 0,
            lines: Vec::new(),
            story: Vec::new(),
            features: BTreeSet::new(),
            faults: BTreeSet::new(),
            rounds: 0,
            writes: BTreeMap::new(),
            truths: Vec::new(),
            met: BTreeMap::new(),
            services: Vec::new(),
            events: 0,
            hits: BTreeMap::new(),
            sometimes: BTreeMap::new(),
        }
    }
}
