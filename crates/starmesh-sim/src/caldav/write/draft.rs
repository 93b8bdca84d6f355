//! What a client wants an object to be: judged, and brought into the form in which it is stored.

use chrono::{DateTime, Utc};
use http::StatusCode;

use super::super::call::Turn;
use super::super::collection::{Stored, uid_of};
use super::super::object::{Component, Line};
use super::super::refusal::Refusal;
use super::super::switches::Rewrite;
use super::super::world::Mount;
use super::super::xml::Element;

/// Who wrote it, where the server puts its name on what it stores.
const PRODID: &str = "-//Simulated//CalDAV//EN";

/// The text, what it says and its UID, if it may be stored (RFC 4791, sections 4.1 and 5.3.2.1).
pub(super) fn judge(
    turn: &Turn<'_>,
    mount: Mount,
    file: &str,
    is_new: bool,
    text: &str,
) -> Result<(String, Component, String), Refusal> {
    let writes = &turn.switches.writes;
    let refused = |name: &'static str| Refusal::condition(StatusCode::FORBIDDEN, Element::caldav(name));
    if text.len() > writes.size_max {
        turn.meet("writes.size_max");
        return Err(refused("max-resource-size"));
    }
    let strict = |name: &str| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_new && writes.strict_names && !strict(file.strip_suffix(".ics").unwrap_or(file)) {
        turn.meet("writes.strict_names");
        return Err(Refusal::bad_request());
    }
    let object = Component::parse(text).ok_or_else(|| refused("valid-calendar-data"))?;
    let uid = uid_of(&object).map(str::to_owned).ok_or_else(|| refused("valid-calendar-object-resource"))?;
    let kind = object.entries().next().map(|entry| entry.name.clone()).unwrap_or_default();
    let of_one_kind = |entry: &Component| entry.name == kind && entry.value("UID") == Some(&uid);
    if object.line("METHOD").is_some() || !object.entries().all(of_one_kind) {
        return Err(refused("valid-calendar-object-resource"));
    }
    let components = turn.world.collections.get(&mount.collection).map(|it| it.components.as_slice());
    if !components.unwrap_or_default().contains(&kind) {
        return Err(refused("supported-calendar-component"));
    }
    let endless = |entry: &Component| {
        entry.name == "VEVENT" && (entry.line("DTEND").is_none() && entry.line("DURATION").is_none())
    };
    if writes.end_required && object.entries().any(endless) {
        turn.meet("writes.end_required");
        return Err(refused("valid-calendar-object-resource"));
    }
    if is_new && writes.objects_max.is_some_and(|max| turn.world.objects_of(turn.me) >= max) {
        turn.meet("writes.objects_max");
        let condition = Element::dav("quota-not-exceeded");
        return Err(Refusal::condition(StatusCode::INSUFFICIENT_STORAGE, condition));
    }
    Ok((text.to_owned(), object, uid))
}

/// The form in which this server stores an object.
pub(super) fn stored_form(
    turn: &Turn<'_>,
    text: String,
    mut object: Component,
    before: Option<&Stored>,
) -> (String, Component) {
    let writes = &turn.switches.writes;
    let mut changed = false;
    if !writes.keeps_unknown && drop_unknown(&mut object) {
        turn.meet("writes.unknown_dropped");
        changed = true;
    }
    match writes.rewrite {
        Rewrite::AsSent => {}
        Rewrite::Ordered => {
            turn.meet("writes.rewrite.ordered");
            put_in_order(&mut object);
            changed = true;
        }
        Rewrite::Stamped => {
            turn.meet("writes.rewrite.stamped");
            stamp(&mut object, before.map_or(turn.now, |before| before.created), turn.now);
            changed = true;
        }
    }
    if changed { (object.print(), object) } else { (text, object) }
}

fn drop_unknown(component: &mut Component) -> bool {
    let count = component.lines.len();
    component.lines.retain(|line| !line.name.starts_with("X-"));
    let dropped = component.lines.len() < count;
    component.parts.iter_mut().fold(dropped, |dropped, part| drop_unknown(part) || dropped)
}

fn put_in_order(component: &mut Component) {
    component.lines.sort_by(|a, b| a.name.cmp(&b.name));
    component.parts.iter_mut().for_each(put_in_order);
}

fn stamp(object: &mut Component, created: DateTime<Utc>, now: DateTime<Utc>) {
    let line = |name: &str, value: String| Line { name: name.to_owned(), parameters: Vec::new(), value };
    let utc = |time: DateTime<Utc>| time.format("%Y%m%dT%H%M%SZ").to_string();
    object.lines.retain(|line| line.name != "PRODID");
    object.lines.push(line("PRODID", PRODID.to_owned()));
    for entry in object.parts.iter_mut().filter(|part| part.name != "VTIMEZONE") {
        entry.lines.retain(|line| line.name != "CREATED" && line.name != "LAST-MODIFIED");
        entry.lines.push(line("CREATED", utc(created)));
        entry.lines.push(line("LAST-MODIFIED", utc(now)));
    }
}
