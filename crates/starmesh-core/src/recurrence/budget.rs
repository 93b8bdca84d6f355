//! What one expansion may cost. Every loop over dates that a stranger's file controls spends from here,
//! so that a rule of a few letters cannot keep the program busy.

use super::RecurrenceProblem;

/// Steps that one expansion may still take.
pub(crate) struct Budget {
    steps_left: usize,
}

impl Budget {
    /// The most steps of one expansion: a period visited, a candidate considered or eight days looked at
    /// is one step. A step takes some ten nanoseconds.
    pub(crate) const STEPS_MAX: usize = 1_000_000;
    /// What a date costs that is kept, in steps: it is read in its zone, sorted and compared. So some
    /// 45,000 of them can be kept, a good deal more than one event may show.
    pub(crate) const STEPS_OF_KEPT_DATE: usize = 20;

    /// A full budget.
    pub(crate) fn new() -> Self {
        Self { steps_left: Self::STEPS_MAX }
    }

    /// Takes `steps`, if they are there.
    pub(crate) fn spend(&mut self, steps: usize) -> Result<(), RecurrenceProblem> {
        self.steps_left = self.steps_left.checked_sub(steps).ok_or(RecurrenceProblem::TooManyOccurrences)?;
        Ok(())
    }
}
