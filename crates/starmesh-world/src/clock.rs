//! The world's clock and its randomness.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_provider::env::{Clock, Entropy};
use tokio::time::Instant;

use crate::span::instant;
use starmesh_sim::dice::Dice;

/// A start in the calendar, plus the virtual time that has passed, plus the time slept through.
pub(crate) struct WorldClock {
    base: DateTime<Utc>,
    started: Instant,
    slept_s: AtomicI64,
}

impl WorldClock {
    /// A clock that shows `base` (seconds since the epoch) now.
    pub(crate) fn new(base: i64) -> Self {
        Self { base: instant(base), started: Instant::now(), slept_s: AtomicI64::new(0) }
    }

    /// The computer sleeps: the clock goes on, timers do not.
    pub(crate) fn sleep_through(&self, seconds: i64) {
        self.slept_s.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Seconds since the epoch.
    pub(crate) fn seconds(&self) -> i64 {
        self.now().timestamp()
    }
}

impl Clock for WorldClock {
    fn now(&self) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(self.started.elapsed()).unwrap_or_default();
        self.base + passed + TimeDelta::seconds(self.slept_s.load(Ordering::Relaxed))
    }
}

/// Seeded randomness for an engine.
pub(crate) struct WorldEntropy(Mutex<Dice>);

impl WorldEntropy {
    /// Draws from `dice`.
    pub(crate) fn new(dice: Dice) -> Self {
        Self(Mutex::new(dice))
    }
}

impl Entropy for WorldEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill(bytes);
    }
}
