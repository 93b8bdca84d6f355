//! What follows when a provider says no to a write.

use std::time::Duration;

use starmesh_core::ids::CalendarId;
use starmesh_core::mirror::Incarnation;
use starmesh_core::reconcile::RemoveCause;
use starmesh_provider::ErrorKind;
use starmesh_store::state::WedgeReason;

use super::scene::{HOME, Scene, WORK, wait};
use super::server::{Call, Listings};
use crate::PlanOptions;

fn create(refused: Option<ErrorKind>) -> Call {
    Call::Create(HOME.to_owned(), refused)
}

/// The incarnations that stand in the target.
fn incarnations(scene: &Scene) -> Vec<Incarnation> {
    scene.home(|shelf| shelf.marks().iter().map(|mark| mark.incarnation).collect())
}

#[tokio::test(start_paused = true)]
async fn a_placing_retries_with_the_next_incarnation_after_its_identity_was_taken() {
    let scene = Scene::new();
    scene.book("event", 24);
    let device = scene.device().await;
    // The server remembers the identity of one that was deleted.
    scene.home(|shelf| shelf.identities_taken = 2);
    let report = device.settle().await;
    assert_eq!((report.total.placed, report.total.wedged), (1, 0));
    assert_eq!(incarnations(&scene), [Incarnation(1)]);
    assert_eq!(device.records().await[0].incarnation, Incarnation(1), "the next change finds it there");
    let taken = Some(ErrorKind::IdentityTaken);
    let creates: Vec<_> = scene.server.take_calls();
    let creates: Vec<_> = creates.into_iter().filter(|call| matches!(call, Call::Create(..))).collect();
    assert_eq!(creates, [create(taken), create(taken), create(None)]);
    scene.book("event", 48);
    assert_eq!(device.settle().await.total.updated, 1);
    assert_eq!(incarnations(&scene), [Incarnation(1)]);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_in_another_version_is_read_by_its_id_where_no_listing_tells_of_it() {
    let scene = Scene::new();
    scene.book("event", 24);
    let device = scene.device().await;
    device.settle().await;
    scene.home(|shelf| {
        // The service touched it, and told so to a read that our own answer overtook.
        let touched = shelf.items.values().next().cloned().unwrap();
        shelf.put(touched);
        shelf.listings = Listings::Silent;
    });
    scene.book("event", 48);
    let report = device.settle().await;
    assert_eq!((report.total.updated, report.total.wedged), (1, 0));
    assert_eq!(scene.mirrors(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_identity_that_is_free_again_is_kept() {
    let scene = Scene::new();
    scene.book("event", 24);
    let device = scene.device().await;
    // Another device placed it and removed it in between: the next one up would stand beside its next try.
    scene.home(|shelf| shelf.identities_taken = 1);
    assert_eq!(device.settle().await.total.placed, 1);
    assert_eq!(incarnations(&scene), [Incarnation(0)]);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_stands_where_one_was_to_be_placed_is_taken_over() {
    let scene = Scene::new();
    drop(scene.settled_device(1).await);
    let second = scene.device().await;
    let id = scene.home(|shelf| shelf.items.keys().next().cloned()).unwrap();
    scene.home(|shelf| shelf.hidden.insert(id));
    let plan = second.plan().await;
    assert_eq!(plan.operations(), 1, "its listing hides it");
    let report = second.engine.place(&plan).await.unwrap();
    assert_eq!((report.writes(), report.adopted), (0, 1));
    assert_eq!((scene.mirrors(), second.records().await.len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_refuses_every_identity_wedges_one_mirror_and_no_other() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.book("refused", 72);
    scene.home(|shelf| shelf.identities_taken = u32::MAX);
    let report = device.settle().await;
    assert_eq!((report.total.placed, report.total.wedged), (0, 1));
    let wedges = device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap();
    assert_eq!(wedges.iter().map(|wedge| wedge.reason).collect::<Vec<_>>(), [WedgeReason::Refused]);
    scene.book("event0", 26);
    assert_eq!(device.settle().await.total.updated, 1);
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_can_be_written_again_stands_still_no_longer() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.home(|shelf| shelf.refuses = Some(ErrorKind::ReadOnly));
    scene.book("second", 72);
    assert_eq!(device.settle().await.total.wedged, 1);
    let plan = device.plan().await;
    assert_eq!((plan.operations(), plan.targets[0].resting), (0, 1), "it rests, and is counted");

    scene.home(|shelf| shelf.refuses = None);
    let again = PlanOptions { retry_wedged: true, ..PlanOptions::default() };
    assert_eq!(device.engine.settle(&again).await.unwrap().total.placed, 1);
    assert_eq!(device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap(), []);
    scene.book("third", 96);
    assert_eq!(device.settle().await.total.placed, 1, "nobody has to ask for it");
}

#[tokio::test(start_paused = true)]
async fn the_daemon_tries_again_what_has_rested_though_nothing_changes() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.home(|shelf| shelf.refuses = Some(ErrorKind::Refused));
    scene.book("second", 72);
    let daemon = device.run().await;
    wait(Duration::from_mins(1)).await;
    assert_eq!(device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap().len(), 1);
    scene.home(|shelf| shelf.refuses = None);
    wait(Duration::from_mins(55)).await;
    assert_eq!(scene.mirrors(), 1, "it rests for an hour");
    wait(Duration::from_mins(10)).await;
    assert_eq!(scene.mirrors(), 2);
    assert_eq!(device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap(), []);
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_cannot_be_read_is_asked_for_again_soon_and_then_ever_more_rarely() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.home(|shelf| shelf.refuses = Some(ErrorKind::InvalidData));
    scene.book("second", 72);
    let daemon = device.run().await;
    scene.server.take_calls();
    wait(Duration::from_hours(4)).await;
    let creates = |calls: Vec<Call>| calls.iter().filter(|call| matches!(call, Call::Create(..))).count();
    let tries = creates(scene.server.take_calls());
    assert!((6..=12).contains(&tries), "{tries} tries in four hours");
    scene.home(|shelf| shelf.refuses = None);
    wait(Duration::from_mins(65)).await;
    assert_eq!(
        (scene.mirrors(), device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap().len()),
        (2, 0)
    );
    daemon.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_that_went_by_itself_leaves_its_twins_record() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    let record = device.records().await.remove(0);
    let twin = scene.home(|shelf| {
        let mut twin = shelf.items.get(&record.remote_id).cloned().unwrap();
        twin.remote_id = starmesh_core::ids::RemoteId::new("twin.ics");
        shelf.put(twin.clone());
        twin.remote_id
    });
    let plan = device.plan().await;
    assert_eq!(plan.operations(), 1);
    assert!(matches!(
        plan.targets[0].operations[0].action,
        starmesh_core::reconcile::Action::Remove { cause: RemoveCause::Duplicate, .. }
    ));
    scene.home(|shelf| shelf.items.remove(&twin));
    device.engine.place(&plan).await.unwrap();
    assert_eq!(device.records().await, [record]);
}

#[tokio::test(start_paused = true)]
async fn a_duplicate_stays_when_its_twin_has_gone_and_nobody_told() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    let record = device.records().await.remove(0);
    let twin = scene.home(|shelf| {
        let mut twin = shelf.items.get(&record.remote_id).cloned().unwrap();
        twin.remote_id = starmesh_core::ids::RemoteId::new("twin.ics");
        shelf.put(twin.clone());
        twin.remote_id
    });
    let plan = device.plan().await;
    assert_eq!(plan.operations(), 1);
    scene.home(|shelf| shelf.items.remove(&record.remote_id));
    let report = device.engine.place(&plan).await.unwrap();
    assert_eq!((report.removed, report.deferred), (0, 1));
    assert!(scene.home(|shelf| shelf.items.contains_key(&twin)));
    device.settle().await;
    assert_eq!(device.records().await.remove(0).remote_id, twin);
}

#[tokio::test(start_paused = true)]
async fn a_pass_by_hand_rereads_a_mirror_that_was_touched_and_then_writes_it() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    scene.book("event0", 48);
    scene.home(|shelf| shelf.touches = 1);
    let report = device.settle().await;
    assert_eq!((report.total.deferred, report.total.updated), (1, 1));
    let (work, home) = (WORK.to_owned(), HOME.to_owned());
    let list = |name: &String| Call::List(name.clone());
    let calls = scene.server.take_calls();
    let refused = Call::Update(home.clone(), Some(ErrorKind::PreconditionFailed));
    let after: Vec<_> = calls.iter().skip_while(|call| **call != refused).skip(1).collect();
    assert!(after.len() >= 4, "{calls:?}");
    assert_eq!(after[0], &Call::Fetch(home.clone()), "{calls:?}");
    let after = &after[1..];
    assert!(after[..2].contains(&&list(&home)) && after[..2].contains(&&list(&work)), "{calls:?}");
    assert_eq!(after[2], &Call::Update(home, None), "{calls:?}");
}
