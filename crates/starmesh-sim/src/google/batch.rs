//! Several requests in one (`multipart/mixed` of `application/http`).

use std::collections::BTreeSet;
use std::fmt::Write as _;

use axum::body::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, header};

use super::call::Call;
use super::problem::Problem;
use super::route::Operation;
use super::switches::Switches;
use crate::dice::Dice;
use crate::web::{Met, Reply, ReplyBody};

/// One part of a batch.
pub(super) struct Part {
    /// `Content-ID`, with its angle brackets.
    content_id: Option<String>,
    /// The request, or why it cannot be understood.
    pub(super) call: Result<Call, Problem>,
}

/// Splits a batch. Headers of the batch apply to each part; a part's own win.
pub(super) fn parts(batch: &Call, switches: &Switches, met: &Met) -> Result<Vec<Part>, Problem> {
    let malformed = || Problem::bad_request("Failed to parse batch request.");
    let content_type = batch.header(header::CONTENT_TYPE).ok_or_else(malformed)?;
    let boundary = boundary(content_type).ok_or_else(malformed)?;
    let text = String::from_utf8(batch.body.to_vec()).map_err(|_| malformed())?.replace("\r\n", "\n");
    let (body, _) = text.split_once(&format!("--{boundary}--")).ok_or_else(malformed)?;
    let parts: Vec<_> = body.split(&format!("--{boundary}\n")).skip(1).map(|it| part(it, batch)).collect();
    if parts.is_empty() {
        return Err(malformed());
    }
    if parts.len() > switches.batch_max {
        met.meet("batch_max");
        let message = format!("The batch has more than {} calls.", switches.batch_max);
        return Err(Problem::bad_request(&message));
    }
    Ok(parts)
}

fn boundary(content_type: &str) -> Option<String> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    let named = parameters.split(';').find_map(|it| it.trim().strip_prefix("boundary="))?;
    Some(named.trim_matches('"').to_owned())
}

fn part(text: &str, batch: &Call) -> Part {
    let (head, request) = text.split_once("\n\n").unwrap_or((text, ""));
    let content_id = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-id").then(|| value.trim().to_owned())
    });
    let call = request_of(request, batch).ok_or_else(|| Problem::bad_request("Failed to parse batch part."));
    Part { content_id, call }
}

fn request_of(text: &str, batch: &Call) -> Option<Call> {
    let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end_matches('\n'), ""));
    let mut lines = head.lines();
    let mut words = lines.next()?.split_ascii_whitespace();
    let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
    let uri: Uri = words.next()?.parse().ok()?;
    if uri.host().is_some() {
        return None;
    }
    let mut headers = HeaderMap::new();
    let inherited = batch.headers.iter().filter(|(name, _)| {
        !name.as_str().starts_with("content-") && !matches!(name.as_str(), "host" | "transfer-encoding")
    });
    headers.extend(inherited.map(|(name, value)| (name.clone(), value.clone())));
    for line in lines {
        let (name, value) = line.split_once(':')?;
        let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        headers.insert(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    let body = body.strip_suffix('\n').unwrap_or(body);
    Some(Call::new(method, &uri, headers, Bytes::copy_from_slice(body.as_bytes())))
}

/// The parts that clash with an earlier one of the same batch.
pub(super) fn clashing(parts: &[Part]) -> BTreeSet<usize> {
    let mut written = BTreeSet::new();
    let target = |part: &Part| {
        let operation = Operation::of(part.call.as_ref().ok()?)?;
        operation.written().map(|(calendar, event)| (calendar.to_owned(), event.to_owned()))
    };
    let clashes = |(at, part): (usize, &Part)| {
        let target = target(part)?;
        (!written.insert(target)).then_some(at)
    };
    parts.iter().enumerate().filter_map(clashes).collect()
}

/// The order in which parts are run and answered.
pub(super) fn order(count: usize, switches: &Switches, dice: &mut Dice) -> Vec<usize> {
    let mut order: Vec<_> = (0..count).collect();
    if switches.batch_shuffled {
        dice.shuffle(&mut order);
    }
    order
}

/// The answer of a whole batch.
pub(super) fn answer(replies: &[(&Part, Reply)], boundary: &str) -> Reply {
    let mut text = String::new();
    for (part, reply) in replies {
        let body = match &reply.body {
            ReplyBody::Json(body) => body.to_string(),
            ReplyBody::Text(_, body) => body.clone(),
            ReplyBody::Empty | ReplyBody::Cut => String::new(),
        };
        text.push_str("--");
        text.push_str(boundary);
        text.push_str("\r\nContent-Type: application/http\r\n");
        if let Some(id) = &part.content_id {
            let id = id.strip_prefix('<').unwrap_or(id);
            // Writing to a string cannot fail.
            let _ = write!(text, "Content-ID: <response-{id}\r\n");
        }
        let reason = reply.status.canonical_reason().unwrap_or("Unknown");
        let _ = write!(text, "\r\nHTTP/1.1 {} {reason}\r\n", reply.status.as_u16());
        for (name, value) in &reply.headers {
            let _ = write!(text, "{}: {}\r\n", name, String::from_utf8_lossy(value.as_bytes()));
        }
        let content_type = match &reply.body {
            ReplyBody::Json(_) => Some("application/json; charset=UTF-8"),
            ReplyBody::Text(content_type, _) => Some(*content_type),
            ReplyBody::Empty | ReplyBody::Cut => None,
        };
        if let Some(content_type) = content_type {
            let _ = write!(text, "Content-Type: {content_type}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{body}\r\n", body.len());
    }
    let _ = write!(text, "--{boundary}--\r\n");
    let content_type = format!("multipart/mixed; boundary={boundary}");
    Reply::text(StatusCode::OK, "", text).with_header(header::CONTENT_TYPE, &content_type)
}
