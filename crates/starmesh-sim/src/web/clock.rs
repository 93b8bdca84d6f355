//! The time of a simulated service.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_provider::env::{Clock, SystemClock};

/// A clock that runs on another one and can be moved by hand. Clones share the hand.
#[derive(Clone)]
pub struct SimClock {
    base: Arc<dyn Clock>,
    offset_ms: Arc<AtomicI64>,
}

impl SimClock {
    /// Real time, as long as nobody moves it.
    pub fn real() -> Self {
        Self::over(Arc::new(SystemClock))
    }

    /// Stands at `start` and moves by hand alone.
    pub fn fixed(start: DateTime<Utc>) -> Self {
        Self::over(Arc::new(Stopped(start)))
    }

    /// The time of `base`, as long as nobody moves it.
    pub fn over(base: Arc<dyn Clock>) -> Self {
        Self { base, offset_ms: Arc::new(AtomicI64::new(0)) }
    }

    /// Moves the clock; a negative step moves it back.
    pub fn advance(&self, step: TimeDelta) {
        self.offset_ms.fetch_add(step.num_milliseconds(), Ordering::Relaxed);
    }
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        let offset = TimeDelta::milliseconds(self.offset_ms.load(Ordering::Relaxed));
        self.base.now().checked_add_signed(offset).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}

impl fmt::Debug for SimClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SimClock").field(&self.now()).finish()
    }
}

struct Stopped(DateTime<Utc>);

impl Clock for Stopped {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_moves_by_hand_alone_and_its_clones_with_it() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let clock = SimClock::fixed(start);
        let clone = clock.clone();
        assert_eq!(clock.now(), start);
        clone.advance(TimeDelta::seconds(90));
        assert_eq!(clock.now(), start + TimeDelta::seconds(90));
        clock.advance(TimeDelta::seconds(-100));
        assert_eq!(clone.now(), start - TimeDelta::seconds(10));
    }

    #[test]
    fn a_real_clock_keeps_running_after_it_was_moved() {
        let clock = SimClock::real();
        clock.advance(TimeDelta::days(2));
        let moved = clock.now();
        assert!(moved - SystemClock.now() > TimeDelta::hours(47));
        assert!(clock.now() >= moved);
    }
}
