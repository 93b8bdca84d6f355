//! Bearer tokens, the token endpoint and scopes.

use super::*;
use crate::web::auth::{AuthSwitches, Client, User};

const REDIRECT: &str = "http://127.0.0.1:53127/cb";
const SCOPE: &str = "https://www.googleapis.com/auth/calendar.events";
const LIST_SCOPE: &str = "https://www.googleapis.com/auth/calendar.calendarlist.readonly";

async fn form(api: &Api, path: &str, pairs: &[(&str, &str)]) -> Got {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let request = Request::builder()
        .method("POST")
        .uri(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(body))
        .unwrap();
    api.send(request).await
}

async fn code(api: &Api, scope: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", "app"),
            ("redirect_uri", REDIRECT),
            ("response_type", "code"),
            ("scope", scope),
            ("state", "s"),
            ("access_type", "offline"),
            ("prompt", "consent"),
        ])
        .finish();
    let request = Request::builder().uri(format!("/o/oauth2/v2/auth?{query}")).body(Body::empty()).unwrap();
    let got = api.send(request).await;
    assert_eq!(got.status, 302, "{}", got.text);
    let location = url::Url::parse(got.headers["location"].to_str().unwrap()).unwrap();
    location.query_pairs().find(|(name, _)| name == "code").unwrap().1.into_owned()
}

async fn redeem(api: &Api, code: &str, secret: &[(&str, &str)]) -> Got {
    let mut pairs = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("redirect_uri", REDIRECT),
    ];
    pairs.extend(secret);
    form(api, "/token", &pairs).await
}

async fn sign_in(api: &Api, scope: &str) -> Got {
    redeem(api, &code(api, scope).await, &[("client_secret", "x")]).await
}

#[tokio::test]
async fn a_missing_an_unknown_and_an_expired_bearer_are_401() {
    let api = Api::new();
    let bare = Request::builder().uri("/calendar/v3/colors").body(Body::empty()).unwrap();
    let got = api.send(bare).await;
    assert_eq!((got.status, got.reason(), got.domain()), (401, "authError", "global"));
    assert_eq!(api.ask_as("other", "GET", "colors", &[], None).await.status, 401);
    let tokens = sign_in(&api, SCOPE).await;
    let access = tokens.text_of("access_token");
    assert_eq!(api.ask_as(access, "GET", "colors", &[], None).await.status, 200);
    api.sim.clock().advance(chrono::TimeDelta::seconds(3_599));
    assert_eq!(api.ask_as(access, "GET", "colors", &[], None).await.reason(), "authError");
}

#[tokio::test]
async fn the_secret_is_required_and_a_refresh_names_no_refresh_token() {
    let api = Api::new();
    let first = code(&api, SCOPE).await;
    let got = redeem(&api, &first, &[]).await;
    assert_eq!(got.status, 400);
    assert_eq!(
        got.body,
        json!({ "error": "invalid_request", "error_description": "client_secret is missing." })
    );
    let tokens = redeem(&api, &first, &[("client_secret", "x")]).await;
    let refresh = tokens.text_of("refresh_token");
    let pairs = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("refresh_token", refresh),
    ];
    let again = form(&api, "/token", &pairs).await;
    assert!(again.body["access_token"].is_string() && again.body.get("refresh_token").is_none());
    assert_eq!(form(&api, "/revoke", &[("token", refresh)]).await.status, 200);
    let dead = form(&api, "/token", &pairs).await;
    let wanted =
        json!({ "error": "invalid_grant", "error_description": "Token has been expired or revoked." });
    assert_eq!((dead.status, dead.body), (400, wanted));
    let access = again.text_of("access_token");
    assert_eq!(api.ask_as(access, "GET", "colors", &[], None).await.status, 401);
}

#[tokio::test]
async fn a_registered_client_is_checked() {
    let options = GoogleOptions {
        clients: vec![Client { id: "app".to_owned(), secret: Some("right".to_owned()) }],
        clock: SimClock::fixed(at(2, 12)),
        ..GoogleOptions::default()
    };
    let sim = GoogleSim::new(options).unwrap();
    sim.add_user(ADA, "UTC").unwrap();
    let api = Api { router: sim.router(), sim };
    let wrong = redeem(&api, &code(&api, SCOPE).await, &[("client_secret", "wrong")]).await;
    assert_eq!((wrong.status, wrong.text_of("error")), (401, "invalid_client"));
    let right = redeem(&api, &code(&api, SCOPE).await, &[("client_secret", "right")]).await;
    assert_eq!(right.text_of("scope"), SCOPE);
}

#[tokio::test]
async fn scopes_that_were_unticked_are_missing_and_refused() {
    let api = Api::new();
    let both = format!("{SCOPE} {LIST_SCOPE}");
    let ticked = Some(vec![LIST_SCOPE.to_owned()]);
    api.sim.switch(|switches| {
        switches.auth = AuthSwitches { scopes_granted: ticked, ..AuthSwitches::default() };
    });
    let tokens = sign_in(&api, &both).await;
    assert_eq!(tokens.text_of("scope"), LIST_SCOPE);
    let access = tokens.text_of("access_token");
    let got = api.ask_as(access, "POST", "calendars/primary/events", &[], Some(timed(3, 9))).await;
    assert_eq!((got.status, got.reason()), (403, "insufficientPermissions"));
    assert_eq!(api.ask_as(access, "GET", "users/me/calendarList", &[], None).await.status, 200);
    api.sim.switch(|switches| switches.error_details = true);
    let got = api.ask_as(access, "GET", "calendars/primary/events", &[], None).await;
    assert_eq!(got.body["error"]["details"][0]["reason"], "ACCESS_TOKEN_SCOPE_INSUFFICIENT");
}

#[tokio::test]
async fn the_events_scope_cannot_list_calendars_and_the_app_scope_reaches_its_own_alone() {
    let api = Api::new();
    let tokens = sign_in(&api, SCOPE).await;
    let got = api.ask_as(tokens.text_of("access_token"), "GET", "users/me/calendarList", &[], None).await;
    assert_eq!(got.reason(), "insufficientPermissions");
    let tokens = sign_in(&api, "https://www.googleapis.com/auth/calendar.app.created").await;
    let access = tokens.text_of("access_token");
    let made = api.ask_as(access, "POST", "calendars", &[], Some(json!({ "summary": "Mirrors" }))).await;
    assert_eq!(made.status, 200);
    let own = format!("calendars/{}/events", made.text_of("id"));
    assert_eq!(api.ask_as(access, "POST", &own, &[], Some(timed(3, 9))).await.status, 200);
    assert_eq!(api.ask_as(access, "GET", "calendars/primary/events", &[], None).await.status, 403);
}

#[tokio::test]
async fn the_device_flow_waits_for_the_person() {
    let api = Api::new();
    let began = form(&api, "/device/code", &[("client_id", "app"), ("scope", SCOPE)]).await;
    assert!(began.body["verification_url"].is_string());
    let poll = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "app"),
        ("client_secret", "x"),
        ("device_code", began.text_of("device_code")),
    ];
    let pending = form(&api, "/token", &poll).await;
    assert_eq!((pending.status, pending.text_of("error")), (428, "authorization_pending"));
    assert!(api.sim.auth().decide_device(began.text_of("user_code"), true));
    api.sim.clock().advance(chrono::TimeDelta::seconds(5));
    let tokens = form(&api, "/token", &poll).await;
    assert_eq!(api.sim.auth().user_of(tokens.text_of("access_token")), Some(User(ADA.to_owned())));
}

#[tokio::test]
async fn a_foreign_redirect_is_shown_an_error_page() {
    let api = Api::new();
    let query = "client_id=app&redirect_uri=https%3A%2F%2Fevil.test%2F&response_type=code&scope=a";
    let request = Request::builder().uri(format!("/o/oauth2/v2/auth?{query}")).body(Body::empty()).unwrap();
    let got = api.send(request).await;
    assert_eq!(got.status, 400);
    assert!(got.text.contains("redirect_uri_mismatch"));
}
