//! Several requests in one.

use super::*;

fn part(id: &str, request: &str) -> String {
    format!("--B\r\nContent-Type: application/http\r\nContent-ID: <{id}>\r\n\r\n{request}\r\n")
}

async fn batch(api: &Api, parts: &[String]) -> Got {
    let body = format!("{}--B--\r\n", parts.concat());
    let request = Request::builder()
        .method("POST")
        .uri("/batch/calendar/v3")
        .header("authorization", format!("Bearer {TOKEN}"))
        .header("content-type", "multipart/mixed; boundary=B")
        .body(Body::from(body))
        .unwrap();
    api.send(request).await
}

fn insert(id: &str) -> String {
    let body = with_id(id, timed(3, 9)).to_string();
    format!(
        "POST /calendar/v3/calendars/primary/events?fields=id HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{body}"
    )
}

/// Content-ID, status and body of each part of the answer.
fn outcomes(got: &Got) -> Vec<(String, u16, String)> {
    let boundary = got.headers["content-type"].to_str().unwrap().split_once("boundary=").unwrap().1;
    let body = got.text.split_once(&format!("--{boundary}--")).unwrap().0;
    body.split(&format!("--{boundary}\r\n"))
        .skip(1)
        .map(|part| {
            let (head, rest) = part.split_once("\r\n\r\n").unwrap();
            assert!(head.contains("Content-Type: application/http"));
            let id = head.split_once("Content-ID: ").unwrap().1.lines().next().unwrap().to_owned();
            let (status, rest) = rest.split_once("\r\n").unwrap();
            let status = status.strip_prefix("HTTP/1.1 ").unwrap()[..3].parse().unwrap();
            (id, status, rest.split_once("\r\n\r\n").unwrap().1.trim().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn parts_are_answered_one_by_one_under_their_names() {
    let api = Api::new();
    api.hour("taken", 3, 9).await;
    let got = batch(
        &api,
        &[
            part("item1", &insert("event1")),
            part("item2", &insert("taken")),
            part("item3", "DELETE /calendar/v3/calendars/primary/events/taken"),
            part("item4", "GET /calendar/v3/calendars/primary/events/never"),
            part("item5", "PATCH /calendar/v3/calendars/primary/events/event1\r\nIf-Match: \"1\"\r\n\r\n{}"),
        ],
    )
    .await;
    assert_eq!(got.status, 200);
    let outcomes = outcomes(&got);
    let short: Vec<_> = outcomes.iter().map(|(id, status, _)| (id.as_str(), *status)).collect();
    assert_eq!(
        short,
        [
            ("<response-item1>", 200),
            ("<response-item2>", 409),
            ("<response-item3>", 204),
            ("<response-item4>", 404),
            ("<response-item5>", 412)
        ]
    );
    assert_eq!(outcomes[0].2, r#"{"id":"event1"}"#);
    assert!(outcomes[1].2.contains("duplicate"));
    assert_eq!(outcomes[2].2, "");
}

#[tokio::test]
async fn a_part_may_bring_its_own_token() {
    let api = Api::new();
    let own = format!("GET /calendar/v3/calendars/primary\r\nAuthorization: Bearer {BOBS_TOKEN}\r\n");
    let dead = "GET /calendar/v3/calendars/primary\r\nAuthorization: Bearer none\r\n";
    let got =
        batch(&api, &[part("a", &own), part("b", dead), part("c", "GET /calendar/v3/calendars/primary")])
            .await;
    let outcomes = outcomes(&got);
    assert!(outcomes[0].2.contains(BOB));
    assert_eq!(outcomes[1].1, 401);
    assert!(outcomes[2].2.contains(ADA));
}

#[tokio::test]
async fn answers_may_come_in_another_order() {
    let api = Api::new();
    api.sim.switch(|switches| switches.batch_shuffled = true);
    let parts: Vec<_> =
        (0..12).map(|n| part(&format!("i{n:02}"), &insert(&format!("event{n:02}")))).collect();
    let outcomes = outcomes(&batch(&api, &parts).await);
    let order: Vec<_> = outcomes.iter().map(|(id, ..)| id.clone()).collect();
    assert!(!order.is_sorted());
    for (id, status, body) in outcomes {
        let number = id.trim_start_matches("<response-i").trim_end_matches('>').to_owned();
        assert_eq!((status, body), (200, format!(r#"{{"id":"event{number}"}}"#)));
    }
}

#[tokio::test]
async fn each_part_costs_a_request_and_is_refused_alone() {
    let api = Api::new();
    api.sim.switch(|switches| switches.quota.user_per_minute = 3);
    let parts: Vec<_> = (0..5).map(|n| part(&format!("i{n}"), &insert(&format!("event{n}")))).collect();
    let statuses: Vec<_> = outcomes(&batch(&api, &parts).await).iter().map(|it| it.1).collect();
    assert_eq!(statuses, [200, 200, 200, 403, 403]);
    api.sim.switch(|switches| switches.quota.refusal = QuotaRefusal::TooManyRequests);
    assert_eq!(outcomes(&batch(&api, &[part("x", &insert("event9"))]).await)[0].1, 429);
}

#[tokio::test]
async fn a_batch_has_a_largest_size_and_a_form() {
    let api = Api::new();
    let parts: Vec<_> = (0..51).map(|n| part(&format!("i{n}"), "GET /calendar/v3/colors")).collect();
    assert_eq!(batch(&api, &parts).await.status, 200);
    api.sim.switch(|switches| switches.batch_max = 50);
    assert_eq!(batch(&api, &parts).await.status, 400);
    assert_eq!(batch(&api, &parts[..50]).await.status, 200);
    assert_eq!(batch(&api, &[]).await.status, 400);
    let absolute = part("x", "GET https://www.googleapis.com/calendar/v3/colors");
    assert_eq!(outcomes(&batch(&api, &[absolute]).await)[0].1, 400);
}

#[tokio::test]
async fn two_writes_to_one_event_may_clash() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    api.sim.switch(|switches| switches.batch_conflicts = true);
    let patch = "PATCH /calendar/v3/calendars/primary/events/event1\r\n\r\n{\"summary\":\"x\"}";
    let outcomes = outcomes(&batch(&api, &[part("a", patch), part("b", patch)]).await);
    assert_eq!((outcomes[0].1, outcomes[1].1), (200, 409));
    assert!(outcomes[1].2.contains("conflict"));
}

#[tokio::test]
async fn parts_are_recorded_as_traffic_of_their_own() {
    let api = Api::new();
    api.sim.ledger().record_traffic(true);
    batch(&api, &[part("a", &insert("event1"))]).await;
    let (traffic, _) = api.sim.ledger().traffic();
    let short: Vec<_> = traffic.iter().map(|it| (it.in_batch, it.path.as_str(), it.status)).collect();
    assert_eq!(
        short,
        [(true, "/calendar/v3/calendars/primary/events", 200), (false, "/batch/calendar/v3", 200)]
    );
}
