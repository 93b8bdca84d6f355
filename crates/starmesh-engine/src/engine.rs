//! The engine and what it stands on.

use std::sync::Arc;

use starmesh_provider::Providers;
use starmesh_provider::env::{Clock, Entropy};
use starmesh_store::state::State;
use tokio::sync::{Mutex, broadcast};

use crate::absent::Absences;
use crate::progress::EngineEvent;

/// How many events a slow listener may lag behind before it misses some.
const EVENTS_KEPT: usize = 1_024;

/// What an engine is made of.
#[derive(Clone)]
pub struct Parts {
    /// What is known and wanted.
    pub state: State,
    /// The accounts' providers.
    pub providers: Arc<dyn Providers>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness, for jitter.
    pub entropy: Arc<dyn Entropy>,
}

/// Keeps calendars in step. Clones share everything.
#[derive(Clone)]
pub struct Engine {
    pub(crate) state: State,
    pub(crate) providers: Arc<dyn Providers>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) absences: Arc<Absences>,
    /// Held by who plans a whole target: such a plan holds all items of its sources, and several at a time are no
    /// faster.
    pub(crate) whole_plans: Arc<Mutex<()>>,
    events: broadcast::Sender<EngineEvent>,
}

impl Engine {
    /// An engine over these parts.
    pub fn new(parts: Parts) -> Self {
        let Parts { state, providers, clock, entropy } = parts;
        let events = broadcast::Sender::new(EVENTS_KEPT);
        let (absences, whole_plans) = (Arc::default(), Arc::default());
        Self { state, providers, clock, entropy, absences, whole_plans, events }
    }

    /// Listens to what happens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<EngineEvent> {
        self.events.subscribe()
    }

    pub(crate) fn tell(&self, event: EngineEvent) {
        // No listener is the normal case, not an error.
        drop(self.events.send(event));
    }
}
