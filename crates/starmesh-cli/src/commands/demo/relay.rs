//! A relay in miniature: hears the providers' notifications and rings for the engine.
//!
//! It does what the real relay will do, in process: it answers the handshake, proves that a notification is
//! one, and keeps nothing of it but which calendar it is about.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use http::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use starmesh_app::dto::CalendarRef;
use starmesh_app::{AppError, Bell, Entropy, ErrorCode, Hook};
use starmesh_sim::web::{HookCall, HookCarrier, HookReply};

/// Where notifications are sent. Nothing listens there: the simulators hand them over in process.
const ADDRESS: &str = "https://relay.invalid/v1/hook";

/// Google names the state of what it tells here.
const GOOGLE_STATE: &str = "x-goog-resource-state";
/// The state with which Google says that a channel works, and nothing else.
const GOOGLE_SYNC: &str = "sync";
/// Google sends the secret back here.
const GOOGLE_SECRET: &str = "x-goog-channel-token";

/// Clones hear the same.
#[derive(Clone)]
pub(super) struct Relay(Arc<Ear>);

struct Ear {
    secret: SecretString,
    /// The bell of the engine that runs, if one does.
    bell: Mutex<Option<Bell>>,
}

impl Relay {
    pub(super) fn new(entropy: &dyn Entropy) -> Self {
        let mut bytes = [0; 20];
        entropy.fill(&mut bytes);
        let secret = SecretString::from(data_encoding::BASE32HEX_NOPAD.encode(&bytes));
        Self(Arc::new(Ear { secret, bell: Mutex::default() }))
    }

    /// From now on this bell is rung.
    pub(super) fn connect(&self, bell: Bell) {
        *self.0.bell.lock().unwrap_or_else(PoisonError::into_inner) = Some(bell);
    }

    /// Where a provider has to tell of a calendar: its local id is the channel.
    pub(super) fn hook(&self, calendar: &CalendarRef) -> Result<Hook, AppError> {
        let address = format!("{ADDRESS}/{}/{}", calendar.account, calendar.id);
        let url = address.parse().map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("the address of a web hook: {error}"))
        })?;
        Ok(Hook { url, secret: self.0.secret.clone() })
    }

    /// True when a notification says that its calendar may have changed, and proves itself.
    fn is_change(&self, call: &HookCall) -> bool {
        let header = |wanted: &str| {
            let found = call.headers.iter().find(|(name, _)| name.as_str() == wanted);
            found.and_then(|(_, value)| value.to_str().ok())
        };
        let secret = self.0.secret.expose_secret();
        if let Some(state) = header(GOOGLE_STATE) {
            return state != GOOGLE_SYNC && header(GOOGLE_SECRET) == Some(secret);
        }
        let body: Value = serde_json::from_slice(&call.body).unwrap_or_default();
        let mut told = body["value"].as_array().into_iter().flatten();
        told.any(|notice| notice["clientState"] == secret)
    }
}

#[async_trait]
impl HookCarrier for Relay {
    async fn carry(&self, call: &HookCall) -> Result<HookReply, String> {
        let handshake = call.url.query_pairs().find(|(name, _)| name == "validationToken");
        if let Some((_, token)) = handshake {
            let body = token.into_owned().into_bytes().into();
            return Ok(HookReply { status: StatusCode::OK, content_type: Some("text/plain".into()), body });
        }
        let channel = call.url.path_segments().and_then(|mut parts| parts.next_back()).unwrap_or_default();
        let bell = self.0.bell.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if self.is_change(call)
            && let Some(bell) = bell
            && !bell.ring(channel).await
        {
            // An engine that starts later reads everything anyway.
            tracing::debug!("a notification came while no engine ran");
        }
        Ok(HookReply { status: StatusCode::OK, content_type: None, body: Vec::new().into() })
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue, Method};
    use serde_json::json;
    use starmesh_app::SystemEntropy;
    use starmesh_sim::web::HookRepeat;

    use super::*;

    fn call(relay: &Relay, headers: &[(&'static str, &str)], body: &Value) -> HookCall {
        let calendar = CalendarRef {
            id: "c1".to_owned(),
            name: "Home".to_owned(),
            account: "google".to_owned(),
            path: "google/home".to_owned(),
        };
        let header = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        HookCall {
            watch: "w".to_owned(),
            about: "changed".to_owned(),
            method: Method::POST,
            url: relay.hook(&calendar).unwrap().url,
            headers: headers.iter().map(header).collect(),
            body: body.to_string().into_bytes(),
            repeat: HookRepeat::NEVER,
        }
    }

    #[test]
    fn only_a_notification_that_proves_itself_is_a_change() {
        let relay = Relay::new(&SystemEntropy);
        let secret = relay.0.secret.expose_secret().to_owned();
        let google = |state: &str, secret: &str| {
            relay.is_change(&call(&relay, &[(GOOGLE_STATE, state), (GOOGLE_SECRET, secret)], &Value::Null))
        };
        assert!(google("exists", &secret));
        assert!(!google("exists", "guessed"));
        assert!(!google(GOOGLE_SYNC, &secret), "it says that the channel works, and nothing else");
        let microsoft = |secret: &str| {
            relay.is_change(&call(&relay, &[], &json!({ "value": [{ "clientState": secret }] })))
        };
        assert!(microsoft(&secret));
        assert!(!microsoft("guessed"));
        assert!(!relay.is_change(&call(&relay, &[], &Value::Null)));
    }

    #[tokio::test]
    async fn without_an_engine_a_notification_is_taken_and_kept_nowhere() {
        let relay = Relay::new(&SystemEntropy);
        let body = json!({ "value": [{ "clientState": relay.0.secret.expose_secret() }] });
        let reply = relay.carry(&call(&relay, &[], &body)).await.unwrap();
        assert_eq!((reply.status, reply.body.is_empty()), (StatusCode::OK, true));
    }
}
