//! One resource (RFC 4791, section 5.3.4).

use http::HeaderValue;
use http::header::{ACCEPT, ETAG};
use starmesh_core::ids::Version;
use starmesh_http::{Request, Response};
use url::Url;

use super::bare_request;

/// Reads one resource.
pub(crate) struct GetEvent;

/// A resource as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoredEvent {
    /// Its etag.
    pub(crate) version: Option<Version>,
    /// The iCalendar text.
    pub(crate) text: String,
}

impl GetEvent {
    pub(crate) fn prepare(resource: &Url) -> Request {
        let mut request = bare_request("GET", resource);
        request.headers_mut().insert(ACCEPT, HeaderValue::from_static("text/calendar"));
        request
    }

    /// The resource; `None` when the answer is no iCalendar text at all, like a page to log in.
    pub(crate) fn parse(response: &Response) -> Option<StoredEvent> {
        let text = String::from_utf8_lossy(response.body()).into_owned();
        let start = text.trim_start_matches('\u{feff}').trim_start();
        if !start.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("BEGIN:")) {
            return None;
        }
        Some(StoredEvent { version: etag(response), text })
    }
}

/// The etag of an answer, with quotes.
pub(super) fn etag(response: &Response) -> Option<Version> {
    let etag = response.headers().get(ETAG)?.to_str().ok()?.trim();
    (!etag.is_empty()).then(|| Version::new(etag))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::answer;
    use super::*;

    #[test]
    fn a_page_is_no_event() {
        assert!(GetEvent::parse(&answer(200, "<html>Log in</html>")).is_none());
        assert!(GetEvent::parse(&answer(200, "")).is_none());
        let stored = GetEvent::parse(&answer(200, "\u{feff}begin:VCALENDAR\r\n")).unwrap();
        assert_eq!(stored.version, None);
    }
}
