//! Sign-in at the paths of the identity platform.

use serde_json::json;
use url::Url;

use super::*;

/// The challenge of [`VERIFIER`], both from RFC 7636, appendix B.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const SCOPE: &str = "openid+offline_access+User.Read+https%3A%2F%2Fgraph.microsoft.com%2FCalendars.ReadWrite";

async fn authorize(api: &Api, tenant: &str, redirect: &str) -> Answer {
    let path = format!(
        "/{tenant}/oauth2/v2.0/authorize?client_id=app&response_type=code&redirect_uri={redirect}&scope={SCOPE}&state=s1&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    api.send("", "GET", &path, &[], "").await
}

const LOOPBACK: &str = "http%3A%2F%2Flocalhost%3A53412";

fn parameter(answer: &Answer, name: &str) -> String {
    let url = Url::parse(answer.header("location")).unwrap();
    url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default()
}

async fn token(api: &Api, form: &str) -> Answer {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    api.send("", "POST", "/common/oauth2/v2.0/token", &headers, &format!("client_id=app&{form}")).await
}

fn redemption(code: &str) -> String {
    format!("grant_type=authorization_code&code={code}&redirect_uri={LOOPBACK}&code_verifier={VERIFIER}")
}

async fn signed_in(api: &Api) -> Answer {
    let back = authorize(api, "common", LOOPBACK).await;
    assert_eq!((back.status, parameter(&back, "state").as_str()), (302, "s1"));
    assert!(back.header("location").starts_with("http://localhost:53412/?"), "a path of its own");
    token(api, &redemption(&parameter(&back, "code"))).await
}

#[tokio::test]
async fn a_code_brings_tokens_once() {
    let api = Api::new();
    let tokens = signed_in(&api).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text);
    assert_eq!((&tokens.body["token_type"], &tokens.body["expires_in"]), (&json!("Bearer"), &json!(3_599)));
    assert_eq!(tokens.body["scope"], "openid User.Read Calendars.ReadWrite");
    assert!(tokens.body["refresh_token"].is_string() && tokens.body["id_token"].is_string());
    let access = tokens.body["access_token"].as_str().unwrap();
    assert_eq!(api.send(access, "GET", "/me", &[], "").await.body["displayName"], "Ada");
    assert_eq!(
        api.send(access, "GET", "/users/bob@contoso.test/calendar", &[], "").await.status,
        403,
        "no .Shared"
    );
    api.advance(61);
    assert_eq!(api.send(access, "GET", "/me", &[], "").await.status, 401);

    let code = parameter(&authorize(&api, "common", LOOPBACK).await, "code");
    assert_eq!(token(&api, &redemption(&code)).await.status, 200);
    let again = token(&api, &redemption(&code)).await;
    assert_eq!((again.status, &again.body["error"]), (400, &json!("invalid_grant")));
    assert_eq!(again.body["error_codes"], json!([54005]));
    assert!(again.body["error_description"].as_str().unwrap().starts_with("AADSTS54005: "));
}

#[tokio::test]
async fn a_code_lives_ten_minutes_and_wants_its_verifier_and_no_secret() {
    let api = Api::new();
    let code = parameter(&authorize(&api, "common", LOOPBACK).await, "code");
    let secret = token(&api, &format!("{}&client_secret=x", redemption(&code))).await;
    assert_eq!(
        (&secret.body["error"], &secret.body["error_codes"][0]),
        (&json!("invalid_client"), &json!(700_025))
    );
    let wrong = token(&api, &redemption(&code).replace(VERIFIER, "wrong")).await;
    assert_eq!(wrong.body["error_codes"], json!([501_481]));
    api.advance(11);
    assert_eq!(token(&api, &redemption(&code)).await.body["error_codes"], json!([70008]));
}

#[tokio::test]
async fn a_refresh_token_is_renewed_and_the_old_one_still_works_until_it_is_revoked() {
    let api = Api::new();
    let first = signed_in(&api).await.body["refresh_token"].as_str().unwrap().to_owned();
    let refresh =
        async |refresh: &str| token(&api, &format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    let second = refresh(&first).await;
    assert_eq!(second.status, 200);
    assert_ne!(second.body["refresh_token"], json!(first));
    assert_eq!(refresh(&first).await.status, 200);
    api.switch(&json!({"scopes_qualified": true}));
    let qualified = refresh(&first).await;
    assert_eq!(
        qualified.body["scope"],
        "openid https://graph.microsoft.com/User.Read https://graph.microsoft.com/Calendars.ReadWrite"
    );
    api.sim.auth().withdraw_consent(&crate::web::auth::User("ada@contoso.test".into()));
    let revoked = refresh(&first).await;
    assert_eq!(
        (&revoked.body["error"], &revoked.body["error_codes"][0]),
        (&json!("invalid_grant"), &json!(50173))
    );
}

#[tokio::test]
async fn redirects_are_loopback_with_any_port_and_the_registered_path() {
    let api = Api::new();
    let status = async |redirect: &str| authorize(&api, "common", redirect).await.status;
    assert_eq!(status("http%3A%2F%2F127.0.0.1%3A9").await, 302);
    for wrong in [
        "http%3A%2F%2Flocalhost%3A9%2Fcb",
        "https%3A%2F%2Fevil.test",
        "http%3A%2F%2F%5B%3A%3A1%5D%3A9",
        "http%3A%2F%2Flocalhost%3A9%2F%3Fa%3Db",
    ] {
        let page = authorize(&api, "common", wrong).await;
        assert_eq!(page.status, 400, "{wrong}");
        assert!(page.text.contains("AADSTS50011"));
    }
    api.switch(&json!({"redirect_path": "/cb"}));
    assert_eq!(status("http%3A%2F%2Flocalhost%3A9%2Fcb").await, 302);
}

#[tokio::test]
async fn tenants_decide_who_may_sign_in() {
    let api = Api::new();
    let shown = async |tenant: &str| {
        let answer = authorize(&api, tenant, LOOPBACK).await;
        answer.text.split("AADSTS").nth(1).map(|text| text.split(':').next().unwrap().to_owned())
    };
    for good in ["common", "organizations", "contoso.test"] {
        assert_eq!(shown(good).await, None, "{good}");
    }
    assert_eq!(shown("consumers").await.as_deref(), Some("50020"));
    assert_eq!(shown("nowhere.test").await.as_deref(), Some("90002"));
    api.switch(&json!({"single_tenant_app": true}));
    assert_eq!(shown("common").await.as_deref(), Some("50194"));
}

#[tokio::test]
async fn organisations_may_demand_an_administrator() {
    let api = Api::with(&json!({"admin_consent": "needed"}));
    let back = authorize(&api, "common", LOOPBACK).await;
    assert_eq!(
        (parameter(&back, "error"), parameter(&back, "state")),
        ("consent_required".into(), "s1".into())
    );
    assert!(parameter(&back, "error_description").starts_with("AADSTS65001"));
    api.switch(&json!({"admin_consent": "needed_by_policy"}));
    assert!(
        parameter(&authorize(&api, "common", LOOPBACK).await, "error_description").starts_with("AADSTS90094")
    );
    api.sim.add_user(MailboxKind::Personal, "eve@outlook.test", "Eve");
    api.switch(&json!({"auth": {"signs_in": "eve@outlook.test"}}));
    assert!(!parameter(&authorize(&api, "common", LOOPBACK).await, "code").is_empty());
}

#[tokio::test]
async fn a_silent_sign_in_needs_interaction() {
    let api = Api::new();
    let back = authorize(&api, "common", &format!("{LOOPBACK}&prompt=none")).await;
    assert_eq!(parameter(&back, "error"), "interaction_required");
}

#[tokio::test]
async fn every_row_of_the_error_table_can_be_had() {
    let api = Api::new();
    for (number, error) in [
        (70008, "invalid_grant"),
        (700_082, "invalid_grant"),
        (50173, "invalid_grant"),
        (70043, "invalid_grant"),
        (70000, "invalid_grant"),
        (50076, "interaction_required"),
        (50158, "interaction_required"),
        (53003, "invalid_grant"),
        (65001, "invalid_grant"),
        (700_011, "unauthorized_client"),
        (50057, "invalid_grant"),
        (50196, "invalid_grant"),
        (50033, "temporarily_unavailable"),
        (70012, "server_error"),
    ] {
        api.switch(&json!({"token_aadsts": number}));
        let refused = token(&api, "grant_type=refresh_token&refresh_token=x").await;
        assert_eq!(
            (&refused.body["error"], &refused.body["error_codes"][0]),
            (&json!(error), &json!(number))
        );
        assert_eq!(refused.body.get("claims").is_some(), error == "interaction_required");
    }
}

#[tokio::test]
async fn a_device_code_waits_for_the_person() {
    let api = Api::new();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let form = format!("client_id=app&scope={SCOPE}");
    let device = api.send("", "POST", "/common/oauth2/v2.0/devicecode", &headers, &form).await;
    assert_eq!((&device.body["expires_in"], &device.body["interval"]), (&json!(900), &json!(5)));
    assert!(device.body.get("verification_uri_complete").is_none());
    let code = device.body["device_code"].as_str().unwrap();
    let poll = async || {
        api.sim.clock().advance(chrono::TimeDelta::seconds(6));
        token(&api, &format!("grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code={code}"))
            .await
    };
    assert_eq!(poll().await.body["error"], "authorization_pending");
    let decision = json!({"user_code": device.body["user_code"], "approve": true}).to_string();
    assert_eq!(api.send("", "POST", "/__device", &[], &decision).await.status, 202);
    assert!(poll().await.body["access_token"].is_string());
    assert_eq!(poll().await.body["error"], "bad_verification_code");
}

#[tokio::test]
async fn what_was_not_granted_is_denied() {
    let api = Api::with(&json!({"auth": {"scopes_granted": ["openid", "offline_access", "Calendars.Read"]}}));
    let path = format!(
        "/common/oauth2/v2.0/authorize?client_id=app&response_type=code&redirect_uri={LOOPBACK}&scope=openid+User.Read+Calendars.Read&code_challenge={CHALLENGE}&code_challenge_method=S256"
    );
    let back = api.send("", "GET", &path, &[], "").await;
    let tokens = token(&api, &redemption(&parameter(&back, "code"))).await;
    assert_eq!(tokens.body["scope"], "openid Calendars.Read");
    assert!(tokens.body.get("refresh_token").is_none());
    let access = tokens.body["access_token"].as_str().unwrap();
    let status = async |method: &str, path: &str, body: &str| {
        let answer = api.send(access, method, path, &[], body).await;
        (answer.status, answer.code().to_owned())
    };
    assert_eq!(status("GET", "/me/events", "").await.0, 200);
    assert_eq!(status("POST", "/me/events", &block(3).to_string()).await, (403, "ErrorAccessDenied".into()));
    assert_eq!(status("GET", "/me", "").await, (403, "Authorization_RequestDenied".into()));
    assert_eq!(status("GET", "/me/mailboxSettings", "").await, (403, "ErrorAccessDenied".into()));
}

#[tokio::test]
async fn a_refresh_token_lives_ninety_days() {
    let api = Api::new();
    let refresh = signed_in(&api).await.body["refresh_token"].as_str().unwrap().to_owned();
    api.advance(60 * 24 * 91);
    let expired = token(&api, &format!("grant_type=refresh_token&refresh_token={refresh}")).await;
    assert_eq!(
        (&expired.body["error"], &expired.body["error_codes"][0]),
        (&json!("invalid_grant"), &json!(70008))
    );
}
