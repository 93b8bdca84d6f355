//! Notifications, from the channel to what they mean.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use secrecy::SecretString;
use serde_json::json;
use starmesh_core::ids::LastingName;
use starmesh_google::read_notification;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{CalendarProvider as _, ErrorKind, Hook, Notice};
use starmesh_sim::google::{NewCalendar, PushSwitches, Switches};
use starmesh_sim::web::{HookCall, HookCarrier, HookReply};
use starmesh_tests::google_harness::ADA;

use crate::scene::Scene;

/// Reads every notification as a relay would.
#[derive(Default)]
struct Inbox(Mutex<Vec<(String, Notice)>>);

#[async_trait]
impl HookCarrier for Inbox {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        assert!(call.body.is_empty(), "a notification carries nothing");
        let headers = call.headers.iter().cloned().collect();
        let told = read_notification(&headers, &secret()).map_err(|problem| problem.to_string())?;
        self.0.lock().unwrap().push((told.channel, told.notice));
        Ok(HookReply { status: reqwest::StatusCode::OK, content_type: None, body: Vec::new().into() })
    }
}

fn secret() -> SecretString {
    SecretString::from("the secret of this hook")
}

fn hook() -> Hook {
    Hook { url: "https://relay.example.org/v1/hook/google/channel".parse().unwrap(), secret: secret() }
}

#[tokio::test]
async fn a_channel_confirms_itself_and_tells_changes_until_it_is_replaced_and_stopped() {
    for sync_before_answer in [false, true] {
        let push = PushSwitches { sync_before_answer, ..PushSwitches::default() };
        let scene = Scene::with(Switches { push, ..Switches::default() }).await;
        let (sim, adapter) = (&scene.google.sim, scene.google.adapter());
        let inbox = Arc::new(Inbox::default());
        sim.carry_hooks_by(Arc::clone(&inbox) as Arc<dyn HookCarrier>);
        let push = adapter.push().unwrap();

        let first = push.subscribe(&scene.calendar, &hook()).await.unwrap();
        assert!(first.expires - scene.google.now() > TimeDelta::days(6));
        scene.make(scene.day(3), json!({})).await;
        sim.hooks().settle().await;
        let told = std::mem::take(&mut *inbox.0.lock().unwrap());
        assert_eq!(told, [(first.id.clone(), Notice::Confirmed), (first.id.clone(), Notice::Changed)]);

        let second = push.renew(&scene.calendar, &first, &hook()).await.unwrap();
        assert_eq!(sim.live_channels(), 1, "the old one is closed");
        scene.make(scene.day(4), json!({})).await;
        sim.hooks().settle().await;
        let told = std::mem::take(&mut *inbox.0.lock().unwrap());
        assert_eq!(told, [(second.id.clone(), Notice::Confirmed), (second.id.clone(), Notice::Changed)]);

        for _ in 0..2 {
            push.stop(&second).await.unwrap();
            assert_eq!(sim.live_channels(), 0);
        }
        scene.make(scene.day(5), json!({})).await;
        sim.hooks().settle().await;
        assert!(inbox.0.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_channel_that_expired_is_made_anew() {
    let scene = Scene::with(Switches::default()).await;
    let (sim, adapter) = (&scene.google.sim, scene.google.adapter());
    sim.carry_hooks_by(Arc::new(Inbox::default()));
    let push = adapter.push().unwrap();
    let old = push.subscribe(&scene.calendar, &hook()).await.unwrap();
    sim.clock().advance(TimeDelta::days(8));
    assert_eq!(sim.live_channels(), 0);
    let renewed = push.renew(&scene.calendar, &old, &hook()).await.unwrap();
    assert_eq!((sim.live_channels(), renewed.id == old.id), (1, false));
    sim.hooks().settle().await;
}

#[tokio::test]
async fn calendars_that_are_never_pushed_or_not_there_are_told_apart() {
    let scene = Scene::with(Switches::default()).await;
    let holidays = "de.german#holiday@group.v.calendar.google.com";
    let calendar = NewCalendar {
        id: holidays.to_owned(),
        summary: "Holidays".to_owned(),
        zone: "Europe/Berlin".to_owned(),
        owner: ADA.to_owned(),
        can_push: false,
    };
    scene.google.sim.add_calendar(&calendar).unwrap();
    let push = scene.google.adapter().push().unwrap();
    for (calendar, kind) in [(holidays, ErrorKind::Refused), ("nowhere@example.org", ErrorKind::CalendarGone)]
    {
        let outcome = push.subscribe(&LastingName::new(calendar), &hook()).await;
        assert_eq!(outcome.map_err(|error| error.kind), Err(kind), "{calendar}");
    }
}
