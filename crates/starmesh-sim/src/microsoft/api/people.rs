//! What would reach a person: invitations, updates, cancellations, answers, reminders. Nothing is sent; the
//! ledger says to whom it would have been.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use http::StatusCode;
use serde_json::{Value, json};

use super::events::{self, Edit};
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::Located;
use crate::microsoft::world::state::PROVIDER;
use crate::microsoft::world::{CalendarNo, Details, IdForm, ItemNo, Place, World};
use crate::web::{Notification, Reply};

/// The addresses of an event's attendees.
pub(crate) fn attendees(details: &Details) -> BTreeSet<String> {
    let list = details.props.get("attendees").and_then(Value::as_array);
    let address = |attendee: &Value| attendee["emailAddress"]["address"].as_str().map(ToOwned::to_owned);
    list.into_iter().flatten().filter_map(address).collect()
}

/// Those who are told of a change: who attends after it, and who does not any more.
pub(crate) fn told_of_change(before: &Details, after: &Details) -> BTreeSet<String> {
    if before == after || !is_organizer(after) {
        return BTreeSet::new();
    }
    attendees(before).union(&attendees(after)).cloned().collect()
}

/// True when the event would remind its owner.
pub(crate) fn reminds(details: &Details) -> bool {
    details.props.get("isReminderOn") == Some(&Value::Bool(true))
}

/// True unless the event is somebody else's meeting.
pub(crate) fn is_organizer(details: &Details) -> bool {
    details.props.get("isOrganizer") != Some(&Value::Bool(false))
}

/// Notes in the ledger that people would have been told of an event.
pub(crate) fn tell(
    world: &World,
    about: (ItemNo, Option<NaiveDate>),
    people: impl IntoIterator<Item = String>,
    what: &str,
) {
    let Some(item) = world.items.get(&about.0) else { return };
    let Some(calendar) = world.calendars.get(&item.calendar) else { return };
    let place = Place { mailbox: calendar.mailbox, calendar: calendar.no };
    let id = world.event_id(IdForm::Immutable, place, about.0, about.1);
    for to in people {
        let about = format!("{what} of {id}");
        world.ledger.notification(Notification { at: world.now(), provider: PROVIDER, to, about });
    }
}

/// Notes that the owner of a calendar would be reminded of an event.
pub(crate) fn remind(world: &World, calendar: CalendarNo, about: (ItemNo, Option<NaiveDate>)) {
    let owner = world.calendars.get(&calendar).and_then(|calendar| world.mailboxes.get(&calendar.mailbox));
    tell(world, about, owner.map(|owner| owner.upn.clone()), "reminder");
}

/// `POST …/events/{id}/accept` and its like: an answer to an invitation.
pub(crate) fn respond(
    world: &mut World,
    call: &Call,
    located: Located,
    response: &'static str,
) -> Result<Reply, Refusal> {
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?.clone();
    let mut details = events::detail(&item, located).ok_or_else(Refusal::not_found)?;
    let before = details.clone();
    if is_organizer(&details) {
        return Err(Refusal::invalid(
            "Your request can't be completed. You are the organizer of the meeting.",
        ));
    }
    let quiet = call.object().is_ok_and(|body| body.get("sendResponse") == Some(&Value::Bool(false)));
    let organizer = details
        .props
        .get("organizer")
        .and_then(|organizer| organizer["emailAddress"]["address"].as_str().map(ToOwned::to_owned));
    let about = (located.item, located.day);
    if !quiet {
        tell(world, about, organizer, response);
    }
    let mut after = None;
    if located.day.is_none() {
        world.answered(located.item, response);
    }
    if response == "declined" && located.day.is_none() {
        world.delete_event(located.item);
    } else {
        let time = crate::microsoft::world::timing::write_instant(world.now());
        details.props.insert("responseStatus".into(), json!({"response": response, "time": time}));
        if response == "accepted" && details.props.get("showAs") == Some(&json!("tentative")) {
            details.props.insert("showAs".into(), json!("busy"));
        }
        after = Some(details.clone());
        world.change(located.item, |item| match (located.day, &mut item.series) {
            (Some(day), Some(series)) => {
                series.exceptions.insert(day, details);
            }
            _ => item.main = details,
        });
    }
    let edit = Edit { about, before: Some(&before), after: after.as_ref() };
    events::note_event(world, call, located.access, &edit);
    Ok(Reply::empty(StatusCode::ACCEPTED))
}

/// `POST …/events/{id}/cancel`: the organiser calls a meeting off.
pub(crate) fn cancel(world: &mut World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let details = events::detail(item, located).ok_or_else(Refusal::not_found)?;
    if !is_organizer(&details) {
        return Err(Refusal::invalid("You must be an organizer to cancel a meeting."));
    }
    events::delete(world, call, located).map(|_| Reply::empty(StatusCode::ACCEPTED))
}

/// `POST …/events/{id}/forward`: more people are told.
pub(crate) fn forward(world: &World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let list = body.get("toRecipients").or_else(|| body.get("ToRecipients")).and_then(Value::as_array);
    let people = list
        .into_iter()
        .flatten()
        .filter_map(|to| to["emailAddress"]["address"].as_str().map(ToOwned::to_owned));
    tell(world, (located.item, located.day), people, "forward");
    Ok(Reply::empty(StatusCode::ACCEPTED))
}
