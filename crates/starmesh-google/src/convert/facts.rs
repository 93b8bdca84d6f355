//! What an event says about the person's time.

use starmesh_core::event::{Availability, EventKind, Facts, Response};

use crate::print::SHOW_OUT_OF_OFFICE;
use crate::wire::EventRow;

/// The facts of one row.
pub(super) fn facts(row: &EventRow) -> Facts {
    Facts {
        availability: availability(row),
        response: response(row),
        kind: match row.event_type.as_deref() {
            Some("workingLocation") => EventKind::WorkingLocation,
            Some("birthday") => EventKind::Birthday,
            _ => EventKind::Default,
        },
        cancelled: row.is_cancelled(),
        found: row.found,
    }
}

/// Events of whole days are no exception: it is the field that counts, and a missing one means busy.
pub(super) fn availability(row: &EventRow) -> Availability {
    let shows_out_of_office =
        row.mark().is_some() && row.extended_properties.private.show.as_deref() == Some(SHOW_OUT_OF_OFFICE);
    if row.transparency.as_deref() == Some("transparent") || row.is_cancelled() {
        Availability::Free
    } else if row.status.as_deref() == Some("tentative") {
        Availability::Tentative
    } else if row.event_type.as_deref() == Some("outOfOffice") || shows_out_of_office {
        Availability::OutOfOffice
    } else {
        Availability::Busy
    }
}

fn response(row: &EventRow) -> Response {
    let Some(own) = row.attendees.iter().find(|attendee| attendee.is_self) else {
        return Response::NotInvited;
    };
    match own.response_status.as_deref() {
        Some("declined") => Response::Declined,
        Some("accepted") => Response::Accepted,
        Some("tentative") => Response::Tentative,
        // Nobody asks the organiser.
        _ if own.organizer => Response::NotInvited,
        _ => Response::NeedsAction,
    }
}
