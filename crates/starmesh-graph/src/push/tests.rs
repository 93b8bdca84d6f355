//! Subscriptions, on a scripted server.

use serde_json::{Value, json};
use starmesh_http::Response;
use url::Url;

use super::*;
use crate::script::{
    Next, calendar, client, client_of, empty, json_answer, now, ok, own_calendar, page, refused,
};

fn hook() -> Hook {
    Hook { url: Url::parse("https://relay.example.org/n/1").unwrap(), secret: "secret".to_owned().into() }
}

fn granted(id: &str, status: u16) -> Response {
    json_answer(
        status,
        &json!({"id": id, "resource": "/me/calendars/C=/events", "expirationDateTime": "2026-11-09T00:00:00.0000000Z",
            "notificationUrl": "https://relay.example.org/n/1", "clientState": null}),
    )
}

fn minutes_asked(body: &Value) -> i64 {
    let expires: DateTime<Utc> = body["expirationDateTime"].as_str().unwrap().parse().unwrap();
    (expires - now()).num_minutes()
}

fn standing() -> Subscription {
    Subscription { id: "S".to_owned(), resource: None, expires: now() }
}

#[tokio::test]
async fn a_subscription_watches_the_calendar_for_the_time_that_is_granted() {
    let (client, script) = client([own_calendar(), granted("S", 201)]);
    let subscription = client.subscribe(&calendar(), &hook()).await.unwrap();
    assert_eq!(
        (subscription.id.as_str(), subscription.expires.to_rfc3339()),
        ("S", "2026-11-09T00:00:00+00:00".to_owned())
    );
    let asked = &script.asked()[1];
    assert!(asked.prefer.contains("ImmutableId"));
    assert_eq!(asked.body["resource"], "/me/calendars/C%3D/events");
    assert_eq!(asked.body["clientState"], "secret");
    assert_eq!(asked.body["lifecycleNotificationUrl"], asked.body["notificationUrl"]);
    assert_eq!(minutes_asked(&asked.body), 10_020);
}

#[tokio::test]
async fn a_shorter_life_is_taken_when_no_longer_one_is_granted() {
    let short = json!({"error": {"code": "ExtensionError",
        "message": "Subscription expiration can only be 4230 minutes in the future."}});
    let (client, script) = client([own_calendar(), json_answer(400, &short), granted("S", 201)]);
    client.subscribe(&calendar(), &hook()).await.unwrap();
    assert_eq!(minutes_asked(&script.asked()[2].body), 4_170);
}

#[tokio::test(start_paused = true)]
async fn a_hook_that_was_late_is_called_again_a_few_times() {
    let late = || refused(400, "ValidationError");
    let (client, script) = self::client([own_calendar(), late(), late(), granted("S", 201)]);
    client.subscribe(&calendar(), &hook()).await.unwrap();
    assert!(script.is_over());
    let (client, script) = self::client([own_calendar(), late(), late(), late(), granted("S", 201)]);
    let error = client.subscribe(&calendar(), &hook()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Offline);
    assert!(!script.is_over(), "three tries and no more");
}

#[tokio::test]
async fn a_subscription_left_over_from_before_makes_way_and_a_strangers_does_not() {
    let left_over = json!([
        {"id": "old", "resource": "me/calendars/C=/events", "notificationUrl": "https://relay.example.org/n/1"},
        {"id": "other", "resource": "/me/calendars/c=/events", "notificationUrl": "https://relay.example.org/n/1"},
    ]);
    let (client, script) = self::client([
        own_calendar(),
        refused(409, "Conflict"),
        page(&left_over, Next::Nothing),
        empty(204),
        granted("S", 201),
    ]);
    assert_eq!(client.subscribe(&calendar(), &hook()).await.unwrap().id, "S");
    assert_eq!(script.lines()[3], "DELETE /subscriptions/old");

    let strangers = json!([{"id": "o", "resource": "/me/calendars/C%3D/events", "notificationUrl": "https://elsewhere.example.org/"}]);
    let (client, script) =
        self::client([own_calendar(), refused(409, "Conflict"), page(&strangers, Next::Nothing)]);
    assert_eq!(client.subscribe(&calendar(), &hook()).await.unwrap_err().kind, ErrorKind::Refused);
    assert!(script.is_over());
}

#[tokio::test]
async fn renewing_prolongs_and_makes_anew_what_is_gone() {
    let (client, script) = self::client([granted("S", 200)]);
    let renewed = client.renew(&calendar(), &standing(), &hook()).await.unwrap();
    assert_eq!(renewed.expires.to_rfc3339(), "2026-11-09T00:00:00+00:00");
    assert_eq!(script.lines(), ["PATCH /subscriptions/S"]);
    let (client, script) =
        self::client([refused(404, "ResourceNotFound"), own_calendar(), granted("N", 201)]);
    assert_eq!(client.renew(&calendar(), &standing(), &hook()).await.unwrap().id, "N");
    assert!(script.is_over());
}

#[tokio::test]
async fn stopping_what_is_gone_is_no_failure() {
    for answer in [empty(204), refused(404, "ResourceNotFound")] {
        let (client, _) = self::client([answer]);
        client.stop(&standing()).await.unwrap();
    }
    let (client, _) = self::client([refused(403, "ExtensionError")]);
    assert_eq!(client.stop(&standing()).await.unwrap_err().kind, ErrorKind::Refused);
}

#[tokio::test]
async fn another_persons_calendar_is_never_watched() {
    let mailbox = Mailbox::Address("boss@example.org".to_owned());
    let (client, script) = client_of(mailbox, []);
    let theirs = crate::place::lasting_name("boss@example.org", "C=");
    assert_eq!(client.subscribe(&theirs, &hook()).await.unwrap_err().kind, ErrorKind::Refused);
    assert!(script.asked().is_empty());
    let (client, _) = self::client([ok(&json!({"id": "C=", "canShare": false}))]);
    assert_eq!(client.subscribe(&calendar(), &hook()).await.unwrap_err().kind, ErrorKind::Refused);
    let (client, _) = self::client([own_calendar()]);
    let long = Hook { secret: "x".repeat(129).into(), ..hook() };
    assert_eq!(client.subscribe(&calendar(), &long).await.unwrap_err().kind, ErrorKind::Refused);
}
