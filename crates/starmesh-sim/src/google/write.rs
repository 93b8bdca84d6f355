//! Writes of events.

mod import;
mod notify;

use http::{StatusCode, header};
use serde_json::{Map, Value};

pub(super) use self::import::{import, move_event};
use self::notify::{reminders, send_updates};
use super::calendar::{Calendar, Role};
use super::call::{Answer, Turn};
use super::draft::{Draft, Place, patched};
use super::event::Event;
use super::problem::Problem;
use super::scope::Need;
use super::switches::{Collision, Undelete};
use super::view::View;
use super::world::new_calendar;
use crate::web::{Reply, WriteKind};

/// Length of the ids that the service makes.
pub(super) const ID_LENGTH: usize = 26;

/// POST calendars/{c}/events
pub(super) fn insert(turn: &mut Turn<'_>, name: &str) -> Answer {
    let notify = send_updates(turn.call)?;
    let calendar = writable(turn, name)?.id.clone();
    let body = turn.call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let (given_id, given_uid) = (text("id"), text("iCalUID"));
    if given_id.is_some() && given_uid.is_some() {
        return Err(Problem::invalid("Only one of id and iCalUID can be given."));
    }
    if given_id.as_deref().is_some_and(|id| !is_client_id(id)) {
        return Err(Problem::invalid("Invalid resource id value."));
    }
    let draft = judge(turn, &calendar, &body, None)?;
    let drawn = turn.world.draw_id(ID_LENGTH);
    let id = given_id.unwrap_or(drawn);
    let uid = given_uid.clone().unwrap_or_else(|| format!("{id}@google.com"));
    let target = turn.world.calendars.get(&calendar).ok_or_else(Problem::not_found)?;
    if let Some(standing) = target.stored(&id).cloned() {
        return match turn.switches.collision {
            Collision::Detected => {
                turn.world.met.meet("collision.detected");
                Err(Problem::duplicate())
            }
            Collision::Told => {
                turn.world.met.meet("collision.told");
                Ok(Reply::json(StatusCode::OK, seen(turn, target, &standing)))
            }
            Collision::Unnoticed => {
                turn.world.met.meet("collision.unnoticed");
                Ok(unnoticed(turn, &calendar, &id, &uid, draft))
            }
        };
    }
    if given_uid.is_some_and(|uid| target.by_uid(&uid).is_some_and(|event| !event.is_cancelled())) {
        return Err(Problem::duplicate());
    }
    spend(turn, &calendar, true)?;
    let stroke = turn.stroke();
    let target = turn.world.calendars.get_mut(&calendar).ok_or_else(Problem::not_found)?;
    let event = target.create(&id, &uid, draft, &stroke).clone();
    notify.tell(turn, &event, "created");
    finish(turn, &calendar, None, &event)
}

/// PUT and PATCH calendars/{c}/events/{e}
pub(super) fn update(turn: &mut Turn<'_>, name: &str, id: &str, is_patch: bool) -> Answer {
    let notify = send_updates(turn.call)?;
    let calendar = writable(turn, name)?;
    let known = find(calendar, id).ok_or_else(Problem::not_found)?;
    if calendar.is_dead(&known) {
        if turn.switches.undelete == Undelete::Refused || !known.is_cancelled() {
            turn.world.met.meet("undelete.refused");
            return Err(Problem::forbidden());
        }
        turn.world.met.meet("undelete.allowed");
    }
    may_touch(turn, calendar, &known)?;
    precondition(turn, &known)?;
    let sent = turn.call.object()?;
    let body = if is_patch { patched(&known.body(&calendar.zone), &sent) } else { sent.clone() };
    let sequence = sent.get("sequence").and_then(Value::as_i64);
    if sequence.is_some_and(|given| given < known.sequence) {
        return Err(Problem::sequence());
    }
    let calendar = calendar.id.clone();
    let mut draft = judge(turn, &calendar, &body, Some(&known))?;
    draft.sequence = sequence;
    if !is_patch && !sent.contains_key("eventType") {
        draft.event_type.clone_from(&known.kind);
    }
    let shared = |fields: &Map<String, Value>| {
        fields.get("extendedProperties").and_then(|it| it.get("shared")).cloned()
    };
    let organizes = known.organizer == calendar || known.organizer == turn.me();
    if !organizes && shared(&known.fields) != shared(&draft.fields) {
        return Err(Problem::not_organizer());
    }
    spend(turn, &calendar, false)?;
    let stroke = turn.stroke();
    let target = turn.world.calendars.get_mut(&calendar).ok_or_else(Problem::not_found)?;
    if let Some((master, _)) = &known.of {
        stricter(target, master, &known, &mut draft, &stroke);
    }
    let event = target.change_event(&known, draft, &stroke).clone();
    notify.tell(turn, &event, "changed");
    finish(turn, &calendar, Some(&known), &event)
}

/// DELETE calendars/{c}/events/{e}
pub(super) fn delete(turn: &mut Turn<'_>, name: &str, id: &str) -> Answer {
    let notify = send_updates(turn.call)?;
    let calendar = writable(turn, name)?;
    let known = find(calendar, id).ok_or_else(Problem::not_found)?;
    if calendar.is_dead(&known) {
        return Err(Problem::deleted());
    }
    may_touch(turn, calendar, &known)?;
    precondition(turn, &known)?;
    let calendar = calendar.id.clone();
    spend(turn, &calendar, false)?;
    let stroke = turn.stroke();
    let target = turn.world.calendars.get_mut(&calendar).ok_or_else(Problem::not_found)?;
    let event = target.cancel(&known, &stroke).clone();
    notify.tell(turn, &event, "deleted");
    turn.wrote_event(&calendar, WriteKind::EventDeleted, Some(&known), None);
    turn.touched(&calendar);
    turn.invite(&calendar, &event);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// GET calendars/{c}/events/{e}
pub(super) fn get(turn: &mut Turn<'_>, name: &str, id: &str) -> Answer {
    let calendar = turn.calendar(name, Role::FreeBusyReader, Need::ReadEvents)?;
    let event = find(calendar, id).ok_or_else(Problem::not_found)?;
    if turn.call.header(header::IF_NONE_MATCH) == Some(&event.etag_text()) {
        return Ok(Reply::empty(StatusCode::NOT_MODIFIED));
    }
    let zone = turn.call.zone()?;
    let view = View {
        calendar,
        role: turn.world.role(turn.me(), &calendar.id).unwrap_or(Role::FreeBusyReader),
        me: turn.me(),
        shown_zone: zone.unwrap_or(&calendar.zone),
        attendees_max: turn.call.count("maxAttendees", usize::MAX)?,
        switches: turn.switches,
        met: &turn.world.met,
    };
    let mut row = view.event(&event);
    if calendar.is_dead(&event) {
        row["status"] = serde_json::json!("cancelled");
    }
    Ok(Reply::json(StatusCode::OK, row).with_header(header::ETAG, &event.etag_text()))
}

/// The event or exception `id`, or the instance of a series as an exception that is not stored yet.
pub(super) fn find(calendar: &Calendar, id: &str) -> Option<Event> {
    if let Some(event) = calendar.stored(id) {
        return Some(event.clone());
    }
    let (master, date) = calendar.instance(id)?;
    Some(calendar.exception(master, date))
}

/// True for an id that a client may choose: base32hex in lower case, 5 to 1024 characters.
pub(super) fn is_client_id(id: &str) -> bool {
    (5..=1_024).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'v'))
}

fn writable<'a>(turn: &'a Turn<'_>, name: &str) -> Result<&'a Calendar, Problem> {
    turn.calendar(name, Role::WriterWithoutPrivateAccess, Need::WriteEvents)
}

/// Refuses a writer without private access, where the switches say so.
fn may_touch(turn: &Turn<'_>, calendar: &Calendar, event: &Event) -> Result<(), Problem> {
    let sees = turn.world.role(turn.me(), &calendar.id).is_some_and(Role::sees_private);
    if event.is_private() && !sees {
        if !turn.switches.private_writes_without_access {
            turn.world.met.meet("private_writes_without_access.refused");
            return Err(Problem::access_level("writer"));
        }
        turn.world.met.meet("private_writes_without_access.allowed");
    }
    Ok(())
}

fn precondition(turn: &Turn<'_>, event: &Event) -> Result<(), Problem> {
    match turn.call.header(header::IF_MATCH) {
        Some(wanted) if wanted != "*" && wanted.split(',').all(|it| it.trim() != event.etag_text()) => {
            Err(Problem::condition())
        }
        _ => Ok(()),
    }
}

/// Judges a whole body for an event in `calendar`.
fn judge(
    turn: &Turn<'_>,
    calendar: &str,
    body: &Map<String, Value>,
    known: Option<&Event>,
) -> Result<Draft, Problem> {
    let calendar = turn.world.calendars.get(calendar).ok_or_else(Problem::not_found)?;
    let mut body = body.clone();
    if let Some(known) = known {
        body.entry("eventType").or_insert_with(|| Value::String(known.kind.clone()));
    }
    let place = Place {
        zone: &calendar.zone,
        is_primary: calendar.is_primary,
        switches: turn.switches,
        met: &turn.world.met,
        conference: turn.call.query.get("conferenceDataVersion") == Some("1"),
        attachments: turn.call.flag("supportsAttachments")?.unwrap_or(false),
        is_instance: known.is_some_and(|event| event.of.is_some()),
        fixed_type: known.map(|event| event.kind.as_str()),
        by_hand: false,
    };
    Draft::parse(&body, &place)
}

/// Spends the budgets of a write.
fn spend(turn: &mut Turn<'_>, calendar: &str, creates: bool) -> Result<(), Problem> {
    let me = turn.me().to_owned();
    let budgets = (&turn.switches.quota, &turn.world.met);
    turn.world.quota.write(&me, calendar, turn.now, budgets)?;
    if creates { turn.world.quota.event_created(&me, turn.now, budgets) } else { Ok(()) }
}

/// An instance that becomes stricter takes its whole series with it; one that becomes laxer does not become so.
fn stricter(
    calendar: &mut Calendar,
    master: &str,
    known: &Event,
    draft: &mut Draft,
    stroke: &super::calendar::Stroke,
) {
    let rank = |fields: &Map<String, Value>| match fields.get("visibility").and_then(Value::as_str) {
        Some("public") => 0,
        Some("private" | "confidential") => 2,
        _ => 1,
    };
    let (was, is) = (rank(&known.fields), rank(&draft.fields));
    if is > was {
        if let Some(mut series) = calendar.stored(master).cloned() {
            let visibility = draft.fields.get("visibility").cloned().unwrap_or_default();
            series.fields.insert("visibility".to_owned(), visibility);
            series.updated_ms = calendar.tick(stroke.now);
            series.etag = series.updated_ms * 2_000;
            calendar.put(series, stroke);
        }
    } else if is < was {
        let kept = known.fields.get("visibility").cloned();
        draft.fields.remove("visibility");
        draft.fields.extend(kept.map(|kept| ("visibility".to_owned(), kept)));
    }
}

/// What a service answers that does not notice the collision: a success, and nothing stored.
fn unnoticed(turn: &mut Turn<'_>, calendar: &str, id: &str, uid: &str, draft: Draft) -> Reply {
    let me = turn.me().to_owned();
    let now = turn.now;
    let mut shadow = match turn.world.calendars.get_mut(calendar) {
        Some(target) => {
            let mut shadow = new_calendar(calendar, calendar, &target.zone, &me);
            // What is told to stand there is in no version that ever stands there.
            shadow.updated_ms = target.tick(now);
            target.tick(now);
            shadow
        }
        None => new_calendar(calendar, calendar, "UTC", &me),
    };
    let event = shadow.create(id, uid, draft, &turn.stroke()).clone();
    Reply::json(StatusCode::OK, seen(turn, &shadow, &event))
}

/// Notes a write and answers with the event, which was `before`.
fn finish(turn: &mut Turn<'_>, calendar: &str, before: Option<&Event>, event: &Event) -> Answer {
    reminders(turn, calendar, event);
    let kind = if before.is_none() { WriteKind::EventCreated } else { WriteKind::EventChanged };
    turn.wrote_event(calendar, kind, before, Some(event));
    turn.touched(calendar);
    turn.invite(calendar, event);
    let stored = turn.world.calendars.get(calendar).ok_or_else(Problem::not_found)?;
    let body = seen(turn, stored, event);
    Ok(Reply::json(StatusCode::OK, body).with_header(header::ETAG, &event.etag_text()))
}

fn seen(turn: &Turn<'_>, calendar: &Calendar, event: &Event) -> Value {
    let view = View {
        calendar,
        // Who writes an event sees what was written.
        role: turn.world.role(turn.me(), &calendar.id).unwrap_or(Role::Writer),
        me: turn.me(),
        shown_zone: &calendar.zone,
        attendees_max: None,
        switches: turn.switches,
        met: &turn.world.met,
    };
    view.event(event)
}
