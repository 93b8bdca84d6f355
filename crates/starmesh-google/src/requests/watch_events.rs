//! Asking for notifications about a calendar (`events.watch`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use starmesh_core::ids::LastingName;
use starmesh_http::{Request, Response};
use starmesh_provider::{Hook, Subscription};

use super::{events_url, json_request, with_query};
use crate::endpoints::Endpoints;
use crate::wire::{WireError, parse};

/// How long a channel is asked to live; practice takes these seven days for the longest.
pub(crate) const CHANNEL_LIFE: Duration = Duration::from_hours(7 * 24);

/// Opens a channel.
pub(crate) struct WatchEvents;

impl WatchEvents {
    /// `channel` is a name that was never used before in the whole project.
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        channel: &str,
        hook: &Hook,
    ) -> Request {
        let url = watch_url(endpoints, calendar);
        let body = json!({
            "id": channel,
            "type": "web_hook",
            "address": hook.url.as_str(),
            "token": hook.secret.expose_secret(),
            "params": {"ttl": CHANNEL_LIFE.as_secs().to_string()},
        });
        json_request("POST", &url, &body)
    }

    /// The channel that was opened at `now`.
    pub(crate) fn parse(response: &Response, now: DateTime<Utc>) -> Result<Subscription, WireError> {
        let channel: Channel = parse(response)?;
        let expires = match &channel.expiration {
            Some(milliseconds) => time(milliseconds).ok_or(WireError::Unexpected)?,
            None => now + CHANNEL_LIFE,
        };
        Ok(Subscription { id: channel.id, resource: channel.resource_id, expires })
    }
}

fn watch_url(endpoints: &Endpoints, calendar: &LastingName) -> url::Url {
    let mut url = events_url(endpoints, calendar);
    if let Ok(mut path) = url.path_segments_mut() {
        path.push("watch");
    }
    with_query(url, &[("fields", "id,resourceId,expiration")])
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Channel {
    id: String,
    resource_id: Option<String>,
    /// Milliseconds since 1970; the description says text, and a number is understood as well.
    expiration: Option<Value>,
}

fn time(milliseconds: &Value) -> Option<DateTime<Utc>> {
    let milliseconds = match milliseconds {
        Value::String(text) => text.parse().ok()?,
        number => number.as_i64()?,
    };
    DateTime::from_timestamp_millis(milliseconds)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, calendar, path};
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-12-01T10:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_channel_carries_the_secret_that_comes_back_with_notifications() {
        let hook =
            Hook { url: "https://relay.example.org/v1/hook/google/c1".parse().unwrap(), secret: "s3".into() };
        let request = WatchEvents::prepare(&Endpoints::default(), &calendar(), "c1", &hook);
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events/watch");
        let body: Value = serde_json::from_slice(request.body()).unwrap();
        assert_eq!(
            body,
            json!({"id": "c1", "type": "web_hook", "address": "https://relay.example.org/v1/hook/google/c1",
                   "token": "s3", "params": {"ttl": "604800"}})
        );
    }

    #[test]
    fn the_end_of_a_channel_is_read_in_either_form() {
        let parse = |body: &str| WatchEvents::parse(&answer(200, body), now());
        let expected = Subscription {
            id: "c1".to_owned(),
            resource: Some("r1".to_owned()),
            expires: "2026-12-08T09:59:59Z".parse().unwrap(),
        };
        let told = |expiration: &str| {
            parse(&format!(
                r#"{{"kind":"api#channel","id":"c1","resourceId":"r1","expiration":{expiration}}}"#
            ))
        };
        assert_eq!(told("\"1796723999000\""), Ok(expected.clone()));
        assert_eq!(told("1796723999000"), Ok(expected));
        assert_eq!(told("\"soon\""), Err(WireError::Unexpected));
        let untold = parse(r#"{"id":"c1"}"#).unwrap();
        assert_eq!((untold.resource, untold.expires), (None, now() + CHANNEL_LIFE));
    }
}
