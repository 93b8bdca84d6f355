//! The properties of what stands at a path.

use std::sync::Arc;

use http::StatusCode;
use sha2::{Digest as _, Sha256};

use super::call::Turn;
use super::collection::{Collection, Stored};
use super::place::Place;
use super::switches::{EtagSource, EtagSwitches, Privileges};
use super::sync;
use super::world::Mount;
use super::xml::{APPLE, CALDAV, CALENDAR_SERVER, DAV, Element, NEXTCLOUD, Name, Wanted};
use crate::web::Met;

/// Bytes of a digest that an etag shows.
const ETAG_BYTES: usize = 12;

/// What is told when a client asks for whatever there is; never what takes work to find out.
const USUAL: [(&str, &str); 6] = [
    (DAV, "resourcetype"),
    (DAV, "displayname"),
    (DAV, "getetag"),
    (DAV, "getcontenttype"),
    (CALENDAR_SERVER, "getctag"),
    (DAV, "sync-token"),
];

/// Something with properties.
pub(super) enum Thing<'a> {
    /// The root, or somebody.
    Person,
    /// Somebody's calendars.
    Home,
    /// A calendar, as far as listings show it.
    Calendar(Mount, &'a Collection, u64),
    /// An object.
    Object(&'a Collection, &'a Arc<Stored>),
    /// A collection of a kind that holds no events of the person: namespace and name of the kind.
    Other(&'static str, &'static str),
}

/// The row of a multistatus about one thing.
pub(super) fn row(turn: &Turn<'_>, place: &Place, thing: &Thing<'_>, wanted: &Wanted) -> Element {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    match wanted {
        Wanted::Named(names) => {
            for name in names {
                match property(turn, place, thing, name) {
                    Some(element) => found.push(element),
                    None => missing.push(name.element()),
                }
            }
        }
        Wanted::All => {
            for (space, name) in USUAL {
                let name = Name { space: space.to_owned(), name: name.to_owned() };
                found.extend(property(turn, place, thing, &name));
            }
        }
    }
    let mut row = Element::dav("response").with(Element::dav("href").with_text(turn.href(place)));
    if !found.is_empty() || missing.is_empty() {
        row = row.with(propstat(found, StatusCode::OK));
    }
    if !missing.is_empty() {
        row = row.with(propstat(missing, StatusCode::NOT_FOUND));
    }
    row
}

/// The row of a multistatus that says nothing but a status.
pub(super) fn status_row(turn: &Turn<'_>, place: &Place, status: StatusCode) -> Element {
    Element::dav("response")
        .with(Element::dav("href").with_text(turn.href(place)))
        .with(Element::dav("status").with_text(status_line(status)))
}

fn propstat(properties: Vec<Element>, status: StatusCode) -> Element {
    Element::dav("propstat")
        .with(Element::dav("prop").with_all(properties))
        .with(Element::dav("status").with_text(status_line(status)))
}

fn status_line(status: StatusCode) -> String {
    format!("HTTP/1.1 {} {}", status.as_u16(), status.canonical_reason().unwrap_or("Status"))
}

/// The etag of an object, as reads tell it.
pub(super) fn etag(collection: &Collection, stored: &Stored, switches: &EtagSwitches, met: &Met) -> String {
    let weak = if switches.weak {
        met.meet("etags.weak");
        "W/"
    } else {
        ""
    };
    format!("{weak}{}", strong_etag(collection, stored, switches, met))
}

/// The same in its strong form.
pub(super) fn strong_etag(
    collection: &Collection,
    stored: &Stored,
    switches: &EtagSwitches,
    met: &Met,
) -> String {
    match switches.source {
        EtagSource::Change => format!("\"{}-{}\"", collection.number, stored.change),
        EtagSource::Text => {
            met.meet("etags.source.text");
            let digest = Sha256::digest(stored.text.as_bytes());
            format!("\"{}\"", data_encoding::HEXLOWER.encode(&digest[..ETAG_BYTES]))
        }
    }
}

fn property(turn: &Turn<'_>, place: &Place, thing: &Thing<'_>, name: &Name) -> Option<Element> {
    let element = || name.element();
    if name.is(DAV, "current-user-principal") {
        return current_user_principal(turn, element());
    }
    if name.is(DAV, "resourcetype") {
        return Some(element().with_all(kinds(thing)));
    }
    match thing {
        Thing::Person if *place == Place::Root => None,
        Thing::Person => of_person(turn, name),
        Thing::Home => None,
        Thing::Calendar(mount, collection, visible) => of_calendar(turn, *mount, collection, *visible, name),
        Thing::Object(collection, stored) => of_object(turn, collection, stored, name),
        Thing::Other(..) => name.is(DAV, "displayname").then(|| element().with_text("Other")),
    }
}

fn current_user_principal(turn: &Turn<'_>, element: Element) -> Option<Element> {
    if !turn.switches.discovery.principals {
        turn.meet("discovery.no_principals");
        return None;
    }
    let href = turn.href(&Place::Principal(turn.me.to_owned()));
    Some(element.with(Element::dav("href").with_text(href)))
}

fn kinds(thing: &Thing<'_>) -> Vec<Element> {
    match thing {
        Thing::Person => vec![Element::dav("collection"), Element::dav("principal")],
        Thing::Home => vec![Element::dav("collection")],
        Thing::Calendar(..) => vec![Element::dav("collection"), Element::caldav("calendar")],
        Thing::Object(..) => Vec::new(),
        Thing::Other(space, kind) => {
            let mut kinds = vec![Element::dav("collection"), Element::new(*space, *kind)];
            if *space == NEXTCLOUD || *space == CALENDAR_SERVER {
                kinds.push(Element::caldav("calendar"));
            }
            kinds
        }
    }
}

fn of_person(turn: &Turn<'_>, name: &Name) -> Option<Element> {
    if name.is(CALDAV, "calendar-home-set") {
        let mut href = turn.href(&Place::Home(turn.me.to_owned()));
        if let Some(elsewhere) = &turn.switches.discovery.home_at {
            turn.meet("discovery.home_at");
            href = format!("{elsewhere}{}", Place::Home(turn.me.to_owned()).path());
        }
        return Some(name.element().with(Element::dav("href").with_text(href)));
    }
    if name.is(CALDAV, "calendar-user-address-set") && turn.switches.scheduling.automatic {
        let address = format!("mailto:{}", turn.me);
        return Some(name.element().with(Element::dav("href").with_text(address)));
    }
    name.is(DAV, "displayname").then(|| name.element().with_text(turn.me))
}

fn of_calendar(
    turn: &Turn<'_>,
    mount: Mount,
    collection: &Collection,
    visible: u64,
    name: &Name,
) -> Option<Element> {
    let element = name.element();
    let text = |text: &str| {
        if turn.switches.hrefs.cdata {
            turn.meet("hrefs.cdata");
            return name.element().with_raw(text);
        }
        name.element().with_text(text)
    };
    match (name.space.as_str(), name.name.as_str()) {
        (DAV, "displayname") => Some(text(&collection.display_name)),
        (DAV, "current-user-privilege-set") => privileges(turn, mount, element),
        (DAV, "supported-report-set") => Some(element.with_all(reports(turn))),
        (DAV, "sync-token") if turn.switches.sync.offered => {
            Some(element.with_text(sync::token(turn, collection, visible)))
        }
        (DAV, "getetag") => {
            Some(element.with_text(format!("\"c{}\"", sync::position(turn, collection, visible))))
        }
        (CALENDAR_SERVER, "getctag") => {
            if !turn.switches.sync.ctag {
                turn.meet("sync.no_ctag");
                return None;
            }
            Some(element.with_text(sync::position(turn, collection, visible)))
        }
        (CALDAV, "supported-calendar-component-set") => {
            if !turn.switches.discovery.components_told {
                turn.meet("discovery.components_untold");
                return None;
            }
            let kinds = collection.components.iter();
            Some(element.with_all(kinds.map(|kind| Element::caldav("comp").with_attribute("name", kind))))
        }
        (CALDAV, "calendar-timezone") => collection.zone.as_deref().map(text),
        (APPLE, "calendar-color") => collection.color.as_ref().map(|color| element.with_text(color)),
        _ => None,
    }
}

fn privileges(turn: &Turn<'_>, mount: Mount, element: Element) -> Option<Element> {
    let names: &[&'static str] = match (turn.switches.discovery.privileges, mount.can_write) {
        (Privileges::Untold, _) => {
            turn.meet("privileges.untold");
            return None;
        }
        (_, false) => &["read", "read-current-user-privilege-set"],
        (Privileges::Parts, true) => &[
            "read",
            "write-content",
            "write-properties",
            "bind",
            "unbind",
            "read-current-user-privilege-set",
        ],
        (Privileges::Write, true) => {
            turn.meet("privileges.write");
            &["read", "write"]
        }
        (Privileges::All, true) => {
            turn.meet("privileges.all");
            &["all"]
        }
    };
    let privilege = |name: &&'static str| Element::dav("privilege").with(Element::dav(name));
    Some(element.with_all(names.iter().map(privilege)))
}

fn reports(turn: &Turn<'_>) -> Vec<Element> {
    let mut reports = vec![Element::caldav("calendar-query"), Element::caldav("calendar-multiget")];
    if turn.switches.sync.offered {
        reports.push(Element::dav("sync-collection"));
    }
    let supported = |report| Element::dav("supported-report").with(Element::dav("report").with(report));
    reports.into_iter().map(supported).collect()
}

fn of_object(turn: &Turn<'_>, collection: &Collection, stored: &Stored, name: &Name) -> Option<Element> {
    match (name.space.as_str(), name.name.as_str()) {
        (DAV, "getetag") => {
            let etag = etag(collection, stored, &turn.switches.etags, &turn.world.met);
            Some(name.element().with_text(etag))
        }
        (DAV, "getcontenttype") => {
            let kind = stored.object.entries().next().map_or("VEVENT", |entry| &entry.name);
            let text = format!("text/calendar; charset=utf-8; component={}", kind.to_ascii_lowercase());
            Some(name.element().with_text(text))
        }
        (CALDAV, "calendar-data") => Some(if turn.switches.hrefs.cdata {
            turn.meet("hrefs.cdata");
            name.element().with_raw(&stored.text)
        } else {
            name.element().with_text(&stored.text)
        }),
        _ => None,
    }
}
