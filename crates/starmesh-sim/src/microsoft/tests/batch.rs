//! `$batch`.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;

fn part(id: &str, method: &str, url: &str) -> Value {
    json!({"id": id, "method": method, "url": url})
}

fn write(id: &str, day: u32) -> Value {
    also(
        part(id, "POST", "/me/events"),
        &json!({"headers": {"Content-Type": "application/json"}, "body": block(day)}),
    )
}

async fn batch(api: &Api, requests: &[Value]) -> Answer {
    api.post("/$batch", &json!({"requests": requests})).await
}

fn by_id(answer: &Answer) -> BTreeMap<String, Value> {
    let parts = answer.body["responses"].as_array().unwrap();
    parts.iter().map(|part| (part["id"].as_str().unwrap().to_owned(), part.clone())).collect()
}

#[tokio::test]
async fn parts_are_answered_each_on_its_own_and_in_any_order() {
    let api = Api::new();
    let mut requests: Vec<_> = (1..=18).map(|n| write(&n.to_string(), n)).collect();
    requests.push(part("19", "GET", "/me/events/nonsense"));
    requests.push(also(
        part("20", "GET", "/me/calendar"),
        &json!({"headers": {"Prefer": "IdType=\"ImmutableId\""}}),
    ));
    let answer = batch(&api, &requests).await;
    assert_eq!(answer.status, 200);
    let parts = by_id(&answer);
    assert_eq!(parts.len(), 20);
    assert!((1..=18).all(|n| parts[&n.to_string()]["status"] == 201));
    assert_eq!(parts["19"]["body"]["error"]["code"], "ErrorInvalidIdMalformed");
    assert!(parts["20"]["headers"]["preference-applied"].as_str().is_some());
    let order: Vec<_> =
        answer.body["responses"].as_array().unwrap().iter().map(|part| part["id"].clone()).collect();
    let sent: Vec<_> = requests.iter().map(|part| part["id"].clone()).collect();
    assert_ne!(order, sent);
}

#[tokio::test]
async fn malformed_batches_are_refused_whole() {
    let api = Api::new();
    let refused = async |requests: &[Value]| batch(&api, requests).await.status == 400;
    let many: Vec<_> = (0..21).map(|n| part(&n.to_string(), "GET", "/me")).collect();
    assert!(refused(&many).await);
    assert!(refused(&[]).await);
    assert!(refused(&[part("a", "GET", "/me"), part("A", "GET", "/me")]).await);
    assert!(refused(&[part("a", "GET", "http://elsewhere.test/v1.0/me")]).await);
    assert!(refused(&[part("a", "POST", "/$batch")]).await);
    assert!(refused(&[also(part("a", "POST", "/me/events"), &json!({"body": block(3)}))]).await);
    assert!(refused(&[also(part("a", "GET", "/me"), &json!({"dependsOn": ["b"]}))]).await);
    assert!(api.sim.ledger().writes().is_empty());
    let absolute = [part("a", "GET", "http://graph.test/v1.0/me"), part("b", "GET", "/v1.0/me")];
    let parts = by_id(&batch(&api, &absolute).await);
    assert_eq!((&parts["a"]["status"], &parts["b"]["status"]), (&json!(200), &json!(200)));
    api.switch(&json!({"batch_absolute_urls": false}));
    assert!(refused(&absolute).await);
}

#[tokio::test]
async fn what_depends_on_a_failure_fails_too() {
    let api = Api::new();
    let after = |part: Value, id: &str| also(part, &json!({"dependsOn": [id]}));
    let requests = [
        part("1", "GET", "/me/events/nonsense"),
        after(write("2", 3), "1"),
        after(write("3", 4), "2"),
        write("4", 5),
        after(write("5", 6), "4"),
    ];
    let parts = by_id(&batch(&api, &requests).await);
    let status = |id: &str| parts[id]["status"].as_u64().unwrap();
    assert_eq!([status("1"), status("2"), status("3"), status("4"), status("5")], [400, 424, 424, 201, 201]);
}

#[tokio::test]
async fn each_part_is_throttled_on_its_own() {
    let api = Api::with(&json!({"throttle_requests": 3}));
    let requests: Vec<_> = (1..=5).map(|n| write(&n.to_string(), n)).collect();
    let parts = by_id(&batch(&api, &requests).await);
    let refused: Vec<_> = parts.values().filter(|part| part["status"] == 429).collect();
    assert_eq!(refused.len(), 2);
    assert_eq!(refused[0]["headers"]["retry-after"], "600");
    let api = Api::with(&json!({"batch_all_at_once": true}));
    let parts = by_id(&batch(&api, &requests).await);
    assert_eq!(
        parts.values().filter(|part| part["body"]["error"]["code"] == "ApplicationThrottled").count(),
        1
    );
}

#[tokio::test]
async fn the_record_of_traffic_has_the_parts_too() {
    let api = Api::new();
    api.sim.ledger().record_traffic(true);
    batch(&api, &[write("1", 3), part("2", "GET", "/me")]).await;
    let (exchanges, _) = api.sim.ledger().traffic();
    let paths: Vec<_> = exchanges.iter().map(|it| (it.path.as_str(), it.in_batch, it.status)).collect();
    assert_eq!(
        paths,
        [("/v1.0/me/events", true, 201), ("/v1.0/me", true, 200), ("/v1.0/$batch", false, 200)]
    );
}
