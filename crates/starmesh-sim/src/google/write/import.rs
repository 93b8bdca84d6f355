//! Copies: `events.import` and `events.move`.

use data_encoding::BASE32HEX_NOPAD;
use http::StatusCode;
use serde_json::Value;

use super::super::calendar::Role;
use super::super::call::{Answer, Turn};
use super::super::event::Event;
use super::super::problem::Problem;
use super::super::scope::Need;
use super::super::switches::Reimport;
use super::notify::send_updates;
use super::{find, finish, judge, seen, spend, writable};
use crate::web::{Reply, WriteKind};

/// POST calendars/{c}/events/import
pub(in crate::google) fn import(turn: &mut Turn<'_>, name: &str) -> Answer {
    let calendar = writable(turn, name)?.id.clone();
    let body = turn.call.object()?;
    let uid = body.get("iCalUID").and_then(Value::as_str).map(ToOwned::to_owned);
    let uid = uid.ok_or_else(|| Problem::required("Missing iCalUID."))?;
    if body.get("eventType").and_then(Value::as_str).is_some_and(|kind| kind != "default") {
        return Err(Problem::calendar(400, "eventTypeRestriction", "Only default events can be imported."));
    }
    let target = turn.world.calendars.get(&calendar).ok_or_else(Problem::not_found)?;
    let known = target.by_uid(&uid).cloned();
    let draft = judge(turn, &calendar, &body, known.as_ref())?;
    if let Some(known) = known {
        if turn.switches.reimport == Reimport::Refuses {
            turn.world.met.meet("reimport.refuses");
            return Err(Problem::duplicate());
        }
        turn.world.met.meet("reimport.upserts");
        if draft.sequence.is_some_and(|given| given < known.sequence) {
            return Err(Problem::sequence());
        }
        spend(turn, &calendar, false)?;
        let stroke = turn.stroke();
        let target = turn.world.calendars.get_mut(&calendar).ok_or_else(Problem::not_found)?;
        let event = target.change_event(&known, draft, &stroke).clone();
        return finish(turn, &calendar, Some(&known), &event);
    }
    spend(turn, &calendar, true)?;
    let id = format!("_{}", BASE32HEX_NOPAD.encode(uid.as_bytes()).to_ascii_lowercase());
    let stroke = turn.stroke();
    let target = turn.world.calendars.get_mut(&calendar).ok_or_else(Problem::not_found)?;
    let mut event = target.create(&id, &uid, draft, &stroke).clone();
    if let Some(organizer) = body.get("organizer").and_then(|it| it.get("email")).and_then(Value::as_str) {
        organizer.clone_into(&mut event.organizer);
        if let Some(stored) = target.events.get_mut(&id) {
            stored.organizer.clone_from(&event.organizer);
        }
    }
    finish(turn, &calendar, None, &event)
}

/// POST calendars/{c}/events/{e}/move
pub(in crate::google) fn move_event(turn: &mut Turn<'_>, name: &str, id: &str) -> Answer {
    let notify = send_updates(turn.call)?;
    let from = writable(turn, name)?;
    let known = find(from, id).ok_or_else(Problem::not_found)?;
    if from.is_dead(&known) {
        return Err(Problem::deleted());
    }
    if known.kind != "default" || known.of.is_some() {
        let message = "Only whole events of the default type can be moved.";
        return Err(Problem::calendar(400, "eventTypeRestriction", message));
    }
    let from = from.id.clone();
    let wanted = turn
        .call
        .query
        .get("destination")
        .ok_or_else(|| Problem::required("Required parameter: destination"))?;
    let to = turn.calendar(wanted, Role::WriterWithoutPrivateAccess, Need::WriteEvents)?;
    if to.stored(id).is_some() {
        return Err(Problem::duplicate());
    }
    let to = to.id.clone();
    spend(turn, &from, false)?;
    let stroke = turn.stroke();
    let source = turn.world.calendars.get_mut(&from).ok_or_else(Problem::not_found)?;
    source.cancel(&known, &stroke);
    let target = turn.world.calendars.get_mut(&to).ok_or_else(Problem::not_found)?;
    let updated_ms = target.tick(turn.now);
    let organizer = if target.is_primary { turn.access.user.0.clone() } else { to.clone() };
    let moved = Event { organizer, updated_ms, etag: updated_ms * 2_000, ..known.clone() };
    let event = target.put(moved, &stroke).clone();
    notify.tell(turn, &event, "moved");
    turn.wrote_event(&from, WriteKind::EventMoved, Some(&known), Some(&event));
    turn.touched(&from);
    turn.touched(&to);
    let stored = turn.world.calendars.get(&to).ok_or_else(Problem::not_found)?;
    let body = seen(turn, stored, &event);
    Ok(Reply::json(StatusCode::OK, body))
}
