//! A record of all traffic, for a later check against the official descriptions of the services.

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, StatusCode, header};
use serde::Serialize;
use starmesh_provider::env::Clock;

use super::clock::SimClock;
use super::ledger::Ledger;

/// How many exchanges are kept; beyond it the oldest go, counted.
pub const TRAFFIC_MAX: usize = 50_000;

/// The largest body that is taken in, in bytes.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024 * 1024;

/// One request with its answer.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Exchange {
    /// When the request came in.
    pub at: DateTime<Utc>,
    /// `google`, `microsoft` or `caldav`.
    pub provider: &'static str,
    /// True for a part of a batch; the batch itself has its own entry.
    pub in_batch: bool,
    /// HTTP method.
    pub method: String,
    /// Path as sent, percent-encoded.
    pub path: String,
    /// Query as sent, without the question mark.
    pub query: Option<String>,
    /// Headers of the request, Authorization left out.
    pub request_headers: Vec<(String, String)>,
    /// Body of the request, as text.
    pub request_body: String,
    /// Status of the answer; 0 where the connection was cut.
    pub status: u16,
    /// Headers of the answer.
    pub response_headers: Vec<(String, String)>,
    /// Body of the answer, as text.
    pub response_body: String,
}

impl Exchange {
    /// A part of a batch: method, path and query; headers and body; status and body of the answer.
    pub fn part(
        at: DateTime<Utc>,
        provider: &'static str,
        (method, path, query): (&Method, &str, Option<String>),
        (headers, body): (&HeaderMap, &Bytes),
        (status, response_body): (StatusCode, String),
    ) -> Self {
        Self {
            at,
            provider,
            in_batch: true,
            method: method.to_string(),
            path: path.to_owned(),
            query,
            request_headers: readable(headers),
            request_body: text(body),
            status: status.as_u16(),
            response_headers: Vec::new(),
            response_body,
        }
    }
}

/// What [`record_traffic`] needs; give it to `axum::middleware::from_fn_with_state`.
#[derive(Clone)]
pub struct Recorder {
    /// Where the record goes.
    pub ledger: Ledger,
    /// The time of the entries.
    pub clock: SimClock,
    /// `google`, `microsoft` or `caldav`.
    pub provider: &'static str,
}

/// A middleware that notes every exchange in the ledger while traffic is recorded; control routes (`/__`)
/// are no traffic.
pub async fn record_traffic(State(recorder): State<Recorder>, request: Request, next: Next) -> Response {
    if !recorder.ledger.records_traffic() || request.uri().path().starts_with("/__") {
        return next.run(request).await;
    }
    let at = recorder.clock.now();
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        let mut refused = Response::new(Body::empty());
        *refused.status_mut() = StatusCode::PAYLOAD_TOO_LARGE;
        return refused;
    };
    let mut exchange = Exchange {
        at,
        provider: recorder.provider,
        in_batch: false,
        method: parts.method.to_string(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().map(ToOwned::to_owned),
        request_headers: readable(&parts.headers),
        request_body: text(&body),
        status: 0,
        response_headers: Vec::new(),
        response_body: String::new(),
    };
    let (parts, body) = next.run(Request::from_parts(parts, Body::from(body))).await.into_parts();
    let body = to_bytes(body, BODY_BYTES_MAX).await.unwrap_or_default();
    if parts.extensions.get::<super::Cut>().is_none() {
        exchange.status = parts.status.as_u16();
        exchange.response_headers = readable(&parts.headers);
        exchange.response_body = text(&body);
    }
    recorder.ledger.exchange(exchange);
    Response::from_parts(parts, Body::from(body))
}

/// Headers as text, Authorization left out.
pub(crate) fn readable(headers: &HeaderMap) -> Vec<(String, String)> {
    headers
        .iter()
        .filter(|(name, _)| *name != header::AUTHORIZATION && *name != header::COOKIE)
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect()
}

fn text(body: &Bytes) -> String {
    String::from_utf8_lossy(body).into_owned()
}
