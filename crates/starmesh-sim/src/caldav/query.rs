//! Objects by href (RFC 4791, section 7.9) and by condition (section 7.8).

use chrono::TimeDelta;
use http::StatusCode;
use roxmltree::Node;

use super::call::{Answer, Turn};
use super::filter::Filter;
use super::place::Place;
use super::properties::{Thing, row, status_row};
use super::refusal::Refusal;
use super::switches::ComponentFilter;
use super::xml::{CALDAV, DAV, Element, Wanted, child, children, text};

pub(super) fn multiget(turn: &Turn<'_>, user: &str, name: &str, root: Node<'_, '_>) -> Answer {
    let (_, collection) = turn.calendar(user, name)?;
    let wanted = Wanted::of(root);
    let mut answer = Element::dav("multistatus");
    for href in children(root, DAV, "href").map(text) {
        let omitted = turn.switches.queries.omitted_per_mille;
        if omitted > 0 && turn.world.dice.borrow_mut().chance(omitted) {
            turn.meet("queries.omitted");
            continue;
        }
        let place = Place::at(path_of(href));
        let stored = match &place {
            Place::Object(of, calendar, file) if of == user && calendar == name => collection.get(file),
            _ => None,
        };
        answer = answer.with(match stored {
            Some(stored) => row(turn, &place, &Thing::Object(collection, stored), &wanted),
            None => missing(turn, &place, href),
        });
    }
    Ok(turn.xml(StatusCode::MULTI_STATUS, &answer))
}

/// An href in the form it was asked for when it leads nowhere at all.
fn missing(turn: &Turn<'_>, place: &Place, href: &str) -> Element {
    if *place != Place::Nowhere {
        return status_row(turn, place, StatusCode::NOT_FOUND);
    }
    Element::dav("response")
        .with(Element::dav("href").with_text(href))
        .with(Element::dav("status").with_text("HTTP/1.1 404 Not Found"))
}

/// The path of an href, which may be a whole URL.
fn path_of(href: &str) -> &str {
    match href.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        None => href,
    }
}

pub(super) fn query(turn: &Turn<'_>, user: &str, name: &str, root: Node<'_, '_>) -> Answer {
    let (_, collection) = turn.calendar(user, name)?;
    let wanted = Wanted::of(root);
    let filter = child(root, CALDAV, "filter").and_then(|filter| child(filter, CALDAV, "comp-filter"));
    let filter = filter.map(Filter::read).transpose()?;
    if let Some(filter) = &filter
        && filter.has_misplaced_range()
        && turn.switches.queries.components == ComponentFilter::Obeyed
    {
        turn.meet("queries.components.refused");
        return Err(Refusal::bad_request());
    }
    let unbounded = filter.as_ref().is_none_or(|filter| !filter.has_range());
    let horizon = turn.switches.queries.horizon_days.filter(|_| unbounded).map(TimeDelta::days);
    let first_only = turn.switches.queries.first_date_only;
    let mut answer = Element::dav("multistatus");
    for (file, stored) in collection.members_at(super::sync::visible(turn, collection)) {
        let passes =
            |first_only| filter.as_ref().is_none_or(|filter| filter.passes(&stored.object, first_only));
        let hit = match turn.switches.queries.components {
            ComponentFilter::Ignored => {
                if !passes(false) {
                    turn.meet("queries.components.ignored");
                }
                true
            }
            ComponentFilter::Obeyed => {
                let hit = passes(first_only);
                if first_only && hit != passes(false) {
                    turn.meet("queries.first_date_only");
                }
                hit
            }
        };
        let near = horizon.is_none_or(|days| {
            super::extent::happens(&stored.object, turn.now - days, turn.now + days, false)
        });
        if hit && !near {
            turn.meet("queries.horizon_days");
        }
        if hit && near {
            let place = Place::Object(user.to_owned(), name.to_owned(), file.to_owned());
            answer = answer.with(row(turn, &place, &Thing::Object(collection, stored), &wanted));
        }
    }
    Ok(turn.xml(StatusCode::MULTI_STATUS, &answer))
}
