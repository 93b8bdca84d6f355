use secrecy::SecretString;
use url::Url;

use super::super::{SignInError, revoke};
use super::*;

async fn answered(status: u16, body: &'static str) -> (Result<(), SignInError>, Arc<Endpoint>) {
    let endpoint = Endpoint::answering([(status, body)]);
    let url = Url::parse("https://login.example/revoke").unwrap();
    let ended = revoke(&url, &SecretString::from("refresh-1"), &*endpoint).await;
    (ended, endpoint)
}

#[tokio::test]
async fn the_refresh_token_is_named_and_nothing_else() {
    let (ended, endpoint) = answered(200, "{}").await;
    assert_eq!(ended, Ok(()));
    let form = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let expected = HashMap::from([form("token", "refresh-1"), form("token_type_hint", "refresh_token")]);
    assert_eq!(endpoint.asked(), [expected]);
}

#[tokio::test]
async fn a_grant_that_has_ended_already_is_ended() {
    for body in [
        r#"{"error":"invalid_token","error_description":"Token expired or revoked"}"#,
        r#"{"error":"invalid_grant"}"#,
    ] {
        assert_eq!(answered(400, body).await.0, Ok(()));
    }
}

#[tokio::test]
async fn whatever_else_is_answered_ends_nothing() {
    let host = || "login.example".to_owned();
    let slow = SignInError::Http(HttpError::Throttled { host: host(), retry_after: None });
    for (status, body, error) in [
        (503, "<html>busy</html>", SignInError::Trouble { host: host() }),
        (429, "", slow),
        (400, r#"{"error":"invalid_request"}"#, SignInError::NotUnderstood { host: host() }),
        (404, "<html>refresh-1</html>", SignInError::NotUnderstood { host: host() }),
    ] {
        assert_eq!(answered(status, body).await.0, Err(error), "{status}");
    }
}
