//! How a simulated Microsoft Graph begins.

use std::fmt;
use std::sync::Arc;

use super::switches::Switches;
use crate::web::{HookCarrier, Ledger, SimClock};

/// How a [`MicrosoftSim`](super::MicrosoftSim) begins.
#[derive(Clone)]
pub struct MicrosoftOptions {
    /// Decides everything that is left to chance.
    pub seed: u64,
    /// The time of the world.
    pub clock: SimClock,
    /// Where writes, notifications and deliveries are noted; may be shared with other providers.
    pub ledger: Ledger,
    /// Which reading of each disputed truth holds.
    pub switches: Switches,
    /// A bearer token that is always good, and the principal name of the user it belongs to.
    pub token: Option<(String, String)>,
    /// What carries web hooks; `None` is plain HTTP, or HTTPS with the platform's certificates.
    pub carrier: Option<Arc<dyn HookCarrier>>,
}

impl Default for MicrosoftOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            clock: SimClock::real(),
            ledger: Ledger::new(),
            switches: Switches::default(),
            token: None,
            carrier: None,
        }
    }
}

impl fmt::Debug for MicrosoftOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MicrosoftOptions")
            .field("seed", &self.seed)
            .field("clock", &self.clock)
            .field("switches", &self.switches)
            .finish_non_exhaustive()
    }
}
