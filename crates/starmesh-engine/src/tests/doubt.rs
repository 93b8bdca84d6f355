//! A calendar that seems to be empty or gone is believed late, and never against other evidence.

use std::time::Duration;

use starmesh_core::ids::CalendarId;
use starmesh_provider::ErrorKind;

use super::scene::{A_SECOND_LOOK_LATER, Device, HOME, Scene, WORK, wait};
use super::server::{Call, Listings};
use crate::pull::Extent;
use crate::reconcile::Scope;
use crate::{Plan, PlanOptions};

/// Long enough for a request to be under way, far too short for its answer.
const A_MOMENT: Duration = Duration::from_secs(1);

/// How many looks a contradicted 404 has to survive.
const LOOKS: u32 = 4;

/// Plans, and expects that the source is in doubt and nothing is removed for it.
async fn expect_doubt(device: &Device) {
    let plan = device.plan().await;
    let kinds: Vec<_> =
        plan.troubles.iter().map(|trouble| (trouble.calendar.as_str(), trouble.kind)).collect();
    assert_eq!(kinds, [(WORK, ErrorKind::CalendarGone)]);
    assert_eq!(plan.operations(), 0);
    assert_eq!(device.state.item_count(&CalendarId::new(WORK)).await.unwrap(), 3, "what is known is kept");
}

fn removals(plan: &Plan) -> usize {
    plan.targets.iter().flat_map(|target| &target.operations).filter(|it| it.body().is_none()).count()
}

#[tokio::test(start_paused = true)]
async fn a_404_of_a_calendar_that_its_home_still_lists_is_not_believed() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    scene.work(|shelf| shelf.gone = true);
    for _ in 0..LOOKS {
        expect_doubt(&device).await;
        wait(A_SECOND_LOOK_LATER).await;
    }
    scene.work(|shelf| shelf.unlisted = true);
    let plan = device.plan().await;
    assert_eq!((plan.troubles.len(), removals(&plan)), (0, 3), "without its home's word it is gone");
}

#[tokio::test(start_paused = true)]
async fn a_404_that_ends_leaves_everything_as_it_was() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    scene.work(|shelf| shelf.gone = true);
    expect_doubt(&device).await;
    scene.work(|shelf| shelf.gone = false);
    wait(A_SECOND_LOOK_LATER).await;
    assert!(device.plan().await.is_quiet());
    scene.work(|shelf| (shelf.gone, shelf.unlisted) = (true, true));
    wait(A_SECOND_LOOK_LATER).await;
    expect_doubt(&device).await;
}

#[tokio::test(start_paused = true)]
async fn a_404_does_not_confirm_an_empty_listing() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    scene.work(|shelf| shelf.listings = Listings::Empty);
    expect_doubt(&device).await;
    wait(A_SECOND_LOOK_LATER).await;
    scene.work(|shelf| (shelf.gone, shelf.unlisted) = (true, true));
    expect_doubt(&device).await;
    wait(A_SECOND_LOOK_LATER).await;
    scene.work(|shelf| shelf.gone = false);
    expect_doubt(&device).await;
    wait(A_SECOND_LOOK_LATER).await;
    assert_eq!(removals(&device.plan().await), 3, "a second empty listing does");
}

#[tokio::test(start_paused = true)]
async fn an_empty_first_read_does_not_let_another_devices_mirrors_go() {
    let scene = Scene::new();
    drop(scene.settled_device(3).await);
    scene.work(|shelf| shelf.listings = Listings::Empty);
    let second = scene.device().await;
    let report = second.settle().await;
    assert_eq!((report.total.writes(), scene.mirrors()), (0, 3));
    scene.work(|shelf| shelf.listings = Listings::Everything);
    let report = second.settle().await;
    assert_eq!((report.total.writes(), report.total.adopted), (0, 3));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_empty_at_a_second_look_lets_its_mirrors_go() {
    let scene = Scene::new();
    drop(scene.settled_device(3).await);
    scene.work(|shelf| shelf.items.clear());
    let second = scene.device().await;
    assert_eq!(second.settle().await.total.writes(), 0);
    wait(A_SECOND_LOOK_LATER).await;
    assert_eq!(second.settle().await.total.removed, 3);
    assert_eq!(scene.mirrors(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_came_during_a_long_read_is_judged_by_a_later_read_of_its_source() {
    let scene = Scene::new();
    let first = scene.settled_device(1).await;
    let second = scene.device().await;
    assert_eq!(second.settle().await.total.adopted, 1);
    let calendars = second.engine.linked_calendars(false).await.unwrap();
    let (work, home) = (&calendars[&CalendarId::new(WORK)], &calendars[&CalendarId::new(HOME)]);
    scene.home(|shelf| shelf.slow_listing = A_SECOND_LOOK_LATER);
    let long_read = second.engine.pull(home, Extent::Whole);
    let meanwhile = async {
        wait(A_MOMENT).await;
        assert!(second.engine.pull(work, Extent::Whole).await.is_ok());
        scene.book("new", 72);
        assert_eq!(first.settle().await.total.placed, 1);
    };
    let (read, ()) = tokio::join!(long_read, meanwhile);
    assert!(read.is_ok_and(|pulled| pulled.unrecorded), "it shows the new mirror");
    let plan =
        second.engine.plan_target(home, &Scope::Whole, &PlanOptions::default()).await.unwrap().unwrap();
    assert_eq!(plan.operations, [], "the source was read after the long read began, but before the event");
    assert_eq!(plan.recheck.iter().collect::<Vec<_>>(), [&work.id]);
    assert_eq!(second.settle().await.total.adopted, 1);
}

#[tokio::test(start_paused = true)]
async fn a_target_that_seems_empty_gets_nothing_twice() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    scene.home(|shelf| shelf.listings = Listings::Empty);
    for _ in 0..LOOKS {
        // Believed at the second look, every mirror is looked for where it stood.
        let plan = device.plan().await;
        device.engine.place(&plan).await.unwrap();
        assert_eq!(scene.mirrors(), 3);
        wait(A_SECOND_LOOK_LATER).await;
    }
    scene.home(|shelf| shelf.listings = Listings::Everything);
    device.settle().await;
    assert_eq!(scene.mirrors(), 3);
    assert_eq!(device.state.item_count(&CalendarId::new(HOME)).await.unwrap(), 3);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_a_listing_merely_lacks_keeps_its_mirror() {
    let scene = Scene::new();
    let device = scene.settled_device(3).await;
    // Something was removed beside the listing: what moved up to its place is on no page.
    let skipped = scene.work(|shelf| shelf.items.keys().next().cloned()).unwrap();
    scene.work(|shelf| shelf.hidden.insert(skipped));
    assert_eq!(device.settle().await.total.writes(), 0);
    assert_eq!(scene.mirrors(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_read_that_is_slowed_down_in_its_middle_goes_on_where_it_was() {
    let scene = Scene::new();
    scene.book("event", 24);
    let device = scene.device().await;
    scene.work(|shelf| shelf.second_page = Some(3));
    assert_eq!(device.plan().await.operations(), 1);
    let lists = |calls: Vec<Call>| calls.iter().filter(|call| **call == Call::List(WORK.to_owned())).count();
    assert_eq!(lists(scene.server.take_calls()), 5, "two pages, of which one was asked for four times");
    scene.work(|shelf| shelf.second_page = Some(100));
    let plan = device.plan().await;
    assert!(plan.troubles.iter().any(|trouble| trouble.kind.is_transient()), "not forever: {plan:?}");
}
