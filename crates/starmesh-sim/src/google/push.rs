//! Watch channels.

use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use url::{Host, Url};

use super::calendar::Role;
use super::call::{Answer, Turn};
use super::list::ListQuery;
use super::problem::Problem;
use super::scope::{self, Need};
use super::switches::Switches;
use super::world::World;
use crate::web::{HookCall, HookRepeat, Reply, WriteKind};

/// Longest id of a channel, in characters.
const ID_MAX: usize = 64;
/// Longest token of a channel, in characters.
const TOKEN_MAX: usize = 256;
/// How a message is repeated: only after these statuses, with growing pauses.
const REPEAT: HookRepeat = HookRepeat {
    statuses: &[500, 502, 503, 504],
    when_unreachable: false,
    times_max: 6,
    pause: Duration::from_secs(1),
};
/// What the service calls itself.
const USER_AGENT: &str = "APIs-Google; (+https://developers.google.com/webmasters/APIs-Google.html)";

/// A channel that watches a calendar's events or a person's list of calendars.
#[derive(Clone)]
pub(super) struct Channel {
    pub(super) id: String,
    pub(super) resource: String,
    uri: String,
    address: Url,
    token: Option<String>,
    pub(super) expires: DateTime<Utc>,
    user: String,
    pub(super) watches: Watched,
    number: u64,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Watched {
    Events(String),
    List(String),
}

/// POST calendars/{c}/events/watch
pub(super) fn watch_events(turn: &mut Turn<'_>, name: &str) -> Answer {
    // The parameters of the list are taken and judged; a message never says which row changed.
    ListQuery::parse(turn.call)?;
    let calendar = turn.calendar(name, Role::FreeBusyReader, Need::ReadEvents)?;
    if !calendar.can_push {
        return Err(Problem::push_not_supported());
    }
    let id = calendar.id.clone();
    let path: String = url::form_urlencoded::byte_serialize(id.as_bytes()).collect();
    start(turn, Watched::Events(id), &format!("calendars/{path}/events"))
}

/// POST users/me/calendarList/watch
pub(super) fn watch_list(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::ListCalendars, None)?;
    let me = turn.me().to_owned();
    start(turn, Watched::List(me), "users/me/calendarList")
}

fn start(turn: &mut Turn<'_>, watches: Watched, path: &str) -> Answer {
    let body = turn.call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let id = text("id").ok_or_else(|| Problem::required("Required parameter: id"))?.to_owned();
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    if id.is_empty() || id.len() > ID_MAX || !id.bytes().all(letters) {
        return Err(Problem::push("channelIdInvalid", "Channel id is not valid"));
    }
    if !matches!(text("type"), Some("web_hook" | "webhook")) {
        return Err(Problem::push("channelUnknown", "Unknown channel type"));
    }
    let token = text("token").map(ToOwned::to_owned);
    if token.as_ref().is_some_and(|token| token.chars().count() > TOKEN_MAX) {
        return Err(Problem::push("channelTokenTooLong", "Channel token is too long"));
    }
    let address = address(text("address"))?;
    let key = (turn.access.client.clone(), id.clone());
    let now = turn.now;
    // An expired channel frees its id.
    turn.world.channels.retain(|_, channel| channel.expires > now);
    if turn.world.channels.contains_key(&key) {
        let message = format!("Channel id {id} not unique");
        return Err(Problem::push("channelIdNotUnique", &message));
    }
    let expires = expiry(turn, &body)?;
    let resource = turn.world.draw_id(27);
    let uri = format!("https://www.googleapis.com/calendar/v3/{path}?alt=json");
    let user = turn.me().to_owned();
    let channel = Channel { id, resource, uri, address, token, expires, user, watches, number: 0 };
    let answer = json!({
        "kind": "api#channel",
        "id": channel.id,
        "resourceId": channel.resource,
        "resourceUri": channel.uri,
        "expiration": channel.expires.timestamp_millis().to_string(),
    });
    let answer = with_token(answer, channel.token.as_deref());
    turn.world.channels.insert(key.clone(), channel);
    let about = match turn.world.channels.get(&key).map(|channel| &channel.watches) {
        Some(Watched::Events(calendar)) => calendar.clone(),
        _ => String::new(),
    };
    turn.wrote(&about, WriteKind::WatchStarted);
    if let Some(call) = turn.world.message(&key, "sync", turn.switches) {
        if turn.switches.push.sync_before_answer {
            turn.world.met.meet("push.sync_before_answer");
            turn.hook_first = Some(call);
        } else {
            turn.hooks.push(call);
        }
    }
    Ok(Reply::json(StatusCode::OK, answer))
}

/// POST channels/stop
pub(super) fn stop(turn: &mut Turn<'_>) -> Answer {
    let body = turn.call.object()?;
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (id, resource) = (text("id"), text("resourceId"));
    let key = (turn.access.client.clone(), id);
    let fits = turn.world.channels.get(&key).is_some_and(|channel| {
        channel.resource == resource && channel.user == turn.me() && channel.expires > turn.now
    });
    if !fits {
        return Err(Problem::not_found());
    }
    turn.world.channels.remove(&key);
    turn.wrote("", WriteKind::WatchStopped);
    Ok(Reply::empty(StatusCode::NO_CONTENT))
}

fn with_token(mut answer: Value, token: Option<&str>) -> Value {
    if let Some(token) = token {
        answer["token"] = json!(token);
    }
    answer
}

/// An address that may be told: https, or plain http to this machine.
fn address(text: Option<&str>) -> Result<Url, Problem> {
    let refused = || Problem::push("push.webhookUrlNotHttps", "WebHook callback must be HTTPS");
    let text = text.ok_or_else(|| Problem::required("Required parameter: address"))?;
    let url = Url::parse(text).map_err(|_| refused())?;
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    if url.scheme() == "https" || (url.scheme() == "http" && is_loopback) { Ok(url) } else { Err(refused()) }
}

/// When the channel ends: as asked for, but never later than the service lets one live.
fn expiry(turn: &Turn<'_>, body: &serde_json::Map<String, Value>) -> Result<DateTime<Utc>, Problem> {
    let longest = turn.now + TimeDelta::seconds(turn.switches.push.ttl_max_s);
    let number = |value: &Value| value.as_i64().or_else(|| value.as_str().and_then(|it| it.parse().ok()));
    let invalid = || Problem::invalid("Invalid channel expiration.");
    let asked = match (body.get("expiration"), body.get("params").and_then(|it| it.get("ttl"))) {
        (Some(at), _) => {
            let at = number(at).and_then(DateTime::from_timestamp_millis).ok_or_else(invalid)?;
            Some(at)
        }
        (None, Some(ttl)) => {
            let ttl = number(ttl).and_then(TimeDelta::try_seconds).ok_or_else(invalid)?;
            turn.now.checked_add_signed(ttl)
        }
        (None, None) => None,
    };
    if asked.is_none_or(|asked| asked > longest) {
        turn.world.met.meet("push.ttl_max");
    }
    let ends = asked.map_or(longest, |asked| asked.min(longest));
    if ends <= turn.now { Err(invalid()) } else { Ok(ends) }
}

impl World {
    /// Messages for a change in a calendar.
    pub(super) fn changed(
        &mut self,
        calendar: &str,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Vec<HookCall> {
        self.tell(&Watched::Events(calendar.to_owned()), "exists", now, switches)
    }

    /// Messages for a calendar that is no more; its channels end with it.
    pub(super) fn vanished(
        &mut self,
        calendar: &str,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Vec<HookCall> {
        let watched = Watched::Events(calendar.to_owned());
        let calls = self.tell(&watched, "not_exists", now, switches);
        self.channels.retain(|_, channel| channel.watches != watched);
        calls
    }

    /// Messages for a change in a person's list of calendars.
    pub(super) fn list_changed(
        &mut self,
        person: &str,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Vec<HookCall> {
        self.tell(&Watched::List(person.to_owned()), "exists", now, switches)
    }

    fn tell(
        &mut self,
        watched: &Watched,
        state: &'static str,
        now: DateTime<Utc>,
        switches: &Switches,
    ) -> Vec<HookCall> {
        let live = self.channels.iter().filter(|(_, it)| it.watches == *watched && it.expires > now);
        let keys: Vec<_> = live.map(|(key, _)| key.clone()).collect();
        keys.iter().filter_map(|key| self.message(key, state, switches)).collect()
    }

    /// The next message of a channel. Numbers rise, with gaps.
    fn message(
        &mut self,
        key: &(String, String),
        state: &'static str,
        switches: &Switches,
    ) -> Option<HookCall> {
        let gap = self.dice.below(switches.push.number_gap_max.max(1));
        let channel = self.channels.get_mut(key)?;
        if channel.number > 0 && gap > 0 {
            self.met.meet("push.number_gap");
        }
        channel.number += if channel.number == 0 { 1 } else { 1 + gap };
        if switches.push.silent {
            self.met.meet("push.silent");
            return None;
        }
        let ends = channel.expires.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let mut headers = vec![
            ("x-goog-channel-id", channel.id.clone()),
            ("x-goog-channel-expiration", ends),
            ("x-goog-message-number", channel.number.to_string()),
            ("x-goog-resource-id", channel.resource.clone()),
            ("x-goog-resource-state", state.to_owned()),
            ("x-goog-resource-uri", channel.uri.clone()),
            ("user-agent", USER_AGENT.to_owned()),
            ("content-length", "0".to_owned()),
        ];
        headers.extend(channel.token.clone().map(|token| ("x-goog-channel-token", token)));
        let parsed = headers.into_iter().filter_map(|(name, value)| {
            Some((HeaderName::from_static(name), HeaderValue::from_str(&value).ok()?))
        });
        Some(HookCall {
            watch: channel.id.clone(),
            about: state.to_owned(),
            method: Method::POST,
            url: channel.address.clone(),
            headers: parsed.collect(),
            body: Vec::new(),
            repeat: REPEAT,
        })
    }
}
