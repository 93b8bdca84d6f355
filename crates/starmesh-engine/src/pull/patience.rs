//! Who is asked to slow down in the middle of a read waits and goes on: a read that takes longer than a budget
//! lasts would otherwise begin again and again, and never end.

use std::time::Duration;

use starmesh_core::ids::CalendarId;
use starmesh_provider::{ErrorKind, ProviderError};
use tokio::time::sleep;

use crate::engine::Engine;
use crate::progress::EngineEvent;
use crate::schedule::backoff;

/// How often in a row one request of a read is repeated.
const REPEATS_MAX: u32 = 6;
/// The longest wait within a read: after longer ones it begins again. Microsoft's limits are counted over ten
/// minutes and its pauses seen are of up to five.
const WAIT_MAX: Duration = Duration::from_mins(5);

/// How patient one request of a read, or one stretch of a look through all of a calendar, still is.
#[derive(Default)]
pub(super) struct Patience {
    repeats: u32,
}

impl Patience {
    /// Waits as long as `refused` asks for; gives it back where waiting does not help.
    pub(super) async fn wait(
        &mut self,
        engine: &Engine,
        calendar: &CalendarId,
        refused: ProviderError,
    ) -> Result<(), ProviderError> {
        let ErrorKind::Throttled { retry_after } = refused.kind else { return Err(refused) };
        self.repeats += 1;
        let delay = backoff(self.repeats, engine.entropy.fraction(), retry_after);
        if self.repeats > REPEATS_MAX || delay > WAIT_MAX {
            return Err(refused);
        }
        engine.tell(EngineEvent::PullWaits { calendar: calendar.clone(), wait: delay });
        sleep(delay).await;
        Ok(())
    }
}
