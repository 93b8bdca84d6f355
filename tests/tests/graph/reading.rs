//! What a reader knows after whatever happened.

use chrono::TimeDelta;
use serde_json::json;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{CalendarProvider as _, ErrorKind};
use starmesh_sim::microsoft::{Fault, FaultRule, Switches};

use crate::scene::{Reader, Scene, is_marked, times};
use starmesh_graph::Mailbox;

fn rule(path: &str, skip: u32, times: u32, fault: Fault) -> FaultRule {
    FaultRule { method: Some("GET".to_owned()), path: Some(path.to_owned()), skip, times, fault }
}

fn error(status: u16, code: &str) -> Fault {
    Fault::Error { status, code: code.to_owned(), message: String::new(), retry_after: None }
}

#[tokio::test]
async fn a_series_is_followed_through_everything_that_happens_to_it() {
    for switches in [
        Switches::default(),
        Switches { delta_masters: false, delta_unordered: false, ..Switches::default() },
        Switches { delta_series_tombstones: true, delta_typed_tombstones: true, ..Switches::default() },
    ] {
        let scene = Scene::with(switches).await;
        let mut reader = Reader::default();
        let series = scene.make_series(scene.day(2), 4);
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), [2, 3, 4, 5]);
        let sim = &scene.graph.sim;
        let date = |days| scene.day(days).date_naive();

        sim.with(|world| world.cancel_occurrence(series, date(3)));
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), [2, 4, 5], "an occurrence was deleted");

        sim.with(|world| world.change_occurrence(series, date(4), &times(scene.day(9)))).unwrap();
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), [2, 5, 9], "an occurrence was moved");

        sim.with(|world| world.change_occurrence(series, date(5), &times(scene.day(500)))).unwrap();
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), [2, 9], "an occurrence left the window");

        let mut fresh = Reader::default();
        scene.read(&mut fresh).await;
        assert_eq!(scene.days(&fresh), scene.days(&reader), "a whole read tells the same");

        sim.with(|world| world.delete_event(series));
        scene.read(&mut reader).await;
        assert!(scene.days(&reader).is_empty(), "the series was deleted");
        assert!(reader.items.is_empty());
    }
}

#[tokio::test]
async fn a_moved_series_leaves_no_old_dates_behind() {
    let scene = Scene::with(Switches::default()).await;
    let mut reader = Reader::default();
    let series = scene.make_series(scene.day(2), 3);
    scene.read(&mut reader).await;
    let range =
        json!({"type": "numbered", "startDate": scene.day(20).date_naive(), "numberOfOccurrences": 2});
    let mut body = times(scene.day(20));
    body["recurrence"] = json!({"pattern": {"type": "daily", "interval": 1}, "range": range});
    scene.graph.sim.with(|world| world.change_event(series, &body)).unwrap();
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader), [20, 21]);
}

#[tokio::test]
async fn an_event_that_leaves_the_window_is_not_taken_for_deleted() {
    for told in [true, false] {
        let switches = Switches { delta_moved_out_is_changed: told, ..Switches::default() };
        let scene = Scene::with(switches).await;
        let mut reader = Reader::default();
        let event = scene.make(scene.day(2), json!({}));
        let outside = scene.make(scene.day(900), json!({}));
        scene.read(&mut reader).await;
        scene.graph.sim.with(|world| {
            world.change_event(event, &times(scene.day(700))).unwrap();
            world.change_event(outside, &times(scene.day(901))).unwrap();
        });
        scene.read(&mut reader).await;
        assert!(scene.days(&reader).is_empty());
        assert!(reader.items.contains_key(&scene.id(event)), "it is known to be elsewhere");
        scene.graph.sim.with(|world| world.change_event(event, &times(scene.day(3)))).unwrap();
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), [3]);
    }
}

#[tokio::test]
async fn replays_doubles_and_empty_pages_change_nothing() {
    let switches = Switches {
        delta_replays_per_mille: 1_000,
        delta_duplicates_per_mille: 1_000,
        delta_empty_pages: 5,
        page_max: 3,
        ..Switches::default()
    };
    let scene = Scene::with(switches).await;
    let mut reader = Reader::default();
    for day in 1..10 {
        scene.make(scene.day(day), json!({}));
    }
    let goes = scene.make(scene.day(30), json!({}));
    scene.read(&mut reader).await;
    scene.graph.sim.with(|world| world.delete_event(goes));
    scene.make(scene.day(10), json!({}));
    for _ in 0..3 {
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), (1..=10).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_round_without_end_is_replaced_by_the_view() {
    // A series overflows every page, the large ones too: the round cannot be finished.
    let scene = Scene::with(Switches { delta_endless: true, page_max: 20, ..Switches::default() }).await;
    let mut reader = Reader::default();
    scene.make_series(scene.day(1), 30);
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader).len(), 30);
    scene.read(&mut reader).await;
    assert_eq!((reader.told, reader.listed), (0, false), "an unchanged view tells nothing");
    scene.make(scene.day(40), json!({}));
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader).len(), 31);
}

#[tokio::test]
async fn small_pages_that_never_end_may_end_when_they_are_large() {
    let scene = Scene::with(Switches { delta_endless: true, ..Switches::default() }).await;
    let mut reader = Reader::default();
    scene.make_series(scene.day(1), 100);
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader).len(), 100);
    scene.make(scene.day(120), json!({}));
    scene.read(&mut reader).await;
    assert_eq!((scene.days(&reader).len(), reader.listed), (101, false), "rounds still work");
}

#[tokio::test]
async fn trouble_in_the_middle_of_a_round_loses_nothing() {
    let (gateway, refusal) = (Fault::Html { status: 502 }, error(403, "ErrorAccessDenied"));
    for (fault, times) in
        [(Fault::Empty { status: 503 }, 1), (gateway, 1), (error(504, "UnknownError"), 9), (refusal, 9)]
    {
        let scene = Scene::with(Switches { page_max: 2, ..Switches::default() }).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        for day in 1..8 {
            scene.make(scene.day(day), json!({}));
        }
        scene.graph.sim.with(|world| world.faults().add(rule("skiptoken", 1, times, fault)));
        scene.read(&mut reader).await;
        assert_eq!(scene.days(&reader), (1..8).collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn a_token_that_dies_in_the_middle_is_told_and_a_page_cut_short_is_no_page() {
    let scene = Scene::with(Switches { page_max: 2, ..Switches::default() }).await;
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    for day in 1..8 {
        scene.make(scene.day(day), json!({}));
    }
    for (fault, kind) in [
        (Fault::Unauthorized, ErrorKind::NeedsSignIn),
        (error(410, "SyncStateNotFound"), ErrorKind::TokenExpired),
        (Fault::MissingLinks, ErrorKind::InvalidData),
        (Fault::TruncatedBody, ErrorKind::InvalidData),
        (Fault::Cut, ErrorKind::Offline),
    ] {
        scene.graph.sim.with(|world| world.faults().add(rule("skiptoken", 1, 1, fault.clone())));
        let client = scene.graph.adapter();
        let outcome = client.changes_since(&scene.calendar, reader.cursor.as_ref(), &scene.window()).await;
        assert_eq!(outcome.map(|_| ()).map_err(|error| error.kind), Err(kind), "{fault:?}");
    }
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader), (1..8).collect::<Vec<_>>(), "the last token still serves");
}

#[tokio::test]
async fn after_a_lost_database_every_mirror_proves_itself() {
    let scene = Scene::with(Switches::default()).await;
    for day in 1..30 {
        scene.create(&scene.mirror(&format!("event-{day}"), scene.day(day))).await;
    }
    scene.make(scene.day(40), json!({}));
    let mut reader = Reader::default();
    let fresh = scene.graph.client_of(Mailbox::Me);
    scene.read_by(&fresh, &scene.calendar, &mut reader).await;
    let marked = reader.items.values().filter(|item| is_marked(Some(item))).count();
    assert_eq!((marked, reader.items.len()), (29, 30));
}

#[tokio::test]
async fn a_copied_mirror_is_seen_to_carry_its_mark_also_when_it_is_edited() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    scene.create(&mirror).await;
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let mark = json!([{"id": "String {7d1c1a52-5a0c-4f3e-9a62-3c1f0f4d8b17} Name SyncFb", "value": mirror.mark().to_string()}]);
    let copy = scene.make(
        scene.day(4),
        json!({"subject": "Busy", "sensitivity": "private", "isReminderOn": false, "singleValueExtendedProperties": mark}),
    );
    scene.read(&mut reader).await;
    let copied = &reader.items[&scene.id(copy)];
    let provider_id = copied.events[0].marked.as_ref().unwrap().provider_id.clone();
    assert_ne!(provider_id, mirror.provider_id().as_str(), "it does not pass for the mirror");
    let edit = json!({"subject": "Lunch", "sensitivity": "normal", "isReminderOn": true});
    scene.graph.sim.with(|world| world.change_event(copy, &edit)).unwrap();
    scene.read(&mut reader).await;
    assert!(is_marked(reader.items.get(&scene.id(copy))));
}

#[tokio::test]
async fn a_calendar_without_changes_costs_one_request_and_a_changed_event_no_more() {
    let scene = Scene::with(Switches::default()).await;
    let series = scene.make_series(scene.day(1), 5);
    let single = scene.make(scene.day(2), json!({}));
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let ledger = scene.graph.sim.ledger();
    ledger.record_traffic(true);
    let count = || {
        let (traffic, _) = ledger.traffic();
        ledger.clear();
        traffic.iter().filter(|exchange| !exchange.in_batch).count()
    };
    scene.read(&mut reader).await;
    assert_eq!(count(), 1, "nothing changed");
    scene.graph.sim.with(|world| world.change_event(single, &times(scene.day(6)))).unwrap();
    scene.read(&mut reader).await;
    assert_eq!(count(), 1, "a single event changed");
    scene.graph.sim.with(|world| world.cancel_occurrence(series, scene.day(2).date_naive()));
    scene.read(&mut reader).await;
    assert_eq!(count(), 2, "a series changed: a round, and a batch");
    assert_eq!(scene.days(&reader), [1, 3, 4, 5, 6]);
}

#[tokio::test]
async fn a_window_that_rolls_is_read_anew_within_the_slack() {
    let scene = Scene::with(Switches::default()).await;
    let mut reader = Reader::default();
    scene.make(scene.day(2), json!({}));
    scene.make(scene.day(200), json!({}));
    scene.read(&mut reader).await;
    assert_eq!(scene.days(&reader), [2]);
    scene.graph.sim.clock().advance(TimeDelta::days(30));
    scene.read(&mut reader).await;
    assert!(reader.listed);
    assert_eq!(scene.days(&reader), [170]);
    assert!(scene.window().range.lo > scene.graph.now() - TimeDelta::days(3));
}
