//! The pages of one read, put together.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::event::SourceItem;
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::reconcile::Observed;
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor};

/// What the pages of one read say, the later over the earlier.
#[derive(Default)]
pub(crate) struct Listing {
    pub(super) listed: BTreeMap<RemoteId, Option<Version>>,
    pub(super) handed: BTreeMap<RemoteId, SourceItem>,
    /// Those of `handed` whose marks could not be seen.
    pub(super) without_marks: BTreeSet<RemoteId>,
    pub(super) removed: BTreeSet<RemoteId>,
    /// What was in `handed` before it was sorted.
    pub(super) sorted: BTreeSet<RemoteId>,
    pub(super) cursor: Option<Cursor>,
    pub(super) complete: bool,
    pub(super) coverage: Option<Coverage>,
}

impl Listing {
    /// Takes one more page.
    pub(super) fn add(&mut self, page: ChangeSet) {
        self.complete = page.complete;
        self.coverage = Some(page.coverage);
        self.cursor = page.cursor;
        for changed in page.changed {
            match changed {
                Changed::Listed { id, version } => {
                    self.removed.remove(&id);
                    self.listed.insert(id, version);
                }
                Changed::Read(item) => {
                    self.removed.remove(&item.remote_id);
                    self.without_marks.remove(&item.remote_id);
                    self.handed.insert(item.remote_id.clone(), item);
                }
                Changed::ReadWithoutMarks(item) => {
                    self.removed.remove(&item.remote_id);
                    self.without_marks.insert(item.remote_id.clone());
                    self.handed.insert(item.remote_id.clone(), item);
                }
            }
        }
        for id in page.removed {
            self.listed.remove(&id);
            self.handed.remove(&id);
            self.without_marks.remove(&id);
            self.removed.insert(id);
        }
    }

    /// The ids of all that it shows.
    pub(crate) fn ids(&self) -> BTreeSet<RemoteId> {
        self.listed.keys().chain(self.handed.keys()).chain(&self.sorted).cloned().collect()
    }

    /// True when this is everything, and there is nothing.
    pub(super) fn shows_nothing(&self) -> bool {
        self.complete && self.listed.is_empty() && self.handed.is_empty() && self.sorted.is_empty()
    }

    /// The ids of items that have to be read, and the items that are as they were handed over; `known` are
    /// those among them that are known.
    pub(super) fn sort(&mut self, known: &[Observed], anew: bool) -> (Vec<RemoteId>, Vec<SourceItem>) {
        let known: BTreeMap<_, _> = known.iter().map(|known| (&known.item.remote_id, &known.item)).collect();
        let is_new = |id: &RemoteId, version: &Option<Version>| {
            anew || version.is_none() || known.get(id).is_none_or(|known| known.version != *version)
        };
        let mut wanted: BTreeSet<RemoteId> = self
            .listed
            .iter()
            .filter(|(id, version)| is_new(id, version))
            .map(|(id, _)| id.clone())
            .collect();
        let mut items = Vec::new();
        for (id, item) in std::mem::take(&mut self.handed) {
            let known = known.get(&id).filter(|_| self.without_marks.contains(&id));
            self.sorted.insert(id.clone());
            // What is known to carry a mark is not taken from a read that cannot show it.
            if known.is_some_and(|known| known.events.iter().any(|event| event.marked.is_some())) {
                wanted.extend(is_new(&id, &item.version).then_some(id));
            } else {
                items.push(item);
            }
        }
        (wanted.into_iter().collect(), items)
    }
}
