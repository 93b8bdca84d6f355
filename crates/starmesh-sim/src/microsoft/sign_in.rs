//! The authorization server of the Microsoft identity platform (v2.0), on the same address as the API.
//!
//! Sources: <https://learn.microsoft.com/en-us/entra/identity-platform/v2-oauth2-auth-code-flow>, `…/reply-url`,
//! `…/v2-oauth2-device-code`, `…/reference-error-codes`.

use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

use super::switches::AdminConsent;
use super::world::World;
use super::world::calendar::MailboxKind;
use super::world::ids::guid;
use crate::web::auth::{
    AuthProblem, AuthServer, AuthStyle, Authorized, Form, Issued, RefreshRule, RefreshWish, SecretRule,
    id_token,
};
use crate::web::{Reply, ReplyBody};

/// What stands in front of a scope of this API.
const RESOURCE: &str = "https://graph.microsoft.com/";
/// The longest redirect address, in characters.
const REDIRECT_MAX: usize = 256;
/// Scopes that belong to no API.
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// The manners of this provider.
pub(crate) fn style() -> AuthStyle {
    AuthStyle {
        problem: |problem, now| refusal(number_of(problem), now),
        secret: SecretRule::Refused,
        refresh: RefreshRule::Renewed { old_works: true },
        wants_refresh: |_, scopes| {
            if scopes.iter().any(|scope| scope == "offline_access") {
                RefreshWish::Yes
            } else {
                RefreshWish::No
            }
        },
        redirect_allowed: is_loopback,
        token_extra,
        scope_shown: plain_scope,
        device_answer: |code, user_code, life_s, interval_s| {
            json!({
                "device_code": code,
                "user_code": user_code,
                "verification_uri": "https://www.microsoft.com/link",
                "expires_in": life_s,
                "interval": interval_s,
                "message": format!("To sign in, open https://www.microsoft.com/link and enter the code {user_code}."),
            })
        },
        access_prefix: "EwB-sim-",
        refresh_prefix: "M.C5-sim-",
        refresh_tokens_max: None,
    }
}

/// A scope in lower case, without the resource in front.
pub(crate) fn scope_name(scope: &str) -> String {
    plain_scope(scope).to_ascii_lowercase()
}

/// Answers a request to `/{tenant}/oauth2/v2.0/…`; `None` for a path that is none of these.
pub(crate) fn answer(
    world: &World,
    auth: &AuthServer,
    path: &str,
    form: &Form,
    authorization: Option<&str>,
) -> Option<Reply> {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty()).collect();
    let [tenant, "oauth2", "v2.0", endpoint] = parts.as_slice() else { return None };
    let (now, switches) = (world.now(), &world.switches);
    Some(match *endpoint {
        "authorize" => match tenant_problem(world, tenant, form) {
            Some(number) => page(number),
            None => authorize(world, auth, form, tenant),
        },
        "token" => match tenant_problem(world, tenant, form).or(switches.token_aadsts) {
            Some(number) => {
                if switches.token_aadsts == Some(number) {
                    world.meet("token_aadsts");
                }
                refusal(number, now)
            }
            None => finished(world, auth.token(form, authorization, &switches.auth)),
        },
        "devicecode" => match tenant_problem(world, tenant, form) {
            Some(number) => refusal(number, now),
            None => auth.device(form, &switches.auth),
        },
        _ => return None,
    })
}

fn authorize(world: &World, auth: &AuthServer, query: &Form, tenant: &str) -> Reply {
    let switches = &world.switches;
    let redirect = query.get("redirect_uri").and_then(|text| Url::parse(text).ok());
    // Nobody is signed in here beforehand, so that nothing goes without showing something.
    let silent = query.get("prompt") == Some("none");
    if redirect.as_ref().is_some_and(|redirect| redirect.path() != switches.redirect_path) {
        world.meet("redirect_path");
        return page(50011);
    }
    let consented = match switches.admin_consent {
        AdminConsent::NotNeeded => None,
        AdminConsent::Needed => Some(65001),
        AdminConsent::NeededByPolicy => Some(90094),
    };
    // Personal accounts have no administrator.
    let personal =
        tenant == "consumers" || signs_in(world, query).is_none_or(|kind| kind == MailboxKind::Personal);
    let refused = match consented.filter(|_| !personal) {
        Some(number) => {
            let by_policy = switches.admin_consent == AdminConsent::NeededByPolicy;
            world.meet(if by_policy { "admin_consent.needed_by_policy" } else { "admin_consent.needed" });
            Some(("consent_required", number))
        }
        None => silent.then_some(("interaction_required", 50058)),
    };
    if let (Some((error, number)), Some(mut back)) = (refused, redirect) {
        if !is_loopback(&back) {
            return page(50011);
        }
        let (_, text) = meaning(number);
        back.query_pairs_mut()
            .append_pair("error", error)
            .append_pair("error_description", &format!("AADSTS{number}: {text}"))
            .append_pair("state", query.get("state").unwrap_or_default());
        return Reply::empty(StatusCode::FOUND).with_header(header::LOCATION, back.as_str());
    }
    match auth.authorize(query, &switches.auth) {
        Authorized::Redirect(url) => {
            Reply::empty(StatusCode::FOUND).with_header(header::LOCATION, url.as_str())
        }
        Authorized::Page(problem) => page(number_of(&problem)),
    }
}

/// The kind of account that signs in with this request.
fn signs_in(world: &World, query: &Form) -> Option<MailboxKind> {
    let switched = world.switches.auth.signs_in.as_deref();
    let named = query.get("login_hint").or(switched).and_then(|name| world.mailbox_named(name));
    let mailbox = named.or_else(|| world.mailboxes.keys().next().copied())?;
    world.mailboxes.get(&mailbox).map(|mailbox| mailbox.kind)
}

/// The AADSTS number of a tenant that cannot be used like this.
fn tenant_problem(world: &World, tenant: &str, form: &Form) -> Option<u32> {
    let kind = signs_in(world, form);
    match tenant {
        "common" => world.switches.single_tenant_app.then(|| {
            world.meet("single_tenant_app");
            50194
        }),
        "organizations" => (kind == Some(MailboxKind::Personal)).then_some(50020),
        "consumers" => kind.is_some_and(|kind| kind != MailboxKind::Personal).then_some(50020),
        named => {
            let domain =
                |upn: &str| upn.rsplit_once('@').is_some_and(|(_, it)| it.eq_ignore_ascii_case(named));
            let known = world.mailboxes.values().any(|it| it.tenant == named || domain(&it.upn));
            (!known).then_some(90002)
        }
    }
}

/// A loopback address as it can be registered: no query, not too long, no odd characters, no `[::1]`.
fn is_loopback(url: &Url) -> bool {
    let text = url.as_str();
    url.scheme() == "http"
        && matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
        && url.query().is_none()
        && text.len() <= REDIRECT_MAX
        && !text.contains(['!', '$', '\'', '(', ')', ',', ';'])
}

fn plain_scope(scope: &str) -> String {
    scope.strip_prefix(RESOURCE).unwrap_or(scope).to_owned()
}

/// A token answer with its scopes in the form of the day.
fn finished(world: &World, mut reply: Reply) -> Reply {
    if let ReplyBody::Json(Value::Object(body)) = &mut reply.body
        && let Some(scopes) = body.get("scope").and_then(Value::as_str)
    {
        let qualified = world.switches.scopes_qualified;
        if qualified {
            world.meet("scopes_qualified");
        }
        let shown: Vec<_> = scopes
            .split(' ')
            .filter(|scope| *scope != "offline_access")
            .map(|scope| {
                let api = qualified && !OPENID_SCOPES.contains(&scope);
                if api { format!("{RESOURCE}{scope}") } else { scope.to_owned() }
            })
            .collect();
        body.insert("scope".into(), json!(shown.join(" ")));
        body.insert("ext_expires_in".into(), body.get("expires_in").cloned().unwrap_or_default());
    }
    reply
}

fn token_extra(issued: &Issued<'_>) -> Map<String, Value> {
    let openid = issued.access.scopes.iter().flatten().any(|scope| scope == "openid");
    let mut extra = Map::new();
    if openid {
        let user = &issued.access.user.0;
        let domain = user.rsplit_once('@').map_or("", |(_, domain)| domain);
        extra.insert(
            "id_token".into(),
            json!(id_token(&json!({
                "aud": issued.access.client,
                "iat": issued.at.timestamp(),
                "exp": issued.at.timestamp() + issued.life_s,
                "nonce": issued.nonce,
                "name": user,
                "preferred_username": user,
                "oid": guid(&format!("user {user}"), 0),
                "sub": guid(&format!("subject {user}"), 0),
                "tid": guid(&format!("tenant {domain}"), 0),
                "ver": "2.0",
            }))),
        );
    }
    extra
}

/// The AADSTS number of a problem.
fn number_of(problem: &AuthProblem) -> u32 {
    match problem {
        AuthProblem::Missing(_) | AuthProblem::SecretMissing => 900_144,
        AuthProblem::GrantTypeUnknown => 70003,
        AuthProblem::ClientUnknown => 700_016,
        AuthProblem::SecretWrong => 7_000_215,
        AuthProblem::SecretRefused => 700_025,
        AuthProblem::RedirectMismatch => 50011,
        AuthProblem::CodeUnknown | AuthProblem::RefreshUnknown | AuthProblem::TokenUnknown => 70000,
        AuthProblem::CodeExpired | AuthProblem::RefreshExpired => 70008,
        AuthProblem::CodeReused => 54005,
        AuthProblem::VerifierWrong => 501_481,
        AuthProblem::RefreshRevoked => 50173,
        AuthProblem::ScopeNotGranted => 65001,
        AuthProblem::DevicePending | AuthProblem::DeviceSlowDown => 70016,
        AuthProblem::DeviceDeclined => 65004,
        AuthProblem::DeviceExpired => 70020,
        AuthProblem::DeviceUnknown => 70019,
    }
}

/// `error` and text of an AADSTS number.
fn meaning(number: u32) -> (&'static str, &'static str) {
    match number {
        50011 => ("invalid_request", "The redirect URI specified in the request does not match."),
        50020 => ("invalid_request", "The user account does not exist in the tenant."),
        50033 => ("temporarily_unavailable", "A transient error has occurred. Please try again."),
        50034 => ("invalid_request", "The user account does not exist in the directory."),
        50057 => ("invalid_grant", "The user account is disabled."),
        50058 => ("interaction_required", "A silent sign-in request was sent but no user is signed in."),
        50072 | 50074 | 50076 | 50078 | 50079 | 50158 => {
            ("interaction_required", "Multi-factor authentication is needed.")
        }
        50105 => ("invalid_grant", "The signed in user is not assigned to a role for the application."),
        50131 | 53000 | 53001 | 53003 | 530_035 => {
            ("invalid_grant", "Access has been blocked by Conditional Access policies.")
        }
        50132 | 50133 | 50173 => (
            "invalid_grant",
            "The provided grant has expired due to it being revoked. A fresh auth token is needed.",
        ),
        50194 => ("invalid_request", "The application is not configured as a multi-tenant application."),
        50196 => {
            ("invalid_grant", "The server terminated an operation because it met a client request loop.")
        }
        54005 => ("invalid_grant", "The authorization code was already redeemed."),
        65001 => ("invalid_grant", "The user or administrator has not consented to use the application."),
        65004 => ("authorization_declined", "The user declined to consent to access the app."),
        70003 => ("unsupported_grant_type", "The app returned an unsupported grant type."),
        70008 => ("invalid_grant", "The provided authorization code or refresh token has expired."),
        70012 => ("server_error", "A server error occurred while authenticating."),
        70016 => ("authorization_pending", "The authorization is pending. Continue polling."),
        70019 => ("bad_verification_code", "The verification code is wrong."),
        70020 => ("expired_token", "The device code has expired."),
        70043 => ("invalid_grant", "The refresh token has expired due to a sign-in frequency check."),
        90002 => ("invalid_request", "The tenant was not found."),
        90094 => ("consent_required", "An administrator of the organisation has to grant the permission."),
        501_481 => ("invalid_grant", "The Code_Verifier does not match the code_challenge."),
        700_011 => ("unauthorized_client", "The application was not found in the directory."),
        700_016 => ("unauthorized_client", "The application was not found in the directory of the tenant."),
        700_025 => {
            ("invalid_client", "Client is public so neither assertion nor secret should be presented.")
        }
        700_082 | 700_084 => ("invalid_grant", "The refresh token has expired due to inactivity."),
        900_144 => ("invalid_request", "The request body lacks a required parameter."),
        7_000_215 => ("invalid_client", "Invalid client secret provided."),
        _ => ("invalid_grant", "The grant is not valid."),
    }
}

/// The body of the token and device endpoints for an AADSTS number.
fn refusal(number: u32, now: DateTime<Utc>) -> Reply {
    let (error, text) = meaning(number);
    let moment = now.timestamp_micros().unsigned_abs();
    let (trace, correlation) = (guid("trace", moment), guid("correlation", moment));
    let at = now.format("%Y-%m-%d %H:%M:%SZ").to_string();
    let mut body = json!({
        "error": error,
        "error_description": format!(
            "AADSTS{number}: {text}\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {at}"
        ),
        "error_codes": [number],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": format!("https://login.microsoftonline.com/error?code={number}"),
    });
    if error == "interaction_required" {
        body["claims"] = json!("{\"access_token\":{\"capolids\":{\"essential\":true,\"values\":[\"sim\"]}}}");
    }
    let status = match error {
        "invalid_client" | "unauthorized_client" => StatusCode::UNAUTHORIZED,
        "temporarily_unavailable" => StatusCode::SERVICE_UNAVAILABLE,
        "server_error" => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    };
    Reply::json(status, body)
}

/// The page that a person sees when nobody can be redirected.
fn page(number: u32) -> Reply {
    let (_, text) = meaning(number);
    let html = format!("<html><body><h1>Sign in</h1><p>AADSTS{number}: {text}</p></body></html>");
    Reply::text(StatusCode::BAD_REQUEST, "text/html; charset=utf-8", html)
}
