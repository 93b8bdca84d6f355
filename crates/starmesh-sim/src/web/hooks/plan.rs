//! What goes wrong with web hooks, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::dice::Dice;

/// Which stream of a seed the faults of web hooks draw from.
const PURPOSE: u64 = 0x48_4f_4f_4b;

/// The names of all counts of web hooks.
pub const HOOKS_COUNTABLE: &[&str] = &["hooks.delayed", "hooks.doubled", "hooks.dropped", "hooks.overtaken"];

/// How often what goes wrong; the default is nothing.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct HookPlan {
    /// Of a thousand calls, how many are lost.
    pub drop_per_mille: u32,
    /// Of a thousand calls, how many are sent twice.
    pub double_per_mille: u32,
    /// Of a thousand calls, how many let the next one of the same watch pass.
    pub overtake_per_mille: u32,
    /// Shortest delay of a call, in milliseconds.
    pub delay_ms_min: u64,
    /// Longest delay of a call, in milliseconds.
    pub delay_ms_max: u64,
    /// How long a call that is overtaken waits besides, in milliseconds.
    pub overtaken_ms: u64,
}

impl Default for HookPlan {
    fn default() -> Self {
        Self {
            drop_per_mille: 0,
            double_per_mille: 0,
            overtake_per_mille: 0,
            delay_ms_min: 0,
            delay_ms_max: 0,
            overtaken_ms: 200,
        }
    }
}

/// What happens to one call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fate {
    pub(super) dropped: bool,
    pub(super) doubled: bool,
    pub(super) overtaken: bool,
    pub(super) delay: Duration,
}

impl Fate {
    /// The names of what goes wrong, among the counts of what was met.
    pub(super) fn names(self) -> impl Iterator<Item = &'static str> {
        let met = [
            (self.delay > Duration::ZERO, "hooks.delayed"),
            (self.doubled, "hooks.doubled"),
            (self.dropped, "hooks.dropped"),
            (self.overtaken, "hooks.overtaken"),
        ];
        met.into_iter().filter_map(|(is_met, name)| is_met.then_some(name))
    }
}

/// Draws fates from a seed.
pub(super) struct Fates(Dice);

impl Fates {
    pub(super) fn new(seed: u64) -> Self {
        Self(Dice::new(seed, PURPOSE))
    }

    /// Draws the same number of times whatever the plan, so that a plan changed midway leaves later draws
    /// as they were.
    pub(super) fn draw(&mut self, plan: &HookPlan) -> Fate {
        let dropped = self.0.chance(plan.drop_per_mille);
        let doubled = self.0.chance(plan.double_per_mille);
        let overtaken = self.0.chance(plan.overtake_per_mille);
        let spread = plan.delay_ms_max.saturating_sub(plan.delay_ms_min);
        let drawn = self.0.below(spread.saturating_add(1).max(2)).min(spread);
        let delay = plan.delay_ms_min + drawn + if overtaken { plan.overtaken_ms } else { 0 };
        Fate { dropped, doubled, overtaken, delay: Duration::from_millis(delay) }
    }
}
