//! A calendar: its objects with all their former states.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::object::Component;

/// A calendar.
pub(super) struct Collection {
    pub(super) number: u64,
    pub(super) display_name: String,
    /// `#RRGGBBAA`.
    pub(super) color: Option<String>,
    /// A VCALENDAR with a VTIMEZONE, as text.
    pub(super) zone: Option<String>,
    /// Which components it takes.
    pub(super) components: Vec<String>,
    /// Counts the times that all its tokens ended.
    pub(super) epoch: u64,
    /// UIDs of what was deleted.
    pub(super) trash: BTreeSet<String>,
    /// By name, with all states, oldest first.
    objects: BTreeMap<String, Vec<State>>,
    /// The names of the objects that live now, by UID; several where the server stores seconds.
    names: BTreeMap<String, BTreeSet<String>>,
    /// When each change happened and to which object; the first is change 1.
    log: Vec<(DateTime<Utc>, String)>,
}

/// An object since a change.
struct State {
    change: u64,
    stored: Option<Arc<Stored>>,
}

/// An object as it is stored.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) text: String,
    pub(super) object: Component,
    pub(super) uid: String,
    /// The change that made it.
    pub(super) change: u64,
    /// When it first came, for `CREATED`.
    pub(super) created: DateTime<Utc>,
}

/// A member's last state among the changes that were asked about.
pub(super) struct Changed<'a> {
    pub(super) change: u64,
    pub(super) name: &'a str,
    pub(super) stored: Option<&'a Arc<Stored>>,
}

impl Collection {
    pub(super) fn new(number: u64, display_name: &str) -> Self {
        Self {
            number,
            display_name: display_name.to_owned(),
            color: None,
            zone: None,
            components: vec!["VEVENT".to_owned()],
            epoch: 0,
            trash: BTreeSet::new(),
            objects: BTreeMap::new(),
            names: BTreeMap::new(),
            log: Vec::new(),
        }
    }

    /// The newest change.
    pub(super) fn newest(&self) -> u64 {
        self.log.len() as u64
    }

    /// The newest change that a listing shows which lags by `lag_ms`.
    pub(super) fn visible(&self, now: DateTime<Utc>, lag_ms: i64) -> u64 {
        if lag_ms == 0 {
            return self.newest();
        }
        let shown = now - TimeDelta::milliseconds(lag_ms);
        self.log.partition_point(|(at, _)| *at <= shown) as u64
    }

    /// When `change` happened; `None` for the beginning.
    pub(super) fn time_of(&self, change: u64) -> Option<DateTime<Utc>> {
        let at = usize::try_from(change.checked_sub(1)?).ok()?;
        self.log.get(at).map(|(time, _)| *time)
    }

    /// What is at `name` now.
    pub(super) fn get(&self, name: &str) -> Option<&Arc<Stored>> {
        self.objects.get(name)?.last()?.stored.as_ref()
    }

    /// Everything that lives now.
    pub(super) fn members(&self) -> impl Iterator<Item = (&str, &Arc<Stored>)> {
        self.members_at(self.newest())
    }

    /// Everything that lived after `change`.
    pub(super) fn members_at(&self, change: u64) -> impl Iterator<Item = (&str, &Arc<Stored>)> {
        self.objects.iter().filter_map(move |(name, states)| {
            let state = states.iter().rev().find(|state| state.change <= change)?;
            Some((name.as_str(), state.stored.as_ref()?))
        })
    }

    /// What changed after `since` and not after `until`, in the order of the last changes.
    pub(super) fn changes(&self, since: u64, until: u64) -> Vec<Changed<'_>> {
        let (from, to) =
            (usize::try_from(since).unwrap_or(usize::MAX), usize::try_from(until).unwrap_or(usize::MAX));
        let names: BTreeSet<&str> = self
            .log
            .get(from..to.min(self.log.len()))
            .unwrap_or_default()
            .iter()
            .map(|(_, name)| name.as_str())
            .collect();
        let mut changed: Vec<_> = names
            .into_iter()
            .filter_map(|name| {
                let state = self.objects.get(name)?.iter().rev().find(|state| state.change <= until)?;
                Some(Changed { change: state.change, name, stored: state.stored.as_ref() })
            })
            .collect();
        changed.sort_by_key(|changed| changed.change);
        changed
    }

    /// The names under which a UID lives.
    pub(super) fn names_of<'a>(&'a self, uid: &str) -> impl Iterator<Item = &'a str> {
        self.names.get(uid).into_iter().flatten().map(String::as_str)
    }

    /// How many objects live.
    pub(super) fn len(&self) -> usize {
        self.names.values().map(BTreeSet::len).sum()
    }

    /// Stores an object and returns what is stored now.
    pub(super) fn store(
        &mut self,
        name: &str,
        text: String,
        object: Component,
        now: DateTime<Utc>,
    ) -> Arc<Stored> {
        let before = self.get(name).cloned();
        if let Some(before) = &before {
            self.forget_name(&before.uid, name);
        }
        let uid = uid_of(&object).unwrap_or_default().to_owned();
        self.names.entry(uid.clone()).or_default().insert(name.to_owned());
        self.log.push((now, name.to_owned()));
        let change = self.newest();
        let created = before.map_or(now, |before| before.created);
        let stored = Arc::new(Stored { text, object, uid, change, created });
        let states = self.objects.entry(name.to_owned()).or_default();
        states.push(State { change, stored: Some(Arc::clone(&stored)) });
        stored
    }

    /// Removes an object and returns what it was.
    pub(super) fn remove(&mut self, name: &str, now: DateTime<Utc>) -> Option<Arc<Stored>> {
        let before = self.get(name).cloned()?;
        self.forget_name(&before.uid, name);
        self.trash.insert(before.uid.clone());
        self.log.push((now, name.to_owned()));
        let change = self.newest();
        self.objects.get_mut(name)?.push(State { change, stored: None });
        Some(before)
    }

    fn forget_name(&mut self, uid: &str, name: &str) {
        if let Some(names) = self.names.get_mut(uid) {
            names.remove(name);
            if names.is_empty() {
                self.names.remove(uid);
            }
        }
    }
}

/// The UID of an object.
pub(super) fn uid_of(object: &Component) -> Option<&str> {
    object.entries().find_map(|entry| entry.value("UID"))
}
