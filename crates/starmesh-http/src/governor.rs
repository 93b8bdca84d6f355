//! How fast one mailbox is asked.
//!
//! All requests to a mailbox share one governor: a number of slots, a budget per second, and a pause that
//! the provider may order at any time and that then holds for every request.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// The first pause after a 429 without a usable `Retry-After`; doubles with each further one.
const PAUSE_FIRST: Duration = Duration::from_secs(2);

/// The longest pause that we choose ourselves.
const PAUSE_OWN_MAX: Duration = Duration::from_secs(64);

/// The longest a request waits for a pause to end before it gives up and says so.
const PAUSE_WAIT_MAX: Duration = Duration::from_secs(30);

/// How fast a mailbox may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GovernorSettings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests per second on average; as many may go out in one burst.
    pub per_second: NonZeroU32,
}

/// The governor of one mailbox.
pub struct Governor {
    slots: Semaphore,
    budget: RateLimiter<NotKeyed, InMemoryState, Timers, NoOpMiddleware<Duration>>,
    timers: Timers,
    pause: Mutex<Pause>,
}

/// The time of tokio's timers, which waits are measured by.
#[derive(Clone)]
struct Timers(Instant);

impl Clock for Timers {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The mailbox is paused for longer than a request waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MailboxPaused {
    /// How long the pause still lasts.
    pub remaining: Duration,
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// Refusals since the last success.
    refusals: u32,
}

impl Governor {
    /// A governor with nothing under way.
    pub fn new(settings: GovernorSettings) -> Self {
        let timers = Timers(Instant::now());
        Self {
            slots: Semaphore::new(settings.concurrency.max(1)),
            budget: RateLimiter::direct_with_clock(Quota::per_second(settings.per_second), timers.clone()),
            timers,
            pause: Mutex::default(),
        }
    }

    /// Waits for a slot, the budget and the end of a pause, in this order, and holds the slot as long as
    /// the permit lives. A pause that lasts too long is an error at once.
    pub async fn admit(&self) -> Result<SemaphorePermit<'_>, MailboxPaused> {
        self.refuse_long_pause()?;
        let permit = match self.slots.acquire().await {
            Ok(permit) => permit,
            // Nobody closes the semaphore; if it were closed, the mailbox would be shut for good.
            Err(_closed) => return Err(MailboxPaused { remaining: Duration::MAX }),
        };
        self.take_from_budget().await;
        loop {
            let remaining = self.refuse_long_pause()?;
            if remaining.is_zero() {
                return Ok(permit);
            }
            tokio::time::sleep(remaining).await;
        }
    }

    /// The provider refuses to be asked so fast: pauses the whole mailbox. Waits at least as long as the
    /// provider says, and longer with every refusal in a row, since iCloud blocks for longer than it says.
    pub fn pause(&self, retry_after: Option<Duration>) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let own = PAUSE_FIRST.saturating_mul(2u32.saturating_pow(pause.refusals)).min(PAUSE_OWN_MAX);
        let until = Instant::now() + retry_after.unwrap_or_default().max(own);
        pause.refusals = pause.refusals.saturating_add(1);
        pause.until = Some(pause.until.map_or(until, |before| before.max(until)));
    }

    /// The provider answered: the next pause starts small again.
    pub fn answered(&self) {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner).refusals = 0;
    }

    /// How long the mailbox is paused from now on.
    pub fn paused_for(&self) -> Duration {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let remaining =
            pause.until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()));
        if remaining.is_zero() {
            pause.until = None;
        }
        remaining
    }

    fn refuse_long_pause(&self) -> Result<Duration, MailboxPaused> {
        let remaining = self.paused_for();
        if remaining > PAUSE_WAIT_MAX { Err(MailboxPaused { remaining }) } else { Ok(remaining) }
    }

    async fn take_from_budget(&self) {
        while let Err(early) = self.budget.check() {
            tokio::time::sleep(early.wait_time_from(self.timers.now())).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn governor(concurrency: usize) -> Governor {
        Governor::new(GovernorSettings { concurrency, per_second: NonZeroU32::new(100).unwrap() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_every_request() {
        let governor = governor(4);
        governor.pause(Some(Duration::from_secs(10)));
        let start = Instant::now();
        let permits = (governor.admit().await.unwrap(), governor.admit().await.unwrap());
        assert!(start.elapsed() >= Duration::from_secs(10));
        drop(permits);
    }

    #[tokio::test(start_paused = true)]
    async fn the_budget_follows_the_timers() {
        let governor = governor(1);
        let start = Instant::now();
        for _ in 0..300 {
            drop(governor.admit().await.unwrap());
        }
        let seconds = start.elapsed().as_secs_f64();
        assert!((1.9..2.1).contains(&seconds), "a burst of 100 and 200 more took {seconds} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_told_at_once() {
        let governor = governor(1);
        governor.pause(Some(Duration::from_mins(10)));
        let start = Instant::now();
        let paused = governor.admit().await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(paused.remaining, Duration::from_mins(10));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_double_until_an_answer_comes() {
        let governor = governor(1);
        for seconds in [2, 4, 8, 16, 32, 64, 64] {
            governor.pause(Some(Duration::from_secs(1)));
            assert_eq!(governor.paused_for(), Duration::from_secs(seconds));
            tokio::time::sleep(Duration::from_secs(seconds)).await;
        }
        governor.answered();
        governor.pause(None);
        assert_eq!(governor.paused_for(), Duration::from_secs(2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_is_free_again_when_its_permit_is_dropped() {
        let governor = governor(1);
        let first = governor.admit().await.unwrap();
        let second = tokio::time::timeout(Duration::from_secs(1), governor.admit()).await;
        assert!(second.is_err(), "the only slot is taken");
        drop(first);
        let second = tokio::time::timeout(Duration::from_secs(1), governor.admit()).await;
        assert!(second.is_ok_and(|permit| permit.is_ok()));
    }
}
