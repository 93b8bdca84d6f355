//! What a run has met of disputed truths and faults: whoever draws worlds by chance sees here what they left
//! out.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Counts by name: `fault.cut_after`, or a switch and how it decided, as in `token_window.kept`.
#[derive(Debug)]
pub struct Met {
    countable: &'static [&'static str],
    counts: RefCell<BTreeMap<&'static str, u64>>,
}

impl Met {
    /// Nothing met yet of what can be counted.
    pub(crate) fn of(countable: &'static [&'static str]) -> Self {
        Self { countable, counts: RefCell::default() }
    }

    /// Counts that a truth or a fault made a difference; also where the world is only read.
    pub(crate) fn meet(&self, name: &'static str) {
        debug_assert!(self.countable.contains(&name), "{name} is missing among what can be counted");
        *self.counts.borrow_mut().entry(name).or_insert(0) += 1;
    }

    /// All counts; what was never met is absent.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, u64> {
        self.counts.borrow().clone()
    }
}
