//! What was read becomes changes to the store.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::{Mark, MirrorKey, Proof};
use starmesh_core::reconcile::Observed;
use starmesh_core::time::Window;
use starmesh_core::zone::Zone;
use starmesh_provider::Coverage;
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes, Wedge};

use super::listing::Listing;
use super::{Pulled, Touched, covers};
use crate::engine::Engine;

/// What was read, on its way into the store a part at a time: of a very large calendar there is to be no second
/// copy in memory.
pub(super) struct Keeping<'a> {
    pub(super) engine: &'a Engine,
    pub(super) calendar: &'a Calendar,
    pub(super) listing: &'a Listing,
    pub(super) window: &'a Window,
    pub(super) started: DateTime<Utc>,
    pub(super) ended: DateTime<Utc>,
    /// True when links ask for other words than with the read before.
    pub(super) asks_otherwise: bool,
    /// What stands still in the calendar so far.
    pub(super) wedges: Vec<Wedge>,
    /// What is gone and was not known.
    pub(super) unknown: Vec<RemoteId>,
    /// How many marks in what was touched are none of ours.
    pub(super) foreign: u32,
    /// Of which part of the calendar the changes had spoken, when this read verifies what they told.
    pub(super) verified: Option<Coverage>,
    /// How many mirrors are otherwise than the changes had told.
    pub(super) repairs: u64,
    pub(super) pulled: Pulled,
    pub(super) changes: Changes,
}

impl Keeping<'_> {
    /// Items as they were read.
    pub(super) async fn items(&mut self, items: Vec<SourceItem>) -> Result<(), StoreError> {
        let before = self.before(items.iter().map(|item| &item.remote_id)).await?;
        let mut touched: Vec<Touched<'_>> = Vec::new();
        for mut item in items {
            let known = before.get(&item.remote_id);
            // Our own writes may have overtaken this read: what they left may be newer.
            if let Some(known) = known.filter(|known| known.read_at > self.started) {
                self.pulled.contradicted |=
                    known.item.version != item.version && known.item.events != item.events;
                continue;
            }
            if let (Some(Coverage::Range(range)), Some(known)) = (self.listing.coverage, known) {
                item.keep_dates_from(&known.item, range.hi);
            }
            // An item that became unreadable is neither gone nor changed as far as anybody knows.
            if let (Some(_), Some(known)) = (item.problem, known) {
                item.events.clone_from(&known.item.events);
                if self.asks_otherwise {
                    item.forget_words();
                }
            }
            self.changes.put_item(self.engine.state.keys(), &self.calendar.id, &item, self.ended);
            let known = known.map(|known| &known.item);
            if known.is_none_or(|known| known.events != item.events || known.problem != item.problem) {
                touched.push((known, Some(item)));
            }
        }
        self.touch(&touched).await
    }

    /// Items that the read proves to be gone.
    pub(super) async fn gone(&mut self, ids: &[RemoteId]) -> Result<(), StoreError> {
        let before = self.before(ids).await?;
        let mut touched: Vec<Touched<'_>> = Vec::new();
        for id in ids {
            match before.get(id) {
                Some(known) if known.read_at <= self.started => {
                    self.changes.delete_item(&self.calendar.id, id);
                    touched.push((Some(&known.item), None));
                }
                // Whatever a whole listing lacks may have been written after it.
                Some(_) => self.pulled.contradicted |= self.listing.removed.contains(id),
                None => self.unknown.push(id.clone()),
            }
        }
        self.touch(&touched).await
    }

    /// What is known of these items so far.
    async fn before<'i>(
        &self,
        ids: impl IntoIterator<Item = &'i RemoteId>,
    ) -> Result<BTreeMap<RemoteId, Observed>, StoreError> {
        let known = self.engine.state.items_by_id(&self.calendar.id, ids).await?;
        Ok(known.into_iter().map(|observed| (observed.item.remote_id.clone(), observed)).collect())
    }

    /// What follows from items that changed: which meetings are touched, and what is broken.
    async fn touch(&mut self, touched: &[Touched<'_>]) -> Result<(), StoreError> {
        let Engine { state, .. } = self.engine;
        self.engine.keep_broken(self.calendar, &self.wedges, touched, self.window, &mut self.changes);
        self.foreign = self.foreign.saturating_add(self.count_foreign(touched));
        self.pulled.changed += touched.len() as u64;
        let mut marked = BTreeSet::new();
        for item in touched.iter().flat_map(|(before, after)| before.iter().copied().chain(after.as_ref())) {
            self.pulled.meetings.extend(state.meetings_of(item));
            if item.events.iter().any(|event| event.marked.is_some()) {
                marked.insert(&item.remote_id);
            }
        }
        if marked.is_empty() {
            return Ok(());
        }
        let records = state.mirrors_at(&self.calendar.id, marked.iter().copied()).await?;
        let recorded: BTreeSet<_> = records.iter().map(|record| &record.remote_id).collect();
        self.count_repairs(touched, &recorded).await?;
        self.pulled.unrecorded |= marked.iter().any(|id| !recorded.contains(*id));
        self.pulled.meetings.extend(records.iter().map(|record| record.meeting));
        Ok(())
    }

    /// Counts the mirrors of ours that are missing, changed or doubled, though the changes that were read just
    /// before had not told of it. What a person does between the two reads is counted too: it is a moment.
    async fn count_repairs(
        &mut self,
        touched: &[Touched<'_>],
        recorded: &BTreeSet<&RemoteId>,
    ) -> Result<(), StoreError> {
        let Some(coverage) = self.verified else { return Ok(()) };
        let zone = Zone::Named(self.calendar.zone);
        let mut perhaps_doubled = Vec::new();
        for (before, after) in touched {
            let id = before.map(|item| &item.remote_id).or(after.as_ref().map(|item| &item.remote_id));
            if id.is_some_and(|id| recorded.contains(id)) {
                self.repairs += 1;
            } else if let (None, Some(item)) = (before, after) {
                // What only came into reach with this listing no change could tell.
                perhaps_doubled
                    .extend(covers(&coverage, item, &zone).then(|| own_key(self.engine, item)).flatten());
            }
        }
        if !perhaps_doubled.is_empty() {
            let twins = self.engine.state.mirrors_by_key(&self.calendar.id, &perhaps_doubled).await?;
            self.repairs += twins.len() as u64;
        }
        Ok(())
    }

    /// How many marks in what was touched are none of ours.
    fn count_foreign(&self, touched: &[Touched<'_>]) -> u32 {
        let events = touched.iter().filter_map(|(_, after)| after.as_ref()).flat_map(|item| &item.events);
        let foreign = events.filter_map(|event| event.marked.as_ref()).filter(|found| {
            Mark::parse(&found.mark).is_none_or(|mark| {
                mark.verify::<()>(self.engine.state.keys(), &self.calendar.remote.name, []) == Proof::Foreign
            })
        });
        u32::try_from(foreign.count()).unwrap_or(u32::MAX)
    }
}

/// The key of a mirror that stands under the identity which its mark names; a copy does not.
fn own_key(engine: &Engine, item: &SourceItem) -> Option<MirrorKey> {
    let found = item.events.iter().find_map(|event| event.marked.as_ref())?;
    let mark = Mark::parse(&found.mark)?;
    let own = engine.state.keys().provider_id(&mark.key, mark.incarnation);
    (found.provider_id == own.as_str()).then_some(mark.key)
}
