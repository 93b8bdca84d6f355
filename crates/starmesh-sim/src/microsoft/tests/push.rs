//! Subscriptions and what they deliver.

use serde_json::json;

use super::*;
use crate::microsoft::Lifecycle;

fn wish(resource: &str) -> Value {
    json!({
        "changeType": "created,updated,deleted",
        "notificationUrl": "https://relay.test/n/abc?keep=1",
        "lifecycleNotificationUrl": "https://relay.test/l/abc",
        "resource": resource,
        "expirationDateTime": "2026-11-05T00:00:00Z",
        "clientState": "secret",
    })
}

/// What arrives at once, once, and in order.
fn prompt() -> Value {
    json!({"notification_latency_ms": [0, 0], "notification_echoes": 0, "notification_unordered": false})
}

fn got(api: &Api) -> Vec<Value> {
    let posts = std::mem::take(&mut hold(&api.hook).got);
    posts.iter().flat_map(|post| post["value"].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn both_addresses_are_validated_inside_the_request() {
    let api = Api::new();
    let made = api.post("/subscriptions", &wish("/me/events")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(hold(&api.hook).handshakes, 2);
    assert_eq!(made.body["clientState"], "secret");
    assert_eq!(made.body["expirationDateTime"], "2026-11-05T00:00:00.0000000Z");
    hold(&api.hook).reply = Some("something else".into());
    let other = also(wish("/me/events"), &json!({"changeType": "created"}));
    let refused = api.post("/subscriptions", &other).await;
    assert_eq!((refused.status, refused.code()), (400, "ValidationError"));
    assert_eq!(api.get("/subscriptions").await.rows().len(), 1);
}

#[tokio::test]
async fn an_expiry_is_clamped_or_refused() {
    let api = Api::new();
    let expiring = |time: &str, kind: &str| {
        also(wish("/me/events"), &json!({"expirationDateTime": time, "changeType": kind}))
    };
    let granted = async |time: &str, kind: &str| api.post("/subscriptions", &expiring(time, kind)).await;
    let short = granted("2026-11-01T00:01:00Z", "created").await;
    assert_eq!(short.body["expirationDateTime"], "2026-11-01T00:45:00.0000000Z");
    let long = granted("2027-11-01T00:00:00Z", "updated").await;
    assert_eq!(long.body["expirationDateTime"], "2026-11-08T00:00:00.0000000Z");
    assert_eq!(granted("2026-10-01T00:00:00Z", "deleted").await.code(), "InvalidRequest");
    api.switch(&json!({"subscription_overlong_refused": true, "subscription_minutes_max": 4230}));
    assert_eq!(granted("2027-11-01T00:00:00Z", "deleted").await.code(), "ExtensionError");
}

#[tokio::test]
async fn what_cannot_be_watched_is_refused() {
    let api = Api::new();
    let refused = async |resource: &str| {
        let answer = api.post("/subscriptions", &wish(resource)).await;
        (answer.status, answer.code().to_owned())
    };
    let calendar = api.calendar(api.bob);
    let copy = api.sim.with(|world| {
        world.share(calendar, api.ada, crate::microsoft::world::Role::Write);
        let copy = world.accept(api.ada, calendar);
        world.calendar_id(copy)
    });
    assert_eq!(refused("/users/bob@contoso.test/events").await, (403, "ExtensionError".into()));
    assert_eq!(refused(&format!("/me/calendars/{copy}/events")).await, (403, "ExtensionError".into()));
    assert_eq!(refused("/me/events/abc").await, (400, "InvalidRequest".into()));
    assert_eq!(refused("/me/messages").await, (400, "InvalidRequest".into()));
    let plain = also(wish("/me/events"), &json!({"notificationUrl": "http://relay.test/n"}));
    assert_eq!(api.post("/subscriptions", &plain).await.status, 400);
    let loopback = also(wish("/me/events"), &json!({"notificationUrl": "http://127.0.0.1:9/n"}));
    assert_eq!(api.post("/subscriptions", &loopback).await.status, 201);
    assert_eq!(refused("/me/events").await, (409, "Conflict".into()));
    api.switch(&json!({"subscription_duplicates_refused": false}));
    assert_eq!(refused("/me/events").await.0, 201);
}

#[tokio::test]
async fn a_mailbox_has_a_thousand_subscriptions_at_most() {
    let api = Api::with(&json!({"subscription_duplicates_refused": false}));
    for _ in 0..1_000 {
        assert_eq!(api.post("/subscriptions", &wish("/me/events")).await.status, 201);
    }
    assert_eq!(api.post("/subscriptions", &wish("/me/events")).await.status, 403);
}

#[tokio::test]
async fn a_change_is_told_with_ids_and_without_content() {
    let api = Api::with(&prompt());
    let body = wish("/me/events").to_string();
    let prefer = [("prefer", "IdType=\"ImmutableId\"")];
    let subscription = api.send("ada", "POST", "/subscriptions", &prefer, &body).await.id();
    let other = api.sim.with(|world| world.add_calendar(api.ada, "Other"));
    api.sim.with(|world| world.put_busy(other, "2026-11-03T09:00:00", "2026-11-03T10:00:00").unwrap());
    let made = api.send("ada", "POST", "/me/events", &prefer, &block(3).to_string()).await;
    assert_eq!(api.sim.deliver_due().await, 1);
    let items = got(&api);
    assert_eq!(items.len(), 1, "the default calendar only");
    let item = &items[0];
    assert_eq!((&item["subscriptionId"], &item["clientState"]), (&json!(subscription), &json!("secret")));
    assert_eq!((&item["changeType"], &item["resourceData"]["id"]), (&json!("created"), &json!(made.id())));
    assert_eq!(item["resourceData"]["@odata.etag"], made.body["@odata.etag"]);
    assert!(item["resource"].as_str().unwrap().starts_with("Users/"));
    api.delete(&format!("/me/events/{}", made.id())).await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api)[0]["changeType"], "deleted");
    assert_eq!(api.sim.ledger().notifications(), []);
}

#[tokio::test]
async fn one_change_is_a_burst_and_arrives_late_twice_or_never() {
    let api = Api::with(&json!({"notification_echoes": 2, "notification_latency_ms": [60_000, 180_000]}));
    api.post("/subscriptions", &wish("/me/events")).await;
    let made = api.post("/me/events", &block(3)).await.id();
    assert_eq!(api.sim.deliver_due().await, 0);
    api.advance(3);
    api.sim.deliver_due().await;
    let kinds: Vec<_> =
        got(&api).iter().map(|item| item["changeType"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds.len(), 3);
    assert_eq!(kinds.iter().filter(|kind| *kind == "created").count(), 1);
    api.switch(&also(prompt(), &json!({"notification_duplicates_per_mille": 1000})));
    api.patch(&format!("/me/events/{made}"), &json!({"showAs": "free"})).await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api).len(), 2);
    api.switch(&json!({"notification_lost_per_mille": 1000, "notification_missed_per_mille": 1000}));
    api.delete(&format!("/me/events/{made}")).await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api)[0]["lifecycleEvent"], "missed");
}

#[tokio::test]
async fn several_subscriptions_share_a_post() {
    let api = Api::with(&also(prompt(), &json!({"subscription_duplicates_refused": false})));
    for _ in 0..2 {
        api.post("/subscriptions", &wish("/me/events")).await;
    }
    api.post("/me/events", &block(3)).await;
    assert_eq!(api.sim.deliver_due().await, 1);
    assert_eq!(got(&api).len(), 2);
}

#[tokio::test]
async fn a_web_hook_that_fails_is_tried_again_for_four_hours() {
    let api = Api::with(&also(prompt(), &json!({"notification_missed_per_mille": 1000})));
    api.post("/subscriptions", &wish("/me/events")).await;
    hold(&api.hook).status = Some(503);
    api.post("/me/events", &block(3)).await;
    assert_eq!(api.sim.deliver_due().await, 1);
    assert_eq!(api.sim.deliver_due().await, 0, "not before its pause is over");
    api.sim.clock().advance(chrono::TimeDelta::seconds(10));
    assert_eq!(api.sim.deliver_due().await, 1);
    for _ in 0..60 {
        api.advance(5);
        api.sim.deliver_due().await;
    }
    let attempts = got(&api).iter().filter(|item| item.get("changeType").is_some()).count();
    assert_eq!(attempts, 11, "10 s doubled up to four hours");
    hold(&api.hook).status = None;
    api.advance(60);
    api.sim.deliver_due().await;
    let late = got(&api);
    assert!(late.iter().all(|item| item.get("lifecycleEvent").is_some()), "given up: {late:?}");
}

#[tokio::test]
async fn a_reauthorisation_is_answered_202_or_200() {
    let api = Api::with(&prompt());
    let id = api.post("/subscriptions", &wish("/me/events")).await.id();
    for status in [202, 200] {
        api.switch(&json!({"reauthorize_status": status}));
        let answer = api.send("ada", "POST", &format!("/subscriptions/{id}/reauthorize"), &[], "").await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(api.sim.met()["reauthorize_status"], 1);
}

#[tokio::test]
async fn a_subscription_is_renewed_reauthorised_deleted_and_dies() {
    let api = Api::with(&prompt());
    let id = api.post("/subscriptions", &wish("/me/events")).await.id();
    let path = format!("/subscriptions/{id}");
    let renewed = api.patch(&path, &json!({"expirationDateTime": "2026-11-07T00:00:00Z"})).await;
    assert_eq!(renewed.body["expirationDateTime"], "2026-11-07T00:00:00.0000000Z");
    assert_eq!(api.send("ada", "POST", &format!("{path}/reauthorize"), &[], "").await.status, 202);
    assert_eq!(api.send("bob", "GET", &path, &[], "").await.status, 404);
    api.advance(60 * 24 * 6 + 1);
    assert_eq!(api.patch(&path, &json!({"expirationDateTime": "2026-11-09T00:00:00Z"})).await.status, 404);
    let second = also(wish("/me/events"), &json!({"expirationDateTime": "2026-11-09T00:00:00Z"}));
    let id = api.post("/subscriptions", &second).await.id();
    assert_eq!(api.delete(&format!("/subscriptions/{id}")).await.status, 204);
    api.post("/me/events", &block(10)).await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api), Vec::<Value>::new());
}

#[tokio::test]
async fn a_token_that_runs_out_pauses_deliveries_until_it_is_renewed() {
    let api = Api::with(&also(prompt(), &json!({"subscription_needs_reauthorization": true})));
    let id = api.post("/subscriptions", &wish("/me/events")).await.id();
    api.advance(56);
    api.sim.deliver_due().await;
    assert_eq!(got(&api)[0]["lifecycleEvent"], "reauthorizationRequired");
    api.advance(5);
    api.post("/me/events", &block(3)).await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api).len(), 0);
    api.send("ada", "POST", &format!("/subscriptions/{id}/reauthorize"), &[], "").await;
    api.sim.deliver_due().await;
    assert_eq!(got(&api)[0]["changeType"], "created");
}

#[tokio::test]
async fn a_removed_subscription_is_told_once_and_gone() {
    let api = Api::with(&prompt());
    let id = api.post("/subscriptions", &wish("/me/events")).await.id();
    assert!(api.sim.with(|world| world.lifecycle(&id, Lifecycle::SubscriptionRemoved)));
    api.sim.deliver_due().await;
    assert_eq!(got(&api)[0]["lifecycleEvent"], "subscriptionRemoved");
    assert_eq!(api.get(&format!("/subscriptions/{id}")).await.status, 404);
    assert!(!api.sim.with(|world| world.lifecycle(&id, Lifecycle::Missed)));
}

#[tokio::test(start_paused = true)]
async fn a_slow_web_hook_gets_what_is_new_later_and_a_very_slow_one_loses_it() {
    let api = Api::with(&prompt());
    api.post("/subscriptions", &wish("/me/events")).await;
    let one_more = async |day| {
        api.post("/me/events", &block(day)).await;
        api.sim.deliver_due().await
    };
    hold(&api.hook).delay_s = 5;
    for day in 1..=10 {
        assert_eq!(one_more(day).await, 1);
    }
    hold(&api.hook).delay_s = 0;
    assert_eq!(one_more(11).await, 0, "ten seconds later");
    api.sim.clock().advance(chrono::TimeDelta::seconds(10));
    assert_eq!(api.sim.deliver_due().await, 1);
    assert_eq!(got(&api).len(), 11);
    api.advance(10);
    hold(&api.hook).delay_s = 20;
    for day in 12..=21 {
        one_more(day).await;
    }
    hold(&api.hook).delay_s = 0;
    one_more(22).await;
    api.sim.clock().advance(chrono::TimeDelta::seconds(10));
    api.sim.deliver_due().await;
    let told = got(&api);
    assert_eq!(told.len(), 0, "dropped");
}
