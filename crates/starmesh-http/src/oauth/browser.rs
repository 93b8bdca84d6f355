//! Sign-in in the system's browser (RFC 8252), with PKCE (RFC 7636).

use std::sync::Arc;
use std::time::Duration;

use data_encoding::BASE64URL_NOPAD;
use oauth2::basic::BasicClient;
use oauth2::{AuthUrl, ClientId, CsrfToken, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope};
use starmesh_provider::env::{Clock, Entropy};
use url::Url;

use super::client::OAuthClient;
use super::error::SignInError;
use super::exchange::{Exchange, Grant};
use super::listener::{Brought, Listener};
use crate::redirect::host_of;
use crate::transport::Transport;

/// How long a person has for the sign-in in the browser.
pub const SIGN_IN_LIMIT: Duration = Duration::from_mins(2);

/// A sign-in under way: the address is made, the listener waits.
pub struct BrowserSignIn {
    exchange: Exchange,
    listener: Listener,
    address: Url,
    state: String,
    verifier: String,
    redirect: String,
}

impl BrowserSignIn {
    /// Binds the listener and makes the address. Nothing is sent yet.
    pub async fn begin(
        client: OAuthClient,
        http: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        entropy: &dyn Entropy,
    ) -> Result<Self, SignInError> {
        let listener = Listener::bind(client.loopback, client.port).await?;
        let redirect = listener.redirect();
        let (state, verifier) = (random_text(entropy), random_text(entropy));
        let exchange = Exchange { client, http, clock };
        let client = &exchange.client;
        let challenge =
            PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier.clone()));
        let redirect_url = RedirectUrl::new(redirect.clone()).map_err(|_| exchange.not_understood())?;
        let asking = BasicClient::new(ClientId::new(client.id.clone()))
            .set_auth_uri(AuthUrl::from_url(client.authorize.clone()))
            .set_redirect_uri(redirect_url);
        let mut request = asking
            .authorize_url(|| CsrfToken::new(state.clone()))
            .set_pkce_challenge(challenge)
            .add_scopes(client.scopes.iter().cloned().map(Scope::new));
        for (name, value) in &client.parameters {
            request = request.add_extra_param(*name, value);
        }
        let (address, _) = request.url();
        Ok(Self { exchange, listener, address, state, verifier, redirect })
    }

    /// Where the browser has to go.
    pub fn address(&self) -> &Url {
        &self.address
    }

    /// Waits for the browser, at most [`SIGN_IN_LIMIT`], and exchanges its code.
    pub async fn finish(self) -> Result<Grant, SignInError> {
        let Self { exchange, listener, state, verifier, redirect, .. } = self;
        let brought = tokio::time::timeout(SIGN_IN_LIMIT, listener.wait(&state))
            .await
            .map_err(|_| SignInError::TimedOut(SIGN_IN_LIMIT))?;
        match brought {
            Brought::Code(code) => exchange.code(code, verifier, redirect).await,
            Brought::Refusal(error, description) => {
                let host = host_of(&exchange.client.authorize);
                Err(SignInError::of_answer(&exchange.client, &host, &error, &description))
            }
            Brought::OtherFlow => Err(SignInError::OtherFlow),
            Brought::Nothing => Err(SignInError::NoAnswer),
        }
    }
}

/// 256 random bits, in 43 characters that both a state and a verifier may have.
fn random_text(entropy: &dyn Entropy) -> String {
    let mut bytes = [0; 32];
    entropy.fill(&mut bytes);
    BASE64URL_NOPAD.encode(&bytes)
}
