//! The requests, one a file: each prepares itself for a place and reads its own answer, and none touches a
//! socket.

mod create_event;
mod delete_event;
mod find_mirror;
mod get_event;
mod list_calendars;
mod list_instances;
mod read_delta;
mod read_view;
mod subscriptions;
mod update_event;

pub(crate) use create_event::CreateEvent;
pub(crate) use delete_event::DeleteEvent;
pub(crate) use find_mirror::FindMirror;
pub(crate) use get_event::GetEvent;
pub(crate) use list_calendars::{CalendarRow, GetMailbox, ListCalendars};
pub(crate) use list_instances::ListInstances;
pub(crate) use read_delta::{DeltaNext, ReadDelta};
pub(crate) use read_view::ReadView;
pub(crate) use subscriptions::{Granted, Subscriptions};
pub(crate) use update_event::UpdateEvent;

use chrono::{DateTime, SecondsFormat, Utc};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use url::Url;

use crate::call::Answer;
use crate::wire::{EventRow, Lenient, MARK_PROPERTY, Page};
use crate::words::find_in_page;

/// Rows and where the next page is.
pub(crate) struct Rows {
    pub(crate) rows: Vec<Lenient<EventRow>>,
    pub(crate) next: Option<Url>,
}

/// A page of events; `None` when the answer is none.
fn rows(answer: &Answer, terms: &Terms) -> Option<Rows> {
    let mut page: Page<EventRow> = answer.json()?;
    find_in_page(answer, &mut page.value, terms);
    Some(Rows { rows: page.value, next: page.next_link })
}

/// The start and the end of a range, as query parameters.
fn range_parameters(lo: DateTime<Utc>, hi: DateTime<Utc>) -> [(&'static str, String); 2] {
    let text = |instant: DateTime<Utc>| instant.to_rfc3339_opts(SecondsFormat::Secs, true);
    [("startDateTime", text(lo)), ("endDateTime", text(hi))]
}

/// What shows the mark of an event.
fn expand_mark() -> (&'static str, String) {
    ("$expand", format!("singleValueExtendedProperties($filter=id eq '{MARK_PROPERTY}')"))
}

/// What picks the events that carry an identity.
fn filter_identity(id: &ProviderId) -> (&'static str, String) {
    let property = crate::wire::IDENTITY_PROPERTY;
    (
        "$filter",
        format!("singleValueExtendedProperties/Any(ep: ep/id eq '{property}' and ep/value eq '{id}')"),
    )
}

#[cfg(test)]
pub(crate) mod fixture {
    //! What the fixtures of all requests share.

    use crate::call::{Answer, Call, Target};
    use crate::mailbox::Mailbox;
    use crate::place::{Place, lasting_name};

    pub(crate) fn place() -> Place {
        Place::of(&Mailbox::Me, &lasting_name("u", "C=")).unwrap()
    }

    pub(crate) fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, request_id: None, body: body.as_bytes().to_vec() }
    }

    /// The path of a call, decoded.
    pub(crate) fn path(call: &Call) -> String {
        match &call.target {
            Target::Path(path) => {
                percent_encoding::percent_decode_str(path).decode_utf8().unwrap().into_owned()
            }
            Target::Link(link) => link.to_string(),
        }
    }
}
