//! One event: read, make, change, delete, move.

use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::draft;
use super::event_json::{Reading, etag};
use super::extended;
use super::options::{Expand, Select};
use super::people;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::switches::{StaleChangeKey, TransactionScope};
use crate::microsoft::world::access::{Access, Located, Want};
use crate::microsoft::world::calendar::Transaction;
use crate::microsoft::world::state::{NewItem, PROVIDER};
use crate::microsoft::world::{CalendarNo, Details, Item, ItemNo, MailboxNo, World};
use crate::web::{Reply, Write, WriteKind};

/// `GET …/events/{id}`.
pub(crate) fn get(world: &World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let prefer = call.prefer()?;
    let reading = Reading {
        world,
        access: located.access,
        prefer: &prefer,
        select: Select::read(&call.query)?,
        expand: Expand::read(&call.query)?,
    };
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let event = reading.event(item, located.day).ok_or_else(Refusal::not_found)?;
    Ok(entity(call, StatusCode::OK, event))
}

/// `POST …/events`.
pub(crate) fn create(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    calendar: Option<CalendarNo>,
) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, calendar, Want::Write)?;
    call.prefer()?;
    let body = call.object()?;
    let mut new = draft::new_item(body)?;
    if !access.rights.owner && !new.main.extensions.is_empty() {
        return Err(Refusal::denied());
    }
    let private = new.main.props.get("sensitivity").is_some_and(|sensitivity| sensitivity == "private");
    if private && !access.rights.private {
        if !world.switches.private_create_by_delegate {
            world.meet("private_create_by_delegate.refused");
            return Err(Refusal::denied());
        }
        world.meet("private_create_by_delegate.allowed");
    }
    if let Some(existing) = repeated(world, call, access, &new, body)? {
        return written(world, call, found_at(world, access, existing), existing, None, StatusCode::CREATED);
    }
    name_properties(world, access, &new.main)?;
    let transaction = new.transaction.clone();
    finish_meeting(&mut new.main);
    let attendees = people::attendees(&new.main);
    let reminds = people::reminds(&new.main);
    let made = new.main.clone();
    let no = world.insert(access.target, new);
    if let Some(id) = transaction {
        let memory = Transaction { item: no, content: digest(body), at: world.now() };
        let key = (scope(world, access), id);
        if let Some(mailbox) = holder(world, access) {
            mailbox.transactions.insert(key, memory);
        }
    }
    note_event(world, call, access, &Edit { about: (no, None), before: None, after: Some(&made) });
    world.invite(no);
    people::tell(world, (no, None), attendees, "invitation");
    if reminds {
        people::remind(world, access.target, (no, None));
    }
    let reply = written(world, call, access, no, None, StatusCode::CREATED);
    touch_by_chance(world, no);
    reply
}

/// `PATCH …/events/{id}`: of a date of a series it makes an exception.
pub(crate) fn update(world: &mut World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    call.prefer()?;
    let body = call.object()?;
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?.clone();
    if world.switches.if_match_on_patch {
        check_change_key(world, call, &item)?;
    } else if call.header("if-match").is_some_and(|wanted| !fits(wanted, &item)) {
        world.meet("if_match_on_patch.ignored");
    }
    let before = detail(&item, located).ok_or_else(Refusal::not_found)?;
    let after = match located.day {
        None => {
            let (mut main, series) = draft::patch(&item, body)?;
            finish_meeting(&mut main);
            name_properties(world, located.access, &main)?;
            let after = main.clone();
            world.change(located.item, |item| {
                item.main = main;
                item.series = series;
            });
            after
        }
        Some(day) => {
            if body.get("recurrence").is_some_and(|recurrence| !recurrence.is_null()) {
                return Err(Refusal::invalid("An occurrence cannot have a recurrence of its own."));
            }
            let mut details = before.clone();
            draft::patch_details(&mut details, body)?;
            finish_meeting(&mut details);
            name_properties(world, located.access, &details)?;
            let after = details.clone();
            world.change(located.item, |item| {
                if let Some(series) = &mut item.series {
                    series.exceptions.insert(day, details);
                }
            });
            after
        }
    };
    let about = (located.item, located.day);
    let edit = Edit { about, before: Some(&before), after: Some(&after) };
    note_event(world, call, located.access, &edit);
    world.invite(located.item);
    people::tell(world, about, people::told_of_change(&before, &after), "update");
    if people::reminds(&after) && !people::reminds(&before) {
        people::remind(world, located.access.target, about);
    }
    let reply = written(world, call, located.access, located.item, located.day, StatusCode::OK);
    touch_by_chance(world, located.item);
    reply
}

/// `DELETE …/events/{id}`: of a date of a series it leaves the series without it, and nothing else says so.
pub(crate) fn delete(world: &mut World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?.clone();
    check_change_key(world, call, &item)?;
    let details = detail(&item, located).ok_or_else(Refusal::not_found)?;
    let about = (located.item, located.day);
    if people::is_organizer(&details) {
        people::tell(world, about, people::attendees(&details), "cancellation");
    }
    match located.day {
        None => {
            world.delete_event(located.item);
        }
        Some(day) => world.change(located.item, |item| {
            if let Some(series) = &mut item.series {
                series.exceptions.remove(&day);
                series.cancelled.insert(day);
            }
        }),
    }
    note_event(world, call, located.access, &Edit { about, before: Some(&details), after: None });
    world.invite(located.item);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The details of an event or of one date of a series, a plain date's as if it were an exception.
pub(crate) fn detail(item: &Item, located: Located) -> Option<Details> {
    let Some(day) = located.day else { return Some(item.main.clone()) };
    let occurrence = item.occurrence(day)?;
    Some(match occurrence.exception {
        Some(details) => details.clone(),
        None => Details { timing: occurrence.timing, ..item.main.clone() },
    })
}

/// 412 when the request carries an old change key.
pub(crate) fn check_change_key(world: &World, call: &Call, item: &Item) -> Result<(), Refusal> {
    let Some(wanted) = call.header("if-match") else { return Ok(()) };
    if fits(wanted, item) {
        return Ok(());
    }
    let (status, met) = match world.switches.stale_change_key {
        StaleChangeKey::PreconditionFailed => {
            (StatusCode::PRECONDITION_FAILED, "stale_change_key.precondition_failed")
        }
        StaleChangeKey::Conflict => (StatusCode::CONFLICT, "stale_change_key.conflict"),
    };
    world.meet(met);
    Err(Refusal::new(
        status,
        "ErrorIrresolvableConflict",
        "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
    ))
}

/// True when one of the change keys of an `If-Match` is the event's.
fn fits(wanted: &str, item: &Item) -> bool {
    let current = etag(item);
    wanted.split(',').map(str::trim).any(|tag| tag == "*" || tag == current)
}

/// What a write made of an event, or of one date of a series.
pub(crate) struct Edit<'a> {
    pub(crate) about: (ItemNo, Option<chrono::NaiveDate>),
    pub(crate) before: Option<&'a Details>,
    pub(crate) after: Option<&'a Details>,
}

/// Writes a line of the ledger about a calendar.
pub(crate) fn note(world: &World, call: &Call, access: Access, kind: WriteKind) {
    note_edit(world, call, access, None, kind);
}

/// Writes a line of the ledger about an event.
pub(crate) fn note_event(world: &World, call: &Call, access: Access, edit: &Edit<'_>) {
    let kind = match (edit.before, edit.after) {
        (None, _) => WriteKind::EventCreated,
        (Some(_), Some(_)) => WriteKind::EventChanged,
        (Some(_), None) => WriteKind::EventDeleted,
    };
    note_edit(world, call, access, Some(edit), kind);
}

fn note_edit(world: &World, call: &Call, access: Access, edit: Option<&Edit<'_>>, kind: WriteKind) {
    use crate::microsoft::world::IdForm;
    let writer = world.mailboxes.get(&call.caller.mailbox);
    world.ledger.write(Write {
        at: world.now(),
        provider: PROVIDER,
        mailbox: writer.map(|mailbox| mailbox.upn.clone()).unwrap_or_default(),
        calendar: world.calendar_id(access.place.calendar),
        method: call.method.to_string(),
        event: edit.map(|edit| world.event_id(IdForm::Immutable, access.place, edit.about.0, edit.about.1)),
        kind,
        before: edit.and_then(|edit| edit.before).map(Details::facts),
        after: edit.and_then(|edit| edit.after).map(Details::facts),
    });
}

/// The answer to a write: the event as it is now, extended properties left out.
pub(crate) fn written(
    world: &World,
    call: &Call,
    access: Access,
    no: ItemNo,
    day: Option<chrono::NaiveDate>,
    status: StatusCode,
) -> Result<Reply, Refusal> {
    let prefer = call.prefer()?;
    let item = world.items.get(&no).ok_or_else(Refusal::not_found)?;
    let event = Reading::plain(world, access, &prefer).event(item, day).ok_or_else(Refusal::not_found)?;
    let id = event["id"].as_str().unwrap_or_default().to_owned();
    let reply = entity(call, status, event);
    if status == StatusCode::CREATED {
        return Ok(reply.with_header(header::LOCATION, &format!("{}{}('{id}')", call.base, call.path)));
    }
    Ok(reply)
}

fn entity(call: &Call, status: StatusCode, mut event: Value) -> Reply {
    event["@odata.context"] = json!(format!("{}/v1.0/$metadata#events/$entity", call.base));
    Reply::json(status, event)
}

/// The event that an earlier request with the same transaction id made; an error when that request asked
/// for something else, or its event is gone and the id still used.
fn repeated(
    world: &mut World,
    call: &Call,
    access: Access,
    new: &NewItem,
    body: &Map<String, Value>,
) -> Result<Option<ItemNo>, Refusal> {
    let Some(id) = &new.transaction else { return Ok(None) };
    let now = world.now();
    let key = (scope(world, access), id.clone());
    let is_elsewhere = holder(world, access).is_some_and(|mailbox| {
        mailbox.transactions.keys().any(|(calendar, other)| {
            other == id && calendar.is_some_and(|calendar| calendar != access.target)
        })
    });
    if is_elsewhere && world.switches.transaction_scope == TransactionScope::Calendar {
        world.meet("transaction_scope.calendar");
    }
    let Some(known) = holder(world, access).and_then(|mailbox| mailbox.transactions.get(&key).cloned())
    else {
        return Ok(None);
    };
    if found_at(world, access, known.item).target != access.target {
        world.meet("transaction_scope.mailbox");
    }
    let minutes = world.switches.transaction_memory_minutes;
    if minutes.is_some_and(|minutes| now - known.at > chrono::TimeDelta::minutes(i64::from(minutes))) {
        world.meet("transaction.forgotten");
        return Ok(None);
    }
    let alive = world.items.contains_key(&known.item);
    if alive && known.content == digest(body) {
        world.meet("transaction.repeated");
        return Ok(Some(known.item));
    }
    if !alive && !world.switches.transaction_outlives_event {
        world.meet("transaction.ended_with_its_event");
        return Ok(None);
    }
    world.meet(if alive { "transaction.conflict" } else { "transaction.outlived_its_event" });
    let status = StatusCode::from_u16(world.switches.transaction_conflict_status);
    let is_conflict = matches!(status, Ok(StatusCode::CONFLICT));
    world.meet(if is_conflict {
        "transaction_conflict_status.409"
    } else {
        "transaction_conflict_status.400"
    });
    let place = found_at(world, access, known.item).place;
    let existing = world.event_id(call.prefer()?.ids, place, known.item, None);
    Err(Refusal::new(
        status.unwrap_or(StatusCode::BAD_REQUEST),
        "ErrorDuplicateTransactionId",
        "Your request can't be completed. The TransactionId has already been used to create a different event.",
    )
    .with_extra("@event.existingEventId", json!(existing)))
}

/// The access by which an event is called where it lies: an earlier creation may have been elsewhere in the
/// mailbox.
fn found_at(world: &World, access: Access, no: ItemNo) -> Access {
    let item = world.items.get(&no).or_else(|| world.graves.get(&no));
    let elsewhere = item.map(|item| item.calendar).filter(|calendar| *calendar != access.target);
    match elsewhere.and_then(|calendar| world.home(calendar)) {
        Some(place) => Access { place, target: place.calendar, ..access },
        None => access,
    }
}

fn scope(world: &World, access: Access) -> Option<CalendarNo> {
    (world.switches.transaction_scope == TransactionScope::Calendar).then_some(access.target)
}

/// The mailbox that holds the events of a calendar.
fn holder(world: &mut World, access: Access) -> Option<&mut crate::microsoft::world::Mailbox> {
    let mailbox = world.calendars.get(&access.target)?.mailbox;
    world.mailboxes.get_mut(&mailbox)
}

/// Uses up named properties, of which a mailbox has so many and never more.
pub(crate) fn name_properties(world: &mut World, access: Access, details: &Details) -> Result<(), Refusal> {
    let most = world.switches.named_properties_max;
    let Some(mailbox) = holder(world, access) else { return Ok(()) };
    for name in extended::names(details) {
        if mailbox.named_properties.contains(&name) {
            continue;
        }
        if mailbox.named_properties.len() >= most {
            world.meet("named_properties_max");
            return Err(Refusal::new(
                StatusCode::FORBIDDEN,
                "ErrorQuotaExceeded",
                "Cannot get ID from name.",
            ));
        }
        mailbox.named_properties.insert(name);
    }
    Ok(())
}

/// An online meeting gets its address.
fn finish_meeting(details: &mut Details) {
    if details.props.get("isOnlineMeeting") == Some(&Value::Bool(true)) {
        details.props.insert("onlineMeetingProvider".into(), json!("teamsForBusiness"));
        details.props.insert("onlineMeeting".into(), json!({"joinUrl": "https://teams.example.test/join"}));
    }
}

fn touch_by_chance(world: &mut World, no: ItemNo) {
    let chance = world.switches.touch_after_write_per_mille;
    if world.dice.chance(chance) {
        world.meet("touch_after_write");
        world.touch(no);
    }
}

/// A digest of everything that a creation asked for.
fn digest(body: &Map<String, Value>) -> String {
    let mut rest = body.clone();
    rest.remove("transactionId");
    data_encoding::HEXLOWER.encode(&Sha256::digest(Value::Object(rest).to_string()))
}
