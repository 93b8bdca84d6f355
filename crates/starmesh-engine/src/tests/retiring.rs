//! A link that ends takes its mirrors with it once, and then is nobody's business here any more.

use std::time::Duration;

use starmesh_core::ids::RemoteId;
use starmesh_core::reconcile::LinkState;
use starmesh_provider::ErrorKind;
use starmesh_store::state::{ActionKind, Changes, Intent};

use super::scene::{A_SECOND_LOOK_LATER, Scene, link, wait};

/// Longer than a retirement, shorter than the time to the next poll.
const A_WHILE: Duration = Duration::from_mins(5);

#[tokio::test(start_paused = true)]
async fn a_retiring_link_does_not_fight_a_device_on_which_it_still_runs() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let first = scene.settled_device(3).await;
    let second = scene.device().await;
    assert_eq!(second.settle().await.total.adopted, 3);
    first.retire().await;
    let plan = first.plan().await;
    let report = first.engine.place(&plan).await.unwrap();
    assert_eq!((report.removed, scene.mirrors()), (3, 0));
    assert_eq!(first.links().await, [], "it ends with its last removal, not with a later look");
    assert_eq!(second.settle().await.total.placed, 3, "there it runs on");
    assert_eq!(first.settle().await.total.writes(), 0);
    assert_eq!(scene.mirrors(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_takes_along_what_came_back_since_its_target_was_read() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(2).await;
    let daemon = device.run().await;
    wait(A_WHILE).await;
    scene.home(|shelf| {
        let mirror = shelf.items.values().find(|item| item.events[0].marked.is_some()).cloned();
        let mut back = mirror.unwrap();
        back.remote_id = RemoteId::new("from-the-bin.ics");
        shelf.put(back);
    });
    assert_eq!(scene.mirrors(), 3);
    device.retire().await;
    daemon.reload().await;
    wait(A_WHILE).await;
    daemon.stop().await;
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_outlives_a_removal_that_did_not_get_through() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    device.retire().await;
    let plan = device.plan().await;
    scene.home(|shelf| shelf.touches = 1);
    let report = device.engine.place(&plan).await.unwrap();
    assert_eq!((report.removed, report.deferred), (2, 1));
    let states: Vec<_> = device.links().await.into_iter().map(|link| link.state).collect();
    assert_eq!(states, [LinkState::Retiring]);
    assert_eq!(device.settle().await.total.removed, 1);
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_outlives_removals_that_rest() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.book("late", 48);
    scene.home(|shelf| shelf.refuses = Some(ErrorKind::QuotaExceeded));
    assert_eq!(device.settle().await.total.wedged, 1);
    scene.home(|shelf| shelf.refuses = None);
    // Another device has placed it: no record of it is here.
    let record = device.records().await.remove(0);
    let mut changes = Changes::new();
    changes.delete_mirror(&link().target, &record.key);
    device.state.commit(changes).await.unwrap();
    device.retire().await;
    let plan = device.plan().await;
    assert_eq!((plan.operations(), plan.targets[0].resting), (0, 1));
    device.engine.place(&plan).await.unwrap();
    assert_eq!((device.links().await.len(), scene.mirrors()), (1, 1));
    wait(Duration::from_mins(65)).await;
    device.settle().await;
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_waits_for_a_calendar_that_is_gone_and_not_forever() {
    for comes_back in [true, false] {
        let scene = Scene::new();
        let device = scene.settled_device(1).await;
        scene.home(|shelf| (shelf.gone, shelf.unlisted) = (true, true));
        device.retire().await;
        for _ in 0..3 {
            device.settle().await;
            wait(A_SECOND_LOOK_LATER).await;
        }
        assert_eq!(device.links().await.len(), 1);
        if comes_back {
            scene.home(|shelf| (shelf.gone, shelf.unlisted) = (false, false));
        } else {
            wait(Duration::from_hours(31 * 24)).await;
        }
        device.settle().await;
        assert_eq!((device.links().await.len(), scene.mirrors()), (0, usize::from(!comes_back)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_outlives_a_write_whose_outcome_is_unknown() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    let record = device.records().await.remove(0);
    // The answer to the first placement was lost, and with it the record; the listing does not show the
    // mirror yet.
    let mut changes = Changes::new();
    changes.delete_mirror(&link().target, &record.key);
    changes.put_intent(&Intent {
        link: link(),
        key: record.key,
        incarnation: record.incarnation,
        action: ActionKind::Place,
    });
    device.state.commit(changes).await.unwrap();
    scene.home(|shelf| shelf.hidden.insert(record.remote_id.clone()));
    device.retire().await;
    let plan = device.plan().await;
    assert_eq!(plan.operations(), 0);
    device.engine.place(&plan).await.unwrap();
    assert_eq!(device.links().await.len(), 1, "what the write left behind has to be found first");
    scene.home(|shelf| shelf.hidden.clear());
    device.settle().await;
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_takes_along_what_a_write_with_an_unreadable_answer_left() {
    let scene = Scene::new();
    scene.give_home_an_event();
    scene.book("event", 24);
    let device = scene.device().await;
    scene.home(|shelf| shelf.garbled = 1);
    let report = device.engine.place(&device.plan().await).await.unwrap();
    assert_eq!((report.placed, report.wedged, scene.mirrors()), (0, 1, 1));
    // The listing does not show it yet.
    let id = scene.home(|shelf| shelf.items.keys().find(|id| id.as_str().starts_with("sfb")).cloned());
    scene.home(|shelf| shelf.hidden.extend(id));
    device.retire().await;
    device.engine.place(&device.plan().await).await.unwrap();
    assert_eq!(device.links().await.len(), 1, "what the write left behind has to be removed first");
    scene.home(|shelf| shelf.hidden.clear());
    device.settle().await;
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_retiring_link_ends_when_a_write_whose_outcome_was_unknown_left_nothing() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    let record = device.records().await.remove(0);
    let mut changes = Changes::new();
    changes.delete_mirror(&link().target, &record.key);
    changes.delete_item(&link().target, &record.remote_id);
    changes.put_intent(&Intent {
        link: link(),
        key: record.key,
        incarnation: record.incarnation,
        action: ActionKind::Place,
    });
    device.state.commit(changes).await.unwrap();
    scene.home(|shelf| shelf.items.remove(&record.remote_id));
    device.retire().await;
    device.settle().await;
    assert_eq!((device.links().await.len(), scene.mirrors()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_mirror_with_guests_does_not_keep_its_link_alive() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let guarded = device.records().await.remove(0).remote_id;
    scene.home(|shelf| {
        let mut item = shelf.items.get(&guarded).cloned().unwrap();
        item.events[0].marked.as_mut().unwrap().has_attendees = true;
        shelf.put(item);
    });
    device.retire().await;
    assert_eq!(device.settle().await.total.removed, 1);
    assert_eq!((device.links().await.len(), device.records().await.len()), (0, 0));
    assert_eq!(scene.mirrors(), 1);
}
