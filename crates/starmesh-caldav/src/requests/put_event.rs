//! Writing one resource with a precondition (RFC 4791, section 5.3.2).
//!
//! Ours and not libdav's, which does not tell a taken UID from a failed precondition.

use http::HeaderValue;
use http::header::{CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH};
use starmesh_core::ids::Version;
use starmesh_core::planted::{Bug, planted};
use starmesh_http::{Request, Response};
use url::Url;

use super::bare_request;
use super::get_event::etag;

/// Writes one resource.
pub(crate) struct PutEvent;

/// What must hold for a write to happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Precondition<'a> {
    /// Nothing is there yet.
    Absent,
    /// It is still in this version; a strong etag.
    Unchanged(&'a Version),
    /// It was just seen to be in the version we know, whose etag cannot serve as a precondition (weak, or
    /// none at all).
    JustChecked,
}

impl PutEvent {
    pub(crate) fn prepare(resource: &Url, precondition: Precondition<'_>, text: String) -> Request {
        let mut request = bare_request("PUT", resource);
        *request.body_mut() = text.into_bytes();
        let headers = request.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
        precondition.apply(headers);
        request
    }

    /// The strong etag of what was written; `None` where the server tells none, which also means that it
    /// changed the text.
    pub(crate) fn strong_version(response: &Response) -> Option<Version> {
        etag(response).filter(is_strong)
    }
}

impl Precondition<'_> {
    pub(super) fn apply(self, headers: &mut http::HeaderMap) {
        match self {
            Self::Absent => {
                headers.insert(IF_NONE_MATCH, HeaderValue::from_static("*"));
            }
            Self::Unchanged(_) if planted(Bug::CaldavForgetsIfMatch) => {}
            Self::Unchanged(version) => {
                // An etag came in a header or as XML text without line breaks; one that cannot be sent
                // back matches nothing.
                let value = HeaderValue::from_str(version.as_str())
                    .unwrap_or_else(|_| HeaderValue::from_static("\"unsendable\""));
                headers.insert(IF_MATCH, value);
            }
            Self::JustChecked => {}
        }
    }
}

/// True for an etag that may stand in `If-Match` (RFC 9110, section 13.1.1).
pub(crate) fn is_strong(version: &Version) -> bool {
    let text = version.as_str();
    text.len() >= 2 && text.starts_with('"') && text.ends_with('"')
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, url};
    use super::*;

    fn headers(precondition: Precondition<'_>) -> (Option<String>, Option<String>) {
        let request = PutEvent::prepare(&url("https://example.org/cal/x.ics"), precondition, String::new());
        let header = |name| request.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
        (header(IF_NONE_MATCH), header(IF_MATCH))
    }

    #[test]
    fn a_star_stands_in_if_none_match_only() {
        assert_eq!(headers(Precondition::Absent), (Some("*".to_owned()), None));
        let version = Version::new("\"1\"");
        assert_eq!(headers(Precondition::Unchanged(&version)), (None, Some("\"1\"".to_owned())));
        assert_eq!(headers(Precondition::JustChecked), (None, None));
    }

    #[test]
    fn only_a_strong_etag_counts_after_a_write() {
        let with = |etag: &str| {
            let mut response = answer(201, "");
            response.headers_mut().insert("etag", etag.parse().unwrap());
            PutEvent::strong_version(&response)
        };
        assert_eq!(with("\"1\""), Some(Version::new("\"1\"")));
        assert_eq!(with("W/\"1\""), None);
        assert_eq!(with("1"), None);
        assert_eq!(PutEvent::strong_version(&answer(201, "")), None);
    }
}
