//! What goes wrong for a while between a person and a service, and how the person mends it.

use crate::ground::Let;
use crate::rounds::ROUND_S_MAX;
use crate::state::{Broken, World};

/// How often a round has trouble with an account, per mille, where services are simulated.
const ACCOUNT_TROUBLE_PER_MILLE: u32 = 250;
/// How often a round has trouble with the rights to a calendar, per mille.
const CALENDAR_TROUBLE_PER_MILLE: u32 = 150;

impl World {
    /// Something comes between an account and its service; what the person has to mend, they mend.
    pub(crate) async fn trouble_an_account(&mut self) -> Result<(), Broken> {
        if self.swarm.faults.is_empty() || !self.dice.chance(ACCOUNT_TROUBLE_PER_MILLE) {
            return Ok(());
        }
        let troubles = self.ground.troubles();
        let Some((account, trouble)) = self.dice.pick(&troubles) else { return Ok(()) };
        self.tell(format!("{account}: {}", trouble.told()));
        self.watcher.oracle().note(trouble.told());
        self.ground.begin_trouble(&account, trouble)?;
        if !trouble.lasts() {
            return Ok(());
        }
        let pause = self.dice.below(ROUND_S_MAX);
        self.live(pause).await?;
        self.tell(format!("{account}: its person mends it"));
        self.ground.end_trouble(&account, trouble)?;
        for device in 0..self.devices.len() {
            self.ground.sign_in(&account, self.devices[device].number)?;
            self.devices[device].start();
        }
        Ok(())
    }

    /// A calendar may be written no longer, or read no longer, and then may be again.
    pub(crate) async fn trouble_a_calendar(&mut self) -> Result<(), Broken> {
        if self.swarm.faults.is_empty() || !self.dice.chance(CALENDAR_TROUBLE_PER_MILLE) {
            return Ok(());
        }
        let lets = self.ground.lets();
        let Some((place, less)) = self.dice.pick(&lets) else { return Ok(()) };
        self.tell(format!("calendar {place}: {}", less.told()));
        {
            let mut oracle = self.watcher.oracle();
            oracle.note(less.told());
            if less == Let::Nothing {
                oracle.causes.taken_away(place);
            }
        }
        self.refused = true;
        self.ground.grant(place, less)?;
        let pause = self.dice.below(ROUND_S_MAX);
        self.live(pause).await?;
        self.tell(format!("calendar {place}: all is allowed again"));
        self.ground.grant(place, Let::Usual)
    }
}
