//! What the authorization server remembers.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;

use super::grant::{Access, Client, User};
use super::met::AUTH_COUNTABLE;
use super::style::RefreshWish;
use super::switches::{AuthSwitches, TokenTrouble};
use crate::dice::Dice;
use crate::web::Met;

/// Which stream of a seed tokens draw from.
const PURPOSE: u64 = 0x41_55_54_48;
/// Random bytes in a token.
const TOKEN_BYTES: usize = 24;

pub(super) struct State {
    dice: Dice,
    pub(super) users: Vec<User>,
    pub(super) clients: Vec<Client>,
    pub(super) fixed: HashMap<String, User>,
    pub(super) codes: HashMap<String, Code>,
    pub(super) access: HashMap<String, AccessToken>,
    pub(super) refresh: HashMap<String, RefreshToken>,
    pub(super) devices: HashMap<String, Device>,
    /// Counts consents; what hangs on one is revoked together.
    consents: u64,
    /// How often the current trouble of the token endpoint has been met.
    trouble: Option<(TokenTrouble, u32)>,
    pub(super) met: Met,
}

pub(super) struct Code {
    pub(super) grant: Grant,
    pub(super) redirect: String,
    pub(super) challenge: Option<Challenge>,
    pub(super) nonce: Option<String>,
    pub(super) expires: DateTime<Utc>,
    pub(super) used: bool,
}

/// What PKCE remembers of the authorization request.
pub(super) struct Challenge {
    pub(super) value: String,
    pub(super) hashed: bool,
}

/// A consent: who let which client do what.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) consent: u64,
    pub(super) user: User,
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    pub(super) refreshable: bool,
}

impl Grant {
    pub(super) fn access(&self) -> Access {
        Access { user: self.user.clone(), client: self.client.clone(), scopes: Some(self.scopes.clone()) }
    }
}

pub(super) struct AccessToken {
    pub(super) access: Access,
    pub(super) consent: u64,
    pub(super) expires: DateTime<Utc>,
}

pub(super) struct RefreshToken {
    pub(super) grant: Grant,
    pub(super) issued: DateTime<Utc>,
    pub(super) used: DateTime<Utc>,
    pub(super) serial: u64,
    pub(super) revoked: bool,
}

pub(super) struct Device {
    pub(super) grant: Grant,
    pub(super) user_code: String,
    pub(super) expires: DateTime<Utc>,
    pub(super) polled: Option<DateTime<Utc>>,
    pub(super) interval: TimeDelta,
    /// What the person decided, once they did.
    pub(super) approved: Option<bool>,
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            dice: Dice::new(seed, PURPOSE),
            users: Vec::new(),
            clients: Vec::new(),
            fixed: HashMap::new(),
            codes: HashMap::new(),
            access: HashMap::new(),
            refresh: HashMap::new(),
            devices: HashMap::new(),
            consents: 0,
            trouble: None,
            met: Met::of(AUTH_COUNTABLE),
        }
    }

    /// A token that nobody can guess from others, and that a seed draws alike.
    pub(super) fn token(&mut self, prefix: &str) -> String {
        let mut bytes = [0; TOKEN_BYTES];
        self.dice.fill(&mut bytes);
        format!("{prefix}{}", BASE64URL_NOPAD.encode(&bytes))
    }

    /// Eight letters in two groups, without vowels and look-alikes.
    pub(super) fn user_code(&mut self) -> String {
        const LETTERS: &[u8] = b"BCDFGHJKLMNPQRSTVWXZ";
        let mut letter = || char::from(LETTERS[self.dice.index(LETTERS.len())]);
        let code: String = (0..8).map(|_| letter()).collect();
        format!("{}-{}", &code[..4], &code[4..])
    }

    pub(super) fn consent(&mut self) -> u64 {
        self.consents += 1;
        self.consents
    }

    /// Whether a consent brings a refresh token.
    pub(super) fn refreshable(&self, wish: RefreshWish, user: &User, client: &str) -> bool {
        match wish {
            RefreshWish::No => false,
            RefreshWish::Yes => true,
            RefreshWish::FirstTime => {
                !self.refresh.values().any(|it| it.grant.user == *user && it.grant.client == client)
            }
        }
    }

    /// The number of the newest consent or token: orders refresh tokens by age.
    pub(super) fn serial(&mut self) -> u64 {
        self.consent()
    }

    /// Revokes everything that hangs on `consent`.
    pub(super) fn revoke_consent(&mut self, consent: u64) {
        self.access.retain(|_, token| token.consent != consent);
        for token in self.refresh.values_mut().filter(|token| token.grant.consent == consent) {
            token.revoked = true;
        }
    }

    /// Lets the oldest refresh tokens of a user at a client go until at most `max` are left.
    pub(super) fn cap_refresh(&mut self, user: &User, client: &str, max: usize) {
        let mut live: Vec<_> = self
            .refresh
            .values_mut()
            .filter(|it| !it.revoked && it.grant.user == *user && it.grant.client == client)
            .collect();
        live.sort_by_key(|token| token.serial);
        let surplus = live.len().saturating_sub(max);
        live.into_iter().take(surplus).for_each(|token| token.revoked = true);
    }

    /// The trouble that the token endpoint has right now, counted down.
    pub(super) fn trouble(&mut self, switches: &AuthSwitches) -> Option<TokenTrouble> {
        let Some(wanted) = &switches.token_trouble else {
            self.trouble = None;
            return None;
        };
        let met = match &self.trouble {
            Some((known, met)) if known == wanted => *met,
            _ => 0,
        };
        if wanted.times.is_some_and(|times| met >= times) {
            return None;
        }
        self.trouble = Some((wanted.clone(), met + 1));
        Some(wanted.clone())
    }
}
