//! The laws of reading, on a feed in memory. It has no calendars to make or to write to, and no cursor ever dies.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::EventTime;
use starmesh_http::{HttpError, Request, Response, Transport};
use starmesh_provider::conformance::{Harness, Kept, PersonEvent};
use starmesh_provider::env::SystemClock;
use starmesh_provider::{CalendarProvider, Cursor, provider_conformance};

use super::FeedProvider;
use crate::address::FeedAddress;
use crate::connection::{FeedAccount, FeedNetwork};

/// The events of a feed, by UID, and how often they changed.
#[derive(Default)]
struct Published {
    events: BTreeMap<String, String>,
    version: u64,
}

struct Server(Arc<Mutex<Published>>);

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        let published = self.0.lock().unwrap();
        let etag = format!("\"{}\"", published.version);
        let known = request.headers().get("if-none-match").is_some_and(|known| known == etag.as_str());
        let events: String = published.events.values().map(String::as_str).collect();
        let file = format!("BEGIN:VCALENDAR\r\n{events}END:VCALENDAR\r\n");
        let (status, body) = if known { (304, String::new()) } else { (200, file) };
        Ok(http::Response::builder().status(status).header("etag", etag).body(body.into_bytes()).unwrap())
    }
}

struct Feed {
    provider: Arc<FeedProvider>,
    published: Arc<Mutex<Published>>,
}

#[expect(clippy::unused_async, reason = "other servers have to be waited for, and the laws wait for all")]
async fn feed() -> Feed {
    let published = Arc::new(Mutex::new(Published::default()));
    let network =
        FeedNetwork { http: Arc::new(Server(Arc::clone(&published))), clock: Arc::new(SystemClock) };
    let address = FeedAddress::parse("https://example.org/feed.ics").unwrap();
    let name = address.lasting_name();
    let account = FeedAccount { address, sign_in: None };
    Feed { provider: Arc::new(FeedProvider::new(&account, name, &network)), published }
}

impl Feed {
    fn publish(&self, change: impl FnOnce(&mut BTreeMap<String, String>)) {
        let mut published = self.published.lock().unwrap();
        change(&mut published.events);
        published.version += 1;
    }
}

#[async_trait]
impl Harness for Feed {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::clone(&self.provider) as Arc<dyn CalendarProvider>
    }

    fn now(&self) -> DateTime<Utc> {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    async fn create_calendar(&self) -> LastingName {
        self.publish(BTreeMap::clear);
        self.provider.name.clone()
    }

    async fn delete_calendar(&self, _calendar: &LastingName) {
        unreachable!("no law of these asks for it")
    }

    async fn put_event(&self, _calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let (start, end) = match event.time {
            EventTime::Timed { start, end } => {
                let text = |instant: DateTime<Utc>| instant.format(":%Y%m%dT%H%M%SZ").to_string();
                (text(start), text(end))
            }
            EventTime::AllDay { start, end } => {
                (start.format(";VALUE=DATE:%Y%m%d").to_string(), end.format(";VALUE=DATE:%Y%m%d").to_string())
            }
        };
        let rule = event.rule.as_ref().map(|rule| format!("RRULE:{rule}\r\n")).unwrap_or_default();
        let shown = if event.transparent { "TRANSPARENT" } else { "OPAQUE" };
        let text = format!(
            "BEGIN:VEVENT\r\nUID:{}\r\nDTSTART{start}\r\nDTEND{end}\r\n{rule}TRANSP:{shown}\r\nEND:VEVENT\r\n",
            event.uid
        );
        self.publish(|events| {
            events.insert(event.uid.clone(), text);
        });
        RemoteId::new(event.uid.as_str())
    }

    async fn invite(&self, _calendar: &LastingName, _id: &RemoteId) {
        unreachable!("no law of these asks for it")
    }

    async fn delete_item(&self, _calendar: &LastingName, id: &RemoteId) {
        self.publish(|events| {
            events.remove(id.as_str());
        });
    }

    async fn kept(&self, _calendar: &LastingName) -> Kept {
        let published = self.published.lock().unwrap();
        let bytes = published
            .events
            .iter()
            .map(|(uid, text)| (RemoteId::new(uid.as_str()), text.clone().into_bytes()));
        bytes.collect()
    }

    async fn dead_cursor(&self, _calendar: &LastingName) -> Cursor {
        unreachable!("no law of these asks for it")
    }
}

provider_conformance! { @each feed:
    an_empty_calendar_reads_as_complete,
    a_first_read_is_complete,
    a_second_read_tells_only_changes,
    a_deletion_is_told,
    pages_together_are_the_whole,
    a_missing_item_is_told_among_found_ones,
    a_persons_events_are_read_as_their_facts,
}
