//! Sign-in by a plain style.

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};
use url::Url;

use super::*;
use crate::web::{Reply, ReplyBody, SimClock};

const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
/// The challenge of [`VERIFIER`], both from RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn style() -> AuthStyle {
    AuthStyle {
        problem: |problem, _| {
            Reply::json(StatusCode::BAD_REQUEST, json!({ "error": format!("{problem:?}") }))
        },
        secret: SecretRule::Optional,
        refresh: RefreshRule::Kept,
        wants_refresh: |_, _| RefreshWish::Yes,
        redirect_allowed: |url| url.host_str() == Some("127.0.0.1"),
        token_extra: |_| Map::new(),
        scope_shown: ToOwned::to_owned,
        device_answer: |code, user_code, _, _| json!({ "device_code": code, "user_code": user_code }),
        access_prefix: "at-",
        refresh_prefix: "rt-",
        refresh_tokens_max: None,
    }
}

fn server(style: AuthStyle) -> (AuthServer, SimClock) {
    let clock = SimClock::fixed(DateTime::<Utc>::UNIX_EPOCH);
    let server = AuthServer::new(style, clock.clone(), 1);
    server.add_user(User("ada@example.test".to_owned()));
    server.add_user(User("bob@example.test".to_owned()));
    (server, clock)
}

fn query() -> Form {
    Form::from([
        ("client_id", "app"),
        ("redirect_uri", "http://127.0.0.1:5000/cb"),
        ("response_type", "code"),
        ("scope", "a b"),
        ("state", "s1"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ])
}

fn back(server: &AuthServer, query: &Form, switches: &AuthSwitches) -> Url {
    match server.authorize(query, switches) {
        Authorized::Redirect(url) => url,
        Authorized::Page(problem) => panic!("{problem:?}"),
    }
}

fn value(url: &Url, name: &str) -> Option<String> {
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

fn code(server: &AuthServer, switches: &AuthSwitches) -> String {
    value(&back(server, &query(), switches), "code").unwrap()
}

fn redemption(code: &str) -> Form {
    Form::from([
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", code),
        ("redirect_uri", "http://127.0.0.1:5000/cb"),
        ("code_verifier", VERIFIER),
    ])
}

fn json_of(reply: Reply) -> Value {
    match reply.body {
        ReplyBody::Json(body) => body,
        other => panic!("{other:?}"),
    }
}

fn redeem(server: &AuthServer, form: &Form) -> Value {
    json_of(server.token(form, None, &AuthSwitches::default()))
}

fn refresh(token: &Value) -> Form {
    Form::from([
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token.as_str().unwrap()),
    ])
}

#[test]
fn a_code_with_its_verifier_brings_tokens_of_the_one_who_signed_in() {
    let (server, clock) = server(style());
    let url = back(&server, &query(), &AuthSwitches::default());
    assert_eq!(value(&url, "state").as_deref(), Some("s1"));
    let tokens = redeem(&server, &redemption(&value(&url, "code").unwrap()));
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(server.user_of(access).unwrap().0, "ada@example.test");
    assert_eq!(tokens["scope"], "a b");
    assert!(server.access_of(access).unwrap().allows_any(&["b"]));
    clock.advance(TimeDelta::seconds(3_599));
    assert_eq!(server.user_of(access), None);
}

#[test]
fn a_wrong_verifier_or_redirect_is_refused_and_the_code_stays_good() {
    let (server, _) = server(style());
    let code = code(&server, &AuthSwitches::default());
    let with = |name: &str, wrong: &str| {
        let form = redemption(&code);
        let pairs: Vec<_> = form
            .pairs()
            .iter()
            .map(|(key, value)| (key.clone(), if key == name { wrong.to_owned() } else { value.clone() }))
            .collect();
        let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        redeem(&server, &Form::parse(encoded.as_bytes()))["error"].clone()
    };
    assert_eq!(with("code_verifier", "x"), "VerifierWrong");
    assert_eq!(with("redirect_uri", "http://127.0.0.1:5001/cb"), "RedirectMismatch");
    assert_eq!(with("client_id", "other"), "CodeUnknown");
    assert!(redeem(&server, &redemption(&code))["access_token"].is_string());
}

#[test]
fn a_code_used_twice_revokes_what_it_brought() {
    let (server, _) = server(style());
    let code = code(&server, &AuthSwitches::default());
    let tokens = redeem(&server, &redemption(&code));
    assert_eq!(redeem(&server, &redemption(&code))["error"], "CodeReused");
    assert_eq!(server.user_of(tokens["access_token"].as_str().unwrap()), None);
    assert_eq!(redeem(&server, &refresh(&tokens["refresh_token"]))["error"], "RefreshRevoked");
}

#[test]
fn a_code_expires() {
    let (server, clock) = server(style());
    let code = code(&server, &AuthSwitches::default());
    clock.advance(TimeDelta::seconds(600));
    assert_eq!(redeem(&server, &redemption(&code))["error"], "CodeExpired");
}

#[test]
fn a_kept_refresh_token_is_not_repeated_and_a_renewed_one_is() {
    let (kept, _) = server(style());
    let tokens = redeem(&kept, &redemption(&code(&kept, &AuthSwitches::default())));
    let again = redeem(&kept, &refresh(&tokens["refresh_token"]));
    assert!(again["access_token"].is_string() && again.get("refresh_token").is_none());

    for old_works in [true, false] {
        let (renewed, _) = server(AuthStyle { refresh: RefreshRule::Renewed { old_works }, ..style() });
        let tokens = redeem(&renewed, &redemption(&code(&renewed, &AuthSwitches::default())));
        let again = redeem(&renewed, &refresh(&tokens["refresh_token"]));
        assert_ne!(again["refresh_token"], tokens["refresh_token"]);
        assert!(redeem(&renewed, &refresh(&again["refresh_token"]))["access_token"].is_string());
        let old = redeem(&renewed, &refresh(&tokens["refresh_token"]));
        assert_eq!(old["access_token"].is_string(), old_works);
    }
}

#[test]
fn refresh_tokens_die_of_age_disuse_revocation_and_too_many_others() {
    let (server, clock) = server(AuthStyle { refresh_tokens_max: Some(2), ..style() });
    let switches =
        AuthSwitches { refresh_life_s: Some(1_000), refresh_idle_s: Some(100), ..AuthSwitches::default() };
    let sign_in = || redeem(&server, &redemption(&code(&server, &switches)));
    let attempt = |tokens: &Value| {
        json_of(server.token(&refresh(&tokens["refresh_token"]), None, &switches))["error"].clone()
    };
    let (first, second, third) = (sign_in(), sign_in(), sign_in());
    assert_eq!(attempt(&first), "RefreshRevoked");
    clock.advance(TimeDelta::seconds(99));
    assert_eq!(attempt(&second), Value::Null);
    clock.advance(TimeDelta::seconds(1));
    assert_eq!(attempt(&third), "RefreshExpired");
    for _ in 0..9 {
        assert_eq!(attempt(&second), Value::Null);
        clock.advance(TimeDelta::seconds(99));
    }
    clock.advance(TimeDelta::seconds(9));
    assert_eq!(attempt(&second), "RefreshExpired");
    let fresh = sign_in();
    let revoke = Form::from([("token", fresh["access_token"].as_str().unwrap())]);
    assert_eq!(server.revoke(&revoke).status, StatusCode::OK);
    assert_eq!(attempt(&fresh), "RefreshRevoked");
    assert_eq!(server.revoke(&revoke).status, StatusCode::BAD_REQUEST);
}

#[test]
fn fewer_scopes_may_be_granted_than_asked_for_and_a_refresh_cannot_widen_them() {
    let (server, _) = server(style());
    let switches = AuthSwitches { scopes_granted: Some(vec!["a".to_owned()]), ..AuthSwitches::default() };
    let tokens = redeem(&server, &redemption(&code(&server, &switches)));
    assert_eq!(tokens["scope"], "a");
    let token = tokens["refresh_token"].as_str().unwrap();
    let wider = Form::from([
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token),
        ("scope", "a b"),
    ]);
    assert_eq!(redeem(&server, &wider)["error"], "ScopeNotGranted");
}

#[test]
fn the_person_may_refuse_and_the_state_may_be_forged() {
    let (server, _) = server(style());
    let refused = Consent::Refused { error: "access_denied".to_owned(), description: "no".to_owned() };
    let url = back(&server, &query(), &AuthSwitches { consent: refused, ..AuthSwitches::default() });
    assert_eq!(value(&url, "error").as_deref(), Some("access_denied"));
    assert_eq!((value(&url, "code"), value(&url, "state").as_deref()), (None, Some("s1")));
    let forged = AuthSwitches { consent: Consent::StateForged, ..AuthSwitches::default() };
    assert_eq!(value(&back(&server, &query(), &forged), "state").as_deref(), Some("forged"));
}

#[test]
fn an_address_that_is_not_allowed_or_an_unknown_client_is_never_redirected_to() {
    let (server, _) = server(style());
    let outside = Form::from([
        ("client_id", "app"),
        ("redirect_uri", "http://evil.test/cb"),
        ("response_type", "code"),
        ("scope", "a"),
    ]);
    let switches = AuthSwitches::default();
    assert_eq!(server.authorize(&outside, &switches), Authorized::Page(AuthProblem::RedirectMismatch));
    server.add_client(Client { id: "registered".to_owned(), secret: Some("s".to_owned()) });
    assert_eq!(server.authorize(&query(), &switches), Authorized::Page(AuthProblem::ClientUnknown));
}

#[test]
fn secrets_are_required_checked_or_refused_as_the_style_says() {
    let attempt = |rule: SecretRule, form: &Form, header: Option<&str>| {
        let (server, _) = server(AuthStyle { secret: rule, ..style() });
        server.add_client(Client { id: "app".to_owned(), secret: Some("right".to_owned()) });
        json_of(server.token(form, header, &AuthSwitches::default()))["error"].clone()
    };
    let form = |secret: &str| {
        Form::from([
            ("grant_type", "refresh_token"),
            ("client_id", "app"),
            ("client_secret", secret),
            ("refresh_token", "none"),
        ])
    };
    assert_eq!(attempt(SecretRule::Required, &form(""), None), "SecretMissing");
    assert_eq!(attempt(SecretRule::Required, &form("wrong"), None), "SecretWrong");
    assert_eq!(attempt(SecretRule::Required, &form("right"), None), "RefreshUnknown");
    // `app:right` in Base64.
    assert_eq!(attempt(SecretRule::Required, &form(""), Some("Basic YXBwOnJpZ2h0")), "RefreshUnknown");
    assert_eq!(attempt(SecretRule::Refused, &form("right"), None), "SecretRefused");
    assert_eq!(attempt(SecretRule::Optional, &form(""), None), "RefreshUnknown");
}

#[test]
fn a_device_code_is_pending_until_decided_and_fast_polls_are_slowed_down() {
    let (server, clock) = server(style());
    let start = Form::from([("client_id", "app"), ("scope", "a")]);
    let began = json_of(server.device(&start, &AuthSwitches::default()));
    let poll = || {
        redeem(
            &server,
            &Form::from([
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("client_id", "app"),
                ("device_code", began["device_code"].as_str().unwrap()),
            ]),
        )
    };
    assert_eq!(poll()["error"], "DevicePending");
    clock.advance(TimeDelta::seconds(4));
    assert_eq!(poll()["error"], "DeviceSlowDown");
    clock.advance(TimeDelta::seconds(9));
    assert_eq!(poll()["error"], "DeviceSlowDown");
    clock.advance(TimeDelta::seconds(15));
    assert_eq!(poll()["error"], "DevicePending");
    assert!(!server.decide_device("NONE-SUCH", true));
    assert!(server.decide_device(began["user_code"].as_str().unwrap(), true));
    clock.advance(TimeDelta::seconds(15));
    assert!(poll()["access_token"].is_string());
    assert_eq!(poll()["error"], "DeviceUnknown");
}

#[test]
fn a_device_code_can_be_declined_and_expires() {
    let (server, clock) = server(style());
    let start = Form::from([("client_id", "app"), ("scope", "a")]);
    let outcome = |device: DeviceApproval, wait_s: i64| {
        let switches = AuthSwitches { device, ..AuthSwitches::default() };
        let began = json_of(server.device(&start, &switches));
        clock.advance(TimeDelta::seconds(wait_s));
        let poll = Form::from([
            ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
            ("client_id", "app"),
            ("device_code", began["device_code"].as_str().unwrap()),
        ]);
        redeem(&server, &poll)["error"].clone()
    };
    assert_eq!(outcome(DeviceApproval::Declined, 0), "DeviceDeclined");
    assert_eq!(outcome(DeviceApproval::AtOnce, 900), "DeviceExpired");
    assert_eq!(outcome(DeviceApproval::AtOnce, 0), Value::Null);
}

#[test]
fn the_fixed_token_allows_everything_and_trouble_lasts_as_long_as_it_is_told() {
    let (server, clock) = server(style());
    server.accept_token("fixed", User("bob@example.test".to_owned()));
    clock.advance(TimeDelta::days(400));
    let access = server.access_of("fixed").unwrap();
    assert_eq!((access.user.0.as_str(), access.scopes), ("bob@example.test", None));
    let trouble = TokenTrouble { status: 503, body: "<html>".to_owned(), times: Some(2) };
    let switches = AuthSwitches { token_trouble: Some(trouble), ..AuthSwitches::default() };
    let statuses: Vec<_> =
        (0..3).map(|_| server.token(&refresh(&json!("none")), None, &switches).status.as_u16()).collect();
    assert_eq!(statuses, [503, 503, 400]);
}

#[test]
fn consent_withdrawn_ends_every_token_of_that_person_alone() {
    let (server, _) = server(style());
    let switches = AuthSwitches::default();
    let ada = redeem(&server, &redemption(&code(&server, &switches)));
    let bobs = AuthSwitches { signs_in: Some("bob@example.test".to_owned()), ..switches.clone() };
    let bob = redeem(&server, &redemption(&code(&server, &bobs)));
    server.withdraw_consent(&User("ada@example.test".to_owned()));
    assert_eq!(server.user_of(ada["access_token"].as_str().unwrap()), None);
    assert_eq!(redeem(&server, &refresh(&ada["refresh_token"]))["error"], "RefreshRevoked");
    assert_eq!(server.user_of(bob["access_token"].as_str().unwrap()).unwrap().0, "bob@example.test");
}

#[test]
fn a_refresh_token_for_the_first_time_only_is_not_given_twice() {
    let (server, _) = server(AuthStyle { wants_refresh: |_, _| RefreshWish::FirstTime, ..style() });
    let switches = AuthSwitches::default();
    let brought = || redeem(&server, &redemption(&code(&server, &switches)))["refresh_token"].is_string();
    assert!(brought());
    assert!(!brought());
}
