//! The port over the universe: one account, seen by one device.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{AccountId, LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Changed, Cursor, ErrorKind, Fetched, MirrorWrite,
    ProviderError, RemoteCalendar, Result, Written,
};
use tokio::time::{Instant, sleep};

use super::fault::FaultKind;
use super::item::Item;
use super::universe::{Inner, Universe, calendar_gone};
use crate::words;

/// The longest way of a request or an answer, in milliseconds.
const WAY_MS_MAX: u64 = 12;
/// The longest way while answers are reordered, in milliseconds.
const SLOW_WAY_MS_MAX: u64 = 4_000;
/// The longest delay that a 429 names, in seconds.
const RETRY_AFTER_S_MAX: u64 = 90;
/// The longest time for which a calendar answers 404, in seconds: shorter than what makes it believed.
const GONE_S_MAX: u64 = 45;

/// One account, seen by one device.
pub struct MemoryProvider {
    universe: Arc<Universe>,
    account: AccountId,
    device: u8,
    /// What is looked for in each calendar.
    terms: Mutex<BTreeMap<LastingName, Terms>>,
}

impl MemoryProvider {
    /// `account` of `universe`, asked by `device`.
    pub fn new(universe: Arc<Universe>, account: AccountId, device: u8) -> Self {
        Self { universe, account, device, terms: Mutex::default() }
    }

    fn terms(&self) -> MutexGuard<'_, BTreeMap<LastingName, Terms>> {
        self.terms.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, calendar: &LastingName, item: &mut SourceItem) {
        if let Some(terms) = self.terms().get(calendar) {
            words::look(item, terms);
        }
    }

    async fn travel(&self) {
        let way = {
            let mut inner = self.universe.lock();
            let slow = inner.faults.strikes(FaultKind::Reordered);
            let longest = if slow { SLOW_WAY_MS_MAX } else { WAY_MS_MAX };
            1 + inner.faults.dice().below(longest)
        };
        sleep(Duration::from_millis(way)).await;
    }

    /// Brings a request to the server, lets it act there, and brings the answer back.
    async fn request<T>(
        &self,
        what: &str,
        calendar: Option<&LastingName>,
        act: impl FnOnce(&mut Inner) -> Result<T> + Send,
    ) -> Result<T>
    where
        T: Send,
    {
        self.travel().await;
        let answer = {
            let mut inner = self.universe.lock();
            let answer = inner.admit(&self.account, calendar).and_then(|()| act(&mut inner));
            let outcome = answer.as_ref().err().map(|error| error.kind);
            let place = calendar.map_or(self.account.as_str(), LastingName::as_str);
            inner.note(&format!("device {} {what} {place}: {outcome:?}", self.device));
            answer
        };
        self.travel().await;
        answer
    }
}

#[async_trait]
impl CalendarProvider for MemoryProvider {
    fn capabilities(&self) -> Capabilities {
        let style = self.universe.lock().style(&self.account);
        Capabilities { batch: style.batch, concurrency: style.concurrency, fetch_batch: style.fetch_batch }
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        self.request("lists the calendars of", None, |inner| Ok(inner.listed(&self.account))).await
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        self.terms().insert(calendar.clone(), terms.clone());
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        _window: &Window,
    ) -> Result<ChangeSet> {
        let read = |inner: &mut Inner| inner.read(self.device, calendar, cursor);
        let mut changes = self.request("reads", Some(calendar), read).await?;
        for change in &mut changes.changed {
            if let Changed::Read(item) = change {
                self.look(calendar, item);
            }
        }
        Ok(changes)
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        self.request("fetches from", Some(calendar), |inner| {
            if ids.len() > inner.style(&self.account).fetch_batch {
                return Err(inner.violation(format!("a fetch of {} ids is too large", ids.len())));
            }
            let found = inner.calendar(calendar)?;
            let fetch = |id: &RemoteId| {
                found
                    .item(id)
                    .map_or_else(|| Fetched::Missing(id.clone()), |item| Fetched::Found(item.to_source()))
            };
            let mut answer: Vec<_> = ids.iter().map(fetch).collect();
            inner.faults.dice().shuffle(&mut answer);
            Ok(answer)
        })
        .await
        .map(|mut answer| {
            for fetched in &mut answer {
                if let Fetched::Found(item) = fetched {
                    self.look(calendar, item);
                }
            }
            answer
        })
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        self.request("looks for a mirror in", Some(calendar), |inner| {
            Ok(inner.calendar(calendar)?.by_identity(id.as_str()).map(Item::to_source))
        })
        .await
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        let count = writes.len();
        let answer = self
            .request("writes to", Some(calendar), |inner| {
                if count > inner.style(&self.account).batch {
                    return Err(inner.violation(format!("a batch of {count} writes is too large")));
                }
                inner.write(self.device, calendar, &writes)
            })
            .await;
        answer.unwrap_or_else(|error| vec![Err(error); count])
    }
}

impl Inner {
    /// Lets a request in, or says why not.
    fn admit(&mut self, account: &AccountId, calendar: Option<&LastingName>) -> Result<()> {
        let now = Instant::now();
        if let Some(until) = self.trouble.throttled_until.get(account).filter(|until| **until > now) {
            let retry_after = Some(*until - now);
            return Err(ProviderError::new(ErrorKind::Throttled { retry_after }, "429: still too many"));
        }
        if self.faults.strikes(FaultKind::Offline) {
            return Err(ProviderError::new(ErrorKind::Offline, "the server cannot be reached"));
        }
        if self.faults.strikes(FaultKind::ServerError) {
            return Err(ProviderError::new(ErrorKind::Offline, "the server answers 503"));
        }
        if self.faults.strikes(FaultKind::Throttled) {
            let named = self.faults.dice().chance(700);
            let delay = Duration::from_secs(1 + self.faults.dice().below(RETRY_AFTER_S_MAX));
            if named {
                self.trouble.throttled_until.insert(account.clone(), now + delay);
            }
            let retry_after = named.then_some(delay);
            return Err(ProviderError::new(ErrorKind::Throttled { retry_after }, "429: too many requests"));
        }
        let Some(calendar) = calendar else { return Ok(()) };
        if self.trouble.gone_until.get(calendar).is_some_and(|until| *until > now) {
            return Err(calendar_gone());
        }
        if self.faults.strikes(FaultKind::CalendarGone) {
            let until = now + Duration::from_secs(1 + self.faults.dice().below(GONE_S_MAX));
            self.trouble.gone_until.insert(calendar.clone(), until);
            return Err(calendar_gone());
        }
        Ok(())
    }

    fn read(&mut self, device: u8, name: &LastingName, cursor: Option<&Cursor>) -> Result<ChangeSet> {
        let reader = (device, name.clone());
        let going_on = cursor.is_some() && self.trouble.reading.contains_key(&reader);
        if going_on && self.faults.strikes(FaultKind::PageLost) {
            return Err(ProviderError::new(ErrorKind::Offline, "the connection was cut between two pages"));
        }
        if cursor.is_some()
            && self.faults.strikes(FaultKind::DeadCursor)
            && let Some(calendar) = self.calendars.get_mut(name)
        {
            calendar.kill_cursors();
        }
        let whole = !going_on && cursor.is_some() && self.faults.strikes(FaultKind::WholeInstead);
        let style = self.style(&self.calendar(name)?.account);
        let left_out = self.trouble.reading.get(&reader).filter(|_| going_on).cloned().unwrap_or_default();
        let calendar = self.calendar(name)?;
        let mut page = calendar.page(cursor, &style, whole, &left_out)?;
        let begins_listing = page.complete && !going_on;
        let is_empty = calendar.items().next().is_none();
        let mut left_out = left_out;
        if begins_listing && !is_empty {
            let may_lie = !self.trouble.lied.contains(&reader);
            if may_lie && self.faults.strikes(FaultKind::EmptyListing) {
                self.trouble.lied.insert(reader);
                // Once the server has found its items again, its watchers hear of it.
                self.notices.insert(name.clone());
                return Ok(self.calendar(name)?.empty_listing());
            }
            left_out = self.hide_mirrors(name);
            page = self.calendar(name)?.page(cursor, &style, whole, &left_out)?;
        }
        if page.more {
            self.trouble.reading.insert(reader, left_out);
            return Ok(page);
        }
        self.trouble.reading.remove(&reader);
        if let Some(calendar) = self.calendars.get_mut(name).filter(|_| !left_out.is_empty()) {
            calendar.resurface(&left_out);
            self.notices.insert(name.clone());
        }
        Ok(page)
    }

    /// Mirrors that a listing leaves out.
    fn hide_mirrors(&mut self, name: &LastingName) -> BTreeSet<RemoteId> {
        let Some(calendar) = self.calendars.get(name) else { return BTreeSet::new() };
        let mirrors = calendar.items().filter(|item| item.mirror().is_some());
        let mirrors: Vec<RemoteId> = mirrors.map(|item| item.remote_id.clone()).collect();
        if mirrors.is_empty() || !self.faults.strikes(FaultKind::MirrorHidden) {
            return BTreeSet::new();
        }
        let dice = self.faults.dice();
        mirrors.into_iter().filter(|_| dice.chance(400)).collect()
    }

    fn write(
        &mut self,
        device: u8,
        calendar: &LastingName,
        writes: &[MirrorWrite],
    ) -> Result<Vec<Result<Written>>> {
        let done = if writes.len() > 1 && self.faults.strikes(FaultKind::CutBatch) {
            self.faults.dice().index(writes.len())
        } else {
            writes.len()
        };
        let mut answers = Vec::new();
        for write in &writes[..done] {
            if let MirrorWrite::Update(placed, _) | MirrorWrite::Remove(placed) = write
                && self.faults.strikes(FaultKind::TouchedMeanwhile)
            {
                self.touch(calendar, placed.remote_id());
            }
            let answer = self.apply(device, calendar, write);
            self.note(&match &answer {
                Ok(written) => format!("  {} {}", name_of(write), written.remote_id),
                Err(error) => format!("  {} not done: {:?}", name_of(write), error.kind),
            });
            answers.push(answer);
        }
        let lost = done < writes.len() || self.faults.strikes(FaultKind::LostAnswer);
        if lost {
            return Err(ProviderError::new(ErrorKind::Offline, "the connection was cut after the request"));
        }
        Ok(answers)
    }
}

fn name_of(write: &MirrorWrite) -> &'static str {
    match write {
        MirrorWrite::Create(_) => "create",
        MirrorWrite::Update(..) => "update",
        MirrorWrite::Remove(_) => "remove",
    }
}
