//! Reading under every reading of what the documents leave open.

use chrono::TimeDelta;
use serde_json::json;
use starmesh_provider::{CalendarProvider as _, ErrorKind};
use starmesh_sim::google::{LeftWindow, Retimed, Switches, TokenWindow, Tombstones};

use crate::scene::{Reader, Scene, times};

/// All that may be true of sync tokens and of what is gone.
fn readings() -> Vec<Switches> {
    let mut readings = Vec::new();
    for (token_window, left_window) in [
        (TokenWindow::Ignored, LeftWindow::Cancelled),
        (TokenWindow::Kept, LeftWindow::Cancelled),
        (TokenWindow::Kept, LeftWindow::Whole),
    ] {
        for retimed in [Retimed::Cancelled, Retimed::Silent] {
            for tombstones in [Tombstones::Bare, Tombstones::Whole] {
                readings.push(Switches {
                    token_window,
                    left_window,
                    retimed,
                    tombstones,
                    ..Switches::default()
                });
            }
        }
    }
    readings
}

#[tokio::test]
async fn an_event_that_moves_out_of_the_window_and_back_is_where_it_is() {
    for switches in readings() {
        let scene = Scene::with(switches).await;
        let id = scene.make(scene.day(3), json!({"summary": "moves"})).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), [scene.day(3)]);
        for day in [4_000, 5, -400, 6] {
            scene.patch(&id, times(scene.day(day))).await;
            scene.read(&mut reader).await;
            let expected: Vec<_> = [scene.day(day)].into_iter().filter(|_| (0..180).contains(&day)).collect();
            assert_eq!(scene.starts(&reader), expected, "{:?}", scene.google.sim.switches().token_window);
        }
        assert!(!reader.listed, "all of it by changes alone");
    }
}

#[tokio::test]
async fn a_retimed_series_leaves_none_of_its_old_dates_behind() {
    for switches in readings() {
        let scene = Scene::with(switches).await;
        let rule = json!({"recurrence": ["RRULE:FREQ=WEEKLY;COUNT=4"]});
        let id = scene.make(scene.day(2), rule).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        let weeks = |first: i64, minutes: i64| -> Vec<_> {
            (0..4).map(|week| scene.day(first + 7 * week) + TimeDelta::minutes(minutes)).collect()
        };
        assert_eq!(scene.starts(&reader), weeks(2, 0));
        scene.patch(&id, times(scene.day(3) + TimeDelta::minutes(90))).await;
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), weeks(3, 90));
        assert_eq!(reader.items.len(), 1, "a series is one item");
        scene.delete(&id).await;
        scene.read(&mut reader).await;
        assert!(reader.items.is_empty(), "{:?}", reader.items.keys());
    }
}

#[tokio::test]
async fn a_cancelled_date_is_no_cancelled_series_and_a_moved_one_keeps_its_name() {
    for switches in readings() {
        let scene = Scene::with(switches).await;
        let id = scene.make(scene.day(2), json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]})).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        let instance = |day: i64| format!("{id}_{}", scene.day(day).format("%Y%m%dT%H%M%SZ"));
        scene.delete(&instance(3)).await;
        scene.patch(&instance(4), times(scene.day(9))).await;
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), [scene.day(2), scene.day(9)]);
        assert_eq!(reader.items.len(), 1);
    }
}

#[tokio::test]
async fn what_time_brings_into_the_window_is_there_though_nobody_touched_it() {
    for token_window in [TokenWindow::Ignored, TokenWindow::Kept] {
        let scene = Scene::with(Switches { token_window, ..Switches::default() }).await;
        let start = scene.day(182);
        let far = scene.day(200);
        scene.make(start, json!({})).await;
        scene.make(far, json!({})).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        assert!(scene.starts(&reader).is_empty());
        let mut listings = 0;
        for day in 1..=30 {
            scene.google.sim.clock().advance(TimeDelta::days(1));
            scene.read(&mut reader).await;
            listings += u32::from(reader.listed);
            let mut expected = Vec::new();
            expected.extend((day >= 3).then_some(start));
            expected.extend((day >= 21).then_some(far));
            assert_eq!(scene.starts(&reader), expected, "day {day}");
        }
        assert!((4..=6).contains(&listings), "{listings} listings in 30 days");
    }
}

#[tokio::test]
async fn a_token_that_dies_at_any_time_is_told_and_the_next_listing_is_whole() {
    let scene = Scene::with(Switches { sync_token_life_s: Some(60), ..Switches::default() }).await;
    let goes = scene.make(scene.day(3), json!({})).await;
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    scene.google.sim.clock().advance(TimeDelta::minutes(2));
    scene.delete(&goes).await;
    scene.make(scene.day(4), json!({})).await;
    let adapter = scene.google.adapter();
    let outcome = adapter.changes_since(&scene.calendar, reader.cursor.as_ref(), &scene.window()).await;
    assert_eq!(outcome.map_err(|error| error.kind).unwrap_err(), ErrorKind::TokenExpired);
    reader.cursor = None;
    scene.read(&mut reader).await;
    assert_eq!(scene.starts(&reader), [scene.day(4)]);
}

#[tokio::test]
async fn whole_days_at_the_edge_of_the_range_are_told_in_every_zone() {
    for zone in ["Pacific/Kiritimati", "Pacific/Niue"] {
        let scene = Scene::with(Switches::default()).await;
        let path = ["calendars", scene.calendar.as_str()];
        scene.google.around.done("PATCH", &path, &[], Some(&json!({"timeZone": zone}))).await;
        let first = scene.window().range.lo.date_naive();
        let body = json!({"start": {"date": first}, "end": {"date": first.succ_opt()}});
        let path = ["calendars", scene.calendar.as_str(), "events"];
        scene.google.around.done("POST", &path, &[], Some(&body)).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), [scene.window().range.lo], "{zone}");
    }
}

#[tokio::test]
async fn a_series_that_is_split_is_two_series_with_each_date_once() {
    for switches in readings() {
        let scene = Scene::with(switches).await;
        let id = scene.make(scene.day(2), json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=4"]})).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        let at = format!("{id}_{}", scene.day(4).format("%Y%m%dT%H%M%SZ"));
        let onward = scene.day(4) + TimeDelta::hours(3);
        let mut patch = times(onward);
        patch["recurrence"] = json!(["RRULE:FREQ=DAILY;COUNT=2"]);
        let new = scene.google.sim.split_series(scene.calendar.as_str(), &at, &patch).unwrap();
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), [scene.day(2), scene.day(3), onward, onward + TimeDelta::days(1)]);
        let mut ids: Vec<_> = reader.items.keys().cloned().collect();
        ids.sort();
        assert_eq!(ids, [id, new]);
    }
}

#[tokio::test]
async fn a_read_over_many_short_and_empty_pages_loses_and_doubles_nothing() {
    let scene = Scene::with(Switches::default()).await;
    scene.google.sim.switch(|switches| {
        switches.faults.short_page = 900;
        switches.faults.empty_page = 300;
    });
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let mut expected = Vec::new();
    for day in 2..30 {
        scene.make(scene.day(day), json!({})).await;
        expected.push(scene.day(day));
    }
    scene.make(scene.day(40), json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=30"]})).await;
    expected.extend((40..70).map(|day| scene.day(day)));
    scene.read(&mut reader).await;
    assert_eq!(scene.starts(&reader), expected);
    let mut fresh = Reader::default();
    scene.read(&mut fresh).await;
    assert_eq!(scene.starts(&fresh), expected);
    assert_eq!(fresh.items, reader.items, "a listing and the changes that led there tell the same");
}
