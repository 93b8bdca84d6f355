//! A subscription.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;

use crate::microsoft::world::timing::write_instant;
use crate::microsoft::world::{IdForm, MailboxNo, Place};

/// One subscription.
#[derive(Clone, Debug)]
pub(crate) struct Subscription {
    pub(crate) id: String,
    pub(crate) app: String,
    /// Who made it.
    pub(crate) creator: MailboxNo,
    pub(crate) creator_id: String,
    /// What is watched.
    pub(crate) place: Place,
    /// The same, as it was written.
    pub(crate) resource: String,
    /// Names of kinds of change.
    pub(crate) changes: Vec<String>,
    pub(crate) url: Url,
    pub(crate) lifecycle_url: Option<Url>,
    pub(crate) client_state: Option<String>,
    pub(crate) tls: String,
    pub(crate) ids: IdForm,
    pub(crate) expires: DateTime<Utc>,
    /// Changes after this one are told.
    pub(crate) since: u64,
    /// Until when its token is good.
    pub(crate) authorized_until: DateTime<Utc>,
    /// `reauthorizationRequired` was sent for the token it has.
    pub(crate) reauthorization_asked: bool,
}

/// What the service says about a subscription itself.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub enum Lifecycle {
    /// Renew or reauthorise it, or deliveries pause.
    ReauthorizationRequired,
    /// It is gone.
    SubscriptionRemoved,
    /// Notifications were lost.
    Missed,
}

impl Lifecycle {
    /// Its name on the wire.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ReauthorizationRequired => "reauthorizationRequired",
            Self::SubscriptionRemoved => "subscriptionRemoved",
            Self::Missed => "missed",
        }
    }
}

impl Subscription {
    /// As answers write it.
    pub(crate) fn json(&self) -> Value {
        json!({
            "id": self.id,
            "resource": self.resource,
            "applicationId": self.app,
            "changeType": self.changes.join(","),
            "clientState": self.client_state,
            "notificationUrl": self.url.as_str(),
            "notificationQueryOptions": null,
            "lifecycleNotificationUrl": self.lifecycle_url.as_ref().map(Url::as_str),
            "expirationDateTime": write_instant(self.expires),
            "creatorId": self.creator_id,
            "includeResourceData": null,
            "latestSupportedTlsVersion": self.tls,
            "encryptionCertificate": null,
            "encryptionCertificateId": null,
            "notificationUrlAppId": null,
        })
    }
}
