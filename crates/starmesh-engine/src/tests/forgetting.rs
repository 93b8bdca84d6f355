//! A mirror that is neither listed nor wanted is forgotten only where it really is gone.

use starmesh_core::event::SourceItem;
use starmesh_core::ids::{CalendarId, RemoteId};
use starmesh_provider::ErrorKind;

use super::scene::{Device, HOME, Scene};
use super::server::Call;

/// A settled mirror whose source went while it stands; its place.
async fn orphan(scene: &Scene) -> (Device, RemoteId) {
    let device = scene.settled_device(2).await;
    let records = device.records().await;
    let orphan = records.iter().find(|record| record.event.as_str() == "event0").unwrap();
    scene.cancel("event0");
    (device, orphan.remote_id.clone())
}

async fn records(device: &Device) -> usize {
    device.records().await.len()
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_a_listing_hides_is_found_where_it_stood_and_removed() {
    let scene = Scene::new();
    let (device, id) = orphan(&scene).await;
    scene.home(|shelf| shelf.hidden.insert(id.clone()));
    let plan = device.plan().await;
    assert_eq!((plan.operations(), plan.targets[0].forget.len()), (0, 1));
    let report = device.engine.place(&plan).await.unwrap();
    assert_eq!(report.deferred, 1, "it is left for a later pass, and not for nobody");
    assert_eq!(records(&device).await, 2, "it is not forgotten");
    assert!(scene.server.take_calls().contains(&Call::Fetch(HOME.to_owned())));
    scene.home(|shelf| shelf.hidden.clear());
    assert_eq!(device.settle().await.total.removed, 1);
    assert_eq!((scene.mirrors(), records(&device).await), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_is_gone_is_forgotten_without_a_write() {
    let scene = Scene::new();
    let (device, id) = orphan(&scene).await;
    scene.home(|shelf| shelf.items.remove(&id));
    let report = device.settle().await;
    assert_eq!((report.total.writes(), report.total.deferred), (0, 0));
    assert_eq!(records(&device).await, 1);
}

#[tokio::test(start_paused = true)]
async fn a_place_that_holds_somebody_elses_event_by_now_is_forgotten_and_left_alone() {
    let scene = Scene::new();
    let (device, id) = orphan(&scene).await;
    let other = scene.work(|shelf| shelf.items.values().next().cloned()).unwrap();
    let stranger = SourceItem { remote_id: id.clone(), ..other };
    scene.home(|shelf| shelf.put(stranger));
    scene.home(|shelf| shelf.hidden.insert(id.clone()));
    assert_eq!(device.settle().await.total.writes(), 0);
    assert_eq!(records(&device).await, 1);
    assert!(scene.home(|shelf| shelf.items.contains_key(&id)));
    let known = device.state.items_by_id(&CalendarId::new(HOME), [&id]).await.unwrap();
    assert_eq!(known, [], "and what stands there is not taken for a mirror");
}

#[tokio::test(start_paused = true)]
async fn a_target_that_cannot_be_asked_forgets_nothing() {
    let scene = Scene::new();
    let (device, id) = orphan(&scene).await;
    scene.home(|shelf| shelf.hidden.insert(id));
    let plan = device.plan().await;
    scene.home(|shelf| shelf.gone = true);
    let report = device.engine.place(&plan).await.unwrap();
    let kinds: Vec<_> = report.troubles.iter().map(|trouble| trouble.kind).collect();
    assert_eq!(kinds, [ErrorKind::CalendarGone]);
    assert_eq!(records(&device).await, 2);
}
