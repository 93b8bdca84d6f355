//! A scripted server for the tests of this crate.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::{Value, json};
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use starmesh_core::mirror::{
    IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorRecord, MirrorSpec, PlacedMirror,
};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, Window};
use starmesh_http::{HttpError, Request, Response, Transport};
use starmesh_provider::env::{Clock, Entropy};
use url::Url;

use crate::client::{BUDGET, GraphClient, GraphNetwork};
use crate::mailbox::{Endpoints, Mailbox};
use crate::place::lasting_name;

/// The API of the scripted server.
pub(crate) const API: &str = "https://graph.example.org/v1.0";

/// A Tuesday.
pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 3, 8, 0, 0).unwrap()
}

pub(crate) fn window() -> Window {
    Window::around(now(), Window::DAYS_DEFAULT)
}

/// A clock that stands still, and dice that always fall the same.
pub(crate) struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        now()
    }
}

impl Entropy for Still {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// Answers in order, and keeps what it was asked.
#[derive(Default)]
pub(crate) struct Script {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Asked>>,
}

/// A request as the server saw it.
#[derive(Clone)]
pub(crate) struct Asked {
    /// `METHOD /path?query` below the API, decoded.
    pub(crate) line: String,
    pub(crate) prefer: String,
    pub(crate) if_match: Option<String>,
    pub(crate) body: Value,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let header = |name: &str| request.headers().get(name).map(|it| it.to_str().unwrap().to_owned());
        let uri = request.uri().to_string();
        let path = uri.strip_prefix(API).unwrap_or(&uri);
        let path = percent_encoding::percent_decode_str(path).decode_utf8().unwrap();
        let asked = Asked {
            line: format!("{} {path}", request.method()),
            prefer: header("prefer").unwrap_or_default(),
            if_match: header("if-match"),
            body: serde_json::from_slice(request.body()).unwrap_or(Value::Null),
        };
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
        let answer = self.answers.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        answer.ok_or_else(|| HttpError::Request("the script is at its end".to_owned()))
    }
}

impl Script {
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The request lines without their queries.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |asked: Asked| asked.line.split('?').next().unwrap_or_default().to_owned();
        self.asked().into_iter().map(line).collect()
    }

    /// True when every answer was taken.
    pub(crate) fn is_over(&self) -> bool {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}

/// A client of the person's own mailbox whose server gives these answers.
pub(crate) fn client(answers: impl IntoIterator<Item = Response>) -> (GraphClient, Arc<Script>) {
    client_of(Mailbox::Me, answers)
}

pub(crate) fn client_of(
    mailbox: Mailbox,
    answers: impl IntoIterator<Item = Response>,
) -> (GraphClient, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
    let network = GraphNetwork {
        http: Arc::clone(&script) as Arc<dyn Transport>,
        clock: Arc::new(Still),
        entropy: Arc::new(Still),
        budget: BUDGET,
    };
    (GraphClient::new(&network, Endpoints::at(Url::parse(API).unwrap()), mailbox), script)
}

pub(crate) fn calendar() -> LastingName {
    lasting_name("u", "C=")
}

pub(crate) fn json_answer(status: u16, body: &Value) -> Response {
    http::Response::builder().status(status).body(body.to_string().into_bytes()).unwrap()
}

pub(crate) fn ok(body: &Value) -> Response {
    json_answer(200, body)
}

pub(crate) fn empty(status: u16) -> Response {
    http::Response::builder().status(status).body(Vec::new()).unwrap()
}

pub(crate) fn refused(status: u16, code: &str) -> Response {
    json_answer(status, &json!({"error": {"code": code, "message": "words", "innerError": {}}}))
}

pub(crate) fn waiting(mut response: Response, seconds: &str) -> Response {
    response.headers_mut().insert("retry-after", seconds.parse().unwrap());
    response
}

/// The details of a calendar of one's own.
pub(crate) fn own_calendar() -> Response {
    ok(&json!({"id": "C=", "canEdit": true, "canShare": true, "canViewPrivateItems": true}))
}

/// A page with a link to the next, to the next round, or to nothing.
pub(crate) fn page(rows: &Value, next: Next) -> Response {
    let mut body = json!({ "value": rows });
    match next {
        Next::Page(link) => body["@odata.nextLink"] = json!(format!("{API}/{link}")),
        Next::Round(link) => body["@odata.deltaLink"] = json!(format!("{API}/{link}")),
        Next::Nothing => {}
    }
    ok(&body)
}

/// What follows a page.
#[derive(Clone, Copy)]
pub(crate) enum Next<'a> {
    Page(&'a str),
    Round(&'a str),
    Nothing,
}

/// A batch's answer: each part with its status and body.
pub(crate) fn parts(parts: &[(usize, u16, Value)]) -> Response {
    let responses: Vec<Value> = parts
        .iter()
        .map(
            |(id, status, body)| json!({"id": id.to_string(), "status": status, "headers": {}, "body": body}),
        )
        .collect();
    ok(&json!({ "responses": responses }))
}

/// A single event as a round or a view shows it.
pub(crate) fn row(id: &str, version: u32) -> Value {
    json!({
        "id": id, "@odata.etag": format!("W/\"{version}\""), "type": "singleInstance", "iCalUId": format!("uid-{id}"),
        "start": {"dateTime": "2026-11-05T09:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-05T10:00:00.0000000", "timeZone": "UTC"},
        "isAllDay": false, "showAs": "busy", "sensitivity": "normal", "isCancelled": false, "isOrganizer": true,
        "isReminderOn": true, "attendees": [], "responseStatus": {"response": "organizer"},
    })
}

/// `row` with some fields changed.
pub(crate) fn with(mut row: Value, fields: &Value) -> Value {
    for (name, value) in fields.as_object().unwrap() {
        row[name] = value.clone();
    }
    row
}

fn keys() -> IdentityKey {
    IdentityKey::new([42; 32])
}

/// The mirror of `event`, an hour on the day of [`now`].
pub(crate) fn mirror(event: &str) -> MirrorSpec {
    let start = now() + TimeDelta::hours(1);
    let body = MirrorBody {
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        availability: MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    let source = LastingName::new("u/S");
    let single = OriginalStart(String::new());
    let key = keys().mirror_key(&calendar(), &source, &EventId::new(event), &single);
    MirrorSpec::new(&keys(), &calendar(), &source, key, Incarnation::default(), body)
}

/// `mirror` as it stands at `id` in `version`.
pub(crate) fn placed(mirror: &MirrorSpec, id: &str, version: Option<&str>) -> PlacedMirror {
    let record = MirrorRecord {
        key: mirror.mark().key,
        incarnation: mirror.mark().incarnation,
        link: LinkId::new(CalendarId::new("source"), CalendarId::new("target")),
        event: EventId::new("event"),
        original_start: OriginalStart(String::new()),
        meeting: keys().meeting(&ICalUid::new("event")),
        remote_id: RemoteId::new(id),
        version: version.map(Version::new),
        time: mirror.body().time,
        fingerprint: mirror.body().fingerprint(&keys()),
        color: mirror.body().color,
        dismissed: false,
    };
    record.placed()
}

/// `mirror` as the service shows it.
pub(crate) fn mirror_row(mirror: &MirrorSpec, id: &str, version: u32) -> Value {
    with(
        row(id, version),
        &json!({
            "transactionId": mirror.provider_id().as_str(), "subject": mirror.body().label.as_str(),
            "sensitivity": "private", "isReminderOn": false, "bodyPreview": "",
            "start": {"dateTime": "2026-11-03T09:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-11-03T10:00:00.0000000", "timeZone": "UTC"},
            "singleValueExtendedProperties": [
                {"id": crate::wire::MARK_PROPERTY, "value": mirror.mark().to_string()},
            ],
        }),
    )
}
