//! The laws of every provider on every kind of in-memory server, and the faults that only these have.

#![expect(clippy::unused_async, reason = "the conformance suite awaits what makes a server")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use chrono::{DateTime, TimeZone, Utc};
use starmesh_core::event::{
    Availability, CalendarTime, Facts, Instance, Length, Master, Recurrence, RecurrenceSet, SourceEvent,
};
use starmesh_core::ids::{AccountId, EventId, ICalUid, LastingName, RemoteId};
use starmesh_core::mirror::{
    IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorKey, MirrorSpec,
};
use starmesh_core::time::{EventTime, Window};
use starmesh_provider::conformance::{Harness, Kept, PersonEvent};
use starmesh_provider::{CalendarProvider, Cursor, ErrorKind, MirrorWrite, RemoteCalendar};

use super::*;
use starmesh_sim::dice::Dice;

struct InMemory {
    universe: Arc<Universe>,
    account: AccountId,
    style: Style,
    made: AtomicU64,
}

impl InMemory {
    fn new(style: Style, faults: FaultPlan) -> Self {
        let universe = Arc::new(Universe::new(faults));
        let account = AccountId::new("account");
        universe.add_account(&account, style);
        Self { universe, account, style, made: AtomicU64::new(0) }
    }

    fn add_calendar(&self) -> LastingName {
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let name = LastingName::new(format!("https://memory.example/{number}/"));
        let short_name = format!("calendar-{number}");
        let remote = RemoteCalendar {
            name: name.clone(),
            display_name: short_name.clone(),
            short_name,
            color: None,
            zone: None,
            read_only: false,
            hides_marks: false,
        };
        self.universe.add_calendar(&self.account, remote);
        name
    }
}

#[async_trait]
impl Harness for InMemory {
    fn provider(&self) -> Arc<dyn CalendarProvider> {
        Arc::new(MemoryProvider::new(self.universe.clone(), self.account.clone(), 0))
    }

    fn now(&self) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, 1, 9, 0, 0).unwrap()
    }

    async fn create_calendar(&self) -> LastingName {
        self.add_calendar()
    }

    async fn delete_calendar(&self, calendar: &LastingName) {
        self.universe.remove_calendar(calendar);
    }

    async fn put_event(&self, calendar: &LastingName, event: &PersonEvent) -> RemoteId {
        let id = RemoteId::new(format!("{calendar}{}.ics", event.uid));
        let content = Content::Events(vec![told(event)]);
        self.universe.edit(calendar, |calendar| calendar.put(id.clone(), content).remote_id.clone()).unwrap()
    }

    async fn invite(&self, calendar: &LastingName, id: &RemoteId) {
        let standing =
            self.universe.look(calendar, |calendar| calendar.item(id).and_then(Item::marked).cloned());
        let marked = standing.unwrap().unwrap();
        let content = Content::Marked(MarkedItem { has_attendees: true, ..marked });
        self.universe.edit(calendar, |calendar| calendar.put(id.clone(), content).remote_id.clone()).unwrap();
    }

    async fn delete_item(&self, calendar: &LastingName, id: &RemoteId) {
        self.universe.edit(calendar, |calendar| calendar.remove(id)).unwrap().unwrap();
    }

    async fn kept(&self, calendar: &LastingName) -> Kept {
        let kept = |calendar: &MemoryCalendar| {
            let bytes = |item: &Item| format!("{} {:?}", item.written, item.content).into_bytes();
            calendar.items().map(|item| (item.remote_id.clone(), bytes(item))).collect()
        };
        self.universe.look(calendar, kept).unwrap()
    }

    async fn dead_cursor(&self, _calendar: &LastingName) -> Cursor {
        Cursor("since/999/1".to_owned())
    }

    async fn limit_pages(&self, _calendar: &LastingName, changes: usize) {
        self.universe.add_account(&self.account, Style { page: changes, ..self.style });
    }
}

fn told(event: &PersonEvent) -> SourceEvent {
    let (start, end) = match event.time {
        EventTime::Timed { start, end } => (CalendarTime::utc(start), CalendarTime::utc(end)),
        EventTime::AllDay { start, end } => (CalendarTime::Date(start), CalendarTime::Date(end)),
    };
    let availability = if event.transparent { Availability::Free } else { Availability::Busy };
    let facts = Facts { availability, ..Facts::BUSY };
    let instance = Instance { start, length: Length::Until(end), facts };
    let recurrence = match &event.rule {
        None => Recurrence::Single(instance),
        Some(rule) => Recurrence::Set(RecurrenceSet {
            master: Some(Master {
                instance,
                rules: vec![rule.clone()],
                exclusion_rules: Vec::new(),
                dates: Vec::new(),
                exclusions: Vec::new(),
            }),
            overrides: Vec::new(),
        }),
    };
    let (id, uid) = (EventId::new(event.uid.clone()), ICalUid::new(event.uid.clone()));
    SourceEvent { id, uid, recurrence, marked: None, tool: None }
}

mod a_log_that_lists {
    use super::*;
    async fn server() -> InMemory {
        InMemory::new(Style::default(), FaultPlan::none())
    }
    starmesh_provider::provider_conformance!(server);
}

mod a_log_that_tells_all_and_numbers_items {
    use super::*;
    async fn server() -> InMemory {
        let style = Style {
            detail: Detail::Whole,
            ids: Ids::Assigned,
            remembers_deleted: true,
            batch: 20,
            ..Style::default()
        };
        InMemory::new(style, FaultPlan::none())
    }
    starmesh_provider::provider_conformance!(server);
}

mod a_tag_that_lists {
    use super::*;
    async fn server() -> InMemory {
        InMemory::new(Style { change: Change::Tag, ..Style::default() }, FaultPlan::none())
    }
    starmesh_provider::provider_conformance!(server);
}

fn always(kind: FaultKind) -> FaultPlan {
    FaultPlan::new(BTreeMap::from([(kind, 1_000)]), Dice::new(1, 2))
}

fn spec(calendar: &LastingName, key: u8) -> MirrorSpec {
    let start = Utc.with_ymd_and_hms(2026, 12, 2, 10, 0, 0).unwrap();
    let time = EventTime::Timed { start, end: start + chrono::TimeDelta::hours(1) };
    let body =
        MirrorBody { time, availability: MirrorAvailability::Busy, label: Label::default(), color: None };
    let source = LastingName::new("source");
    let keys = IdentityKey::new([7; 32]);
    MirrorSpec::new(&keys, calendar, &source, MirrorKey([key; 20]), Incarnation::default(), body)
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_the_write_done() {
    let server = InMemory::new(Style::default(), always(FaultKind::LostAnswer));
    let calendar = server.add_calendar();
    let writes = vec![MirrorWrite::Create(spec(&calendar, 1))];
    let answer = server.provider().write(&calendar, writes).await.remove(0);
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Offline);
    assert_eq!(server.kept(&calendar).await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_calendar_lies_about_being_empty_once_and_its_cursor_brings_everything_back() {
    let server = InMemory::new(Style::default(), always(FaultKind::EmptyListing));
    let calendar = server.add_calendar();
    server
        .provider()
        .write(&calendar, vec![MirrorWrite::Create(spec(&calendar, 1))])
        .await
        .remove(0)
        .unwrap();
    let window = Window::around(server.now(), 30);
    let lie = server.provider().changes_since(&calendar, None, &window).await.unwrap();
    assert!(lie.complete && lie.changed.is_empty());
    let after = server.provider().changes_since(&calendar, lie.cursor.as_ref(), &window).await.unwrap();
    assert_eq!(after.changed.len(), 1);
    let truth = server.provider().changes_since(&calendar, None, &window).await.unwrap();
    assert_eq!(truth.changed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_hidden_mirror_shows_up_in_the_next_delta_in_the_version_it_has() {
    let server = InMemory::new(Style::default(), always(FaultKind::MirrorHidden));
    let calendar = server.add_calendar();
    let provider = server.provider();
    for key in 0..30 {
        provider.write(&calendar, vec![MirrorWrite::Create(spec(&calendar, key))]).await.remove(0).unwrap();
    }
    let kept = server.kept(&calendar).await;
    let window = Window::around(server.now(), 30);
    let listing = provider.changes_since(&calendar, None, &window).await.unwrap();
    assert!(!listing.changed.is_empty() && listing.changed.len() < 30, "{}", listing.changed.len());
    let delta = provider.changes_since(&calendar, listing.cursor.as_ref(), &window).await.unwrap();
    assert_eq!(listing.changed.len() + delta.changed.len(), 30);
    assert_eq!(server.kept(&calendar).await, kept);
}

#[tokio::test(start_paused = true)]
async fn a_write_to_a_persons_event_is_refused_and_recorded() {
    let server = InMemory::new(Style { ids: Ids::Chosen, ..Style::default() }, FaultPlan::none());
    let calendar = server.add_calendar();
    let provider = server.provider();
    let made =
        provider.write(&calendar, vec![MirrorWrite::Create(spec(&calendar, 1))]).await.remove(0).unwrap();
    let keys = IdentityKey::new([7; 32]);
    let record = starmesh_core::mirror::MirrorRecord {
        key: MirrorKey([1; 20]),
        incarnation: Incarnation::default(),
        link: starmesh_core::ids::LinkId::new(
            starmesh_core::ids::CalendarId::new("a"),
            starmesh_core::ids::CalendarId::new("b"),
        ),
        event: EventId::new("event"),
        original_start: starmesh_core::recurrence::OriginalStart(String::new()),
        meeting: keys.meeting(&ICalUid::new("event")),
        remote_id: made.remote_id.clone(),
        version: None,
        time: spec(&calendar, 1).body().time,
        fingerprint: spec(&calendar, 1).body().fingerprint(&keys),
        color: None,
        dismissed: false,
    };
    // A person's event takes the place of the mirror.
    let time = spec(&calendar, 1).body().time;
    let event = PersonEvent { uid: "person".to_owned(), time, rule: None, transparent: false };
    let content = Content::Events(vec![told(&event)]);
    server.universe.edit(&calendar, |calendar| calendar.put(made.remote_id.clone(), content).written);
    let kept = server.kept(&calendar).await;
    let removal = vec![MirrorWrite::Remove(record.placed())];
    let answer = provider.write(&calendar, removal).await.remove(0);
    assert_eq!(answer.unwrap_err().kind, ErrorKind::Refused);
    assert_eq!(server.universe.violations().len(), 1);
    assert_eq!(server.kept(&calendar).await, kept);
}
