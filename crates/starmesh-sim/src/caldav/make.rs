//! MKCALENDAR (RFC 4791, section 5.3.1).

use http::StatusCode;
use http::header::LOCATION;
use roxmltree::Node;

use super::call::{Answer, Turn, need_privileges};
use super::place::Place;
use super::refusal::Refusal;
use super::xml::{APPLE, CALDAV, DAV, Element, child, children, parse, text};
use crate::web::{Reply, WriteKind};

pub(super) fn answer(turn: &mut Turn<'_>, place: &Place) -> Answer {
    let Place::Calendar(user, name) = place else {
        return Err(Refusal::status(StatusCode::FORBIDDEN));
    };
    if !turn.switches.discovery.mkcalendar {
        turn.meet("discovery.mkcalendar_refused");
        return Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED));
    }
    if user != turn.me {
        return Err(need_privileges("bind"));
    }
    if turn.world.mount(user, name).is_some() {
        let condition = Element::dav("resource-must-be-null");
        return Err(Refusal::condition(StatusCode::METHOD_NOT_ALLOWED, condition));
    }
    let name = if turn.switches.discovery.relocates_calendars {
        turn.meet("discovery.relocates_calendars");
        format!("calendar-{}", turn.world.next())
    } else {
        name.clone()
    };
    let call = turn.call;
    let body = call.text()?;
    let document =
        if body.trim().is_empty() { None } else { Some(parse(body).ok_or_else(Refusal::bad_request)?) };
    let number = turn.world.add_calendar(user, &name, &name).ok_or_else(Refusal::not_found)?;
    let properties = document.as_ref().and_then(|document| {
        child(document.root_element(), DAV, "set").and_then(|set| child(set, DAV, "prop"))
    });
    if let Some(properties) = properties {
        set(turn, number, properties);
    }
    let place = Place::Calendar(user.clone(), name);
    turn.wrote(&place, WriteKind::CalendarCreated, None, None);
    let reply = Reply::empty(StatusCode::CREATED);
    Ok(if turn.switches.discovery.relocates_calendars {
        reply.with_header(LOCATION, &turn.href(&place))
    } else {
        reply
    })
}

fn set(turn: &mut Turn<'_>, number: u64, properties: Node<'_, '_>) {
    let Some(collection) = turn.world.collections.get_mut(&number) else { return };
    let told = |space, name| child(properties, space, name).map(text).filter(|text| !text.is_empty());
    if let Some(name) = told(DAV, "displayname") {
        name.clone_into(&mut collection.display_name);
    }
    collection.color = told(APPLE, "calendar-color").map(str::to_owned);
    collection.zone = told(CALDAV, "calendar-timezone").map(str::to_owned);
    if let Some(set) = child(properties, CALDAV, "supported-calendar-component-set") {
        let names = children(set, CALDAV, "comp").filter_map(|comp| comp.attribute("name"));
        collection.components = names.map(str::to_ascii_uppercase).collect();
    }
}
