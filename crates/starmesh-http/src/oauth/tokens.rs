//! Access tokens for as long as a grant lasts.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::{ExposeSecret, SecretString};
use starmesh_provider::env::Clock;
use tokio::sync::Mutex;

use super::client::OAuthClient;
use super::error::SignInError;
use super::exchange::{Exchange, Grant};
use crate::transport::Transport;

/// An access token is renewed this long before its end, so that none dies on its way.
const RENEW_BEFORE: TimeDelta = TimeDelta::minutes(5);

/// Keeps refresh tokens: the vault.
#[async_trait]
pub trait TokenKeeper: Send + Sync {
    /// Keeps `refresh` in place of the one before. An error says why it could not.
    async fn keep(&self, refresh: &SecretString) -> Result<(), String>;
}

/// The tokens of one account.
pub struct Tokens {
    exchange: Exchange,
    keeper: Arc<dyn TokenKeeper>,
    held: Arc<Mutex<Held>>,
}

struct Held {
    refresh: SecretString,
    access: Option<(SecretString, DateTime<Utc>)>,
    /// Why there will be no further token: a person has to sign in. Not asked again and again.
    ended: Option<SignInError>,
}

impl Tokens {
    /// Tokens from a refresh token that is kept already.
    pub fn new(
        client: OAuthClient,
        refresh: SecretString,
        keeper: Arc<dyn TokenKeeper>,
        http: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let held = Arc::new(Mutex::new(Held { refresh, access: None, ended: None }));
        Self { exchange: Exchange { client, http, clock }, keeper, held }
    }

    /// Tokens of a sign-in that just took place, whose refresh token the caller keeps.
    ///
    /// [`SignInError::NotLasting`] when the grant has none.
    pub fn granted(
        client: OAuthClient,
        grant: Grant,
        keeper: Arc<dyn TokenKeeper>,
        http: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SignInError> {
        let Grant { access, expires, refresh } = grant;
        let refresh = refresh.ok_or(SignInError::NotLasting)?;
        let held = Arc::new(Mutex::new(Held { refresh, access: Some((access, expires)), ended: None }));
        Ok(Self { exchange: Exchange { client, http, clock }, keeper, held })
    }

    /// An access token that is good for some minutes more. However many ask at once, the provider is asked
    /// once.
    pub async fn access(&self) -> Result<SecretString, SignInError> {
        let mut held = Arc::clone(&self.held).lock_owned().await;
        let now = self.exchange.clock.now();
        if let Some((access, expires)) = &held.access
            && *expires - now > RENEW_BEFORE
        {
            return Ok(access.clone());
        }
        if let Some(ended) = &held.ended {
            return Err(ended.clone());
        }
        let (exchange, keeper) = (self.exchange.clone(), Arc::clone(&self.keeper));
        // On a task of its own: once the provider has renewed the grant, the new refresh token must be
        // kept even when whoever asked has gone.
        let renewing = tokio::spawn(async move {
            let renewed = renew(&exchange, &*keeper, &held.refresh).await;
            match renewed {
                Ok(Grant { access, expires, refresh }) => {
                    held.access = Some((access.clone(), expires));
                    held.refresh = refresh.unwrap_or_else(|| held.refresh.clone());
                    Ok(access)
                }
                Err(error) => {
                    held.access = None;
                    if !error.is_transient() {
                        held.ended = Some(error.clone());
                    }
                    Err(error)
                }
            }
        });
        match renewing.await {
            Ok(access) => access,
            // Only a panic, or the end of the program, ends the task without an answer.
            Err(_) => Err(self.exchange.not_understood()),
        }
    }

    /// The API refused `access`: the next caller gets a new one.
    pub async fn refused(&self, access: &SecretString) {
        let mut held = self.held.lock().await;
        if held.access.as_ref().is_some_and(|(current, _)| current.expose_secret() == access.expose_secret())
        {
            held.access = None;
        }
    }
}

async fn renew(
    exchange: &Exchange,
    keeper: &dyn TokenKeeper,
    refresh: &SecretString,
) -> Result<Grant, SignInError> {
    let grant = exchange.refresh(refresh).await?;
    if let Some(rotated) = &grant.refresh
        && rotated.expose_secret() != refresh.expose_secret()
    {
        keeper.keep(rotated).await.map_err(|reason| SignInError::NotKept { reason })?;
    }
    Ok(grant)
}
