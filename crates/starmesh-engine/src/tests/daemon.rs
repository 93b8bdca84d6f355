//! What wakes the daemon, and what it does next. It polls once a day, so nothing here comes from a poll.

use std::sync::Arc;
use std::time::Duration;

use chrono::{TimeZone, Utc};
use starmesh_core::time::Window;
use starmesh_provider::ErrorKind;
use tokio::time::timeout;

use super::connection::OneConnection;
use super::scene::{HOME, Scene, WORK, wait};
use super::server::Call;
use crate::EngineEvent;

/// Long enough for every retry, far shorter than the time to the next poll.
const A_WHILE: Duration = Duration::from_mins(5);

#[tokio::test(start_paused = true)]
async fn midnight_wakes_the_daemon_when_no_poll_is_due() {
    let scene = Scene::at(Utc.with_ymd_and_hms(2026, 11, 22, 23, 0, 0).unwrap());
    let far_edge = Window::around(scene.now(), Window::DAYS_DEFAULT).range.hi;
    scene.book("beyond", (far_edge - scene.now()).num_hours() + 2);
    let device = scene.device().await;
    let daemon = device.run().await;
    wait(Duration::from_mins(59)).await;
    assert_eq!(scene.mirrors(), 0, "today it lies beyond the window");
    scene.server.take_calls();
    wait(Duration::from_mins(3)).await;
    assert_eq!(scene.mirrors(), 1, "tomorrow it does not");
    daemon.stop().await;
    assert_eq!(scene.server.take_calls(), [Call::Create(HOME.to_owned(), None)], "nothing was polled");
}

#[tokio::test(start_paused = true)]
async fn signals_during_reads_and_writes_never_wait_for_a_connection_that_work_holds() {
    const SIGNALS: i64 = 20;
    let scene = Scene::new();
    let device = scene.device_over(Arc::new(OneConnection::default())).await;
    let daemon = device.run().await;
    for number in 0..SIGNALS {
        scene.book(&format!("event{number}"), 24 + 2 * number);
        timeout(A_WHILE, daemon.signal_work()).await.expect("the daemon hears signals");
        wait(Duration::from_millis(3)).await;
    }
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(i64::try_from(scene.mirrors()).unwrap(), SIGNALS);
}

#[tokio::test(start_paused = true)]
async fn after_a_412_the_mirror_and_its_target_are_reread_before_the_next_write() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    scene.server.take_calls();
    scene.book("event0", 48);
    scene.home(|shelf| shelf.touches = 2);
    daemon.signal_work().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    let (home, refused) = (HOME.to_owned(), Some(ErrorKind::PreconditionFailed));
    assert_eq!(
        scene.server.take_calls(),
        [
            Call::List(WORK.to_owned()),
            Call::Update(home.clone(), refused),
            Call::Fetch(home.clone()),
            Call::List(home.clone()),
            Call::Update(home.clone(), refused),
            Call::Fetch(home.clone()),
            Call::List(home.clone()),
            Call::Update(home, None),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_no_record_knows_is_planned_again_with_the_whole_target_after_a_412() {
    let scene = Scene::new();
    drop(scene.settled_device(2).await);
    // This device never saw the event, so that no meeting of its own leads to the mirror.
    scene.cancel("event0");
    let second = scene.device().await;
    scene.home(|shelf| shelf.touches = 1);
    let daemon = second.run().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    let calls = scene.server.take_calls();
    let refused = Call::Remove(HOME.to_owned(), Some(ErrorKind::PreconditionFailed));
    assert!(calls.contains(&refused), "{calls:?}");
    assert_eq!((scene.mirrors(), second.records().await.len()), (1, 1), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_hidden_mirror_that_is_not_wanted_any_more_goes_without_another_poll() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    scene.server.take_calls();
    let records = device.records().await;
    let orphan = records.iter().find(|record| record.event.as_str() == "event0").unwrap();
    scene.home(|shelf| {
        shelf.hidden.insert(orphan.remote_id.clone());
        shelf.touches = 1;
    });
    scene.cancel("event0");
    daemon.signal_work().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!((scene.mirrors(), device.records().await.len()), (1, 1));
    let home = HOME.to_owned();
    assert_eq!(
        scene.server.take_calls(),
        [
            Call::List(WORK.to_owned()),
            Call::Fetch(WORK.to_owned()),
            Call::Remove(home.clone(), Some(ErrorKind::PreconditionFailed)),
            Call::Fetch(home.clone()),
            Call::List(home.clone()),
            Call::Fetch(home.clone()),
            Call::Remove(home, None),
        ],
        "the listing that was to explain the refusal hides it, so it is looked for where it stood"
    );
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_empty_at_first_is_looked_at_again_before_its_mirrors_go() {
    let scene = Scene::new();
    drop(scene.settled_device(3).await);
    scene.work(|shelf| shelf.items.clear());
    let second = scene.device().await;
    let daemon = second.run().await;
    wait(Duration::from_secs(55)).await;
    assert_eq!(scene.mirrors(), 3);
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(scene.mirrors(), 0);
}

#[tokio::test(start_paused = true)]
async fn held_removals_are_counted_over_the_whole_target_up_and_down() {
    let scene = Scene::new();
    let device = scene.settled_device(30).await;
    let mut events = device.engine.subscribe();
    let daemon = device.run().await;
    wait(A_WHILE).await;
    let mut told = move || {
        let mut last = None;
        while let Ok(event) = events.try_recv() {
            if let EngineEvent::Planned { held, whole: true, .. } = event {
                last = Some(held);
            }
        }
        last
    };
    assert_eq!(told(), Some(0));
    (0..20).for_each(|number| scene.cancel(&format!("event{number}")));
    daemon.signal_work().await;
    wait(A_WHILE).await;
    assert_eq!(told(), Some(20), "a plan of some meetings that holds any is followed by one of all");
    scene.cancel("event20");
    daemon.signal_work().await;
    wait(A_WHILE).await;
    assert_eq!(told(), Some(21));
    (0..9).for_each(|number| scene.book(&format!("event{number}"), 24 + 2 * number));
    daemon.signal_work().await;
    wait(A_WHILE).await;
    assert_eq!((told(), scene.mirrors()), (Some(12), 30));
    (9..11).for_each(|number| scene.book(&format!("event{number}"), 24 + 2 * number));
    daemon.signal_work().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!((told(), scene.mirrors()), (Some(0), 20), "ten are few enough to go unasked");
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_went_before_the_answer_to_its_write_came_is_placed_again() {
    const ANSWERED_AFTER: Duration = Duration::from_secs(20);
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.device().await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    scene.home(|shelf| shelf.slow_answer = ANSWERED_AFTER);
    scene.book("event", 24);
    daemon.signal_work().await;
    wait(ANSWERED_AFTER / 4).await;
    assert_eq!(scene.mirrors(), 1, "it stands, and nobody here knows yet");
    scene.home(|shelf| shelf.items.retain(|_, item| item.events.iter().all(|event| event.marked.is_none())));
    daemon.signal_home().await;
    wait(ANSWERED_AFTER / 4).await;
    assert_eq!(scene.mirrors(), 0, "a read saw that it went");
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 1);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_wants_to_be_left_alone_is_polled_no_sooner_and_a_signal_is_heard_all_the_same() {
    let hour = Duration::from_hours(1);
    let scene = Scene::new();
    scene.work(|shelf| shelf.rest = Some(6 * hour));
    let device = scene.settled_device(1).await;
    let daemon = device.run_polling(Duration::from_mins(1)).await;
    let lists = |name: &str| {
        let calls = scene.server.take_calls();
        calls.into_iter().filter(|call| *call == Call::List(name.to_owned())).count()
    };
    wait(A_WHILE).await;
    scene.server.take_calls();
    wait(5 * hour).await;
    assert_eq!(lists(WORK), 0, "one minute is too soon for it");
    daemon.signal_work().await;
    wait(A_WHILE).await;
    assert_eq!(lists(WORK), 1);
    wait(6 * hour).await;
    assert_eq!(lists(WORK), 1, "it rests from the last read on");
    wait(hour).await;
    assert!(lists(HOME) >= 40, "nobody else has to wait");
    daemon.stop().await;
}
