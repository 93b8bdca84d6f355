//! The list of calendars, and calendars themselves.

use chrono::TimeDelta;
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::calendar::{Calendar, Role};
use super::call::{Answer, Turn};
use super::colors::calendar_color;
use super::list::gone;
use super::moment::known;
use super::problem::Problem;
use super::scope::{self, Need};
use super::tokens::{PageToken, SyncToken, open, seal};
use super::world::{Entry, new_calendar, resolve};
use crate::web::{Reply, WriteKind};

/// Rows on a page of the list unless asked otherwise.
const PAGE_DEFAULT: usize = 100;
/// The most rows on a page of the list.
const PAGE_MAX: usize = 250;
/// Length of the ids that the service makes, before their domain.
const ID_LENGTH: usize = 64;
/// What ids of secondary calendars end with.
const ID_DOMAIN: &str = "group.calendar.google.com";

/// GET users/me/calendarList
pub(super) fn list(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::ListCalendars, None)?;
    let call = turn.call;
    let least = match call.query.get("minAccessRole") {
        None => None,
        Some(name) => {
            Some(Role::parse(name).ok_or_else(|| Problem::invalid_parameter("minAccessRole", name))?)
        }
    };
    let own_only = call.flag("showOwnOrganizationOnly")?;
    let (deleted, hidden) = (call.flag("showDeleted")?, call.flag("showHidden")?);
    let max = call.count("maxResults", PAGE_MAX)?.unwrap_or(PAGE_DEFAULT);
    let empty = super::world::CalendarList::default();
    let list = turn.world.lists.get(turn.me()).unwrap_or(&empty);
    let narrowed = least.is_some() || own_only.is_some() || deleted == Some(false) || hidden == Some(false);
    let sync = list_token(turn, list.epoch, narrowed)?;
    let page = match call.query.get("pageToken") {
        None => None,
        Some(text) => {
            let token: Option<PageToken> = open(text).filter(|it: &PageToken| it.list.is_empty());
            Some(token.ok_or_else(|| Problem::invalid_parameter("pageToken", text))?)
        }
    };
    let after = page.as_ref().and_then(|page| page.after.clone()).map(|(_, id)| id);
    let since = sync.as_ref().map(|sync| sync.change);
    let shown = |id: &str, entry: &Entry| {
        let role = turn.world.role(turn.me(), id);
        since.is_none_or(|since| entry.change > since)
            && (since.is_some() || !entry.deleted || deleted == Some(true))
            && (since.is_some() || !entry.hidden || hidden == Some(true))
            && least.is_none_or(|least| role.is_some_and(|role| role >= least))
            && after.as_deref().is_none_or(|after| id > after)
    };
    let mut rows = list.entries.iter().filter(|(id, entry)| shown(id, entry)).peekable();
    let mut items = Vec::new();
    let mut last = None;
    while let Some((id, entry)) = rows.next_if(|_| items.len() < max) {
        items.push(row(turn, id, entry));
        last = Some((0, id.clone()));
    }
    let more = rows.peek().is_some();
    let change = page.as_ref().map_or(list.change, |page| page.change);
    let mut body = json!({
        "kind": "calendar#calendarList",
        "etag": format!("\"l{}\"", list.change),
        "items": items,
    });
    let user = turn.me().to_owned();
    let (list_name, query) = (String::new(), String::new());
    if more {
        let token =
            PageToken { list: list_name, user, query, after: last, change, epoch: list.epoch, pages: 0 };
        body["nextPageToken"] = json!(seal(&token));
    } else if least.is_none() && own_only.is_none() {
        let (epoch, issued) = (list.epoch, turn.now);
        let token = SyncToken { list: list_name, user, change, epoch, query, window: (None, None), issued };
        body["nextSyncToken"] = json!(seal(&token));
    }
    Ok(Reply::json(StatusCode::OK, body))
}

/// The sync token that a listing of calendars brings, if it is one for that and still alive.
fn list_token(turn: &Turn<'_>, epoch: u64, narrowed: bool) -> Result<Option<SyncToken>, Problem> {
    let Some(text) = turn.call.query.get("syncToken") else { return Ok(None) };
    if narrowed {
        return Err(Problem::invalid("Sync token cannot be used with other request restrictions."));
    }
    let token: SyncToken = open(text).ok_or_else(|| Problem::invalid("Invalid sync token value."))?;
    if !token.list.is_empty() || token.user != turn.me() {
        return Err(Problem::invalid("Invalid sync token value."));
    }
    let life = turn.switches.sync_token_life_s;
    let old = life.is_some_and(|life_s| turn.now - token.issued >= TimeDelta::seconds(life_s));
    if old || token.epoch != epoch {
        return Err(gone(turn, if old { "sync_token_life" } else { "sync_token.ended" }));
    }
    Ok(Some(token))
}

/// GET users/me/calendarList/{c}
pub(super) fn entry(turn: &mut Turn<'_>, name: &str) -> Answer {
    scope::check(turn.access, Need::ReadListEntry, None)?;
    let id = resolve(turn.me(), name);
    entry_reply(turn, &id)
}

fn entry_reply(turn: &Turn<'_>, id: &str) -> Answer {
    let list = turn.world.lists.get(turn.me());
    let entry = list.and_then(|list| list.entries.get(id)).filter(|entry| !entry.deleted);
    let entry = entry.ok_or_else(Problem::not_found)?;
    Ok(Reply::json(StatusCode::OK, row(turn, id, entry)))
}

/// POST users/me/calendarList
pub(super) fn insert_entry(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::WriteList, None)?;
    let body = turn.call.object()?;
    let id =
        body.get("id").and_then(Value::as_str).ok_or_else(|| Problem::required("Missing calendar id."))?;
    let id = resolve(turn.me(), id);
    let me = turn.me().to_owned();
    turn.world.role(&me, &id).ok_or_else(Problem::not_found)?;
    let listed = turn.world.lists.get(&me).and_then(|list| list.entries.get(&id));
    if listed.is_none_or(|entry| entry.deleted) {
        turn.world.list(&me, &id, Vec::new());
    }
    change_entry(turn, &id, &body)
}

/// PATCH and PUT users/me/calendarList/{c}
pub(super) fn patch_entry(turn: &mut Turn<'_>, name: &str) -> Answer {
    scope::check(turn.access, Need::WriteList, None)?;
    let id = resolve(turn.me(), name);
    entry_reply(turn, &id)?;
    let body = turn.call.object()?;
    change_entry(turn, &id, &body)
}

fn change_entry(turn: &mut Turn<'_>, id: &str, body: &Map<String, Value>) -> Answer {
    let rgb = turn.call.flag("colorRgbFormat")?.unwrap_or(false);
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    let flag = |name: &str| body.get(name).and_then(Value::as_bool);
    let color = match text("colorId") {
        None => None,
        Some(color) => {
            let number = color.parse().ok().filter(|number| calendar_color(*number).is_some());
            Some(number.ok_or_else(|| Problem::invalid("Invalid value for: colorId"))?)
        }
    };
    let colors = text("backgroundColor").zip(text("foregroundColor")).filter(|_| rgb);
    let me = turn.me().to_owned();
    turn.world.change_entry(&me, id, |entry| {
        if let Some(name) = body.get("summaryOverride") {
            entry.summary_override = name.as_str().map(ToOwned::to_owned);
        }
        entry.color = color.unwrap_or(entry.color);
        entry.colors = colors.or(entry.colors.take());
        entry.hidden = flag("hidden").unwrap_or(entry.hidden);
        entry.selected = flag("selected").unwrap_or(entry.selected);
        if let Some(reminders) = body.get("defaultReminders").and_then(Value::as_array) {
            entry.reminders.clone_from(reminders);
        }
    });
    turn.wrote(id, WriteKind::CalendarChanged);
    turn.touched_list(&me);
    entry_reply(turn, id)
}

/// DELETE users/me/calendarList/{c}
pub(super) fn delete_entry(turn: &mut Turn<'_>, name: &str) -> Answer {
    scope::check(turn.access, Need::WriteList, None)?;
    let id = resolve(turn.me(), name);
    entry_reply(turn, &id)?;
    let me = turn.me().to_owned();
    turn.world.change_entry(&me, &id, |entry| entry.deleted = true);
    turn.wrote(&id, WriteKind::CalendarChanged);
    turn.touched_list(&me);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn row(turn: &Turn<'_>, id: &str, entry: &Entry) -> Value {
    let mut row = json!({
        "kind": "calendar#calendarListEntry",
        "etag": format!("\"{}\"", entry.etag),
        "id": id,
    });
    if entry.deleted {
        row["deleted"] = json!(true);
    }
    let Some(calendar) = turn.world.calendars.get(id) else { return row };
    let role = turn.world.role(turn.me(), id);
    row["summary"] = json!(calendar.summary);
    row["timeZone"] = json!(calendar.zone);
    row["accessRole"] = json!(role.map_or("none", Role::name));
    row["colorId"] = json!(entry.color.to_string());
    row["defaultReminders"] = json!(entry.reminders);
    row["conferenceProperties"] = json!({ "allowedConferenceSolutionTypes": ["hangoutsMeet"] });
    let palette = calendar_color(entry.color).unwrap_or(("#9fc6e7", "#1d1d1d"));
    let (back, fore) = match &entry.colors {
        Some((back, fore)) => (back.as_str(), fore.as_str()),
        None => palette,
    };
    row["backgroundColor"] = json!(back);
    row["foregroundColor"] = json!(fore);
    for (name, shown) in
        [("selected", entry.selected), ("hidden", entry.hidden), ("primary", is_mine(turn, calendar))]
    {
        if shown {
            row[name] = json!(true);
        }
    }
    if let Some(name) = &entry.summary_override {
        row["summaryOverride"] = json!(name);
    }
    insert_common(&mut row, calendar);
    row
}

fn is_mine(turn: &Turn<'_>, calendar: &Calendar) -> bool {
    calendar.is_primary && calendar.id == turn.me()
}

fn insert_common(row: &mut Value, calendar: &Calendar) {
    if let Some(description) = &calendar.description {
        row["description"] = json!(description);
    }
    if let Some(location) = &calendar.location {
        row["location"] = json!(location);
    }
    if !calendar.is_primary && calendar.can_push {
        row["dataOwner"] = json!(calendar.data_owner);
    }
}

fn resource(calendar: &Calendar) -> Value {
    let mut body = json!({
        "kind": "calendar#calendar",
        "etag": format!("\"{}\"", calendar.etag),
        "id": calendar.id,
        "summary": calendar.summary,
        "timeZone": calendar.zone,
        "conferenceProperties": { "allowedConferenceSolutionTypes": ["hangoutsMeet"] },
    });
    insert_common(&mut body, calendar);
    body
}

/// GET calendars/{c}
pub(super) fn get(turn: &mut Turn<'_>, name: &str) -> Answer {
    let calendar = turn.calendar(name, Role::FreeBusyReader, Need::ReadCalendar)?;
    Ok(Reply::json(StatusCode::OK, resource(calendar)))
}

/// POST calendars
pub(super) fn insert(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::CreateCalendar, None)?;
    let body = turn.call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let summary = text("summary").ok_or_else(|| Problem::required("Missing title."))?;
    let me = turn.me().to_owned();
    let home = turn.world.people.get(&me).cloned().unwrap_or_else(|| "UTC".to_owned());
    let zone = text("timeZone").unwrap_or(&home);
    known(zone).ok_or_else(|| Problem::invalid("Invalid time zone."))?;
    let budgets = (&turn.switches.quota, &turn.world.met);
    turn.world.quota.calendar_created(&me, turn.now, budgets)?;
    let id = format!("{}@{ID_DOMAIN}", turn.world.draw_id(ID_LENGTH));
    let mut calendar = new_calendar(&id, summary, zone, &me);
    calendar.description = text("description").map(ToOwned::to_owned);
    calendar.location = text("location").map(ToOwned::to_owned);
    calendar.made_by = Some(turn.access.client.clone());
    turn.world.add_calendar(calendar, turn.now);
    turn.wrote(&id, WriteKind::CalendarCreated);
    turn.touched_list(&me);
    let stored = turn.world.calendars.get(&id).ok_or_else(Problem::not_found)?;
    Ok(Reply::json(StatusCode::OK, resource(stored)))
}

/// PATCH and PUT calendars/{c}
pub(super) fn patch(turn: &mut Turn<'_>, name: &str) -> Answer {
    let id = turn.calendar(name, Role::Owner, Need::WriteCalendar)?.id.clone();
    let body = turn.call.object()?;
    let now = turn.now;
    let calendar = turn.world.calendars.get_mut(&id).ok_or_else(Problem::not_found)?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
    if let Some(zone) = text("timeZone") {
        known(&zone).ok_or_else(|| Problem::invalid("Invalid time zone."))?;
        calendar.zone = zone;
    }
    calendar.summary = text("summary").unwrap_or_else(|| calendar.summary.clone());
    calendar.description = text("description").or(calendar.description.take());
    calendar.location = text("location").or(calendar.location.take());
    calendar.etag = calendar.tick(now) * 2_000;
    let answer = resource(calendar);
    for person in turn.world.listing(&id) {
        turn.world.change_entry(&person, &id, |_| {});
        turn.touched_list(&person);
    }
    turn.wrote(&id, WriteKind::CalendarChanged);
    Ok(Reply::json(StatusCode::OK, answer))
}

/// DELETE calendars/{c}
pub(super) fn delete(turn: &mut Turn<'_>, name: &str) -> Answer {
    let calendar = turn.calendar(name, Role::Owner, Need::WriteCalendar)?;
    if calendar.is_primary {
        return Err(Problem::invalid("A primary calendar cannot be deleted; clear it."));
    }
    let id = calendar.id.clone();
    let people = turn.world.listing(&id);
    turn.world.remove_calendar(&id);
    turn.wrote(&id, WriteKind::CalendarDeleted);
    let calls = turn.world.vanished(&id, turn.now, turn.switches);
    turn.hooks.extend(calls);
    people.iter().for_each(|person| turn.touched_list(person));
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

/// POST calendars/{c}/clear
pub(super) fn clear(turn: &mut Turn<'_>, name: &str) -> Answer {
    let calendar = turn.calendar(name, Role::Owner, Need::WriteCalendar)?;
    if !calendar.is_primary {
        return Err(Problem::invalid("Only primary calendars can be cleared."));
    }
    let id = calendar.id.clone();
    let living: Vec<_> = calendar.events.values().filter(|it| !it.is_cancelled()).cloned().collect();
    let stroke = turn.stroke();
    let calendar = turn.world.calendars.get_mut(&id).ok_or_else(Problem::not_found)?;
    for event in &living {
        calendar.cancel(event, &stroke);
    }
    turn.wrote(&id, WriteKind::CalendarCleared);
    turn.touched(&id);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}
