//! Several calls in one exchange (JSON batching).
//!
//! The parts of a batch are answered in any order, each with a status of its own, and the status of the
//! whole says nothing about them.

use chrono::{DateTime, Utc};
use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use starmesh_http::retry_after;

use crate::call::{Answer, Call, Target, request_id};

/// The most parts that one batch takes.
pub(crate) const PARTS_MAX: usize = 20;

/// The batch that carries `calls`, which go by their positions. A call that follows a link cannot be part
/// of one.
pub(crate) fn compose<'a>(calls: impl IntoIterator<Item = (usize, &'a Call)>) -> Call {
    let requests: Vec<Value> = calls.into_iter().map(|(position, call)| part(position, call)).collect();
    Call::post("/$batch".to_owned(), json!({ "requests": requests }))
}

/// The answers of a batch by the positions of their calls; `None` when it is no answer to a batch. A part
/// that was not answered is simply not there.
pub(crate) fn parse(answer: &Answer, now: DateTime<Utc>) -> Option<Vec<(usize, Answer)>> {
    let Responses { responses } = answer.json()?;
    let read = |response: Response| {
        let position = response.id.parse().ok()?;
        let headers = header_map(response.headers.as_ref());
        let part = Answer {
            status: response.status,
            retry_after: retry_after(&headers, now),
            request_id: request_id(&headers),
            body: body_of(response.body),
        };
        Some((position, part))
    };
    Some(responses.into_iter().filter_map(read).collect())
}

fn part(position: usize, call: &Call) -> Value {
    let headers: Map<String, Value> =
        call.headers().into_iter().map(|(name, value)| (part_header(name), Value::String(value))).collect();
    let url = match &call.target {
        Target::Path(path) => path.as_str(),
        Target::Link(link) => link.as_str(),
    };
    let mut part = json!({
        "id": position.to_string(),
        "method": call.method.as_str(),
        "url": url,
        "headers": headers,
    });
    if let (Some(body), Some(fields)) = (&call.body, part.as_object_mut()) {
        fields.insert("body".to_owned(), body.clone());
    }
    part
}

/// Header names inside a batch are keys of an object, where some readers mind their case.
fn part_header(name: &str) -> String {
    name.split('-')
        .map(|word| match word.split_at_checked(1) {
            Some((first, rest)) => format!("{}{rest}", first.to_ascii_uppercase()),
            None => String::new(),
        })
        .collect::<Vec<_>>()
        .join("-")
}

#[derive(Deserialize)]
struct Responses {
    responses: Vec<Response>,
}

#[derive(Deserialize)]
struct Response {
    id: String,
    status: u16,
    #[serde(default)]
    headers: Option<Map<String, Value>>,
    #[serde(default)]
    body: Option<Value>,
}

fn header_map(headers: Option<&Map<String, Value>>) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in headers.into_iter().flatten() {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        if let (Ok(name), Ok(value)) = (http::HeaderName::try_from(name), text.parse()) {
            map.insert(name, value);
        }
    }
    map
}

fn body_of(body: Option<Value>) -> Vec<u8> {
    match body {
        None | Some(Value::Null) => Vec::new(),
        // A body that is no JSON comes as text.
        Some(Value::String(text)) => text.into_bytes(),
        Some(body) => body.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use starmesh_core::ids::Version;

    use super::*;

    #[test]
    fn parts_carry_their_own_headers_and_relative_paths() {
        let get = Call::get("/me/calendars/a".to_owned());
        let version = Version::new("W/\"1\"");
        let patch = Call::patch("/me/events/b".to_owned(), json!({"x": 1})).unchanged(Some(&version));
        let call = compose([(0, &get), (3, &patch)]);
        let body = call.body.unwrap();
        assert_eq!(body["requests"][0]["id"], "0");
        assert_eq!(body["requests"][0]["url"], "/me/calendars/a");
        assert!(body["requests"][0].get("body").is_none());
        assert!(body["requests"][0]["headers"]["Prefer"].as_str().unwrap().contains("ImmutableId"));
        assert_eq!(body["requests"][1]["id"], "3");
        assert_eq!(body["requests"][1]["method"], "PATCH");
        assert_eq!(body["requests"][1]["headers"]["If-Match"], "W/\"1\"");
        assert_eq!(body["requests"][1]["headers"]["Content-Type"], "application/json");
        assert_eq!(body["requests"][1]["body"], json!({"x": 1}));
    }

    #[test]
    fn answers_in_any_order_keep_their_status_and_delay() {
        let text = r#"{"responses":[
            {"id":"1","status":429,"headers":{"Retry-After":"7","request-id":"r-1"},"body":{"error":{"code":"x"}}},
            {"id":"0","status":204},
            {"id":"2","status":429,"headers":{"retry-after":2.5}},
            {"id":"3","status":502,"body":"<html>"}]}"#;
        let whole =
            Answer { status: 200, retry_after: None, request_id: None, body: text.as_bytes().to_vec() };
        let parts = parse(&whole, DateTime::UNIX_EPOCH).unwrap();
        let told: Vec<_> = parts
            .iter()
            .map(|(at, part)| (*at, part.status, part.retry_after.map(|d| d.as_secs())))
            .collect();
        assert_eq!(told, [(1, 429, Some(7)), (0, 204, None), (2, 429, Some(3)), (3, 502, None)]);
        assert!(parts[1].1.body.is_empty());
        assert_eq!((parts[0].1.request_id.as_deref(), parts[1].1.request_id.as_deref()), (Some("r-1"), None));
        assert_eq!(parts[3].1.body, b"<html>");
        assert_eq!(Duration::from_secs(7), parts[0].1.retry_after.unwrap());
        let page = Answer { body: b"<html>".to_vec(), ..whole };
        assert!(parse(&page, DateTime::UNIX_EPOCH).is_none());
    }
}
