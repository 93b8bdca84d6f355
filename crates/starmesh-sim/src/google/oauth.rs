//! Sign-in with Google's manners.

use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::web::Reply;
use crate::web::auth::{
    AuthProblem, AuthStyle, Authorized, Form, Issued, RefreshRule, RefreshWish, SecretRule, id_token,
};

/// How many live refresh tokens one account has per client before the oldest goes, silently.
const REFRESH_TOKENS_MAX: usize = 100;

/// Google's manners. The secret is enforced for desktop clients, PKCE or not.
pub(super) const STYLE: AuthStyle = AuthStyle {
    problem,
    secret: SecretRule::Required,
    refresh: RefreshRule::Kept,
    wants_refresh,
    redirect_allowed,
    token_extra,
    scope_shown: ToOwned::to_owned,
    device_answer,
    access_prefix: "ya29.sim-",
    refresh_prefix: "1//sim-",
    refresh_tokens_max: Some(REFRESH_TOKENS_MAX),
};

/// A refresh token is certain with a consent screen only; on a device there always is one.
fn wants_refresh(form: &Form, _: &[String]) -> RefreshWish {
    let consent = form.words("prompt").iter().any(|word| word == "consent");
    match (form.get("access_type"), form.get("response_type")) {
        (Some("offline"), _) if consent => RefreshWish::Yes,
        (Some("offline"), _) => RefreshWish::FirstTime,
        (_, Some(_)) => RefreshWish::No,
        (_, None) => RefreshWish::Yes,
    }
}

/// Plain http to this machine, on any port and path.
fn redirect_allowed(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && is_loopback && url.fragment().is_none()
}

fn token_extra(issued: &Issued<'_>) -> Map<String, Value> {
    let mut extra = Map::new();
    let scopes = issued.access.scopes.as_deref().unwrap_or_default();
    if scopes.iter().any(|scope| scope == "openid") {
        let mut claims = json!({
            "iss": "https://accounts.google.com",
            "aud": issued.access.client,
            "sub": issued.access.user.0,
            "iat": issued.at.timestamp(),
            "exp": issued.at.timestamp() + issued.life_s,
        });
        if scopes.iter().any(|scope| scope == "email" || scope.ends_with("userinfo.email")) {
            claims["email"] = json!(issued.access.user.0);
            claims["email_verified"] = json!(true);
        }
        if let Some(nonce) = issued.nonce {
            claims["nonce"] = json!(nonce);
        }
        extra.insert("id_token".to_owned(), json!(id_token(&claims)));
    }
    extra
}

fn device_answer(code: &str, user_code: &str, life_s: i64, interval_s: i64) -> Value {
    json!({
        "device_code": code,
        "user_code": user_code,
        "verification_url": "https://www.google.com/device",
        "expires_in": life_s,
        "interval": interval_s,
    })
}

fn problem(problem: &AuthProblem, _: DateTime<Utc>) -> Reply {
    let (status, error, description) = match problem {
        AuthProblem::Missing(name) => (400, "invalid_request", format!("Missing required parameter: {name}")),
        AuthProblem::GrantTypeUnknown => (400, "unsupported_grant_type", "Invalid grant_type.".to_owned()),
        AuthProblem::ClientUnknown => (401, "invalid_client", "The OAuth client was not found.".to_owned()),
        AuthProblem::SecretMissing => (400, "invalid_request", "client_secret is missing.".to_owned()),
        AuthProblem::SecretWrong => (401, "invalid_client", "Unauthorized".to_owned()),
        AuthProblem::SecretRefused => (400, "invalid_request", "client_secret is not allowed.".to_owned()),
        AuthProblem::RedirectMismatch => (400, "redirect_uri_mismatch", "Bad Request".to_owned()),
        AuthProblem::CodeUnknown | AuthProblem::CodeExpired | AuthProblem::CodeReused => {
            (400, "invalid_grant", "Bad Request".to_owned())
        }
        AuthProblem::VerifierWrong => (400, "invalid_grant", "Invalid code verifier.".to_owned()),
        AuthProblem::RefreshUnknown | AuthProblem::RefreshRevoked | AuthProblem::RefreshExpired => {
            (400, "invalid_grant", "Token has been expired or revoked.".to_owned())
        }
        AuthProblem::ScopeNotGranted => (400, "invalid_scope", "Bad Request".to_owned()),
        AuthProblem::DevicePending => (428, "authorization_pending", "Precondition Required".to_owned()),
        AuthProblem::DeviceSlowDown => (403, "slow_down", "Forbidden".to_owned()),
        AuthProblem::DeviceDeclined => (403, "access_denied", "Forbidden".to_owned()),
        AuthProblem::DeviceExpired => (400, "expired_token", "Bad Request".to_owned()),
        AuthProblem::DeviceUnknown => (400, "invalid_grant", "Malformed auth code.".to_owned()),
        AuthProblem::TokenUnknown => (400, "invalid_token", "Token expired or revoked".to_owned()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
    Reply::json(status, json!({ "error": error, "error_description": description }))
}

/// The authorization endpoint's answer.
pub(super) fn authorized(authorized: Authorized) -> Reply {
    match authorized {
        Authorized::Redirect(url) => {
            Reply::empty(StatusCode::FOUND).with_header(header::LOCATION, url.as_str())
        }
        Authorized::Page(problem) => {
            let reason = match problem {
                AuthProblem::RedirectMismatch => "redirect_uri_mismatch",
                AuthProblem::ClientUnknown => "invalid_client",
                _ => "invalid_request",
            };
            let page = format!("<!DOCTYPE html><title>Error 400: {reason}</title>");
            Reply::text(StatusCode::BAD_REQUEST, "text/html; charset=utf-8", page)
        }
    }
}
