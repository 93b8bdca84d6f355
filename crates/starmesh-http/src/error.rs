//! Why there is no answer to look at.

use std::time::Duration;

use starmesh_provider::{ErrorKind, ProviderError};

use crate::oauth::SignInError;

/// A failed exchange. Names hosts and limits, nothing else.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HttpError {
    /// The host cannot be reached, or broke off.
    #[error("{host} {cause}")]
    Unreachable {
        /// Which host.
        host: String,
        /// In what way.
        cause: Unreachable,
    },
    /// The certificate or the TLS handshake is not acceptable.
    #[error("{host} could not prove its identity: {reason}")]
    Untrusted {
        /// Which host.
        host: String,
        /// The TLS library's reason.
        reason: String,
    },
    /// The answer is larger than we are willing to read.
    #[error("{host} answered with more than {limit_bytes} bytes")]
    TooLarge {
        /// Which host.
        host: String,
        /// The limit, in bytes.
        limit_bytes: usize,
    },
    /// A redirect that cannot or must not be followed.
    #[error("{host} redirects {reason}")]
    Redirect {
        /// The host that redirects.
        host: String,
        /// What is wrong with it: fits after "redirects".
        reason: &'static str,
    },
    /// The password would cross the network in clear.
    #[error("{host} is asked over plain http: the password is sent over https only")]
    Insecure {
        /// Which host.
        host: String,
    },
    /// The server redirected to a host that must not see the password, and that host wants one. Says
    /// nothing about the password being right or wrong.
    #[error("{from} redirects to {to}, which asks for a password that only {from} may see")]
    RefusedAfterRedirect {
        /// The host the credentials belong to.
        from: String,
        /// The host that answered 401.
        to: String,
    },
    /// A server that took proof of the password wants the password itself.
    #[error("{host} took proof of the password and now asks for the password itself, which it is not shown")]
    Downgraded {
        /// Which host.
        host: String,
    },
    /// The mailbox is asked to slow down.
    #[error("{host} asks to slow down")]
    Throttled {
        /// Which host.
        host: String,
        /// For how long, when known.
        retry_after: Option<Duration>,
    },
    /// There is no access token, and there will be none before a person signs in.
    #[error("{reason}")]
    SignedOut {
        /// Why, in words.
        reason: String,
    },
    /// The request itself cannot be made.
    #[error("the request cannot be made: {0}")]
    Request(String),
}

/// In what way a host is out of reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unreachable {
    /// No address for the name.
    #[error("cannot be found")]
    Name,
    /// No connection.
    #[error("does not accept a connection")]
    Connect,
    /// It has trouble of its own.
    #[error("has trouble of its own")]
    Trouble,
    /// It took too long.
    #[error("did not answer in time")]
    Timeout,
    /// The connection broke before the answer was whole.
    #[error("broke off its answer")]
    Broken,
}

/// What a request hears of a sign-in that fails under it.
impl From<SignInError> for HttpError {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::Http(error) => error,
            SignInError::Trouble { host } => Self::Unreachable { host, cause: Unreachable::Trouble },
            error @ SignInError::NotKept { .. } => Self::Request(error.to_string()),
            error => Self::SignedOut { reason: error.to_string() },
        }
    }
}

/// What a failed exchange means to whoever asked a provider.
impl From<HttpError> for ProviderError {
    fn from(error: HttpError) -> Self {
        let kind = match &error {
            HttpError::Unreachable { .. } => ErrorKind::Offline,
            HttpError::Untrusted { .. } => ErrorKind::Untrusted,
            HttpError::SignedOut { .. } | HttpError::Downgraded { .. } => ErrorKind::NeedsSignIn,
            HttpError::Throttled { retry_after, .. } => ErrorKind::Throttled { retry_after: *retry_after },
            HttpError::TooLarge { .. } | HttpError::Redirect { .. } => ErrorKind::InvalidData,
            HttpError::Insecure { .. } | HttpError::RefusedAfterRedirect { .. } | HttpError::Request(_) => {
                ErrorKind::Refused
            }
        };
        Self::new(kind, error.to_string())
    }
}
