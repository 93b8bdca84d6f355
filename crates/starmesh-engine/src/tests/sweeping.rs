//! Sweeps: every mirror goes that was shown, and nothing else.

use std::collections::BTreeSet;
use std::time::Duration;

use starmesh_core::ids::{CalendarId, LastingName, RemoteId};
use starmesh_core::mirror::{
    IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorKey, MirrorSpec,
};
use starmesh_core::reconcile::{LeftReason, LinkState, SweptKind};
use starmesh_core::time::EventTime;
use starmesh_provider::ErrorKind;
use starmesh_store::state::{Changes, Link};

use super::scene::{Device, HOME, Scene, WORK, link, wait};
use super::server::Call;
use crate::{SweepOptions, SweepPlan};

fn options(foreign: bool) -> SweepOptions {
    let calendars = [WORK, HOME].map(CalendarId::new);
    SweepOptions { calendars: BTreeSet::from(calendars), foreign }
}

async fn shown(device: &Device, foreign: bool) -> SweepPlan {
    device.engine.plan_sweep(&options(foreign)).await.unwrap()
}

/// How many of a link here, of an unknown link and of another key were found at home.
fn counts(plan: &SweepPlan) -> [u64; 3] {
    let home = plan.calendars.iter().find(|of| of.calendar.as_str() == HOME).unwrap();
    [SweptKind::OfLink, SweptKind::UnknownLink, SweptKind::Foreign].map(|kind| home.count(kind))
}

impl Scene {
    /// A mirror at home of a calendar that nobody knows here, made with `key`.
    fn strange_mirror(&self, key: [u8; 32], number: u8) {
        let keys = IdentityKey::new(key);
        let start = self.now() - chrono::TimeDelta::days(700);
        let body = MirrorBody {
            time: EventTime::Timed { start, end: start + chrono::TimeDelta::hours(1) },
            availability: MirrorAvailability::Busy,
            label: Label::default(),
            color: None,
        };
        let names = (LastingName::new(HOME), LastingName::new("long ago"));
        let key = MirrorKey([number; 20]);
        let spec = MirrorSpec::new(&keys, &names.0, &names.1, key, Incarnation::default(), body);
        let id = RemoteId::new(format!("{}.ics", spec.provider_id()));
        self.home(|shelf| shelf.put(spec.as_observed(id, None)));
    }
}

#[tokio::test(start_paused = true)]
async fn a_look_for_mirrors_writes_nothing_and_keeps_nothing() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let before = device.state.read(&CalendarId::new(HOME)).await.unwrap();
    let plan = shown(&device, false).await;
    assert_eq!(counts(&plan), [2, 0, 0]);
    assert_eq!(device.state.read(&CalendarId::new(HOME)).await.unwrap(), before);
    let calls = scene.server.take_calls();
    assert!(calls.iter().all(|call| matches!(call, Call::List(_) | Call::Fetch(_))), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_removes_mirrors_of_any_link_and_pauses_those_that_would_place_them_again() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(2).await;
    scene.strange_mirror([7; 32], 1);
    scene.strange_mirror([9; 32], 2);
    let plan = shown(&device, false).await;
    assert_eq!(counts(&plan), [2, 1, 0]);
    assert_eq!(plan.calendars.iter().map(|of| of.left_for(LeftReason::Foreign)).sum::<u64>(), 1);
    let report = device.engine.sweep(&plan).await.unwrap();
    assert_eq!((report.removed, scene.mirrors()), (3, 1), "what another key made stays");
    assert_eq!(device.records().await, []);
    assert_eq!(device.links().await[0].state, LinkState::Paused);
    assert_eq!(device.settle().await.total.writes(), 0);
    let journal = device.state.journal(10).await.unwrap();
    assert_eq!(journal.iter().filter(|entry| entry.after.is_none()).count(), 3, "every removal is on record");
}

#[tokio::test(start_paused = true)]
async fn a_sweep_finds_what_a_lost_database_left_behind_the_window() {
    let scene = Scene::new();
    scene.give_home_an_event();
    scene.settled_device(2).await;
    scene.strange_mirror([7; 32], 1);
    let fresh = scene.device().await;
    let plan = shown(&fresh, false).await;
    assert_eq!(counts(&plan), [2, 1, 0]);
    assert_eq!(fresh.engine.sweep(&plan).await.unwrap().removed, 3);
    assert_eq!(scene.mirrors(), 0);
}

#[tokio::test(start_paused = true)]
async fn marks_of_another_key_go_when_they_were_shown_and_the_question_about_them_with_them() {
    let scene = Scene::new();
    scene.strange_mirror([9; 32], 1);
    let device = scene.device().await;
    assert_eq!(device.plan().await.questions.len(), 1);
    let plan = shown(&device, true).await;
    assert_eq!(counts(&plan), [0, 0, 1]);
    assert_eq!(device.engine.sweep(&plan).await.unwrap().removed, 1);
    assert_eq!(scene.mirrors(), 0);
    device.engine.recount_foreign(&shown(&device, true).await).await.unwrap();
    assert_eq!(device.plan().await.questions, []);
}

#[tokio::test(start_paused = true)]
async fn a_second_sweep_takes_nothing_that_the_first_did_not_show() {
    let scene = Scene::new();
    scene.strange_mirror([7; 32], 1);
    let device = scene.device().await;
    let first = shown(&device, true).await;
    scene.strange_mirror([7; 32], 2);
    scene.strange_mirror([9; 32], 3);
    let second = shown(&device, true).await.within(&first);
    assert_eq!(counts(&second), [0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_mirror_that_somebody_touches_meanwhile_stays_until_it_was_seen_again() {
    let scene = Scene::new();
    scene.strange_mirror([7; 32], 1);
    let device = scene.device().await;
    let plan = shown(&device, false).await;
    scene.home(|shelf| shelf.touches = 1);
    let report = device.engine.sweep(&plan).await.unwrap();
    assert_eq!((report.removed, report.deferred, scene.mirrors()), (0, 1, 1));
    let again = shown(&device, false).await.within(&plan);
    assert_eq!(device.engine.sweep(&again).await.unwrap().removed, 1);
}

#[tokio::test(start_paused = true)]
async fn a_removal_that_is_refused_is_told_and_stands_in_no_list_for_ever() {
    let scene = Scene::new();
    scene.strange_mirror([7; 32], 1);
    let device = scene.device().await;
    let plan = shown(&device, false).await;
    scene.home(|shelf| shelf.refuses = Some(ErrorKind::Refused));
    let report = device.engine.sweep(&plan).await.unwrap();
    assert_eq!((report.removed, report.wedged, report.troubles.len()), (0, 1, 1));
    assert_eq!(device.state.wedges_in(&CalendarId::new(HOME)).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_cannot_be_read_is_told_and_stops_no_other() {
    let scene = Scene::new();
    scene.strange_mirror([7; 32], 1);
    let device = scene.device().await;
    scene.work(|shelf| shelf.unreadable = Some(ErrorKind::Offline));
    let plan = shown(&device, false).await;
    assert_eq!(plan.troubles.len(), 1);
    assert_eq!(counts(&plan), [0, 1, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_link_that_retires_goes_on_to_retire_after_a_sweep() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    device.retire().await;
    let plan = shown(&device, false).await;
    assert_eq!(device.engine.sweep(&plan).await.unwrap().removed, 1);
    assert_eq!(device.links().await[0].state, LinkState::Retiring);
    device.settle().await;
    assert_eq!(device.links().await, []);
}

#[tokio::test(start_paused = true)]
async fn a_pause_that_would_end_by_itself_becomes_one_that_does_not() {
    let scene = Scene::new();
    scene.give_home_an_event();
    let device = scene.settled_device(1).await;
    let paused = Link::new(link()).in_state(LinkState::Paused);
    let mut changes = Changes::new();
    changes.put_link(&Link { paused_until: Some(scene.now()), ..paused.clone() });
    device.state.commit(changes).await.unwrap();
    let plan = shown(&device, false).await;
    device.engine.sweep(&plan).await.unwrap();
    assert_eq!(device.links().await, [paused]);
}

#[tokio::test(start_paused = true)]
async fn a_look_for_mirrors_waits_for_a_server_that_asks_to_slow_down() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let retry_after = Some(Duration::from_secs(30));
    scene.home(|shelf| shelf.unreadable = Some(ErrorKind::Throttled { retry_after }));
    let calms_down = async {
        wait(Duration::from_mins(1)).await;
        scene.home(|shelf| shelf.unreadable = None);
    };
    let (plan, ()) = tokio::join!(shown(&device, false), calms_down);
    assert_eq!((plan.troubles.len(), counts(&plan)), (0, [2, 0, 0]));
}
