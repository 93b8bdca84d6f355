//! A request, taken apart: what a handler sees of it, whether it came alone or in a batch.

use http::{HeaderMap, Method};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::api::prefer::Prefer;
use super::refusal::Refusal;
use super::world::access::Caller;

/// A request behind the version part of its path.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: Method,
    /// Scheme and authority by which the client reached us: links in answers start with it.
    pub(crate) base: String,
    /// The path as it was sent, `/v1.0` included.
    pub(crate) path: String,
    /// Its parts behind `/v1.0`, decoded; `name('key')` is two of them.
    pub(crate) segments: Vec<String>,
    pub(crate) query: Query,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Payload,
    /// The body's length, in bytes.
    pub(crate) body_len: usize,
    pub(crate) caller: Caller,
}

/// Names in paths. The service reads them in any case, unlike ids.
const NAMES: [&str; 25] = [
    "me",
    "users",
    "calendar",
    "calendars",
    "calendarGroups",
    "calendarPermissions",
    "calendarView",
    "events",
    "delta",
    "instances",
    "extensions",
    "mailboxSettings",
    "outlook",
    "translateExchangeIds",
    "subscriptions",
    "reauthorize",
    "permanentDelete",
    "accept",
    "decline",
    "tentativelyAccept",
    "cancel",
    "forward",
    "timeZone",
    "$batch",
    "supportedTimeZones",
];

/// The body of a request.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Payload {
    Missing,
    Json(Value),
    /// Something that is no JSON.
    Unreadable,
}

/// A query, decoded. `+` is a plus and no space, as the query language has it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(text: &str) -> Self {
        let pairs = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(name), decode(value))
        });
        Self(pairs.collect())
    }

    /// A parameter by name, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The query as text again.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect::<Vec<_>>().join("&")
    }

    /// The query as text again, with one parameter set anew.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let mut pairs: Vec<_> =
            self.0.iter().filter(|(other, _)| !other.eq_ignore_ascii_case(name)).cloned().collect();
        pairs.push((name.into(), value.into()));
        Self(pairs).text()
    }
}

impl Call {
    /// The parts of a path behind `/v1.0`; `None` for a path that does not start with it.
    pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
        let mut parts = path.split('/').filter(|part| !part.is_empty());
        if !parts.next()?.eq_ignore_ascii_case("v1.0") {
            return None;
        }
        let mut segments = Vec::new();
        for part in parts {
            let part = decode(part);
            let name = NAMES.iter().find(|name| name.eq_ignore_ascii_case(&part));
            let part = name.map_or(part, ToString::to_string);
            let key = part.strip_suffix("')").and_then(|part| part.split_once("('"));
            match key.filter(|(name, _)| !name.contains('.')) {
                Some((name, key)) if name.chars().all(|c| c.is_ascii_alphabetic()) => {
                    segments.extend([name.to_owned(), key.to_owned()]);
                }
                _ => segments.push(part),
            }
        }
        Some(segments)
    }

    /// The body, which has to be a JSON object.
    pub(crate) fn object(&self) -> Result<&Map<String, Value>, Refusal> {
        match &self.body {
            Payload::Json(Value::Object(object)) => Ok(object),
            Payload::Missing => Err(Refusal::bad("BadRequest", "Empty Payload. JSON content expected.")),
            Payload::Json(_) | Payload::Unreadable => {
                Err(Refusal::bad("BadRequest", "Unable to read JSON request payload."))
            }
        }
    }

    /// What the request prefers.
    pub(crate) fn prefer(&self) -> Result<Prefer, Refusal> {
        Prefer::read(&self.headers)
    }

    /// A link to the same path with another query.
    pub(crate) fn link(&self, query: &str) -> String {
        format!("{}{}?{query}", self.base, self.path)
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

fn decode(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_taken_apart_and_decoded() {
        let segments = |path| Call::segments(path).unwrap();
        assert_eq!(segments("/v1.0/me/calendars/a%3D%2F/events"), ["me", "calendars", "a=/", "events"]);
        assert_eq!(segments("/v1.0/users('a@b')/calendar"), ["users", "a@b", "calendar"]);
        assert_eq!(segments("/v1.0/ME/calendarview/delta"), ["me", "calendarView", "delta"]);
        assert_eq!(Call::segments("/beta/me"), None);
    }

    #[test]
    fn a_plus_in_a_query_is_no_space() {
        let query = Query::parse("$filter=a+b%20c&$top=5");
        assert_eq!(query.get("$FILTER"), Some("a+b c"));
        assert_eq!(query.with("$top", "7"), "$filter=a%2Bb%20c&$top=7");
    }
}
