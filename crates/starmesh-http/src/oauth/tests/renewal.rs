use futures::future::join_all;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Notify;

use super::super::client::tests::client;
use super::super::{SignInError, TokenKeeper, Tokens};
use super::*;
use crate::account::AccountTransport;
use crate::credentials::Credentials;
use crate::governor::{Governor, GovernorSettings};
use crate::pace::Budget;

const ROTATED: (u16, &str) = (
    200,
    r#"{"token_type":"Bearer","access_token":"access-2","refresh_token":"refresh-2","expires_in":3600}"#,
);
const SAME: (u16, &str) = (200, r#"{"token_type":"Bearer","access_token":"access-3","expires_in":3600}"#);
const REVOKED: (u16, &str) = (400, r#"{"error":"invalid_grant","error_description":"Token revoked."}"#);

#[derive(Default)]
struct Kept {
    tokens: Mutex<Vec<String>>,
    full: bool,
    told: Notify,
}

#[async_trait]
impl TokenKeeper for Kept {
    async fn keep(&self, refresh: &SecretString) -> Result<(), String> {
        if self.full {
            return Err("the keychain is locked".to_owned());
        }
        self.tokens.lock().unwrap().push(refresh.expose_secret().to_owned());
        self.told.notify_one();
        Ok(())
    }
}

struct Setting {
    tokens: Arc<Tokens>,
    endpoint: Arc<Endpoint>,
    kept: Arc<Kept>,
    clock: Arc<HandClock>,
}

fn setting(kept: Kept, answers: &[(u16, &'static str)]) -> Setting {
    let (endpoint, clock) = (Endpoint::answering(answers.iter().copied()), HandClock::new());
    let kept = Arc::new(kept);
    let tokens =
        Tokens::new(client(), "refresh-1".to_owned().into(), kept.clone(), endpoint.clone(), clock.clone());
    Setting { tokens: Arc::new(tokens), endpoint, kept, clock }
}

async fn access(setting: &Setting) -> Result<String, SignInError> {
    setting.tokens.access().await.map(|token| token.expose_secret().to_owned())
}

#[tokio::test]
async fn however_many_ask_the_provider_is_asked_once() {
    let setting = setting(Kept::default(), &[ROTATED]);
    let answers = join_all((0..20).map(|_| access(&setting))).await;
    assert!(answers.iter().all(|answer| *answer == Ok("access-2".to_owned())));
    assert_eq!(setting.endpoint.asked().len(), 1);
    assert_eq!(*setting.kept.tokens.lock().unwrap(), ["refresh-2"]);
}

#[tokio::test]
async fn a_rotated_refresh_token_replaces_the_one_before_and_one_that_stays_is_not_kept_again() {
    let setting = setting(Kept::default(), &[ROTATED, SAME]);
    access(&setting).await.unwrap();
    setting.clock.advance(TimeDelta::minutes(54));
    assert_eq!(access(&setting).await, Ok("access-2".to_owned()), "it is good for six minutes more");
    setting.clock.advance(TimeDelta::minutes(2));
    assert_eq!(access(&setting).await, Ok("access-3".to_owned()));
    let used: Vec<_> = setting.endpoint.asked().iter().map(|form| form["refresh_token"].clone()).collect();
    assert_eq!(used, ["refresh-1", "refresh-2"]);
    assert_eq!(*setting.kept.tokens.lock().unwrap(), ["refresh-2"]);
}

#[tokio::test]
async fn an_access_token_is_not_used_while_its_refresh_token_cannot_be_kept() {
    let setting = setting(Kept { full: true, ..Kept::default() }, &[ROTATED]);
    let reason = "the keychain is locked".to_owned();
    assert_eq!(access(&setting).await, Err(SignInError::NotKept { reason }));
}

#[tokio::test]
async fn a_refresh_token_is_kept_even_when_whoever_asked_is_gone() {
    let setting = setting(Kept::default(), &[ROTATED]);
    {
        let mut asking = Box::pin(setting.tokens.access());
        // Polled once: the renewal is under way, and nobody waits for it any more.
        assert!(futures::poll!(&mut asking).is_pending());
    }
    setting.kept.told.notified().await;
    assert_eq!(*setting.kept.tokens.lock().unwrap(), ["refresh-2"]);
}

#[tokio::test]
async fn a_grant_that_was_withdrawn_is_not_asked_for_again() {
    let setting = setting(Kept::default(), &[REVOKED]);
    let ended = Err(SignInError::Ended { code: "invalid_grant".to_owned() });
    assert_eq!(access(&setting).await, ended);
    assert_eq!(access(&setting).await, ended);
    assert_eq!(setting.endpoint.asked().len(), 1);
}

#[tokio::test]
async fn trouble_that_passes_is_tried_again() {
    let setting = setting(Kept::default(), &[(503, ""), ROTATED]);
    assert_eq!(access(&setting).await, Err(SignInError::Trouble { host: "login.example".to_owned() }));
    assert_eq!(access(&setting).await, Ok("access-2".to_owned()));
}

/// An API that takes one access token only.
struct Api(&'static str, Mutex<u32>);

#[async_trait]
impl Transport for Api {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        *self.1.lock().unwrap() += 1;
        let mut response = Response::new(Vec::new());
        if request.headers()[http::header::AUTHORIZATION] != format!("Bearer {}", self.0) {
            *response.status_mut() = StatusCode::UNAUTHORIZED;
        }
        Ok(response)
    }
}

async fn ask(api: &Arc<Api>, setting: &Setting) -> Result<StatusCode, HttpError> {
    let governor = Governor::new(GovernorSettings {
        concurrency: 1,
        budget: Budget::per_second(100.try_into().unwrap()),
    });
    let transport = AccountTransport::new(
        api.clone(),
        Credentials::Bearer(setting.tokens.clone()),
        "https://api.example/".parse().unwrap(),
        Arc::new(governor),
        setting.clock.clone(),
    );
    let request = Request::new(Vec::new());
    let (mut parts, body) = request.into_parts();
    parts.uri = "https://api.example/v1".parse().unwrap();
    transport.send(Request::from_parts(parts, body)).await.map(|response| response.status())
}

#[tokio::test]
async fn a_token_that_the_api_refuses_is_renewed_once() {
    let setting = setting(Kept::default(), &[ROTATED, SAME]);
    let api = Arc::new(Api("access-3", Mutex::default()));
    assert_eq!(ask(&api, &setting).await, Ok(StatusCode::OK));
    assert_eq!(*api.1.lock().unwrap(), 2);
}

#[tokio::test]
async fn an_api_that_refuses_every_token_is_not_asked_a_third_time() {
    let setting = setting(Kept::default(), &[ROTATED, SAME]);
    let api = Arc::new(Api("none", Mutex::default()));
    assert_eq!(ask(&api, &setting).await, Ok(StatusCode::UNAUTHORIZED));
    assert_eq!(*api.1.lock().unwrap(), 2);
}

#[tokio::test]
async fn a_request_without_a_grant_says_that_somebody_must_sign_in() {
    let setting = setting(Kept::default(), &[REVOKED]);
    let api = Arc::new(Api("access-2", Mutex::default()));
    let reason = "the sign-in is no longer valid (invalid_grant)".to_owned();
    assert_eq!(ask(&api, &setting).await, Err(HttpError::SignedOut { reason }));
    assert_eq!(*api.1.lock().unwrap(), 0, "nothing goes out without a token");
}
