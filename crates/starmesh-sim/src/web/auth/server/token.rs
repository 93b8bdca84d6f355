//! The token endpoint.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use http::{StatusCode, header};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use starmesh_provider::env::Clock as _;

use super::super::form::Form;
use super::super::state::{AccessToken, Challenge, Grant, RefreshToken, State};
use super::super::style::{AuthProblem, Issued, RefreshRule};
use super::super::switches::AuthSwitches;
use super::{AuthServer, after, troubled};
use crate::web::{Reply, hold};

/// `grant_type` of a device code (RFC 8628, 3.4).
const DEVICE_GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// What a grant brought, before it is an answer.
pub(super) struct Earned {
    pub(super) grant: Grant,
    pub(super) nonce: Option<String>,
    pub(super) refreshed: bool,
    /// The refresh token that the answer names.
    pub(super) refresh_token: Option<String>,
}

impl AuthServer {
    /// The token endpoint: takes its form, and the Authorization header for clients that use it.
    pub fn token(&self, form: &Form, authorization: Option<&str>, switches: &AuthSwitches) -> Reply {
        let now = self.clock.now();
        let mut state = hold(&self.state);
        if let Some(trouble) = state.trouble(switches) {
            state.met.meet("auth.token_trouble");
            return troubled(trouble);
        }
        let earned = self.earn(&mut state, form, authorization, switches, now);
        match earned {
            Ok(earned) => self.issue(&mut state, &earned, switches, now),
            Err(problem) => (self.style.problem)(&problem, now),
        }
    }

    fn earn(
        &self,
        state: &mut State,
        form: &Form,
        authorization: Option<&str>,
        switches: &AuthSwitches,
        now: DateTime<Utc>,
    ) -> Result<Earned, AuthProblem> {
        let grant_type = form.get("grant_type").ok_or(AuthProblem::Missing("grant_type"))?;
        let basic = authorization.and_then(basic);
        let client = self.check_client(state, form, basic.as_ref())?;
        match grant_type {
            "authorization_code" => self.by_code(state, form, &client, now),
            "refresh_token" => self.by_refresh(state, form, &client, switches, now),
            DEVICE_GRANT => self.by_device(state, form, &client, now),
            _ => Err(AuthProblem::GrantTypeUnknown),
        }
    }

    fn by_code(
        &self,
        state: &mut State,
        form: &Form,
        client: &str,
        now: DateTime<Utc>,
    ) -> Result<Earned, AuthProblem> {
        let given = form.get("code").ok_or(AuthProblem::Missing("code"))?;
        let code = state.codes.get_mut(given).filter(|code| code.grant.client == client);
        let code = code.ok_or(AuthProblem::CodeUnknown)?;
        if code.used {
            // Somebody has a code that is not theirs: what it brought goes (RFC 6749, 4.1.2).
            let consent = code.grant.consent;
            state.revoke_consent(consent);
            return Err(AuthProblem::CodeReused);
        }
        if code.expires <= now {
            state.met.meet("auth.code_life");
            return Err(AuthProblem::CodeExpired);
        }
        if form.get("redirect_uri") != Some(code.redirect.as_str()) {
            return Err(AuthProblem::RedirectMismatch);
        }
        let fits = code.challenge.as_ref().is_none_or(|it| verified(it, form.get("code_verifier")));
        if !fits {
            return Err(AuthProblem::VerifierWrong);
        }
        code.used = true;
        let (grant, nonce) = (code.grant.clone(), code.nonce.clone());
        let refresh_token = self.new_refresh(state, &grant, now);
        Ok(Earned { grant, nonce, refreshed: false, refresh_token })
    }

    fn by_refresh(
        &self,
        state: &mut State,
        form: &Form,
        client: &str,
        switches: &AuthSwitches,
        now: DateTime<Utc>,
    ) -> Result<Earned, AuthProblem> {
        let given = form.get("refresh_token").ok_or(AuthProblem::Missing("refresh_token"))?;
        let token = state.refresh.get_mut(given).filter(|token| token.grant.client == client);
        let token = token.ok_or(AuthProblem::RefreshUnknown)?;
        if token.revoked {
            return Err(AuthProblem::RefreshRevoked);
        }
        let old = |since: DateTime<Utc>, life_s: Option<i64>| {
            life_s.is_some_and(|life_s| now - since >= TimeDelta::seconds(life_s))
        };
        let is_old = old(token.issued, switches.refresh_life_s);
        if is_old || old(token.used, switches.refresh_idle_s) {
            state.met.meet(if is_old { "auth.refresh_life" } else { "auth.refresh_idle" });
            return Err(AuthProblem::RefreshExpired);
        }
        let mut grant = token.grant.clone();
        let narrowed = form.words("scope");
        if !narrowed.is_empty() {
            let shown = |scope: &String| (self.style.scope_shown)(scope);
            let granted: Vec<_> = grant.scopes.iter().map(shown).collect();
            if narrowed.iter().map(shown).any(|scope| !granted.contains(&scope)) {
                return Err(AuthProblem::ScopeNotGranted);
            }
            let narrowed: Vec<_> = narrowed.iter().map(shown).collect();
            grant.scopes.retain(|scope| narrowed.contains(&shown(scope)));
        }
        token.used = now;
        let refresh_token = match self.style.refresh {
            RefreshRule::Kept => None,
            RefreshRule::Renewed { old_works } => {
                token.revoked = !old_works;
                let grant = token.grant.clone();
                self.new_refresh(state, &grant, now)
            }
        };
        Ok(Earned { grant, nonce: None, refreshed: true, refresh_token })
    }

    /// A refresh token for `grant`, if it may have one.
    pub(super) fn new_refresh(&self, state: &mut State, grant: &Grant, now: DateTime<Utc>) -> Option<String> {
        if !grant.refreshable {
            return None;
        }
        let token = state.token(self.style.refresh_prefix);
        let serial = state.serial();
        let kept = RefreshToken { grant: grant.clone(), issued: now, used: now, serial, revoked: false };
        state.refresh.insert(token.clone(), kept);
        if let Some(max) = self.style.refresh_tokens_max {
            state.cap_refresh(&grant.user, &grant.client, max);
        }
        Some(token)
    }

    fn issue(
        &self,
        state: &mut State,
        earned: &Earned,
        switches: &AuthSwitches,
        now: DateTime<Utc>,
    ) -> Reply {
        let access = earned.grant.access();
        let shown: Vec<_> = earned.grant.scopes.iter().map(|scope| (self.style.scope_shown)(scope)).collect();
        let token = state.token(self.style.access_prefix);
        let life_s = switches.access_life_s;
        let mut answer = json!({
            "access_token": token,
            "expires_in": life_s,
            "scope": shown.join(" "),
            "token_type": "Bearer",
        });
        let issued = Issued {
            access: &access,
            nonce: earned.nonce.as_deref(),
            at: now,
            life_s,
            refreshed: earned.refreshed,
        };
        let extra = (self.style.token_extra)(&issued);
        if let Value::Object(fields) = &mut answer {
            fields.extend(extra);
            if let Some(refresh) = &earned.refresh_token {
                fields.insert("refresh_token".to_owned(), json!(refresh));
            }
        }
        let expires = after(now, life_s);
        state.access.insert(token, AccessToken { access, consent: earned.grant.consent, expires });
        Reply::json(StatusCode::OK, answer).with_header(header::CACHE_CONTROL, "no-store")
    }
}

fn verified(challenge: &Challenge, verifier: Option<&str>) -> bool {
    let Some(verifier) = verifier else { return false };
    if challenge.hashed {
        BASE64URL_NOPAD.encode(&Sha256::digest(verifier.as_bytes())) == challenge.value
    } else {
        verifier == challenge.value
    }
}

/// Client id and secret of an Authorization header (RFC 6749, 2.3.1); both are form-encoded in it.
fn basic(header: &str) -> Option<(String, String)> {
    let encoded = header.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64.decode(encoded.as_bytes()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    let plain = |text: &str| {
        let text = text.replace('+', " ");
        percent_encoding::percent_decode_str(&text).decode_utf8().ok().map(std::borrow::Cow::into_owned)
    };
    Some((plain(id)?, plain(secret)?))
}
