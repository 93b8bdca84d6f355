//! When to look and when to try again. Pure: the caller brings the randomness.

use std::time::Duration;

/// Polls spread by this share of their interval to either side, so that many calendars do not beat as one.
pub const POLL_JITTER: f64 = 0.25;

/// The first delay after a failure.
const BACKOFF_BASE: Duration = Duration::from_secs(2);
/// The longest delay after failures that pass by themselves.
const BACKOFF_MAX: Duration = Duration::from_mins(5);
/// The delay after failures that only a person can end.
pub(crate) const PERSON_DELAY: Duration = Duration::from_mins(15);
/// A calendar that seems to be empty or gone is looked at again after this long (design, invariant 5).
pub(crate) const SUSPICION_DELAY: Duration = Duration::from_mins(1);
/// How long a wedged operation rests before it is tried again unasked.
pub(crate) const WEDGE_REST: Duration = Duration::from_hours(1);
/// How long an operation rests at first whose answer could not be read; from then on for as long again as it has
/// stood still, up to [`WEDGE_REST`].
pub(crate) const UNREADABLE_REST: Duration = Duration::from_mins(2);
/// How long the busy blocks of a calendar that is gone are kept in mind: it may be shared again, with all of them
/// in it, and then those of links that have ended meanwhile are to go.
pub(crate) const GONE_PATIENCE: Duration = Duration::from_hours(30 * 24);
/// Every calendar is read whole at least this often, whatever its sync token says.
pub(crate) const WHOLE_READ_INTERVAL: Duration = Duration::from_hours(24);

/// After so long without a good read a calendar is read whole once: services forget, and drop what they meant to
/// tell. Twice the poll interval where that is longer.
pub(crate) const READ_GAP: Duration = Duration::from_hours(6);
/// Whole reads after a sleep or a gap come so far apart, so that they do not hold up what people wait for.
pub(crate) const VERIFY_SPACING: Duration = Duration::from_secs(30);
/// But all of them begin within this time.
pub(crate) const VERIFY_WITHIN: Duration = Duration::from_mins(10);
/// A whole read that failed though the changes could be read is tried again after this long.
pub(crate) const VERIFY_AGAIN: Duration = Duration::from_mins(5);

/// When the whole read of the calendar with this number, of so many, is due.
pub(crate) fn verify_delay(number: usize, of: usize) -> Duration {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let spacing = VERIFY_SPACING.min(VERIFY_WITHIN / count(of).max(1));
    spacing.saturating_mul(count(number).saturating_add(1)).min(VERIFY_WITHIN)
}

/// The delay to the next poll: `interval` ± [`POLL_JITTER`]. `fraction` is random, in `[0, 1)`.
pub fn poll_delay(interval: Duration, fraction: f64) -> Duration {
    interval.mul_f64(1.0 - POLL_JITTER + 2.0 * POLL_JITTER * fraction)
}

/// The delay after the `attempts`-th failure in a row (from 1): doubles up to a bound, with half of it
/// random. A longer delay that the provider asked for is kept. `fraction` is random, in `[0, 1)`.
pub fn backoff(attempts: u32, fraction: f64, asked_for: Option<Duration>) -> Duration {
    let doubled = BACKOFF_BASE.saturating_mul(2u32.saturating_pow(attempts.saturating_sub(1).min(16)));
    let delay = doubled.min(BACKOFF_MAX).mul_f64(0.5 + 0.5 * fraction);
    asked_for.map_or(delay, |asked| delay.max(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_reads_after_a_sleep_are_spread_and_all_begin_in_time() {
        assert_eq!((verify_delay(0, 3), verify_delay(2, 3)), (VERIFY_SPACING, VERIFY_SPACING * 3));
        let many: Vec<Duration> = (0..500).map(|number| verify_delay(number, 500)).collect();
        assert!(many.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(many.iter().all(|delay| *delay <= VERIFY_WITHIN));
    }

    proptest! {
        #[test]
        fn a_poll_comes_within_a_quarter_of_its_interval(seconds in 5u64..86_400, fraction in 0.0..1.0f64) {
            let interval = Duration::from_secs(seconds);
            let delay = poll_delay(interval, fraction);
            prop_assert!(delay >= interval.mul_f64(0.75) && delay <= interval.mul_f64(1.25));
        }

        #[test]
        fn backoff_never_shrinks_below_what_was_asked_and_is_bounded(
            attempts in 1u32..1_000, fraction in 0.0..1.0f64, asked in 0u64..1_000,
        ) {
            let asked = Duration::from_secs(asked);
            let delay = backoff(attempts, fraction, Some(asked));
            prop_assert!(delay >= asked);
            prop_assert!(delay <= BACKOFF_MAX.max(asked));
        }

        #[test]
        fn backoff_grows_with_every_failure(attempts in 1u32..50, fraction in 0.0..1.0f64) {
            prop_assert!(backoff(attempts + 1, fraction, None) >= backoff(attempts, fraction, None));
        }
    }
}
