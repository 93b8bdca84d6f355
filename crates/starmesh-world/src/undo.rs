//! A person takes back what was configured, or makes it again. The world keeps its own book of wishes, and no
//! step of the store is asked what it means.

use std::collections::BTreeMap;

use starmesh_core::reconcile::LinkState;
use starmesh_engine::Command;
use starmesh_provider::env::Clock as _;
use starmesh_sim::dice::Dice;
use starmesh_store::state::{Changes, Link, Way};

use crate::device::{Device, Wishes};
use crate::layout::{Edge, edges};
use crate::oracle::Running;
use crate::rules;
use crate::state::{Broken, World, store_broke};

/// Of so many seeds in a row in these something is taken back. Seeds that once found a bug are not among them.
const TAKES_BACK: (u64, [u64; 2]) = (9, [1, 4]);
/// How often a round has one, per mille.
const TAKES_BACK_PER_MILLE: u32 = 600;
/// How often it is made again a little later, per mille.
const REDO_PER_MILLE: u32 = 400;
/// The most seconds until then.
const WAIT_S_MAX: u64 = 90;

/// What a device was to do, step by step.
#[derive(Clone, Default, Debug)]
pub(crate) struct Past {
    done: Vec<(Wishes, Wishes)>,
    undone: Vec<(Wishes, Wishes)>,
}

impl Past {
    /// A person wished otherwise, and a step was kept of it.
    pub(crate) fn note(&mut self, before: Wishes, after: Wishes) {
        self.done.push((before, after));
        self.undone.clear();
    }
}

/// Chance for what is taken back; none in most seeds.
pub(crate) fn dice(seed: u64) -> Option<Dice> {
    let (every, these) = TAKES_BACK;
    these.contains(&(seed % every)).then(|| Dice::new(seed, 8))
}

impl World {
    /// Perhaps a person takes something back, and perhaps makes it again.
    pub(crate) async fn undo_or_redo(&mut self) -> Result<(), Broken> {
        let count = self.devices.len();
        let Some(dice) = self.undo_dice.as_mut() else { return Ok(()) };
        let (strikes, redo, device, wait) = (
            dice.chance(TAKES_BACK_PER_MILLE),
            dice.chance(REDO_PER_MILLE),
            dice.index(count),
            dice.below(WAIT_S_MAX),
        );
        if !strikes {
            return Ok(());
        }
        self.go(device, Way::Undo).await?;
        if redo {
            self.live(wait).await?;
            self.go(device, Way::Redo).await?;
        }
        Ok(())
    }

    async fn go(&mut self, device: usize, way: Way) -> Result<(), Broken> {
        let past = &mut self.pasts[device];
        let step = if way == Way::Redo { past.undone.last() } else { past.done.last() };
        let Some((before, after)) = step.cloned() else { return Ok(()) };
        let then = if way == Way::Redo { after } else { before };
        let left = self.wishes[device].clone();
        // The world has one window, and one book of rules, for all devices.
        if (then.days != left.days || then.rules != left.rules) && self.devices.len() > 1 {
            return Ok(());
        }
        let note = if way == Way::Redo {
            past.done.extend(past.undone.pop());
            "what was taken back was made again"
        } else {
            past.undone.extend(past.done.pop());
            "what was configured was taken back"
        };
        self.tell(format!("device {device}: {note}"));
        {
            let mut oracle = self.watcher.oracle();
            oracle.note(note);
            oracle.days = then.days;
            let reach = oracle.reach();
            oracle.causes.reach_changed(&reach);
            for (edge, rule) in then.rules.iter().filter(|(edge, rule)| left.rules.get(edge) != Some(*rule)) {
                oracle.rule_changes(*edge, rule);
                oracle.causes.rule_is_back(*edge);
            }
        }
        self.configured[device] = Some(then.clone());
        self.wishes[device] = then;
        let running = self.devices[device].goes(way, &self.wishes[device]).await?;
        self.runs(device, running);
        self.devices[device].tell(Command::Reload);
        Ok(())
    }
}

impl Device {
    /// Restores a step, as the façade would, and says how each link runs now. What is in the store then has to be
    /// what the world's own book says.
    async fn goes(&self, way: Way, wishes: &Wishes) -> Result<BTreeMap<Edge, Running>, Broken> {
        let state = self.state();
        let restoration = state.restoration(way).await.map_err(store_broke)?;
        let Some(restoration) = restoration else {
            return Err(format!("device {}: no step is kept ({way:?})", self.number));
        };
        let mut changes = Changes::new();
        restoration.put(&mut changes, |_| true, self.clock.now());
        state.commit(changes).await.map_err(store_broke)?;

        let mut groups: Vec<_> = wishes.groups.iter().map(|group| group.stored(&self.places)).collect();
        let mut kept = state.groups().await.map_err(store_broke)?;
        groups.sort_by(|a, b| a.id.cmp(&b.id));
        kept.sort_by(|a, b| a.id.cmp(&b.id));
        let days = i64::from(state.settings().await.map_err(store_broke)?.window_days);
        if groups != kept || days != wishes.days {
            return Err(format!("device {}: after {way:?} the groups or the window are others", self.number));
        }
        let wanted = edges(&wishes.groups, &self.places);
        let mut running = BTreeMap::new();
        for Link { id, state, policy, .. } in state.links().await.map_err(store_broke)? {
            let Some(edge) = self.edge(&id) else { continue };
            let expected = match (wanted.contains(&edge), wishes.paused.contains(&edge)) {
                (false, _) => (LinkState::Retiring, Running::Retiring),
                (true, true) => (LinkState::Paused, Running::Paused),
                (true, false) => (LinkState::Active, Running::Active),
            };
            let is_ruled =
                expected.1 == Running::Retiring || policy == rules::policy(wishes.rules.get(&edge));
            if state != expected.0 || !is_ruled {
                return Err(format!("device {}: after {way:?} the link {edge:?} is {state:?}", self.number));
            }
            running.insert(edge, expected.1);
        }
        match wanted.iter().find(|edge| !running.contains_key(edge)) {
            Some(edge) => Err(format!("device {}: after {way:?} there is no link {edge:?}", self.number)),
            None => Ok(running),
        }
    }
}
