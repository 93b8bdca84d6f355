//! What an event says about the person's time.

use starmesh_core::event::{Availability, EventKind, Facts, Response};
use starmesh_core::mirror::MirrorAvailability;

use crate::wire::EventRow;

/// The facts of one row.
pub(crate) fn facts(row: &EventRow) -> Facts {
    Facts {
        availability: availability(row),
        response: response(row),
        kind: EventKind::Default,
        cancelled: row.is_cancelled == Some(true),
        found: row.found,
    }
}

pub(super) fn availability(row: &EventRow) -> Availability {
    match row.show_as.as_deref().map(str::to_ascii_lowercase).as_deref() {
        // Working elsewhere leaves the time free for others to book, and Outlook shows it so.
        Some("free" | "workingelsewhere") => Availability::Free,
        Some("tentative") => Availability::Tentative,
        Some("oof") => Availability::OutOfOffice,
        // What cannot be told may be busy: a block too many is seen, a meeting too many is missed.
        _ => Availability::Busy,
    }
}

/// How the service writes what a mirror shows.
pub(crate) fn show_as(availability: MirrorAvailability) -> &'static str {
    match availability {
        MirrorAvailability::Tentative => "tentative",
        MirrorAvailability::Busy => "busy",
        MirrorAvailability::OutOfOffice => "oof",
    }
}

fn response(row: &EventRow) -> Response {
    let response = row.response_status.as_ref().and_then(|status| status.response.as_deref());
    match response.map(str::to_ascii_lowercase).as_deref() {
        Some("organizer") => Response::NotInvited,
        Some("accepted") => Response::Accepted,
        Some("tentativelyaccepted") => Response::Tentative,
        Some("declined") => Response::Declined,
        Some("notresponded") => Response::NeedsAction,
        // An event of one's own has no answer; an invitation that nobody touched has none either.
        _ if row.is_organizer == Some(false) && row.has_attendees() => Response::NeedsAction,
        _ => Response::NotInvited,
    }
}
