//! The simulated Google Calendar, asked through its router.

mod batch;
mod calendars;
mod events;
mod faults;
mod invitations;
mod lists;
mod push;
mod quota;
mod roles;
mod series;
mod sign_in;
mod tokens;
mod world_files;

use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::{DateTime, TimeZone as _, Utc};
use http::{HeaderMap, Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::*;
use crate::web::{Cut, SimClock};

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";
const TOKEN: &str = "ada-token";
const BOBS_TOKEN: &str = "bob-token";

/// A simulator with Ada and Bob, on a clock that stands at noon of 2 March 2026, UTC.
struct Api {
    sim: GoogleSim,
    router: Router,
}

/// An answer.
#[derive(Debug)]
struct Got {
    status: u16,
    headers: HeaderMap,
    body: Value,
    text: String,
    cut: bool,
}

impl Got {
    /// The machine-readable reason of an error.
    fn reason(&self) -> &str {
        self.body["error"]["errors"][0]["reason"].as_str().unwrap_or_default()
    }

    fn domain(&self) -> &str {
        self.body["error"]["errors"][0]["domain"].as_str().unwrap_or_default()
    }

    fn text_of(&self, name: &str) -> &str {
        self.body[name].as_str().unwrap_or_default()
    }

    fn items(&self) -> &[Value] {
        self.body["items"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// One field of every row.
    fn column(&self, name: &str) -> Vec<String> {
        self.items().iter().map(|row| row[name].as_str().unwrap_or_default().to_owned()).collect()
    }
}

fn at(day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, day, hour, 0, 0).unwrap()
}

impl Api {
    fn new() -> Self {
        let options = GoogleOptions { clock: SimClock::fixed(at(2, 12)), ..GoogleOptions::default() };
        let sim = GoogleSim::new(options).unwrap();
        sim.add_user(ADA, "Europe/Berlin").unwrap();
        sim.add_user(BOB, "UTC").unwrap();
        sim.accept_token(TOKEN, ADA);
        sim.accept_token(BOBS_TOKEN, BOB);
        let router = sim.router();
        Self { sim, router }
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Got {
            status: parts.status.as_u16(),
            cut: parts.extensions.get::<Cut>().is_some(),
            headers: parts.headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    async fn ask_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Got {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("/calendar/v3/{path}"))
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        self.send(request.body(body).unwrap()).await
    }

    async fn get(&self, path: &str) -> Got {
        self.ask_as(TOKEN, "GET", path, &[], None).await
    }

    async fn post(&self, path: &str, body: Value) -> Got {
        self.ask_as(TOKEN, "POST", path, &[], Some(body)).await
    }

    async fn patch(&self, path: &str, body: Value) -> Got {
        self.ask_as(TOKEN, "PATCH", path, &[], Some(body)).await
    }

    async fn put(&self, path: &str, body: Value) -> Got {
        self.ask_as(TOKEN, "PUT", path, &[], Some(body)).await
    }

    async fn delete(&self, path: &str) -> Got {
        self.ask_as(TOKEN, "DELETE", path, &[], None).await
    }

    /// Inserts an event of an hour into Ada's primary calendar and returns its id.
    async fn hour(&self, id: &str, day: u32, hour: u32) -> String {
        let got = self.post("calendars/primary/events", with_id(id, timed(day, hour))).await;
        assert_eq!(got.status, 200, "{}", got.text);
        got.text_of("id").to_owned()
    }

    /// Follows a list to its end and returns all rows and the sync token.
    async fn all(&self, query: &str) -> (Vec<Value>, String) {
        let (mut rows, mut page) = (Vec::new(), String::new());
        loop {
            let got = self.get(&format!("calendars/primary/events?{query}{page}")).await;
            assert_eq!(got.status, 200, "{}", got.text);
            rows.extend(got.items().iter().cloned());
            match got.body["nextPageToken"].as_str() {
                Some(token) => {
                    assert!(got.body.get("nextSyncToken").is_none(), "a sync token before the last page");
                    page = format!("&pageToken={token}");
                }
                None => return (rows, got.text_of("nextSyncToken").to_owned()),
            }
        }
    }
}

/// An hour in March 2026, in UTC, without reminders.
fn timed(day: u32, hour: u32) -> Value {
    json!({
        "start": { "dateTime": at(day, hour).to_rfc3339() },
        "end": { "dateTime": at(day, hour + 1).to_rfc3339() },
        "reminders": { "useDefault": false },
    })
}

/// A series of hours in Berlin, at nine, from a day in March 2026.
fn series(day: u32, rule: &str) -> Value {
    json!({
        "start": { "dateTime": format!("2026-03-{day:02}T09:00:00"), "timeZone": "Europe/Berlin" },
        "end": { "dateTime": format!("2026-03-{day:02}T10:00:00"), "timeZone": "Europe/Berlin" },
        "recurrence": [format!("RRULE:{rule}")],
        "reminders": { "useDefault": false },
    })
}

fn with_id(id: &str, mut body: Value) -> Value {
    body["id"] = json!(id);
    body
}

fn with(mut body: Value, name: &str, value: Value) -> Value {
    body[name] = value;
    body
}

fn ids(rows: &[Value]) -> Vec<&str> {
    let mut ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap_or_default()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn unknown_paths_and_parameters_are_refused() {
    let api = Api::new();
    assert_eq!(api.get("nothing").await.status, 404);
    let got = api.get("calendars/primary/events?sortOrder=x").await;
    assert_eq!((got.status, got.reason()), (400, "badRequest"));
    api.sim.switch(|switches| switches.strict_query = false);
    assert_eq!(api.get("calendars/primary/events?sortOrder=x").await.status, 200);
    let outside = Request::builder().uri("/elsewhere").body(Body::empty()).unwrap();
    assert_eq!(api.send(outside).await.status, 404);
}

#[tokio::test]
async fn fields_select_parts_of_an_answer() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    let got = api.get("calendars/primary/events?fields=items(id,status),nextSyncToken").await;
    assert_eq!(got.items(), [json!({ "id": "event1", "status": "confirmed" })]);
    assert_eq!(got.body.as_object().unwrap().len(), 2);
    assert_eq!(api.get("calendars/primary/events?fields=items(").await.reason(), "invalidParameter");
}

#[tokio::test]
async fn the_clock_the_switches_and_the_ledger_are_reached_over_http() {
    let api = Api::new();
    let control = |method: &str, path: &str, body: Value| {
        Request::builder()
            .method(method)
            .uri(path)
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap()
    };
    api.send(control("POST", "/__clock", json!({ "advance_s": 60 }))).await;
    let clock = api.send(control("GET", "/__clock", Value::Null)).await;
    assert_eq!(clock.body["now"], "2026-03-02T12:01:00Z");
    let set = json!({ "token_window": "kept", "quota": { "user_per_minute": 7 } });
    assert_eq!(api.send(control("POST", "/__switches", set)).await.status, 200);
    let switches = api.sim.switches();
    assert_eq!((switches.token_window, switches.quota.user_per_minute), (TokenWindow::Kept, 7));
    assert_eq!(switches.quota.project_per_minute, 10_000);
    let wrong = api.send(control("POST", "/__switches", json!({ "token_windows": "kept" }))).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    api.hour("event1", 3, 9).await;
    let ledger = api.send(control("GET", "/__ledger", Value::Null)).await.body;
    assert_eq!(ledger["writes"][0]["kind"], "event_created");
    assert_eq!(ledger["writes"][0]["event"], "event1");
    assert_eq!(ledger["notifications"], json!([]));
}

#[tokio::test]
async fn traffic_is_recorded_on_demand_and_without_the_token() {
    let api = Api::new();
    api.get("calendars/primary").await;
    api.sim.ledger().record_traffic(true);
    api.hour("event1", 3, 9).await;
    let (traffic, dropped) = api.sim.ledger().traffic();
    assert_eq!((traffic.len(), dropped), (1, 0));
    let exchange = &traffic[0];
    assert_eq!((exchange.method.as_str(), exchange.status), ("POST", 200));
    assert_eq!(exchange.path, "/calendar/v3/calendars/primary/events");
    assert!(exchange.request_body.contains("event1") && exchange.response_body.contains("event1"));
    assert!(!format!("{exchange:?}").contains(TOKEN));
}
