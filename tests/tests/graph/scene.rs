//! A calendar, and what a read of it tells.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::{Incarnation, MirrorSpec, PlacedMirror};
use starmesh_core::recurrence::expand;
use starmesh_core::time::{Window, midnight};
use starmesh_core::zone::Zone;
use starmesh_graph::GraphClient;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{
    CalendarProvider as _, Changed, Coverage, Cursor, Fetched, MirrorWrite, ProviderError, Written,
};
use starmesh_sim::microsoft::Switches;
use starmesh_sim::microsoft::world::{CalendarNo, ItemNo};
use starmesh_tests::adapter_scene::{merge, mirror_in, placed, touches};
use starmesh_tests::graph_harness::GraphHarness;

/// A service with one empty calendar.
pub(crate) struct Scene {
    pub(crate) graph: GraphHarness,
    pub(crate) calendar: LastingName,
    pub(crate) number: CalendarNo,
}

/// What a reader of changes knows: the items, kept as an engine keeps them.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) items: BTreeMap<RemoteId, SourceItem>,
    pub(crate) cursor: Option<Cursor>,
    /// True when the last read listed everything.
    pub(crate) listed: bool,
    /// Items that the last read told.
    pub(crate) told: usize,
}

impl Scene {
    pub(crate) async fn with(switches: Switches) -> Self {
        Self::on(GraphHarness::with(switches).await).await
    }

    pub(crate) async fn on(graph: GraphHarness) -> Self {
        let calendar = graph.create_calendar().await;
        let number = graph.number(&calendar);
        Self { graph, calendar, number }
    }

    pub(crate) fn window(&self) -> Window {
        Window::around(self.graph.now(), Window::DAYS_DEFAULT)
    }

    /// Ten o'clock, so many days from today.
    pub(crate) fn day(&self, days: i64) -> DateTime<Utc> {
        midnight(self.graph.now().date_naive()) + TimeDelta::days(days) + TimeDelta::hours(10)
    }

    /// Makes an event of an hour.
    pub(crate) fn make(&self, start: DateTime<Utc>, more: Value) -> ItemNo {
        let mut body = times(start);
        merge(&mut body, more);
        self.graph.sim.with(|world| world.put_event(self.number, &body)).unwrap()
    }

    /// Makes a daily series of an hour.
    pub(crate) fn make_series(&self, start: DateTime<Utc>, count: u32) -> ItemNo {
        let range =
            json!({"type": "numbered", "startDate": start.date_naive(), "numberOfOccurrences": count});
        let pattern = json!({"type": "daily", "interval": 1});
        self.make(start, json!({"recurrence": {"pattern": pattern, "range": range}}))
    }

    pub(crate) fn id(&self, item: ItemNo) -> RemoteId {
        self.graph.item_id(self.number, item)
    }

    pub(crate) async fn read(&self, reader: &mut Reader) {
        self.read_by(self.graph.adapter(), &self.calendar, reader).await;
    }

    /// Reads on and keeps what is told, as an engine does.
    pub(crate) async fn read_by(&self, client: &GraphClient, calendar: &LastingName, reader: &mut Reader) {
        let page = client.changes_since(calendar, reader.cursor.as_ref(), &self.window()).await;
        let page = page.expect("the calendar can be read");
        assert!(!page.more);
        reader.told = page.changed.len() + page.removed.len();
        let mut seen = BTreeSet::new();
        let mut wanted = Vec::new();
        for changed in page.changed {
            match changed {
                Changed::Listed { id, .. } => wanted.push(id),
                Changed::ReadWithoutMarks(item) if is_marked(reader.items.get(&item.remote_id)) => {
                    wanted.push(item.remote_id);
                }
                Changed::Read(item) | Changed::ReadWithoutMarks(item) => {
                    seen.insert(item.remote_id.clone());
                    reader.items.insert(item.remote_id.clone(), item);
                }
            }
        }
        for ids in wanted.chunks(20) {
            for fetched in client.fetch(calendar, ids).await.expect("items can be fetched") {
                let Fetched::Found(item) = fetched else { panic!("what was told is there") };
                seen.insert(item.remote_id.clone());
                reader.items.insert(item.remote_id.clone(), item);
            }
        }
        for id in page.removed {
            reader.items.remove(&id);
        }
        reader.cursor = page.cursor;
        reader.listed = page.complete;
        if let (true, Coverage::Range(range)) = (page.complete, page.coverage) {
            reader.items.retain(|id, item| seen.contains(id) || !touches(item, &range));
        }
    }

    /// The starts in the window of everything that a reader knows, as days from today.
    pub(crate) fn days(&self, reader: &Reader) -> Vec<i64> {
        let window = self.window();
        let mut starts: Vec<_> = reader
            .items
            .values()
            .flat_map(|item| &item.events)
            .flat_map(|event| expand(&event.recurrence, &window.range, &Zone::Utc).unwrap())
            .map(|occurrence| (occurrence.time.start() - self.day(0)).num_days())
            .collect();
        starts.sort_unstable();
        starts
    }

    /// A mirror of `event` here.
    pub(crate) fn mirror(&self, event: &str, start: DateTime<Utc>) -> MirrorSpec {
        mirror_in(&self.calendar, event, start, Incarnation::default())
    }

    pub(crate) async fn write(&self, write: MirrorWrite) -> Result<Written, ProviderError> {
        let mut outcomes = self.graph.adapter().write(&self.calendar, vec![write]).await;
        assert_eq!(outcomes.len(), 1);
        outcomes.remove(0)
    }

    pub(crate) async fn create(&self, mirror: &MirrorSpec) -> PlacedMirror {
        placed(mirror, &self.write(MirrorWrite::Create(mirror.clone())).await.unwrap())
    }

    pub(crate) async fn stored(&self) -> usize {
        self.graph.kept(&self.calendar).await.len()
    }

    /// Breaks the test when anything reached a person.
    pub(crate) fn assert_silent(&self) {
        assert_eq!(self.graph.sim.ledger().notifications(), []);
    }
}

pub(crate) fn is_marked(item: Option<&SourceItem>) -> bool {
    item.is_some_and(|item| item.events.iter().any(|event| event.marked.is_some()))
}

/// Start and end of an hour.
pub(crate) fn times(start: DateTime<Utc>) -> Value {
    let at = |time: DateTime<Utc>| json!({"dateTime": time.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"});
    json!({"subject": "Private", "start": at(start), "end": at(start + TimeDelta::hours(1))})
}
