//! The door of the API: who asks, may they ask so much, and what goes wrong with it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, Method, StatusCode, header};
use serde_json::{Value, json};

use super::api::route;
use super::batch;
use super::call::{Call, Payload, Query};
use super::faults::{Fault, expired};
use super::push::requests::{self, Step};
use super::refusal::{Refusal, Trace};
use super::sign_in::scope_name;
use super::world::access::Caller;
use super::world::ids::guid;
use super::world::{MailboxNo, World};
use crate::web::auth::AuthServer;
use crate::web::{Hooks, Ledger, Reply, ReplyBody, hold};

/// What the fixed bearer token permits.
const EVERY_SCOPE: [&str; 5] = [
    "calendars.readwrite",
    "calendars.readwrite.shared",
    "mailboxsettings.readwrite",
    "user.read",
    "user.readbasic.all",
];

/// The door. Clones share everything.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) world: Arc<Mutex<World>>,
    pub(crate) auth: AuthServer,
    pub(crate) hooks: Hooks,
    pub(crate) ledger: Ledger,
}

/// A request as it came in.
pub(crate) struct Incoming {
    pub(crate) method: Method,
    /// Scheme and authority, without a slash at the end.
    pub(crate) base: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A request that was let in; dropped when it is done, however it ends.
struct Permit {
    world: Arc<Mutex<World>>,
    app: String,
    mailbox: MailboxNo,
}

impl Drop for Permit {
    fn drop(&mut self) {
        hold(&self.world).leave(&self.app, self.mailbox);
    }
}

impl Gate {
    /// How often each fault was met, and each switch made a difference, sign-in included.
    pub(crate) fn met(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = hold(&self.world).met();
        counts.extend(self.auth.met());
        counts
    }

    /// Answers a request to the API.
    pub(crate) async fn answer(&self, incoming: Incoming) -> Reply {
        let Some(segments) = Call::segments(&incoming.path) else {
            let refusal = Refusal::bad("BadRequest", "Invalid version.");
            return refusal.reply(&self.trace(&incoming.headers));
        };
        let caller = match self.caller(&incoming.headers) {
            Ok(caller) => caller,
            Err(refusal) => return refusal.reply(&self.trace(&incoming.headers)),
        };
        let body = if incoming.body.is_empty() {
            Payload::Missing
        } else {
            serde_json::from_slice(&incoming.body).map_or(Payload::Unreadable, Payload::Json)
        };
        let call = Call {
            method: incoming.method,
            base: incoming.base,
            path: incoming.path,
            segments,
            query: Query::parse(&incoming.query),
            headers: incoming.headers,
            body,
            body_len: incoming.body.len(),
            caller,
        };
        if call.segments.len() == 1 && call.segments[0] == "$batch" {
            return self.batch(&call).await;
        }
        self.single(&call).await
    }

    async fn batch(&self, call: &Call) -> Reply {
        let fault = hold(&self.world).fault(call.method.as_str(), &call.path);
        if let Some(reply) = fault.as_ref().and_then(|fault| self.instead(call, fault)) {
            return reply;
        }
        let reply = match batch::answer(self, call).await {
            Ok(reply) => self.dressed(call, reply),
            Err(refusal) => self.refused(call, refusal),
        };
        self.after(reply, fault.as_ref())
    }

    /// Answers a request that came alone, or a part of a batch.
    pub(crate) async fn single(&self, call: &Call) -> Reply {
        let permit = match self.enter(call) {
            Ok(permit) => permit,
            Err(refusal) => return self.refused(call, refusal),
        };
        self.work().await;
        let target = format!("{}?{}", call.path, call.query.text());
        let fault = hold(&self.world).fault(call.method.as_str(), &target);
        if let Some(reply) = fault.as_ref().and_then(|fault| self.instead(call, fault)) {
            return reply;
        }
        let result = if call.segments.first().is_some_and(|first| first == "subscriptions") {
            self.subscriptions(call).await
        } else {
            route::answer(&mut hold(&self.world), call)
        };
        drop(permit);
        let reply = match result {
            Ok(reply) => self.dressed(call, reply),
            Err(refusal) => self.refused(call, refusal),
        };
        self.after(reply, fault.as_ref())
    }

    /// What a fault leaves of an answer; it counts only where that is not all.
    fn after(&self, reply: Reply, fault: Option<&Fault>) -> Reply {
        let Some(fault) = fault else { return reply };
        let left = spoilt(reply.clone(), fault);
        if left != reply {
            hold(&self.world).meet(fault.name());
        }
        left
    }

    /// An error, as this service words it.
    pub(crate) fn refused(&self, call: &Call, refusal: Refusal) -> Reply {
        let trace = self.trace(&call.headers);
        if trace.inner_error_lowercase {
            hold(&self.world).meet("inner_error_lowercase");
        }
        let reply = refusal.reply(&trace);
        traced(reply, &trace)
    }

    async fn subscriptions(&self, call: &Call) -> Result<Reply, Refusal> {
        let step = requests::begin(&mut hold(&self.world), call)?;
        match step {
            Step::Done(reply) => Ok(reply),
            Step::Handshake(prepared) => {
                requests::shake(&self.hooks, &prepared).await?;
                requests::finish(&mut hold(&self.world), call, *prepared)
            }
        }
    }

    /// Counts a request against the mailbox it is for; what is for no mailbox has no budget.
    fn enter(&self, call: &Call) -> Result<Option<Permit>, Refusal> {
        let mut world = hold(&self.world);
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let Ok((mailbox, _)) = route::mailbox_of(&world, call, &segments) else { return Ok(None) };
        world.enter(&call.caller.app, mailbox, call.body_len)?;
        Ok(Some(Permit { world: Arc::clone(&self.world), app: call.caller.app.clone(), mailbox }))
    }

    /// The time a request takes. Even the shortest lets others begin, so that too many at once meet.
    async fn work(&self) {
        let millis = hold(&self.world).switches.service_ms;
        if millis == 0 {
            tokio::task::yield_now().await;
        } else {
            hold(&self.world).meet("service_ms");
            tokio::time::sleep(Duration::from_millis(u64::from(millis))).await;
        }
    }

    /// What a fault answers without anything done; `None` for one that spoils the real answer.
    fn instead(&self, call: &Call, fault: &Fault) -> Option<Reply> {
        let harmless = *fault == Fault::Conflict && call.method == Method::GET;
        let reply = if harmless { None } else { self.answer_of(call, fault) };
        if reply.is_some() {
            hold(&self.world).meet(fault.name());
        }
        reply
    }

    fn answer_of(&self, call: &Call, fault: &Fault) -> Option<Reply> {
        if let Some(refusal) = fault.refusal() {
            return Some(self.refused(call, refusal));
        }
        let status = |status: u16| StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        match fault {
            Fault::Html { status: number } => Some(Reply::text(
                status(*number),
                "text/html; charset=utf-8",
                "<html><head><title>Error</title></head><body><h1>Our services aren't available right now</h1></body></html>"
                    .into(),
            )),
            Fault::Empty { status: number } => Some(Reply::empty(status(*number))),
            Fault::Cut => Some(Reply::cut()),
            _ => None,
        }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let bearer = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let bearer = bearer.and_then(|value| {
            let (scheme, token) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        let Some(bearer) = bearer else {
            return Err(Refusal::new(
                StatusCode::UNAUTHORIZED,
                "InvalidAuthenticationToken",
                "Access token is empty.",
            ));
        };
        let access = self.auth.access_of(bearer).ok_or_else(expired)?;
        let mailbox = hold(&self.world).mailbox_named(&access.user.0).ok_or_else(expired)?;
        let scopes = match &access.scopes {
            Some(scopes) => scopes.iter().map(|scope| scope_name(scope)).collect(),
            None => EVERY_SCOPE.iter().map(ToString::to_string).collect(),
        };
        Ok(Caller { mailbox, app: access.client, scopes })
    }

    fn trace(&self, headers: &HeaderMap) -> Trace {
        let mut world = hold(&self.world);
        let number = world.next();
        let request_id = guid("request", number);
        let own = headers.get("client-request-id").and_then(|value| value.to_str().ok());
        Trace {
            at: world.now(),
            client_request_id: own.unwrap_or(&request_id).to_owned(),
            request_id,
            inner_error_lowercase: world.switches.inner_error_lowercase,
        }
    }

    fn dressed(&self, call: &Call, reply: Reply) -> Reply {
        let reply = traced(reply, &self.trace(&call.headers));
        match call.prefer() {
            Ok(prefer) if !prefer.applied.is_empty() => {
                reply.with_header(HeaderName::from_static("preference-applied"), &prefer.applied.join(", "))
            }
            _ => reply,
        }
    }
}

/// The headers that every answer has.
fn traced(reply: Reply, trace: &Trace) -> Reply {
    reply
        .with_header(header::DATE, &http_date(trace.at))
        .with_header(HeaderName::from_static("request-id"), &trace.request_id)
        .with_header(HeaderName::from_static("client-request-id"), &trace.client_request_id)
        .with_header(
            HeaderName::from_static("x-ms-ags-diagnostic"),
            "{\"ServerInfo\":{\"DataCenter\":\"Simulated\",\"Slice\":\"E\",\"Ring\":\"1\"}}",
        )
}

fn http_date(at: DateTime<Utc>) -> String {
    at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// What a fault makes of an answer after everything was done.
fn spoilt(mut reply: Reply, fault: &Fault) -> Reply {
    match fault {
        Fault::LostAnswer => return Reply::cut(),
        Fault::LateAnswer => return Reply::empty(StatusCode::GATEWAY_TIMEOUT),
        _ => {}
    }
    let ReplyBody::Json(body) = &mut reply.body else { return reply };
    match fault {
        Fault::TruncatedBody => {
            let mut text = body.to_string();
            let half = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at));
            text.truncate(half.unwrap_or(0));
            reply.body = ReplyBody::Text("application/json", text);
        }
        Fault::MissingLinks => {
            if let Some(body) = body.as_object_mut() {
                body.remove("@odata.nextLink");
                body.remove("@odata.deltaLink");
            }
        }
        Fault::MissingRows => {
            if let Some(rows) = body.get_mut("value").and_then(Value::as_array_mut) {
                rows.truncate(rows.len() / 2);
            }
            if let Some(count) = body.get_mut("@odata.count") {
                *count = json!(0);
            }
        }
        _ => {}
    }
    reply
}
