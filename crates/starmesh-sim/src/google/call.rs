//! A request to the API, and the context in which it is answered.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Method, header};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::calendar::{Calendar, Role, Stroke};
use super::event::Event;
use super::moment::known;
use super::problem::Problem;
use super::scope;
use super::switches::Switches;
use super::world::{World, resolve};
use crate::web::auth::{Access, Form};
use crate::web::{HookCall, Ledger, Notification, Reply, Write, WriteKind};

/// The name under which everything goes into the ledger.
pub(super) const PROVIDER: &str = "google";

/// One request, alone or a part of a batch.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query_text: Option<String>,
    pub(super) query: Form,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(method: Method, uri: &http::Uri, headers: HeaderMap, body: Bytes) -> Self {
        let query_text = uri.query().map(ToOwned::to_owned);
        let query = Form::parse(query_text.as_deref().unwrap_or_default().as_bytes());
        Self { method, path: uri.path().to_owned(), query_text, query, headers, body }
    }

    /// The path below `/calendar/v3`, in decoded segments; `None` elsewhere.
    pub(super) fn segments(&self) -> Option<Vec<String>> {
        let below = self.path.strip_prefix("/calendar/v3/")?;
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        Some(below.split('/').map(decoded).collect())
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        let header = self.header(header::AUTHORIZATION);
        header.and_then(|it| it.strip_prefix("Bearer ")).or_else(|| self.query.get("oauth_token"))
    }

    pub(super) fn header(&self, name: header::HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    pub(super) fn flag(&self, name: &str) -> Result<Option<bool>, Problem> {
        match self.query.get(name) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(other) => Err(Problem::invalid_parameter(name, other)),
        }
    }

    /// A number from 1 to `max`; a larger one is taken as `max`.
    pub(super) fn count(&self, name: &str, max: usize) -> Result<Option<usize>, Problem> {
        let Some(text) = self.query.get(name) else { return Ok(None) };
        match text.parse::<usize>() {
            Ok(number) if number > 0 => Ok(Some(number.min(max))),
            _ => Err(Problem::invalid_parameter(name, text)),
        }
    }

    /// A time with an offset; fractions are ignored.
    pub(super) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, Problem> {
        let Some(text) = self.query.get(name) else { return Ok(None) };
        let parsed = DateTime::parse_from_rfc3339(text);
        let parsed = parsed.map_err(|_| Problem::bad_request("Bad Request"))?;
        Ok(Some(super::moment::whole_second(parsed.to_utc())))
    }

    pub(super) fn zone(&self) -> Result<Option<&str>, Problem> {
        match self.query.get("timeZone") {
            Some(name) if known(name).is_none() => Err(Problem::invalid_parameter("timeZone", name)),
            zone => Ok(zone),
        }
    }

    /// The body as an object; an empty one is an empty object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Problem> {
        if self.body.is_empty() {
            return Ok(Map::new());
        }
        let invalid = || Problem::calendar(400, "parseError", "Parse Error");
        match serde_json::from_slice(&self.body).map_err(|_| invalid())? {
            Value::Object(object) => Ok(object),
            _ => Err(invalid()),
        }
    }
}

/// How a request is answered.
pub(super) type Answer = Result<Reply, Problem>;

/// One request in its context.
pub(super) struct Turn<'a> {
    pub(super) call: &'a Call,
    pub(super) access: &'a Access,
    pub(super) world: &'a mut World,
    pub(super) switches: &'a Switches,
    pub(super) ledger: &'a Ledger,
    pub(super) now: DateTime<Utc>,
    /// Web hooks to be sent once the request is done.
    pub(super) hooks: Vec<HookCall>,
    /// The one that must arrive before the answer.
    pub(super) hook_first: Option<HookCall>,
}

impl Turn<'_> {
    pub(super) fn me(&self) -> &str {
        &self.access.user.0
    }

    pub(super) fn stroke(&self) -> Stroke {
        Stroke { now: self.now, keep_before: self.switches.list_lag_ms > 0, actor: self.me().to_owned() }
    }

    /// The calendar that the request names, if the person has at least `role` there and the token any of
    /// `scopes`.
    pub(super) fn calendar(&self, name: &str, role: Role, need: scope::Need) -> Result<&Calendar, Problem> {
        let id = resolve(self.me(), name);
        let calendar = self.world.calendars.get(&id);
        let held = self.world.role(self.me(), &id);
        scope::check(self.access, need, calendar.zip(held))?;
        let (calendar, held) = calendar.zip(held).ok_or_else(Problem::not_found)?;
        if held < role {
            return Err(Problem::access_level(match role {
                Role::Owner => "owner",
                Role::Reader | Role::FreeBusyReader => "reader",
                Role::Writer | Role::WriterWithoutPrivateAccess => "writer",
            }));
        }
        Ok(calendar)
    }

    /// Notes a write that is none of an event in the ledger.
    pub(super) fn wrote(&self, calendar: &str, kind: WriteKind) {
        self.note(calendar, kind, (None, None), None);
    }

    /// Notes a write of an event, which was `before` and is `after`, in the ledger.
    pub(super) fn wrote_event(
        &self,
        calendar: &str,
        kind: WriteKind,
        before: Option<&Event>,
        after: Option<&Event>,
    ) {
        let event = after.or(before).map(|event| event.id.clone());
        let zone = self.world.calendars.get(calendar).map_or("UTC", |calendar| calendar.zone.as_str());
        let facts = |event: &Event| Value::Object(event.facts(zone));
        self.note(calendar, kind, (before.map(facts), after.map(facts)), event);
    }

    fn note(
        &self,
        calendar: &str,
        kind: WriteKind,
        (before, after): (Option<Value>, Option<Value>),
        event: Option<String>,
    ) {
        self.ledger.write(Write {
            at: self.now,
            provider: PROVIDER,
            mailbox: self.me().to_owned(),
            calendar: calendar.to_owned(),
            method: self.call.method.to_string(),
            event,
            kind,
            before,
            after,
        });
    }

    /// Notes something that would have reached a person.
    pub(super) fn would_notify(&self, to: &str, about: String) {
        let to = to.to_owned();
        self.ledger.notification(Notification { at: self.now, provider: PROVIDER, to, about });
    }

    /// Tells the channels that watch `calendar` that it changed.
    pub(super) fn touched(&mut self, calendar: &str) {
        let calls = self.world.changed(calendar, self.now, self.switches);
        self.hooks.extend(calls);
    }

    /// Tells the channels that watch a person's list of calendars.
    pub(super) fn touched_list(&mut self, person: &str) {
        let calls = self.world.list_changed(person, self.now, self.switches);
        self.hooks.extend(calls);
    }
}
