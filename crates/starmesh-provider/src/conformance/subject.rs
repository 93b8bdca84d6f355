//! Reading a calendar whole, as every law does.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{LastingName, RemoteId, Version};
use starmesh_core::time::{EventTime, Window};

use super::harness::{Broken, Harness, PersonEvent, ensure};
use crate::port::{Changed, Cursor, Fetched};

/// More pages than any law makes.
const PAGES_MAX: usize = 100;

/// What one read of a calendar told, all its pages together.
pub(super) struct Read {
    /// New and changed items, read whole.
    pub(super) items: BTreeMap<RemoteId, SourceItem>,
    /// Items told to be gone.
    pub(super) removed: BTreeSet<RemoteId>,
    /// True when what is not among `items` is gone.
    pub(super) complete: bool,
    /// How many pages it took.
    pub(super) pages: usize,
    /// Where to go on.
    pub(super) cursor: Option<Cursor>,
}

impl Read {
    /// The ids of the items.
    pub(super) fn ids(&self) -> BTreeSet<RemoteId> {
        self.items.keys().cloned().collect()
    }
}

/// Reads all changes since `cursor`.
pub(super) async fn read(
    harness: &impl Harness,
    calendar: &LastingName,
    cursor: Option<&Cursor>,
) -> Result<Read, Broken> {
    let provider = harness.provider();
    let window = Window::around(harness.now(), Window::DAYS_DEFAULT);
    let mut read = Read {
        items: BTreeMap::new(),
        removed: BTreeSet::new(),
        complete: false,
        pages: 0,
        cursor: cursor.cloned(),
    };
    loop {
        let page = provider.changes_since(calendar, read.cursor.as_ref(), &window).await?;
        ensure(read.pages == 0 || read.complete == page.complete, || {
            "the pages of one read differ in being complete".to_owned()
        })?;
        let mut listed = Vec::new();
        for change in page.changed {
            match change {
                Changed::Listed { id, .. } => listed.push(id),
                Changed::Read(item) | Changed::ReadWithoutMarks(item) => {
                    read.items.insert(item.remote_id.clone(), item);
                }
            }
        }
        for item in fetch(harness, calendar, &listed).await? {
            read.items.insert(item.remote_id.clone(), item);
        }
        for id in page.removed {
            read.items.remove(&id);
            read.removed.insert(id);
        }
        read.pages += 1;
        read.complete = page.complete;
        read.cursor = page.cursor;
        if !page.more {
            return Ok(read);
        }
        ensure(read.pages < PAGES_MAX, || "the pages of one read never end".to_owned())?;
    }
}

/// Reads items that are there.
pub(super) async fn fetch(
    harness: &impl Harness,
    calendar: &LastingName,
    ids: &[RemoteId],
) -> Result<Vec<SourceItem>, Broken> {
    let provider = harness.provider();
    let mut items = Vec::new();
    for batch in ids.chunks(provider.capabilities().fetch_batch) {
        for fetched in provider.fetch(calendar, batch).await? {
            match fetched {
                Fetched::Found(item) => items.push(item),
                Fetched::Missing(id) => return Err(Broken(format!("{id} was listed and is missing"))),
            }
        }
    }
    Ok(items)
}

/// The version of an item as a read tells it.
pub(super) async fn version(
    harness: &impl Harness,
    calendar: &LastingName,
    id: &RemoteId,
) -> Result<Option<Version>, Broken> {
    let items = fetch(harness, calendar, std::slice::from_ref(id)).await?;
    items.into_iter().next().map(|item| item.version).ok_or_else(|| Broken("a fetch told nothing".to_owned()))
}

/// One hour, so many days from now.
pub(super) fn hour(now: DateTime<Utc>, days: i64) -> EventTime {
    let start =
        starmesh_core::time::midnight(now.date_naive()) + TimeDelta::days(days) + TimeDelta::hours(10);
    EventTime::Timed { start, end: start + TimeDelta::hours(1) }
}

/// Two days, so many days from now.
pub(super) fn days(now: DateTime<Utc>, days: i64) -> EventTime {
    let start: NaiveDate = now.date_naive() + TimeDelta::days(days);
    EventTime::AllDay { start, end: start + TimeDelta::days(2) }
}

/// A person's single event.
pub(super) fn person_event(uid: &str, time: EventTime) -> PersonEvent {
    PersonEvent { uid: uid.to_owned(), time, rule: None, transparent: false }
}
