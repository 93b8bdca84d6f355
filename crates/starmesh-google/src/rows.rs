//! The rows of one read, each event in its latest form, series apart.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::event::SourceItem;
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::TimeRange;

use crate::convert::{lies_in, series_of_instance, single_item};
use crate::wire::Row;

/// All rows of a listing.
#[derive(Default)]
pub(crate) struct Whole {
    /// Single events without a mark. Most of a large calendar are that, and a row takes far more room.
    pub(crate) plain: BTreeMap<String, SourceItem>,
    /// The other single events.
    pub(crate) singles: BTreeMap<String, Row>,
    pub(crate) series: BTreeMap<String, BTreeMap<String, Row>>,
}

/// All rows of the changes since a token.
#[derive(Default)]
pub(crate) struct Delta {
    pub(crate) singles: BTreeMap<String, Row>,
    pub(crate) removed: BTreeSet<String>,
    /// Those of `removed` that were told as deleted.
    pub(crate) deleted: BTreeSet<String>,
    /// Series of which an instance changed, with the iCalendar UID where one was told.
    pub(crate) touched: BTreeMap<String, Option<String>>,
}

impl Whole {
    /// The latest of several rows for one event counts.
    pub(crate) fn add(&mut self, row: Row) {
        let id = row.id().to_owned();
        let is_gone = row.is_cancelled();
        if let Some(series) = row.series() {
            let rows = self.series.entry(series.to_owned()).or_default();
            if is_gone {
                rows.remove(&id);
            } else {
                rows.insert(id, row);
            }
            return;
        }
        self.plain.remove(&id);
        self.singles.remove(&id);
        match row {
            _ if is_gone => {}
            Row::Event(row) if row.mark().is_none() => {
                self.plain.insert(id, single_item(&row, None));
            }
            row => {
                self.singles.insert(id, row);
            }
        }
    }
}

impl Delta {
    pub(crate) fn add(&mut self, row: Row, range: &TimeRange) {
        let id = row.id().to_owned();
        let uid = match &row {
            Row::Event(row) => row.ical_uid.clone(),
            Row::Broken { .. } => None,
        };
        if let Some(series) = row.series() {
            if row.is_cancelled() && planted(Bug::GoogleTakesDateForSeries) {
                self.removed.insert(series.to_owned());
                return;
            }
            self.touch(series, uid);
            return;
        }
        let lies_outside = matches!(&row, Row::Event(row) if !lies_in(row, range));
        if !row.is_cancelled() && !lies_outside {
            self.removed.remove(&id);
            self.deleted.remove(&id);
            self.singles.insert(id, row);
            return;
        }
        // A cancelled row is sure of nothing but its id, so a date of a series may come without naming it.
        if let Some(series) = series_of_instance(&id).filter(|_| row.is_cancelled()) {
            self.touch(series, uid);
        }
        self.singles.remove(&id);
        if row.is_cancelled() {
            self.deleted.insert(id.clone());
        }
        self.removed.insert(id);
    }

    fn touch(&mut self, series: &str, uid: Option<String>) {
        let known = self.touched.entry(series.to_owned()).or_default();
        *known = uid.or(known.take());
    }
}
