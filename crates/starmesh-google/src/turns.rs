//! One write at a time for each calendar: bursts on one calendar are throttled whatever the budget (guide
//! "Manage quotas", operational limits).

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};

use starmesh_core::ids::LastingName;
use tokio::sync::{Mutex, OwnedMutexGuard};

/// Whose turn it is to write, for each calendar.
#[derive(Default)]
pub(crate) struct WriteTurns {
    turns: StdMutex<HashMap<LastingName, Arc<Mutex<()>>>>,
}

impl WriteTurns {
    /// Waits for the turn at `calendar`, which lasts as long as the guard.
    pub(crate) async fn wait(&self, calendar: &LastingName) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(turns.entry(calendar.clone()).or_default())
        };
        turn.lock_owned().await
    }
}
