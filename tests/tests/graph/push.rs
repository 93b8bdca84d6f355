//! Notifications, from the subscription to what they mean.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use reqwest::StatusCode;
use secrecy::SecretString;
use serde_json::json;
use starmesh_graph::{Mailbox, Notification, lasting_name, notices};
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{CalendarProvider as _, ErrorKind, Hook, Notice};
use starmesh_sim::microsoft::{MicrosoftOptions, Switches};
use starmesh_sim::web::{HookCall, HookCarrier, HookReply};
use starmesh_tests::graph_harness::GraphHarness;
use tokio::sync::mpsc;

use crate::scene::Scene;

/// The longest a notification may take here: nothing waits for that long unless it never comes.
const PATIENCE: Duration = Duration::from_secs(20);

/// Answers the handshake and reads every notification, as a relay would.
struct Inbox(mpsc::UnboundedSender<Notification>);

#[async_trait]
impl HookCarrier for Inbox {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        let token = call.url.query_pairs().find(|(name, _)| name == "validationToken");
        if let Some((_, token)) = token {
            let body = token.into_owned().into_bytes().into();
            let content_type = Some("text/plain".to_owned());
            return Ok(HookReply { status: StatusCode::OK, content_type, body });
        }
        for notice in notices(&call.body, &secret()).map_err(|problem| problem.to_string())? {
            self.0.send(notice).map_err(|error| error.to_string())?;
        }
        Ok(HookReply { status: StatusCode::OK, content_type: None, body: Vec::new().into() })
    }
}

fn secret() -> SecretString {
    SecretString::from("the secret of this hook")
}

fn hook() -> Hook {
    Hook { url: "https://relay.example.org/v1/hook/graph/channel".parse().unwrap(), secret: secret() }
}

async fn scene(switches: Switches) -> (Scene, mpsc::UnboundedReceiver<Notification>) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let switches = Switches { notification_latency_ms: (0, 0), ..switches };
    let carrier: Arc<dyn HookCarrier> = Arc::new(Inbox(sender));
    let options = MicrosoftOptions { switches, ..MicrosoftOptions::default() };
    let harness = GraphHarness::start(options).await;
    harness.sim.carry_hooks_by(carrier);
    (Scene::on(harness).await, receiver)
}

async fn next(inbox: &mut mpsc::UnboundedReceiver<Notification>) -> Notification {
    tokio::time::timeout(PATIENCE, inbox.recv())
        .await
        .expect("a notification comes")
        .expect("the inbox is open")
}

#[tokio::test]
async fn a_change_is_told_until_the_subscription_is_stopped() {
    let (scene, mut inbox) = scene(Switches::default()).await;
    let push = scene.graph.adapter().push().unwrap();
    let subscription = push.subscribe(&scene.calendar, &hook()).await.unwrap();
    let life = subscription.expires - scene.graph.now();
    assert!(life > TimeDelta::minutes(10_000) && life < TimeDelta::minutes(10_080), "{life}");
    scene.make(scene.day(2), json!({}));
    let told = next(&mut inbox).await;
    assert_eq!(told, Notification { subscription: subscription.id.clone(), notice: Notice::Changed });
    let renewed = push.renew(&scene.calendar, &subscription, &hook()).await.unwrap();
    assert_eq!(renewed.id, subscription.id);
    push.stop(&renewed).await.unwrap();
    push.stop(&renewed).await.unwrap();
    let anew = push.renew(&scene.calendar, &renewed, &hook()).await.unwrap();
    assert_ne!(anew.id, renewed.id, "one that is gone is made anew");
}

#[tokio::test]
async fn a_left_over_subscription_makes_way_and_the_granted_life_is_taken() {
    let switches = Switches {
        subscription_minutes_max: 4_230,
        subscription_overlong_refused: true,
        ..Switches::default()
    };
    let (scene, _inbox) = scene(switches).await;
    let push = scene.graph.adapter().push().unwrap();
    let first = push.subscribe(&scene.calendar, &hook()).await.unwrap();
    assert!(first.expires - scene.graph.now() <= TimeDelta::minutes(4_170));
    let second = push.subscribe(&scene.calendar, &hook()).await.unwrap();
    assert_ne!(first.id, second.id);
    let elsewhere = Hook { url: "https://other.example.org/hook".parse().unwrap(), ..hook() };
    let refused = push.subscribe(&scene.calendar, &elsewhere).await.map(|it| it.id).map_err(|it| it.kind);
    assert_eq!(refused, Err(ErrorKind::Refused));
}

#[tokio::test]
async fn a_shortened_life_is_the_one_that_counts() {
    let switches = Switches { subscription_minutes_max: 1_440, ..Switches::default() };
    let (scene, _inbox) = scene(switches).await;
    let push = scene.graph.adapter().push().unwrap();
    let subscription = push.subscribe(&scene.calendar, &hook()).await.unwrap();
    assert!(subscription.expires - scene.graph.now() <= TimeDelta::minutes(1_440));
}

#[tokio::test]
async fn another_persons_mailbox_is_never_subscribed_to() {
    let (scene, _inbox) = scene(Switches::default()).await;
    let client = scene.graph.client_of(Mailbox::Address("bob@example.org".to_owned()));
    let theirs = lasting_name("bob@example.org", "C=");
    let refused = client.push().unwrap().subscribe(&theirs, &hook()).await.map(|it| it.id);
    assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::Refused));
}
