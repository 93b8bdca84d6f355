//! Many journeys in a few figures.

use serde::Serialize;

use super::journey::Steps;

/// How long a step took, in milliseconds: half of the journeys were faster than `p50`.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub(super) struct Percentiles {
    pub(super) p50: i64,
    pub(super) p95: i64,
    pub(super) p99: i64,
}

/// The same for each step, each from the end of the one before it, and for the whole way.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
pub(super) struct Figures {
    pub(super) signal: Percentiles,
    pub(super) queue: Percentiles,
    pub(super) read: Percentiles,
    pub(super) plan: Percentiles,
    pub(super) place: Percentiles,
    pub(super) whole: Percentiles,
}

impl Figures {
    /// Over these journeys; `None` when there was none.
    pub(super) fn of(journeys: &[Steps]) -> Option<Self> {
        let over = |step: fn(&Steps) -> i64| percentiles(journeys.iter().map(step).collect());
        Some(Self {
            signal: over(|steps| steps.signal)?,
            queue: over(|steps| steps.queue - steps.signal)?,
            read: over(|steps| steps.read - steps.queue)?,
            plan: over(|steps| steps.plan - steps.read)?,
            place: over(|steps| steps.place - steps.plan)?,
            whole: over(|steps| steps.place)?,
        })
    }

    /// The steps by their names, in order.
    pub(super) fn rows(&self) -> [(&'static str, Percentiles); 6] {
        [
            ("signal", self.signal),
            ("queue", self.queue),
            ("read", self.read),
            ("plan", self.plan),
            ("place", self.place),
            ("whole way", self.whole),
        ]
    }
}

/// By nearest rank: each figure is one that was really measured.
fn percentiles(mut times: Vec<i64>) -> Option<Percentiles> {
    times.sort_unstable();
    let at = |percent: usize| times.get((times.len() * percent).div_ceil(100).saturating_sub(1)).copied();
    Some(Percentiles { p50: at(50)?, p95: at(95)?, p99: at(99)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_figures_that_were_measured() {
        assert_eq!(percentiles((1..=100).rev().collect()), Some(Percentiles { p50: 50, p95: 95, p99: 99 }));
        assert_eq!(percentiles(vec![7]), Some(Percentiles { p50: 7, p95: 7, p99: 7 }));
        assert_eq!(percentiles(Vec::new()), None);
    }

    #[test]
    fn a_step_is_counted_from_the_end_of_the_one_before() {
        let steps = Steps { signal: 3, queue: 5, read: 25, plan: 26, place: 66 };
        let figures = Figures::of(&[steps]).unwrap();
        let p50: Vec<i64> = figures.rows().iter().map(|(_, step)| step.p50).collect();
        assert_eq!(p50, [3, 2, 20, 1, 40, 66]);
    }
}
