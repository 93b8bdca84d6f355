//! What a run has met of disputed truths and faults: whoever draws worlds by chance sees here what they left
//! out.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Counts by name: `fault.cut_after`, or a switch and how it decided, as in `token_window.kept`.
#[derive(Default)]
pub(super) struct Met(RefCell<BTreeMap<&'static str, u64>>);

impl Met {
    /// Counts that a truth or a fault made a difference; also where the world is only read.
    pub(super) fn meet(&self, name: &'static str) {
        *self.0.borrow_mut().entry(name).or_insert(0) += 1;
    }

    /// All counts.
    pub(super) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.0.borrow().clone()
    }
}
