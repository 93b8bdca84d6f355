//! A request before it is sent, alone or inside a batch, and its answer.

use std::time::Duration;

use http::{HeaderMap, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use starmesh_core::ids::Version;
use starmesh_core::planted::{Bug, planted};
use url::Url;

/// What every request prefers: ids that outlive a move, times in UTC, text without markup. The server
/// forgets it between the pages of one listing, so it goes with each of them.
const PREFER: &str = "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"text\"";

/// Stays as it is in a path segment (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Stays as it is in a query value: what `OData`'s own syntax needs, too.
const QUERY: &AsciiSet =
    &SEGMENT.remove(b'$').remove(b'(').remove(b')').remove(b',').remove(b'\'').remove(b'=');

/// One request.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    pub(crate) target: Target,
    /// How many rows a page should have, where that can only be preferred.
    pub(crate) page_size: Option<u32>,
    /// The precondition of a write.
    pub(crate) if_match: Option<Version>,
    pub(crate) body: Option<Value>,
}

/// Where a call goes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A path below the API's root, with its query.
    Path(String),
    /// A link that the server gave.
    Link(Url),
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Target(..)")
    }
}

impl Call {
    pub(crate) fn get(path: String) -> Self {
        Self::new(Method::GET, Target::Path(path))
    }

    /// The page that a link leads to.
    pub(crate) fn follow(link: Url) -> Self {
        Self::new(Method::GET, Target::Link(link))
    }

    pub(crate) fn post(path: String, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::POST, Target::Path(path)) }
    }

    pub(crate) fn patch(path: String, body: Value) -> Self {
        Self { body: Some(body), ..Self::new(Method::PATCH, Target::Path(path)) }
    }

    pub(crate) fn delete(path: String) -> Self {
        Self::new(Method::DELETE, Target::Path(path))
    }

    fn new(method: Method, target: Target) -> Self {
        Self { method, target, page_size: None, if_match: None, body: None }
    }

    /// The same for pages of `rows`.
    pub(crate) fn paged(self, rows: u32) -> Self {
        Self { page_size: Some(rows), ..self }
    }

    /// The same, if the item is still in `version`.
    pub(crate) fn unchanged(self, version: Option<&Version>) -> Self {
        Self { if_match: version.filter(|_| !planted(Bug::GraphForgetsIfMatch)).cloned(), ..self }
    }

    /// The headers, by their names in lower case.
    pub(crate) fn headers(&self) -> Vec<(&'static str, String)> {
        let prefer = match self.page_size {
            Some(rows) => format!("{PREFER}, odata.maxpagesize={rows}"),
            None => PREFER.to_owned(),
        };
        let mut headers = vec![("prefer", prefer)];
        if self.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if let Some(version) = &self.if_match {
            headers.push(("if-match", version.as_str().to_owned()));
        }
        headers
    }
}

/// An answer, whole.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// How long the server asks us to wait.
    pub(crate) retry_after: Option<Duration>,
    /// The service's own name of the request, by which its support finds it again.
    pub(crate) request_id: Option<String>,
    /// The body as text; empty where there is none.
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The body as JSON; `None` when it is something else.
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

/// The name that the service gives a request, if it looks like one: it goes to the log.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    const LEN_MAX: usize = 64;
    let id = headers.get("request-id")?.to_str().ok()?;
    let is_name = (1..=LEN_MAX).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    is_name.then(|| id.to_owned())
}

/// `text` as one segment of a path.
pub(crate) fn encode_segment(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

/// `?name=value&…`.
pub(crate) fn query<'a>(parameters: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let mut text = String::new();
    for (name, value) in parameters {
        text.push(if text.is_empty() { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.extend(utf8_percent_encode(&value, QUERY));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_asks_for_lasting_ids_and_utc() {
        let headers = Call::get("/me".to_owned()).paged(50).headers();
        assert_eq!(
            headers,
            [(
                "prefer",
                "IdType=\"ImmutableId\", outlook.timezone=\"UTC\", outlook.body-content-type=\"text\", \
                 odata.maxpagesize=50"
                    .to_owned()
            )]
        );
    }

    #[test]
    fn a_request_id_is_a_name_and_no_sentence() {
        let told = |id: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("request-id", id.parse().unwrap());
            request_id(&headers)
        };
        let guid = "a2c1b7f0-3c0e-4d7e-9d52-0d2a0f6f3a11";
        assert_eq!(told(guid).as_deref(), Some(guid));
        assert_eq!((told("Lunch with Ada"), told(""), told(&"a".repeat(65))), (None, None, None));
        assert_eq!(request_id(&HeaderMap::new()), None);
    }

    #[test]
    fn a_space_is_never_a_plus() {
        let text = query([("$filter", "a eq 'b+c'".to_owned()), ("x", "2026-11-03T00:00:00Z".to_owned())]);
        assert_eq!(text, "?$filter=a%20eq%20'b%2Bc'&x=2026-11-03T00%3A00%3A00Z");
    }
}
