//! The requests, one a file: each prepares itself and reads its own answer, and none touches a socket.

mod delete_event;
mod get_event;
mod get_role;
mod insert_event;
mod list_calendars;
mod list_events;
mod list_instances;
mod stop_channel;
mod update_event;
mod watch_events;

pub(crate) use delete_event::DeleteEvent;
pub(crate) use get_event::GetEvent;
pub(crate) use get_role::GetRole;
pub(crate) use insert_event::InsertEvent;
pub(crate) use list_calendars::ListCalendars;
pub(crate) use list_events::{EventPage, Extent, ListEvents};
pub(crate) use list_instances::ListInstances;
pub(crate) use stop_channel::StopChannel;
pub(crate) use update_event::UpdateEvent;
pub(crate) use watch_events::WatchEvents;

use http::HeaderValue;
use http::header::{CONTENT_TYPE, IF_MATCH};
use serde_json::Value;
use starmesh_core::ids::{LastingName, Version};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::policy::Terms;
use starmesh_http::Request;
use url::Url;

use crate::endpoints::Endpoints;

/// How much of each event is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Depth {
    /// What scheduling needs: never a subject, a text or a place.
    Facts,
    /// Besides that a subject and a colour, in which words are looked for that links ask for.
    Words,
    /// Besides that what a mirror consists of and what people may have added to it; for mirrors only.
    Mirror,
}

/// The fields of one event in the partial-response syntax of Google's APIs.
const FACTS: &str = "id,status,etag,iCalUID,recurringEventId,originalStartTime,start,end,transparency,eventType,\
                     attendees(self,organizer,responseStatus),attendeesOmitted,extendedProperties/private";

const MIRROR: &str = ",summary,colorId,visibility,reminders,description,location,attachments,conferenceData,hangoutLink,source";

const WORDS: &str = ",summary,colorId";

impl Depth {
    /// How much is asked for where `terms` are looked for: as little as will do.
    fn looking_for(self, terms: &Terms) -> Self {
        match self {
            Self::Facts if !terms.is_empty() => Self::Words,
            depth => depth,
        }
    }

    fn fields(self) -> String {
        match self {
            Self::Facts => FACTS.to_owned(),
            Self::Words => format!("{FACTS}{WORDS}"),
            Self::Mirror => format!("{FACTS}{MIRROR}"),
        }
    }
}

/// A request for one event tells its rules too, by which a series is known.
fn event_fields(depth: Depth) -> String {
    format!("{},recurrence", depth.fields())
}

fn page_fields(depth: Depth) -> String {
    format!("accessRole,nextPageToken,nextSyncToken,items({})", depth.fields())
}

/// The one attendee that is told is the owner, so that nobody else's address comes along.
const ATTENDEES_MAX: (&str, &str) = ("maxAttendees", "1");

/// Nobody is told of a write.
const TELL_NOBODY: (&str, &str) = ("sendUpdates", "none");

fn events_url(endpoints: &Endpoints, calendar: &LastingName) -> Url {
    endpoints.resource(&["calendars", calendar.as_str(), "events"])
}

fn event_url(endpoints: &Endpoints, calendar: &LastingName, id: &str) -> Url {
    endpoints.resource(&["calendars", calendar.as_str(), "events", id])
}

fn with_query(mut url: Url, query: &[(&str, &str)]) -> Url {
    url.query_pairs_mut().extend_pairs(query);
    url
}

/// A request without a body. The method is one of a few constants and the URL is one, so it can always be
/// made.
fn bare_request(method: &'static str, url: &Url) -> Request {
    let mut request = Request::default();
    // `Url` percent-encodes what `Uri` refuses; were one refused all the same, the empty default would be
    // turned down by the transport with an error.
    *request.uri_mut() = url.as_str().parse().unwrap_or_default();
    *request.method_mut() = method.parse().unwrap_or_default();
    request
}

fn json_request(method: &'static str, url: &Url, body: &Value) -> Request {
    let mut request = bare_request(method, url);
    *request.body_mut() = body.to_string().into_bytes();
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request
}

/// Makes `request` happen only while the event is in this version.
fn only_in(mut request: Request, version: &Version) -> Request {
    if planted(Bug::GoogleForgetsIfMatch) {
        return request;
    }
    // An etag came as JSON text; one that cannot be sent back matches nothing.
    let value = HeaderValue::from_str(version.as_str())
        .unwrap_or_else(|_| HeaderValue::from_static("\"unsendable\""));
    request.headers_mut().insert(IF_MATCH, value);
    request
}

#[cfg(test)]
mod fixture {
    //! What the fixtures of all requests share.

    use std::collections::BTreeMap;

    use starmesh_core::ids::LastingName;
    use starmesh_http::{Request, Response};
    use url::Url;

    pub(super) fn calendar() -> LastingName {
        LastingName::new("ada@example.org")
    }

    pub(super) fn answer(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
    }

    pub(super) fn path(request: &Request) -> String {
        request.uri().path().to_owned()
    }

    pub(super) fn query(request: &Request) -> BTreeMap<String, String> {
        Url::parse(&request.uri().to_string()).unwrap().query_pairs().into_owned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_private_is_asked_for_of_an_event_without_a_mark() {
        let fields = Depth::Facts.fields();
        for private in [
            "summary",
            "description",
            "location",
            "email",
            "displayName",
            "conference",
            "hangout",
            "attachments",
        ] {
            assert!(!fields.contains(private), "{private}");
        }
        assert!(Depth::Mirror.fields().starts_with(&fields));
    }

    #[test]
    fn an_etag_that_cannot_be_sent_matches_nothing() {
        let request = || bare_request("DELETE", &Url::parse("https://example.org/").unwrap());
        let header = |etag: &str| only_in(request(), &Version::new(etag)).headers()[IF_MATCH].clone();
        assert_eq!(header("\"3187\""), "\"3187\"");
        assert_eq!(header("\"a\nb\""), "\"unsendable\"");
    }
}
