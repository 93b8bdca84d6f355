//! What goes wrong on purpose, and budgets.

use serde_json::{Value, json};

use super::super::{Fault, FaultPlan, Scripted};
use super::*;

const A: &str = "/calendars/ada@example.test/work/a.ics";

fn once(fault: Fault) -> Scripted {
    Scripted { method: None, path: "/work/".to_owned(), after: 0, times: Some(1), fault }
}

#[tokio::test]
async fn a_connection_is_cut_before_or_after_the_work() {
    let scene = Scene::with(|switches| {
        switches.scripted = vec![once(Fault::CutBefore), once(Fault::CutAfter)];
    });
    assert!(scene.put(A, &[], &event("a", "")).await.cut);
    assert_eq!(scene.sim.objects(WORK).unwrap().len(), 0);
    assert!(scene.put(A, &[], &event("a", "")).await.cut);
    assert_eq!(scene.sim.objects(WORK).unwrap().len(), 1, "only the answer is lost");
    assert_eq!(scene.put(A, &[("if-none-match", "*")], &event("a", "")).await.status, 412);
    scene.met("fault.cut_before");
    scene.met("fault.cut_after");
}

#[tokio::test]
async fn each_fault_by_chance_is_what_it_says() {
    type Plan = fn(&mut FaultPlan);
    let plans: [(Plan, u16, &str); 9] = [
        (|plan| plan.too_many = 1_000, 429, "fault.too_many"),
        (|plan| plan.busy = 1_000, 503, "fault.busy"),
        (|plan| plan.unavailable = 1_000, 503, "fault.error"),
        (|plan| plan.error = 1_000, 500, "fault.error"),
        (|plan| plan.html = 1_000, 502, "fault.html"),
        (|plan| plan.login_page = 1_000, 200, "fault.login_page"),
        (|plan| plan.unauthorized = 1_000, 401, "fault.unauthorized"),
        (|plan| plan.not_found = 1_000, 404, "fault.not_found"),
        (|plan| plan.torn_body = 1_000, 207, "fault.torn_body"),
    ];
    for (plan, status, met) in plans {
        let scene = Scene::with(|switches| plan(&mut switches.faults));
        let got = scene.propfind(WORK, "1", "<d:getetag/>").await;
        assert_eq!(got.status, status, "{met}");
        let waits = ["fault.too_many", "fault.busy"].contains(&met);
        assert_eq!(got.header("retry-after").is_some(), waits, "{met}");
        assert_eq!(met == "fault.torn_body", got.status == 207 && Document::parse(&got.text).is_err());
        scene.met(met);
    }
    let scene = Scene::new();
    let token = scene.token().await;
    scene.sim.switch(|switches| switches.faults.dead_token = 1_000);
    assert_eq!(scene.changes(&token).await.status, 403);
    scene.met("fault.dead_token");
    let refused = Fault::Status { status: 418, body: "I'm a teapot".to_owned(), retry_after_s: None };
    scene.sim.switch(|switches| switches.scripted = vec![once(refused)]);
    assert_eq!(scene.changes(&token).await.status, 418);
    scene.met("fault.other");
}

#[tokio::test]
async fn one_seed_draws_alike() {
    let run = async |seed: u64| {
        let mut switches = Switches::default();
        switches.faults.error = 300;
        let sim = CaldavSim::new(CaldavOptions { seed, switches, ..CaldavOptions::default() });
        sim.add_user(ADA, "x");
        sim.accept_token(TOKEN, ADA);
        let scene = Scene { sim };
        let mut statuses = Vec::new();
        for _ in 0..30 {
            statuses.push(scene.propfind("/", "0", "<d:resourcetype/>").await.status);
        }
        statuses
    };
    assert_eq!(run(1).await, run(1).await);
    assert_ne!(run(1).await, run(2).await);
}

#[tokio::test]
async fn a_spent_minute_is_a_pause_that_may_be_longer_than_it_says() {
    let scene = Scene::with(|switches| {
        switches.throttle.per_minute = Some(2);
        switches.throttle.status = 503;
        switches.throttle.retry_after_s = Some(5);
        switches.throttle.pause_s = 30;
    });
    for _ in 0..2 {
        assert_eq!(scene.propfind(WORK, "0", "<d:getetag/>").await.status, 207);
    }
    let refused = scene.propfind(WORK, "0", "<d:getetag/>").await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("5")));
    scene.met("throttle.refused");
    scene.wait(10);
    scene.sim.switch(|switches| switches.throttle.as_date = true);
    let refused = scene.propfind(WORK, "0", "<d:getetag/>").await;
    assert_eq!(refused.header("retry-after"), Some("Mon, 23 Nov 2026 12:00:15 GMT"));
    scene.wait(60);
    assert_eq!(scene.propfind(WORK, "0", "<d:getetag/>").await.status, 207);
}

#[tokio::test]
async fn the_clock_the_switches_the_ledger_and_the_counts_are_reached_over_http() {
    let scene = Scene::new();
    let get = async |path: &str| {
        let got = scene.send(Request::get(path).body(Body::empty()).unwrap()).await;
        serde_json::from_str::<Value>(&got.text).unwrap()
    };
    let post = async |path: &str, body: Value| {
        let request = Request::post(path).header("content-type", "application/json");
        scene.send(request.body(Body::from(body.to_string())).unwrap()).await.status
    };
    assert_eq!(post("/__switches", json!({"sync": {"dead_token": "gone"}})).await, 200);
    assert_eq!(post("/__switches", json!({"sync": {"dead_tokens": "gone"}})).await, 400);
    assert_eq!(get("/__switches").await["sync"]["dead_token"], "gone");
    assert_eq!(post("/__clock", json!({"advance_s": 60})).await, 200);
    assert_eq!(get("/__clock").await["now"], "2026-11-23T12:01:00Z");
    scene.changes("dead").await;
    assert_eq!(get("/__met").await, json!({"sync.dead_token.gone": 1}));
    scene.put(A, &[], &event("a", "")).await;
    assert_eq!(get("/__ledger").await["writes"][0]["kind"], "event_created");
}
