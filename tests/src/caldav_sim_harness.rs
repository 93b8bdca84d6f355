//! The CalDAV adapter on the simulated server, as a harness of the conformance suite.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use starmesh_caldav::{CaldavAccount, CaldavNetwork, CaldavProvider, CaldavSecret, Entry, discover};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::Window;
use starmesh_provider::conformance::{Harness, Kept, PersonEvent};
use starmesh_provider::env::Clock as _;
use starmesh_provider::{CalendarProvider, Cursor};
use starmesh_sim::caldav::{CaldavOptions, CaldavSim, Switches};
use url::Url;

use crate::caldav_harness::{icalendar, with_guest};
use crate::in_process::InProcess;

/// The person whose account it is.
pub const ADA: &str = "ada@example.test";

/// Their password.
pub const PASSWORD: &str = "a secret of Ada's";

/// Where the simulator stands: on loopback, so that the adapter does not spare a stranger's server.
const BASE: &str = "http://127.0.0.1:8008/";

/// A simulated server, the adapter on it, and the hands of its people.
pub struct CaldavSimHarness {
    /// The server.
    pub sim: CaldavSim,
    provider: Arc<CaldavProvider>,
    calendars: AtomicUsize,
}

impl CaldavSimHarness {
    /// The adapter on a fresh server with these switches, in process.
    pub async fn with(switches: Switches) -> Self {
        let sim = CaldavSim::new(CaldavOptions { switches, ..CaldavOptions::default() });
        sim.add_user(ADA, PASSWORD);
        let provider = account_on(&sim, BASE).await.expect("the account is found");
        Self { sim, provider: Arc::new(provider), calendars: AtomicUsize::new(0) }
    }

    /// The adapter itself.
    pub fn adapter(&self) -> &CaldavProvider {
        &self.provider
    }
}

/// Ada's account on `sim`, looked for from `start`.
pub async fn account_on(sim: &CaldavSim, start: &str) -> starmesh_provider::Result<CaldavProvider> {
    let http = InProcess { router: sim.router(), round_trip: Duration::ZERO, host: "127.0.0.1:8008" };
    let network = CaldavNetwork { http: Arc::new(http), clock: Arc::new(sim.clock().clone()) };
    let account = CaldavAccount {
        entry: Entry::Url(Url::parse(start).expect("an address")),
        user: ADA.to_owned(),
        secret: CaldavSecret::Password(PASSWORD.to_owned().into()),
    };
    let discovered = discover(&account, &network).await?;
    Ok(CaldavProvider::new(&account, discovered, &network))
}

/// The path of a calendar of which the adapter knows the name.
pub fn path_of(calendar: &LastingName) -> String {
    Url::parse(calendar.as_str()).expect("a name is a URL").path().to_owned()
}

#[async_trait]
impl Harness for CaldavSimHarness {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::clone(&self.provider) as Arc<dyn CalendarProvider>
    }

    fn now(&self) -> DateTime<Utc> {
        self.sim.clock().now()
    }

    async fn create_calendar(&self) -> LastingName {
        let number = self.calendars.fetch_add(1, Ordering::Relaxed);
        let (name, shown) = (format!("calendar {number}"), format!("Calendar {number}"));
        let path = self.sim.add_calendar(ADA, &name, &shown).expect("the name is free");
        LastingName::new(Url::parse(BASE).and_then(|base| base.join(&path)).expect("a path").as_str())
    }

    async fn delete_calendar(&self, calendar: &LastingName) {
        self.sim.remove_calendar(&path_of(calendar)).expect("it is there");
    }

    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let path = self.sim.put_object(&path_of(calendar), &icalendar(event)).expect("it can be stored");
        RemoteId::new(path)
    }

    async fn invite(&self, calendar: &LastingName, id: &RemoteId) {
        let objects = self.sim.objects(&path_of(calendar)).expect("it is there");
        let object = objects.into_iter().find(|object| object.path == id.as_str()).expect("it is there");
        self.sim.put_object(&path_of(calendar), &with_guest(&object.text)).expect("it can be stored");
    }

    async fn delete_item(&self, _calendar: &LastingName, id: &RemoteId) {
        self.sim.delete_object(id.as_str()).expect("it is there");
    }

    async fn kept(&self, calendar: &LastingName) -> Kept {
        let objects = self.sim.objects(&path_of(calendar)).expect("it is there");
        objects.into_iter().map(|object| (RemoteId::new(object.path), object.text.into_bytes())).collect()
    }

    async fn dead_cursor(&self, calendar: &LastingName) -> Cursor {
        let window = Window::around(self.now(), Window::DAYS_DEFAULT);
        let read = self.provider.changes_since(calendar, None, &window).await.expect("it can be read");
        self.sim.end_sync_tokens(&path_of(calendar)).expect("it is there");
        let cursor = read.cursor.expect("a read ends in a cursor");
        // A ctag cannot die; what can is a token from the days when the server still had such.
        if cursor.0.starts_with("ctag:") { Cursor("sync:data:,0-0-0".to_owned()) } else { cursor }
    }

    async fn limit_pages(&self, _calendar: &LastingName, changes: usize) {
        self.sim.switch(|switches| switches.sync.page_max = Some(changes));
    }
}
