//! The person, the mailbox's settings, time zones, and the translation of ids.

use http::StatusCode;
use serde_json::{Value, json};

use super::schema::unreadable;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::Want;
use crate::microsoft::world::ids::read_event_id;
use crate::microsoft::world::zone_names::WINDOWS_NAMES;
use crate::microsoft::world::{IdForm, MailboxNo, Place, World};
use crate::web::Reply;

/// How many ids one translation takes, as documented for `translateExchangeIds`.
const TRANSLATED_MAX: usize = 1_000;

/// `GET /me` and `GET /users/{id}`: also for those who have no mailbox here.
pub(crate) fn user(world: &World, call: &Call, mailbox: MailboxNo) -> Result<Reply, Refusal> {
    let own = mailbox == call.caller.mailbox;
    let readers: &[&str] = if own { &["user.read", "user.readbasic.all"] } else { &["user.readbasic.all"] };
    if !call.caller.has_any(readers) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        ));
    }
    let user = world.mailboxes.get(&mailbox).ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(
        StatusCode::OK,
        json!({
            "@odata.context": format!("{}/v1.0/$metadata#users/$entity", call.base),
            "id": user.oid,
            "displayName": user.name,
            "mail": user.mail,
            "userPrincipalName": user.upn,
        }),
    ))
}

/// `GET …/mailboxSettings` and its `timeZone`.
pub(crate) fn settings(
    world: &World,
    call: &Call,
    mailbox: MailboxNo,
    part: Option<&str>,
) -> Result<Reply, Refusal> {
    world.open(&call.caller, mailbox, None, Want::Read)?;
    if !call.caller.has_any(&["mailboxsettings.read", "mailboxsettings.readwrite"]) {
        return Err(Refusal::denied());
    }
    let zone = &world.open_mailbox(mailbox)?.time_zone;
    match part {
        None => Ok(Reply::json(StatusCode::OK, json!({"timeZone": zone}))),
        Some(part) if part.eq_ignore_ascii_case("timeZone") => {
            Ok(Reply::json(StatusCode::OK, json!({"value": zone})))
        }
        Some(_) => Err(Refusal::no_such_segment()),
    }
}

/// `GET …/outlook/supportedTimeZones`, in the form of Windows or of the IANA database.
pub(crate) fn time_zones(call: &Call, function: &str) -> Result<Reply, Refusal> {
    let argument = function.split_once('(').map_or("", |(_, argument)| argument.trim_end_matches(')'));
    let value: Vec<_> = if argument.is_empty() || argument.ends_with("'Windows'") {
        WINDOWS_NAMES.iter().map(|name| json!({"alias": name, "displayName": name})).collect()
    } else if argument.ends_with("'Iana'") {
        chrono_tz::TZ_VARIANTS
            .iter()
            .map(|zone| json!({"alias": zone.name(), "displayName": zone.name()}))
            .collect()
    } else {
        return Err(Refusal::bad("BadRequest", "Invalid value for the parameter 'TimeZoneStandard'."));
    };
    let context = format!("{}/v1.0/$metadata#Collection(microsoft.graph.timeZoneInformation)", call.base);
    Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "value": value})))
}

/// `POST …/translateExchangeIds`, between the two forms that REST uses.
pub(crate) fn translate(world: &World, call: &Call, mailbox: MailboxNo) -> Result<Reply, Refusal> {
    world.open_mailbox(mailbox)?;
    let body = call.object()?;
    let target = match body.get("targetIdType").and_then(Value::as_str) {
        Some("restId") => IdForm::Regular,
        Some("restImmutableEntryId") => IdForm::Immutable,
        _ => return Err(Refusal::invalid("The target id type is not supported.")),
    };
    let ids = body.get("inputIds").and_then(Value::as_array).ok_or_else(|| unreadable("inputIds"))?;
    if ids.len() > TRANSLATED_MAX {
        return Err(Refusal::invalid("Too many ids."));
    }
    let value: Vec<_> = ids
        .iter()
        .map(|id| {
            let source = id.as_str().unwrap_or_default();
            match translated(world, mailbox, source, target) {
                Some(id) => json!({"sourceId": source, "targetId": id}),
                None => json!({"sourceId": source, "errorDetails": {
                    "code": "ErrorItemNotFound", "message": "The specified object was not found in the store.",
                }}),
            }
        })
        .collect();
    Ok(Reply::json(StatusCode::OK, json!({"value": value})))
}

fn translated(world: &World, mailbox: MailboxNo, id: &str, target: IdForm) -> Option<String> {
    let name = read_event_id(id).filter(|name| name.mailbox == mailbox)?;
    let item = world.items.get(&name.item)?;
    let calendar = name.calendar.unwrap_or(item.calendar);
    (world.target(calendar) == item.calendar)
        .then(|| world.event_id(target, Place { mailbox, calendar }, item.no, name.day))
}
