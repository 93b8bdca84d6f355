//! What many worlds did together, and whether that was enough to prove anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::layout::Service;
use crate::memory::{Did, FaultKind};
use crate::run::Outcome;
use crate::swarm::Feature;
use crate::switches::{countable, expected, met_by};

/// From this many seeds on, every fault and situation must have been reached.
const SEEDS_ENOUGH: u64 = 2_000;
/// The share of seeds that must sync at least two events, in percent.
const BUSY_PERCENT_MIN: u64 = 90;
/// The fewest seeds of which a share says anything: rules leave some with next to nothing to mirror.
const BUSY_SEEDS_MIN: u64 = 50;
/// The situation in which the brake has something to hold.
pub(crate) const MANY_DELETED: &str = "many events were deleted at once";
/// Situations that worlds must reach.
pub const SOMETIMES: [&str; 28] = [
    "a database was damaged",
    "a duplicate was removed",
    "a group was added",
    "a group was removed",
    "a link was paused",
    "a link was resumed",
    "a mirror came back from the bin",
    "a mirror was copied",
    "a mirror was deleted by hand",
    "a mirror was edited by hand",
    "a retiring link's mirror was removed",
    "a store was lost",
    "an engine died at some await",
    "an engine was killed",
    "an item became unreadable, or readable again",
    "another installation's mirror was there",
    "days went by",
    MANY_DELETED,
    "narrowing was approved",
    "one meeting was in two calendars",
    "others were invited to a mirror",
    "the brake held removals",
    "the power failed",
    "the window was narrowed",
    "two devices had different groups",
    "two resources had one UID",
    "what was configured was taken back",
    "what was taken back was made again",
];

/// What many worlds did together.
#[derive(Clone, Default, Debug)]
pub struct Tally {
    /// How many seeds ran.
    pub seeds: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How many had calendars at simulated services.
    mixed: u64,
    busy: u64,
    struck: u64,
    events: u64,
    writes: BTreeMap<Did, u64>,
    hits: BTreeMap<FaultKind, (u64, u64)>,
    sometimes: BTreeMap<&'static str, (u64, u64)>,
    features: BTreeMap<Feature, u64>,
    services: BTreeMap<Service, u64>,
    met: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    /// Adds what one seed did.
    pub fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.failed += u64::from(outcome.failure.is_some());
        self.mixed += u64::from(outcome.services.iter().any(|service| *service != Service::Memory));
        self.busy += u64::from(outcome.events >= 2);
        self.struck += u64::from(!outcome.hits.is_empty());
        self.events += outcome.events;
        for (did, count) in &outcome.writes {
            *self.writes.entry(*did).or_default() += count;
        }
        for (kind, count) in &outcome.hits {
            let hits = self.hits.entry(*kind).or_default();
            *hits = (hits.0 + 1, hits.1 + count);
        }
        for (situation, count) in &outcome.sometimes {
            let reached = self.sometimes.entry(situation).or_default();
            *reached = (reached.0 + 1, reached.1 + count);
        }
        for service in outcome.services.iter().collect::<BTreeSet<_>>() {
            *self.services.entry(*service).or_default() += 1;
        }
        for (name, count) in &outcome.met {
            let met = self.met.entry(name.clone()).or_default();
            *met = (met.0 + 1, met.1 + count);
        }
        for feature in &outcome.features {
            *self.features.entry(*feature).or_default() += 1;
        }
    }

    /// Adds another tally.
    pub fn merge(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.failed += other.failed;
        self.mixed += other.mixed;
        self.busy += other.busy;
        self.struck += other.struck;
        self.events += other.events;
        for (did, count) in &other.writes {
            *self.writes.entry(*did).or_default() += count;
        }
        for (service, count) in &other.services {
            *self.services.entry(*service).or_default() += count;
        }
        for (name, (seeds, count)) in &other.met {
            let met = self.met.entry(name.clone()).or_default();
            *met = (met.0 + seeds, met.1 + count);
        }
        for (feature, count) in &other.features {
            *self.features.entry(*feature).or_default() += count;
        }
        for (kind, (seeds, count)) in &other.hits {
            let hits = self.hits.entry(*kind).or_default();
            *hits = (hits.0 + seeds, hits.1 + count);
        }
        for (situation, (seeds, count)) in &other.sometimes {
            let reached = self.sometimes.entry(situation).or_default();
            *reached = (reached.0 + seeds, reached.1 + count);
        }
    }

    /// Why the workload is too thin to prove anything.
    pub fn thin_spots(&self) -> Vec<String> {
        let mut thin = Vec::new();
        if self.seeds >= BUSY_SEEDS_MIN && self.busy * 100 < self.seeds * BUSY_PERCENT_MIN {
            thin.push(format!("only {} of {} seeds mirrored two events or more", self.busy, self.seeds));
        }
        if self.seeds >= SEEDS_ENOUGH {
            let missed = FaultKind::ALL.into_iter().filter(|kind| !self.hits.contains_key(kind));
            thin.extend(missed.map(|kind| format!("the fault {kind:?} never struck")));
            let missed = SOMETIMES.into_iter().filter(|situation| !self.sometimes.contains_key(situation));
            thin.extend(missed.map(|situation| format!("never: {situation}")));
        }
        if self.mixed >= SEEDS_ENOUGH {
            let missed = expected().into_iter().filter(|name| !self.met.contains_key(name));
            thin.extend(missed.map(|name| format!("the switch {name} was never met")));
        }
        thin
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let per_seed = |count: u64| {
            let tenths = (count * 10).checked_div(self.seeds).unwrap_or(0);
            format!("{}.{}", tenths / 10, tenths % 10)
        };
        writeln!(
            f,
            "{} seeds, {} failed; {} mirrored two events or more, {} met a fault",
            self.seeds, self.failed, self.busy, self.struck
        )?;
        write!(f, "per seed: {} events mirrored", per_seed(self.events))?;
        for (did, count) in &self.writes {
            write!(f, ", {} {did:?}", per_seed(*count))?;
        }
        writeln!(f, "\nfaults (seeds, times):")?;
        for kind in FaultKind::ALL {
            let (seeds, times) = self.hits.get(&kind).copied().unwrap_or_default();
            writeln!(f, "  {:<18} {seeds:>6} {times:>8}", format!("{kind:?}"))?;
        }
        writeln!(f, "situations (seeds, times):")?;
        let known = SOMETIMES.into_iter().map(|situation| (situation, (0, 0)));
        let mut all: BTreeMap<&str, (u64, u64)> = known.collect();
        all.extend(self.sometimes.iter().map(|(situation, reached)| (*situation, *reached)));
        for (situation, (seeds, times)) in all {
            writeln!(f, "  {situation:<46} {seeds:>6} {times:>8}")?;
        }
        write!(f, "services (seeds):")?;
        for (service, seeds) in &self.services {
            write!(f, " {service:?} {seeds}")?;
        }
        writeln!(f)?;
        let switches = if self.mixed > 0 { countable() } else { Vec::new() };
        if !switches.is_empty() {
            writeln!(f, "switches of simulated services (seeds, times):")?;
        }
        for name in switches {
            let (seeds, times) = self.met.get(&name).copied().unwrap_or_default();
            write!(f, "  {name:<56} {seeds:>6} {times:>8}")?;
            match met_by(&name).filter(|_| seeds == 0) {
                Some(test) => writeln!(f, "  but by {test}")?,
                None => writeln!(f)?,
            }
        }
        write!(f, "features (seeds):")?;
        for (feature, seeds) in &self.features {
            write!(f, " {feature:?} {seeds}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workload_that_does_nothing_is_thin() {
        let tally = Tally { seeds: 2_000, busy: 100, ..Tally::default() };
        let thin = tally.thin_spots();
        assert_eq!(thin.len(), 1 + FaultKind::ALL.len() + SOMETIMES.len(), "{thin:?}");
    }

    #[test]
    fn enough_mixed_seeds_have_to_meet_every_switch() {
        let met = |names: Vec<String>| names.into_iter().map(|name| (name, (1, 1))).collect();
        let tally = |met| Tally { seeds: 2_000, mixed: 2_000, busy: 2_000, met, ..Tally::default() };
        let missed = |tally: &Tally| {
            tally.thin_spots().into_iter().filter(|spot| spot.contains("switch")).collect::<Vec<_>>()
        };
        assert_eq!(missed(&tally(met(expected()))), Vec::<String>::new());
        let mut some = expected();
        let last = some.pop().unwrap();
        assert_eq!(missed(&tally(met(some))), [format!("the switch {last} was never met")]);
    }

    #[test]
    fn few_seeds_need_not_reach_everything() {
        let tally = Tally { seeds: 100, busy: 95, ..Tally::default() };
        assert_eq!(tally.thin_spots(), Vec::<String>::new());
    }
}
