//! Faults by script and by chance.

use super::*;

fn script(api: &Api, method: Option<&str>, path: &str, after: u32, times: Option<u32>, fault: Fault) {
    let scripted =
        Scripted { method: method.map(ToOwned::to_owned), path: path.to_owned(), after, times, fault };
    api.sim.switch(|switches| switches.scripted.push(scripted));
}

fn error(status: u16, reason: &str) -> Fault {
    Fault::Error { status, reason: reason.to_owned(), retry_after_s: None }
}

#[tokio::test]
async fn every_error_can_be_called_for() {
    let api = Api::new();
    for (status, reason, domain) in [
        (403, "userRateLimitExceeded", "usageLimits"),
        (403, "rateLimitExceeded", "usageLimits"),
        (429, "rateLimitExceeded", "usageLimits"),
        (403, "quotaExceeded", "usageLimits"),
        (500, "backendError", "global"),
        (503, "backendError", "global"),
        (410, "fullSyncRequired", "calendar"),
        (401, "authError", "global"),
        (403, "insufficientPermissions", "global"),
        (404, "notFound", "global"),
        (409, "conflict", "global"),
    ] {
        script(&api, None, "", 0, Some(1), error(status, reason));
        let got = api.get("calendars/primary/events").await;
        assert_eq!((got.status, got.reason(), got.domain()), (status, reason, domain));
        assert_eq!(got.body["error"]["code"], status);
    }
    assert_eq!(api.get("calendars/primary/events").await.status, 200);
}

#[tokio::test]
async fn a_script_meets_its_method_and_path_after_a_count_and_so_many_times() {
    let api = Api::new();
    script(&api, Some("GET"), "/primary/events", 1, Some(2), error(503, "backendError"));
    api.hour("event1", 3, 9).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(api.get("calendars/primary/events").await.status);
    }
    assert_eq!(statuses, [200, 503, 503, 200]);
}

#[tokio::test]
async fn retry_after_and_html_are_passed_on() {
    let api = Api::new();
    let slow = Fault::Error { status: 429, reason: "rateLimitExceeded".to_owned(), retry_after_s: Some(7) };
    script(&api, None, "", 0, Some(1), slow);
    assert_eq!(api.get("colors").await.headers["retry-after"], "7");
    script(&api, None, "", 0, Some(1), Fault::Body { status: 502, html: "<html>".to_owned() });
    let got = api.get("colors").await;
    assert_eq!((got.status, got.text.as_str()), (502, "<html>"));
    assert!(got.headers["content-type"].to_str().unwrap().starts_with("text/html"));
}

#[tokio::test]
async fn a_lost_acknowledgement_leaves_the_write_done_and_the_same_id_says_so() {
    let api = Api::new();
    script(&api, Some("POST"), "/events", 0, Some(1), Fault::CutAfter);
    let body = with_id("event1", timed(3, 9));
    assert!(api.post("calendars/primary/events", body.clone()).await.cut);
    assert_eq!(api.post("calendars/primary/events", body).await.reason(), "duplicate");
    assert_eq!(api.sim.stored_events(ADA).unwrap().len(), 1);
    script(&api, Some("POST"), "/events", 0, Some(1), Fault::CutBefore);
    assert!(api.post("calendars/primary/events", with_id("event2", timed(3, 9))).await.cut);
    assert_eq!(api.sim.stored_events(ADA).unwrap().len(), 1);
}

#[tokio::test]
async fn behind_a_socket_a_cut_connection_brings_no_byte() {
    let api = Api::new();
    let served = api.sim.start("127.0.0.1:0".parse().unwrap()).await.unwrap();
    script(&api, None, "", 0, Some(1), Fault::CutAfter);
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let address = format!("{}calendar/v3/colors", served.base_url());
    let ask = || client.get(&address).bearer_auth(TOKEN).send();
    assert!(ask().await.is_err());
    assert_eq!(ask().await.unwrap().status(), 200);
    served.shutdown().await;
    assert!(ask().await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_takes_its_time_and_is_whole() {
    let api = Api::new();
    script(&api, None, "", 0, Some(1), Fault::Slow { ms: 8_000 });
    let began = tokio::time::Instant::now();
    let got = api.get("colors").await;
    assert!(began.elapsed().as_millis() >= 7_900);
    assert_eq!(got.body["kind"], "calendar#colors");
}

#[tokio::test]
async fn faults_by_chance_are_met_about_as_often_as_planned() {
    let api = Api::new();
    api.sim.switch(|switches| {
        switches.faults = FaultPlan {
            user_rate: 60,
            rate: 60,
            too_many: 60,
            backend: 60,
            unavailable: 60,
            html: 60,
            cut_before: 60,
            cut_after: 60,
            ..FaultPlan::default()
        };
    });
    let mut met = std::collections::BTreeMap::new();
    for _ in 0..400 {
        let got = api.get("colors").await;
        let key = if got.cut { "cut".to_owned() } else { format!("{} {}", got.status, got.reason()) };
        *met.entry(key).or_insert(0) += 1;
    }
    assert_eq!(met.len(), 8, "{met:?}");
    assert!((150..270).contains(&met["200 "]), "{met:?}");
    assert!(met.values().all(|count| *count >= 8), "{met:?}");
    let counted: u64 = api.sim.met().values().sum();
    assert_eq!(counted, 400 - met["200 "]);
}
