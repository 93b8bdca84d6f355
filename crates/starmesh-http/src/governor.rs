//! How one mailbox is asked: a number of slots, and the pace of everything that goes out.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::pace::{Budget, Pace, Paused};

/// The longest a request waits for a pause to end before it gives up and says so.
const PAUSE_WAIT_MAX: Duration = Duration::from_secs(30);

/// How fast a mailbox may be asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GovernorSettings {
    /// Requests under way at once.
    pub concurrency: usize,
    /// Requests over time.
    pub budget: Budget,
}

/// The governor of one mailbox.
pub struct Governor {
    concurrency: u32,
    slots: Semaphore,
    pace: Pace,
}

impl Governor {
    /// A governor with nothing under way.
    pub fn new(settings: GovernorSettings) -> Self {
        let slots = settings.concurrency.max(1);
        let concurrency = u32::try_from(slots).unwrap_or(u32::MAX);
        Self { concurrency, slots: Semaphore::new(slots), pace: Pace::new(settings.budget) }
    }

    /// Waits for slots, the budget and the end of a pause, in this order, for an exchange that counts as
    /// `requests`, and holds the slots as long as the permit lives. A pause that lasts too long is an error
    /// at once.
    pub async fn admit(&self, requests: usize) -> Result<SemaphorePermit<'_>, Paused> {
        self.pace.refuse_long_pause(PAUSE_WAIT_MAX)?;
        // Nobody closes the semaphore; if it were closed, the mailbox would be shut for good.
        let closed = |_| Paused { remaining: Duration::MAX };
        let requests = u32::try_from(requests).unwrap_or(u32::MAX);
        let permit = self.slots.acquire_many(requests.clamp(1, self.concurrency)).await.map_err(closed)?;
        self.pace.admit(requests, PAUSE_WAIT_MAX).await?;
        Ok(permit)
    }

    /// The provider refuses to be asked so fast: pauses the whole mailbox (see [`Pace::pause`]).
    pub fn pause(&self, retry_after: Option<Duration>) {
        self.pace.pause(retry_after);
    }

    /// The provider answered: the next pause starts small again.
    pub fn answered(&self) {
        self.pace.answered();
    }

    /// How long the mailbox is paused from now on.
    pub fn paused_for(&self) -> Duration {
        self.pace.paused_for()
    }

    /// True when a pause is so long that requests are refused at once.
    pub fn is_paused_for_long(&self) -> bool {
        self.pace.refuse_long_pause(PAUSE_WAIT_MAX).is_err()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    fn governor(concurrency: usize) -> Governor {
        let budget = Budget::per_second(NonZeroU32::new(100).unwrap());
        Governor::new(GovernorSettings { concurrency, budget })
    }

    async fn is_admitted(governor: &Governor, requests: usize) -> bool {
        tokio::time::timeout(Duration::from_secs(1), governor.admit(requests))
            .await
            .is_ok_and(|it| it.is_ok())
    }

    #[tokio::test(start_paused = true)]
    async fn a_slot_is_free_again_when_its_permit_is_dropped() {
        let governor = governor(1);
        let first = governor.admit(1).await.unwrap();
        assert!(!is_admitted(&governor, 1).await, "the only slot is taken");
        drop(first);
        assert!(is_admitted(&governor, 1).await);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_takes_as_many_slots_as_it_has_parts_under_way() {
        let governor = governor(4);
        let batch = governor.admit(3).await.unwrap();
        let single = governor.admit(1).await.unwrap();
        assert!(!is_admitted(&governor, 1).await, "all slots are taken");
        drop((batch, single));
        assert!(is_admitted(&governor, 20).await, "a larger batch waits for all slots, not for more");
    }

    #[tokio::test(start_paused = true)]
    async fn a_long_pause_is_told_before_a_slot_is_free() {
        let governor = governor(1);
        let _held = governor.admit(1).await.unwrap();
        governor.pause(Some(Duration::from_mins(10)));
        assert!(governor.is_paused_for_long());
        let paused = governor.admit(1).await.unwrap_err();
        assert_eq!(paused.remaining, Duration::from_mins(10));
    }
}
