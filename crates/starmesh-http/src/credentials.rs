//! What proves who we are.

use std::fmt;
use std::sync::Arc;

use data_encoding::BASE64;
use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

use crate::oauth::{SignInError, Tokens};

/// Credentials of an account.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A name and a password (RFC 7617, in UTF-8).
    Basic {
        /// The user's name.
        user: String,
        /// The password, often one made for this program alone.
        password: SecretString,
    },
    /// Access tokens of a grant (RFC 6750), renewed as they run out.
    Bearer(Arc<Tokens>),
    /// A token that somebody was given, and that nothing here can renew.
    Token(SecretString),
    /// None: whoever knows the address may read what is there.
    Nobody,
}

impl Credentials {
    /// What proves who we are just now; `None` where nothing has to.
    pub(crate) async fn proof(&self) -> Result<Option<Proof>, SignInError> {
        Ok(Some(match self {
            Self::Basic { user, password } => {
                Proof { header: basic(user, password.expose_secret()), token: None }
            }
            Self::Bearer(tokens) => {
                let access = tokens.access().await?;
                Proof { header: sensitive("Bearer", access.expose_secret()), token: Some(access) }
            }
            Self::Token(token) => Proof { header: sensitive("Bearer", token.expose_secret()), token: None },
            Self::Nobody => return Ok(None),
        }))
    }

    /// True when there is nothing to keep from anybody.
    pub(crate) fn are_none(&self) -> bool {
        matches!(self, Self::Nobody)
    }

    /// The server refused `proof`. True when there may be a better one: a token can have been withdrawn
    /// before its time, a password stays the same.
    pub(crate) async fn refused(&self, proof: &Proof) -> bool {
        match (self, &proof.token) {
            (Self::Bearer(tokens), Some(access)) => {
                tokens.refused(access).await;
                true
            }
            _ => false,
        }
    }
}

/// The value of an `Authorization` header, marked as sensitive.
pub(crate) struct Proof {
    pub(crate) header: HeaderValue,
    token: Option<SecretString>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { .. } => f.write_str("Credentials::Basic(..)"),
            Self::Bearer(_) => f.write_str("Credentials::Bearer(..)"),
            Self::Token(_) => f.write_str("Credentials::Token(..)"),
            Self::Nobody => f.write_str("Credentials::Nobody"),
        }
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    sensitive("Basic", &BASE64.encode(format!("{user}:{password}").as_bytes()))
}

fn sensitive(scheme: &'static str, secret: &str) -> HeaderValue {
    // A token with a line break in it is no token; without one the server refuses, as it should.
    let mut value = HeaderValue::from_str(&format!("{scheme} {secret}"))
        .unwrap_or_else(|_| HeaderValue::from_static(scheme));
    value.set_sensitive(true);
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic_of(user: &str, password: &str) -> Credentials {
        Credentials::Basic { user: user.to_owned(), password: password.to_owned().into() }
    }

    #[tokio::test]
    async fn basic_credentials_are_encoded_as_in_rfc_7617() {
        let proof = basic_of("Aladdin", "open sesame").proof().await.unwrap().unwrap();
        assert_eq!(proof.header.as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let proof = basic_of("test", "123\u{a3}").proof().await.unwrap().unwrap();
        assert_eq!(proof.header.as_bytes(), b"Basic dGVzdDoxMjPCow==");
    }

    #[tokio::test]
    async fn a_token_is_sent_as_in_rfc_6750_and_shown_nowhere() {
        let credentials = Credentials::Token("mF_9.B5f-4.1JqM".to_owned().into());
        let proof = credentials.proof().await.unwrap().unwrap();
        assert_eq!(proof.header.as_bytes(), b"Bearer mF_9.B5f-4.1JqM");
        assert!(!credentials.refused(&proof).await, "there is no better one");
        assert!(!format!("{credentials:?} {:?}", proof.header).contains("mF_9"));
    }

    #[tokio::test]
    async fn debug_output_tells_neither_name_nor_password() {
        let credentials = basic_of("ada", "hunter2");
        let debug = format!("{credentials:?} {:?}", credentials.proof().await.unwrap().unwrap().header);
        assert!(!debug.contains("ada") && !debug.contains("hunter2"), "{debug}");
    }
}
