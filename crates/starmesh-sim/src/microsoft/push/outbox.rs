//! From a change to the parcels it causes.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use url::Url;

use super::requests::told_id;
use super::subscription::{Lifecycle, Subscription};
use crate::microsoft::api::event_json::etag;
use crate::microsoft::world::World;
use crate::microsoft::world::changes::{Change, ChangeKind};
use crate::microsoft::world::timing::write_instant;

/// How long before its token ends a subscription is told so.
const REAUTHORIZATION_LEAD: TimeDelta = TimeDelta::minutes(5);

/// One item on its way to a web hook.
#[derive(Clone, Debug)]
pub(super) struct Parcel {
    /// Not before.
    pub(super) due: DateTime<Utc>,
    /// When it was first due: its age decides how long it is repeated.
    pub(super) born: DateTime<Utc>,
    pub(super) attempt: u32,
    pub(super) url: Url,
    pub(super) subscription: String,
    /// `created`, `updated`, `deleted`, or the name of a lifecycle event.
    pub(super) about: &'static str,
    pub(super) lifecycle: bool,
    pub(super) item: Value,
}

impl World {
    /// Turns what happened since the last time into parcels: changes, ends, and tokens that run out.
    pub(super) fn sort_post(&mut self) {
        let now = self.now();
        let changes = std::mem::take(&mut self.push.noted);
        for change in changes {
            let watching: Vec<_> = self
                .push
                .subscriptions
                .values()
                .filter(|found| found.place.calendar == change.calendar && found.since < change.seq)
                .filter(|found| found.expires > change.at)
                .cloned()
                .collect();
            for subscription in watching {
                self.parcels_of(change, &subscription);
            }
        }
        self.push.subscriptions.retain(|_, found| found.expires > now);
        if self.switches.subscription_needs_reauthorization {
            let due: Vec<_> = self
                .push
                .subscriptions
                .values_mut()
                .filter(|it| !it.reauthorization_asked && it.authorized_until - REAUTHORIZATION_LEAD <= now)
                .map(|it| {
                    it.reauthorization_asked = true;
                    it.id.clone()
                })
                .collect();
            for id in due {
                self.lifecycle(&id, Lifecycle::ReauthorizationRequired);
            }
        }
    }

    /// One change for one subscription: its first notification, then `updated` echoes, each by its own way
    /// and perhaps twice or never.
    fn parcels_of(&mut self, change: Change, subscription: &Subscription) {
        let mut names = vec![change.kind.name()];
        if change.kind != ChangeKind::Removed {
            names.extend((0..self.switches.notification_echoes).map(|_| "updated"));
        }
        let (shortest, longest) = self.switches.notification_latency_ms;
        let way = |world: &mut Self| {
            let spread = i64::from(longest.max(shortest) - shortest);
            TimeDelta::milliseconds(i64::from(shortest) + world.dice.between(0, spread))
        };
        let mut due = change.at + way(self);
        let wanted = |(_, name): &(usize, &str)| subscription.changes.iter().any(|it| it == name);
        for (place, name) in names.into_iter().enumerate().filter(wanted) {
            if place > 0 {
                self.meet("notification.echo");
            }
            if self.switches.notification_unordered {
                due = change.at + way(self);
            }
            if due > change.at {
                self.meet("notification.late");
            }
            let lost = self.switches.notification_lost_per_mille;
            if self.dice.chance(lost) {
                self.meet("notification.lost");
                let owned_up = self.switches.notification_missed_per_mille;
                if self.dice.chance(owned_up) {
                    self.lifecycle(&subscription.id, Lifecycle::Missed);
                }
                continue;
            }
            let parcel = Parcel {
                due,
                born: due,
                attempt: 1,
                url: subscription.url.clone(),
                subscription: subscription.id.clone(),
                about: name,
                lifecycle: false,
                item: self.notification(change, subscription, name),
            };
            let doubled = self.switches.notification_duplicates_per_mille;
            if self.dice.chance(doubled) {
                self.meet("notification.doubled");
                let second = Parcel { due: change.at + way(self), ..parcel.clone() };
                self.push.parcels.push(second);
            }
            self.push.parcels.push(parcel);
        }
    }

    fn notification(&self, change: Change, subscription: &Subscription, name: &str) -> Value {
        let id = told_id(self, subscription, change.item);
        let owner = self.mailboxes.get(&subscription.place.mailbox);
        let resource = format!("Users/{}/Events/{id}", owner.map_or("", |owner| &owner.oid));
        let mut data = json!({"@odata.type": "#Microsoft.Graph.Event", "@odata.id": resource, "id": id});
        if let Some(item) = self.items.get(&change.item) {
            data["@odata.etag"] = json!(etag(item));
        }
        let mut item = json!({
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": write_instant(subscription.expires),
            "changeType": name,
            "resource": resource,
            "tenantId": owner.map_or("", |owner| &owner.tenant),
            "resourceData": data,
        });
        if let Some(state) = &subscription.client_state {
            item["clientState"] = json!(state);
        }
        item
    }

    /// Tells a subscription's lifecycle address something; one that is removed is gone with it. False when
    /// there is no such subscription.
    pub fn lifecycle(&mut self, id: &str, event: Lifecycle) -> bool {
        let now = self.now();
        let Some(subscription) = self.push.subscriptions.get(id).cloned() else { return false };
        self.meet(match event {
            Lifecycle::Missed => "lifecycle.missed",
            Lifecycle::ReauthorizationRequired => "lifecycle.reauthorization_required",
            Lifecycle::SubscriptionRemoved => "lifecycle.subscription_removed",
        });
        if event == Lifecycle::SubscriptionRemoved {
            self.push.subscriptions.remove(id);
        }
        let Some(url) = subscription.lifecycle_url else { return true };
        let owner = self.mailboxes.get(&subscription.place.mailbox);
        let mut item = json!({
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": write_instant(subscription.expires),
            "tenantId": owner.map_or("", |owner| &owner.tenant),
            "lifecycleEvent": event.name(),
        });
        if let Some(state) = &subscription.client_state {
            item["clientState"] = json!(state);
        }
        self.push.parcels.push(Parcel {
            due: now,
            born: now,
            attempt: 1,
            url,
            subscription: subscription.id,
            about: event.name(),
            lifecycle: true,
            item,
        });
        true
    }

    /// The ids of all live subscriptions.
    pub fn subscription_ids(&self) -> Vec<String> {
        let now = self.now();
        self.push.subscriptions.values().filter(|it| it.expires > now).map(|it| it.id.clone()).collect()
    }
}
