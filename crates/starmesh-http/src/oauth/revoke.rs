//! Ending a grant at its provider (RFC 7009).

use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::{Url, form_urlencoded};

use super::error::SignInError;
use crate::error::HttpError;
use crate::redirect::host_of;
use crate::transport::{Request, Transport};

/// Tells `endpoint`, a provider's revocation endpoint, to end the grant of `refresh`. One that has ended
/// already has what it wants.
pub async fn revoke(endpoint: &Url, refresh: &SecretString, http: &dyn Transport) -> Result<(), SignInError> {
    let host = host_of(endpoint);
    let not_understood = || SignInError::NotUnderstood { host: host_of(endpoint) };
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("token", refresh.expose_secret()).append_pair("token_type_hint", "refresh_token");
    let request = http::Request::post(endpoint.as_str())
        .header(http::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(form.finish().into_bytes());
    let request: Request = request.map_err(|_| not_understood())?;
    let response = http.send(request).await?;
    let status = response.status();
    if status.is_success() {
        return Ok(());
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        return Err(SignInError::Http(HttpError::Throttled { host, retry_after: None }));
    }
    if status.is_server_error() {
        return Err(SignInError::Trouble { host });
    }
    // Google says so of a token that is out of date or was revoked before.
    let refusal: Value = serde_json::from_slice(response.body()).map_err(|_| not_understood())?;
    if matches!(refusal["error"].as_str(), Some("invalid_token" | "invalid_grant")) {
        return Ok(());
    }
    Err(not_understood())
}
