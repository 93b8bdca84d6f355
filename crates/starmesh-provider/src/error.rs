//! Every failure of a provider, classified once, at the edge.

use std::time::Duration;

/// What a caller can do about a failure.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorKind {
    /// The provider cannot be reached (name, connection, time-out, 5xx): try again later.
    Offline,
    /// The provider asks us to slow down, and perhaps for how long.
    Throttled {
        /// The provider's own delay.
        retry_after: Option<Duration>,
    },
    /// The credentials are refused: a person must sign in.
    NeedsSignIn,
    /// The certificate or the TLS handshake is not acceptable: a person must look.
    Untrusted,
    /// The sync token is dead: read the calendar anew and merge.
    TokenExpired,
    /// The item is no longer in the version we saw.
    PreconditionFailed,
    /// The identity under which we create is already taken, now or in the past.
    IdentityTaken,
    /// The item is not there.
    Gone,
    /// The calendar itself is not there.
    CalendarGone,
    /// We may not write here.
    ReadOnly,
    /// The mailbox is full.
    QuotaExceeded,
    /// The provider answered something that is not what it should be (HTML, broken XML, a missing field).
    InvalidData,
    /// The provider refuses this very request, and will again.
    Refused,
}

impl ErrorKind {
    /// True when the same request may well succeed later without anybody's help.
    pub fn is_transient(self) -> bool {
        matches!(self, Self::Offline | Self::Throttled { .. })
    }

    /// True when waiting does not help: a person must act before the account is asked again.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::NeedsSignIn | Self::Untrusted)
    }
}

/// A classified failure. The message names hosts, statuses and limits, never content or secrets.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    /// What can be done about it.
    pub kind: ErrorKind,
    /// What happened, for a person: fits after "could not …: ".
    pub message: String,
}

impl ProviderError {
    /// A failure of `kind`, in words.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}

/// What a provider answers.
pub type Result<T, E = ProviderError> = std::result::Result<T, E>;
