//! What the daemon has to hear before it places: at its start, and after the computer slept. It polls once a
//! day, so nothing here comes from a poll.

use std::time::Duration;

use chrono::TimeDelta;
use starmesh_provider::ErrorKind;

use super::scene::{Daemon, Device, HOME, Scene, wait};
use super::server::Call;

/// Long enough for every retry, far shorter than the time to the next poll.
const A_WHILE: Duration = Duration::from_mins(11);

/// Long enough for an answer and a write.
const A_MOMENT: Duration = Duration::from_secs(10);

/// Longer than the answers of a slow calendar take.
const SLOW: Duration = Duration::from_secs(60);

const A_NIGHT: TimeDelta = TimeDelta::hours(9);

/// A daemon at rest, and one mirror.
async fn at_rest(scene: &Scene) -> (Device, Daemon) {
    let device = scene.settled_device(1).await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    scene.server.take_calls();
    (device, daemon)
}

/// Where in `calls` the first create is, and the last listing of the target.
fn create_and_listing(calls: &[Call]) -> (Option<usize>, Option<usize>) {
    let listing = Call::List(HOME.to_owned());
    let create = calls.iter().position(|call| matches!(call, Call::Create(..)));
    (create, calls.iter().rposition(|call| *call == listing))
}

#[tokio::test(start_paused = true)]
async fn after_a_sleep_nothing_is_placed_before_the_target_was_read_anew() {
    let scene = Scene::new();
    let (_device, daemon) = at_rest(&scene).await;
    scene.home(|shelf| shelf.slow_listing = SLOW);
    scene.book("after", 48);
    scene.sleep(A_NIGHT);
    daemon.signal_work().await;
    wait(A_MOMENT).await;
    assert_eq!(scene.mirrors(), 1, "another device may have placed the same meanwhile");
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(scene.mirrors(), 2);
    let calls = scene.server.take_calls();
    let (create, listing) = create_and_listing(&calls);
    assert!(listing.is_some() && create > listing, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_asked_for_before_a_sleep_is_not_the_one_that_is_waited_for() {
    let scene = Scene::new();
    let (_device, daemon) = at_rest(&scene).await;
    scene.home(|shelf| shelf.slow_listing = SLOW);
    daemon.signal_home().await;
    wait(A_MOMENT).await;
    scene.sleep(A_NIGHT);
    scene.book("after", 48);
    daemon.signal_work().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(scene.mirrors(), 2);
    let calls = scene.server.take_calls();
    let listings = calls.iter().filter(|call| **call == Call::List(HOME.to_owned())).count();
    let (create, last) = create_and_listing(&calls);
    assert!(listings == 2 && create > last, "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_read_is_not_written_to() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.home(|shelf| shelf.unreadable = Some(ErrorKind::Offline));
    scene.book("new", 48);
    let daemon = device.run().await;
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 1, "it failed, which is no answer");
    scene.home(|shelf| shelf.unreadable = None);
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(scene.mirrors(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_failed_before_a_sleep_has_to_answer_after_it() {
    let scene = Scene::new();
    let (_device, daemon) = at_rest(&scene).await;
    scene.home(|shelf| shelf.unreadable = Some(ErrorKind::Offline));
    daemon.signal_home().await;
    wait(A_WHILE).await;
    scene.sleep(A_NIGHT);
    scene.book("after", 48);
    daemon.signal_work().await;
    wait(A_MOMENT).await;
    assert_eq!(scene.mirrors(), 1, "what it last said is older than the sleep");
    scene.home(|shelf| shelf.unreadable = None);
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!(scene.mirrors(), 2);
}
