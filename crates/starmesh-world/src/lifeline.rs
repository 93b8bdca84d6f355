//! Where a device may die: before and after every touch of its store and of the network.
//!
//! A dead device's futures wait for ever, whoever holds them, so nothing of it goes on behind the back of
//! the engine that follows.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::Window;
use starmesh_provider::{
    CalendarProvider, Capabilities, ChangeSet, Cursor, Fetched, MirrorWrite, Push, RemoteCalendar, Result,
    Written,
};
use starmesh_store::{Change, MemoryStore, Row, Select, Store, StoreError, Table};
use tokio::sync::Notify;

/// The life of one engine.
#[derive(Default)]
pub(crate) struct Lifeline {
    life: Mutex<Life>,
    over: Notify,
}

#[derive(Default)]
struct Life {
    dead: bool,
    steps_left: Option<u64>,
}

impl Lifeline {
    /// Dies at the `steps`-th touch from now.
    pub(crate) fn end_after(&self, steps: u64) {
        self.with(|life| life.steps_left = Some(steps));
    }

    /// Dies now.
    pub(crate) fn end(&self) {
        self.with(|life| life.dead = true);
        self.over.notify_one();
    }

    /// Waits until it is dead; for one who waits at a time.
    pub(crate) async fn over(&self) {
        while !self.is_over() {
            self.over.notified().await;
        }
    }

    /// True once it is dead.
    pub(crate) fn is_over(&self) -> bool {
        self.with(|life| life.dead)
    }

    /// One touch of the world outside.
    pub(crate) async fn step(&self) {
        let dead = self.with(|life| {
            if let Some(left) = &mut life.steps_left {
                *left = left.saturating_sub(1);
                life.dead |= *left == 0;
            }
            life.dead
        });
        if dead {
            self.over.notify_one();
            std::future::pending::<()>().await;
        }
    }

    fn with<T>(&self, act: impl FnOnce(&mut Life) -> T) -> T {
        act(&mut self.life.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Something that its device touches, and may die at.
pub(crate) struct Mortal<T> {
    inner: T,
    life: Arc<Lifeline>,
}

impl<T> Mortal<T> {
    /// `inner`, as long as `life` lasts.
    pub(crate) fn new(inner: T, life: Arc<Lifeline>) -> Self {
        Self { inner, life }
    }
}

#[async_trait]
impl Store for Mortal<Arc<MemoryStore>> {
    async fn get(&self, table: Table, key: &[u8]) -> Result<Option<Row>, StoreError> {
        self.life.step().await;
        self.inner.get(table, key).await
    }

    async fn get_many(&self, table: Table, keys: &[Vec<u8>]) -> Result<Vec<Row>, StoreError> {
        self.life.step().await;
        self.inner.get_many(table, keys).await
    }

    async fn select(&self, table: Table, which: Select<'_>) -> Result<Vec<Row>, StoreError> {
        self.life.step().await;
        self.inner.select(table, which).await
    }

    async fn count(&self, table: Table, which: Select<'_>) -> Result<u64, StoreError> {
        self.life.step().await;
        self.inner.count(table, which).await
    }

    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.life.step().await;
        let answer = self.inner.commit(changes).await;
        self.life.step().await;
        answer
    }

    async fn commit_observed(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.life.step().await;
        let answer = self.inner.commit_observed(changes).await;
        self.life.step().await;
        answer
    }
}

#[async_trait]
impl CalendarProvider for Mortal<Arc<dyn CalendarProvider>> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn list_calendars(&self) -> Result<Vec<RemoteCalendar>> {
        self.life.step().await;
        let answer = self.inner.list_calendars().await;
        self.life.step().await;
        answer
    }

    fn look_for(&self, calendar: &LastingName, terms: &Terms) {
        self.inner.look_for(calendar, terms);
    }

    async fn changes_since(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<ChangeSet> {
        self.life.step().await;
        let answer = self.inner.changes_since(calendar, cursor, window).await;
        self.life.step().await;
        answer
    }

    async fn fetch(&self, calendar: &LastingName, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        self.life.step().await;
        let answer = self.inner.fetch(calendar, ids).await;
        self.life.step().await;
        answer
    }

    async fn find_mirror(&self, calendar: &LastingName, id: &ProviderId) -> Result<Option<SourceItem>> {
        self.life.step().await;
        let answer = self.inner.find_mirror(calendar, id).await;
        self.life.step().await;
        answer
    }

    async fn write(&self, calendar: &LastingName, writes: Vec<MirrorWrite>) -> Vec<Result<Written>> {
        self.life.step().await;
        let answer = self.inner.write(calendar, writes).await;
        self.life.step().await;
        answer
    }

    fn push(&self) -> Option<&dyn Push> {
        self.inner.push()
    }
}
