//! What a first round and the view that was read after it show, compared.
//!
//! Either may lag behind the other, and the next round starts after what this one has told: a change that
//! the view does not show yet would never be told again. So what the two do not show alike is looked at by
//! itself.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use starmesh_core::ids::RemoteId;

use crate::convert::{event_time, facts};
use crate::view::View;
use crate::wire::{EventRow, Lenient, ZonedTime};

/// What a first round showed: a digest of each row, of which there may be very many.
#[derive(Default)]
pub(crate) struct Shown {
    /// Single events; `None` for one that could not be understood.
    singles: BTreeMap<RemoteId, Option<u64>>,
    /// Series with their dates. Both versions of a date that came twice are here, and equal no view.
    series: BTreeMap<RemoteId, BTreeSet<u64>>,
    /// What is said to be gone, or came in two versions.
    doubtful: BTreeSet<RemoteId>,
}

/// What a round and a view do not show alike.
#[derive(Default)]
pub(crate) struct Doubts {
    /// Single events, as far as is known.
    pub(crate) singles: BTreeSet<RemoteId>,
    /// Series by their masters.
    pub(crate) series: BTreeSet<RemoteId>,
}

impl Shown {
    /// Takes in one row of the round.
    pub(crate) fn add(&mut self, row: &Lenient<EventRow>) {
        let row = match row {
            Lenient::Good(row) => row,
            Lenient::Bad { id } => return self.add_single(RemoteId::new(id.as_str()), None),
            Lenient::Worse(_) => return,
        };
        let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()).map(RemoteId::new) else { return };
        if row.removed.is_some() || (row.start.is_none() && !row.is_master()) {
            self.doubtful.insert(id);
        } else if row.is_master() {
            self.series.entry(id).or_default();
        } else if let Some(series) = row.series() {
            self.series.entry(RemoteId::new(series)).or_default().insert(digest(row));
        } else {
            self.add_single(id, Some(digest(row)));
        }
    }

    fn add_single(&mut self, id: RemoteId, version: Option<u64>) {
        let before = self.singles.insert(id.clone(), version);
        if before.is_some_and(|before| before != version) {
            self.doubtful.insert(id);
        }
    }

    /// What `view` does not show alike.
    pub(crate) fn doubts(mut self, view: &View) -> Doubts {
        let mut doubts = Doubts::default();
        let mut dates: BTreeMap<RemoteId, BTreeSet<u64>> = BTreeMap::new();
        for (id, row) in view.shown() {
            let series = row.and_then(EventRow::series).map(RemoteId::new);
            match (series, row) {
                (Some(series), Some(row)) => {
                    dates.entry(series).or_default().insert(digest(row));
                }
                _ => {
                    let id = RemoteId::new(id);
                    let told = self.singles.remove(&id);
                    if told != Some(row.map(digest)) || self.doubtful.contains(&id) {
                        doubts.singles.insert(id);
                    }
                }
            }
        }
        doubts.singles.extend(self.singles.into_keys());
        for (series, told) in self.series {
            let is_alike = dates.remove(&series).unwrap_or_default() == told;
            if !is_alike || self.doubtful.contains(&series) {
                doubts.series.insert(series);
            }
        }
        doubts.series.extend(dates.into_keys());
        doubts
    }
}

/// A digest of what a row says about the person's time. A date of a series may be a stub, of which only its
/// version is known; its times, where it names none.
fn digest(row: &EventRow) -> u64 {
    let mut hasher = DefaultHasher::new();
    row.id.hash(&mut hasher);
    match (row.series(), &row.etag) {
        (None, _) => (event_time(row).ok(), facts(row)).hash(&mut hasher),
        (Some(_), Some(etag)) => etag.hash(&mut hasher),
        (Some(_), None) => {
            let text = |time: &Option<ZonedTime>| time.as_ref().and_then(|time| time.date_time.clone());
            (text(&row.start), text(&row.end)).hash(&mut hasher);
        }
    }
    hasher.finish()
}
