//! The canary: what is known of a calendar before anything is placed in it.

use chrono::TimeDelta;
use starmesh_core::ids::{CalendarId, LastingName, LinkId, RemoteId};
use starmesh_core::mirror::{IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::time::EventTime;
use starmesh_provider::ErrorKind;
use starmesh_store::state::{ActionKind, Canary, Changes, Intent};

use super::scene::{Device, HOME, Scene, WORK, link};
use super::server::Call;
use crate::{CanaryReport, Plan, Question};

async fn tried(device: &Device) -> (Plan, CanaryReport) {
    let mut plan = device.plan().await;
    let report = device.engine.try_canaries(&plan).await.unwrap();
    plan.leave_out(&report.stopped);
    (plan, report)
}

async fn showed(device: &Device) -> Option<Canary> {
    device.state.read(&CalendarId::new(HOME)).await.unwrap().canary
}

/// The canary of the target as a crash leaves it behind.
fn leave_behind(scene: &Scene) {
    let keys = IdentityKey::new([7; 32]);
    let name = LastingName::new(HOME);
    let start = scene.now() + TimeDelta::days(100);
    let body = MirrorBody {
        time: EventTime::Timed { start, end: start + TimeDelta::minutes(15) },
        availability: MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    let key = keys.canary_key(&name);
    let spec = MirrorSpec::new(&keys, &name, &name, key, Incarnation::default(), body);
    let id = RemoteId::new(format!("{}.ics", spec.provider_id()));
    scene.home(|shelf| shelf.put(spec.as_observed(id, None)));
}

#[tokio::test(start_paused = true)]
async fn a_canary_is_placed_read_back_and_removed_once_before_anything_else() {
    let scene = Scene::new();
    scene.book("meeting", 24);
    let device = scene.device().await;
    let plan = device.plan().await;
    scene.server.take_calls();
    let report = device.engine.try_canaries(&plan).await.unwrap();
    assert_eq!((report.tried, report.stopped.len(), scene.mirrors()), (1, 0, 0));
    let home = || HOME.to_owned();
    let expected = [
        Call::Create(home(), None),
        Call::Fetch(home()),
        Call::List(home()),
        Call::Look(WORK.to_owned()),
        Call::Remove(home(), None),
    ];
    assert_eq!(
        scene.server.take_calls(),
        expected,
        "a provider with a sync token is asked for changes besides"
    );
    let canary = showed(&device).await.unwrap();
    assert!(canary.listed && canary.mark_kept && !canary.altered && canary.same_as.is_none(), "{canary:?}");
    assert_eq!(device.records().await, []);
    assert_eq!(device.state.activity(10).await.unwrap(), [], "it stands for no event");
    assert_eq!(device.state.journal(10).await.unwrap().len(), 2, "both writes are on record");
    assert_eq!(device.engine.try_canaries(&plan).await.unwrap().tried, 0);
    assert_eq!(device.engine.place(&plan).await.unwrap().placed, 1);
    assert_eq!(device.settle().await.total.writes(), 0);
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_to_be_placed_no_canary_is() {
    let scene = Scene::new();
    let device = scene.device().await;
    assert_eq!(tried(&device).await.1.tried, 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_strips_marks_is_known_before_the_first_mirror() {
    let scene = Scene::new();
    scene.book("meeting", 24);
    scene.home(|shelf| shelf.strips_marks = true);
    let device = scene.device().await;
    let (_, report) = tried(&device).await;
    assert_eq!(report.stopped.len(), 0);
    assert!(!showed(&device).await.unwrap().mark_kept);
    assert_eq!(scene.home(|shelf| shelf.items.len()), 0, "what we placed ourselves we also remove");
}

#[tokio::test(start_paused = true)]
async fn where_the_canary_is_refused_nothing_else_is_written() {
    for kind in [ErrorKind::Refused, ErrorKind::ReadOnly] {
        let scene = Scene::new();
        scene.book("meeting", 24);
        let device = scene.device().await;
        scene.home(|shelf| shelf.refuses = Some(kind));
        let (plan, report) = tried(&device).await;
        assert_eq!((report.stopped.len(), report.troubles.len(), plan.operations()), (1, 1, 0));
        scene.server.take_calls();
        device.settle().await;
        let calls = scene.server.take_calls();
        assert!(!calls.iter().any(|call| matches!(call, Call::Create(..))), "{calls:?}");
        assert_eq!(showed(&device).await, None, "it is tried again once the calendar lets itself be written");
    }
}

#[tokio::test(start_paused = true)]
async fn two_names_of_one_calendar_are_never_joined() {
    let scene = Scene::new();
    scene.book("meeting", 24);
    scene.server.name_again(WORK, HOME);
    let device = scene.device().await;
    let (plan, report) = tried(&device).await;
    let (home, work) = (CalendarId::new(HOME), CalendarId::new(WORK));
    let question = Question::SameCalendar { calendar: home.clone(), other: work };
    assert_eq!((report.questions, plan.operations()), (vec![question.clone()], 0));
    let next = device.plan().await;
    assert_eq!((next.questions, next.targets.len()), (vec![question], 0));
    assert_eq!(device.settle().await.total.writes(), 0);
    assert_eq!(scene.home(|shelf| shelf.items.len()), 0, "nothing of ours is left");
    let mut changes = Changes::new();
    changes.delete_link(&link());
    device.state.commit(changes).await.unwrap();
    assert_eq!(device.plan().await.questions, [], "taken apart they bother nobody");
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_a_crash_left_behind_is_no_source_and_goes_with_the_next_pass() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    leave_behind(&scene);
    let plan = device.plan().await;
    assert_eq!((plan.operations(), scene.mirrors()), (1, 2));
    assert_eq!(device.settle().await.total.removed, 1);
    assert_eq!(scene.mirrors(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_canary_whose_answer_was_lost_is_found_and_goes() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    leave_behind(&scene);
    let key = IdentityKey::new([7; 32]).canary_key(&LastingName::new(HOME));
    let mut changes = Changes::new();
    let (link, incarnation) = (LinkId::none_into(CalendarId::new(HOME)), Incarnation::default());
    changes.put_intent(&Intent { link, key, incarnation, action: ActionKind::Place });
    device.state.commit(changes).await.unwrap();
    device.settle().await;
    assert_eq!(scene.mirrors(), 1);
    assert_eq!(device.state.intents_in(&CalendarId::new(HOME)).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_cannot_be_removed_at_once_does_not_stay_for_ever() {
    let scene = Scene::new();
    scene.give_home_an_event();
    scene.book("meeting", 24);
    let device = scene.device().await;
    let plan = device.plan().await;
    scene.home(|shelf| shelf.touches = 9);
    device.engine.try_canaries(&plan).await.unwrap();
    assert_eq!(scene.mirrors(), 1, "somebody touches it over and over");
    scene.home(|shelf| shelf.touches = 0);
    device.settle().await;
    assert_eq!(scene.mirrors(), 1, "the meeting's, and no canary");
    assert_eq!(device.records().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_canary_to_which_somebody_was_invited_is_theirs() {
    let scene = Scene::new();
    scene.book("meeting", 24);
    let device = scene.device().await;
    let plan = device.plan().await;
    scene.home(|shelf| (shelf.touches, shelf.invitations) = (1, 1));
    scene.server.take_calls();
    device.engine.try_canaries(&plan).await.unwrap();
    let calls = scene.server.take_calls();
    let removals = calls.iter().filter(|call| matches!(call, Call::Remove(..))).count();
    assert_eq!((removals, scene.mirrors()), (1, 1), "refused once, and not tried again: {calls:?}");
    device.settle().await;
    assert_eq!(scene.mirrors(), 2, "beside the meeting's");
}
