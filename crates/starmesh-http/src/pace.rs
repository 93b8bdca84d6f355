//! How fast one account is asked: a budget that is never overdrawn, and a pause that holds for everything.
//!
//! The budget counts requests, of which a batch holds many. Time is tokio's, so that a test may pass it.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::time::Instant;

/// The first pause of our own choice after a refusal; doubles with each further one in a row.
const PAUSE_FIRST: Duration = Duration::from_secs(2);

/// The longest pause that we choose ourselves.
const PAUSE_OWN_MAX: Duration = Duration::from_secs(64);

/// How many requests a provider grants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// The span over which the provider counts.
    pub period: Duration,
    /// Requests in one period, when there are many for long.
    pub sustained: NonZeroU32,
    /// Requests beyond these that may go out at once after a time of rest: no period sees more than both
    /// together.
    pub burst: NonZeroU32,
}

impl Budget {
    /// The same number of requests every second, all of which may go out at once.
    pub const fn per_second(requests: NonZeroU32) -> Self {
        Self { period: Duration::from_secs(1), sustained: requests, burst: requests }
    }

    fn quota(self) -> Quota {
        let each = self.period / self.sustained.get();
        // A period of nothing would be a budget without bounds, which no provider grants.
        Quota::with_period(each).unwrap_or(Quota::per_second(NonZeroU32::MAX)).allow_burst(self.burst)
    }
}

/// The pace of one account.
pub struct Pace {
    budget: Budget,
    timers: Timers,
    limiter: RateLimiter<NotKeyed, InMemoryState, Timers, NoOpMiddleware<Duration>>,
    pause: Mutex<Pause>,
}

/// A pause lasts longer than a request waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Paused {
    /// How long it still lasts.
    pub remaining: Duration,
}

#[derive(Default)]
struct Pause {
    until: Option<Instant>,
    /// Refusals since the last good answer.
    refusals: u32,
}

impl Pace {
    /// The pace of an account that rested until now.
    pub fn new(budget: Budget) -> Self {
        let timers = Timers(Instant::now());
        let limiter = RateLimiter::direct_with_clock(budget.quota(), timers.clone());
        Self { budget, timers, limiter, pause: Mutex::default() }
    }

    /// Waits until `requests` more are within the budget and no pause is on. A pause that lasts longer than
    /// `patience` is an error at once.
    pub async fn admit(&self, requests: u32, patience: Duration) -> Result<(), Paused> {
        self.refuse_long_pause(patience)?;
        self.take(requests).await;
        loop {
            let remaining = self.refuse_long_pause(patience)?;
            if remaining.is_zero() {
                return Ok(());
            }
            tokio::time::sleep(remaining).await;
        }
    }

    /// The provider refuses to be asked so fast: nothing goes out for as long as it says, and for longer
    /// with every refusal in a row, since some block for longer than they say.
    pub fn pause(&self, asked: Option<Duration>) {
        let mut pause = self.pause.lock().unwrap_or_else(PoisonError::into_inner);
        let own = PAUSE_FIRST.saturating_mul(2u32.saturating_pow(pause.refusals)).min(PAUSE_OWN_MAX);
        let delay = match asked {
            Some(asked) if pause.refusals == 0 => asked,
            Some(asked) => asked.max(own),
            None => own,
        };
        pause.refusals = pause.refusals.saturating_add(1);
        pause.extend(delay);
    }

    /// Nothing goes out for `delay` from now, which the caller chose.
    pub fn pause_for(&self, delay: Duration) {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner).extend(delay);
    }

    /// The provider answered: the next pause starts small again.
    pub fn answered(&self) {
        self.pause.lock().unwrap_or_else(PoisonError::into_inner).refusals = 0;
    }

    /// How long the account is paused from now on.
    pub fn paused_for(&self) -> Duration {
        let until = self.pause.lock().unwrap_or_else(PoisonError::into_inner).until;
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// How long a pause still lasts, unless that is too long to wait for.
    pub fn refuse_long_pause(&self, patience: Duration) -> Result<Duration, Paused> {
        let remaining = self.paused_for();
        if remaining > patience { Err(Paused { remaining }) } else { Ok(remaining) }
    }

    /// Takes `requests` from the budget, in pieces of at most a burst.
    async fn take(&self, requests: u32) {
        let mut left = requests;
        while let Some(piece) = NonZeroU32::new(left.min(self.budget.burst.get())) {
            while let Ok(Err(early)) = self.limiter.check_n(piece) {
                tokio::time::sleep(early.wait_time_from(self.timers.now())).await;
            }
            left -= piece.get();
        }
    }
}

impl Pause {
    fn extend(&mut self, delay: Duration) {
        let until = Instant::now() + delay;
        self.until = Some(self.until.map_or(until, |before| before.max(until)));
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Longer than any pause of these tests.
    const PATIENT: Duration = Duration::from_hours(1);

    fn budget(seconds: u64, sustained: u32, burst: u32) -> Budget {
        let count = |count| NonZeroU32::new(count).unwrap();
        Budget { period: Duration::from_secs(seconds), sustained: count(sustained), burst: count(burst) }
    }

    #[tokio::test(start_paused = true)]
    async fn no_period_sees_more_than_the_budget() {
        let pace = Pace::new(budget(60, 50, 10));
        let mut sent = Vec::new();
        for _ in 0..300 {
            pace.admit(1, PATIENT).await.unwrap();
            sent.push(Instant::now());
        }
        for (at, first) in sent.iter().enumerate() {
            let minute = Duration::from_mins(1);
            let within = sent[at..].iter().take_while(|later| **later - *first < minute).count();
            assert!(within <= 60, "{within} within a minute");
        }
        let steady = (sent[299] - sent[9]).as_secs_f64() / 290.0;
        assert!((1.19..1.21).contains(&steady), "one request in {steady} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_costs_as_much_as_its_parts() {
        let pace = Pace::new(budget(60, 600, 50));
        let start = Instant::now();
        pace.admit(50, PATIENT).await.unwrap();
        assert_eq!(start.elapsed(), Duration::ZERO);
        pace.admit(50, PATIENT).await.unwrap();
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_larger_than_a_burst_waits_for_all_of_it() {
        let pace = Pace::new(budget(1, 10, 10));
        let start = Instant::now();
        pace.admit(35, PATIENT).await.unwrap();
        let waited = start.elapsed().as_secs_f64();
        assert!((2.4..2.6).contains(&waited), "{waited}");
    }

    #[tokio::test(start_paused = true)]
    async fn rest_fills_the_burst_up_again() {
        let pace = Pace::new(budget(600, 600, 10));
        pace.admit(30, PATIENT).await.unwrap();
        tokio::time::sleep(Duration::from_mins(1)).await;
        let rested = Instant::now();
        pace.admit(10, PATIENT).await.unwrap();
        assert_eq!(rested.elapsed(), Duration::ZERO);
        pace.admit(1, PATIENT).await.unwrap();
        let waited = rested.elapsed();
        assert!((Duration::from_millis(990)..Duration::from_millis(1010)).contains(&waited), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everything_that_comes_after() {
        let pace = Pace::new(budget(1, 100, 100));
        pace.pause_for(Duration::from_secs(7));
        pace.pause_for(Duration::from_secs(3));
        let start = Instant::now();
        let (first, second) = tokio::join!(pace.admit(1, PATIENT), pace.admit(1, PATIENT));
        assert!(first.is_ok() && second.is_ok());
        assert!(start.elapsed() >= Duration::from_secs(7));
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_told_at_once() {
        let pace = Pace::new(budget(1, 100, 100));
        pace.pause(Some(Duration::from_mins(10)));
        let start = Instant::now();
        let paused = pace.admit(1, Duration::from_secs(30)).await.unwrap_err();
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(paused.remaining, Duration::from_mins(10));
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_as_asked_and_grow_with_refusals_in_a_row() {
        let pace = Pace::new(budget(1, 100, 100));
        pace.pause(Some(Duration::from_secs(1)));
        assert_eq!(pace.paused_for(), Duration::from_secs(1));
        for seconds in [4, 8, 16, 32, 64, 64] {
            tokio::time::sleep(pace.paused_for()).await;
            pace.pause(Some(Duration::from_secs(1)));
            assert_eq!(pace.paused_for(), Duration::from_secs(seconds));
        }
        tokio::time::sleep(pace.paused_for()).await;
        pace.answered();
        pace.pause(None);
        assert_eq!(pace.paused_for(), Duration::from_secs(2));
        pace.pause(Some(Duration::from_mins(9)));
        assert_eq!(pace.paused_for(), Duration::from_mins(9), "the longest pause holds");
    }
}
