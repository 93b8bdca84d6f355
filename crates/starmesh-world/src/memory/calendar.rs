//! One calendar: items, versions, tombstones, cursors and pages.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::{AccountId, RemoteId};
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, ProviderError, RemoteCalendar};

use super::item::{Content, Item, MarkedItem};
use super::style::{Change, Detail, Ids, Style};

/// One calendar of a [`super::Universe`].
#[derive(Clone, Debug)]
pub struct MemoryCalendar {
    /// What its provider says of it.
    pub remote: RemoteCalendar,
    /// Whose it is.
    pub account: AccountId,
    items: BTreeMap<RemoteId, Item>,
    /// When items went, by step.
    tombstones: BTreeMap<RemoteId, u64>,
    /// Counts every change.
    step: u64,
    /// Cursors of another epoch are dead.
    epoch: u64,
    /// Identities that were deleted.
    taken: BTreeSet<String>,
    /// The next number of a server that names items itself.
    next_number: u64,
}

/// A cursor, read.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Position {
    /// All changes up to a step are known.
    Since { epoch: u64, step: u64 },
    /// Inside a listing that began at a step, behind an id.
    Listing { epoch: u64, step: u64, behind: String },
}

impl Position {
    fn parse(cursor: &Cursor) -> Option<Self> {
        let mut parts = cursor.0.splitn(4, '/');
        let (form, epoch, step) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        match (form, parts.next()) {
            ("since", None) => Some(Self::Since { epoch, step }),
            ("listing", Some(behind)) => Some(Self::Listing { epoch, step, behind: behind.to_owned() }),
            _ => None,
        }
    }

    fn cursor(&self) -> Cursor {
        Cursor(match self {
            Self::Since { epoch, step } => format!("since/{epoch}/{step}"),
            Self::Listing { epoch, step, behind } => format!("listing/{epoch}/{step}/{behind}"),
        })
    }

    fn epoch(&self) -> u64 {
        match self {
            Self::Since { epoch, .. } | Self::Listing { epoch, .. } => *epoch,
        }
    }
}

impl MemoryCalendar {
    /// An empty calendar.
    pub fn new(account: AccountId, remote: RemoteCalendar) -> Self {
        Self {
            remote,
            account,
            items: BTreeMap::new(),
            tombstones: BTreeMap::new(),
            step: 0,
            epoch: 1,
            taken: BTreeSet::new(),
            next_number: 1,
        }
    }

    /// All items, by id.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// One item.
    pub fn item(&self, id: &RemoteId) -> Option<&Item> {
        self.items.get(id)
    }

    /// Every cursor given so far is dead from now on.
    pub fn kill_cursors(&mut self) {
        self.epoch += 1;
    }

    /// Writes an item, whoever it belongs to.
    pub fn put(&mut self, remote_id: RemoteId, content: Content) -> &Item {
        self.step += 1;
        self.tombstones.remove(&remote_id);
        let item = Item { remote_id: remote_id.clone(), written: self.step, changed: self.step, content };
        self.items.entry(remote_id).insert_entry(item).into_mut()
    }

    /// Makes items show up as changed in the next delta, in the versions they have: what a server does
    /// whose index lags behind.
    pub(super) fn resurface(&mut self, ids: &BTreeSet<RemoteId>) {
        for id in ids {
            if let Some(item) = self.items.get_mut(id) {
                self.step += 1;
                item.changed = self.step;
            }
        }
    }

    /// Removes an item.
    pub fn remove(&mut self, id: &RemoteId) -> Option<Item> {
        let item = self.items.remove(id)?;
        self.step += 1;
        self.tombstones.insert(id.clone(), self.step);
        if let Some(marked) = item.marked() {
            self.taken.insert(marked.provider_id.clone());
        }
        Some(item)
    }

    /// The live item that was created under this identity.
    pub fn by_identity(&self, provider_id: &str) -> Option<&Item> {
        self.items.values().find(|item| item.marked().is_some_and(|marked| marked.provider_id == provider_id))
    }

    /// True when a create under this identity is refused.
    pub(super) fn is_taken(&self, provider_id: &str, style: &Style) -> bool {
        self.by_identity(provider_id).is_some()
            || style.remembers_deleted && self.taken.contains(provider_id)
            || style.ids == Ids::Chosen && self.items.contains_key(&self.chosen_id(provider_id))
    }

    /// Where a new mirror goes.
    pub(super) fn name_for(&mut self, marked: &MarkedItem, style: &Style) -> RemoteId {
        match style.ids {
            Ids::Chosen => self.chosen_id(&marked.provider_id),
            Ids::Assigned => {
                self.next_number += 1;
                RemoteId::new(format!("{:06}", self.next_number))
            }
        }
    }

    fn chosen_id(&self, provider_id: &str) -> RemoteId {
        RemoteId::new(format!("{}{provider_id}.ics", self.remote.name))
    }

    /// One page of changes. `whole` answers a token with everything there is, and `left_out` hides items
    /// from a listing of everything.
    pub(super) fn page(
        &self,
        cursor: Option<&Cursor>,
        style: &Style,
        whole: bool,
        left_out: &BTreeSet<RemoteId>,
    ) -> Result<ChangeSet, ProviderError> {
        let position = match cursor {
            None => None,
            Some(cursor) => {
                let position = Position::parse(cursor).filter(|position| position.epoch() == self.epoch);
                Some(position.ok_or_else(|| {
                    ProviderError::new(ErrorKind::TokenExpired, "the sync token is not valid any more")
                })?)
            }
        };
        Ok(match position {
            None => self.listing(self.step, "", style, left_out),
            Some(Position::Listing { step, behind, .. }) => self.listing(step, &behind, style, left_out),
            Some(Position::Since { .. }) if whole => self.listing(self.step, "", style, left_out),
            Some(Position::Since { step, .. }) => match style.change {
                Change::Log => self.delta(step, style),
                Change::Tag if step == self.step => self.nothing_new(),
                Change::Tag => self.listing(self.step, "", style, left_out),
            },
        })
    }

    /// An answer that says, wrongly, that the calendar is empty; its cursor brings everything back.
    pub(super) fn empty_listing(&self) -> ChangeSet {
        ChangeSet {
            changed: Vec::new(),
            removed: Vec::new(),
            cursor: Some(Position::Since { epoch: self.epoch, step: 0 }.cursor()),
            more: false,
            complete: true,
            coverage: Coverage::Everything,
        }
    }

    fn nothing_new(&self) -> ChangeSet {
        let cursor = Position::Since { epoch: self.epoch, step: self.step }.cursor();
        ChangeSet { cursor: Some(cursor), complete: false, ..self.empty_listing() }
    }

    /// The items behind an id, in order of their ids. What changes while a listing goes on is told by the
    /// first delta after it.
    fn listing(&self, step: u64, behind: &str, style: &Style, left_out: &BTreeSet<RemoteId>) -> ChangeSet {
        let mut rest = self.items.values().filter(|item| item.remote_id.as_str() > behind);
        let page: Vec<&Item> = rest.by_ref().take(style.page).collect();
        let more = rest.next().is_some();
        let position = match page.last() {
            Some(last) if more => {
                Position::Listing { epoch: self.epoch, step, behind: last.remote_id.as_str().to_owned() }
            }
            _ => Position::Since { epoch: self.epoch, step },
        };
        let shown = page.into_iter().filter(|item| !left_out.contains(&item.remote_id));
        ChangeSet {
            changed: shown.map(|item| told(item, style)).collect(),
            removed: Vec::new(),
            cursor: Some(position.cursor()),
            more,
            complete: true,
            coverage: Coverage::Everything,
        }
    }

    fn delta(&self, since: u64, style: &Style) -> ChangeSet {
        let mut steps: BTreeMap<u64, &RemoteId> = BTreeMap::new();
        steps.extend(self.items.values().map(|item| (item.changed, &item.remote_id)));
        steps.extend(self.tombstones.iter().map(|(id, step)| (*step, id)));
        let mut rest = steps.range(since + 1..);
        let page: Vec<_> = rest.by_ref().take(style.page).collect();
        let more = rest.next().is_some();
        let step = if more { page.last().map_or(self.step, |(step, _)| **step) } else { self.step };
        let mut changes = self.nothing_new();
        changes.cursor = Some(Position::Since { epoch: self.epoch, step }.cursor());
        changes.more = more;
        for (_, id) in page {
            match self.items.get(*id) {
                Some(item) => changes.changed.push(told(item, style)),
                None => changes.removed.push((*id).clone()),
            }
        }
        changes
    }
}

fn told(item: &Item, style: &Style) -> Changed {
    match style.detail {
        Detail::Listed => Changed::Listed { id: item.remote_id.clone(), version: Some(item.version()) },
        Detail::Whole => Changed::Read(item.to_source()),
    }
}
