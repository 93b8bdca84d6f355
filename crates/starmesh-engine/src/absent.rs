//! When calendars were read, and what reads named gone before anybody here knew it.
//!
//! A mirror may be written, removed by a person and reported gone while the answer to its write is still under
//! way. Whoever keeps that answer asks here first, or the mirror would stand in the store for good and nowhere
//! else.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::{CalendarId, RemoteId};

/// How long it is remembered: longer than any write waits for its answer, with all repeats.
const REMEMBERED: TimeDelta = TimeDelta::hours(1);

/// What reads of this process left behind.
#[derive(Default)]
pub(crate) struct Absences(Mutex<BTreeMap<CalendarId, Absent>>);

#[derive(Default)]
struct Absent {
    /// When a read was kept last.
    read: Option<DateTime<Utc>>,
    /// When each was named gone.
    named: BTreeMap<RemoteId, DateTime<Utc>>,
    /// When a complete listing was kept last: whatever it does not hold may be gone.
    listed: Option<DateTime<Utc>>,
}

impl Absences {
    /// A read is kept at `now`. It named `ids` gone, which nobody knew; `complete` when it listed everything.
    pub(crate) fn note(
        &self,
        calendar: &CalendarId,
        ids: impl Iterator<Item = RemoteId>,
        complete: bool,
        now: DateTime<Utc>,
    ) {
        let mut calendars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let absent = calendars.entry(calendar.clone()).or_default();
        absent.read = Some(now);
        absent.named.retain(|_, at| now - *at < REMEMBERED);
        absent.named.extend(ids.map(|id| (id, now)));
        if complete {
            absent.listed = Some(now);
        }
    }

    /// True when a read was kept since `sent`.
    pub(crate) fn read_since(&self, calendar: &CalendarId, sent: DateTime<Utc>) -> bool {
        let calendars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calendars.get(calendar).is_some_and(|absent| absent.read.is_some_and(|at| at > sent))
    }

    /// True when an item that nobody knows may have been seen to be gone since `sent`.
    pub(crate) fn since(&self, calendar: &CalendarId, id: &RemoteId, sent: DateTime<Utc>) -> bool {
        let calendars = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        calendars.get(calendar).is_some_and(|absent| {
            absent.listed.is_some_and(|at| at > sent) || absent.named.get(id).is_some_and(|at| *at > sent)
        })
    }
}
