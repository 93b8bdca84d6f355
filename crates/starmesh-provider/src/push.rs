//! Push: asking a provider to tell a web hook that a calendar may have changed.
//!
//! A notification is a hint and carries no data: reading still goes through the port. So everything here
//! may fail, arrive twice or never, and calendars stay in sync by polling.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use starmesh_core::ids::LastingName;
use url::Url;

use crate::error::Result;

/// The push side of a provider.
#[async_trait]
pub trait Push: Send + Sync {
    /// Asks for notifications about `calendar` at `hook`, until a time that the provider chooses.
    ///
    /// [`ErrorKind::Refused`](crate::ErrorKind::Refused) for a calendar that its provider never
    /// pushes.
    async fn subscribe(&self, calendar: &LastingName, hook: &Hook) -> Result<Subscription>;

    /// Lets a subscription live longer. Where a provider cannot, a new one is made first and the old one
    /// stopped after it, so that nothing is missed between them; notifications may then come doubled.
    /// One that is gone is made anew.
    async fn renew(
        &self,
        calendar: &LastingName,
        subscription: &Subscription,
        hook: &Hook,
    ) -> Result<Subscription>;

    /// Ends a subscription; one that is gone already is no failure.
    async fn stop(&self, subscription: &Subscription) -> Result<()>;
}

/// Where a provider sends its notifications.
#[derive(Clone)]
pub struct Hook {
    /// Where changes are told.
    pub url: Url,
    /// Comes back with every notification and proves that it is one.
    pub secret: SecretString,
}

/// A subscription as its provider granted it; everything needed to renew or stop it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Subscription {
    /// The provider's name for it.
    pub id: String,
    /// What it watches, where the provider wants that to stop it.
    pub resource: Option<String>,
    /// When it ends, as the provider said.
    pub expires: DateTime<Utc>,
}

/// What a notification means for the one who receives it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Notice {
    /// The subscription works from now on; nothing has changed.
    Confirmed,
    /// The calendar may have changed, or some notifications were lost: read it.
    Changed,
    /// The subscription must be renewed now, or it stops.
    RenewNow,
    /// The subscription is gone: subscribe anew and read the calendar.
    Ended,
}
