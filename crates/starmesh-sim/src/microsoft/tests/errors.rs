//! How errors look, and faults by plan.

use serde_json::json;

use super::*;
use crate::microsoft::FaultRule;

fn plan(api: &Api, rule: Value) {
    let rule: FaultRule = serde_json::from_value(rule).unwrap();
    api.sim.with(|world| world.faults().add(rule));
}

#[tokio::test]
async fn an_error_names_the_request_and_echoes_the_clients_name_for_it() {
    let api = Api::new();
    let answer = api.send("ada", "GET", "/me/events/x", &[("client-request-id", "mine")], "").await;
    let inner = &answer.body["error"]["innerError"];
    assert_eq!(inner["client-request-id"], "mine");
    assert_eq!(answer.header("client-request-id"), "mine");
    assert_eq!(inner["request-id"], answer.header("request-id"));
    assert_eq!(inner["date"], "2026-11-01T00:00:00");
    assert_eq!(answer.header("date"), "Sun, 01 Nov 2026 00:00:00 GMT");
    assert!(!answer.header("x-ms-ags-diagnostic").is_empty());
    api.switch(&json!({"inner_error_lowercase": true}));
    assert!(api.get("/me/events/x").await.body["error"].get("innererror").is_some());
}

#[tokio::test]
async fn without_a_good_token_there_is_nothing() {
    let api = Api::new();
    for token in ["", "nobody"] {
        let answer = api.send(token, "GET", "/me", &[], "").await;
        assert_eq!((answer.status, answer.code()), (401, "InvalidAuthenticationToken"));
    }
    assert_eq!(api.get("/me/messages").await.status, 400);
    assert_eq!(api.send("ada", "PUT", "/me/calendars", &[], "{}").await.status, 405);
    assert_eq!(api.send("ada", "POST", "/me/events", &[], "nonsense").await.code(), "BadRequest");
}

#[tokio::test]
async fn faults_come_as_planned_and_are_counted() {
    let api = Api::new();
    plan(&api, json!({"fault": {"html": {"status": 502}}}));
    plan(&api, json!({"fault": {"empty": {"status": 503}}}));
    plan(&api, json!({"fault": {"error": {"status": 504, "code": "UnknownError"}}}));
    plan(&api, json!({"fault": "unauthorized"}));
    plan(&api, json!({"fault": "cut"}));
    let html = api.get("/me").await;
    assert_eq!((html.status, html.header("content-type")), (502, "text/html; charset=utf-8"));
    let empty = api.get("/me").await;
    assert_eq!((empty.status, empty.text.as_str()), (503, ""));
    let unknown = api.get("/me").await;
    assert_eq!((unknown.status, unknown.code()), (504, "UnknownError"));
    assert_eq!(unknown.body["error"]["message"], "");
    assert_eq!(api.get("/me").await.status, 401);
    assert!(api.get("/me").await.cut);
    assert_eq!(api.get("/me").await.status, 200);
    let met = api.send("", "GET", "/__met", &[], "").await.body;
    for fault in ["html", "empty", "error", "unauthorized", "cut"] {
        assert_eq!(met[format!("fault.{fault}")], 1);
    }
}

#[tokio::test]
async fn a_claims_challenge_names_its_claims() {
    let api = Api::new();
    plan(&api, json!({"fault": "claims_challenge"}));
    let answer = api.get("/me").await;
    assert_eq!((answer.status, answer.code()), (401, "InvalidAuthenticationToken"));
    let header = answer.header("www-authenticate");
    assert!(header.contains("error=\"insufficient_claims\""));
    let claims = header.split("claims=\"").nth(1).unwrap().trim_end_matches('"');
    let claims = data_encoding::BASE64.decode(claims.as_bytes()).unwrap();
    assert!(serde_json::from_slice::<Value>(&claims).unwrap()["access_token"].is_object());
}

#[tokio::test]
async fn an_answer_may_be_lost_after_everything_was_done() {
    let api = Api::new();
    plan(&api, json!({"method": "POST", "fault": "lost_answer"}));
    let body = also(block(3), &json!({"transactionId": "t-1"}));
    assert!(api.post("/me/events", &body).await.cut);
    let again = api.post("/me/events", &body).await;
    assert_eq!((again.status, api.get("/me/events").await.rows().len()), (201, 1));
    plan(&api, json!({"method": "DELETE", "fault": "late_answer"}));
    assert_eq!(api.delete(&format!("/me/events/{}", again.id())).await.status, 504);
    assert_eq!(api.get("/me/events").await.rows().len(), 0);
}

#[tokio::test]
async fn a_page_may_be_cut_short_in_three_ways() {
    let api = Api::new();
    for day in 1..=4 {
        api.post("/me/events", &block(day)).await;
    }
    let delta = format!("/me/calendarView/delta?{NOVEMBER}");
    plan(&api, json!({"path": "/delta", "fault": "truncated_body"}));
    plan(&api, json!({"path": "/delta", "fault": "missing_links"}));
    plan(&api, json!({"path": "/delta", "fault": "missing_rows"}));
    let cut = api.get(&delta).await;
    assert_eq!((cut.status, cut.body.is_null(), cut.text.is_empty()), (200, true, false));
    let no_links = api.get(&delta).await;
    assert_eq!((no_links.rows().len(), no_links.body.get("@odata.deltaLink")), (4, None));
    let few = api.get(&delta).await;
    assert_eq!((few.rows().len(), few.body.get("@odata.deltaLink").is_some()), (2, true));
}

#[tokio::test]
async fn a_fault_in_the_middle_of_a_round_leaves_its_link_good() {
    let api = Api::new();
    for day in 1..=12 {
        api.post("/me/events", &block(day)).await;
    }
    let first = api.get(&format!("/me/calendarView/delta?{NOVEMBER}")).await;
    let link = first.body["@odata.nextLink"].as_str().unwrap();
    plan(&api, json!({"path": "skiptoken", "fault": "unauthorized"}));
    plan(
        &api,
        json!({"path": "skiptoken", "fault": {"error": {"status": 503, "code": "serviceNotAvailable"}}}),
    );
    assert_eq!(api.get(link).await.status, 401);
    assert_eq!(api.get(link).await.status, 503);
    assert_eq!(api.get(link).await.rows().len(), 2);
}

#[tokio::test]
async fn chance_brings_faults_that_a_seed_repeats() {
    let statuses = async || {
        let api = Api::with(&json!({"chaos_per_mille": 500}));
        let mut statuses = Vec::new();
        for _ in 0..40 {
            let answer = api.get("/me").await;
            statuses.push(if answer.cut { 0 } else { answer.status });
        }
        statuses
    };
    let first = statuses().await;
    assert_eq!(first, statuses().await);
    assert!(first.iter().filter(|status| **status != 200).count() > 8);
}

#[tokio::test]
async fn controls_are_open_and_switch_what_they_name() {
    let api = Api::new();
    let control = async |method: &str, path: &str, body: &Value| {
        api.send("", method, path, &[], &body.to_string()).await
    };
    let switched =
        control("POST", "/__switches", &json!({"delta_endless": true, "auth": {"device": "at_once"}})).await;
    assert_eq!((switched.status, &switched.body["delta_endless"]), (200, &json!(true)));
    assert_eq!(api.send("", "GET", "/__switches", &[], "").await.body["auth"]["device"], "at_once");
    assert_eq!(control("POST", "/__switches", &json!({"unknown": 1})).await.status, 400);
    let rules = control("POST", "/__faults", &json!([{"path": "/me", "fault": "cut"}])).await;
    assert_eq!(rules.body["rules"].as_array().unwrap().len(), 1);
    assert_eq!(api.send("", "DELETE", "/__faults", &[], "").await.body["rules"], json!([]));
    control("POST", "/__clock", &json!({"advance_s": 60})).await;
    assert_eq!(api.sim.with(|world| world.now()), at("2026-11-01T00:01:00Z"));
    assert_eq!(api.send("", "GET", "/__ledger", &[], "").await.body["notifications"], json!([]));
}
