//! Items of calendars, as last read.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{CalendarId, RemoteId};
use starmesh_core::mirror::{IdentityKey, MeetingId};
use starmesh_core::reconcile::Observed;

use super::{Changes, State, decode, key, row};
use crate::{Change, Row, Select, StoreError, Table};

/// The meetings of an item: what it is found by.
pub(super) fn meetings(keys: &IdentityKey, item: &SourceItem) -> BTreeSet<MeetingId> {
    item.events.iter().map(|event| keys.meeting(&event.uid)).collect()
}

impl Changes {
    /// Writes an item of a calendar, brought by a read that ended at `read_at`.
    pub fn put_item(
        &mut self,
        keys: &IdentityKey,
        calendar: &CalendarId,
        item: &SourceItem,
        read_at: DateTime<Utc>,
    ) {
        let lookups = meetings(keys, item).into_iter().map(|meeting| meeting.0.to_vec()).collect();
        self.push(Change::Put(
            Table::Items,
            row(
                key(&[calendar.as_str(), item.remote_id.as_str()]),
                key(&[calendar.as_str()]),
                lookups,
                read_at.timestamp_millis(),
                item,
            ),
        ));
    }

    /// Removes an item of a calendar.
    pub fn delete_item(&mut self, calendar: &CalendarId, id: &RemoteId) {
        self.push(Change::Delete(Table::Items, key(&[calendar.as_str(), id.as_str()])));
    }
}

impl State {
    /// The meetings of an item: what it is found by.
    pub fn meetings_of(&self, item: &SourceItem) -> BTreeSet<MeetingId> {
        meetings(&self.keys, item)
    }

    /// All items of a calendar.
    pub async fn items(&self, calendar: &CalendarId) -> Result<Vec<Observed>, StoreError> {
        let mut items = self.items_where(calendar, |_| true).await?;
        // As rows come: by age, then by key, in which the length of an id comes before the id.
        items.sort_by(|a, b| {
            let order = |one: &Observed| (one.read_at, one.item.remote_id.as_str().len());
            order(a).cmp(&order(b)).then_with(|| a.item.remote_id.cmp(&b.item.remote_id))
        });
        Ok(items)
    }

    /// The items of a calendar that `wanted` picks, in no order. The others are not held in memory.
    pub async fn items_where(
        &self,
        calendar: &CalendarId,
        wanted: impl Fn(&SourceItem) -> bool + Send + 'static,
    ) -> Result<Vec<Observed>, StoreError> {
        let items = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&items);
        let take = move |row: Row| {
            let observed = observed_in(&row)?;
            if wanted(&observed.item) {
                kept.lock().unwrap_or_else(PoisonError::into_inner).push(observed);
            }
            Ok(())
        };
        self.store.visit(Table::Items, &key(&[calendar.as_str()]), Box::new(take)).await?;
        let mut items = items.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(std::mem::take(&mut *items))
    }

    /// How many items of a calendar are known.
    pub async fn item_count(&self, calendar: &CalendarId) -> Result<u64, StoreError> {
        self.store.count(Table::Items, Select::Parent(&key(&[calendar.as_str()]))).await
    }

    /// The items of a calendar with these ids.
    pub async fn items_by_id<'a>(
        &self,
        calendar: &CalendarId,
        ids: impl IntoIterator<Item = &'a RemoteId>,
    ) -> Result<Vec<Observed>, StoreError> {
        let keys: Vec<_> = ids.into_iter().map(|id| key(&[calendar.as_str(), id.as_str()])).collect();
        observed(&self.store.get_many(Table::Items, &keys).await?)
    }

    /// The items of a calendar that belong to any of these meetings.
    pub async fn items_of_meetings(
        &self,
        calendar: &CalendarId,
        meetings: &BTreeSet<MeetingId>,
    ) -> Result<Vec<Observed>, StoreError> {
        let lookups: Vec<_> = meetings.iter().map(|meeting| meeting.0.to_vec()).collect();
        let parent = key(&[calendar.as_str()]);
        observed(&self.store.select(Table::Items, Select::Lookups(&parent, &lookups)).await?)
    }
}

fn observed(rows: &[Row]) -> Result<Vec<Observed>, StoreError> {
    rows.iter().map(observed_in).collect()
}

fn observed_in(row: &Row) -> Result<Observed, StoreError> {
    let read_at = DateTime::from_timestamp_millis(row.at_ms)
        .ok_or(StoreError::Damaged { table: Table::Items.name() })?;
    Ok(Observed { item: decode(Table::Items, row)?, read_at })
}
