//! What a run has met of disputed truths and faults, by name and count: whoever draws worlds by chance sees
//! here what they left out.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::world::World;

/// Counts by name: `fault.cut`, or a switch and how it decided, as in `delta_dead_token.gone`.
#[derive(Default)]
pub(crate) struct Met(RefCell<BTreeMap<String, u64>>);

impl World {
    /// Counts that a truth or a fault made a difference; also where the world is only read.
    pub(crate) fn meet(&self, name: &str) {
        let mut met = self.met.0.borrow_mut();
        match met.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                met.insert(name.into(), 1);
            }
        }
    }

    /// How often each fault was met, and each switch made a difference: `fault.cut`,
    /// `delta_dead_token.gone`.
    pub fn met(&self) -> BTreeMap<String, u64> {
        self.met.0.borrow().clone()
    }
}
