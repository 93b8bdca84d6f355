//! Budgets.

use futures::future::join_all;
use serde_json::json;

use super::*;

#[tokio::test]
async fn five_at_once_are_one_too_many() {
    let api = Api::new();
    let answers = join_all((0..5).map(|_| api.get("/me/calendars"))).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert_eq!(refused.len(), 1);
    assert_eq!((refused[0].status, refused[0].code()), (429, "ApplicationThrottled"));
    assert_eq!(refused[0].header("retry-after"), "1");
    assert!(
        join_all((0..4).map(|_| api.get("/me/calendars"))).await.iter().all(|answer| answer.status == 200)
    );
    let usage = api.sim.with(|world| world.usage("", api.ada));
    assert_eq!((usage.requests, usage.concurrent_peak), (9, 4));
    api.switch(&json!({"throttle_concurrent_status": 503}));
    let answers = join_all((0..5).map(|_| api.get("/me/calendars"))).await;
    assert_eq!(answers.iter().filter(|answer| answer.status == 503).count(), 1);
}

#[tokio::test]
async fn another_mailbox_has_a_budget_of_its_own() {
    let api = Api::new();
    let both =
        (0..8).map(|n| api.send(if n % 2 == 0 { "ada" } else { "bob" }, "GET", "/me/calendars", &[], ""));
    assert!(join_all(both).await.iter().all(|answer| answer.status == 200));
}

#[tokio::test]
async fn ten_minutes_have_so_many_requests_refused_ones_among_them() {
    let api = Api::with(&json!({"throttle_requests": 3, "retry_after": "fraction"}));
    for _ in 0..3 {
        assert_eq!(api.get("/me/calendars").await.status, 200);
    }
    api.advance(6);
    let refused = api.get("/me/calendars").await;
    assert_eq!((refused.status, refused.code()), (429, "TooManyRequests"));
    assert_eq!(refused.body["error"]["innerError"]["status"], "429");
    assert_eq!(refused.header("retry-after"), "240.000");
    api.get("/me/calendars").await;
    api.advance(4);
    assert_eq!(api.get("/me/calendars").await.status, 200, "the first three are old");
    assert_eq!(api.get("/me/calendars").await.status, 429, "the refused two are not");
}

#[tokio::test]
async fn uploads_are_counted_in_bytes() {
    let api = Api::with(&json!({"throttle_upload_bytes": 400, "retry_after": "missing"}));
    assert_eq!(api.post("/me/events", &block(3)).await.status, 201);
    assert_eq!(api.post("/me/events", &block(3)).await.status, 201);
    let refused = api.post("/me/events", &block(3)).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, ""));
    api.advance(6);
    assert_eq!(api.post("/me/events", &block(3)).await.status, 201);
}
