//! A database is found damaged at a restart: what was configured comes back from its second copy, and nothing
//! else does.

use starmesh_sim::dice::Dice;
use starmesh_store::state::Changes;

use crate::state::{Broken, World, store_broke};

/// Of so many seeds in a row these have damaged databases. Seeds that once found a bug are not among them, nor
/// those with rules: with the database goes what is known of mirrors that a person deleted.
const DAMAGED: (u64, [u64; 1]) = (9, [1]);
/// How often a round has one, per mille.
const DAMAGED_PER_MILLE: u32 = 250;

/// Chance for damage; none in most seeds.
pub(crate) fn dice(seed: u64) -> Option<Dice> {
    let (every, these) = DAMAGED;
    these.contains(&(seed % every)).then(|| Dice::new(seed, 9))
}

impl World {
    /// Perhaps a device finds its database damaged.
    pub(crate) async fn damage_a_database(&mut self) -> Result<(), Broken> {
        let count = self.devices.len();
        let Some(dice) = self.damage_dice.as_mut() else { return Ok(()) };
        let (strikes, device) = (dice.chance(DAMAGED_PER_MILLE), dice.index(count));
        if !strikes {
            return Ok(());
        }
        self.tell(format!("device {device} finds its database damaged"));
        self.excuses.store_lost = true;
        {
            let mut oracle = self.watcher.oracle();
            oracle.note("a database was damaged");
            oracle.forget_device(self.devices[device].number);
        }
        self.devices[device].damage_store().await.map_err(store_broke)?;
        // What was answered once is asked again.
        let state = self.devices[device].state();
        let mut changes = Changes::new();
        for place in &self.swarm.places {
            let beside_foreign = self.wishes[device].beside_foreign;
            let read = starmesh_store::state::Read { beside_foreign, ..Default::default() };
            changes.put_read(&place.id, &read);
        }
        state.commit(changes).await.map_err(store_broke)?;
        self.configure(device).await
    }
}
