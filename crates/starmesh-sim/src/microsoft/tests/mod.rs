//! The behaviour that section "a faithful simulator must" of the facts asks for, over the router.

mod batch;
mod delta;
mod errors;
mod identity;
mod invitations;
mod lists;
mod push;
mod series;
mod sharing;
mod sign_in;
mod throttle;
mod writes;

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use chrono::{DateTime, Utc};
use http::{HeaderMap, Request};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use super::world::{CalendarNo, MailboxKind, MailboxNo};
use super::{MicrosoftOptions, MicrosoftSim, Switches};
use crate::web::control::changed;
use crate::web::{Cut, RouterCarrier, SimClock, hold};

/// An organisation with Ada, who has a fixed token, and Bob, and a web hook that keeps what it gets.
struct Api {
    sim: MicrosoftSim,
    router: Router,
    ada: MailboxNo,
    bob: MailboxNo,
    hook: Arc<Mutex<Hook>>,
}

/// What a web hook answers and what it got.
#[derive(Default)]
struct Hook {
    /// In place of 202.
    status: Option<u16>,
    /// In place of the token of a handshake.
    reply: Option<String>,
    /// How long it takes to answer.
    delay_s: u64,
    got: Vec<Value>,
    handshakes: usize,
}

/// An answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: HeaderMap,
    /// Null for what is no JSON.
    body: Value,
    text: String,
    cut: bool,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    fn rows(&self) -> &[Value] {
        self.body["value"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    fn id(&self) -> String {
        self.body["id"].as_str().unwrap().to_owned()
    }
}

impl Api {
    fn new() -> Self {
        Self::with(&json!({}))
    }

    /// With other switches than the usual ones.
    fn with(switches: &Value) -> Self {
        let hook = Arc::new(Mutex::new(Hook::default()));
        let options = MicrosoftOptions {
            seed: 7,
            clock: SimClock::fixed(at("2026-11-01T00:00:00Z")),
            switches: changed(&Switches::default(), switches).unwrap(),
            ..MicrosoftOptions::default()
        };
        let sim = MicrosoftSim::new(options).unwrap();
        sim.carry_hooks_by(Arc::new(RouterCarrier(receiver(&hook))));
        let ada = sim.add_user(MailboxKind::Work, "ada@contoso.test", "Ada");
        let bob = sim.add_user(MailboxKind::Work, "bob@contoso.test", "Bob");
        sim.accept_token("ada", "ada@contoso.test");
        sim.accept_token("bob", "bob@contoso.test");
        Self { router: sim.router(), sim, ada, bob, hook }
    }

    fn calendar(&self, mailbox: MailboxNo) -> CalendarNo {
        self.sim.with(|world| world.mailbox(mailbox).unwrap().default_calendar)
    }

    fn advance(&self, minutes: i64) {
        self.sim.clock().advance(chrono::TimeDelta::minutes(minutes));
    }

    fn switch(&self, switches: &Value) {
        self.sim.with(|world| world.switches = changed(&world.switches, switches).unwrap());
    }

    async fn send(
        &self,
        who: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let uri = if path.starts_with("http") {
            path.to_owned()
        } else if path.starts_with("/_") || path.contains("/oauth2/") {
            format!("http://graph.test{path}")
        } else {
            format!("http://graph.test/v1.0{path}")
        };
        let mut request = Request::builder().method(method).uri(uri);
        if !who.is_empty() {
            request = request.header("authorization", format!("Bearer {who}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_empty() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Answer {
            status: parts.status.as_u16(),
            cut: parts.extensions.get::<Cut>().is_some(),
            headers: parts.headers,
            body: serde_json::from_slice(&bytes).unwrap_or_default(),
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("ada", "GET", path, &[], "").await
    }

    async fn prefer(&self, path: &str, prefer: &str) -> Answer {
        self.send("ada", "GET", path, &[("prefer", prefer)], "").await
    }

    async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("ada", "POST", path, &[], &body.to_string()).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Answer {
        self.send("ada", "PATCH", path, &[], &body.to_string()).await
    }

    /// A request of Bob's, without a body for null.
    async fn as_bob(&self, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send("bob", method, path, &[], &body).await
    }

    async fn delete(&self, path: &str) -> Answer {
        self.send("ada", "DELETE", path, &[], "").await
    }
}

fn receiver(hook: &Arc<Mutex<Hook>>) -> Router {
    let hook = Arc::clone(hook);
    Router::new().fallback(move |request: Request<Body>| {
        let hook = Arc::clone(&hook);
        async move {
            let token = request.uri().query().and_then(|query| {
                let pairs = url::form_urlencoded::parse(query.as_bytes());
                pairs.into_owned().find(|(name, _)| name == "validationToken").map(|(_, value)| value)
            });
            let bytes = to_bytes(request.into_body(), usize::MAX).await.unwrap();
            let delay = std::time::Duration::from_secs(hold(&hook).delay_s);
            tokio::time::sleep(delay).await;
            let mut hook = hold(&hook);
            if let Some(token) = token {
                hook.handshakes += 1;
                let text = hook.reply.clone().unwrap_or(token);
                return (http::StatusCode::OK, [("content-type", "text/plain")], text);
            }
            hook.got.push(serde_json::from_slice(&bytes).unwrap());
            let status = http::StatusCode::from_u16(hook.status.unwrap_or(202)).unwrap();
            (status, [("content-type", "text/plain")], String::new())
        }
    })
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

/// A `dateTimeTimeZone` in UTC.
fn utc(time: &str) -> Value {
    json!({"dateTime": time, "timeZone": "UTC"})
}

/// A busy block on a day of November 2026, an hour from nine.
fn block(day: u32) -> Value {
    json!({
        "subject": "Busy",
        "start": utc(&format!("2026-11-{day:02}T09:00:00")),
        "end": utc(&format!("2026-11-{day:02}T10:00:00")),
        "isReminderOn": false,
        "showAs": "busy",
    })
}

/// A daily series of so many dates from a day of November 2026 on.
fn daily(day: u32, count: u32) -> Value {
    let mut body = block(day);
    body["recurrence"] = json!({
        "pattern": {"type": "daily", "interval": 1},
        "range": {"type": "numbered", "startDate": format!("2026-11-{day:02}"), "numberOfOccurrences": count},
    });
    body
}

/// An object with the members of another in place of its own.
fn also(mut body: Value, more: &Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        body[name.as_str()] = value.clone();
    }
    body
}

/// The view of November 2026.
const NOVEMBER: &str = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z";
