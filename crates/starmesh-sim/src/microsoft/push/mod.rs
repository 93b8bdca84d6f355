//! Subscriptions and what they deliver.
//!
//! 1. `subscription`: what is watched, for whom, until when.
//! 2. `requests`: making, renewing, listing and ending them, with the handshake inside the request.
//! 3. `outbox`: from a change to the parcels it causes.
//! 4. `delivery`: parcels on their way: late, doubled, lost, repeated for four hours.
//!
//! Sources: <https://learn.microsoft.com/en-us/graph/api/resources/subscription> and
//! <https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks>.

pub(crate) mod delivery;
mod outbox;
pub(crate) mod requests;
mod subscription;

use std::collections::BTreeMap;

use self::delivery::Endpoint;
use self::outbox::Parcel;
pub use self::subscription::Lifecycle;
pub(crate) use self::subscription::Subscription;
use super::world::changes::Change;

/// All subscriptions, and everything that is on its way.
#[derive(Default)]
pub(crate) struct Push {
    pub(crate) subscriptions: BTreeMap<String, Subscription>,
    /// Changes that have not become parcels yet.
    noted: Vec<Change>,
    parcels: Vec<Parcel>,
    endpoints: BTreeMap<String, Endpoint>,
}

impl Push {
    /// A change that somebody may want to hear of.
    pub(crate) fn note(&mut self, change: Change) {
        if !self.subscriptions.is_empty() {
            self.noted.push(change);
        }
    }
}
