//! The requests, one a file: each prepares itself for a URL and reads its own answer, and none touches a
//! socket.

mod delete_event;
mod find_home;
mod find_principal;
mod find_uid;
mod get_ctag;
mod get_event;
mod list_calendars;
mod list_members;
mod multiget_events;
mod put_event;
mod sync_collection;

pub(crate) use delete_event::DeleteEvent;
pub(crate) use find_home::{FindAddresses, FindHome};
pub(crate) use find_principal::{FindPrincipal, Place};
pub(crate) use find_uid::FindUid;
pub(crate) use get_ctag::{CollectionState, GetCtag};
pub(crate) use get_event::GetEvent;
pub(crate) use list_calendars::ListCalendars;
pub(crate) use list_members::{ListMembers, Member};
pub(crate) use multiget_events::{MultigetEvents, MultigetPart};
pub(crate) use put_event::{Precondition, PutEvent, is_strong};
pub(crate) use sync_collection::{SyncAnswer, SyncCollection, SyncPage};

use http::HeaderName;
use http::header::CONTENT_TYPE;
use starmesh_http::Request;
use url::Url;

const DEPTH: HeaderName = HeaderName::from_static("depth");

/// An XML request. The method is one of a few constants and the URL is one, so it can always be made.
fn xml_request(method: &'static str, url: &Url, depth: &'static str, body: String) -> Request {
    let mut request = bare_request(method, url);
    *request.body_mut() = body.into_bytes();
    let headers = request.headers_mut();
    headers.insert(DEPTH, http::HeaderValue::from_static(depth));
    headers.insert(CONTENT_TYPE, http::HeaderValue::from_static("application/xml; charset=utf-8"));
    request
}

fn bare_request(method: &'static str, url: &Url) -> Request {
    let mut request = Request::default();
    // `Url` percent-encodes what `Uri` refuses; were one refused all the same, the empty default would be
    // turned down by the transport with an error.
    *request.uri_mut() = url.as_str().parse().unwrap_or_default();
    *request.method_mut() = method.parse().unwrap_or_default();
    request
}

/// A PROPFIND for the properties in `names`, written with the prefixes `d`, `c`, `s`, `a`.
fn propfind(url: &Url, depth: &'static str, names: &[&str]) -> Request {
    let mut body = String::from(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:propfind xmlns:d=\"DAV:\" \
         xmlns:c=\"urn:ietf:params:xml:ns:caldav\" xmlns:s=\"http://calendarserver.org/ns/\" \
         xmlns:a=\"http://apple.com/ns/ical/\"><d:prop>",
    );
    for name in names {
        body.push('<');
        body.push_str(name);
        body.push_str("/>");
    }
    body.push_str("</d:prop></d:propfind>");
    xml_request("PROPFIND", url, depth, body)
}

#[cfg(test)]
mod fixture {
    //! What the fixtures of all requests share.

    use starmesh_http::Response;
    use url::Url;

    pub(super) fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    pub(super) fn answer(status: u16, body: &str) -> Response {
        http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap()
    }

    pub(super) fn multistatus(inner: &str) -> Response {
        answer(
            207,
            &format!(
                "<?xml version=\"1.0\"?><d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" \
                 xmlns:s=\"http://calendarserver.org/ns/\" xmlns:a=\"http://apple.com/ns/ical/\">{inner}</d:multistatus>"
            ),
        )
    }

    pub(super) fn body(request: &starmesh_http::Request) -> &str {
        std::str::from_utf8(request.body()).unwrap()
    }
}
