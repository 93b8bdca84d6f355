//! PUT and DELETE (RFC 4791, section 5.3.2; RFC 4918, section 9.6).

mod draft;

use std::sync::Arc;

use http::HeaderName;
use http::StatusCode;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};

use super::call::{Answer, Turn, need_privileges};
use super::collection::Stored;
use super::object::Component;
use super::place::Place;
use super::properties::{etag, strong_etag};
use super::refusal::Refusal;
use super::schedule;
use super::switches::{AfterPut, IfMatchStar, MissingParent};
use super::uids::{self, Elsewhere};
use super::world::Mount;
use super::xml::Element;
use crate::web::{Reply, WriteKind};

const SCHEDULE_TAG: HeaderName = HeaderName::from_static("schedule-tag");

pub(super) fn put(turn: &mut Turn<'_>, place: &Place) -> Answer {
    let Place::Object(user, name, file) = place else {
        return Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED));
    };
    let mount = parent(turn, user, name)?;
    let before = turn.world.collections.get(&mount.collection).and_then(|known| known.get(file)).cloned();
    preconditions(turn, mount, before.as_deref())?;
    let call = turn.call;
    let (text, object, uid) = draft::judge(turn, mount, file, before.is_none(), call.text()?)?;
    let elsewhere = uids::check(turn, (user, name, file), &uid)?;
    let file = if before.is_none() && turn.switches.writes.relocates {
        turn.meet("writes.relocates");
        format!("{}.ics", turn.world.next())
    } else {
        file.clone()
    };
    let taken = elsewhere.map(|elsewhere| take_away(turn, user, &elsewhere));
    let (text, object) = draft::stored_form(turn, text, object, before.as_deref());
    let now = turn.now;
    let collection = turn.world.collections.get_mut(&mount.collection).ok_or_else(Refusal::not_found)?;
    let stored = collection.store(&file, text, object, now);
    let place = Place::Object(user.clone(), name.clone(), file);
    let kind = match (&before, taken) {
        (None, None) => WriteKind::EventCreated,
        (None, Some(())) => WriteKind::EventMoved,
        (Some(_), _) => WriteKind::EventChanged,
    };
    let facts = before.as_ref().map(|before| before.object.facts());
    turn.wrote(&place, kind, facts, Some(stored.object.facts()));
    schedule::note(turn, before.as_ref().map(|before| &before.object), Some(&stored.object));
    let status = if before.is_none() { StatusCode::CREATED } else { StatusCode::NO_CONTENT };
    let reply = Reply::empty(status);
    let reply = if place.path() == Place::at(&call.path).path() {
        reply
    } else {
        reply.with_header(LOCATION, &turn.href(&place))
    };
    Ok(with_version(turn, mount, &stored, reply))
}

/// The answer to a write with what this server says of the new version.
fn with_version(turn: &Turn<'_>, mount: Mount, stored: &Arc<Stored>, reply: Reply) -> Reply {
    let Some(collection) = turn.world.collections.get(&mount.collection) else { return reply };
    if turn.switches.scheduling.tag_only && schedule::is_invitation(&stored.object) {
        turn.meet("scheduling.tag_only");
        return reply.with_header(SCHEDULE_TAG, &format!("\"{}\"", stored.change));
    }
    let met = &turn.world.met;
    let etag = etag(collection, stored, &turn.switches.etags, met);
    let strong = strong_etag(collection, stored, &turn.switches.etags, met);
    match turn.switches.etags.after_put {
        AfterPut::Told => reply.with_header(ETAG, &etag),
        AfterPut::Weak => {
            turn.meet("etags.after_put.weak");
            reply.with_header(ETAG, &format!("W/{strong}"))
        }
        AfterPut::Absent => {
            turn.meet("etags.after_put.absent");
            reply
        }
        AfterPut::Encoded => {
            turn.meet("etags.after_put.encoded");
            reply.with_header(ETAG, &strong.replace('"', "%22"))
        }
    }
}

/// The calendar that is written to.
fn parent(turn: &Turn<'_>, user: &str, name: &str) -> Result<Mount, Refusal> {
    if user == turn.me && turn.world.mount(user, name).is_none() {
        return Err(match turn.switches.writes.missing_parent {
            MissingParent::Conflict => {
                turn.meet("writes.missing_parent.conflict");
                Refusal::status(StatusCode::CONFLICT)
            }
            MissingParent::NotFound => {
                turn.meet("writes.missing_parent.not_found");
                Refusal::not_found()
            }
        });
    }
    let (mount, _) = turn.calendar(user, name)?;
    if mount.can_write { Ok(mount) } else { Err(turn.read_only()) }
}

/// Judges `If-Match` and `If-None-Match` (RFC 9110, section 13.1) as this server understands them.
fn preconditions(turn: &Turn<'_>, mount: Mount, before: Option<&Stored>) -> Result<(), Refusal> {
    let writes = &turn.switches.writes;
    if turn.call.header(IF_NONE_MATCH).is_some_and(|value| value.trim() == "*") && before.is_some() {
        if writes.if_none_match {
            return Err(Refusal::precondition_failed());
        }
        turn.meet("writes.if_none_match_ignored");
    }
    let Some(asked) = turn.call.header(IF_MATCH) else {
        if before.is_some() && writes.if_match_required {
            turn.meet("writes.if_match_required");
            return Err(Refusal::status(StatusCode::CONFLICT));
        }
        return Ok(());
    };
    if asked.trim() == "*" {
        let holds = match writes.if_match_star {
            IfMatchStar::Literal => before.is_some(),
            IfMatchStar::Inverted => {
                turn.meet("writes.if_match_star.inverted");
                before.is_none()
            }
            IfMatchStar::Ignored => {
                turn.meet("writes.if_match_star.ignored");
                true
            }
        };
        return if holds { Ok(()) } else { Err(Refusal::precondition_failed()) };
    }
    // The comparison is a strong one: a weak etag matches nothing.
    let current = before
        .zip(turn.world.collections.get(&mount.collection))
        .map(|(before, collection)| etag(collection, before, &turn.switches.etags, &turn.world.met));
    let matches = current.is_some_and(|current| {
        !current.starts_with("W/") && asked.split(',').any(|one| one.trim() == current)
    });
    if matches { Ok(()) } else { Err(Refusal::precondition_failed()) }
}

/// Removes the object whose UID the new one has.
fn take_away(turn: &mut Turn<'_>, user: &str, elsewhere: &Elsewhere) {
    let now = turn.now;
    let collection = turn.world.collections.get_mut(&elsewhere.collection);
    let Some(removed) = collection.and_then(|collection| collection.remove(&elsewhere.file, now)) else {
        return;
    };
    let place = Place::Object(user.to_owned(), elsewhere.calendar.clone(), elsewhere.file.clone());
    turn.wrote(&place, WriteKind::EventDeleted, Some(removed.object.facts()), None);
}

pub(super) fn delete(turn: &mut Turn<'_>, place: &Place) -> Answer {
    match place {
        Place::Object(user, name, file) => delete_object(turn, place, (user, name, file)),
        Place::Calendar(user, name) => delete_calendar(turn, place, (user, name)),
        Place::Nowhere => Err(Refusal::not_found()),
        _ => Err(need_privileges("unbind")),
    }
}

fn delete_object(turn: &mut Turn<'_>, place: &Place, (user, name, file): (&str, &str, &str)) -> Answer {
    let (mount, collection) = turn.calendar(user, name)?;
    let before = collection.get(file).cloned().ok_or_else(Refusal::not_found)?;
    if !mount.can_write {
        return Err(turn.read_only());
    }
    preconditions(turn, mount, Some(&before))?;
    let now = turn.now;
    if let Some(collection) = turn.world.collections.get_mut(&mount.collection) {
        collection.remove(file, now);
    }
    let facts: Option<serde_json::Value> = Some(Component::facts(&before.object));
    turn.wrote(place, WriteKind::EventDeleted, facts, None);
    schedule::note(turn, Some(&before.object), None);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn delete_calendar(turn: &mut Turn<'_>, place: &Place, (user, name): (&str, &str)) -> Answer {
    let (mount, _) = turn.calendar(user, name)?;
    if !mount.is_owner {
        let condition = Element::dav("need-privileges");
        return Err(Refusal::condition(StatusCode::FORBIDDEN, condition));
    }
    turn.world.remove_calendar(mount.collection);
    turn.wrote(place, WriteKind::CalendarDeleted, None, None);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
