//! `/subscriptions`: the handshake with the web hook is part of the request, so each request that changes an
//! address is prepared, shaken on without holding the world, and carried out.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use http::{Method, StatusCode, header};
use serde_json::{Map, Value, json};
use url::Url;

use super::Subscription;
use crate::microsoft::api::schema::unreadable;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::Want;
use crate::microsoft::world::calendar::CalendarKind;
use crate::microsoft::world::ids::guid;
use crate::microsoft::world::state::PROVIDER;
use crate::microsoft::world::timing::read_instant;
use crate::microsoft::world::{IdForm, MailboxKind, Place, World};
use crate::web::{HookCall, HookRepeat, Hooks, Reply, Write, WriteKind};

/// The shortest life of a subscription: shorter ones are made as long.
const LIFE_MIN: TimeDelta = TimeDelta::minutes(45);
/// How many subscriptions a mailbox may have, over all apps.
const PER_MAILBOX_MAX: usize = 1_000;
/// The longest client state, in characters.
const CLIENT_STATE_MAX: usize = 128;
/// How long a web hook may take to answer the handshake.
const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the token of a subscription is good.
pub(super) const AUTHORIZED_FOR: TimeDelta = TimeDelta::hours(1);

/// A request that is good but for the handshake.
pub(crate) struct Prepared {
    /// The subscription as it will be.
    subscription: Subscription,
    status: StatusCode,
    /// The addresses that have to answer.
    urls: Vec<Url>,
    kind: WriteKind,
    tokens: Vec<String>,
}

/// What a request to `/subscriptions` comes to.
pub(crate) enum Step {
    /// It is answered.
    Done(Reply),
    /// First the web hooks have to answer.
    Handshake(Box<Prepared>),
}

/// Answers a request, or prepares it.
pub(crate) fn begin(world: &mut World, call: &Call) -> Result<Step, Refusal> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    match (segments.as_slice(), &call.method) {
        ([_], &Method::GET) => {
            let mine =
                |found: &&Subscription| found.app == call.caller.app && found.creator == call.caller.mailbox;
            let value: Vec<_> =
                world.push.subscriptions.values().filter(mine).map(Subscription::json).collect();
            let context = format!("{}/v1.0/$metadata#subscriptions", call.base);
            Ok(Step::Done(Reply::json(StatusCode::OK, json!({"@odata.context": context, "value": value}))))
        }
        ([_], &Method::POST) => create(world, call),
        ([_, id], &Method::GET) => {
            let found = find(world, call, id)?;
            Ok(Step::Done(Reply::json(StatusCode::OK, found.json())))
        }
        ([_, id], &Method::PATCH) => update(world, call, id),
        ([_, id], &Method::DELETE) => {
            let found = find(world, call, id)?;
            world.push.subscriptions.remove(&found.id);
            note(world, &found, call, WriteKind::WatchStopped);
            Ok(Step::Done(Reply::empty(StatusCode::NO_CONTENT)))
        }
        ([_, id, "reauthorize"], &Method::POST) => {
            let mut subscription = find(world, call, id)?;
            authorize(&mut subscription, world.now());
            let status = StatusCode::from_u16(world.switches.reauthorize_status);
            if !matches!(status, Ok(StatusCode::ACCEPTED)) {
                world.meet("reauthorize_status");
            }
            let urls = addresses(&subscription);
            Ok(prepared(
                world,
                subscription,
                status.unwrap_or(StatusCode::ACCEPTED),
                urls,
                WriteKind::WatchChanged,
            ))
        }
        ([_] | [_, _] | [_, _, "reauthorize"], _) => Err(Refusal::method()),
        _ => Err(Refusal::no_such_segment()),
    }
}

/// The handshake: each address has to send back the token it was given, decoded and as plain text, within
/// ten seconds.
pub(crate) async fn shake(hooks: &Hooks, prepared: &Prepared) -> Result<(), Refusal> {
    for (url, token) in prepared.urls.iter().zip(&prepared.tokens) {
        let mut url = url.clone();
        url.query_pairs_mut().append_pair("validationToken", token);
        let call = HookCall {
            watch: prepared.subscription.id.clone(),
            about: "validation".into(),
            method: Method::POST,
            url,
            headers: vec![(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("text/plain; charset=utf-8"),
            )],
            body: Vec::new(),
            repeat: HookRepeat::NEVER,
        };
        let failed =
            |how: &str| Refusal::bad("ValidationError", &format!("Subscription validation request {how}."));
        let answer = hooks
            .ask(&call, HANDSHAKE_TIME_MAX)
            .await
            .map_err(|reason| failed(if reason.contains("time") { "timed out" } else { "failed" }))?;
        let plain = answer.content_type.as_deref().is_some_and(|kind| kind.starts_with("text/plain"));
        if answer.status != StatusCode::OK || !plain || answer.body != token.as_bytes() {
            return Err(failed("failed. Response must exactly match the validationToken query parameter"));
        }
    }
    Ok(())
}

/// Carries out what was prepared and shaken on.
pub(crate) fn finish(world: &mut World, call: &Call, prepared: Prepared) -> Result<Reply, Refusal> {
    let subscription = prepared.subscription;
    if prepared.kind != WriteKind::WatchStarted && !world.push.subscriptions.contains_key(&subscription.id) {
        return Err(gone());
    }
    note(world, &subscription, call, prepared.kind);
    let reply = if prepared.status == StatusCode::NO_CONTENT || call.segments.len() > 2 {
        Reply::empty(prepared.status)
    } else {
        Reply::json(prepared.status, subscription.json())
    };
    world.push.subscriptions.insert(subscription.id.clone(), subscription);
    Ok(reply)
}

fn create(world: &mut World, call: &Call) -> Result<Step, Refusal> {
    let now = world.now();
    let body = call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let resource = text("resource").ok_or_else(|| invalid("Resource is missing."))?;
    let place = watched(world, call, resource)?;
    let changes = changes(text("changeType"))?;
    let url = address(text("notificationUrl"))?.ok_or_else(|| invalid("The notification URL is missing."))?;
    let lifecycle_url = address(text("lifecycleNotificationUrl"))?;
    let expires = expiry(world, body)?.ok_or_else(|| invalid("The expiration date is missing."))?;
    let client_state = text("clientState").map(ToOwned::to_owned);
    if client_state.as_ref().is_some_and(|state| state.chars().count() > CLIENT_STATE_MAX) {
        return Err(invalid("The client state is too long."));
    }
    if body.get("includeResourceData") == Some(&Value::Bool(true)) {
        return Err(invalid("Notifications with resource data are not offered here."));
    }
    let of_mailbox = |found: &&Subscription| found.place.mailbox == place.mailbox;
    let mailbox = world.push.subscriptions.values().filter(of_mailbox);
    if mailbox.count() >= PER_MAILBOX_MAX {
        return Err(extension_error(
            StatusCode::FORBIDDEN,
            "Operation: Create; Exception: [Status Code: Forbidden; Reason: The limit of subscriptions per mailbox is reached]",
        ));
    }
    let same = |found: &&Subscription| {
        (&found.app, found.creator, found.place) == (&call.caller.app, call.caller.mailbox, place)
            && found.changes == changes
    };
    if world.push.subscriptions.values().any(|it| same(&it)) {
        if world.switches.subscription_duplicates_refused {
            world.meet("subscription.duplicate_refused");
            return Err(Refusal::new(
                StatusCode::CONFLICT,
                "Conflict",
                "Subscription Id already exists for the requested combination.",
            ));
        }
        world.meet("subscription.duplicate_allowed");
    }
    let ids = call.prefer()?.ids;
    let creator_id = world.open_mailbox(call.caller.mailbox)?.oid.clone();
    let number = world.next();
    let mut subscription = Subscription {
        id: guid("subscription", number),
        app: call.caller.app.clone(),
        creator: call.caller.mailbox,
        creator_id,
        place,
        resource: resource.into(),
        changes,
        url,
        lifecycle_url,
        client_state,
        tls: text("latestSupportedTlsVersion").unwrap_or("v1_2").into(),
        ids,
        expires,
        since: number,
        authorized_until: now,
        reauthorization_asked: false,
    };
    authorize(&mut subscription, now);
    let urls = addresses(&subscription);
    Ok(prepared(world, subscription, StatusCode::CREATED, urls, WriteKind::WatchStarted))
}

/// PATCH: another expiry, which also reauthorises, or another address.
fn update(world: &mut World, call: &Call, id: &str) -> Result<Step, Refusal> {
    let mut subscription = find(world, call, id)?;
    let body = call.object()?;
    if let Some(expires) = expiry(world, body)? {
        subscription.expires = expires;
    }
    let mut urls = Vec::new();
    if let Some(url) = address(body.get("notificationUrl").and_then(Value::as_str))? {
        urls.push(url.clone());
        subscription.url = url;
    }
    if body.contains_key("lifecycleNotificationUrl") && subscription.lifecycle_url.is_none() {
        return Err(invalid("The lifecycle notification URL cannot be added to an existing subscription."));
    }
    authorize(&mut subscription, world.now());
    Ok(prepared(world, subscription, StatusCode::OK, urls, WriteKind::WatchChanged))
}

fn prepared(
    world: &mut World,
    subscription: Subscription,
    status: StatusCode,
    urls: Vec<Url>,
    kind: WriteKind,
) -> Step {
    // Spaces and colons: whoever forgets to decode the token sends back something else.
    let tokens = urls.iter().map(|_| {
        let request = guid("validation", world.next());
        format!("Validation: Testing client application reachability for subscription Request-Id: {request}")
    });
    let tokens = tokens.collect();
    Step::Handshake(Box::new(Prepared { subscription, status, urls, kind, tokens }))
}

fn addresses(subscription: &Subscription) -> Vec<Url> {
    std::iter::once(&subscription.url).chain(&subscription.lifecycle_url).cloned().collect()
}

fn authorize(subscription: &mut Subscription, now: DateTime<Utc>) {
    subscription.authorized_until = now + AUTHORIZED_FOR;
    subscription.reauthorization_asked = false;
}

/// The calendar that a resource names: only one of the caller's own.
fn watched(world: &World, call: &Call, resource: &str) -> Result<Place, Refusal> {
    let path = resource.split('?').next().unwrap_or(resource).trim_matches('/');
    let segments = Call::segments(&format!("/v1.0/{path}")).unwrap_or_default();
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let (mailbox, rest) = crate::microsoft::api::route::mailbox_of(world, call, &segments)
        .map_err(|_| invalid("The resource is not supported."))?;
    let forbidden = || {
        extension_error(
            StatusCode::FORBIDDEN,
            "Operation: Create; Exception: [Status Code: Forbidden; Reason: Access is denied]",
        )
    };
    if mailbox != call.caller.mailbox || !call.caller.may(Want::Read, false) {
        return Err(forbidden());
    }
    let owner = world.open_mailbox(mailbox)?;
    if owner.kind == MailboxKind::Personal && !world.switches.subscription_personal {
        world.meet("subscription.personal_refused");
        return Err(Refusal::bad("ExtensionError", "Specified resource is not supported for MSA requests."));
    }
    let unsupported = || invalid("The resource is not supported.");
    let access = match rest {
        ["events"] | ["calendar", "events"] => world.open(&call.caller, mailbox, None, Want::Read)?,
        ["calendars", id, "events"] if world.switches.subscription_by_calendar => {
            world.open_id(&call.caller, mailbox, id, Want::Read)?
        }
        ["calendars", _, "events"] => {
            world.meet("subscription.by_calendar_refused");
            return Err(unsupported());
        }
        _ => return Err(unsupported()),
    };
    let kind = world.calendars.get(&access.place.calendar).map(|calendar| calendar.kind);
    if matches!(kind, Some(CalendarKind::Link(_))) { Err(forbidden()) } else { Ok(access.place) }
}

fn changes(text: Option<&str>) -> Result<Vec<String>, Refusal> {
    let mut names: Vec<String> = text
        .unwrap_or_default()
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    names.sort();
    names.dedup();
    let known = names.iter().all(|name| ["created", "updated", "deleted"].contains(&name.as_str()));
    if known && !names.is_empty() { Ok(names) } else { Err(invalid("The change type is invalid.")) }
}

/// HTTPS, or plain HTTP to the machine itself, which the real service would not reach.
fn address(text: Option<&str>) -> Result<Option<Url>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let url = Url::parse(text).map_err(|_| invalid("The notification URL is invalid."))?;
    let loopback = matches!(url.host_str(), Some("127.0.0.1" | "localhost" | "[::1]"));
    if url.scheme() == "https" || (url.scheme() == "http" && loopback) {
        return Ok(Some(url));
    }
    Err(invalid("The notification URL must use HTTPS."))
}

/// The expiry that is granted for the one that is asked for.
fn expiry(world: &World, body: &Map<String, Value>) -> Result<Option<DateTime<Utc>>, Refusal> {
    let Some(asked) = body.get("expirationDateTime") else { return Ok(None) };
    let asked = asked.as_str().and_then(read_instant).ok_or_else(|| unreadable("expirationDateTime"))?;
    let now = world.now();
    if asked <= now {
        return Err(invalid("Subscription expiration must be in the future."));
    }
    let minutes = world.switches.subscription_minutes_max;
    let longest = now + TimeDelta::minutes(minutes);
    if asked > longest && world.switches.subscription_overlong_refused {
        world.meet("subscription.overlong_refused");
        return Err(Refusal::bad(
            "ExtensionError",
            &format!("Subscription expiration can only be {minutes} minutes in the future."),
        ));
    }
    if asked > longest || asked < now + LIFE_MIN {
        world.meet("subscription.clamped");
    }
    Ok(Some(asked.min(longest).max(now + LIFE_MIN)))
}

/// A subscription of the caller's; one that has expired is gone.
fn find(world: &mut World, call: &Call, id: &str) -> Result<Subscription, Refusal> {
    let now = world.now();
    world.push.subscriptions.retain(|_, found| found.expires > now);
    let found = world.push.subscriptions.get(id);
    let found = found.filter(|it| it.app == call.caller.app && it.creator == call.caller.mailbox);
    found.cloned().ok_or_else(gone)
}

fn gone() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFound", "The object was not found.")
}

fn invalid(message: &str) -> Refusal {
    Refusal::bad("InvalidRequest", message)
}

fn extension_error(status: StatusCode, message: &str) -> Refusal {
    Refusal::new(status, "ExtensionError", message)
}

fn note(world: &World, subscription: &Subscription, call: &Call, kind: WriteKind) {
    let writer = world.mailboxes.get(&call.caller.mailbox);
    world.ledger.write(Write {
        at: world.now(),
        provider: PROVIDER,
        mailbox: writer.map(|mailbox| mailbox.upn.clone()).unwrap_or_default(),
        calendar: world.calendar_id(subscription.place.calendar),
        method: call.method.to_string(),
        event: None,
        kind,
        before: None,
        after: None,
    });
}

/// The id a notification calls an event by.
pub(super) fn told_id(
    world: &World,
    subscription: &Subscription,
    item: crate::microsoft::world::ItemNo,
) -> String {
    let form: IdForm = subscription.ids;
    world.event_id(form, subscription.place, item, None)
}
