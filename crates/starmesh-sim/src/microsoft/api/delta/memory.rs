//! Delta and skip tokens.
//!
//! A token freezes the range of its first request. Nobody knows how long it lives: each mailbox remembers so
//! many, and new ones push old ones out.

use std::collections::BTreeMap;
use std::sync::Arc;

use http::{StatusCode, header};
use sha2::{Digest, Sha256};

use super::Scope;
use super::round::Round;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::switches::DeadToken;
use crate::microsoft::world::ids::{read_token, token_text};
use crate::microsoft::world::timing::write_instant;
use crate::microsoft::world::{CalendarNo, Place, Span, World};

/// How many places inside rounds are remembered, over all mailboxes; older ones are dead.
const SKIPS_KEPT: usize = 5_000;
/// The shortest token, in characters.
const TOKEN_CHARS_MIN: usize = 300;
/// How many characters longer the longest is.
const TOKEN_CHARS_SPREAD: usize = 1_200;

/// Everything that tokens stand for.
#[derive(Default)]
pub(crate) struct DeltaMemory {
    tokens: BTreeMap<u64, Token>,
    skips: BTreeMap<u64, Skip>,
}

/// The end of a round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token {
    pub(crate) place: Place,
    pub(crate) scope: Scope,
    pub(crate) span: Span,
    /// Changes up to this one have been told.
    pub(crate) since: u64,
    dead: bool,
    /// It died of too many newer ones.
    evicted: bool,
}

/// A place inside a round.
#[derive(Clone)]
pub(crate) struct Skip {
    pub(crate) round: Arc<Round>,
    /// The next group of rows, and the next row in it.
    pub(crate) next: (usize, usize),
    /// Empty pages that came after the last row.
    pub(crate) empties: u32,
}

impl World {
    /// Keeps the end of a round and gives the text that stands for it.
    pub(crate) fn keep_token(&mut self, round: &Round) -> String {
        let number = self.next();
        let token = Token {
            place: round.place,
            scope: round.scope,
            span: round.span,
            since: round.upto,
            dead: false,
            evicted: false,
        };
        self.delta.tokens.insert(number, token);
        let kept = self.switches.delta_tokens_kept;
        if let Some(mailbox) = self.mailboxes.get_mut(&round.place.mailbox) {
            mailbox.delta_tokens.push_back(number);
            while mailbox.delta_tokens.len() > kept {
                let old = mailbox.delta_tokens.pop_front().and_then(|old| self.delta.tokens.get_mut(&old));
                if let Some(old) = old {
                    old.dead = true;
                    old.evicted = true;
                }
            }
        }
        token_text("delta", number, token_chars(number))
    }

    /// Keeps a place inside a round and gives the text that stands for it.
    pub(crate) fn keep_skip(&mut self, skip: Skip) -> String {
        let number = self.next();
        self.delta.skips.insert(number, skip);
        while self.delta.skips.len() > SKIPS_KEPT {
            self.delta.skips.pop_first();
        }
        token_text("skip", number, token_chars(number))
    }

    /// The round end that a delta token stands for.
    pub(crate) fn token(&self, call: &Call, text: &str) -> Result<Token, Refusal> {
        let number = read_token("delta", text).ok_or_else(invalid)?;
        let token = self.delta.tokens.get(&number).ok_or_else(|| self.dead(call, None))?;
        if !token.dead {
            return Ok(*token);
        }
        if token.evicted {
            self.meet("delta_tokens_kept");
        }
        Err(self.dead(call, Some(token)))
    }

    /// The place that a skip token stands for.
    pub(crate) fn skip(&self, call: &Call, text: &str) -> Result<Skip, Refusal> {
        let number = read_token("skip", text).ok_or_else(invalid)?;
        self.delta.skips.get(&number).cloned().ok_or_else(|| self.dead(call, None))
    }

    /// Lets every delta token of a calendar die, under whatever address it was read.
    pub fn kill_delta_tokens(&mut self, calendar: CalendarNo) {
        let target = self.target(calendar);
        let places: Vec<_> = self.delta.tokens.values().map(|token| token.place.calendar).collect();
        let hit: Vec<_> = places.into_iter().filter(|place| self.target(*place) == target).collect();
        for token in self.delta.tokens.values_mut().filter(|token| hit.contains(&token.place.calendar)) {
            token.dead = true;
        }
    }

    fn dead(&self, call: &Call, token: Option<&Token>) -> Refusal {
        self.meet(match self.switches.delta_dead_token {
            DeadToken::Gone => "delta_dead_token.gone",
            DeadToken::GoneResync => "delta_dead_token.gone_resync",
            DeadToken::NotFound => "delta_dead_token.not_found",
            DeadToken::Invalid => "delta_dead_token.invalid",
        });
        let message = "The sync state is not found. Start a new full synchronization.";
        let gone = |status, code| Refusal::new(status, code, message);
        match self.switches.delta_dead_token {
            DeadToken::Invalid => invalid(),
            DeadToken::NotFound => gone(StatusCode::NOT_FOUND, "syncStateNotFound"),
            DeadToken::GoneResync => gone(StatusCode::GONE, "resyncRequired"),
            DeadToken::Gone => {
                let refusal = gone(StatusCode::GONE, "SyncStateNotFound");
                let Some(token) = token else { return refusal };
                let hi = token.span.hi.map(|hi| format!("&endDateTime={}", write_instant(hi)));
                let query = format!(
                    "startDateTime={}{}&$deltatoken=",
                    write_instant(token.span.lo),
                    hi.unwrap_or_default()
                );
                refusal.with_header(header::LOCATION, call.link(&query))
            }
        }
    }
}

/// 400 for a text that no token looks like, or the token of another calendar.
pub(crate) fn invalid() -> Refusal {
    Refusal::bad("InvalidDeltaToken", "The delta token is invalid.")
}

fn token_chars(number: u64) -> usize {
    let digest = Sha256::digest(number.to_be_bytes());
    TOKEN_CHARS_MIN + usize::from(u16::from_be_bytes([digest[0], digest[1]])) % TOKEN_CHARS_SPREAD
}
