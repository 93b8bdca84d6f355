//! A source that hides marks: what the target blocks at any time decides, whichever meeting it belongs to.

use std::time::Duration;

use super::scene::{Scene, wait};

/// Long enough for reads and writes that a signal causes, and shorter than any poll.
const A_WHILE: Duration = Duration::from_secs(30);

#[tokio::test(start_paused = true)]
async fn what_the_target_blocks_already_is_not_mirrored_until_it_no_longer_does() {
    let scene = Scene::new();
    scene.book("published", 30);
    scene.book("other", 33);
    scene.book_at_home("own", 30);
    let device = scene.device().await;
    device.hide_marks().await;
    device.settle().await;
    assert_eq!(scene.mirrors(), 1);
    scene.cancel_at_home("own");
    device.settle().await;
    assert_eq!(scene.mirrors(), 2);
    assert!(device.plan().await.is_quiet());
}

#[tokio::test(start_paused = true)]
async fn an_event_of_another_meeting_at_that_time_is_noticed_by_the_daemon() {
    let scene = Scene::new();
    scene.give_home_an_event();
    scene.book("published", 30);
    scene.book("other", 33);
    let device = scene.device().await;
    device.hide_marks().await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 2);
    scene.book_at_home("own", 30);
    daemon.signal_home().await;
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 1, "nothing of what changed belongs to the meeting whose mirror goes");
    scene.cancel_at_home("own");
    daemon.signal_home().await;
    wait(A_WHILE).await;
    assert_eq!(scene.mirrors(), 2);
    daemon.stop().await;
}
