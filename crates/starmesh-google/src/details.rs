//! What is known of mirrors besides their facts.
//!
//! A listing tells no subjects, so that a row with a mark says too little to compare it with what was
//! written. Whoever needs more reads the row again with all fields; what our own writes left is known from
//! their answers. An etag names one state of an event, so what is known of it holds as long as the etag.
//!
//! Ids of mirrors that were seen deleted are remembered too: Google never gives an id out again, and does
//! not promise to notice when somebody asks for one.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use starmesh_core::event::MarkedEvent;
use starmesh_core::ids::LastingName;
use starmesh_core::mirror::ProviderId;

use crate::convert::marked;
use crate::privacy::Privacy;
use crate::wire::EventRow;

/// The most mirrors of an account that are remembered, at a few hundred bytes each. When it is reached all
/// are forgotten, which costs requests and nothing else.
const KNOWN_MAX: usize = 50_000;

/// An event of a calendar.
type Place = (LastingName, String);

/// Marks by calendar and event, each with the etag it was seen at, and mirrors that were seen deleted.
#[derive(Default)]
pub(crate) struct Details {
    known: Mutex<HashMap<Place, (String, MarkedEvent)>>,
    deleted: Mutex<HashSet<Place>>,
}

impl Details {
    /// Remembers a row that was read with all its fields, and gives its mark.
    pub(crate) fn learn(
        &self,
        calendar: &LastingName,
        row: &EventRow,
        privacy: Privacy,
    ) -> Option<MarkedEvent> {
        let found = marked(row, privacy)?;
        if let Some(etag) = &row.etag {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            if known.len() >= KNOWN_MAX {
                known.clear();
            }
            known.insert((calendar.clone(), row.id.clone()), (etag.clone(), found.clone()));
        }
        Some(found)
    }

    /// The mark of a row that was read with its facts only; `None` when it has to be read again.
    pub(crate) fn of(&self, calendar: &LastingName, row: &EventRow) -> Option<MarkedEvent> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (etag, found) = known.get(&(calendar.clone(), row.id.clone()))?;
        (row.etag.as_ref() == Some(etag)).then(|| found.clone())
    }

    /// Remembers that an event was seen deleted, if its id is one that a mirror may have.
    pub(crate) fn saw_deleted(&self, calendar: &LastingName, id: &str) {
        if ProviderId::has_shape(id) {
            let mut deleted = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
            if deleted.len() >= KNOWN_MAX {
                deleted.clear();
            }
            deleted.insert((calendar.clone(), id.to_owned()));
        }
    }

    /// True when an event was seen deleted.
    pub(crate) fn is_deleted(&self, calendar: &LastingName, id: &str) -> bool {
        let deleted = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
        deleted.contains(&(calendar.clone(), id.to_owned()))
    }

    /// Takes back that an event was seen deleted.
    pub(crate) fn forget_deleted(&self, calendar: &LastingName, id: &str) {
        let mut deleted = self.deleted.lock().unwrap_or_else(PoisonError::into_inner);
        deleted.remove(&(calendar.clone(), id.to_owned()));
    }
}
