//! How a provider words its answers and which rules of sign-in it keeps.

use chrono::{DateTime, Utc};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};
use url::Url;

use super::{Access, Form};
use crate::web::Reply;

/// A provider's manners. Functions take and give values only.
#[derive(Clone, Copy)]
pub struct AuthStyle {
    /// The answer of the token, device and revocation endpoints to a problem.
    pub problem: fn(&AuthProblem, DateTime<Utc>) -> Reply,
    /// Whether clients must, may or must not send their secret.
    pub secret: SecretRule,
    /// What a refresh does to the refresh token.
    pub refresh: RefreshRule,
    /// Whether the authorization request (its query, or the device request's form) with these scopes brings
    /// a refresh token.
    pub wants_refresh: fn(&Form, &[String]) -> RefreshWish,
    /// Whether a redirect address may be used.
    pub redirect_allowed: fn(&Url) -> bool,
    /// Fields of a token answer besides those of RFC 6749.
    pub token_extra: fn(&Issued<'_>) -> Map<String, Value>,
    /// How a granted scope is written in a token answer.
    pub scope_shown: fn(&str) -> String,
    /// Fields of a device answer: takes the device code, the user code, its life and interval in seconds.
    pub device_answer: fn(&str, &str, i64, i64) -> Value,
    /// What access tokens begin with.
    pub access_prefix: &'static str,
    /// What refresh tokens begin with.
    pub refresh_prefix: &'static str,
    /// How many live refresh tokens a user may have per client; the oldest goes. `None`: any number.
    pub refresh_tokens_max: Option<usize>,
}

/// Whether a request for consent brings a refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshWish {
    /// It does not.
    No,
    /// Only the first one of this person for this client.
    FirstTime,
    /// It does.
    Yes,
}

/// Whether clients send their secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum SecretRule {
    /// Without it nothing is issued.
    Required,
    /// Checked when it is sent.
    Optional,
    /// A public client that sends one is refused.
    Refused,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefreshRule {
    /// It stays, and the answer names none.
    Kept,
    /// The answer carries a new one, and the old one stays usable or not.
    Renewed {
        /// True when the old one goes on working.
        old_works: bool,
    },
}

/// What was issued, for the provider's own fields of the answer.
pub struct Issued<'a> {
    /// What the new access token allows.
    pub access: &'a Access,
    /// The `nonce` of the authorization request.
    pub nonce: Option<&'a str>,
    /// When.
    pub at: DateTime<Utc>,
    /// Life of the access token, in seconds.
    pub life_s: i64,
    /// True for the answer to a refresh.
    pub refreshed: bool,
}

/// Why nothing is issued.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum AuthProblem {
    /// A parameter is missing.
    Missing(&'static str),
    /// `grant_type` is none that is known here.
    GrantTypeUnknown,
    /// No such client.
    ClientUnknown,
    /// The secret is missing.
    SecretMissing,
    /// The secret is wrong.
    SecretWrong,
    /// A public client sent a secret.
    SecretRefused,
    /// `redirect_uri` is not the one of the authorization request, or may not be used.
    RedirectMismatch,
    /// No such code, or it belongs to another client.
    CodeUnknown,
    /// The code is too old.
    CodeExpired,
    /// The code was used before; what it brought is revoked.
    CodeReused,
    /// `code_verifier` is missing or does not fit the challenge.
    VerifierWrong,
    /// No such refresh token, or it belongs to another client.
    RefreshUnknown,
    /// The refresh token was revoked, or the consent withdrawn.
    RefreshRevoked,
    /// The refresh token is too old or was unused for too long.
    RefreshExpired,
    /// A scope is asked for that was never granted.
    ScopeNotGranted,
    /// Nobody has decided about the device code yet.
    DevicePending,
    /// Polled too fast.
    DeviceSlowDown,
    /// The person said no.
    DeviceDeclined,
    /// The device code is too old.
    DeviceExpired,
    /// No such device code.
    DeviceUnknown,
    /// No such token to revoke.
    TokenUnknown,
}

/// An unsigned JWT with these claims: what a client reads without checking, since it came over TLS from the
/// token endpoint itself.
pub fn id_token(claims: &Value) -> String {
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    format!("{}.{}.", part(&json!({ "alg": "none", "typ": "JWT" })), part(claims))
}
