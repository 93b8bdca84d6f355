//! Writes on a service that is busy, forgetful or in trouble.

use starmesh_core::mirror::Incarnation;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{CalendarProvider as _, ErrorKind, MirrorWrite};
use starmesh_sim::microsoft::{Fault, FaultRule, RetryAfter, Switches};
use starmesh_tests::adapter_scene::{mirror_in, placed};

use crate::scene::{Scene, is_marked};
use serde_json::json;
use starmesh_core::ids::RemoteId;
use starmesh_provider::Fetched;

fn rule(method: &str, path: &str, times: u32, fault: Fault) -> FaultRule {
    FaultRule { method: Some(method.to_owned()), path: Some(path.to_owned()), skip: 0, times, fault }
}

async fn item(scene: &Scene, id: &RemoteId) -> starmesh_core::event::SourceItem {
    let fetched = scene.graph.adapter().fetch(&scene.calendar, std::slice::from_ref(id)).await.unwrap();
    match fetched.into_iter().next() {
        Some(Fetched::Found(item)) => item,
        other => panic!("not found: {other:?}"),
    }
}

#[tokio::test]
async fn a_batch_that_is_too_much_at_once_is_placed_all_the_same() {
    for retry_after in [RetryAfter::Seconds, RetryAfter::Fraction, RetryAfter::Date, RetryAfter::Missing] {
        let scene = Scene::with(Switches { retry_after, ..Switches::default() }).await;
        let throttled = Fault::Error {
            status: 429,
            code: "ApplicationThrottled".to_owned(),
            message: String::new(),
            retry_after: Some("1".to_owned()),
        };
        scene.graph.sim.with(|world| world.faults().add(rule("POST", "/events", 5, throttled)));
        let writes: Vec<_> = (0..20)
            .map(|number| MirrorWrite::Create(scene.mirror(&format!("event-{number}"), scene.day(3))))
            .collect();
        let outcomes = scene.graph.adapter().write(&scene.calendar, writes).await;
        assert!(outcomes.iter().all(Result::is_ok), "{outcomes:?}");
        assert_eq!(scene.stored().await, 20);
        scene.assert_silent();
    }
}

#[tokio::test]
async fn many_batches_at_once_stay_within_the_limit_of_the_mailbox() {
    let scene = Scene::with(Switches { service_ms: 2, ..Switches::default() }).await;
    let batch = |first: u32| -> Vec<MirrorWrite> {
        (first..first + 20)
            .map(|number| MirrorWrite::Create(scene.mirror(&format!("event-{number}"), scene.day(3))))
            .collect()
    };
    let client = scene.graph.adapter();
    let ledger = scene.graph.sim.ledger();
    ledger.record_traffic(true);
    let (one, two, three, read) = tokio::join!(
        client.write(&scene.calendar, batch(0)),
        client.write(&scene.calendar, batch(20)),
        client.write(&scene.calendar, batch(40)),
        client.list_calendars(),
    );
    assert!(one.iter().chain(&two).chain(&three).all(Result::is_ok));
    assert!(read.is_ok());
    let (traffic, _) = ledger.traffic();
    let refused = traffic.iter().filter(|exchange| exchange.status >= 400).count();
    assert_eq!(refused, 0, "nothing was refused for its haste");
    assert_eq!(scene.stored().await, 60);
}

#[tokio::test]
async fn a_lost_answer_leaves_a_mirror_that_is_found_and_not_doubled() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    scene.graph.sim.with(|world| world.faults().add(rule("POST", "/events", 1, Fault::LostAnswer)));
    let lost = scene.write(MirrorWrite::Create(mirror.clone())).await;
    assert_eq!(lost.map_err(|error| error.kind), Err(ErrorKind::Offline));
    let found = scene.graph.adapter().find_mirror(&scene.calendar, mirror.provider_id()).await.unwrap();
    assert!(is_marked(found.as_ref()));
    let again = scene.write(MirrorWrite::Create(mirror.clone())).await.unwrap();
    assert_eq!(again.remote_id, found.unwrap().remote_id);
    assert_eq!(scene.stored().await, 1);

    scene.graph.sim.with(|world| world.faults().add(rule("POST", "/events", 1, Fault::LateAnswer)));
    let late = scene.mirror("late", scene.day(4));
    scene.write(MirrorWrite::Create(late)).await.unwrap();
    assert_eq!(scene.stored().await, 2, "a create that was answered late is repeated under its identity");
}

#[tokio::test]
async fn a_removed_mirror_comes_back_under_its_next_incarnation() {
    let scene = Scene::with(Switches::default()).await;
    let first = scene.mirror("event", scene.day(3));
    let at = scene.create(&first).await;
    scene.write(MirrorWrite::Remove(at)).await.unwrap();
    let taken = scene.write(MirrorWrite::Create(first.clone())).await;
    assert_eq!(taken.map_err(|error| error.kind), Err(ErrorKind::IdentityTaken));
    assert!(scene.graph.adapter().find_mirror(&scene.calendar, first.provider_id()).await.unwrap().is_none());
    let next = mirror_in(&scene.calendar, "event", scene.day(3), Incarnation::default().next());
    scene.create(&next).await;
    assert_eq!(scene.stored().await, 1);
}

#[tokio::test]
async fn a_mirror_that_was_changed_since_is_not_taken_for_what_is_created_again() {
    let scene = Scene::with(Switches::default()).await;
    let first = scene.mirror("event", scene.day(3));
    let at = scene.create(&first).await;
    let moved = scene.mirror("event", scene.day(5));
    scene.write(MirrorWrite::Update(at, moved)).await.unwrap();
    let again = scene.write(MirrorWrite::Create(first)).await;
    assert_eq!(again.map_err(|error| error.kind), Err(ErrorKind::IdentityTaken));
}

#[tokio::test]
async fn a_mirror_that_the_service_touches_itself_is_read_again_before_it_is_written() {
    let scene = Scene::with(Switches { touch_after_write_per_mille: 1_000, ..Switches::default() }).await;
    let first = scene.mirror("event", scene.day(3));
    let at = scene.create(&first).await;
    let moved = scene.mirror("event", scene.day(5));
    let stale = scene.write(MirrorWrite::Update(at.clone(), moved.clone())).await;
    assert_eq!(stale.map_err(|error| error.kind), Err(ErrorKind::PreconditionFailed));
    let now = item(&scene, at.remote_id()).await;
    let written = starmesh_provider::Written { remote_id: now.remote_id, version: now.version };
    scene.write(MirrorWrite::Update(placed(&first, &written), moved)).await.unwrap();
}

#[tokio::test]
async fn what_a_person_did_to_a_mirror_is_seen_and_put_right() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    let at = scene.create(&mirror).await;
    let number = scene.graph.sim.with(|world| world.events(scene.number).next().unwrap().no);
    for edit in [
        json!({"subject": "Lunch"}),
        json!({"body": {"contentType": "text", "content": "with Ada"}}),
        json!({"location": {"displayName": "Room"}}),
        json!({"isReminderOn": true}),
        json!({"categories": ["Red"]}),
        json!({"sensitivity": "normal"}),
        json!({"showAs": "free"}),
    ] {
        scene.graph.sim.with(|world| world.change_event(number, &edit)).unwrap();
        let edited = item(&scene, at.remote_id()).await;
        let marked = edited.events[0].marked.clone().unwrap();
        let label = starmesh_core::event::LabelDigest::of("Busy");
        let is_free = marked.availability == starmesh_core::event::Availability::Free;
        assert!(!marked.plain || marked.label != label || is_free, "{edit} goes unnoticed");
        let seen = starmesh_provider::Written { remote_id: edited.remote_id, version: edited.version };
        scene.write(MirrorWrite::Update(placed(&mirror, &seen), mirror.clone())).await.unwrap();
        let marked = item(&scene, at.remote_id()).await.events[0].marked.clone().unwrap();
        assert!(marked.plain && marked.label == label, "{edit} stays");
    }
}

#[tokio::test]
async fn a_mirror_that_a_person_made_to_repeat_is_single_again() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    let at = scene.create(&mirror).await;
    let number = scene.graph.sim.with(|world| world.events(scene.number).next().unwrap().no);
    let range = json!({"type": "numbered", "startDate": scene.day(3).date_naive(), "numberOfOccurrences": 3});
    let rule = json!({"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": range}});
    scene.graph.sim.with(|world| world.change_event(number, &rule)).unwrap();
    let repeating = item(&scene, at.remote_id()).await;
    assert!(!repeating.events[0].marked.as_ref().unwrap().plain);
    let seen = starmesh_provider::Written { remote_id: repeating.remote_id, version: repeating.version };
    scene.write(MirrorWrite::Update(placed(&mirror, &seen), mirror.clone())).await.unwrap();
    let single = item(&scene, at.remote_id()).await;
    assert!(single.events[0].marked.as_ref().unwrap().plain);
    scene.assert_silent();
    assert_eq!(scene.graph.kept(&scene.calendar).await.len(), 1);
}

#[tokio::test]
async fn a_mailbox_without_room_for_names_says_so() {
    let scene = Scene::with(Switches { named_properties_max: 0, ..Switches::default() }).await;
    let refused = scene.write(MirrorWrite::Create(scene.mirror("event", scene.day(3)))).await;
    assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::QuotaExceeded));
}
