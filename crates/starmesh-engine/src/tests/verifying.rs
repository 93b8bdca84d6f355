//! Whole reads: daily, after a sleep and after a gap, they find what no change had told.

use std::time::Duration;

use chrono::TimeDelta;
use starmesh_core::ids::{CalendarId, RemoteId};
use starmesh_provider::ErrorKind;

use super::scene::{Device, HOME, Scene, WORK, wait};
use super::server::{Call, Listings};

/// Longer than the row of whole reads after a sleep, shorter than the time to the next poll.
const A_WHILE: Duration = Duration::from_mins(11);

/// A sleep that is no gap.
const A_NAP: TimeDelta = TimeDelta::hours(1);

/// A device in step with calendars that tell no change.
async fn forgetful(scene: &Scene, events: i64) -> Device {
    scene.give_home_an_event();
    for place in [WORK, HOME] {
        scene.server.with(place, |shelf| shelf.listings = Listings::Forgetful);
    }
    let device = scene.settled_device(events).await;
    assert_eq!(device.plan().await.operations(), 0, "from now on it reads changes");
    scene.server.take_calls();
    device
}

async fn repairs(device: &Device, scene: &Scene) -> u64 {
    let read = device.state.read(&CalendarId::new(HOME)).await.unwrap();
    read.repairs_lately(scene.now())
}

fn lose_a_mirror(scene: &Scene) {
    let lost = scene.home(|shelf| {
        let marked = |item: &&starmesh_core::event::SourceItem| item.events[0].marked.is_some();
        let id = shelf.items.values().find(marked).map(|item| item.remote_id.clone());
        id.and_then(|id| shelf.items.remove(&id))
    });
    assert!(lost.is_some());
}

fn listings(calls: &[Call], place: &str) -> usize {
    calls.iter().filter(|call| **call == Call::List(place.to_owned())).count()
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_every_calendar_is_read_whole_once_and_what_was_lost_is_mended() {
    let scene = Scene::new();
    let device = forgetful(&scene, 3).await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    lose_a_mirror(&scene);
    scene.book("untold", 48);
    daemon.signal_home().await;
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 2, "no change tells of either");
    scene.server.take_calls();
    scene.sleep(A_NAP);
    wait(A_WHILE).await;
    assert_eq!((scene.mirrors(), repairs(&device, &scene).await), (4, 1));
    let calls = scene.server.take_calls();
    wait(A_WHILE).await;
    assert_eq!(scene.server.take_calls(), [], "once is enough");
    daemon.stop().await;
    // The changes at once, and later the changes and everything.
    assert!((3..=5).contains(&listings(&calls, WORK)), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_pass_after_a_gap_reads_whole_and_one_before_it_does_not() {
    let scene = Scene::new();
    let device = forgetful(&scene, 3).await;
    lose_a_mirror(&scene);
    scene.sleep(TimeDelta::hours(5));
    assert_eq!(device.settle().await.total.placed, 0);
    scene.sleep(TimeDelta::hours(7));
    assert_eq!(device.settle().await.total.placed, 1);
    assert_eq!((scene.mirrors(), repairs(&device, &scene).await), (3, 1));
    scene.sleep(TimeDelta::days(8));
    assert_eq!(repairs(&device, &scene).await, 0, "what was mended long ago is no news");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_stands_twice_or_otherwise_untold_is_a_repair() {
    let scene = Scene::new();
    let device = forgetful(&scene, 2).await;
    scene.home(|shelf| {
        let mirrors: Vec<_> =
            shelf.items.values().filter(|item| item.events[0].marked.is_some()).cloned().collect();
        let mut doubled = mirrors[0].clone();
        doubled.remote_id = RemoteId::new("doubled.ics");
        shelf.put(doubled);
        let mut edited = mirrors[1].clone();
        edited.events[0].marked.as_mut().unwrap().plain = false;
        shelf.put(edited);
    });
    scene.sleep(TimeDelta::hours(25));
    device.settle().await;
    assert_eq!((scene.mirrors(), repairs(&device, &scene).await), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn what_the_changes_tell_is_no_repair() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(3).await;
    lose_a_mirror(&scene);
    scene.sleep(TimeDelta::hours(25));
    device.settle().await;
    assert_eq!((scene.mirrors(), repairs(&device, &scene).await), (3, 0));
}

#[tokio::test(start_paused = true)]
async fn a_whole_read_that_fails_takes_nothing_from_what_the_changes_told() {
    let scene = Scene::new();
    let device = forgetful(&scene, 1).await;
    scene.sleep(TimeDelta::hours(25));
    scene.home(|shelf| shelf.whole_unreadable = Some(ErrorKind::Offline));
    let plan = device.plan().await;
    let told: Vec<_> = plan.troubles.iter().map(|trouble| trouble.calendar.as_str()).collect();
    assert_eq!((told, plan.targets.len()), (vec![HOME], 1), "it is told, and the target is planned");
    scene.home(|shelf| shelf.whole_unreadable = None);
    assert_eq!(device.plan().await.troubles, []);
}
