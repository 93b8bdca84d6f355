//! `$batch`: several requests in one, each answered, counted and throttled on its own.
//!
//! Source: <https://learn.microsoft.com/en-us/graph/json-batching>.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::{Map, Value, json};

use super::call::{Call, Payload, Query};
use super::gate::Gate;
use super::refusal::Refusal;
use crate::web::{Exchange, Reply, ReplyBody, hold};

/// The most requests in one batch.
const PARTS_MAX: usize = 20;
/// How many of them are sent to a mailbox at once.
const PARALLEL: usize = 4;

/// One request of a batch.
struct Part {
    id: String,
    call: Call,
    after: Vec<String>,
    /// The body as it was, for the record.
    text: String,
}

/// Answers all parts, in any order, and gives their answers in any order.
pub(crate) async fn answer(gate: &Gate, call: &Call) -> Result<Reply, Refusal> {
    if call.method != Method::POST {
        return Err(Refusal::method());
    }
    let (all_at_once, absolute) = {
        let world = hold(&gate.world);
        (world.switches.batch_all_at_once, world.switches.batch_absolute_urls)
    };
    if names_itself(call) {
        let met = if absolute { "batch_absolute_urls.taken" } else { "batch_absolute_urls.refused" };
        hold(&gate.world).meet(met);
    }
    let mut waiting = parts(call, absolute)?;
    let mut done: BTreeMap<String, StatusCode> = BTreeMap::new();
    let mut responses = Vec::new();
    while !waiting.is_empty() {
        let (ready, rest): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|part| part.after.iter().all(|id| done.contains_key(id)));
        waiting = rest;
        let wave = if all_at_once { ready.len().max(1) } else { PARALLEL };
        if wave > PARALLEL {
            hold(&gate.world).meet("batch_all_at_once");
        }
        for parts in ready.chunks(wave) {
            let answers = join_all(parts.iter().enumerate().map(|(place, part)| {
                let failed =
                    part.after.iter().any(|id| done.get(id).is_some_and(|status| !status.is_success()));
                let crowded = place >= PARALLEL && part.call.method != Method::GET;
                answer_part(gate, part, failed, crowded)
            }));
            for (part, reply) in parts.iter().zip(answers.await) {
                done.insert(part.id.to_lowercase(), reply.status);
                responses.push(response(&part.id, reply));
            }
        }
    }
    hold(&gate.world).dice.shuffle(&mut responses);
    Ok(Reply::json(StatusCode::OK, json!({"responses": responses})))
}

async fn answer_part(gate: &Gate, part: &Part, failed: bool, crowded: bool) -> Reply {
    let reply = if failed {
        let refusal = Refusal::new(
            StatusCode::FAILED_DEPENDENCY,
            "FailedDependency",
            "The request could not be performed because a request it depends on failed.",
        );
        gate.refused(&part.call, refusal)
    } else if crowded {
        let refusal = hold(&gate.world).concurrent();
        gate.refused(&part.call, refusal)
    } else {
        gate.single(&part.call).await
    };
    let reply = match reply.body {
        // A part whose connection is cut is a part that timed out.
        ReplyBody::Cut => Reply::empty(StatusCode::GATEWAY_TIMEOUT),
        _ => reply,
    };
    if gate.ledger.records_traffic() {
        gate.ledger.exchange(exchange(gate, part, &reply));
    }
    reply
}

fn exchange(gate: &Gate, part: &Part, reply: &Reply) -> Exchange {
    let text = |name: &HeaderName, value: &HeaderValue| {
        (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let shown = |headers: &HeaderMap| {
        let named = headers.iter().filter(|(name, _)| *name != header::AUTHORIZATION);
        named.map(|(name, value)| text(name, value)).collect()
    };
    Exchange {
        at: hold(&gate.world).now(),
        provider: super::world::state::PROVIDER,
        in_batch: true,
        method: part.call.method.to_string(),
        path: part.call.path.clone(),
        query: Some(part.call.query.text()).filter(|query| !query.is_empty()),
        request_headers: shown(&part.call.headers),
        request_body: part.text.clone(),
        status: reply.status.as_u16(),
        response_headers: reply.headers.iter().map(|(name, value)| text(name, value)).collect(),
        response_body: match &reply.body {
            ReplyBody::Json(body) => body.to_string(),
            ReplyBody::Text(_, body) => body.clone(),
            ReplyBody::Empty | ReplyBody::Cut => String::new(),
        },
    }
}

/// True when a part's URL names the service or the version of the API.
fn names_itself(call: &Call) -> bool {
    let requests = call.object().ok().and_then(|body| body.get("requests")?.as_array());
    let mut urls = requests.into_iter().flatten().filter_map(|request| request["url"].as_str());
    urls.any(|url| url.starts_with(&call.base) || url.starts_with("/v1.0"))
}

/// The requests of a batch; anything wrong with one of them is wrong with the batch.
fn parts(call: &Call, absolute: bool) -> Result<Vec<Part>, Refusal> {
    let malformed = |message: &str| Refusal::bad("BadRequest", message);
    let requests = call.object()?.get("requests").and_then(Value::as_array);
    let requests = requests.ok_or_else(|| malformed("Invalid batch payload format."))?;
    if requests.is_empty() || requests.len() > PARTS_MAX {
        return Err(malformed("Number of batch request steps exceeds the maximum value of 20."));
    }
    let mut ids = BTreeSet::new();
    let mut parts: Vec<Part> = Vec::new();
    for request in requests {
        let part = part(call, request, absolute)?;
        if !ids.insert(part.id.to_lowercase()) {
            return Err(malformed("The ids of the requests of a batch have to differ."));
        }
        // A part may only wait for one before it, so that none waits for itself.
        if part.after.iter().any(|id| !ids.contains(id) || *id == part.id.to_lowercase()) {
            return Err(malformed("A request of a batch depends on one that is not before it."));
        }
        parts.push(part);
    }
    Ok(parts)
}

fn part(call: &Call, request: &Value, absolute: bool) -> Result<Part, Refusal> {
    let malformed = |message: &str| Refusal::bad("BadRequest", message);
    let text = |name: &str| request[name].as_str();
    let id = text("id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| malformed("A request of a batch has no id."))?;
    let url = text("url").map(|url| {
        let own = url.strip_prefix(&call.base).unwrap_or(url);
        own.strip_prefix("/v1.0").filter(|_| absolute).unwrap_or(url)
    });
    let url = url.filter(|url| !url.starts_with("http"));
    let url = url.ok_or_else(|| malformed("The URL of a request of a batch has to be relative."))?;
    let method = text("method").and_then(|method| Method::from_bytes(method.to_uppercase().as_bytes()).ok());
    let method = method.ok_or_else(|| malformed("A request of a batch has no method."))?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = format!("/v1.0/{}", path.trim_start_matches('/'));
    let segments = Call::segments(&path).unwrap_or_default();
    if segments.first().is_some_and(|first| first == "$batch") {
        return Err(malformed("Batches cannot be nested."));
    }
    let headers = headers(&request["headers"])?;
    let body = match &request["body"] {
        Value::Null => Payload::Missing,
        body if headers.contains_key(header::CONTENT_TYPE) => Payload::Json(body.clone()),
        _ => return Err(malformed("A request of a batch with a body needs a Content-Type header.")),
    };
    let text = if body == Payload::Missing { String::new() } else { request["body"].to_string() };
    let after = match &request["dependsOn"] {
        Value::Null => Vec::new(),
        Value::Array(ids) => ids.iter().filter_map(Value::as_str).map(str::to_lowercase).collect(),
        _ => return Err(malformed("Invalid batch payload format.")),
    };
    Ok(Part {
        id: id.into(),
        call: Call {
            method,
            base: call.base.clone(),
            path,
            segments,
            query: Query::parse(query),
            headers,
            body,
            body_len: text.len(),
            caller: call.caller.clone(),
        },
        after,
        text,
    })
}

fn headers(value: &Value) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = HeaderName::from_bytes(name.to_lowercase().as_bytes());
        let value = HeaderValue::from_str(value.as_str().unwrap_or_default());
        let (Ok(name), Ok(value)) = (name, value) else {
            return Err(Refusal::bad("BadRequest", "A header of a request of a batch is invalid."));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

fn response(id: &str, reply: Reply) -> Value {
    let mut headers = Map::new();
    for (name, value) in &reply.headers {
        headers.insert(name.to_string(), json!(String::from_utf8_lossy(value.as_bytes())));
    }
    let mut response = json!({"id": id, "status": reply.status.as_u16()});
    match reply.body {
        ReplyBody::Json(body) => {
            headers.insert("Content-Type".into(), json!("application/json"));
            response["body"] = body;
        }
        ReplyBody::Text(kind, text) => {
            headers.insert("Content-Type".into(), json!(kind));
            response["body"] = json!(text);
        }
        ReplyBody::Empty | ReplyBody::Cut => {}
    }
    response["headers"] = Value::Object(headers);
    response
}
