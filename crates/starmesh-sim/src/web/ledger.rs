//! What happened in a simulated world, kept for those who judge it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;

use super::lock::hold;
use super::traffic::{Exchange, TRAFFIC_MAX};
use super::traffic_file::{self, TrafficFile};

/// Every write, notification and delivery, and the traffic while it is switched on. Clones share it, so
/// that one ledger can serve several providers.
#[derive(Clone, Default)]
pub struct Ledger(Arc<Mutex<Pages>>);

#[derive(Default)]
struct Pages {
    noted: LedgerPages,
    traffic: VecDeque<Exchange>,
    traffic_on: bool,
    traffic_dropped: u64,
    watcher: Option<Arc<dyn WriteWatcher>>,
    /// Made with the first exchange, where the environment asks for it.
    file: Option<TrafficFile>,
}

/// Is told of every write at the moment it is made. It must not ask the service that made it: that one is
/// in the middle of a request.
pub trait WriteWatcher: Send + Sync {
    /// A write was made.
    fn wrote(&self, write: &Write);
}

/// The ledger as `GET /__ledger` shows it.
#[derive(Clone, Default, Serialize, Debug)]
pub struct LedgerPages {
    /// Everything that changed a calendar, oldest first.
    pub writes: Vec<Write>,
    /// What would have reached a person. Must stay empty.
    pub notifications: Vec<Notification>,
    /// Web hooks, each attempt a line.
    pub deliveries: Vec<Delivery>,
}

/// One write that the service accepted.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Write {
    /// When.
    pub at: DateTime<Utc>,
    /// `google`, `microsoft` or `caldav`.
    pub provider: &'static str,
    /// Whose account wrote.
    pub mailbox: String,
    /// The calendar's id; empty for what belongs to no calendar.
    pub calendar: String,
    /// HTTP method. What is changed in the world by hand is no write.
    pub method: String,
    /// The event's id, where one was written.
    pub event: Option<String>,
    /// What was done.
    pub kind: WriteKind,
    /// The event as it was before, as its owner sees it; `None` for a new one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// The event as it is now, as its owner sees it; `None` for one that is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
}

/// What a write did.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum WriteKind {
    /// A new event.
    EventCreated,
    /// An event changed.
    EventChanged,
    /// An event deleted.
    EventDeleted,
    /// An event moved to another calendar.
    EventMoved,
    /// A new calendar.
    CalendarCreated,
    /// A calendar's properties, list entry or rights changed.
    CalendarChanged,
    /// A calendar deleted.
    CalendarDeleted,
    /// All events of a calendar deleted.
    CalendarCleared,
    /// A subscription or watch channel made.
    WatchStarted,
    /// One renewed or changed.
    WatchChanged,
    /// One stopped.
    WatchStopped,
}

/// Something that would have reached a person.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Notification {
    /// When.
    pub at: DateTime<Utc>,
    /// `google`, `microsoft` or `caldav`.
    pub provider: &'static str,
    /// The person.
    pub to: String,
    /// The event's id and what happened to it.
    pub about: String,
}

/// One attempt to deliver a web hook.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
pub struct Delivery {
    /// When.
    pub at: DateTime<Utc>,
    /// `google`, `microsoft` or `caldav`.
    pub provider: &'static str,
    /// The subscription's or channel's id.
    pub watch: String,
    /// What was said: a resource state, a change type, a lifecycle event.
    pub about: String,
    /// Which attempt, from 1.
    pub attempt: u32,
    /// How it ended.
    pub outcome: DeliveryOutcome,
}

/// How an attempt to deliver a web hook ended.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryOutcome {
    /// The receiver answered with this status.
    Answered(u16),
    /// Nobody answered, for this reason.
    Unreachable(String),
    /// Lost on purpose, by the plan.
    Dropped,
    /// Not sent, since the service runs outside a runtime that could carry it.
    NotCarried,
}

impl Ledger {
    /// An empty one, traffic switched off.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a write, and tells whoever watches.
    pub fn write(&self, write: Write) {
        let told = {
            let mut pages = hold(&self.0);
            let told = pages.watcher.clone().map(|watcher| (watcher, write.clone()));
            pages.noted.writes.push(write);
            told
        };
        if let Some((watcher, write)) = told {
            watcher.wrote(&write);
        }
    }

    /// Lets `watcher` see every write from now on.
    pub fn watch_writes(&self, watcher: Arc<dyn WriteWatcher>) {
        hold(&self.0).watcher = Some(watcher);
    }

    /// Notes something that would have reached a person.
    pub fn notification(&self, notification: Notification) {
        hold(&self.0).noted.notifications.push(notification);
    }

    /// Notes an attempt to deliver a web hook.
    pub fn delivery(&self, delivery: Delivery) {
        hold(&self.0).noted.deliveries.push(delivery);
    }

    /// Everything noted so far, traffic aside.
    pub fn pages(&self) -> LedgerPages {
        hold(&self.0).noted.clone()
    }

    /// All writes so far.
    pub fn writes(&self) -> Vec<Write> {
        hold(&self.0).noted.writes.clone()
    }

    /// Everything that would have reached a person so far.
    pub fn notifications(&self) -> Vec<Notification> {
        hold(&self.0).noted.notifications.clone()
    }

    /// All attempts to deliver web hooks so far.
    pub fn deliveries(&self) -> Vec<Delivery> {
        hold(&self.0).noted.deliveries.clone()
    }

    /// Switches the recording of traffic on or off; what was recorded stays.
    pub fn record_traffic(&self, on: bool) {
        hold(&self.0).traffic_on = on;
    }

    /// True while traffic is recorded, here or in a file.
    pub fn records_traffic(&self) -> bool {
        hold(&self.0).traffic_on || traffic_file::folder().is_some()
    }

    /// Notes an exchange, if traffic is recorded. Beyond [`TRAFFIC_MAX`] the oldest goes and is counted.
    ///
    /// # Panics
    ///
    /// When the environment asks for a file and it cannot be written: a record with holes proves nothing.
    pub fn exchange(&self, exchange: Exchange) {
        let mut pages = hold(&self.0);
        if let Some(folder) = traffic_file::folder() {
            pages.file.get_or_insert_with(|| TrafficFile::create(folder)).append(&exchange);
        }
        if !pages.traffic_on {
            return;
        }
        if pages.traffic.len() == TRAFFIC_MAX {
            pages.traffic.pop_front();
            pages.traffic_dropped += 1;
        }
        pages.traffic.push_back(exchange);
    }

    /// The recorded traffic, oldest first, and how many exchanges were dropped before it.
    pub fn traffic(&self) -> (Vec<Exchange>, u64) {
        let pages = hold(&self.0);
        (pages.traffic.iter().cloned().collect(), pages.traffic_dropped)
    }

    /// Forgets everything, as if the world had just begun; recording with its file and the watcher stay as they
    /// are.
    pub fn clear(&self) {
        let mut pages = hold(&self.0);
        let (traffic_on, file, watcher) = (pages.traffic_on, pages.file.take(), pages.watcher.take());
        *pages = Pages { traffic_on, watcher, file, ..Pages::default() };
    }
}
