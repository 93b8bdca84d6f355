//! Budgets.

use chrono::TimeDelta;

use super::*;

#[tokio::test]
async fn the_minute_of_a_user_slides() {
    let api = Api::new();
    api.sim.switch(|switches| switches.quota.user_per_minute = 3);
    for _ in 0..3 {
        assert_eq!(api.get("colors").await.status, 200);
        api.sim.clock().advance(TimeDelta::seconds(10));
    }
    let got = api.get("colors").await;
    assert_eq!((got.status, got.reason(), got.domain()), (403, "userRateLimitExceeded", "usageLimits"));
    // Another user has a minute of their own.
    assert_eq!(api.ask_as(BOBS_TOKEN, "GET", "colors", &[], None).await.status, 200);
    api.sim.clock().advance(TimeDelta::seconds(30));
    assert_eq!(api.get("colors").await.status, 200);
    assert_eq!(api.get("colors").await.status, 403);
    assert_eq!(api.sim.refused_for_budget(), 2);
}

#[tokio::test]
async fn the_minute_of_a_project_is_shared_and_may_be_told_as_429() {
    let api = Api::new();
    api.sim.switch(|switches| switches.quota.project_per_minute = 2);
    api.get("colors").await;
    api.ask_as(BOBS_TOKEN, "GET", "colors", &[], None).await;
    assert_eq!(api.get("colors").await.reason(), "rateLimitExceeded");
    api.sim.switch(|switches| {
        switches.quota.refusal = QuotaRefusal::TooManyRequests;
        switches.quota.retry_after_s = Some(5);
    });
    let got = api.get("colors").await;
    assert_eq!((got.status, got.reason()), (429, "rateLimitExceeded"));
    assert_eq!(got.headers["retry-after"], "5");
}

#[tokio::test]
async fn bursts_on_one_calendar_may_be_refused() {
    let api = Api::new();
    api.sim.switch(|switches| switches.quota.calendar_writes_per_minute = Some(2));
    api.hour("event1", 3, 9).await;
    api.hour("event2", 3, 9).await;
    let got = api.post("calendars/primary/events", timed(3, 9)).await;
    assert_eq!((got.status, got.reason()), (403, "rateLimitExceeded"));
    assert_eq!(api.get("calendars/primary/events").await.status, 200);
}

#[tokio::test]
async fn too_many_new_events_stop_all_writes_of_a_user_for_hours() {
    let api = Api::new();
    api.sim.switch(|switches| switches.quota.events_created_max = 2);
    api.hour("event1", 3, 9).await;
    api.hour("event2", 3, 9).await;
    let got = api.post("calendars/primary/events", timed(3, 9)).await;
    assert_eq!((got.status, got.reason(), got.domain()), (403, "quotaExceeded", "usageLimits"));
    assert!(got.text.contains("Calendar usage limits exceeded."));
    assert_eq!(api.delete("calendars/primary/events/event1").await.reason(), "quotaExceeded");
    assert_eq!(api.get("calendars/primary/events").await.status, 200);
    api.sim.clock().advance(TimeDelta::hours(6));
    assert_eq!(api.delete("calendars/primary/events/event1").await.status, 204);
}

#[tokio::test]
async fn use_limits_can_be_exceeded_by_hand_and_calendars_are_limited_too() {
    let api = Api::new();
    api.sim.exhaust_quota(ADA, TimeDelta::hours(1));
    assert_eq!(api.post("calendars/primary/events", timed(3, 9)).await.reason(), "quotaExceeded");
    api.sim.clock().advance(TimeDelta::hours(1));
    assert_eq!(api.post("calendars/primary/events", timed(3, 9)).await.status, 200);
    for n in 0..60 {
        assert_eq!(api.post("calendars", json!({ "summary": n.to_string() })).await.status, 200);
    }
    assert_eq!(api.post("calendars", json!({ "summary": "one more" })).await.reason(), "quotaExceeded");
}
