//! A person who changes the rules of links, and lets calendars or everything stand still for a while.

use crate::rules::Rule;
use crate::span::HOUR;
use crate::state::{Broken, World};
use crate::still::Until;

/// How long everybody has for a whim to show, in seconds.
const LEEWAY_S: u64 = 20;
/// The lengths of pauses that end by themselves, in seconds.
const PAUSES_S: [i64; 3] = [60, 300, 2 * HOUR];

impl World {
    /// Whatever comes to a person's mind about links, in a seed that has rules.
    pub(crate) async fn change_mind(&mut self) -> Result<(), Broken> {
        if self.swarm.rules.is_empty() {
            return Ok(());
        }
        match self.whims.below(8) {
            0..=2 => self.change_a_rule().await?,
            3..=4 => self.pause_a_calendar().await?,
            5 => self.pause_everything().await?,
            _ => return Ok(()),
        }
        self.live(LEEWAY_S).await
    }

    async fn change_a_rule(&mut self) -> Result<(), Broken> {
        let edges: Vec<_> = self.swarm.rules.keys().copied().collect();
        let Some(edge) = self.whims.pick(&edges) else { return Ok(()) };
        let rule = Rule::draw(&mut self.whims, &self.swarm.places[edge.1]);
        self.tell(format!("the link {edge:?} has other rules: {rule:?}"));
        {
            let mut oracle = self.watcher.oracle();
            oracle.note("the rules of a link were changed");
            oracle.rule_changes(edge, &rule);
        }
        for wishes in &mut self.wishes {
            wishes.rules.insert(edge, rule.clone());
        }
        self.configure_all().await
    }

    async fn pause_a_calendar(&mut self) -> Result<(), Broken> {
        let device = self.whims.index(self.devices.len());
        let place = self.whims.index(self.swarm.places.len());
        let until = self.until();
        let calendars = &mut self.wishes[device].still.calendars;
        let resumes = calendars.remove(&place).is_some();
        if !resumes {
            calendars.insert(place, until);
        }
        let what = if resumes { "a calendar was resumed" } else { "a calendar was paused" };
        self.tell(format!("device {device}: {what}: {place}, until {until:?}"));
        self.watcher.oracle().note(what);
        self.configure(device).await
    }

    async fn pause_everything(&mut self) -> Result<(), Broken> {
        let device = self.whims.index(self.devices.len());
        let until = self.until();
        let everything = &mut self.wishes[device].still.everything;
        let resumes = everything.take().is_some();
        if !resumes {
            *everything = Some(until);
        }
        let what = if resumes { "everything was resumed" } else { "everything was paused" };
        self.tell(format!("device {device}: {what}, until {until:?}"));
        self.watcher.oracle().note(what);
        self.configure(device).await
    }

    /// Mostly a pause that ends by itself.
    fn until(&mut self) -> Until {
        let length = self.whims.pick(&PAUSES_S).filter(|_| self.whims.chance(700));
        length.map(|length| self.clock.seconds() + length)
    }

    /// A person lets everything run again.
    pub(crate) async fn resume_all(&mut self) -> Result<(), Broken> {
        for device in 0..self.devices.len() {
            if self.wishes[device].still != crate::still::Still::default() {
                self.wishes[device].still = crate::still::Still::default();
                self.configure(device).await?;
            }
        }
        Ok(())
    }

    async fn configure_all(&mut self) -> Result<(), Broken> {
        for device in 0..self.devices.len() {
            self.configure(device).await?;
        }
        Ok(())
    }
}
