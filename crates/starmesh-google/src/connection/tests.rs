//! Sending, on a scripted Google.

use http::StatusCode;
use serde_json::{Value, json};
use starmesh_http::Unreachable;
use tokio::time::Instant;

use super::*;
use crate::script::{Script, error};

fn get(path: &str) -> Request {
    http::Request::builder().uri(format!("https://www.googleapis.com{path}")).body(Vec::new()).unwrap()
}

fn gets(count: usize) -> Vec<Request> {
    (0..count).map(|number| get(&format!("/{number}"))).collect()
}

fn statuses(answers: &[Result<Response>]) -> Vec<Result<u16, ErrorKind>> {
    let status = |answer: &Result<Response>| {
        answer.as_ref().map(|response| response.status().as_u16()).map_err(|error| error.kind)
    };
    answers.iter().map(status).collect()
}

fn ok(text: &str) -> (u16, Value) {
    (200, json!({"is": text}))
}

#[tokio::test(start_paused = true)]
async fn a_request_to_slow_down_is_heeded_and_the_request_repeated() {
    for refusal in [(403, "rateLimitExceeded"), (403, "userRateLimitExceeded"), (429, "rateLimitExceeded")] {
        let script = Script::default()
            .json(refusal.0, error(refusal.1))
            .json(refusal.0, error(refusal.1))
            .json(200, json!({}));
        let start = Instant::now();
        let answer = script.client().connection.send(&get("/x")).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        assert!(start.elapsed() >= Duration::from_secs(3), "one second, then two: {:?}", start.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_never_stops_refusing_is_left_alone() {
    let mut script = Script::default();
    for _ in 0..TRIES_MAX {
        script = script.json(403, error("rateLimitExceeded"));
    }
    let failure = script.client().connection.send(&get("/x")).await.unwrap_err();
    assert!(
        matches!(failure.kind, ErrorKind::Throttled { retry_after: Some(delay) } if delay >= Duration::from_secs(8))
    );
    assert_eq!(script.asked().len(), TRIES_MAX as usize);
}

#[tokio::test(start_paused = true)]
async fn a_delay_that_google_names_is_waited_for_unless_it_is_long() {
    let throttled = |seconds| HttpError::Throttled {
        host: "www.googleapis.com".to_owned(),
        retry_after: Some(Duration::from_secs(seconds)),
    };
    let script = Script::default().failing(throttled(20)).json(200, json!({}));
    let start = Instant::now();
    script.client().connection.send(&get("/x")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(20));

    let script = Script::default().failing(throttled(600));
    let start = Instant::now();
    let failure = script.client().connection.send(&get("/x")).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Throttled { retry_after: Some(Duration::from_mins(10)) });
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn other_refusals_and_failures_are_not_repeated() {
    for (status, reason) in
        [(403, "forbidden"), (403, "quotaExceeded"), (401, "authError"), (500, "backendError")]
    {
        let script = Script::default().json(status, error(reason));
        let answer = script.client().connection.send(&get("/x")).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
    }
    let cut = HttpError::Unreachable { host: "www.googleapis.com".to_owned(), cause: Unreachable::Broken };
    let failure = Script::default().failing(cut).client().connection.send(&get("/x")).await.unwrap_err();
    assert_eq!(failure.kind, ErrorKind::Offline);
}

#[tokio::test(start_paused = true)]
async fn one_request_needs_no_batch_and_none_needs_nothing() {
    let script = Script::default().json(200, json!({}));
    assert_eq!(statuses(&script.client().connection.send_all(&gets(1)).await), [Ok(200)]);
    assert_eq!(script.asked(), ["GET /0"]);
    assert!(Script::default().client().connection.send_all(&[]).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_part_of_a_batch_has_its_own_answer_in_order() {
    let script = Script::default().batch(vec![ok("a"), (404, error("notFound")), (204, Value::Null)]);
    let answers = script.client().connection.send_all(&gets(3)).await;
    assert_eq!(statuses(&answers), [Ok(200), Ok(404), Ok(204)]);
    assert_eq!(answers[0].as_ref().unwrap().body(), br#"{"is":"a"}"#);
    assert_eq!(script.asked(), ["BATCH", "GET /0", "GET /1", "GET /2"]);
}

#[tokio::test(start_paused = true)]
async fn only_what_was_refused_for_a_moment_is_sent_again() {
    let script = Script::default()
        .batch(vec![
            ok("a"),
            (403, error("rateLimitExceeded")),
            (503, Value::Null),
            (0, Value::Null),
            (412, Value::Null),
        ])
        .batch(vec![ok("b"), (429, error("rateLimitExceeded")), ok("d")])
        .json(200, json!({}));
    let start = Instant::now();
    let answers = script.client().connection.send_all(&gets(5)).await;
    assert_eq!(statuses(&answers), [Ok(200), Ok(200), Ok(200), Ok(200), Ok(412)]);
    let asked = script.asked();
    assert_eq!(asked[6..], ["BATCH", "GET /1", "GET /2", "GET /3", "GET /2"]);
    assert!(start.elapsed() >= Duration::from_secs(3), "it backs off in between");
}

#[tokio::test(start_paused = true)]
async fn a_part_that_never_gets_through_has_the_last_word() {
    let mut script = Script::default();
    for _ in 0..PART_TRIES_MAX {
        script = script.batch(vec![(503, Value::Null), (403, error("rateLimitExceeded")), (0, Value::Null)]);
    }
    let answers = script.client().connection.send_all(&gets(3)).await;
    assert_eq!(statuses(&answers), [Ok(503), Ok(403), Err(ErrorKind::InvalidData)]);
}

#[tokio::test(start_paused = true)]
async fn what_clashes_within_its_batch_is_sent_alone() {
    let script = Script::default()
        .batch(vec![ok("a"), (409, error("conflict")), (409, error("duplicate"))])
        .json(200, json!({}));
    let answers = script.client().connection.send_all(&gets(3)).await;
    assert_eq!(statuses(&answers), [Ok(200), Ok(200), Ok(409)]);
    assert_eq!(script.asked().last().unwrap(), "GET /1");
}

#[tokio::test(start_paused = true)]
async fn a_token_that_dies_within_a_batch_is_asked_about_once() {
    let dead = || (401, error("authError"));
    let script = Script::default().batch(vec![dead(), ok("b"), dead(), dead()]).json(401, error("authError"));
    let answers = script.client().connection.send_all(&gets(4)).await;
    let signed_out = Err(ErrorKind::NeedsSignIn);
    assert_eq!(statuses(&answers), [Ok(401), Ok(200), signed_out, signed_out]);

    let script = Script::default().batch(vec![dead(), dead()]).json(200, json!({})).json(200, json!({}));
    let answers = script.client().connection.send_all(&gets(2)).await;
    assert_eq!(statuses(&answers), [Ok(200), Ok(200)], "the transport had a fresher one");
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_fails_as_a_whole_fails_for_every_part() {
    for (script, kind) in [
        (Script::default().text(502, "<html>Bad Gateway</html>"), ErrorKind::Offline),
        (Script::default().json(401, error("authError")), ErrorKind::NeedsSignIn),
        (Script::default().text(200, "<html>Log in</html>"), ErrorKind::InvalidData),
    ] {
        let answers = script.client().connection.send_all(&gets(2)).await;
        assert_eq!(statuses(&answers), [Err(kind), Err(kind)]);
    }
}

#[tokio::test(start_paused = true)]
async fn batches_hold_at_most_fifty() {
    let page = |count: usize| (0..count).map(|_| ok("x")).collect::<Vec<_>>();
    let script = Script::default().batch(page(50)).batch(page(20));
    let answers = script.client().connection.send_all(&gets(70)).await;
    assert!(statuses(&answers).iter().all(|status| *status == Ok(200)));
    let requests = script.requests();
    let parts: Vec<_> = requests
        .iter()
        .map(|request| String::from_utf8_lossy(request.body()).matches("Content-ID").count())
        .collect();
    assert_eq!(parts, [50, 20]);
}

#[tokio::test(start_paused = true)]
async fn a_long_delay_that_a_part_asks_for_is_the_callers_to_plan_with() {
    let slow = |seconds: u32| {
        let part = format!("HTTP/1.1 429 X\r\nRetry-After: {seconds}\r\n\r\n{}", error("rateLimitExceeded"));
        let parts: String = (0..2)
            .map(|number| format!("--b\r\nContent-ID: <response-item{number}>\r\n\r\n{part}\r\n"))
            .collect();
        http::Response::builder()
            .header("content-type", "multipart/mixed; boundary=b")
            .body(format!("{parts}--b--").into_bytes())
            .unwrap()
    };
    let script = Script::default().answering(slow(600));
    let answers = script.client().connection.send_all(&gets(2)).await;
    assert_eq!(statuses(&answers), [Ok(429), Ok(429)]);
    let delay = asked_delay(answers[0].as_ref().unwrap());
    assert_eq!(delay, Some(Duration::from_mins(10)));

    let script = Script::default().answering(slow(30)).batch(vec![ok("a"), ok("b")]);
    let start = Instant::now();
    let answers = script.client().connection.send_all(&gets(2)).await;
    assert_eq!(statuses(&answers), [Ok(200), Ok(200)]);
    assert!(start.elapsed() >= Duration::from_secs(30));
}

#[test]
fn backing_off_doubles_up_to_a_bound() {
    let seconds: Vec<u64> = (0..9).map(|tries| backoff(tries, 0.0).as_secs()).collect();
    assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 64, 64, 64]);
    assert_eq!(backoff(1, 0.5), Duration::from_millis(2500));
    assert_eq!(backoff(u32::MAX, 0.9), BACKOFF_MAX);
}
