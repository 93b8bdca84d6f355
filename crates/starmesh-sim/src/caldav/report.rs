//! REPORT (RFC 3253, section 3.6): which report is it?

use http::StatusCode;

use super::call::{Answer, Turn};
use super::place::Place;
use super::refusal::Refusal;
use super::xml::{CALDAV, DAV, Element, parse};
use super::{query, sync};

pub(super) fn answer(turn: &Turn<'_>, place: &Place) -> Answer {
    let document = parse(turn.call.text()?).ok_or_else(Refusal::bad_request)?;
    let root = document.root_element();
    let Place::Calendar(user, name) = place else { return Err(unsupported()) };
    turn.calendar(user, name)?;
    match (root.tag_name().namespace(), root.tag_name().name()) {
        (Some(DAV), "sync-collection") => sync::answer(turn, user, name, root),
        (Some(CALDAV), "calendar-multiget") => query::multiget(turn, user, name, root),
        (Some(CALDAV), "calendar-query") => query::query(turn, user, name, root),
        _ => Err(unsupported()),
    }
}

/// The refusal of a report that this server does not have.
pub(super) fn unsupported() -> Refusal {
    Refusal::condition(StatusCode::FORBIDDEN, Element::dav("supported-report"))
}
