//! The Microsoft Graph adapter on the simulated service, as a harness of the conformance suite.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::{EventTime, Window};
use starmesh_graph::{BUDGET, Endpoints, GraphClient, GraphNetwork, Mailbox, lasting_name};
use starmesh_http::{Budget, HttpOptions, Request, ReqwestTransport, Transport};
use starmesh_provider::conformance::{GUEST, Harness, Kept, PersonEvent};
use starmesh_provider::env::{Clock as _, SystemEntropy};
use starmesh_provider::{CalendarProvider, Cursor};
use starmesh_sim::microsoft::world::{CalendarNo, IdForm, ItemNo, MailboxKind, MailboxNo};
use starmesh_sim::microsoft::{MicrosoftOptions, MicrosoftServed, MicrosoftSim, Switches};
use url::Url;

use crate::bearer::{Bearer, TOKEN};

/// The person whose account it is.
pub const ADA: &str = "ada@example.org";

/// A simulated service, the adapter on it, and a way around the adapter.
pub struct GraphHarness {
    /// The service.
    pub sim: MicrosoftSim,
    /// The person's mailbox in it.
    pub mailbox: MailboxNo,
    http: Arc<Bearer>,
    api: Url,
    _served: Option<MicrosoftServed>,
    provider: Arc<GraphClient>,
    calendars: AtomicUsize,
    events: Mutex<BTreeMap<(String, String), ItemNo>>,
}

impl GraphHarness {
    /// The adapter on a fresh service with these switches.
    pub async fn with(switches: Switches) -> Self {
        Self::start(MicrosoftOptions { switches, ..MicrosoftOptions::default() }).await
    }

    /// The adapter on a fresh service that begins so.
    pub async fn start(options: MicrosoftOptions) -> Self {
        let sim = MicrosoftSim::new(options).expect("it can be built");
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let served = sim.start(address).await.expect("a free port can be had");
        let api = served.base_url().join("v1.0").expect("a path");
        let network = ReqwestTransport::new(&HttpOptions::default()).expect("the network can be used");
        let harness = Self::over(sim, Arc::new(network), &api, BUDGET);
        Self { _served: Some(served), ..harness }
    }

    /// The adapter on a service that `inner` reaches at `api`.
    ///
    /// # Panics
    ///
    /// Never for a simulator with nobody in it.
    pub fn over(sim: MicrosoftSim, inner: Arc<dyn Transport>, api: &Url, budget: Budget) -> Self {
        let mailbox = sim.add_user(MailboxKind::Work, ADA, "Ada");
        sim.accept_token(TOKEN, ADA);
        let http = Arc::new(Bearer { inner });
        let provider = Arc::new(client(&sim, &http, api, Mailbox::Me, budget));
        Self {
            sim,
            mailbox,
            http,
            api: api.clone(),
            _served: None,
            provider,
            calendars: AtomicUsize::new(0),
            events: Mutex::default(),
        }
    }

    /// The adapter itself.
    pub fn adapter(&self) -> &GraphClient {
        &self.provider
    }

    /// Another adapter with the same person's token, as after a restart, or for another mailbox.
    pub fn client_of(&self, mailbox: Mailbox) -> GraphClient {
        client(&self.sim, &self.http, &self.api, mailbox, BUDGET)
    }

    /// Makes a request of a person's own program and gives status and body of the answer.
    pub async fn ask(&self, method: &str, path: &[&str], body: Option<&Value>) -> (u16, Value) {
        let mut url = self.api.clone();
        url.path_segments_mut().expect("a web address").extend(path);
        self.ask_url(method, &url, body).await
    }

    async fn ask_url(&self, method: &str, url: &Url, body: Option<&Value>) -> (u16, Value) {
        let mut request = Request::new(body.map(|body| body.to_string().into_bytes()).unwrap_or_default());
        *request.method_mut() = method.parse().expect("a method");
        *request.uri_mut() = url.as_str().parse().expect("an address");
        request.headers_mut().insert("content-type", "application/json".parse().expect("a header"));
        request.headers_mut().insert("prefer", "IdType=\"ImmutableId\"".parse().expect("a header"));
        let response = self.http.send(request).await.expect("the simulator answers");
        let status = response.status().as_u16();
        let body = if response.body().is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(response.body()).expect("the simulator answers in JSON")
        };
        (status, body)
    }

    /// The simulator's number of a calendar that this harness named.
    ///
    /// # Panics
    ///
    /// For any other calendar.
    pub fn number(&self, calendar: &LastingName) -> CalendarNo {
        let id = id_of(calendar);
        self.sim.with(|world| {
            let numbers: Vec<CalendarNo> = world.calendars_of(self.mailbox).map(|it| it.no).collect();
            numbers.into_iter().find(|no| world.calendar_id(*no) == id).expect("the calendar is there")
        })
    }

    /// The id of an item as the adapter sees it.
    pub fn item_id(&self, calendar: CalendarNo, item: ItemNo) -> RemoteId {
        self.sim.with(|world| {
            let place = world.home(calendar).expect("the calendar is there");
            RemoteId::new(world.event_id(IdForm::Immutable, place, item, None))
        })
    }

    /// The item that this harness made of the event with this UID.
    ///
    /// # Panics
    ///
    /// When it made none.
    pub fn item(&self, calendar: &LastingName, uid: &str) -> ItemNo {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        *events.get(&(calendar.to_string(), uid.to_owned())).expect("the event was made")
    }
}

fn client(
    sim: &MicrosoftSim,
    http: &Arc<Bearer>,
    api: &Url,
    mailbox: Mailbox,
    budget: Budget,
) -> GraphClient {
    let network = GraphNetwork {
        http: Arc::clone(http) as Arc<dyn Transport>,
        clock: Arc::new(sim.clock().clone()),
        entropy: Arc::new(SystemEntropy),
        budget,
    };
    GraphClient::new(&network, Endpoints::at(api.clone()), mailbox)
}

fn id_of(calendar: &LastingName) -> &str {
    calendar.as_str().split_once('/').expect("a name of the adapter").1
}

#[async_trait]
impl Harness for GraphHarness {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::clone(&self.provider) as Arc<dyn CalendarProvider>
    }

    fn now(&self) -> DateTime<Utc> {
        self.sim.clock().now()
    }

    async fn create_calendar(&self) -> LastingName {
        let number = self.calendars.fetch_add(1, Ordering::Relaxed);
        let body = json!({"name": format!("Calendar {number}")});
        let (status, calendar) = self.ask("POST", &["me", "calendars"], Some(&body)).await;
        assert_eq!(status, 201, "{calendar}");
        let (_, me) = self.ask("GET", &["me"], None).await;
        lasting_name(me["id"].as_str().expect("a person has an id"), calendar["id"].as_str().expect("an id"))
    }

    async fn delete_calendar(&self, calendar: &LastingName) {
        let (status, answer) = self.ask("DELETE", &["me", "calendars", id_of(calendar)], None).await;
        assert_eq!(status, 204, "{answer}");
    }

    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let no = self.number(calendar);
        let key = (calendar.to_string(), event.uid.clone());
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let mut body = json_of(event);
        let item = if let Some(item) = events.get(&key) {
            self.sim.with(|world| world.change_event(*item, &body)).expect("an event can be changed");
            *item
        } else {
            body["iCalUId"] = json!(event.uid);
            self.sim.with(|world| world.put_event(no, &body)).expect("an event can be made")
        };
        events.insert(key, item);
        self.item_id(no, item)
    }

    async fn invite(&self, calendar: &LastingName, id: &RemoteId) {
        let path = ["me", "calendars", id_of(calendar), "events", id.as_str()];
        let guest = json!({"emailAddress": {"address": GUEST}, "type": "required"});
        let (status, answer) = self.ask("PATCH", &path, Some(&json!({"attendees": [guest]}))).await;
        assert_eq!(status, 200, "{answer}");
    }

    async fn delete_item(&self, calendar: &LastingName, id: &RemoteId) {
        let path = ["me", "calendars", id_of(calendar), "events", id.as_str()];
        let (status, answer) = self.ask("DELETE", &path, None).await;
        assert_eq!(status, 204, "{answer}");
    }

    async fn kept(&self, calendar: &LastingName) -> Kept {
        let mut url = self.api.clone();
        let path = ["me", "calendars", id_of(calendar), "events"];
        url.path_segments_mut().expect("a web address").extend(path);
        let mut kept = BTreeMap::new();
        loop {
            let (status, page) = self.ask_url("GET", &url, None).await;
            assert_eq!(status, 200, "{page}");
            for event in page["value"].as_array().expect("a page has rows") {
                let id = RemoteId::new(event["id"].as_str().expect("an event has an id"));
                kept.insert(id, event.to_string().into_bytes());
            }
            match page["@odata.nextLink"].as_str() {
                Some(next) => url = next.parse().expect("an address"),
                None => return kept,
            }
        }
    }

    /// A token that the service has forgotten, since it remembers only the newest.
    async fn dead_cursor(&self, calendar: &LastingName) -> Cursor {
        let window = Window::around(self.now(), Window::DAYS_DEFAULT);
        let before = self.sim.with(|world| std::mem::replace(&mut world.switches.delta_tokens_kept, 1));
        let mut cursors = Vec::new();
        for _ in 0..2 {
            let page = self.provider.changes_since(calendar, None, &window).await;
            cursors.push(page.expect("a calendar can be read").cursor);
        }
        self.sim.with(|world| world.switches.delta_tokens_kept = before);
        cursors.swap_remove(0).expect("a read ends in a cursor")
    }
}

/// A person's event in words, with all that must never cross a link.
fn json_of(event: &PersonEvent) -> Value {
    let at = |time: String| json!({"dateTime": time, "timeZone": "UTC"});
    let (start, end) = match event.time {
        EventTime::Timed { start, end } => {
            let text = |time: DateTime<Utc>| at(time.format("%Y-%m-%dT%H:%M:%S").to_string());
            (text(start), text(end))
        }
        EventTime::AllDay { start, end } => {
            let text = |day: NaiveDate| at(format!("{day}T00:00:00"));
            (text(start), text(end))
        }
    };
    let mut body = json!({
        "subject": "A private matter",
        "body": {"contentType": "text", "content": "Nobody's business"},
        "location": {"displayName": "Somewhere"},
        "start": start,
        "end": end,
        "isAllDay": event.time.is_all_day(),
        "showAs": if event.transparent { "free" } else { "busy" },
    });
    if let Some(rule) = &event.rule {
        body["recurrence"] = recurrence_of(rule, event.time.start().date_naive());
    }
    body
}

/// The pattern of a rule such as `FREQ=DAILY;COUNT=5`.
fn recurrence_of(rule: &str, start: NaiveDate) -> Value {
    let part = |name: &str| rule.split(';').find_map(|part| part.strip_prefix(name)?.strip_prefix('='));
    let pattern = match part("FREQ") {
        Some("DAILY") => json!({"type": "daily", "interval": 1}),
        Some("WEEKLY") => {
            let day = start.format("%A").to_string().to_lowercase();
            json!({"type": "weekly", "interval": 1, "daysOfWeek": [day]})
        }
        other => panic!("no pattern for {other:?}"),
    };
    let count: u32 =
        part("COUNT").and_then(|count| count.parse().ok()).expect("the laws' rules have a count");
    let range = json!({"type": "numbered", "startDate": start.to_string(), "numberOfOccurrences": count});
    json!({"pattern": pattern, "range": range})
}
