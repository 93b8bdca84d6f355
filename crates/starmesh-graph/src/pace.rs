//! How fast one mailbox is asked: a budget of requests over time, and a pause that the service may order at
//! any moment and that then holds for all.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first pause of our own choice; doubles with each further refusal in a row.
const PAUSE_FIRST: Duration = Duration::from_secs(2);

/// The longest pause of our own choice.
const PAUSE_OWN_MAX: Duration = Duration::from_secs(64);

/// How many requests a mailbox grants: the service counts those of this app in ten minutes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Budget {
    /// Requests in ten minutes, when there are many for long.
    pub sustained: u32,
    /// Requests beyond these that may go out at once after a time of rest.
    pub burst: u32,
}

impl Budget {
    /// The time in which the service counts.
    const PERIOD: Duration = Duration::from_mins(10);
}

impl Default for Budget {
    /// Together 9,800 of the 10,000 that are granted; the rest is for repetitions.
    fn default() -> Self {
        Self { sustained: 9_300, burst: 500 }
    }
}

/// The pace of one mailbox.
pub(crate) struct Pace {
    budget: Budget,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// When everything that was let through would have gone out at an even pace.
    even: Option<Instant>,
    paused_until: Option<Instant>,
    /// Refusals since the last good answer.
    refusals: u32,
}

impl Pace {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, state: Mutex::default() }
    }

    /// Takes `requests` from the budget and waits until they may go out.
    pub(crate) async fn take(&self, requests: usize) {
        let wait = self.reserve(u32::try_from(requests).unwrap_or(u32::MAX));
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
    }

    /// The service refuses to be asked so fast: pauses the mailbox for as long as it says, and longer with
    /// every refusal in a row.
    pub(crate) fn pause(&self, asked: Option<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let own = PAUSE_FIRST.saturating_mul(2u32.saturating_pow(state.refusals)).min(PAUSE_OWN_MAX);
        let pause = match asked {
            Some(asked) if state.refusals == 0 => asked,
            Some(asked) => asked.max(own),
            None => own,
        };
        let until = Instant::now() + pause;
        state.refusals = state.refusals.saturating_add(1);
        state.paused_until = Some(state.paused_until.map_or(until, |before| before.max(until)));
    }

    /// The service answered: the next pause starts small again.
    pub(crate) fn answered(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).refusals = 0;
    }

    /// How long the mailbox is paused from now on.
    pub(crate) fn paused_for(&self) -> Duration {
        let until = self.state.lock().unwrap_or_else(PoisonError::into_inner).paused_until;
        until.map_or(Duration::ZERO, |until| until.saturating_duration_since(Instant::now()))
    }

    /// How long the next `requests` have to wait: they go out at an even pace, or ahead of it by a burst.
    fn reserve(&self, requests: u32) -> Duration {
        let each = Budget::PERIOD / self.budget.sustained.max(1);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let even = state.even.map_or(now, |even| even.max(now)) + each.saturating_mul(requests);
        state.even = Some(even);
        even.saturating_duration_since(now).saturating_sub(each.saturating_mul(self.budget.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_burst_goes_out_at_once_and_the_rest_at_an_even_pace() {
        let pace = Pace::new(Budget { sustained: 600, burst: 10 });
        let start = Instant::now();
        pace.take(10).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        pace.take(20).await;
        assert_eq!(start.elapsed(), Duration::from_secs(20));
        tokio::time::sleep(Duration::from_mins(1)).await;
        let rested = Instant::now();
        pace.take(10).await;
        assert_eq!(rested.elapsed(), Duration::ZERO, "rest fills the burst up again");
        pace.take(1).await;
        assert_eq!(rested.elapsed(), Duration::from_secs(1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_ten_minutes_see_more_than_the_service_grants() {
        const GRANTED: u32 = 10_000;
        let pace = Pace::new(Budget::default());
        let start = Instant::now();
        let mut sent = 0u32;
        while start.elapsed() < Budget::PERIOD {
            pace.take(20).await;
            sent += 20;
        }
        assert!((GRANTED / 10 * 9..=GRANTED).contains(&sent), "{sent}");
    }

    #[tokio::test(start_paused = true)]
    async fn pauses_are_as_asked_and_grow_with_refusals_in_a_row() {
        let pace = Pace::new(Budget::default());
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
