//! PROPFIND (RFC 4918, section 9.1).

use http::StatusCode;

use super::call::{Answer, Turn, need_privileges};
use super::place::Place;
use super::properties::{Thing, row};
use super::refusal::Refusal;
use super::xml::{CALDAV, CALENDAR_SERVER, DAV, Element, NEXTCLOUD, Wanted, parse};

/// What stands in a home besides calendars: name and kind.
const OTHERS: [(&str, &str, &str); 4] = [
    ("inbox", CALDAV, "schedule-inbox"),
    ("outbox", CALDAV, "schedule-outbox"),
    ("holidays", CALENDAR_SERVER, "subscribed"),
    ("trashbin", NEXTCLOUD, "deleted-calendar"),
];

pub(super) fn answer(turn: &Turn<'_>, place: &Place) -> Answer {
    let wanted = wanted(turn.call.text()?)?;
    let deep = match turn.call.depth() {
        "0" => false,
        "1" => true,
        "infinity" => {
            let condition = Element::dav("propfind-finite-depth");
            return Err(Refusal::condition(StatusCode::FORBIDDEN, condition));
        }
        _ => return Err(Refusal::bad_request()),
    };
    let rows = match place {
        Place::Root => vec![row(turn, place, &Thing::Person, &wanted)],
        Place::Principal(user) => {
            own(turn, user)?;
            if deep && turn.switches.discovery.strict_depth {
                turn.meet("discovery.strict_depth");
                return Err(Refusal::bad_request());
            }
            vec![row(turn, place, &Thing::Person, &wanted)]
        }
        Place::Home(user) => {
            own(turn, user)?;
            home(turn, user, deep, &wanted)
        }
        Place::Calendar(user, name) => calendar(turn, user, name, deep, &wanted)?,
        Place::Object(user, name, file) => {
            let (_, collection) = turn.calendar(user, name)?;
            let stored = collection.get(file).ok_or_else(Refusal::not_found)?;
            vec![row(turn, place, &Thing::Object(collection, stored), &wanted)]
        }
        Place::WellKnown | Place::Nowhere => return Err(Refusal::not_found()),
    };
    Ok(turn.xml(StatusCode::MULTI_STATUS, &Element::dav("multistatus").with_all(rows)))
}

fn wanted(body: &str) -> Result<Wanted, Refusal> {
    if body.trim().is_empty() {
        return Ok(Wanted::All);
    }
    let document = parse(body).ok_or_else(Refusal::bad_request)?;
    let root = document.root_element();
    if !root.has_tag_name((DAV, "propfind")) {
        return Err(Refusal::bad_request());
    }
    Ok(Wanted::of(root))
}

fn own(turn: &Turn<'_>, user: &str) -> Result<(), Refusal> {
    if !turn.world.people.contains_key(user) {
        return Err(Refusal::not_found());
    }
    if user == turn.me { Ok(()) } else { Err(need_privileges("read")) }
}

fn home(turn: &Turn<'_>, user: &str, deep: bool, wanted: &Wanted) -> Vec<Element> {
    let mut rows = vec![row(turn, &Place::Home(user.to_owned()), &Thing::Home, wanted)];
    if !deep {
        return rows;
    }
    let at = |name: &str| Place::Calendar(user.to_owned(), name.to_owned());
    let lag_ms = turn.switches.sync.lag_ms;
    let mounts = turn.world.people.get(user).into_iter().flat_map(|person| &person.home);
    for (name, mount) in mounts {
        if let Some(collection) = turn.world.collections.get(&mount.collection) {
            let visible = collection.visible(turn.now, lag_ms);
            rows.push(row(turn, &at(name), &Thing::Calendar(*mount, collection, visible), wanted));
        }
    }
    if turn.switches.discovery.other_collections {
        turn.meet("discovery.other_collections");
        for (name, space, kind) in OTHERS {
            rows.push(row(turn, &at(name), &Thing::Other(space, kind), wanted));
        }
    }
    rows
}

fn calendar(
    turn: &Turn<'_>,
    user: &str,
    name: &str,
    deep: bool,
    wanted: &Wanted,
) -> Result<Vec<Element>, Refusal> {
    let (mount, collection) = turn.calendar(user, name)?;
    let visible = super::sync::visible(turn, collection);
    let place = Place::Calendar(user.to_owned(), name.to_owned());
    let mut rows = vec![row(turn, &place, &Thing::Calendar(mount, collection, visible), wanted)];
    if deep {
        rows.extend(collection.members_at(visible).map(|(file, stored)| {
            let place = Place::Object(user.to_owned(), name.to_owned(), file.to_owned());
            row(turn, &place, &Thing::Object(collection, stored), wanted)
        }));
    }
    Ok(rows)
}
