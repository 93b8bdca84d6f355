//! The durable queue of signals: a *set* of calendars that may have changed, so its size is bounded by the
//! number of calendars however many signals arrive.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_store::StoreError;
use starmesh_store::state::{Changes, State};

/// The set, in memory and in the store.
pub(crate) struct Queue {
    waiting: BTreeMap<CalendarId, DateTime<Utc>>,
}

impl Queue {
    /// The set as the last process left it.
    pub(crate) async fn load(state: &State, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let waiting = state.dirty().await?.into_iter().map(|calendar| (calendar, now)).collect();
        Ok(Self { waiting })
    }

    /// Adds a signal; one that is waiting already is kept with its time. What is given back makes it durable,
    /// and nobody who reads the calendar has to wait for that.
    #[must_use]
    pub(crate) fn add(&mut self, calendar: &CalendarId, now: DateTime<Utc>) -> Changes {
        let mut changes = Changes::new();
        if !self.waiting.contains_key(calendar) {
            changes.put_dirty(calendar, now);
            self.waiting.insert(calendar.clone(), now);
        }
        changes
    }

    /// Since when a calendar is waiting.
    pub(crate) fn waiting_since(&self, calendar: &CalendarId) -> Option<DateTime<Utc>> {
        self.waiting.get(calendar).copied()
    }

    /// The calendars that are waiting.
    pub(crate) fn waiting(&self) -> impl Iterator<Item = &CalendarId> {
        self.waiting.keys()
    }

    /// Takes a calendar for a pull. It stays in the store until the pull's own commit removes it, so that
    /// a crash in between forgets nothing.
    pub(crate) fn take(&mut self, calendar: &CalendarId) -> Option<DateTime<Utc>> {
        self.waiting.remove(calendar)
    }

    /// Puts a calendar back whose pull failed.
    pub(crate) fn put_back(&mut self, calendar: &CalendarId, since: DateTime<Utc>) {
        self.waiting.entry(calendar.clone()).or_insert(since);
    }

    /// Forgets calendars that no link touches any more.
    pub(crate) fn retain(&mut self, keep: impl Fn(&CalendarId) -> bool) {
        self.waiting.retain(|calendar, _| keep(calendar));
    }
}
