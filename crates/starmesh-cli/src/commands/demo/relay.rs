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
