//! What can go wrong for the engine as a whole, and for one calendar.

use starmesh_core::ids::{AccountId, CalendarId};
use starmesh_provider::{ErrorKind, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::Calendar;

/// The engine cannot go on.
#[derive(Clone, Debug, thiserror::Error)]
pub enum EngineError {
    /// The store does not answer; without it nothing may be written anywhere.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One calendar cannot be read or written; only its own links stand still.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Trouble {
    /// Which calendar.
    pub calendar: CalendarId,
    /// Whose it is.
    pub account: AccountId,
    /// What can be done about it.
    pub kind: ErrorKind,
    /// What happened.
    pub message: String,
}

impl Trouble {
    pub(crate) fn new(calendar: &Calendar, error: ProviderError) -> Self {
        Self {
            calendar: calendar.id.clone(),
            account: calendar.account.clone(),
            kind: error.kind,
            message: error.message,
        }
    }
}
