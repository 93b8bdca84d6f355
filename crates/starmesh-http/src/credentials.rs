//! What proves who we are.

use std::fmt;
use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use crate::error::HttpError;
use crate::oauth::Tokens;
use crate::password::{Password, Shown, Verdict};
use crate::transport::Response;

/// How often one request is sent for a password's sake: to hear the challenge, with the answer to it, and
/// with the answer to a fresh one when that has just worn out.
const TRIES_PASSWORD: u32 = 3;

/// The same for tokens: with the one at hand, and with another when that was withdrawn before its time.
const TRIES_TOKENS: u32 = 2;

/// Credentials of an account.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A name and a password, for Basic and Digest.
    Password {
        /// The user's name.
        user: String,
        /// The password, often one made for this program alone.
        password: Password,
    },
    /// Access tokens of a grant (RFC 6750), renewed as they run out.
    Bearer(Arc<Tokens>),
    /// A token that somebody was given, and that nothing here can renew.
    Token(SecretString),
    /// None: whoever knows the address may read what is there.
    Nobody,
}

impl Credentials {
    /// What proves to `url` who we are just now.
    pub(crate) async fn proof(&self, url: &Url, method: &Method) -> Result<Proof, HttpError> {
        Ok(match self {
            Self::Password { user, password } => {
                let (header, shown) = password.proof(user, url, method)?;
                Proof { header, kind: Kind::Password(shown) }
            }
            Self::Bearer(tokens) => {
                let access = tokens.access().await?;
                Proof { header: Some(bearer(&access)), kind: Kind::Access(access) }
            }
            Self::Token(token) => Proof { header: Some(bearer(token)), kind: Kind::Lasting },
            Self::Nobody => Proof { header: None, kind: Kind::Lasting },
        })
    }

    /// True when there is nothing to keep from anybody.
    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// How often one request may be sent until its answer counts.
    pub(crate) fn tries(&self) -> u32 {
        match self {
            Self::Password { .. } => TRIES_PASSWORD,
            Self::Bearer(_) => TRIES_TOKENS,
            Self::Token(_) | Self::Nobody => 1,
        }
    }

    /// Learns from what the server at `url` answered to a request with `proof`.
    pub(crate) async fn heard(
        &self,
        proof: &Proof,
        url: &Url,
        response: &Response,
    ) -> Result<Verdict, HttpError> {
        match (self, &proof.kind) {
            (Self::Password { password, .. }, Kind::Password(shown)) => password.heard(shown, url, response),
            (Self::Bearer(tokens), Kind::Access(access)) if response.status() == StatusCode::UNAUTHORIZED => {
                tokens.refused(access).await;
                Ok(Verdict::Again)
            }
            _ => Ok(Verdict::Answer),
        }
    }
}

/// What one request shows.
pub(crate) struct Proof {
    /// The value of its `Authorization`, marked as sensitive.
    pub(crate) header: Option<HeaderValue>,
    kind: Kind,
}

enum Kind {
    Password(Shown),
    /// A token that can be replaced by another.
    Access(SecretString),
    /// It stays what it is.
    Lasting,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password { .. } => f.write_str("Credentials::Password(..)"),
            Self::Bearer(_) => f.write_str("Credentials::Bearer(..)"),
            Self::Token(_) => f.write_str("Credentials::Token(..)"),
            Self::Nobody => f.write_str("Credentials::Nobody"),
        }
    }
}

fn bearer(token: &SecretString) -> HeaderValue {
    sensitive(&format!("Bearer {}", token.expose_secret()))
}

/// The value of an `Authorization` header that no log shows.
pub(crate) fn sensitive(value: &str) -> HeaderValue {
    // A secret with a line break in it is none; without one the server refuses, as it should.
    let mut header = HeaderValue::from_str(value).unwrap_or_else(|_| HeaderValue::from_static("None"));
    header.set_sensitive(true);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn proof_of(credentials: &Credentials) -> HeaderValue {
        let url = Url::parse("https://example.org/").unwrap();
        credentials.proof(&url, &Method::GET).await.unwrap().header.unwrap()
    }

    fn password_of(user: &str, password: &str) -> Credentials {
        Credentials::Password { user: user.to_owned(), password: password.to_owned().into() }
    }

    #[tokio::test]
    async fn basic_credentials_are_encoded_as_in_rfc_7617() {
        let header = proof_of(&password_of("Aladdin", "open sesame")).await;
        assert_eq!(header.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let header = proof_of(&password_of("test", "123\u{a3}")).await;
        assert_eq!(header.as_bytes(), b"Basic dGVzdDoxMjPCow==");
    }

    #[tokio::test]
    async fn a_token_is_sent_as_in_rfc_6750_and_shown_nowhere() {
        let credentials = Credentials::Token("mF_9.B5f-4.1JqM".to_owned().into());
        let header = proof_of(&credentials).await;
        assert_eq!(header.as_bytes(), b"Bearer mF_9.B5f-4.1JqM");
        assert_eq!(credentials.tries(), 1, "there is no better one");
        assert!(!format!("{credentials:?} {header:?}").contains("mF_9"));
    }

    #[tokio::test]
    async fn debug_output_tells_neither_name_nor_password() {
        let credentials = password_of("ada", "hunter2");
        let debug = format!("{credentials:?} {:?}", proof_of(&credentials).await);
        assert!(!debug.contains("ada") && !debug.contains("hunter2"), "{debug}");
    }
}
