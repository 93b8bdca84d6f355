//! Subscriptions: `POST`, `PATCH`, `DELETE` and `GET /subscriptions`.

use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::json;
use starmesh_provider::Hook;
use url::Url;

use crate::call::{Answer, Call, encode_segment};
use crate::place::Place;
use crate::wire::{Lenient, Page};

/// What is told: that an event came, changed or went, without saying which.
const CHANGE_TYPE: &str = "created,updated,deleted";

/// The oldest TLS that a hook is called with.
const TLS_OLDEST: &str = "v1_2";

/// Makes, prolongs, lists and ends subscriptions.
pub(crate) struct Subscriptions;

/// A subscription as the service has it.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Granted {
    pub(crate) id: String,
    pub(crate) resource: Option<String>,
    pub(crate) notification_url: Option<String>,
    pub(crate) expiration_date_time: Option<DateTime<Utc>>,
}

/// One page of subscriptions.
pub(crate) struct Subscribed {
    pub(crate) granted: Vec<Granted>,
    pub(crate) next: Option<Url>,
}

impl Subscriptions {
    /// What a subscription to a calendar watches.
    pub(crate) fn resource(place: &Place) -> String {
        place.events()
    }

    pub(crate) fn prepare_create(place: &Place, hook: &Hook, expires: DateTime<Utc>) -> Call {
        Call::post(
            "/subscriptions".to_owned(),
            json!({
                "changeType": CHANGE_TYPE,
                "notificationUrl": hook.url.as_str(),
                "lifecycleNotificationUrl": hook.url.as_str(),
                "resource": Self::resource(place),
                "expirationDateTime": text(expires),
                "clientState": hook.secret.expose_secret(),
                "latestSupportedTlsVersion": TLS_OLDEST,
            }),
        )
    }

    /// Prolongs a subscription, which also renews its permission to deliver: what is asked for by
    /// `reauthorizationRequired`.
    pub(crate) fn prepare_renew(id: &str, expires: DateTime<Utc>) -> Call {
        Call::patch(path(id), json!({ "expirationDateTime": text(expires) }))
    }

    pub(crate) fn prepare_delete(id: &str) -> Call {
        Call::delete(path(id))
    }

    pub(crate) fn prepare_list() -> Call {
        Call::get("/subscriptions".to_owned())
    }

    pub(crate) fn parse(answer: &Answer) -> Option<Granted> {
        answer.json()
    }

    pub(crate) fn parse_list(answer: &Answer) -> Option<Subscribed> {
        let page: Page<Granted> = answer.json()?;
        let granted = page.value.into_iter().filter_map(|row| match row {
            Lenient::Good(granted) => Some(granted),
            Lenient::Bad { .. } | Lenient::Worse(_) => None,
        });
        Some(Subscribed { granted: granted.collect(), next: page.next_link })
    }

    /// The most minutes that the service says a subscription may live, where a refusal names them:
    /// "Subscription expiration can only be 4230 minutes in the future."
    pub(crate) fn life_max_minutes(answer: &Answer) -> Option<i64> {
        #[derive(Deserialize)]
        struct Body {
            error: Message,
        }
        #[derive(Deserialize)]
        struct Message {
            message: String,
        }
        let Body { error } = answer.json()?;
        let (_, rest) = error.message.split_once("can only be ")?;
        let (minutes, _) = rest.split_once(" minutes")?;
        minutes.trim().parse().ok().filter(|minutes| *minutes > 0)
    }
}

fn path(id: &str) -> String {
    format!("/subscriptions/{}", encode_segment(id))
}

fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::answer;
    use super::*;

    #[test]
    fn the_longest_life_is_read_from_a_refusal() {
        let refused = |message: &str| {
            let body = format!("{{\"error\":{{\"code\":\"ExtensionError\",\"message\":\"{message}\"}}}}");
            Subscriptions::life_max_minutes(&answer(400, &body))
        };
        assert_eq!(refused("Subscription expiration can only be 4230 minutes in the future."), Some(4230));
        assert_eq!(refused("Operation: Create; Exception: [Status Code: Forbidden;]"), None);
        assert_eq!(Subscriptions::life_max_minutes(&answer(400, "")), None);
    }
}
