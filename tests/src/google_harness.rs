//! The Google adapter on the simulated service, as a harness of the conformance suite.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::{EventTime, Window};
use starmesh_google::{Endpoints, GoogleClient, GoogleNetwork};
use starmesh_http::{Budget, HttpOptions, Request, ReqwestTransport, Transport};
use starmesh_provider::conformance::{GUEST, Harness, Kept, PersonEvent};
use starmesh_provider::env::{Clock as _, SystemEntropy};
use starmesh_provider::{CalendarProvider, Cursor};
use starmesh_sim::google::{GoogleOptions, GoogleSim, Switches};
use starmesh_sim::web::Served;
use url::Url;

use crate::bearer::{Bearer, TOKEN};

/// The person whose account it is.
pub const ADA: &str = "ada@example.org";

/// So much that a test need not wait for it; a scene stays within what the service grants in a minute.
pub const BUDGET: Budget = Budget::per_second(NonZeroU32::new(1000).expect("not zero"));

/// A simulated service, the adapter on it, and a way around the adapter.
pub struct GoogleHarness {
    /// The service.
    pub sim: GoogleSim,
    /// The way around.
    pub around: Around,
    _served: Option<Served>,
    provider: Arc<GoogleClient>,
    calendars: AtomicUsize,
}

impl GoogleHarness {
    /// The adapter on a fresh service with these switches, behind a socket.
    pub async fn with(switches: Switches) -> Self {
        let sim = GoogleSim::new(GoogleOptions { switches, ..GoogleOptions::default() });
        let sim = sim.expect("it can be built");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let served = sim.start(address).await.expect("a free port can be had");
        let base = served.base_url().clone();
        let network = ReqwestTransport::new(&HttpOptions::default()).expect("the network can be used");
        Self::assemble(sim, Some(served), &base, Arc::new(network), BUDGET)
    }

    /// The adapter on `sim`, which `network` reaches without a socket, within `budget`.
    pub fn over(sim: GoogleSim, network: Arc<dyn Transport>, budget: Budget) -> Self {
        let base = Url::parse("https://www.googleapis.com/").expect("a constant address");
        Self::at(sim, &base, network, budget)
    }

    /// The adapter on `sim`, which `network` reaches at `base`.
    pub fn at(sim: GoogleSim, base: &Url, network: Arc<dyn Transport>, budget: Budget) -> Self {
        Self::assemble(sim, None, base, network, budget)
    }

    fn assemble(
        sim: GoogleSim,
        served: Option<Served>,
        base: &Url,
        network: Arc<dyn Transport>,
        budget: Budget,
    ) -> Self {
        sim.add_user(ADA, "Europe/Paris").expect("the zone is known");
        sim.accept_token(TOKEN, ADA);
        let http = Arc::new(Bearer { inner: network });
        let network = GoogleNetwork {
            http: Arc::clone(&http) as Arc<dyn Transport>,
            clock: Arc::new(sim.clock().clone()),
            entropy: Arc::new(SystemEntropy),
        };
        let at = |path: &str| base.join(path).expect("a path");
        let endpoints = Endpoints { api: at("calendar/v3"), batch: at("batch/calendar/v3") };
        let around = Around { http, api: endpoints.api.clone() };
        let provider = Arc::new(GoogleClient::with_budget(&network, endpoints, budget));
        Self { sim, around, _served: served, provider, calendars: AtomicUsize::new(0) }
    }

    /// The adapter itself.
    pub fn adapter(&self) -> &GoogleClient {
        &self.provider
    }
}

/// Plain requests of a person's own program.
pub struct Around {
    http: Arc<Bearer>,
    api: Url,
}

impl Around {
    /// Makes a request and gives status and body of the answer.
    pub async fn ask(
        &self,
        method: &str,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> (u16, Value) {
        let mut url = self.api.clone();
        url.path_segments_mut().expect("a web address").extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let mut request = Request::new(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
        *request.method_mut() = method.parse().expect("a method");
        *request.uri_mut() = url.as_str().parse().expect("an address");
        request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
        let response = self.http.send(request).await.expect("the simulator answers");
        let body = if response.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(response.body()).expect("the simulator answers in JSON")
        };
        (response.status().as_u16(), body)
    }

    /// The same for a request that must succeed.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn done(
        &self,
        method: &str,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Value {
        let (status, answer) = self.ask(method, path, query, body).await;
        assert!((200..300).contains(&status), "{method} {path:?}: {status} {answer}");
        answer
    }

    /// Every event of a calendar as it is stored, series as such.
    pub async fn events(&self, calendar: &str, query: &[(&str, &str)]) -> Vec<Value> {
        let mut events = Vec::new();
        let mut page: Option<String> = None;
        loop {
            let mut query = query.to_vec();
            query.extend(page.as_deref().map(|page| ("pageToken", page)));
            let answer = self.done("GET", &["calendars", calendar, "events"], &query, None).await;
            events.extend(answer["items"].as_array().cloned().unwrap_or_default());
            match answer["nextPageToken"].as_str() {
                Some(next) => page = Some(next.to_owned()),
                None => return events,
            }
        }
    }
}

#[async_trait]
impl Harness for GoogleHarness {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::clone(&self.provider) as Arc<dyn CalendarProvider>
    }

    fn now(&self) -> DateTime<Utc> {
        self.sim.clock().now()
    }

    async fn create_calendar(&self) -> LastingName {
        let number = self.calendars.fetch_add(1, Ordering::Relaxed);
        let body = json!({"summary": format!("Calendar {number}")});
        let calendar = self.around.done("POST", &["calendars"], &[], Some(&body)).await;
        LastingName::new(calendar["id"].as_str().expect("a calendar has an id"))
    }

    async fn delete_calendar(&self, calendar: &LastingName) {
        self.around.done("DELETE", &["calendars", calendar.as_str()], &[], None).await;
    }

    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let name = calendar.as_str();
        let known = self.around.events(name, &[("iCalUID", &event.uid)]).await;
        let mut body = json_of(event);
        let id = if let Some(id) = known.first().and_then(|event| event["id"].as_str()) {
            self.around.done("PUT", &["calendars", name, "events", id], &[], Some(&body)).await;
            id.to_owned()
        } else {
            body["iCalUID"] = json!(event.uid);
            let made = self.around.done("POST", &["calendars", name, "events"], &[], Some(&body)).await;
            made["id"].as_str().expect("an event has an id").to_owned()
        };
        RemoteId::new(id)
    }

    async fn invite(&self, calendar: &LastingName, id: &RemoteId) {
        let path = ["calendars", calendar.as_str(), "events", id.as_str()];
        let body = json!({"attendees": [{"email": GUEST}]});
        self.around.done("PATCH", &path, &[("sendUpdates", "none")], Some(&body)).await;
    }

    async fn delete_item(&self, calendar: &LastingName, id: &RemoteId) {
        self.around.done("DELETE", &["calendars", calendar.as_str(), "events", id.as_str()], &[], None).await;
    }

    async fn kept(&self, calendar: &LastingName) -> Kept {
        let events = self.around.events(calendar.as_str(), &[]).await;
        let kept: BTreeMap<_, _> = events
            .into_iter()
            .map(|event| {
                let id = RemoteId::new(event["id"].as_str().expect("an event has an id"));
                (id, event.to_string().into_bytes())
            })
            .collect();
        kept
    }

    async fn dead_cursor(&self, calendar: &LastingName) -> Cursor {
        let window = Window::around(self.now(), Window::DAYS_DEFAULT);
        let mut cursor: Option<Cursor> = None;
        loop {
            let page = self.provider.changes_since(calendar, cursor.as_ref(), &window).await;
            let page = page.expect("a calendar can be read");
            cursor = page.cursor;
            if !page.more {
                break;
            }
        }
        let Cursor(text) = cursor.expect("a read ends in a cursor");
        // All but the token stays, so that it is the service which has to tell.
        let parts: Vec<&str> = text.splitn(5, ':').take(4).collect();
        Cursor(format!("{}:CPjVu7rI9PcCEPjVu7rI9PcCGAU=", parts.join(":")))
    }

    async fn limit_pages(&self, _calendar: &LastingName, _changes: usize) {
        self.sim.switch(|switches| {
            switches.faults.short_page = 1_000;
            switches.faults.empty_page = 200;
        });
    }
}

/// A person's event in words, with all that must never cross a link.
fn json_of(event: &PersonEvent) -> Value {
    let (start, end) = match event.time {
        EventTime::Timed { start, end } => {
            let at = |time: DateTime<Utc>| json!({"dateTime": time.to_rfc3339_opts(SecondsFormat::Secs, true), "timeZone": "UTC"});
            (at(start), at(end))
        }
        EventTime::AllDay { start, end } => {
            (json!({"date": start.to_string()}), json!({"date": end.to_string()}))
        }
    };
    let mut body = json!({
        "summary": "A private matter",
        "description": "Nobody's business",
        "location": "Somewhere",
        "start": start,
        "end": end,
    });
    if let Some(rule) = &event.rule {
        body["recurrence"] = json!([format!("RRULE:{rule}")]);
    }
    if event.transparent {
        body["transparency"] = json!("transparent");
    }
    body
}
