//! What proves who we are.

use std::fmt;

use http::HeaderValue;
use secrecy::{ExposeSecret, SecretString};

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
}

impl Credentials {
    /// The value of the `Authorization` header, marked as sensitive.
    pub(crate) fn authorization(&self) -> HeaderValue {
        match self {
            Self::Basic { user, password } => basic(user, password.expose_secret()),
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Basic { .. } => f.write_str("Credentials::Basic(..)"),
        }
    }
}

fn basic(user: &str, password: &str) -> HeaderValue {
    let text = format!("Basic {}", base64(format!("{user}:{password}").as_bytes()));
    // Base64 is ASCII, so that the value is always legal; an empty one would be refused by any server.
    let mut value = HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("Basic"));
    value.set_sensitive(true);
    value
}

/// Base64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().enumerate().fold(0u32, |word, (at, byte)| word | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let six = (word >> (18 - 6 * at)) & 0x3f;
            text.push(if at <= chunk.len() { char::from(ALPHABET[six as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_encoded_as_in_rfc_7617() {
        let credentials =
            Credentials::Basic { user: "Aladdin".to_owned(), password: "open sesame".to_owned().into() };
        assert_eq!(credentials.authorization().as_bytes(), b"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        let credentials =
            Credentials::Basic { user: "test".to_owned(), password: "123\u{a3}".to_owned().into() };
        assert_eq!(credentials.authorization().as_bytes(), b"Basic dGVzdDoxMjPCow==");
    }

    #[test]
    fn debug_output_tells_neither_name_nor_password() {
        let credentials =
            Credentials::Basic { user: "ada".to_owned(), password: "hunter2".to_owned().into() };
        let debug = format!("{credentials:?} {:?}", credentials.authorization());
        assert!(!debug.contains("ada") && !debug.contains("hunter2"), "{debug}");
    }
}
