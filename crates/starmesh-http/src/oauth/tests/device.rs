use std::time::Duration;

use super::super::client::tests::client;
use super::super::{DevicePrompt, OAuthClient, SignInError, device_sign_in};
use super::*;

const DETAILS: (u16, &str) = (
    200,
    r#"{"device_code":"device","user_code":"ABCD-EFGH","verification_uri":"https://login.example/device",
        "expires_in":900,"interval":5,"message":"…"}"#,
);
const PENDING: (u16, &str) = (400, r#"{"error":"authorization_pending"}"#);

async fn sign_in(answers: &[(u16, &'static str)]) -> (Result<(), SignInError>, Option<DevicePrompt>, usize) {
    let endpoint = Endpoint::answering(answers.iter().copied());
    let mut shown = None;
    // The crate counts the code's life on this clock, the waiting on tokio's.
    let ended =
        device_sign_in(client(), endpoint.clone(), HandClock::new(), |prompt| shown = Some(prompt)).await;
    (ended.map(|_| ()), shown, endpoint.asked().len())
}

#[tokio::test(start_paused = true)]
async fn a_device_is_asked_for_until_somebody_typed_the_code() {
    let slow_down = (400, r#"{"error":"slow_down"}"#);
    let (ended, shown, asked) = sign_in(&[DETAILS, PENDING, slow_down, GRANTED]).await;
    assert_eq!(ended, Ok(()));
    assert_eq!(asked, 4);
    let expires_in = Duration::from_mins(15);
    let prompt =
        DevicePrompt { address: "https://login.example/device".into(), code: "ABCD-EFGH".into(), expires_in };
    assert_eq!(shown, Some(prompt));
}

#[tokio::test(start_paused = true)]
async fn a_declined_device_ends_the_sign_in() {
    let declined = (400, r#"{"error":"authorization_declined"}"#);
    assert_eq!(sign_in(&[DETAILS, PENDING, declined]).await.0, Err(SignInError::Declined));
}

#[tokio::test(start_paused = true)]
async fn a_code_that_ran_out_ends_the_sign_in() {
    let expired = (400, r#"{"error":"expired_token"}"#);
    let (ended, _, _) = sign_in(&[DETAILS, expired]).await;
    assert_eq!(ended, Err(SignInError::TimedOut(Duration::from_mins(15))));
}

#[tokio::test]
async fn a_provider_without_that_way_says_so() {
    let client = OAuthClient { device: None, ..client() };
    let ended = device_sign_in(client, Endpoint::answering([]), HandClock::new(), |_| ()).await;
    assert_eq!(ended.err(), Some(SignInError::NoDeviceFlow));
}
