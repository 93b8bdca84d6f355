//! Redirects, credentials and pauses, on a scripted transport.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::time::Duration;

use starmesh_provider::env::SystemClock;

use super::*;
use crate::governor::GovernorSettings;
use crate::pace::Budget;

/// Answers in order and keeps what it was asked.
#[derive(Default)]
struct Script {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Request>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.asked.lock().unwrap().push(request);
        Ok(self.answers.lock().unwrap().pop_front().expect("the script has an answer"))
    }
}

impl Script {
    fn asked(&self) -> Vec<(String, String, bool, usize)> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .map(|request| {
                (
                    request.method().to_string(),
                    request.uri().to_string(),
                    request.headers().contains_key(AUTHORIZATION),
                    request.body().len(),
                )
            })
            .collect()
    }
}

fn answer(status: u16, headers: &[(&str, &str)]) -> Response {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(Vec::new()).unwrap()
}

fn account(trusted: &str, answers: impl IntoIterator<Item = Response>) -> (AccountTransport, Arc<Script>) {
    account_of(
        Credentials::Password { user: "u".to_owned(), password: "p".to_owned().into() },
        trusted,
        answers,
    )
}

fn account_of(
    credentials: Credentials,
    trusted: &str,
    answers: impl IntoIterator<Item = Response>,
) -> (AccountTransport, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.into_iter().collect()), ..Script::default() });
    let governor = Governor::new(GovernorSettings {
        concurrency: 2,
        budget: Budget::per_second(NonZeroU32::new(50).unwrap()),
    });
    let transport = AccountTransport::new(
        Arc::clone(&script) as Arc<dyn Transport>,
        credentials,
        Url::parse(trusted).unwrap(),
        Arc::new(governor),
        Arc::new(SystemClock),
    );
    (transport, script)
}

fn propfind(url: &str) -> Request {
    http::Request::builder().method("PROPFIND").uri(url).body(b"<x/>".to_vec()).unwrap()
}

#[tokio::test]
async fn every_kind_of_redirect_keeps_method_and_body() {
    for status in [301, 302, 303, 307, 308] {
        let (transport, script) =
            account("https://example.org/", [answer(status, &[("location", "/dav/")]), answer(207, &[])]);
        let response = transport.send(propfind("https://example.org/.well-known/caldav")).await.unwrap();
        assert_eq!(response.status(), 207);
        let final_url = response.extensions().get::<FinalUrl>().unwrap();
        assert_eq!(final_url.0.as_str(), "https://example.org/dav/");
        assert_eq!(
            script.asked()[1],
            ("PROPFIND".to_owned(), "https://example.org/dav/".to_owned(), true, 4)
        );
    }
}

#[tokio::test]
async fn credentials_stay_behind_when_the_site_changes() {
    let (transport, script) = account(
        "https://example.org/",
        [answer(302, &[("location", "https://login.example.net/")]), answer(401, &[])],
    );
    let error = transport.send(propfind("https://example.org/")).await.unwrap_err();
    assert_eq!(
        error,
        HttpError::RefusedAfterRedirect {
            from: "example.org".to_owned(),
            to: "login.example.net".to_owned()
        }
    );
    let sent: Vec<bool> = script.asked().into_iter().map(|asked| asked.2).collect();
    assert_eq!(sent, [true, false]);
}

#[tokio::test]
async fn a_wrong_password_is_an_answer_of_the_server() {
    let (transport, _script) = account("https://example.org/", [answer(401, &[])]);
    assert_eq!(transport.send(propfind("https://example.org/")).await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let round = || answer(301, &[("location", "/")]);
    let (transport, script) = account("https://example.org/", std::iter::repeat_with(round).take(10));
    let error = transport.send(propfind("https://example.org/")).await.unwrap_err();
    assert!(matches!(error, HttpError::Redirect { .. }), "{error:?}");
    assert_eq!(script.asked().len(), REDIRECTS_MAX + 1);
}

#[tokio::test]
async fn nothing_is_asked_in_clear() {
    let (transport, script) = account("http://example.org/", []);
    let error = transport.send(propfind("http://example.org/")).await.unwrap_err();
    assert_eq!(error, HttpError::Insecure { host: "example.org".to_owned() });
    assert_eq!(script.asked().len(), 0);
}

#[tokio::test]
async fn whoever_has_no_credentials_may_ask_in_clear_and_follow_to_other_sites() {
    let elsewhere = answer(302, &[("location", "http://other.example.net/")]);
    let (transport, script) =
        account_of(Credentials::Nobody, "http://example.org/", [elsewhere, answer(401, &[])]);
    let response = transport.send(propfind("http://example.org/")).await.unwrap();
    assert_eq!(response.status(), 401, "it is the answer of a server, not of a stranger");
    let sent: Vec<bool> = script.asked().into_iter().map(|asked| asked.2).collect();
    assert_eq!(sent, [false, false]);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_request_pauses_the_next() {
    let (transport, _script) =
        account("https://example.org/", [answer(429, &[("retry-after", "7")]), answer(207, &[])]);
    let error = transport.send(propfind("https://example.org/")).await.unwrap_err();
    let expected =
        HttpError::Throttled { host: "example.org".to_owned(), retry_after: Some(Duration::from_secs(7)) };
    assert_eq!(error, expected);
    let start = tokio::time::Instant::now();
    transport.send(propfind("https://example.org/")).await.unwrap();
    assert!(start.elapsed() >= Duration::from_secs(7));
}

#[tokio::test]
async fn an_outage_without_a_delay_is_an_answer() {
    let (transport, _script) = account("https://example.org/", [answer(503, &[])]);
    assert_eq!(transport.send(propfind("https://example.org/")).await.unwrap().status(), 503);
}

#[tokio::test]
async fn a_challenge_is_answered_once_and_its_answers_then_go_along_at_once() {
    let challenge = ("www-authenticate", "Digest realm=\"R\", qop=\"auth\", nonce=\"n\"");
    let answers = [answer(401, &[challenge]), answer(207, &[]), answer(207, &[])];
    let (transport, script) = account("http://127.0.0.1:8100/", answers);
    for _ in 0..2 {
        assert_eq!(transport.send(propfind("http://127.0.0.1:8100/")).await.unwrap().status(), 207);
    }
    let shown: Vec<(bool, usize)> = script.asked().into_iter().map(|asked| (asked.2, asked.3)).collect();
    assert_eq!(shown, [(false, 4), (true, 4), (true, 4)], "each with its whole body");
}

#[tokio::test]
async fn a_server_that_finds_every_answer_stale_is_asked_three_times_and_no_more() {
    let stale = |at| {
        let challenge = format!("Digest realm=\"R\", qop=\"auth\", nonce=\"n{at}\", stale=true");
        answer(401, &[("www-authenticate", &challenge)])
    };
    let (transport, script) = account("http://127.0.0.1:8100/", (0..9).map(stale));
    assert_eq!(transport.send(propfind("http://127.0.0.1:8100/")).await.unwrap().status(), 401);
    assert_eq!(script.asked().len(), 3);
}
