//! The last word: what taking everything back left, because nobody here can name its link any more, goes with a
//! sweep, which knows a mirror by its mark alone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use starmesh_core::ids::RemoteId;
use starmesh_engine::{SweepOptions, SweepPlan};
use starmesh_sim::dice::Dice;
use tokio::time::sleep;

use crate::memory::{MarkedItem, Owner};
use crate::state::{Broken, World};

/// The dice of this file: drawn from another stream they would change every seed.
const SWEEP_DICE: u64 = 7_100;
/// How many sweeps take everything at most: services keep their budgets, and touch what is about to go.
const SWEEPS_MAX: u32 = 12;
/// The time between two of them: a budget lasts a minute.
const BETWEEN_SWEEPS: Duration = Duration::from_secs(61);

/// What stands in a calendar and no device placed: by place and id.
type Strange = BTreeMap<(usize, RemoteId), MarkedItem>;

impl World {
    /// A person has everything looked through; afterwards no mirror of ours stands anywhere, whatever was lost
    /// on the way, except what others were invited to. What another installation made goes if that was asked for;
    /// copies stay.
    pub(crate) async fn sweep_all(&mut self) -> Result<(), Broken> {
        let asked = Dice::new(self.swarm.seed, SWEEP_DICE).chance(500);
        // What the simulated services keep is judged by who placed it, and another installation is nobody there.
        let foreign = asked && !self.ground.has_simulated();
        self.tell(format!("everything is looked through; with what others made: {foreign}"));
        let before = self.strange();
        self.watcher.oracle().begin_sweep();
        self.universe.let_strangers_go(foreign);
        let places = self.swarm.places.iter().filter(|place| !place.read_only);
        let calendars: BTreeSet<_> = places.map(|place| place.id.clone()).collect();
        let options = SweepOptions { calendars, foreign };
        let mut unclean = String::new();
        for _ in 0..SWEEPS_MAX {
            let Some(plan) = self.devices[0].sweep(&options).await? else {
                return Err("a sweep died although nobody killed it".to_owned());
            };
            self.check_violations()?;
            if plan.troubles.is_empty() && found(&plan) == 0 {
                return self.check_swept(&before, foreign);
            }
            let troubles: Vec<_> = plan.troubles.iter().map(|trouble| &trouble.message).collect();
            unclean = format!("{} found, {troubles:?}", found(&plan));
            self.tell(format!("a sweep: {unclean}"));
            self.watcher.oracle().note("a sweep found what was left");
            sleep(BETWEEN_SWEEPS).await;
        }
        Err(format!("{SWEEPS_MAX} sweeps do not reach an end: {unclean}"))
    }

    fn check_swept(&self, before: &Strange, foreign: bool) -> Result<(), Broken> {
        for place in 0..self.swarm.places.len() {
            let left = self.mirrors(place).into_iter().find(|(_, mirror)| !mirror.has_attendees);
            if let Some((id, _)) = left {
                return Err(format!("calendar {place}: the mirror {id} outlives a sweep"));
            }
        }
        let after = self.strange();
        for (at, item) in before {
            let goes = foreign && item.is_of_another_installation() && item.plain && !item.has_attendees;
            if after.contains_key(at) == goes {
                let what = if goes { "outlives" } else { "does not outlive" };
                return Err(format!("{at:?}, which is not ours, {what} a sweep with foreign {foreign}"));
            }
        }
        Ok(())
    }

    /// What carries a mark and was not placed by any device.
    fn strange(&self) -> Strange {
        let mut strange = Strange::new();
        for (place, venue) in self.ground.venues.iter().enumerate() {
            for item in venue.standing() {
                if let Some(marked) = item.marked.filter(|marked| marked.owner == Owner::Other) {
                    strange.insert((place, item.id), marked);
                }
            }
        }
        strange
    }
}

fn found(plan: &SweepPlan) -> usize {
    plan.calendars.iter().map(|of| of.found.len()).sum()
}
