//! A calendar, and what a read of it tells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::LastingName;
use starmesh_core::mirror::{Incarnation, MirrorSpec};
use starmesh_core::recurrence::expand;
use starmesh_core::time::{Window, midnight};
use starmesh_core::zone::Zone;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{
    CalendarProvider as _, Changed, Coverage, Cursor, MirrorWrite, ProviderError, Written,
};
use starmesh_sim::google::Switches;
use starmesh_tests::adapter_scene::{merge, mirror_in, touches};
use starmesh_tests::google_harness::GoogleHarness;

/// A service with one empty calendar.
pub(crate) struct Scene {
    pub(crate) google: GoogleHarness,
    pub(crate) calendar: LastingName,
}

/// What a reader of changes knows: the items, kept as an engine keeps them.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) items: BTreeMap<String, SourceItem>,
    pub(crate) cursor: Option<Cursor>,
    /// True when the last read listed everything.
    pub(crate) listed: bool,
}

impl Scene {
    pub(crate) async fn with(switches: Switches) -> Self {
        Self::on(GoogleHarness::with(switches).await).await
    }

    /// The same on a service of the caller's making.
    pub(crate) async fn on(google: GoogleHarness) -> Self {
        let calendar = google.create_calendar().await;
        Self { google, calendar }
    }

    pub(crate) fn window(&self) -> Window {
        Window::around(self.google.now(), Window::DAYS_DEFAULT)
    }

    /// Ten o'clock, so many days from today.
    pub(crate) fn day(&self, days: i64) -> DateTime<Utc> {
        midnight(self.google.now().date_naive()) + TimeDelta::days(days) + TimeDelta::hours(10)
    }

    /// Makes an event of an hour, and gives its id.
    pub(crate) async fn make(&self, start: DateTime<Utc>, more: Value) -> String {
        let mut body = times(start);
        merge(&mut body, more);
        let path = ["calendars", self.calendar.as_str(), "events"];
        let made = self.google.around.done("POST", &path, &[], Some(&body)).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// Changes fields of an event, or of an instance.
    pub(crate) async fn patch(&self, id: &str, fields: Value) {
        let path = ["calendars", self.calendar.as_str(), "events", id];
        self.google.around.done("PATCH", &path, &[], Some(&fields)).await;
    }

    pub(crate) async fn delete(&self, id: &str) {
        let path = ["calendars", self.calendar.as_str(), "events", id];
        self.google.around.done("DELETE", &path, &[], None).await;
    }

    /// Reads on and keeps what is told.
    pub(crate) async fn read(&self, reader: &mut Reader) {
        let window = self.window();
        let mut seen = BTreeSet::new();
        loop {
            let page = self
                .google
                .adapter()
                .changes_since(&self.calendar, reader.cursor.as_ref(), &window)
                .await
                .expect("the calendar can be read");
            for changed in page.changed {
                let Changed::Read(item) = changed else { panic!("items are handed over whole") };
                seen.insert(item.remote_id.as_str().to_owned());
                reader.items.insert(item.remote_id.as_str().to_owned(), item);
            }
            for id in page.removed {
                reader.items.remove(id.as_str());
            }
            reader.cursor = page.cursor;
            reader.listed = page.complete;
            if page.more {
                continue;
            }
            if let (true, Coverage::Range(range)) = (page.complete, page.coverage) {
                reader.items.retain(|id, item| seen.contains(id) || !touches(item, &range));
            }
            return;
        }
    }

    /// The starts in the window of everything that a reader knows.
    pub(crate) fn starts(&self, reader: &Reader) -> Vec<DateTime<Utc>> {
        let window = self.window();
        let mut starts: Vec<_> = reader
            .items
            .values()
            .flat_map(|item| &item.events)
            .flat_map(|event| expand(&event.recurrence, &window.range, &Zone::Utc).unwrap())
            .map(|occurrence| occurrence.time.start())
            .collect();
        starts.sort();
        starts
    }

    pub(crate) fn mirror(&self, event: &str, start: DateTime<Utc>) -> MirrorSpec {
        self.incarnation(event, start, Incarnation::default())
    }

    pub(crate) fn incarnation(
        &self,
        event: &str,
        start: DateTime<Utc>,
        incarnation: Incarnation,
    ) -> MirrorSpec {
        mirror_in(&self.calendar, event, start, incarnation)
    }

    pub(crate) async fn write(&self, write: MirrorWrite) -> Result<Written, ProviderError> {
        let mut outcomes = self.google.adapter().write(&self.calendar, vec![write]).await;
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    /// The live events of the calendar, as they are stored.
    pub(crate) async fn stored(&self) -> Vec<Value> {
        self.google.around.events(self.calendar.as_str(), &[]).await
    }
}

/// Start and end of an hour.
pub(crate) fn times(start: DateTime<Utc>) -> Value {
    let at = |time: DateTime<Utc>| json!({"dateTime": time.to_rfc3339_opts(SecondsFormat::Secs, true), "timeZone": "UTC"});
    json!({"start": at(start), "end": at(start + TimeDelta::hours(1))})
}
