//! Changes since a token (RFC 6578), and the tokens.

use chrono::TimeDelta;
use http::StatusCode;
use roxmltree::Node;

use super::call::{Answer, Turn};
use super::collection::{Changed, Collection};
use super::place::Place;
use super::properties::{Thing, row, status_row};
use super::refusal::Refusal;
use super::report::unsupported;
use super::switches::{DavLimit, DeadToken, SyncRefusal, TokenGrain};
use super::xml::{DAV, Element, Wanted, child, text};

/// The newest change that listings show.
pub(super) fn visible(turn: &Turn<'_>, collection: &Collection) -> u64 {
    let visible = collection.visible(turn.now, turn.switches.sync.lag_ms);
    if visible < collection.newest() {
        turn.meet("sync.lag");
    }
    visible
}

/// The state of a collection after `change`, as tokens and ctags name it.
pub(super) fn position(turn: &Turn<'_>, collection: &Collection, change: u64) -> String {
    let exact = exact_position(collection, change);
    if turn.switches.sync.grain == TokenGrain::Change {
        return exact;
    }
    let second = |change: u64| collection.time_of(change).map(|time| time.timestamp());
    let Some(now) = second(change) else { return exact };
    if change > 1 && second(change - 1) == Some(now) {
        turn.meet("sync.grain.second");
    }
    format!("{}-{}-s{now}", collection.number, collection.epoch)
}

fn exact_position(collection: &Collection, change: u64) -> String {
    format!("{}-{}-{change}", collection.number, collection.epoch)
}

/// The token from which a client goes on after `change`.
pub(super) fn token(turn: &Turn<'_>, collection: &Collection, change: u64) -> String {
    format!("data:,{}", position(turn, collection, change))
}

/// What the bearer of a token has read.
#[derive(Clone, Copy)]
struct Since {
    /// The change up to which it was told.
    change: u64,
    /// Between the pages of a first listing: the change up to which the listing goes. What happened before it
    /// need not be remembered to go on, as only what stands is told (Cyrus keeps such a base in its tokens).
    base: u64,
}

/// What the bearer of a token has read; `None` for a dead one.
fn since(turn: &Turn<'_>, collection: &Collection, token: &str) -> Option<Since> {
    if turn.tokens_dead {
        turn.meet("fault.dead_token");
        return None;
    }
    let position = token.strip_prefix(&format!("data:,{}-{}-", collection.number, collection.epoch))?;
    let (position, base) = match position.split_once('b') {
        Some((position, base)) => (position, base.parse::<u64>().ok()?),
        None => (position, 0),
    };
    let change = match position.strip_prefix('s') {
        // All changes of that second count as told, also those that came later in it.
        Some(second) => {
            let second: i64 = second.parse().ok()?;
            let told =
                |change: &u64| collection.time_of(*change).is_some_and(|time| time.timestamp() <= second);
            (1..=collection.newest()).take_while(told).last().unwrap_or(0)
        }
        None => position.parse().ok().filter(|since| *since <= collection.newest())?,
    };
    let base = base.max(change);
    let forgotten = turn.switches.sync.memory_s.zip(collection.time_of(base + 1));
    if forgotten.is_some_and(|(memory_s, next)| next < turn.now - TimeDelta::seconds(memory_s)) {
        turn.meet("sync.memory");
        return None;
    }
    Some(Since { change, base })
}

pub(super) fn answer(turn: &Turn<'_>, user: &str, name: &str, root: Node<'_, '_>) -> Answer {
    if !turn.switches.sync.offered {
        return Err(not_offered(turn));
    }
    if turn.switches.sync.strict_depth && turn.call.depth() == "1" {
        turn.meet("sync.strict_depth");
        return Err(Refusal::bad_request());
    }
    let (mount, collection) = turn.calendar(user, name)?;
    let asked = child(root, DAV, "sync-token").map(text).filter(|token| !token.is_empty());
    let since = match asked.map(|token| since(turn, collection, token)) {
        None => None,
        Some(Some(since)) => Some(since),
        Some(None) => {
            dead(turn)?;
            None
        }
    };
    // A client that was told of a change is not told less when listings begin to lag.
    let until = visible(turn, collection).max(since.map_or(0, |since| since.change));
    let mut changes = collection.changes(since.map_or(0, |since| since.change), until);
    if since.is_none() {
        changes.retain(|change| change.stored.is_some());
    }
    let cut = cut(turn, &mut changes, root);
    if since.is_some() {
        changes.extend(extra(turn, collection, until, &changes));
    }
    let wanted = Wanted::of(root);
    let place = Place::Calendar(user.to_owned(), name.to_owned());
    let mut answer = Element::dav("multistatus");
    if turn.switches.sync.lists_itself {
        turn.meet("sync.lists_itself");
        answer = answer.with(row(turn, &place, &Thing::Calendar(mount, collection, until), &wanted));
    }
    let member = |change: &Changed<'_>| {
        let place = Place::Object(user.to_owned(), name.to_owned(), change.name.to_owned());
        match change.stored {
            Some(stored) => row(turn, &place, &Thing::Object(collection, stored), &wanted),
            None => status_row(turn, &place, StatusCode::NOT_FOUND),
        }
    };
    answer = answer.with_all(changes.iter().map(member));
    let token = match cut {
        // A checkpoint is exact, or it would skip the rest of its second.
        Some(checkpoint) => {
            let condition = Element::dav("error").with(Element::dav("number-of-matches-within-limits"));
            answer = answer.with(status_row(turn, &place, StatusCode::INSUFFICIENT_STORAGE).with(condition));
            let base = since.map_or(until, |since| since.base);
            format!("data:,{}b{base}", exact_position(collection, checkpoint))
        }
        None => token(turn, collection, until),
    };
    Ok(turn.xml(StatusCode::MULTI_STATUS, &answer.with(Element::dav("sync-token").with_text(token))))
}

fn not_offered(turn: &Turn<'_>) -> Refusal {
    match turn.switches.sync.refusal {
        SyncRefusal::SupportedReport => {
            turn.meet("sync.refusal.supported_report");
            unsupported()
        }
        SyncRefusal::NotImplemented => {
            turn.meet("sync.refusal.not_implemented");
            Refusal::status(StatusCode::NOT_IMPLEMENTED)
        }
        SyncRefusal::BadRequest => {
            turn.meet("sync.refusal.bad_request");
            Refusal::bad_request()
        }
    }
}

/// Refuses a dead token, unless this server answers it like none at all.
fn dead(turn: &Turn<'_>) -> Result<(), Refusal> {
    let condition = |status| Refusal::condition(status, Element::dav("valid-sync-token"));
    Err(match turn.switches.sync.dead_token {
        DeadToken::Forbidden => {
            turn.meet("sync.dead_token.forbidden");
            condition(StatusCode::FORBIDDEN)
        }
        DeadToken::PreconditionFailed => {
            turn.meet("sync.dead_token.precondition_failed");
            condition(StatusCode::PRECONDITION_FAILED)
        }
        DeadToken::ServerError => {
            turn.meet("sync.dead_token.server_error");
            Refusal::status(StatusCode::INTERNAL_SERVER_ERROR)
        }
        DeadToken::Gone => {
            turn.meet("sync.dead_token.gone");
            Refusal::status(StatusCode::GONE)
        }
        DeadToken::Everything => {
            turn.meet("sync.dead_token.everything");
            return Ok(());
        }
    })
}

/// Cuts `changes` to a page; the last change of one that is said to be cut.
fn cut(turn: &Turn<'_>, changes: &mut Vec<Changed<'_>>, root: Node<'_, '_>) -> Option<u64> {
    let asked = child(root, DAV, "limit").and_then(|limit| child(limit, DAV, "nresults"));
    let asked =
        asked.and_then(|count| text(count).parse::<usize>().ok()).filter(|asked| *asked < changes.len());
    let mut page_max = turn.switches.sync.page_max.filter(|max| *max < changes.len());
    page_max.iter().for_each(|_| turn.meet("sync.page_max"));
    if let Some(asked) = asked {
        match turn.switches.sync.limit {
            DavLimit::Honoured => {
                turn.meet("sync.limit.honoured");
                page_max = Some(page_max.map_or(asked, |max| max.min(asked)));
            }
            DavLimit::CutSilently => {
                turn.meet("sync.limit.cut_silently");
                changes.truncate(asked);
            }
            DavLimit::Ignored => turn.meet("sync.limit.ignored"),
        }
    }
    // A page without a row would never end.
    let page_max = page_max?.max(1);
    changes.truncate(page_max);
    changes.last().map(|last| last.change)
}

/// Unchanged members that a delta tells all the same.
fn extra<'a>(
    turn: &Turn<'_>,
    collection: &'a Collection,
    until: u64,
    told: &[Changed<'_>],
) -> Vec<Changed<'a>> {
    let chance = turn.switches.sync.extra_rows_per_mille;
    if chance == 0 {
        return Vec::new();
    }
    let unchanged = collection
        .members_at(until)
        .filter(|(name, _)| told.iter().all(|change| change.name != *name))
        .filter(|_| turn.world.dice.borrow_mut().chance(chance));
    let extra: Vec<_> = unchanged
        .map(|(name, stored)| Changed { change: stored.change, name, stored: Some(stored) })
        .collect();
    extra.iter().for_each(|_| turn.meet("sync.extra_rows"));
    extra
}
