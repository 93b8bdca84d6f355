//! Pauses, repeats and batches, on a scripted server.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::script::{client, empty, json_answer, ok, parts, refused, waiting};

fn get(path: &str) -> Call {
    Call::get(path.to_owned())
}

fn create(identity: &str) -> Call {
    Call::post("/me/events".to_owned(), json!({ "transactionId": identity }))
}

fn statuses(answers: &[Result<Answer>]) -> Vec<Result<u16, ErrorKind>> {
    answers.iter().map(|it| it.as_ref().map(|it| it.status).map_err(|error| error.kind)).collect()
}

#[tokio::test(start_paused = true)]
async fn a_request_waits_as_long_as_the_server_says_and_goes_on() {
    let (client, script) = client([waiting(refused(429, "TooManyRequests"), "7"), ok(&json!({}))]);
    let start = Instant::now();
    assert_eq!(client.connection.send(&get("/me")).await.unwrap().status, 200);
    assert!(start.elapsed() >= Duration::from_secs(7));
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_long_pause_is_told_and_holds_for_every_request() {
    let (client, script) = client([waiting(refused(503, "serviceNotAvailable"), "600"), ok(&json!({}))]);
    for _ in 0..2 {
        let kind = client.connection.send(&get("/me")).await.map(|it| it.status).map_err(|error| error.kind);
        let Err(ErrorKind::Throttled { retry_after: Some(delay) }) = kind else { panic!("{kind:?}") };
        assert!(delay > Duration::from_secs(590), "{delay:?}");
    }
    assert_eq!(script.asked().len(), 1, "nothing is asked during a pause");
}

#[tokio::test(start_paused = true)]
async fn trouble_of_the_server_is_sat_out_a_few_times() {
    let (client, script) = client([empty(503), refused(500, "InternalServerError"), ok(&json!({}))]);
    assert_eq!(client.connection.send(&get("/me")).await.unwrap().status, 200);
    assert!(script.is_over());
    let (client, script) = self::client((0..9).map(|_| empty(504)));
    assert_eq!(client.connection.send(&get("/me")).await.unwrap().status, 504);
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_has_no_identity_is_not_sent_twice() {
    let (client, script) = client([empty(504), ok(&json!({}))]);
    let call = Call::post("/subscriptions".to_owned(), json!({}));
    assert_eq!(client.connection.send(&call).await.unwrap().status, 504);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn parts_are_answered_in_order_and_only_hasty_ones_are_repeated() {
    let hasty = json!({"error": {"code": "ApplicationThrottled"}});
    let mut first = parts(&[(2, 404, json!({})), (0, 201, json!({"id": "a"})), (1, 429, hasty)]);
    let text = String::from_utf8(first.body().clone()).unwrap();
    *first.body_mut() =
        text.replacen("\"headers\":{}", "\"headers\":{\"Retry-After\":\"9\"}", 3).into_bytes();
    let (client, script) = client([first, parts(&[(1, 201, json!({"id": "b"}))])]);
    let start = Instant::now();
    let answers = client.connection.send_all(&[create("a"), create("b"), get("/me")]).await;
    assert_eq!(statuses(&answers), [Ok(201), Ok(201), Ok(404)]);
    assert!(start.elapsed() >= Duration::from_secs(9), "the longest delay holds");
    let asked = script.asked();
    let ids = |at: usize| -> Vec<String> {
        let requests = asked[at].body["requests"].as_array().unwrap();
        requests.iter().map(|part| part["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((ids(0).len(), ids(1)), (3, vec!["1".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_part_that_stays_hasty_is_told_as_such_within_bounds() {
    let again = || parts(&[(0, 429, json!({})), (1, 429, json!({}))]);
    let (client, script) = client((0..9).map(|_| again()));
    let answers = client.connection.send_all(&[create("a"), create("b")]).await;
    assert_eq!(statuses(&answers), [Ok(429), Ok(429)]);
    assert_eq!(script.asked().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_which_only_parts_are_let_in_at_a_time_finishes_without_asking_for_all_of_it_each_time() {
    const LET_IN: usize = 2;
    // Each number above two is a try whether more are let in by now.
    const SENT: [usize; 10] = [PARTS_MAX, 2, 4, 2, 4, 2, 4, 2, 4, 2];
    let answer = |(round, sent): (usize, usize)| {
        let done = round * LET_IN;
        let part =
            |id: usize| (id, if id < done + LET_IN { 201 } else { 429 }, json!({ "id": id.to_string() }));
        parts(&(done..done + sent).map(part).collect::<Vec<_>>())
    };
    let (client, script) = client(SENT.into_iter().enumerate().map(answer));
    let calls: Vec<Call> = (0..PARTS_MAX).map(|number| create(&number.to_string())).collect();
    let answers = client.connection.send_all(&calls).await;
    assert_eq!(statuses(&answers), vec![Ok(201); PARTS_MAX]);
    let asked = script.asked();
    let sent = asked.iter().map(|asked| asked.body["requests"].as_array().unwrap().len());
    assert_eq!(sent.collect::<Vec<_>>(), SENT);
}

#[tokio::test(start_paused = true)]
async fn a_part_that_is_left_out_fails_alone() {
    let (client, _) = client([parts(&[(1, 200, json!({})), (7, 200, json!({}))])]);
    let answers = client.connection.send_all(&[get("/a"), get("/b")]).await;
    assert_eq!(statuses(&answers), [Err(ErrorKind::InvalidData), Ok(200)]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_batch_fails_as_a_whole() {
    let (client, _) = client([refused(401, "InvalidAuthenticationToken")]);
    let answers = client.connection.send_all(&[get("/a"), get("/b")]).await;
    assert_eq!(statuses(&answers), [Err(ErrorKind::NeedsSignIn), Err(ErrorKind::NeedsSignIn)]);
}

#[tokio::test(start_paused = true)]
async fn parts_whose_token_died_on_the_way_are_sent_alone() {
    let denied = || json!({"error": {"code": "InvalidAuthenticationToken"}});
    let batch = || parts(&[(0, 201, json!({"id": "a"})), (1, 401, denied()), (2, 401, denied())]);
    let calls = [create("a"), create("b"), get("/me")];
    let (client, script) = client([batch(), ok(&json!({"id": "b"})), ok(&json!({}))]);
    assert_eq!(statuses(&client.connection.send_all(&calls).await), [Ok(201), Ok(200), Ok(200)]);
    assert_eq!(script.lines(), ["POST /$batch", "POST /me/events", "GET /me"]);
    let refusal = refused(401, "InvalidAuthenticationToken");
    let (client, script) = self::client([batch(), refusal]);
    assert_eq!(statuses(&client.connection.send_all(&calls).await), [Ok(201), Ok(401), Ok(401)]);
    assert_eq!(script.asked().len(), 2, "a sign-in that has ended is asked about once");
}

#[tokio::test(start_paused = true)]
async fn many_calls_go_out_twenty_at_a_time_and_one_alone() {
    let whole: Vec<_> = (0..20).map(|id| (id, 200, json!({}))).collect();
    let (client, script) = client([parts(&whole), json_answer(200, &json!({}))]);
    let calls: Vec<Call> = (0..21).map(|number| get(&format!("/{number}"))).collect();
    let answers = client.connection.send_all(&calls).await;
    assert_eq!((answers.len(), answers.iter().all(Result::is_ok)), (21, true));
    assert_eq!(script.lines(), ["POST /$batch", "GET /20"]);
}

#[tokio::test]
async fn a_link_to_another_server_is_not_followed() {
    let (client, script) = client([ok(&json!({}))]);
    let link = url::Url::parse("https://graph.example.org.evil.net/v1.0/me?$skip=1").unwrap();
    let kind =
        client.connection.send(&Call::follow(link)).await.map(|it| it.status).map_err(|error| error.kind);
    assert_eq!(kind, Err(ErrorKind::InvalidData));
    assert!(script.asked().is_empty());
}
