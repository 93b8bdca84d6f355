//! The file itself, unless it is still the one we know (RFC 9110, section 13).

use http::header::{ACCEPT, CONTENT_TYPE, ETAG, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use http::{HeaderValue, StatusCode};
use serde::{Deserialize, Serialize};
use starmesh_http::{Request, Response};
use starmesh_provider::Result;

use crate::address::FeedAddress;
use crate::errors::{refused, too_large, web_page};

/// The largest file that is read, in bytes: some ten thousand meetings with their texts.
const FEED_BYTES_MAX: usize = 24 * 1024 * 1024;

/// The longest validator that is kept, in bytes; servers' own are far shorter. Without one the file is read.
const VALIDATOR_BYTES_MAX: usize = 1024;

/// Reads the file.
pub(crate) struct GetFeed;

/// By what a server knows again the file that it gave us.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Validators {
    #[serde(skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
}

/// What the server says.
pub(crate) enum Answer {
    /// The file is the one we know.
    Unchanged,
    /// This is the file.
    File { text: String, validators: Validators },
}

impl GetFeed {
    /// For the file, or the word that it is still the one with these `validators`.
    pub(crate) fn prepare(address: &FeedAddress, validators: Option<&Validators>) -> Request {
        let mut request = Request::new(Vec::new());
        // A URL is a URI; if ever one were not, the transport refuses an empty address.
        *request.uri_mut() = address.expose().as_str().parse().unwrap_or_default();
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("text/calendar, */*;q=0.1"));
        let Some(Validators { etag, modified }) = validators else { return request };
        for (name, value) in [(IF_NONE_MATCH, etag), (IF_MODIFIED_SINCE, modified)] {
            if let Some(value) = value.as_ref().and_then(|value| HeaderValue::from_str(value).ok()) {
                headers.insert(name, value);
            }
        }
        request
    }

    /// Reads the answer to a request with `validators`.
    pub(crate) fn parse(
        address: &FeedAddress,
        validators: Option<&Validators>,
        response: &Response,
    ) -> Result<Answer> {
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_MODIFIED if validators.is_some_and(Validators::are_some) => {
                return Ok(Answer::Unchanged);
            }
            _ => return Err(refused(address, response)),
        }
        if response.body().len() > FEED_BYTES_MAX {
            return Err(too_large(address, FEED_BYTES_MAX));
        }
        // Only subjects and the like can be lost, and they are not wanted.
        let text = String::from_utf8_lossy(response.body()).into_owned();
        if is_web_page(response, &text) {
            return Err(web_page(address));
        }
        Ok(Answer::File { text, validators: Validators::of(response) })
    }
}

impl Validators {
    fn of(response: &Response) -> Self {
        let value = |name: HeaderName| {
            let value = response.headers().get(name)?.to_str().ok()?.trim();
            (!value.is_empty() && value.len() <= VALIDATOR_BYTES_MAX).then(|| value.to_owned())
        };
        Self { etag: value(ETAG), modified: value(LAST_MODIFIED) }
    }

    fn are_some(&self) -> bool {
        self.etag.is_some() || self.modified.is_some()
    }
}

/// Servers call feeds all kinds of things; a page says so itself.
fn is_web_page(response: &Response, text: &str) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let says_html = kind.trim_start().to_ascii_lowercase().starts_with("text/html");
    let start = text.trim_start_matches('\u{feff}').trim_start();
    let is_calendar = start.get(..6).is_some_and(|begin| begin.eq_ignore_ascii_case("BEGIN:"));
    start.starts_with('<') || (says_html && !start.is_empty() && !is_calendar)
}

#[cfg(test)]
mod tests {
    use starmesh_provider::ErrorKind;

    use super::*;

    fn address() -> FeedAddress {
        FeedAddress::parse("https://example.org/s3cret.ics?t=s3cret").unwrap()
    }

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        let mut response = http::Response::builder().status(status);
        for (name, value) in headers {
            response = response.header(*name, *value);
        }
        response.body(body.as_bytes().to_vec()).unwrap()
    }

    fn refusal(response: &Response) -> ErrorKind {
        let error = GetFeed::parse(&address(), None, response).err().expect("it is no feed");
        assert!(error.message.starts_with("example.org ") && !error.message.contains("s3cret"), "{error}");
        error.kind
    }

    #[test]
    fn a_file_is_asked_for_by_what_its_server_knows_it_by() {
        let request = GetFeed::prepare(&address(), None);
        assert_eq!(request.uri(), "https://example.org/s3cret.ics?t=s3cret");
        assert_eq!((request.method().as_str(), request.headers().len()), ("GET", 1));
        let headers = [("etag", "W/\"1\""), ("last-modified", "Mon, 23 Nov 2026 10:00:00 GMT")];
        let first = GetFeed::parse(&address(), None, &answer(200, &headers, "BEGIN:VCALENDAR"));
        let Ok(Answer::File { validators, text }) = first else { panic!("a file") };
        assert_eq!(text, "BEGIN:VCALENDAR");
        let request = GetFeed::prepare(&address(), Some(&validators));
        assert_eq!(request.headers()["if-none-match"], "W/\"1\"");
        assert_eq!(request.headers()["if-modified-since"], "Mon, 23 Nov 2026 10:00:00 GMT");
        let second = GetFeed::parse(&address(), Some(&validators), &answer(304, &[], ""));
        assert!(matches!(second, Ok(Answer::Unchanged)));
    }

    #[test]
    fn not_modified_is_no_answer_to_whoever_knows_nothing() {
        assert_eq!(refusal(&answer(304, &[], "")), ErrorKind::Refused);
        let nothing = GetFeed::parse(&address(), Some(&Validators::default()), &answer(304, &[], ""));
        assert!(nothing.is_err());
    }

    #[test]
    fn refusals_are_told_apart() {
        for (status, kind) in [
            (204, ErrorKind::InvalidData),
            (206, ErrorKind::InvalidData),
            (400, ErrorKind::Refused),
            (401, ErrorKind::NeedsSignIn),
            (403, ErrorKind::NeedsSignIn),
            (404, ErrorKind::CalendarGone),
            (410, ErrorKind::CalendarGone),
            (500, ErrorKind::Offline),
            (503, ErrorKind::Offline),
        ] {
            assert_eq!(refusal(&answer(status, &[], "BEGIN:VCALENDAR")), kind, "{status}");
        }
    }

    #[test]
    fn a_page_for_people_is_no_feed() {
        let html = [("content-type", "text/html; charset=utf-8")];
        assert_eq!(refusal(&answer(200, &html, "Please sign in")), ErrorKind::InvalidData);
        assert_eq!(refusal(&answer(200, &[], "\u{feff} <!doctype html>")), ErrorKind::InvalidData);
        let mislabelled = answer(200, &html, "begin:vcalendar");
        assert!(GetFeed::parse(&address(), None, &mislabelled).is_ok(), "some servers call all they have so");
    }

    #[test]
    fn an_endless_file_is_refused() {
        let body = format!("BEGIN:VCALENDAR{}", " ".repeat(FEED_BYTES_MAX));
        assert_eq!(refusal(&answer(200, &[], &body)), ErrorKind::InvalidData);
    }
}
