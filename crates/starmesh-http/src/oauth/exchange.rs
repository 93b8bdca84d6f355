//! Codes and refresh tokens against grants.

use std::fmt::Display;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use futures::future::BoxFuture;
use oauth2::basic::{BasicClient, BasicTokenResponse};
use oauth2::{
    AsyncHttpClient, AuthorizationCode, ClientId, ClientSecret, EndpointNotSet, EndpointSet,
    ErrorResponseType, HttpRequest, HttpResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, StandardErrorResponse, TokenResponse, TokenUrl,
};
use secrecy::{ExposeSecret, SecretString};
use starmesh_provider::env::Clock;
use url::Url;

use super::client::OAuthClient;
use super::error::SignInError;
use crate::error::HttpError;
use crate::redirect::host_of;
use crate::retry_after::retry_after;
use crate::transport::Transport;

/// How long an access token is taken to live when the provider does not say; RFC 6749 leaves it open, and
/// both providers give about an hour.
const LIFE_UNSTATED: TimeDelta = TimeDelta::minutes(5);

/// What a provider granted.
#[derive(Clone)]
pub struct Grant {
    /// Opens the API for a while.
    pub access: SecretString,
    /// When `access` ends.
    pub expires: DateTime<Utc>,
    /// Gets further access tokens; `None` when the one before stays valid.
    pub refresh: Option<SecretString>,
}

/// A client that can ask its token endpoint.
pub(super) type TokenClient =
    BasicClient<EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet>;

/// How the `oauth2` crate sends.
impl<'c> AsyncHttpClient<'c> for Exchange {
    type Error = SignInError;
    type Future = BoxFuture<'c, Result<HttpResponse, SignInError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        self.send(request).boxed()
    }
}

/// Asks a token endpoint.
#[derive(Clone)]
pub(super) struct Exchange {
    pub(super) client: OAuthClient,
    pub(super) http: Arc<dyn Transport>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Exchange {
    /// A code for a grant (RFC 6749, section 4.1.3; RFC 7636, section 4.5).
    pub(super) async fn code(
        &self,
        code: String,
        verifier: String,
        redirect: String,
    ) -> Result<Grant, SignInError> {
        let redirect = RedirectUrl::new(redirect).map_err(|_| self.not_understood())?;
        let asked = self.clock.now();
        let answer = self
            .token_client()
            .set_redirect_uri(redirect)
            .exchange_code(AuthorizationCode::new(code))
            .set_pkce_verifier(PkceCodeVerifier::new(verifier))
            .request_async(self)
            .await;
        let grant = self.granted(asked, &answer.map_err(|error| self.failed(error))?)?;
        if grant.refresh.is_none() {
            return Err(SignInError::NotLasting);
        }
        Ok(grant)
    }

    /// A refresh token for a new access token (RFC 6749, section 6).
    pub(super) async fn refresh(&self, refresh: &SecretString) -> Result<Grant, SignInError> {
        let asked = self.clock.now();
        let refresh = RefreshToken::new(refresh.expose_secret().to_owned());
        let answer = self.token_client().exchange_refresh_token(&refresh).request_async(self).await;
        self.granted(asked, &answer.map_err(|error| self.failed(error))?)
    }

    pub(super) fn token_client(&self) -> TokenClient {
        let client = BasicClient::new(ClientId::new(self.client.id.clone()))
            .set_token_uri(TokenUrl::from_url(self.client.token.clone()))
            // In the body, as both providers document it.
            .set_auth_type(oauth2::AuthType::RequestBody);
        match &self.client.secret {
            Some(secret) => client.set_client_secret(ClientSecret::new(secret.expose_secret().to_owned())),
            None => client,
        }
    }

    /// One exchange of the `oauth2` crate. What is no answer of a token endpoint (5xx, a page) becomes an
    /// error here, since that crate would put its text into its own.
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, SignInError> {
        let host = Url::parse(&request.uri().to_string()).map_or_else(|_| String::new(), |url| host_of(&url));
        let response = self.http.send(request).await?;
        let status = response.status();
        if status == http::StatusCode::TOO_MANY_REQUESTS {
            let retry_after = retry_after(response.headers(), self.clock.now());
            return Err(SignInError::Http(HttpError::Throttled { host, retry_after }));
        }
        if status.is_server_error() {
            return Err(SignInError::Trouble { host });
        }
        if serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(response.body()).is_err() {
            return Err(SignInError::NotUnderstood { host });
        }
        Ok(response)
    }

    pub(super) fn granted(
        &self,
        asked: DateTime<Utc>,
        answer: &BasicTokenResponse,
    ) -> Result<Grant, SignInError> {
        // No `scope` means what was asked for (RFC 6749, section 5.1).
        if let Some(scopes) = answer.scopes() {
            let granted: Vec<String> = scopes.iter().map(|scope| scope.as_str().to_owned()).collect();
            let missing = self.client.missing_scopes(&granted);
            if !missing.is_empty() {
                return Err(SignInError::ReducedScopes { missing });
            }
        }
        let life =
            answer.expires_in().and_then(|life| TimeDelta::from_std(life).ok()).unwrap_or(LIFE_UNSTATED);
        Ok(Grant {
            access: answer.access_token().secret().clone().into(),
            expires: asked.checked_add_signed(life).unwrap_or(DateTime::<Utc>::MAX_UTC),
            refresh: answer.refresh_token().map(|token| token.secret().clone().into()),
        })
    }

    /// What went wrong; error answers of every kind show their `error` as text.
    pub(super) fn failed<T: ErrorResponseType + Display>(
        &self,
        error: RequestTokenError<SignInError, StandardErrorResponse<T>>,
    ) -> SignInError {
        match error {
            RequestTokenError::ServerResponse(answer) => {
                let description = answer.error_description().map_or("", String::as_str);
                let host = host_of(&self.client.token);
                SignInError::of_answer(&self.client, &host, &answer.error().to_string(), description)
            }
            RequestTokenError::Request(error) => error,
            // Their text may hold the answer, and with it a token.
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => self.not_understood(),
        }
    }

    pub(super) fn not_understood(&self) -> SignInError {
        SignInError::NotUnderstood { host: host_of(&self.client.token) }
    }
}
