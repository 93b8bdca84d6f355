//! The consent screen, which approves by itself.

use starmesh_provider::env::Clock as _;
use url::Url;

use super::super::form::Form;
use super::super::grant::User;
use super::super::state::{Challenge, Code, Grant, State};
use super::super::style::AuthProblem;
use super::super::switches::{AuthSwitches, Consent};
use super::{AuthServer, after};
use crate::web::hold;

/// What the authorization endpoint does with a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Authorized {
    /// Sends the browser back here, with a code or an error in the query.
    Redirect(Url),
    /// Shows an error page, since nobody can be trusted with a redirect (RFC 6749, 4.1.2.1).
    Page(AuthProblem),
}

impl AuthServer {
    /// The authorization endpoint: takes its query.
    pub fn authorize(&self, query: &Form, switches: &AuthSwitches) -> Authorized {
        let mut state = hold(&self.state);
        let redirect = match self.redirect_of(&state, query) {
            Ok(redirect) => redirect,
            Err(problem) => return Authorized::Page(problem),
        };
        let answer = self.decide(&mut state, query, switches, redirect.as_str());
        let mut back = redirect;
        {
            let mut pairs = back.query_pairs_mut();
            match &answer {
                Ok(code) => pairs.append_pair("code", code),
                Err((error, description)) => {
                    pairs.append_pair("error", error).append_pair("error_description", description)
                }
            };
            if let Some(given) = query.get("state") {
                let forged = switches.consent == Consent::StateForged;
                if forged {
                    state.met.meet("auth.consent.state_forged");
                }
                pairs.append_pair("state", if forged { "forged" } else { given });
            }
            if answer.is_ok() {
                pairs.append_pair("scope", query.get("scope").unwrap_or_default());
            }
        }
        Authorized::Redirect(back)
    }

    fn redirect_of(&self, state: &State, query: &Form) -> Result<Url, AuthProblem> {
        let client = query.get("client_id").ok_or(AuthProblem::Missing("client_id"))?;
        if !state.clients.is_empty() && !state.clients.iter().any(|known| known.id == client) {
            return Err(AuthProblem::ClientUnknown);
        }
        let redirect = query.get("redirect_uri").ok_or(AuthProblem::Missing("redirect_uri"))?;
        let redirect = Url::parse(redirect).map_err(|_| AuthProblem::RedirectMismatch)?;
        if !(self.style.redirect_allowed)(&redirect) {
            return Err(AuthProblem::RedirectMismatch);
        }
        Ok(redirect)
    }

    /// The code, or `error` and `error_description`.
    fn decide(
        &self,
        state: &mut State,
        query: &Form,
        switches: &AuthSwitches,
        redirect: &str,
    ) -> Result<String, (String, String)> {
        let refused = |error: &str, description: &str| Err((error.to_owned(), description.to_owned()));
        if query.get("response_type") != Some("code") {
            return refused("unsupported_response_type", "Only the response type code is supported.");
        }
        let asked = query.words("scope");
        if asked.is_empty() {
            return refused("invalid_request", "Missing required parameter: scope");
        }
        let challenge = match (query.get("code_challenge"), query.get("code_challenge_method")) {
            (None, None) => None,
            (Some(value), Some("S256")) => Some(Challenge { value: value.to_owned(), hashed: true }),
            (Some(value), None | Some("plain")) => Some(Challenge { value: value.to_owned(), hashed: false }),
            _ => return refused("invalid_request", "The code challenge cannot be understood."),
        };
        if let Consent::Refused { error, description } = &switches.consent {
            state.met.meet("auth.consent.refused");
            return refused(error, description);
        }
        let Some(user) = signs_in(state, query, switches) else {
            return refused("access_denied", "There is nobody who could sign in.");
        };
        let client = query.get("client_id").unwrap_or_default().to_owned();
        let wish = (self.style.wants_refresh)(query, &asked);
        let grant = Grant {
            refreshable: state.refreshable(wish, &user, &client),
            consent: state.consent(),
            user,
            client,
            scopes: granted(state, asked, switches),
        };
        let code = state.token("4/sim-");
        state.codes.insert(
            code.clone(),
            Code {
                grant,
                redirect: query.get("redirect_uri").unwrap_or(redirect).to_owned(),
                challenge,
                nonce: query.get("nonce").map(ToOwned::to_owned),
                expires: after(self.clock.now(), switches.code_life_s),
                used: false,
            },
        );
        Ok(code)
    }
}

/// Who signs in: the one the request hints at, the one the switch names, or the first.
pub(super) fn signs_in(state: &State, query: &Form, switches: &AuthSwitches) -> Option<User> {
    let named = |name: &str| state.users.iter().find(|user| user.0.eq_ignore_ascii_case(name));
    let hinted = query.get("login_hint").and_then(named);
    let switched = switches.signs_in.as_deref().and_then(named);
    if hinted.is_none() && switched.is_some() {
        state.met.meet("auth.signs_in");
    }
    hinted.or(switched).or(state.users.first()).cloned()
}

/// What the person leaves ticked.
pub(super) fn granted(state: &State, mut asked: Vec<String>, switches: &AuthSwitches) -> Vec<String> {
    if let Some(ticked) = &switches.scopes_granted {
        let wanted = asked.len();
        asked.retain(|scope| ticked.contains(scope));
        if asked.len() < wanted {
            state.met.meet("auth.scopes_granted");
        }
    }
    asked
}
