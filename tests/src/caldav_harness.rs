//! The adapter on a real server, as a harness of the conformance suite.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use starmesh_caldav::{CaldavAccount, CaldavNetwork, CaldavProvider, CaldavSecret, Entry, discover};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::EventTime;
use starmesh_http::{HttpOptions, ReqwestTransport};
use starmesh_provider::conformance::{GUEST, Harness, Kept, PersonEvent};
use starmesh_provider::env::{Clock as _, SystemClock};
use starmesh_provider::{CalendarProvider, Cursor};
use url::Url;

use crate::dav::Dav;
use crate::fault_proxy::FaultProxy;
use crate::servers::{ALICE, Kind, Server};

/// A server, the adapter on it, and a way around the adapter.
pub struct CaldavHarness {
    /// The server.
    pub server: Server,
    /// The way around.
    pub dav: Dav,
    /// The proxy before the server, where there is one. The way around goes past it.
    pub proxy: Option<FaultProxy>,
    provider: Arc<CaldavProvider>,
    calendars: AtomicUsize,
}

impl CaldavHarness {
    /// The adapter straight on a fresh server.
    pub async fn on(kind: Kind) -> Self {
        Self::new(Server::start(kind).expect("a server starts"), None).await
    }

    /// The adapter behind a proxy before a fresh server.
    pub async fn behind_proxy(kind: Kind) -> Self {
        let server = Server::start(kind).expect("a server starts");
        let proxy = FaultProxy::before(&server.url()).await;
        Self::new(server, Some(proxy)).await
    }

    async fn new(server: Server, proxy: Option<FaultProxy>) -> Self {
        let dav = Dav::new(&server).expect("a plain client can be built");
        // A first calendar makes the home, which Radicale would otherwise not have yet.
        dav.mkcalendar(&server.calendar("first"), "First").await.expect("a fresh server takes a calendar");
        let url = proxy.as_ref().map_or_else(|| server.url(), |proxy| proxy.url().clone());
        let provider = Arc::new(provider_at(&url, ALICE.password).await.expect("a fresh server is found"));
        Self { server, dav, proxy, provider, calendars: AtomicUsize::new(0) }
    }

    /// The URL of `calendar` past the proxy.
    ///
    /// # Panics
    ///
    /// Never for a name that this harness gave.
    pub fn direct(&self, calendar: &LastingName) -> Url {
        let mut url = Url::parse(calendar.as_str()).expect("a name is a URL");
        url.set_port(self.server.url().port()).expect("a web address has a port");
        url
    }

    /// The adapter itself.
    pub fn adapter(&self) -> &CaldavProvider {
        &self.provider
    }
}

/// The adapter on the server at `url`, with the user of the tests and `password`.
pub async fn provider_at(url: &Url, password: &str) -> starmesh_provider::Result<CaldavProvider> {
    let account = CaldavAccount {
        entry: Entry::Url(url.clone()),
        user: ALICE.name.to_owned(),
        secret: CaldavSecret::Password(password.to_owned().into()),
    };
    let http = ReqwestTransport::new(&HttpOptions::default()).expect("the network can be used");
    let network = CaldavNetwork { http: Arc::new(http), clock: Arc::new(SystemClock) };
    let discovered = discover(&account, &network).await?;
    Ok(CaldavProvider::new(&account, discovered, &network))
}

#[async_trait]
impl Harness for CaldavHarness {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::clone(&self.provider) as Arc<dyn CalendarProvider>
    }

    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    async fn create_calendar(&self) -> LastingName {
        let number = self.calendars.fetch_add(1, Ordering::Relaxed);
        let path = self.server.calendar(&format!("calendar-{number}"));
        self.dav.mkcalendar(&path, &format!("Calendar {number}")).await.expect("the server takes a calendar");
        let url = self.proxy.as_ref().map_or_else(|| self.server.url(), |proxy| proxy.url().clone());
        LastingName::new(url.join(&path).expect("a path").as_str())
    }

    async fn delete_calendar(&self, calendar: &LastingName) {
        self.dav.delete(self.direct(calendar).as_str()).await.expect("the server deletes it");
    }

    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let url = self.direct(calendar).join(&format!("{}.ics", event.uid)).expect("a path");
        self.dav.put_ics(url.as_str(), &icalendar(event)).await.expect("the server takes it");
        RemoteId::new(url.path())
    }

    async fn invite(&self, calendar: &LastingName, id: &RemoteId) {
        let url = self.direct(calendar).join(id.as_str()).expect("a path");
        let stored = self.dav.get(url.as_str()).await.expect("the server answers").expect("it is there");
        self.dav.put_ics(url.as_str(), &with_guest(&stored.body)).await.expect("the server takes it");
    }

    async fn delete_item(&self, calendar: &LastingName, id: &RemoteId) {
        let url = self.direct(calendar).join(id.as_str()).expect("a path");
        self.dav.delete(url.as_str()).await.expect("the server deletes it");
    }

    async fn kept(&self, calendar: &LastingName) -> Kept {
        let listed = self.dav.list(self.direct(calendar).path()).await.expect("the server lists it");
        let items: BTreeMap<_, _> = listed
            .into_iter()
            .map(|(path, stored)| (RemoteId::new(path), stored.body.into_bytes()))
            .collect();
        items
    }

    async fn dead_cursor(&self, _calendar: &LastingName) -> Cursor {
        let token = match self.server.kind() {
            Kind::Radicale(_) | Kind::RadicaleSelfSigned => {
                format!("http://radicale.org/ns/sync/{}", "0".repeat(64))
            }
            Kind::Xandikos => "0".repeat(40),
            // Of another life of the calendar.
            Kind::Cyrus => "data:,1-1".to_owned(),
            // A ctag cannot die; what can is a token from the days when the server still had such.
            Kind::Sabre => "http://sabre.io/ns/sync/1".to_owned(),
        };
        Cursor(format!("sync:{token}"))
    }

    async fn limit_pages(&self, _calendar: &LastingName, changes: usize) {
        if let Some(proxy) = &self.proxy {
            proxy.cut_pages(changes);
        }
    }
}

/// The event of `text` with somebody invited to it. Their program sends the invitation, the server does not
/// (RFC 6638, section 7.1).
pub fn with_guest(text: &str) -> String {
    let guest = format!(
        "ORGANIZER;SCHEDULE-AGENT=CLIENT:mailto:host@elsewhere.example\r\n\
         ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:{GUEST}\r\nEND:VEVENT"
    );
    text.replacen("END:VEVENT", &guest, 1)
}

/// A person's event in words, with all that must never cross a link.
pub fn icalendar(event: &PersonEvent) -> String {
    let mut text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Calendar 1.0//EN\r\nBEGIN:VEVENT\r\nUID:{}\r\n\
         DTSTAMP:20260101T000000Z\r\nSUMMARY:A private matter\r\nDESCRIPTION:Nobody's business\r\n\
         LOCATION:Somewhere\r\n",
        event.uid
    );
    let times = match event.time {
        EventTime::Timed { start, end } => {
            let utc = |instant: DateTime<Utc>| instant.format("%Y%m%dT%H%M%SZ").to_string();
            format!("DTSTART:{}\r\nDTEND:{}\r\n", utc(start), utc(end))
        }
        EventTime::AllDay { start, end } => {
            format!(
                "DTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}\r\n",
                start.format("%Y%m%d"),
                end.format("%Y%m%d")
            )
        }
    };
    text.push_str(&times);
    if let Some(rule) = &event.rule {
        // Writing into a string cannot fail.
        let _written = write!(text, "RRULE:{rule}\r\n");
    }
    if event.transparent {
        text.push_str("TRANSP:TRANSPARENT\r\n");
    }
    text.push_str("END:VEVENT\r\nEND:VCALENDAR\r\n");
    text
}
