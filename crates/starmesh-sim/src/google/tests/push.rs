//! Watch channels.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use super::*;
use crate::web::{DeliveryOutcome, HookPlan, RouterCarrier, hold};

type Messages = Arc<Mutex<Vec<HeaderMap>>>;

/// A simulator whose hooks end here, answered with `status`.
fn listening(status: u16) -> (Api, Messages) {
    let api = Api::new();
    let messages = Messages::default();
    let noted = Arc::clone(&messages);
    let router = Router::new().fallback(move |headers: HeaderMap| {
        hold(&noted).push(headers);
        std::future::ready(StatusCode::from_u16(status).unwrap())
    });
    api.sim.carry_hooks_by(Arc::new(RouterCarrier(router)));
    (api, messages)
}

fn channel(id: &str) -> Value {
    json!({ "id": id, "type": "web_hook", "address": "https://relay.test/hook", "token": "secret" })
}

fn column(messages: &Messages, name: &str) -> Vec<String> {
    hold(messages).iter().map(|it| it[name].to_str().unwrap().to_owned()).collect()
}

async fn watch(api: &Api, id: &str) -> Got {
    let got = api.post("calendars/primary/events/watch", channel(id)).await;
    assert_eq!(got.status, 200, "{}", got.text);
    got
}

#[tokio::test(start_paused = true)]
async fn a_channel_is_confirmed_and_then_told_of_changes_with_rising_numbers() {
    let (api, messages) = listening(200);
    let got = watch(&api, "channel-1").await;
    assert_eq!(
        (got.text_of("kind"), got.text_of("id"), got.text_of("token")),
        ("api#channel", "channel-1", "secret")
    );
    let expires = at(2, 12) + TimeDelta::days(7);
    assert_eq!(got.text_of("expiration"), expires.timestamp_millis().to_string());
    for n in 0..5 {
        api.hour(&format!("event{n}"), 3, n).await;
    }
    api.sim.hooks().settle().await;
    assert_eq!(
        column(&messages, "x-goog-resource-state"),
        ["sync", "exists", "exists", "exists", "exists", "exists"]
    );
    let numbers: Vec<u64> =
        column(&messages, "x-goog-message-number").iter().map(|it| it.parse().unwrap()).collect();
    assert_eq!(numbers[0], 1);
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]));
    assert!(numbers[5] > 6, "numbers have gaps");
    let first = hold(&messages)[0].clone();
    assert_eq!(first["x-goog-channel-token"], "secret");
    assert_eq!(first["x-goog-resource-id"], got.text_of("resourceId"));
    assert!(first["x-goog-resource-uri"].to_str().unwrap().ends_with("?alt=json"));
    assert_eq!(first["x-goog-channel-expiration"], "Mon, 09 Mar 2026 12:00:00 GMT");
}

#[tokio::test]
async fn the_sync_message_may_arrive_before_the_answer() {
    let (api, messages) = listening(200);
    api.sim.switch(|switches| switches.push.sync_before_answer = true);
    watch(&api, "channel-1").await;
    assert_eq!(column(&messages, "x-goog-resource-state"), ["sync"]);
}

#[tokio::test(start_paused = true)]
async fn a_stopped_or_expired_channel_is_silent() {
    let (api, messages) = listening(200);
    let got = watch(&api, "channel-1").await;
    let stop = json!({ "id": "channel-1", "resourceId": got.body["resourceId"] });
    let wrong = json!({ "id": "channel-1", "resourceId": "other" });
    assert_eq!(api.post("channels/stop", wrong).await.status, 404);
    let foreign = api.ask_as(BOBS_TOKEN, "POST", "channels/stop", &[], Some(stop.clone())).await;
    assert_eq!(foreign.status, 404);
    assert_eq!(api.post("channels/stop", stop.clone()).await.status, 204);
    assert_eq!(api.post("channels/stop", stop).await.status, 404);
    let short = with(channel("channel-2"), "params", json!({ "ttl": "60" }));
    api.post("calendars/primary/events/watch", short).await;
    api.sim.clock().advance(TimeDelta::seconds(60));
    assert_eq!(api.sim.live_channels(), 0);
    api.hour("event1", 3, 9).await;
    api.sim.hooks().settle().await;
    assert_eq!(column(&messages, "x-goog-resource-state"), ["sync", "sync"]);
}

#[tokio::test]
async fn channels_that_cannot_be_are_refused() {
    let (api, _) = listening(200);
    watch(&api, "channel-1").await;
    for (body, reason) in [
        (channel("channel-1"), "channelIdNotUnique"),
        (channel(&"x".repeat(65)), "channelIdInvalid"),
        (with(channel("a"), "address", json!("http://relay.test/hook")), "push.webhookUrlNotHttps"),
        (with(channel("b"), "type", json!("carrier pigeon")), "channelUnknown"),
        (with(channel("c"), "token", json!("x".repeat(257))), "channelTokenTooLong"),
        (with(channel("d"), "expiration", json!(1)), "invalid"),
    ] {
        let got = api.post("calendars/primary/events/watch", body).await;
        assert_eq!((got.status, got.reason()), (400, reason));
    }
    let loopback = with(channel("e"), "address", json!("http://127.0.0.1:9/hook"));
    let loopback = with(loopback, "type", json!("webhook"));
    assert_eq!(api.post("calendars/primary/events/watch", loopback).await.status, 200);
    let long = with(channel("f"), "expiration", json!(at(30, 0).timestamp_millis()));
    let got = api.post("calendars/primary/events/watch", long).await;
    assert_eq!(got.text_of("expiration"), at(9, 12).timestamp_millis().to_string());
}

#[tokio::test]
async fn holidays_cannot_be_watched() {
    let (api, _) = listening(200);
    let holidays = NewCalendar {
        id: "holidays#1".to_owned(),
        summary: "Holidays".to_owned(),
        zone: "UTC".to_owned(),
        owner: ADA.to_owned(),
        can_push: false,
    };
    api.sim.add_calendar(&holidays).unwrap();
    let got = api.post("calendars/holidays%231/events/watch", channel("a")).await;
    assert_eq!((got.status, got.reason()), (400, "pushNotSupportedForRequestedResource"));
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_goes_away_says_so_and_the_list_can_be_watched() {
    let (api, messages) = listening(200);
    let made = api.post("calendars", json!({ "summary": "Second" })).await.text_of("id").to_owned();
    api.post(&format!("calendars/{made}/events/watch"), channel("events")).await;
    assert_eq!(api.post("users/me/calendarList/watch", channel("list")).await.status, 200);
    api.sim.remove_calendar(&made).unwrap();
    api.sim.hooks().settle().await;
    let mut told: Vec<_> = column(&messages, "x-goog-channel-id")
        .into_iter()
        .zip(column(&messages, "x-goog-resource-state"))
        .collect();
    told.sort();
    let wanted = [("events", "not_exists"), ("events", "sync"), ("list", "exists"), ("list", "sync")];
    assert_eq!(told, wanted.map(|(id, state)| (id.to_owned(), state.to_owned())));
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_is_repeated_after_500_502_503_504_only() {
    for (status, attempts) in [(500, 7), (502, 7), (503, 7), (504, 7), (404, 1), (429, 1), (200, 1), (204, 1)]
    {
        let (api, messages) = listening(status);
        watch(&api, "channel-1").await;
        api.sim.hooks().settle().await;
        assert_eq!(hold(&messages).len(), attempts, "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn messages_are_dropped_doubled_and_late_by_plan_or_not_sent_at_all() {
    let (api, messages) = listening(200);
    api.sim.switch(|switches| {
        switches.push.plan = HookPlan {
            drop_per_mille: 200,
            double_per_mille: 200,
            delay_ms_max: 60_000,
            ..HookPlan::default()
        };
    });
    watch(&api, "channel-1").await;
    for n in 0..20 {
        api.hour(&format!("event{n:02}"), 3, 9).await;
    }
    api.sim.hooks().settle().await;
    let outcomes: Vec<_> = api.sim.ledger().deliveries().into_iter().map(|it| it.outcome).collect();
    assert!(outcomes.contains(&DeliveryOutcome::Dropped));
    let numbers = column(&messages, "x-goog-message-number");
    let mut distinct = numbers.clone();
    distinct.dedup();
    assert!(distinct.len() < numbers.len(), "none came twice");
    api.sim.switch(|switches| switches.push.silent = true);
    api.hour("silence", 3, 9).await;
    api.sim.hooks().settle().await;
    assert_eq!(column(&messages, "x-goog-message-number"), numbers);
}
