//! Whose UID is it? (RFC 4791, section 4.1; RFC 6638, section 3.2.4.1)

use http::StatusCode;

use super::call::Turn;
use super::place::Place;
use super::refusal::Refusal;
use super::switches::{AcrossCalendars, SecondUid};
use super::xml::{CALDAV, Element};

/// Where an object's UID already is in another calendar of its owner that has to give it up.
pub(super) struct Elsewhere {
    pub(super) collection: u64,
    pub(super) calendar: String,
    pub(super) file: String,
}

/// Refuses an object whose UID is taken; tells where it has to be taken away.
pub(super) fn check(
    turn: &Turn<'_>,
    place: (&str, &str, &str),
    uid: &str,
) -> Result<Option<Elsewhere>, Refusal> {
    let (user, name, file) = place;
    let (mount, collection) = turn.calendar(user, name)?;
    let before = collection.get(file);
    if before.is_some_and(|before| before.uid != uid) {
        // An object keeps its UID for life, whatever else a server allows.
        return Err(conflict(StatusCode::CONFLICT, Some(turn.href(&at(user, name, file)))));
    }
    if let Some(other) = collection.names_of(uid).find(|other| *other != file) {
        second(turn, &at(user, name, other))?;
    }
    if before.is_none() && turn.switches.writes.trash && collection.trash.contains(uid) {
        turn.meet("writes.trash");
        return Err(already_exists());
    }
    let others = turn.world.people.get(user).into_iter().flat_map(|person| &person.home);
    for (calendar, other) in
        others.filter(|(_, other)| other.collection != mount.collection && other.is_owner)
    {
        let Some(collection) = turn.world.collections.get(&other.collection) else { continue };
        let Some(file) = collection.names_of(uid).next() else { continue };
        match turn.switches.writes.across_calendars {
            AcrossCalendars::Free => {}
            AcrossCalendars::Refused => {
                turn.meet("writes.across_calendars.refused");
                return Err(unique(turn.href(&at(user, calendar, file))));
            }
            AcrossCalendars::Moved => {
                turn.meet("writes.across_calendars.moved");
                return Ok(Some(Elsewhere {
                    collection: other.collection,
                    calendar: calendar.clone(),
                    file: file.to_owned(),
                }));
            }
        }
    }
    Ok(None)
}

/// A second object with one UID in one calendar.
fn second(turn: &Turn<'_>, other: &Place) -> Result<(), Refusal> {
    match turn.switches.writes.second_uid {
        SecondUid::NoUidConflict => {
            turn.meet("writes.second_uid.no_uid_conflict");
            Err(conflict(StatusCode::CONFLICT, Some(turn.href(other))))
        }
        SecondUid::PreconditionFailed => {
            turn.meet("writes.second_uid.precondition_failed");
            Err(conflict(StatusCode::PRECONDITION_FAILED, None))
        }
        SecondUid::UniqueSchedulingObject => {
            turn.meet("writes.second_uid.unique_scheduling_object");
            Err(unique(turn.href(other)))
        }
        SecondUid::Conflict => {
            turn.meet("writes.second_uid.conflict");
            Err(Refusal::status(StatusCode::CONFLICT))
        }
        SecondUid::BadRequest => {
            turn.meet("writes.second_uid.bad_request");
            Err(already_exists())
        }
        SecondUid::Stored => {
            turn.meet("writes.second_uid.stored");
            Ok(())
        }
    }
}

fn at(user: &str, calendar: &str, file: &str) -> Place {
    Place::Object(user.to_owned(), calendar.to_owned(), file.to_owned())
}

fn conflict(status: StatusCode, href: Option<String>) -> Refusal {
    let condition = Element::new(CALDAV, "no-uid-conflict");
    let href = href.map(|href| Element::dav("href").with_text(href));
    Refusal::condition(status, condition.with_all(href))
}

fn unique(href: String) -> Refusal {
    let condition = Element::caldav("unique-scheduling-object-resource");
    Refusal::condition(StatusCode::FORBIDDEN, condition.with(Element::dav("href").with_text(href)))
}

fn already_exists() -> Refusal {
    let sentence = "Calendar object with uid already exists in this calendar collection.";
    Refusal::sentence(StatusCode::BAD_REQUEST, sentence)
}
