//! A scripted Google for tests: it gives prepared answers in order and keeps what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use starmesh_core::ids::{EventId, LastingName};
use starmesh_core::mirror::{IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, Window};
use starmesh_http::{HttpError, Request, Response, Transport};
use starmesh_provider::env::{Clock, Entropy};

use crate::client::{GoogleClient, GoogleNetwork};
use crate::endpoints::Endpoints;
use crate::privacy::Privacy;

/// Makes an answer to whatever is asked.
type Answer = Box<dyn FnOnce(&Request) -> Result<Response, HttpError> + Send>;

#[derive(Clone, Default)]
pub(crate) struct Script {
    answers: Arc<Mutex<VecDeque<Answer>>>,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Script {
    pub(crate) fn json(self, status: u16, body: Value) -> Self {
        self.with(move |_| Ok(response(status, body.to_string())))
    }

    pub(crate) fn empty(self, status: u16) -> Self {
        self.with(move |_| Ok(response(status, String::new())))
    }

    pub(crate) fn text(self, status: u16, body: &'static str) -> Self {
        self.with(move |_| Ok(response(status, body.to_owned())))
    }

    pub(crate) fn answering(self, response: Response) -> Self {
        self.with(move |_| Ok(response))
    }

    pub(crate) fn failing(self, error: HttpError) -> Self {
        self.with(move |_| Err(error))
    }

    /// Answers a batch: each part with the status and body that `parts` has for it, in order; a part
    /// beyond them, or with status 0, gets no answer.
    pub(crate) fn batch(self, parts: Vec<(u16, Value)>) -> Self {
        self.with(move |request| {
            let text = String::from_utf8(request.body().clone()).unwrap();
            let ids = text.lines().filter_map(|line| line.strip_prefix("Content-ID: <")?.strip_suffix('>'));
            // Backwards, as a server may.
            let parts: Vec<(&str, (u16, Value))> = ids.zip(parts).collect();
            let answered = parts.into_iter().rev().filter(|(_, (status, _))| *status != 0);
            let mut body: String =
                answered.map(|(id, (status, part))| part_text(id, status, &part)).collect();
            body.push_str("--b1--\r\n");
            let mut response = response(200, body);
            response.headers_mut().insert("content-type", "multipart/mixed; boundary=b1".parse().unwrap());
            Ok(response)
        })
    }

    fn with(self, answer: impl FnOnce(&Request) -> Result<Response, HttpError> + Send + 'static) -> Self {
        self.answers.lock().unwrap().push_back(Box::new(answer));
        self
    }

    /// An account that owns [`calendar`], and knows it.
    pub(crate) fn client(&self) -> GoogleClient {
        let client = self.fresh_client();
        client.privacies.learn(&calendar(), "owner");
        client
    }

    /// An account that was told nothing yet.
    pub(crate) fn fresh_client(&self) -> GoogleClient {
        let network = GoogleNetwork {
            http: Arc::new(self.clone()),
            clock: Arc::new(Noon),
            entropy: Arc::new(Counted::default()),
        };
        GoogleClient::new(&network, Endpoints::default())
    }

    /// Method and target of every request; those of the parts of a batch stand for it, after `BATCH`.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked = Vec::new();
        for request in &*self.requests.lock().unwrap() {
            let target = request.uri().path_and_query().unwrap().to_string();
            if target.starts_with("/batch/") {
                asked.push("BATCH".to_owned());
                let body = String::from_utf8(request.body().clone()).unwrap();
                let is_target = |line: &&str| {
                    ["GET /", "PUT /", "POST /", "DELETE /"].iter().any(|start| line.starts_with(start))
                };
                asked.extend(body.lines().filter(is_target).map(str::to_owned));
            } else {
                asked.push(format!("{} {target}", request.method()));
            }
        }
        asked
    }

    /// The JSON bodies of all requests that have one.
    pub(crate) fn bodies(&self) -> Vec<Value> {
        let requests = self.requests.lock().unwrap();
        requests.iter().filter_map(|request| serde_json::from_slice(request.body()).ok()).collect()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let answer = self.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or_else(|| panic!("no answer to {} {}", request.method(), request.uri()));
        let answer = answer(&request);
        self.requests.lock().unwrap().push(request);
        answer
    }
}

/// It is always noon.
struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        noon()
    }
}

/// Numbers that never repeat.
#[derive(Default)]
struct Counted(Mutex<u64>);

impl Entropy for Counted {
    fn fill(&self, bytes: &mut [u8]) {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        for (byte, value) in bytes.iter_mut().zip(count.to_be_bytes().iter().rev().cycle()) {
            *byte = *value;
        }
    }
}

pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-23T12:00:00Z".parse().unwrap()
}

pub(crate) fn window() -> Window {
    Window::around(noon(), Window::DAYS_DEFAULT)
}

pub(crate) fn calendar() -> LastingName {
    LastingName::new("ada@example.org")
}

/// A mirror of one hour.
pub(crate) fn mirror() -> MirrorSpec {
    let time = EventTime::Timed {
        start: "2026-12-01T10:00:00Z".parse().unwrap(),
        end: "2026-12-01T11:00:00Z".parse().unwrap(),
    };
    mirror_of(
        "event",
        MirrorBody { time, availability: MirrorAvailability::Busy, label: Label::default(), color: None },
    )
}

pub(crate) fn mirror_of(event: &str, body: MirrorBody) -> MirrorSpec {
    let keys = IdentityKey::new([7; 32]);
    let source = LastingName::new("source@example.org");
    let key = keys.mirror_key(&calendar(), &source, &EventId::new(event), &OriginalStart::single());
    MirrorSpec::new(&keys, &calendar(), &source, key, Incarnation::default(), body)
}

/// A mirror as Google tells it in full.
pub(crate) fn stored(mirror: &MirrorSpec, etag: &str) -> Value {
    let mut row = crate::print::print_new_mirror(mirror, Privacy::Private);
    row["etag"] = etag.into();
    row["iCalUID"] = format!("{}@google.com", mirror.provider_id()).into();
    row
}

/// The same as a listing tells it, without what was not asked for.
pub(crate) fn listed(mirror: &MirrorSpec, etag: &str) -> Value {
    let mut row = stored(mirror, etag);
    for field in ["summary", "visibility", "reminders"] {
        row.as_object_mut().unwrap().remove(field);
    }
    row
}

pub(crate) fn error(reason: &str) -> Value {
    json!({"error": {"errors": [{"domain": "x", "reason": reason, "message": "A private matter"}]}})
}

fn part_text(id: &str, status: u16, part: &Value) -> String {
    let part = if part.is_null() { String::new() } else { part.to_string() };
    format!(
        "--b1\r\nContent-Type: application/http\r\nContent-ID: <response-{id}>\r\n\r\nHTTP/1.1 {status} X\r\n\
         Content-Type: application/json\r\n\r\n{part}\r\n"
    )
}

fn response(status: u16, body: String) -> Response {
    http::Response::builder().status(status).body(body.into_bytes()).unwrap()
}
