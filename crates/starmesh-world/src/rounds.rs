//! The story of a world: rounds of edits, and what else happens to the devices meanwhile.

use starmesh_engine::PlanOptions;

use crate::span::{DAY, HOUR};
use crate::state::{Broken, World};
use crate::swarm::{Feature, draw_group};
use crate::undo::Past;

/// The most seconds that a round's quiet part lasts.
pub(crate) const ROUND_S_MAX: u64 = 240;
/// The most touches after which an engine dies.
const STEPS_MAX: u64 = 400;

impl World {
    /// Everything before the faults end.
    pub(crate) async fn play(&mut self) -> Result<(), Broken> {
        for place in 0..self.swarm.places.len() {
            for _ in 0..self.swarm.events[place] {
                self.add(place);
            }
        }
        if self.swarm.has(Feature::DifferentGroups) && self.devices.len() > 1 {
            self.wishes[1].groups.pop();
            self.watcher.oracle().note("two devices had different groups");
        }
        for device in 0..self.devices.len() {
            self.configure(device).await?;
        }
        for round in 1..=self.swarm.rounds {
            self.tell(format!("round {round}"));
            self.round().await?;
        }
        Ok(())
    }

    async fn round(&mut self) -> Result<(), Broken> {
        for _ in 0..=self.dice.below(6) {
            self.edit();
            let pause = self.dice.below(20);
            self.live(pause).await?;
        }
        if self.swarm.has(Feature::MassRemoval) && self.dice.chance(300) {
            self.remove_many();
        }
        self.disturb().await?;
        self.change_mind().await?;
        self.undo_or_redo().await?;
        self.damage_a_database().await?;
        self.trouble_an_account().await?;
        self.trouble_a_calendar().await?;
        let quiet = 20 + self.dice.below(ROUND_S_MAX);
        self.live(quiet).await
    }

    /// Something happens to a device or to what it is to do.
    async fn disturb(&mut self) -> Result<(), Broken> {
        let device = self.dice.index(self.devices.len());
        for feature in Feature::ALL {
            if !self.swarm.has(feature) || !self.dice.chance(400) {
                continue;
            }
            match feature {
                Feature::Restarts => self.kill_somehow(device),
                Feature::LostStore => self.lose_store(device).await?,
                Feature::Pauses => self.pause_or_resume(device).await?,
                Feature::Regrouping => self.regroup().await?,
                Feature::Windows => self.change_window().await?,
                Feature::Days => self.sleep_for_days(),
                Feature::ByHand => self.by_hand(device).await?,
                _ => continue,
            }
            let pause = self.dice.below(30);
            self.live(pause).await?;
        }
        Ok(())
    }

    fn kill_somehow(&mut self, device: usize) {
        if self.dice.chance(300) {
            self.tell(format!("device {device} is killed"));
            self.watcher.oracle().note("an engine was killed");
            self.devices[device].kill();
        } else {
            let steps = 1 + self.dice.below(STEPS_MAX);
            self.tell(format!("device {device} dies after {steps} touches"));
            self.watcher.oracle().note("an engine died at some await");
            self.devices[device].life().end_after(steps);
        }
        if self.devices[device].may_lose_power() {
            self.tell(format!("device {device} loses power with it"));
            let mut oracle = self.watcher.oracle();
            oracle.note("the power failed");
            // How much was removed lately may be among what is lost.
            oracle.forget_device(self.devices[device].number);
        }
    }

    async fn lose_store(&mut self, device: usize) -> Result<(), Broken> {
        self.tell(format!("device {device} loses its store"));
        self.excuses.store_lost = true;
        {
            let mut oracle = self.watcher.oracle();
            oracle.note("a store was lost");
            oracle.forget_device(self.devices[device].number);
        }
        let wanted = self.edges(device);
        self.devices[device].lose_store();
        self.pasts[device] = Past::default();
        self.configured[device] = None;
        let all = 0..self.swarm.places.len();
        for edge in all.clone().flat_map(|source| all.clone().map(move |target| (source, target))) {
            if !wanted.contains(&edge) && self.watcher.oracle().is_known(edge) {
                self.excuses.forgotten.insert(edge);
            }
        }
        self.configure(device).await
    }

    async fn pause_or_resume(&mut self, device: usize) -> Result<(), Broken> {
        let edges = self.edges(device);
        let Some(edge) = self.dice.pick(&edges) else { return Ok(()) };
        let paused = &mut self.wishes[device].paused;
        let resumes = paused.remove(&edge);
        if !resumes {
            paused.insert(edge);
        }
        self.tell(format!(
            "device {device}: the link {edge:?} is {}",
            if resumes { "resumed" } else { "paused" }
        ));
        self.watcher.oracle().note(if resumes { "a link was resumed" } else { "a link was paused" });
        self.configure(device).await
    }

    /// A group comes or goes, on every device that knows it.
    async fn regroup(&mut self) -> Result<(), Broken> {
        let known = self.wishes[0].groups.clone();
        if known.len() > 1 || self.dice.chance(500) {
            let Some(gone) = self.dice.pick(&known) else { return Ok(()) };
            self.tell(format!("group {} is removed", gone.number));
            self.watcher.oracle().note("a group was removed");
            self.wishes.iter_mut().for_each(|wishes| wishes.groups.retain(|group| *group != gone));
        } else {
            let number = self.fresh();
            let group = draw_group(number, self.swarm.places.len(), &mut self.dice);
            self.tell(format!("group {} is added: {:?}", group.number, group.shape));
            self.watcher.oracle().note("a group was added");
            self.wishes.iter_mut().for_each(|wishes| wishes.groups.push(group.clone()));
        }
        for device in 0..self.devices.len() {
            self.configure(device).await?;
        }
        Ok(())
    }

    async fn change_window(&mut self) -> Result<(), Broken> {
        let days = self.dice.pick(&[30, 40, 60, 120]).unwrap_or(30);
        let narrower = days < self.wishes[0].days;
        self.tell(format!("the window is {days} days"));
        {
            let mut oracle = self.watcher.oracle();
            oracle.days = days;
            oracle.note(if narrower { "the window was narrowed" } else { "the window was widened" });
            let reach = oracle.reach();
            oracle.causes.reach_changed(&reach);
        }
        self.wishes.iter_mut().for_each(|wishes| wishes.days = days);
        for device in 0..self.devices.len() {
            self.configure(device).await?;
        }
        Ok(())
    }

    fn sleep_for_days(&mut self) {
        let days = self.dice.pick(&[1, 1, 2, 9]).unwrap_or(1);
        self.tell(format!("{days} days go by"));
        self.watcher.oracle().note("days went by");
        self.sleep_through(days * DAY - 3 * HOUR);
    }

    /// A person runs a command instead of the daemon.
    async fn by_hand(&mut self, device: usize) -> Result<(), Broken> {
        let steps = self.swarm.has(Feature::Restarts) && self.dice.chance(500);
        let steps = steps.then(|| 1 + self.dice.below(STEPS_MAX));
        self.devices[device].stop().await?;
        let mut options = PlanOptions::default();
        if self.swarm.has(Feature::Windows) && self.dice.chance(300) {
            self.tell(format!("device {device}: what lies outside the window is given up"));
            options.narrowing = true;
            let mut oracle = self.watcher.oracle();
            oracle.note("narrowing was approved");
            let reach = oracle.reach();
            oracle.causes.narrowed(&reach);
        }
        self.tell(format!("device {device} is run by hand, dies after {steps:?} touches"));
        if self.dice.chance(500) {
            self.devices[device].settle(&options, steps).await
        } else {
            self.devices[device].pass(&options, steps).await.map(drop)
        }
    }
}
