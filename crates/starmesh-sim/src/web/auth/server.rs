//! The authorization server.

mod authorize;
mod device;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use starmesh_provider::env::Clock;

use super::form::Form;
use super::grant::{Access, Client, User};
use super::state::State;
use super::style::{AuthProblem, AuthStyle, SecretRule};
use super::switches::TokenTrouble;
use crate::web::{Reply, SimClock, hold};

pub use self::authorize::Authorized;

/// An OAuth 2 authorization server without paths. Clones share everything.
#[derive(Clone)]
pub struct AuthServer {
    style: AuthStyle,
    clock: SimClock,
    state: Arc<Mutex<State>>,
}

impl AuthServer {
    /// A server that knows no user yet; tokens are drawn from `seed`.
    pub fn new(style: AuthStyle, clock: SimClock, seed: u64) -> Self {
        Self { style, clock, state: Arc::new(Mutex::new(State::new(seed))) }
    }

    /// Adds a person who can sign in; the first one does unless a request or a switch names another.
    pub fn add_user(&self, user: User) {
        let mut state = hold(&self.state);
        if !state.users.contains(&user) {
            state.users.push(user);
        }
    }

    /// Registers an application. While none is registered, every client id is good, with any secret.
    pub fn add_client(&self, client: Client) {
        hold(&self.state).clients.push(client);
    }

    /// Lets `token` be a bearer token of `user` that never expires and allows everything.
    pub fn accept_token(&self, token: &str, user: User) {
        hold(&self.state).fixed.insert(token.to_owned(), user);
    }

    /// Whose bearer token this is; `None` for one that is unknown, expired or revoked.
    pub fn user_of(&self, bearer: &str) -> Option<User> {
        self.access_of(bearer).map(|access| access.user)
    }

    /// What a bearer token allows; `None` for one that is unknown, expired or revoked.
    pub fn access_of(&self, bearer: &str) -> Option<Access> {
        let now = self.clock.now();
        let state = hold(&self.state);
        if let Some(user) = state.fixed.get(bearer) {
            return Some(Access { user: user.clone(), client: String::new(), scopes: None });
        }
        let token = state.access.get(bearer)?;
        if token.expires <= now {
            state.met.meet("auth.access_life");
            return None;
        }
        Some(token.access.clone())
    }

    /// How often each switch of sign-in made a difference.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        hold(&self.state).met.counts()
    }

    /// Ends every access token of `user` at once; refresh tokens stay.
    pub fn expire_access(&self, user: &User) {
        hold(&self.state).access.retain(|_, token| token.access.user != *user);
    }

    /// The person withdraws every consent: all tokens of `user` are revoked.
    pub fn withdraw_consent(&self, user: &User) {
        let mut state = hold(&self.state);
        state.access.retain(|_, token| token.access.user != *user);
        for token in state.refresh.values_mut().filter(|token| token.grant.user == *user) {
            token.revoked = true;
        }
    }

    /// How many refresh tokens of `user` have not been revoked.
    pub fn live_grants(&self, user: &User) -> usize {
        hold(&self.state).refresh.values().filter(|it| it.grant.user == *user && !it.revoked).count()
    }

    /// The revocation endpoint (RFC 7009): ends the consent that the token hangs on.
    pub fn revoke(&self, form: &Form) -> Reply {
        let now = self.clock.now();
        let Some(token) = form.get("token") else {
            return (self.style.problem)(&AuthProblem::Missing("token"), now);
        };
        let mut state = hold(&self.state);
        let refresh = state.refresh.get(token).filter(|it| !it.revoked).map(|it| it.grant.consent);
        let Some(consent) = refresh.or_else(|| state.access.get(token).map(|it| it.consent)) else {
            return (self.style.problem)(&AuthProblem::TokenUnknown, now);
        };
        state.revoke_consent(consent);
        Reply::json(StatusCode::OK, serde_json::json!({}))
    }

    /// Checks client id and secret, in the body or (RFC 6749, 2.3.1) the Authorization header.
    fn check_client(
        &self,
        state: &State,
        form: &Form,
        basic: Option<&(String, String)>,
    ) -> Result<String, AuthProblem> {
        let id = form.get("client_id").or(basic.map(|(id, _)| id.as_str()));
        let id = id.ok_or(AuthProblem::Missing("client_id"))?;
        let secret = form.get("client_secret").or(basic.map(|(_, secret)| secret.as_str()));
        let known = state.clients.iter().find(|client| client.id == id);
        if known.is_none() && !state.clients.is_empty() {
            return Err(AuthProblem::ClientUnknown);
        }
        match (self.style.secret, secret) {
            (SecretRule::Required, None) => return Err(AuthProblem::SecretMissing),
            (SecretRule::Refused, Some(_)) => return Err(AuthProblem::SecretRefused),
            _ => {}
        }
        let right = known.and_then(|client| client.secret.as_deref());
        if let (Some(right), Some(secret)) = (right, secret)
            && right != secret
        {
            return Err(AuthProblem::SecretWrong);
        }
        Ok(id.to_owned())
    }
}

fn after(now: DateTime<Utc>, seconds: i64) -> DateTime<Utc> {
    let life = TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(life).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn troubled(trouble: TokenTrouble) -> Reply {
    let status = StatusCode::from_u16(trouble.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match serde_json::from_str(&trouble.body) {
        Ok(body) => Reply::json(status, body),
        Err(_) => Reply::text(status, "text/html; charset=utf-8", trouble.body),
    }
}
