//! How fast one account is asked: a budget that is never overdrawn, and a pause that holds for everything.
//!
//! The budget counts requests, of which a batch holds many: that is why it is kept here and not by the
//! transport, which sees one exchange.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The span over which Google counts (guide "Manage quotas": a sliding window of a minute).
const SPAN: Duration = Duration::from_mins(1);

/// The longest delay between two tries (guide "Handle API errors": truncated exponential back-off).
const BACKOFF_MAX: Duration = Duration::from_secs(64);

/// How many requests an account may make.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Requests per minute, each part of a batch counted. Google grants 600 to each user of a project
    /// that was made since May 2026.
    pub per_minute: u32,
    /// How many of them may go out at once after a time of rest.
    pub burst: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { per_minute: 600, burst: 50 }
    }
}

/// The pace of one account.
pub(crate) struct Pace {
    /// The time one request uses up: chosen so that a burst and a minute of steady requests after it
    /// stay within the budget of any minute.
    each: Duration,
    burst: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When everything that was let through so far is paid for.
    paid_at: Option<Instant>,
    paused_until: Option<Instant>,
}

impl Pace {
    pub(crate) fn new(budget: Budget) -> Self {
        let burst = budget.burst.clamp(1, budget.per_minute.max(1));
        let steady = budget.per_minute.saturating_sub(burst).max(1);
        let each = SPAN / steady;
        Self { each, burst: each * burst, state: Mutex::default() }
    }

    /// Waits until `requests` more are within the budget and no pause is on.
    pub(crate) async fn admit(&self, requests: u32) {
        let mut until = self.reserve(requests);
        loop {
            let pause = self.state.lock().unwrap_or_else(PoisonError::into_inner).paused_until;
            until = pause.map_or(until, |pause| pause.max(until));
            if until <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(until).await;
        }
    }

    /// Nothing goes out for `delay` from now.
    pub(crate) fn pause(&self, delay: Duration) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let until = Instant::now() + delay;
        state.paused_until = Some(state.paused_until.map_or(until, |before| before.max(until)));
    }

    /// Takes `requests` from the budget and says when they may go out.
    fn reserve(&self, requests: u32) -> Instant {
        let now = Instant::now();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let paid_at = state.paid_at.map_or(now, |paid_at| paid_at.max(now)) + self.each * requests;
        state.paid_at = Some(paid_at);
        paid_at.checked_sub(self.burst).map_or(now, |at| at.max(now))
    }
}

/// The delay before try number `tries` + 1: 2^`tries` seconds and up to one more, at most [`BACKOFF_MAX`].
/// `fraction` is random, in `[0, 1)`.
pub(crate) fn backoff(tries: u32, fraction: f64) -> Duration {
    let doubled = Duration::from_secs(2u64.saturating_pow(tries.min(16)));
    (doubled + Duration::from_secs(1).mul_f64(fraction)).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn no_minute_holds_more_than_the_budget() {
        let budget = Budget { per_minute: 60, burst: 10 };
        let pace = Pace::new(budget);
        let mut sent = Vec::new();
        for _ in 0..300 {
            pace.admit(1).await;
            sent.push(Instant::now());
        }
        for (at, first) in sent.iter().enumerate() {
            let within = sent[at..].iter().take_while(|later| **later - *first < SPAN).count();
            assert!(within <= 60, "{within} within a minute");
        }
        let steady = (sent[299] - sent[9]).as_secs_f64() / 290.0;
        assert!((1.19..1.21).contains(&steady), "one request in {steady} s");
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_costs_as_much_as_its_parts() {
        let pace = Pace::new(Budget { per_minute: 600, burst: 50 });
        let start = Instant::now();
        pace.admit(50).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pace.admit(50).await;
        assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_for_everything_that_comes_after() {
        let pace = Pace::new(Budget::default());
        pace.pause(Duration::from_secs(7));
        pace.pause(Duration::from_secs(3));
        let start = Instant::now();
        tokio::join!(pace.admit(1), pace.admit(1));
        assert!(start.elapsed() >= Duration::from_secs(7));
    }

    #[test]
    fn backing_off_doubles_up_to_a_bound() {
        let seconds: Vec<u64> = (0..9).map(|tries| backoff(tries, 0.0).as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
        assert_eq!(backoff(1, 0.5), Duration::from_millis(2500));
        assert_eq!(backoff(u32::MAX, 0.9), BACKOFF_MAX);
    }
}
