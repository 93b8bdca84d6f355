//! How a seed draws the switches of the simulated services: what is disputed, one way or the other, and what
//! goes wrong at the services themselves.
//!
//! [`google`], [`microsoft`] and [`caldav`] draw those of their service, and heal them: faults end, and what is
//! disputed stays.

mod caldav;
mod google;
mod microsoft;

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use starmesh_sim::caldav::{DeadToken as DavDeadToken, Privileges, Switches as CaldavSwitches, TokenGrain};
use starmesh_sim::dice::Dice;
use starmesh_sim::google::{Collision, Retimed, Switches as GoogleSwitches};
use starmesh_sim::microsoft::{FaultRule, Switches as MicrosoftSwitches};
use starmesh_sim::web::HookPlan;

use crate::layout::Service;

pub(super) use self::caldav::heal_caldav;
pub(super) use self::google::heal_google;
pub(super) use self::microsoft::heal_microsoft;

/// A day in seconds.
const DAY_S: i64 = 86_400;

/// The switches of every service.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Truths {
    /// Those of Google.
    pub(crate) google: GoogleSwitches,
    /// Those of Microsoft.
    pub(crate) microsoft: MicrosoftSwitches,
    /// Those of the CalDAV server.
    pub(crate) caldav: CaldavSwitches,
    /// What Microsoft does to requests on demand.
    pub(crate) microsoft_rules: Vec<FaultRule>,
    /// Which address of the CalDAV server people type.
    pub(crate) caldav_entry: DavEntry,
}

/// Which address of the CalDAV server people type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DavEntry {
    /// That of the host.
    Host,
    /// That of their principal, without its last slash.
    Principal,
    /// One at which there is nothing, so that the well-known place is asked.
    Nowhere,
    /// That of their home.
    Home,
}

/// What of a seed bears on what may be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leeway {
    /// True when anything may go wrong at all.
    pub(crate) faults: bool,
    /// True when persons touch mirrors while they are written: a service that looks at no precondition would
    /// then let us write what we must not.
    pub(crate) touches: bool,
    pub(crate) devices: Devices,
}

/// Who places mirrors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Devices {
    /// One device.
    One,
    /// Two, that place the same mirrors.
    Two,
    /// One that may not know what was placed before, while a listing may not show it yet: it lost its store, or
    /// sleeps in the middle of a placement for longer than a service remembers what another one placed.
    Forgetful,
}

impl Truths {
    /// Draws them.
    pub(crate) fn of(dice: &mut Dice, leeway: Leeway) -> Self {
        Self {
            google: google::draw(dice, leeway),
            microsoft: microsoft::draw(dice, leeway),
            caldav: caldav::draw(dice, leeway),
            microsoft_rules: if leeway.faults { microsoft::rules(dice) } else { Vec::new() },
            caldav_entry: one(dice, DavEntry::Host, &[DavEntry::Principal, DavEntry::Nowhere]),
        }
        .consistent()
    }

    /// A server that tells no principals is found at the address of a home alone.
    fn consistent(mut self) -> Self {
        if !self.caldav.discovery.principals {
            self.caldav_entry = DavEntry::Home;
            self.caldav.discovery.home_at = None;
        }
        self
    }
}

impl Truths {
    /// True when one of these services keeps something to itself that only the daily look at everything shows.
    pub(crate) fn keeps_to_itself(&self, services: &BTreeSet<Service>) -> bool {
        services.iter().any(|service| match service {
            Service::Memory => false,
            // It takes an event under an identity that is spent, and stores nothing; or it does not tell of the
            // dates that a changed series has lost.
            Service::Google => self.takes_spent_identities() || self.google.retimed == Retimed::Silent,
            Service::Work | Service::Personal => self.microsoft.delta_lost_tombstones_per_mille > 0,
            // Of two changes within a second it may tell one. And everything, as if there had been no token, says
            // nothing of what was deleted.
            Service::Caldav => {
                let sync = &self.caldav.sync;
                sync.grain == TokenGrain::Second || sync.dead_token == DavDeadToken::Everything
            }
        })
    }

    /// True when Google takes an event under a spent identity without a word, and stores nothing.
    pub(crate) fn takes_spent_identities(&self) -> bool {
        self.google.collision == Collision::Unnoticed
    }

    /// True when a service does not say which calendars may be written.
    pub(crate) fn hides_rights(&self, service: Service) -> bool {
        service == Service::Caldav && self.caldav.discovery.privileges == Privileges::Untold
    }

    /// True when a service refuses writes in a way that lets them rest for an hour.
    pub(crate) fn refuses_writes(&self) -> bool {
        let (google, microsoft, caldav) =
            (GoogleSwitches::default(), MicrosoftSwitches::default(), CaldavSwitches::default());
        self.google.quota.events_created_max < google.quota.events_created_max
            || self.microsoft.named_properties_max < microsoft.named_properties_max
            || self.caldav.writes.objects_max.is_some()
            || self.caldav.writes.size_max < caldav.writes.size_max
    }

    /// These with the switches of these names, as [`told`](Self::told) has them, as they usually are.
    pub(crate) fn without(self, names: &BTreeSet<String>) -> Self {
        Self {
            google: as_usual("google", self.google, names),
            microsoft: as_usual("microsoft", self.microsoft, names),
            caldav: as_usual("caldav", self.caldav, names),
            ..self
        }
        .consistent()
    }

    /// Every switch that is not as it usually is, for a person.
    pub(crate) fn told(&self, services: &[Service]) -> Vec<String> {
        let mut told = Vec::new();
        if services.contains(&Service::Google) {
            told.extend(unusual("google", &self.google, &GoogleSwitches::default()));
        }
        if services.contains(&Service::Work) || services.contains(&Service::Personal) {
            told.extend(unusual("microsoft", &self.microsoft, &MicrosoftSwitches::default()));
        }
        if services.contains(&Service::Caldav) {
            told.extend(unusual("caldav", &self.caldav, &CaldavSwitches::default()));
        }
        told
    }
}

/// The fields of `switches` that differ from the `usual` ones, with their values.
fn unusual<T: Serialize>(service: &str, switches: &T, usual: &T) -> Vec<String> {
    let mut found = Vec::new();
    differ(service, &json(switches), &json(usual), &mut |name, value| {
        found.push(format!("{name}: {value}"));
    });
    found
}

/// Plain values always have a JSON form.
fn json<T: Serialize>(switches: &T) -> Value {
    serde_json::to_value(switches).unwrap_or_default()
}

fn differ(name: &str, value: &Value, usual: &Value, found: &mut impl FnMut(&str, &Value)) {
    match (value, usual) {
        (Value::Object(value), Value::Object(usual)) if value.len() == usual.len() => {
            for (field, value) in value {
                differ(&format!("{name}.{field}"), value, usual.get(field).unwrap_or(&Value::Null), found);
            }
        }
        _ if value != usual => found(name, value),
        _ => {}
    }
}

/// `switches` with the fields of these names as they usually are.
fn as_usual<T>(service: &str, switches: T, names: &BTreeSet<String>) -> T
where
    T: Serialize + DeserializeOwned + Default,
{
    let usual = json(&T::default());
    let mut changed = json(&switches);
    for name in names.iter().filter_map(|name| name.strip_prefix(service)) {
        let pointer = name.replace('.', "/");
        if let (Some(field), Some(value)) = (changed.pointer_mut(&pointer), usual.pointer(&pointer)) {
            field.clone_from(value);
        }
    }
    serde_json::from_value(changed).unwrap_or(switches)
}

/// One of several.
fn one<T: Clone>(dice: &mut Dice, usual: T, others: &[T]) -> T {
    if dice.chance(500) { usual } else { dice.pick(others).unwrap_or(usual) }
}

/// A rate per mille: none more often than not.
fn rate(dice: &mut Dice, on: bool, most: u64) -> u32 {
    let rate = u32::try_from(1 + dice.below(most)).unwrap_or(1);
    if dice.chance(350) && on { rate } else { 0 }
}

/// What happens to web hooks of Google on their way.
fn hooks(dice: &mut Dice, leeway: Leeway) -> HookPlan {
    HookPlan {
        drop_per_mille: rate(dice, leeway.faults, 400),
        double_per_mille: rate(dice, leeway.faults, 400),
        overtake_per_mille: rate(dice, leeway.faults, 400),
        delay_ms_min: 0,
        delay_ms_max: one(dice, 1_000, &[0, 20_000]),
        overtaken_ms: 2_000,
    }
}
