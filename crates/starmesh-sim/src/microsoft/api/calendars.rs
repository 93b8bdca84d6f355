//! Calendars, their groups and their permissions.
//!
//! Sources: <https://learn.microsoft.com/en-us/graph/api/resources/calendar>, `…/calendargroup`,
//! `…/calendarpermission`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::schema::unreadable;
use crate::microsoft::api::events::note;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::{Access, Want};
use crate::microsoft::world::calendar::{Calendar, CalendarKind, Group, MailboxKind, Permission, Role};
use crate::microsoft::world::ids::{change_key, group_id, guid, read_group_id};
use crate::microsoft::world::{CalendarNo, MailboxNo, World};
use crate::web::{Reply, WriteKind};

/// The names of `calendarColor`.
const COLORS: [&str; 11] = [
    "auto",
    "lightBlue",
    "lightGreen",
    "lightOrange",
    "lightGray",
    "lightYellow",
    "lightTeal",
    "lightPink",
    "lightBrown",
    "lightRed",
    "maxColor",
];

/// A page of calendars or groups.
const PAGE_DEFAULT: usize = 100;

/// `GET …/calendars`, of a group when one is named.
pub(crate) fn list(
    world: &World,
    call: &Call,
    mailbox: MailboxNo,
    group: Option<u32>,
) -> Result<Reply, Refusal> {
    let owner = world.open_mailbox(mailbox)?;
    if !call.caller.may(Want::Read, mailbox != call.caller.mailbox) {
        return Err(Refusal::denied());
    }
    let mut found: Vec<_> = world
        .calendars
        .values()
        .filter(|calendar| calendar.mailbox == mailbox && group.is_none_or(|group| calendar.group == group))
        .filter_map(|calendar| world.open(&call.caller, mailbox, Some(calendar.no), Want::Read).ok())
        .collect();
    if found.is_empty() && mailbox != call.caller.mailbox {
        return Err(Refusal::denied());
    }
    found.sort_by_key(|access| (access.place.calendar != owner.default_calendar, access.place.calendar));
    let value: Vec<_> = found.iter().filter_map(|access| calendar_json(world, call, *access)).collect();
    collection(call, &value)
}

/// `GET …/calendar` and `GET …/calendars/{id}`.
pub(crate) fn get(world: &World, call: &Call, access: Access) -> Result<Reply, Refusal> {
    let calendar = calendar_json(world, call, access).ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(StatusCode::OK, calendar))
}

/// `POST …/calendars`.
pub(crate) fn create(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    group: Option<u32>,
) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, None, Want::Write)?;
    if !access.rights.owner {
        return Err(Refusal::denied());
    }
    let body = call.object()?;
    let name = name_of(body)?.ok_or_else(|| Refusal::invalid("The calendar needs a name."))?;
    if is_taken(world, mailbox, &name, None) {
        return Err(name_taken());
    }
    let color = color_of(body)?.unwrap_or_else(|| "auto".into());
    let no = world.add_calendar(mailbox, &name);
    if let Some(calendar) = world.calendars.get_mut(&no) {
        calendar.color = color;
        calendar.group = group.unwrap_or(calendar.group);
    }
    let access = world.open(&call.caller, mailbox, Some(no), Want::Read)?;
    note(world, call, access, WriteKind::CalendarCreated);
    let calendar = calendar_json(world, call, access).ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(StatusCode::CREATED, calendar))
}

/// `PATCH …/calendars/{id}`: name and colour.
pub(crate) fn update(world: &mut World, call: &Call, access: Access) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let (name, color) = (name_of(body)?, color_of(body)?);
    if name
        .as_ref()
        .is_some_and(|name| is_taken(world, access.place.mailbox, name, Some(access.place.calendar)))
    {
        return Err(name_taken());
    }
    if let Some(calendar) = world.calendars.get_mut(&access.place.calendar) {
        calendar.name = name.unwrap_or_else(|| calendar.name.clone());
        calendar.color = color.unwrap_or_else(|| calendar.color.clone());
        calendar.version += 1;
    }
    note(world, call, access, WriteKind::CalendarChanged);
    get(world, call, access)
}

/// `DELETE …/calendars/{id}`: not the default one. A local copy goes alone, what it shows stays.
pub(crate) fn delete(world: &mut World, call: &Call, access: Access) -> Result<Reply, Refusal> {
    let calendar = world.calendars.get(&access.place.calendar).ok_or_else(Refusal::not_found)?;
    let link = matches!(calendar.kind, CalendarKind::Link(_));
    if !calendar.removable || !(access.rights.owner || link) {
        return Err(Refusal::new(
            StatusCode::FORBIDDEN,
            "ErrorAccessDenied",
            "The calendar cannot be deleted.",
        ));
    }
    note(world, call, access, WriteKind::CalendarDeleted);
    world.delete_calendar(access.place.calendar);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// A calendar as an answer writes it, for one caller.
pub(crate) fn calendar_json(world: &World, call: &Call, access: Access) -> Option<Value> {
    let entry = world.calendars.get(&access.place.calendar)?;
    let target = world.calendars.get(&access.target)?;
    let owner = world.mailboxes.get(&target.mailbox)?;
    let mailbox = world.mailboxes.get(&entry.mailbox)?;
    let (rights, default) = (access.rights, mailbox.default_calendar == entry.no);
    let providers = match owner.kind {
        MailboxKind::Personal => ("skypeForConsumer", json!(["skypeForConsumer"])),
        MailboxKind::Work | MailboxKind::Shared => ("teamsForBusiness", json!(["teamsForBusiness"])),
    };
    let all = json!({
        "id": world.calendar_id(entry.no),
        "name": entry.name,
        "color": entry.color,
        "hexColor": "",
        "isDefaultCalendar": default,
        "changeKey": change_key(u64::from(entry.no.0), entry.version),
        "canShare": rights.owner && access.place.calendar == access.target && entry.kind == CalendarKind::Own,
        "canViewPrivateItems": rights.private,
        "canEdit": rights.write,
        "isTallyingResponses": default,
        "isRemovable": entry.removable,
        "allowedOnlineMeetingProviders": providers.1,
        "defaultOnlineMeetingProvider": providers.0,
        "owner": {"name": owner.name, "address": owner.mail.as_deref().unwrap_or(&owner.upn)},
    });
    let selected = call.query.get("$select").map(|names| names.split(',').map(str::trim).collect::<Vec<_>>());
    let Value::Object(mut all) = all else { return None };
    all.retain(|name, _| {
        name == "id" || selected.as_ref().is_none_or(|names| names.contains(&name.as_str()))
    });
    Some(Value::Object(all))
}

/// `GET …/calendarGroups`.
pub(crate) fn groups(world: &World, call: &Call, mailbox: MailboxNo) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, None, Want::Read)?;
    let owner = world.open_mailbox(access.place.mailbox)?;
    let value: Vec<_> = owner.groups.iter().map(|group| group_json(world, mailbox, group)).collect();
    collection(call, &value)
}

/// The group that an id names.
pub(crate) fn group_named(world: &World, mailbox: MailboxNo, id: &str) -> Result<u32, Refusal> {
    let (owner, no) = read_group_id(id).ok_or_else(Refusal::not_found)?;
    let known = world.open_mailbox(mailbox)?.groups.iter().any(|group| group.no == no);
    if owner == mailbox && known { Ok(no) } else { Err(Refusal::not_found()) }
}

/// `GET …/calendarGroups/{id}`.
pub(crate) fn group(world: &World, mailbox: MailboxNo, no: u32) -> Result<Reply, Refusal> {
    let group = world.open_mailbox(mailbox)?.groups.iter().find(|group| group.no == no);
    let group = group.ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(StatusCode::OK, group_json(world, mailbox, group)))
}

/// `POST …/calendarGroups`.
pub(crate) fn create_group(world: &mut World, call: &Call, mailbox: MailboxNo) -> Result<Reply, Refusal> {
    world.open(&call.caller, mailbox, None, Want::Write)?;
    let name = name_of(call.object()?)?.ok_or_else(|| Refusal::invalid("The group needs a name."))?;
    let owner = world.mailboxes.get_mut(&mailbox).ok_or_else(Refusal::not_found)?;
    let no = owner.groups.iter().map(|group| group.no).max().unwrap_or(0) + 1;
    let group = Group { no, name, version: 1 };
    owner.groups.push(group.clone());
    Ok(Reply::json(StatusCode::CREATED, group_json(world, mailbox, &group)))
}

/// `DELETE …/calendarGroups/{id}`: the first one stays, and so does one that holds calendars.
pub(crate) fn delete_group(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    no: u32,
) -> Result<Reply, Refusal> {
    world.open(&call.caller, mailbox, None, Want::Write)?;
    let used = world.calendars.values().any(|calendar| calendar.mailbox == mailbox && calendar.group == no);
    if used || no == 0 {
        return Err(Refusal::bad("ErrorCalendarFolderIsNotEmpty", "The calendar group is not empty."));
    }
    let owner = world.mailboxes.get_mut(&mailbox).ok_or_else(Refusal::not_found)?;
    owner.groups.retain(|group| group.no != no);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn group_json(world: &World, mailbox: MailboxNo, group: &Group) -> Value {
    json!({
        "id": group_id(mailbox, group.no, world.switches.ids_with_slashes),
        "name": group.name,
        "classId": guid("group class", u64::from(group.no)),
        "changeKey": change_key(u64::from(group.no), group.version),
    })
}

/// `GET …/calendarPermissions`.
pub(crate) fn permissions(world: &World, call: &Call, access: Access) -> Result<Reply, Refusal> {
    let calendar = shared_by(world, access)?;
    let value: Vec<_> =
        calendar.permissions.iter().map(|entry| permission_json(world, calendar, entry)).collect();
    collection(call, &value)
}

/// `GET …/calendarPermissions/{id}`.
pub(crate) fn permission(world: &World, access: Access, id: &str) -> Result<Reply, Refusal> {
    let calendar = shared_by(world, access)?;
    let entry = calendar.permissions.iter().find(|entry| permission_id(calendar, entry) == id);
    let entry = entry.ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(StatusCode::OK, permission_json(world, calendar, entry)))
}

/// `POST …/calendarPermissions`.
pub(crate) fn share(world: &mut World, call: &Call, access: Access) -> Result<Reply, Refusal> {
    shared_by(world, access)?;
    let body = call.object()?;
    let address = body.get("emailAddress").and_then(|address| address["address"].as_str());
    let address = address.ok_or_else(|| unreadable("emailAddress"))?;
    let grantee =
        world.mailbox_named(address).ok_or_else(|| Refusal::invalid("There is no such recipient."))?;
    let role = role_of(body)?;
    world.share(access.target, grantee, role);
    note(world, call, access, WriteKind::CalendarChanged);
    let calendar = shared_by(world, access)?;
    let entry = calendar.permissions.iter().find(|entry| entry.grantee == Some(grantee));
    let entry = entry.ok_or_else(Refusal::not_found)?;
    Ok(Reply::json(StatusCode::CREATED, permission_json(world, calendar, entry)))
}

/// `PATCH …/calendarPermissions/{id}`: the role.
pub(crate) fn change_permission(
    world: &mut World,
    call: &Call,
    access: Access,
    id: &str,
) -> Result<Reply, Refusal> {
    let role = role_of(call.object()?)?;
    let calendar = shared_by(world, access)?;
    let found = calendar.permissions.iter().find(|entry| permission_id(calendar, entry) == id);
    let no = found.ok_or_else(Refusal::not_found)?.no;
    if let Some(calendar) = world.calendars.get_mut(&access.target) {
        for entry in calendar.permissions.iter_mut().filter(|entry| entry.no == no) {
            entry.role = role;
        }
    }
    note(world, call, access, WriteKind::CalendarChanged);
    permission(world, access, id)
}

/// `DELETE …/calendarPermissions/{id}`: that of the organisation stays.
pub(crate) fn unshare(world: &mut World, call: &Call, access: Access, id: &str) -> Result<Reply, Refusal> {
    let calendar = shared_by(world, access)?;
    let found = calendar.permissions.iter().find(|entry| permission_id(calendar, entry) == id);
    let grantee = found.ok_or_else(Refusal::not_found)?.grantee;
    let grantee = grantee.ok_or_else(|| Refusal::invalid("The permission cannot be removed."))?;
    world.unshare(access.target, grantee);
    note(world, call, access, WriteKind::CalendarChanged);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// The calendar whose permissions its owner may see and change.
fn shared_by(world: &World, access: Access) -> Result<&Calendar, Refusal> {
    if !access.rights.owner {
        return Err(Refusal::denied());
    }
    world.calendars.get(&access.target).ok_or_else(Refusal::not_found)
}

fn permission_id(calendar: &Calendar, entry: &Permission) -> String {
    let name = format!("permission {} {}", calendar.no.0, entry.no);
    data_encoding::BASE64.encode(name.as_bytes())
}

fn permission_json(world: &World, calendar: &Calendar, entry: &Permission) -> Value {
    let person = entry.grantee.and_then(|grantee| world.mailboxes.get(&grantee));
    let owner = world.mailboxes.get(&calendar.mailbox);
    let inside = person.is_none_or(|person| owner.is_some_and(|owner| owner.tenant == person.tenant));
    let mut roles = vec!["none", "freeBusyRead", "limitedRead", "read", "write"];
    if inside && owner.is_some_and(|owner| owner.default_calendar == calendar.no) {
        roles.extend(["delegateWithoutPrivateEventAccess", "delegateWithPrivateEventAccess"]);
    }
    let email = match person {
        Some(person) => {
            json!({"name": person.name, "address": person.mail.as_deref().unwrap_or(&person.upn)})
        }
        None => json!({"name": "My Organization"}),
    };
    json!({
        "id": permission_id(calendar, entry),
        "isRemovable": person.is_some(),
        "isInsideOrganization": inside,
        "role": entry.role,
        "allowedRoles": roles,
        "emailAddress": email,
    })
}

fn role_of(body: &Map<String, Value>) -> Result<Role, Refusal> {
    let role = body.get("role").cloned().unwrap_or_default();
    serde_json::from_value(role).map_err(|_| unreadable("role"))
}

fn name_of(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    match body.get("name") {
        None => Ok(None),
        Some(Value::String(name)) if !name.trim().is_empty() => Ok(Some(name.trim().into())),
        Some(_) => Err(unreadable("name")),
    }
}

fn color_of(body: &Map<String, Value>) -> Result<Option<String>, Refusal> {
    let Some(color) = body.get("color") else { return Ok(None) };
    let known =
        COLORS.iter().find(|known| color.as_str().is_some_and(|color| color.eq_ignore_ascii_case(known)));
    known.map(|color| Some((*color).into())).ok_or_else(|| unreadable("color"))
}

fn is_taken(world: &World, mailbox: MailboxNo, name: &str, but: Option<CalendarNo>) -> bool {
    let mut of_mailbox = world.calendars.values().filter(|calendar| calendar.mailbox == mailbox);
    of_mailbox.any(|calendar| calendar.name == name && Some(calendar.no) != but)
}

fn name_taken() -> Refusal {
    Refusal::new(
        StatusCode::CONFLICT,
        "ErrorFolderExists",
        "A folder with the specified name already exists.",
    )
}

/// A list on pages, with `$top` and `$skip`.
fn collection(call: &Call, value: &[Value]) -> Result<Reply, Refusal> {
    let number = |name: &str, default: usize| match call.query.get(name).map(str::parse::<usize>) {
        None => Ok(default),
        Some(Ok(number)) => Ok(number),
        Some(Err(_)) => {
            Err(Refusal::bad("BadRequest", &format!("Invalid value for the query option '{name}'.")))
        }
    };
    let prefer = call.prefer()?;
    let (skip, top) = (number("$skip", 0)?, number("$top", prefer.page.unwrap_or(PAGE_DEFAULT))?.max(1));
    let mut body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#Collection(calendar)", call.base),
        "value": value.iter().skip(skip).take(top).collect::<Vec<_>>(),
    });
    if value.len() > skip.saturating_add(top) {
        body["@odata.nextLink"] = json!(call.link(&call.query.with("$skip", &(skip + top).to_string())));
    }
    Ok(Reply::json(StatusCode::OK, body))
}
