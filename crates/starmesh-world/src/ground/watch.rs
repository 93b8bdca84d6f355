//! Each write to a simulated service, handed to the oracle at the moment it is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;
use starmesh_sim::web::{Write, WriteKind, WriteWatcher};

use super::wire::DEVICE;
use crate::memory::{Did, MarkedItem, Owner, Universe};
use crate::oracle::{Deed, Watcher};
use crate::venue::{Placed, caldav_mirror, google_mirror, microsoft_mirror};

/// Watches the ledger.
pub(super) struct LedgerWatch {
    pub(super) watcher: Watcher,
    /// The numbers of calendars, by what the ledger calls them.
    pub(super) places: BTreeMap<String, usize>,
    /// The numbers of calendars of somebody else.
    pub(super) shared: BTreeSet<usize>,
    pub(super) placed: Placed,
    pub(super) universe: Arc<Universe>,
}

impl LedgerWatch {
    fn judge(&self, write: &Write) -> Result<(), String> {
        let did = match write.kind {
            WriteKind::EventCreated => Did::Create,
            WriteKind::EventChanged => Did::Update,
            WriteKind::EventDeleted => Did::Remove,
            WriteKind::WatchStarted | WriteKind::WatchChanged | WriteKind::WatchStopped => return Ok(()),
            other => return Err(format!("a write of another kind: {other:?}")),
        };
        let device = DEVICE.try_with(|device| *device).map_err(|_| "a write by nobody".to_owned())?;
        let place = self.places.get(&write.calendar).copied();
        let target = place.ok_or_else(|| "a write to an unknown calendar".to_owned())?;
        let id = write.event.clone().unwrap_or_default();
        let is_ours = self.placed.holds(target, &id);
        let read = |event: &Value, owner| match write.provider {
            "google" => google_mirror(event, owner),
            "caldav" => caldav_mirror(event, owner),
            _ => microsoft_mirror(event, owner, !self.shared.contains(&target)),
        };
        let owner = if is_ours { Owner::Mirror } else { Owner::Other };
        // What was deleted and lives again is placed.
        let is_dead = |event: &&Value| event["status"] == "cancelled";
        let alive = write.before.as_ref().filter(|event| !is_dead(event));
        let before = alive.map(|event| read(event, owner));
        let after = write.after.as_ref().and_then(|event| read(event, Owner::Mirror));
        let did = if did == Did::Update && before.is_none() { Did::Create } else { did };
        let before: Option<MarkedItem> = match before {
            Some(Some(mirror)) if is_ours => Some(mirror),
            Some(_) => return Err(format!("device {device}: {did:?} of an item that is no mirror")),
            None => None,
        };
        self.universe.trace(&format!("  {did:?} in calendar {target}: {id}"));
        if did == Did::Create {
            self.placed.note(target, &id);
        }
        let mut oracle = self.watcher.oracle();
        let deed = Deed {
            device,
            target,
            before: before.as_ref(),
            after: after.as_ref(),
            did,
            others: oracle.others(target, &id, before.as_ref().or(after.as_ref())),
        };
        let verdict = oracle.judge(&deed);
        oracle.stands(target, &id, after.as_ref().and_then(|mirror| mirror.key));
        verdict
    }
}

impl WriteWatcher for LedgerWatch {
    fn wrote(&self, write: &Write) {
        if let Err(why) = self.judge(write) {
            self.watcher.oracle().violations.push(why);
        }
    }
}
