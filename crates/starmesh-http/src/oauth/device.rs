//! Sign-in on another device (RFC 8628), where no browser can be opened here.

use std::sync::Arc;
use std::time::Duration;

use oauth2::{
    DeviceAuthorizationUrl, DeviceCodeErrorResponseType, RequestTokenError, Scope,
    StandardDeviceAuthorizationResponse,
};
use starmesh_provider::env::Clock;

use super::client::OAuthClient;
use super::error::SignInError;
use super::exchange::{Exchange, Grant};
use crate::transport::Transport;

/// The longest a device code is waited for, whatever the provider says.
const DEVICE_LIMIT_MAX: Duration = Duration::from_mins(15);

/// What a person needs on the other device.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DevicePrompt {
    /// The page to open.
    pub address: String,
    /// The code to type there.
    pub code: String,
    /// How long it is good for.
    pub expires_in: Duration,
}

/// Asks for a code, hands it to `show`, and waits until somebody has typed it in.
pub async fn device_sign_in(
    client: OAuthClient,
    http: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    show: impl FnOnce(DevicePrompt) + Send,
) -> Result<Grant, SignInError> {
    let device = client.device.clone().ok_or(SignInError::NoDeviceFlow)?;
    let exchange = Exchange { client, http, clock };
    let asking =
        exchange.token_client().set_device_authorization_url(DeviceAuthorizationUrl::from_url(device));
    let answer: Result<StandardDeviceAuthorizationResponse, _> = asking
        .exchange_device_code()
        .add_scopes(exchange.client.scopes.iter().cloned().map(Scope::new))
        .request_async(&exchange)
        .await;
    let details = answer.map_err(|error| exchange.failed(error))?;
    show(DevicePrompt {
        address: details.verification_uri().to_string(),
        code: details.user_code().secret().clone(),
        expires_in: details.expires_in().min(DEVICE_LIMIT_MAX),
    });
    let asked = exchange.clock.now();
    let limit = details.expires_in().min(DEVICE_LIMIT_MAX);
    let clock = Arc::clone(&exchange.clock);
    let answer = asking
        .exchange_device_access_token(&details)
        .set_time_fn(move || clock.now())
        .request_async(&exchange, tokio::time::sleep, Some(limit))
        .await
        .map_err(|error| match error {
            // This is also how that crate says that the time is over.
            RequestTokenError::ServerResponse(answer)
                if *answer.error() == DeviceCodeErrorResponseType::ExpiredToken =>
            {
                SignInError::TimedOut(limit)
            }
            error => exchange.failed(error),
        })?;
    let grant = exchange.granted(asked, &answer)?;
    if grant.refresh.is_none() { Err(SignInError::NotLasting) } else { Ok(grant) }
}
