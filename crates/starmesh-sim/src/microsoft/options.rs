//! How a simulated Microsoft Graph begins.

use std::fmt;

use super::switches::Switches;
use crate::web::auth::Client;
use crate::web::{Ledger, SimClock};

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
    /// Registered applications; while there is none, every client id is good.
    pub clients: Vec<Client>,
    /// Certificates that web hooks trust besides the platform's, PEM texts.
    pub hook_roots: Vec<Vec<u8>>,
}

impl Default for MicrosoftOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            clock: SimClock::real(),
            ledger: Ledger::new(),
            switches: Switches::default(),
            clients: Vec::new(),
            hook_roots: Vec::new(),
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
