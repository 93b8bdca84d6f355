//! All calendars of all accounts, and what is watched about them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use starmesh_core::ids::{AccountId, LastingName, RemoteId};
use starmesh_provider::{ErrorKind, MirrorWrite, ProviderError, RemoteCalendar, Result, Written};
use tokio::time::Instant;

use super::calendar::MemoryCalendar;
use super::fault::FaultPlan;
use super::item::{Content, Item, MarkedItem};
use super::style::Style;
use crate::trace::{Kept, Trace};

/// All calendars of all accounts, on one clock.
pub struct Universe {
    inner: Mutex<Inner>,
}

pub(super) struct Inner {
    pub(super) started: Instant,
    pub(super) styles: BTreeMap<AccountId, Style>,
    pub(super) calendars: BTreeMap<LastingName, MemoryCalendar>,
    pub(super) faults: FaultPlan,
    pub(super) trouble: Trouble,
    pub(super) trace: Trace,
    ledger: Vec<LedgerEntry>,
    pub(super) notices: BTreeSet<LastingName>,
    witness: Option<Box<dyn Witness>>,
    violations: Vec<String>,
    strangers_go: bool,
}

/// Troubles that outlast one request.
#[derive(Default)]
pub(super) struct Trouble {
    /// Until when an account answers 429.
    pub(super) throttled_until: BTreeMap<AccountId, Instant>,
    /// Until when a calendar answers 404.
    pub(super) gone_until: BTreeMap<LastingName, Instant>,
    /// Calendars that lied to a device about being empty. Each does so once: whether the truth told in
    /// between was also kept nobody outside can know, and a second lie without it is to be believed.
    pub(super) lied: BTreeSet<(u8, LastingName)>,
    /// Reads of a device that have more pages to come, with the items that they leave out.
    pub(super) reading: BTreeMap<(u8, LastingName), BTreeSet<RemoteId>>,
}

/// A write that was done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerEntry {
    /// Since the start of the world.
    pub at: Duration,
    /// Which device asked for it.
    pub device: u8,
    /// In which calendar.
    pub calendar: LastingName,
    /// On which item.
    pub remote_id: RemoteId,
    /// What was done.
    pub did: Did,
}

/// What a write does.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Did {
    /// A mirror is placed.
    Create,
    /// A mirror is changed.
    Update,
    /// A mirror is removed.
    Remove,
}

/// A write that is about to be done, as the witness sees it.
pub struct Seen<'a> {
    /// Which device asks for it.
    pub device: u8,
    /// In which calendar.
    pub calendar: &'a MemoryCalendar,
    /// The mirror as it stands; `None` for a create.
    pub before: Option<&'a MarkedItem>,
    /// The mirror as it will stand; `None` for a removal.
    pub after: Option<&'a MarkedItem>,
    /// What is done.
    pub did: Did,
}

/// Judges every write before it is done.
pub trait Witness: Send {
    /// Why the write must not be; it is then refused and recorded as a violation.
    fn judge(&mut self, seen: &Seen<'_>) -> std::result::Result<(), String>;
}

impl Universe {
    /// A universe without calendars.
    pub fn new(faults: FaultPlan) -> Self {
        Self {
            inner: Mutex::new(Inner {
                started: Instant::now(),
                styles: BTreeMap::new(),
                calendars: BTreeMap::new(),
                faults,
                trouble: Trouble::default(),
                trace: Trace::default(),
                ledger: Vec::new(),
                notices: BTreeSet::new(),
                witness: None,
                violations: Vec::new(),
                strangers_go: false,
            }),
        }
    }

    /// Adds an account.
    pub fn add_account(&self, account: &AccountId, style: Style) {
        self.lock().styles.insert(account.clone(), style);
    }

    /// Adds an empty calendar.
    pub fn add_calendar(&self, account: &AccountId, remote: RemoteCalendar) {
        let calendar = MemoryCalendar::new(account.clone(), remote.clone());
        self.lock().calendars.insert(remote.name, calendar);
    }

    /// Removes a calendar with all it holds.
    pub fn remove_calendar(&self, calendar: &LastingName) {
        self.lock().calendars.remove(calendar);
    }

    /// Lets `witness` judge every write from now on.
    pub fn set_witness(&self, witness: Box<dyn Witness>) {
        self.lock().witness = Some(witness);
    }

    /// Sets what is traced beside the hash.
    pub fn keep_trace(&self, kept: Kept) {
        self.lock().trace.keep(kept);
    }

    /// Changes the fault plan.
    pub fn with_faults<T>(&self, act: impl FnOnce(&mut FaultPlan) -> T) -> T {
        act(&mut self.lock().faults)
    }

    /// Ends every fault, also those under way.
    pub fn heal(&self) {
        let mut inner = self.lock();
        inner.faults.set_on(false);
        inner.trouble = Trouble::default();
    }

    /// Looks at a calendar; `None` when it does not exist.
    pub fn look<T>(&self, calendar: &LastingName, look: impl FnOnce(&MemoryCalendar) -> T) -> Option<T> {
        self.lock().calendars.get(calendar).map(look)
    }

    /// Changes a calendar by a person's hand; `None` when it does not exist. Its watchers are told.
    pub fn edit<T>(&self, calendar: &LastingName, edit: impl FnOnce(&mut MemoryCalendar) -> T) -> Option<T> {
        let mut inner = self.lock();
        let edited = edit(inner.calendars.get_mut(calendar)?);
        inner.notices.insert(calendar.clone());
        Some(edited)
    }

    /// The calendars that changed since this was last asked: what a webhook would tell.
    pub fn take_notices(&self) -> BTreeSet<LastingName> {
        std::mem::take(&mut self.lock().notices)
    }

    /// Every write so far.
    pub fn ledger(&self) -> Vec<LedgerEntry> {
        self.lock().ledger.clone()
    }

    /// How many writes were done so far.
    pub fn writes(&self) -> usize {
        self.lock().ledger.len()
    }

    /// What was done that must not be.
    pub fn violations(&self) -> Vec<String> {
        self.lock().violations.clone()
    }

    /// Records what must not be.
    pub fn complain(&self, what: String) {
        self.lock().violation(what);
    }

    /// Adds a line to the trace.
    pub fn trace(&self, line: &str) {
        self.lock().note(line);
    }

    /// Shows a body to whoever reads the trace.
    pub fn show(&self, body: impl FnOnce() -> String) {
        let mut inner = self.lock();
        let at = inner.started.elapsed();
        inner.trace.show(at, body);
    }

    /// Says whether mirrors of another installation may go: a person asked for them by number.
    pub fn let_strangers_go(&self, go: bool) {
        self.lock().strangers_go = go;
    }

    /// The hash of the trace so far, and its lines if they are kept.
    pub fn trace_so_far(&self) -> (u64, Vec<String>) {
        let inner = self.lock();
        (inner.trace.hash(), inner.trace.lines().to_vec())
    }

    /// No code inside the lock panics midway through a change.
    pub(super) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    /// Adds a line to the trace, with the time.
    pub(super) fn note(&mut self, line: &str) {
        let at = self.started.elapsed();
        self.trace.add(at, line);
    }

    pub(super) fn calendar(&self, name: &LastingName) -> Result<&MemoryCalendar> {
        self.calendars.get(name).ok_or_else(calendar_gone)
    }

    pub(super) fn style(&self, account: &AccountId) -> Style {
        self.styles.get(account).copied().unwrap_or_default()
    }

    /// Does one write, or says why not.
    pub(super) fn apply(&mut self, device: u8, name: &LastingName, write: &MirrorWrite) -> Result<Written> {
        let calendar = self.calendar(name)?;
        if calendar.remote.read_only {
            return Err(ProviderError::new(ErrorKind::ReadOnly, "the calendar is read-only"));
        }
        let style = self.style(&calendar.account);
        let (did, remote_id, before, after) = match write {
            MirrorWrite::Create(spec) => {
                if calendar.is_taken(spec.provider_id().as_str(), &style) {
                    return Err(ProviderError::new(ErrorKind::IdentityTaken, "the id is already taken"));
                }
                (Did::Create, None, None, Some(MarkedItem::of(spec)))
            }
            MirrorWrite::Update(placed, spec) => {
                let before = self.addressed(calendar, placed.remote_id(), placed.version())?;
                // Without a version the mark alone says whether the writer means what stands there.
                let other = matches!(&before, Addressed::Mirror(mirror)
                    if mirror.provider_id != spec.provider_id().as_str());
                if other && placed.version().is_none() {
                    return Err(ProviderError::new(
                        ErrorKind::PreconditionFailed,
                        "another mirror stands there",
                    ));
                }
                (Did::Update, Some(placed.remote_id().clone()), Some(before), Some(MarkedItem::of(spec)))
            }
            MirrorWrite::Remove(placed) => {
                let before = self.addressed(calendar, placed.remote_id(), placed.version())?;
                (Did::Remove, Some(placed.remote_id().clone()), Some(before), None)
            }
        };
        let before = match before {
            Some(Addressed::Mirror(mirror)) => Some(mirror),
            Some(Addressed::NotOurs) => {
                return Err(self.violation(format!("device {device}: {did:?} of an item that is no mirror")));
            }
            None => None,
        };
        self.judge(device, name, before.as_ref(), after.as_ref(), did)?;
        self.carry_out(device, name, remote_id, after, did, &style)
    }

    /// The mirror that a write addresses, if it is still in the version that the writer saw.
    fn addressed(
        &self,
        calendar: &MemoryCalendar,
        id: &RemoteId,
        version: Option<&starmesh_core::ids::Version>,
    ) -> Result<Addressed> {
        let item =
            calendar.item(id).ok_or_else(|| ProviderError::new(ErrorKind::Gone, "the item is not there"))?;
        if version.is_some_and(|version| *version != item.version()) {
            return Err(ProviderError::new(ErrorKind::PreconditionFailed, "the item has changed"));
        }
        // Whoever names no version looks first, and sees that it is a person's now.
        if version.is_none() && item.marked().is_some_and(|marked| marked.has_attendees) {
            return Err(ProviderError::new(ErrorKind::PreconditionFailed, "others are invited to the item"));
        }
        let stranger = item.marked().filter(|it| self.strangers_go && it.is_of_another_installation());
        let found = item.mirror().or(stranger);
        Ok(found.map_or(Addressed::NotOurs, |mirror| Addressed::Mirror(mirror.clone())))
    }

    fn judge(
        &mut self,
        device: u8,
        name: &LastingName,
        before: Option<&MarkedItem>,
        after: Option<&MarkedItem>,
        did: Did,
    ) -> Result<()> {
        if let (Some(before), Some(after)) = (before, after)
            && before.provider_id != after.provider_id
        {
            return Err(self.violation(format!("device {device}: an update changes a mirror's identity")));
        }
        let Some(mut witness) = self.witness.take() else { return Ok(()) };
        let verdict = match self.calendars.get(name) {
            Some(calendar) => witness.judge(&Seen { device, calendar, before, after, did }),
            None => Ok(()),
        };
        self.witness = Some(witness);
        verdict.map_err(|why| self.violation(why))
    }

    fn carry_out(
        &mut self,
        device: u8,
        name: &LastingName,
        remote_id: Option<RemoteId>,
        after: Option<MarkedItem>,
        did: Did,
        style: &Style,
    ) -> Result<Written> {
        let at = self.started.elapsed();
        let calendar = self.calendars.get_mut(name).ok_or_else(calendar_gone)?;
        let remote_id = match (&remote_id, &after) {
            (None, Some(after)) => calendar.name_for(after, style),
            _ => remote_id.ok_or_else(calendar_gone)?,
        };
        let version = match after {
            Some(after) => Some(calendar.put(remote_id.clone(), Content::Marked(after)).version()),
            None => calendar.remove(&remote_id).map(|_| None).unwrap_or_default(),
        };
        self.notices.insert(name.clone());
        let entry = LedgerEntry { at, device, calendar: name.clone(), remote_id: remote_id.clone(), did };
        self.ledger.push(entry);
        Ok(Written { remote_id, version })
    }

    /// Records what must not be, and refuses it.
    pub(super) fn violation(&mut self, what: String) -> ProviderError {
        self.note(&what);
        self.violations.push(what);
        ProviderError::new(ErrorKind::Refused, "the write is not allowed")
    }

    /// Calendars of an account that answer.
    pub(super) fn listed(&self, account: &AccountId) -> Vec<RemoteCalendar> {
        let here = self.calendars.values().filter(|calendar| calendar.account == *account);
        here.map(|calendar| calendar.remote.clone()).collect()
    }

    /// A person's touch of a mirror, just before a write arrives.
    pub(super) fn touch(&mut self, name: &LastingName, id: &RemoteId) -> bool {
        let invites = self.faults.dice().chance(500);
        let Some(calendar) = self.calendars.get_mut(name) else { return false };
        let Some(mut marked) = calendar.item(id).and_then(Item::mirror).cloned() else { return false };
        marked.plain = false;
        marked.has_attendees |= invites;
        calendar.put(id.clone(), Content::Marked(marked));
        self.notices.insert(name.clone());
        true
    }
}

/// What a write addresses.
enum Addressed {
    Mirror(MarkedItem),
    NotOurs,
}

pub(super) fn calendar_gone() -> ProviderError {
    ProviderError::new(ErrorKind::CalendarGone, "the calendar is not there")
}
