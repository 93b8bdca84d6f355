//! What a calendar holds, and what changed in it.
//!
//! A listing covers a range and ends in a sync token; the changes since that token may lie anywhere, and
//! whether the token keeps the range is disputed: so every row is judged here. All pages of a read are
//! taken in one go, since the instances of one series, which are one item, lie scattered over them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use starmesh_core::event::{ItemProblem, SourceItem};
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::time::{TimeRange, Window};
use starmesh_http::Response;
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, ProviderError, Result};

use crate::client::GoogleClient;
use crate::convert::{broken_item, lies_in, series_item, series_of_instance, single_item};
use crate::cursor::{Listed, Position};
use crate::errors::{Asked, from_wire, refused};
use crate::requests::{Depth, EventPage, Extent, GetEvent, ListEvents, ListInstances};
use crate::wire::{EventRow, Row, WireError};

/// More pages than any calendar has: a listing that never ends is stopped here.
const PAGES_MAX: usize = 20_000;

/// A range is asked for with so much more to either side. Google compares whole days in the zone of the
/// calendar, up to 14 hours from UTC, in which the engine compares them.
const ZONE_MARGIN: TimeDelta = TimeDelta::days(1);

/// Up to so many mirrors are read again one by one, in one batch; more are listed at once.
const DETAILS_BY_ID_MAX: usize = 50;

/// All rows of a listing.
#[derive(Default)]
struct Whole {
    singles: BTreeMap<String, Row>,
    series: BTreeMap<String, BTreeMap<String, Row>>,
}

/// All rows of the changes since a token.
#[derive(Default)]
struct Delta {
    singles: BTreeMap<String, Row>,
    removed: BTreeSet<String>,
    /// Series of which an instance changed, with the iCalendar UID where one was told.
    touched: BTreeMap<String, Option<String>>,
}

impl GoogleClient {
    pub(crate) async fn read_changes(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<ChangeSet> {
        let now = self.clock.now();
        match Position::of(cursor).ok_or_else(|| self.token_expired())? {
            Position::Since(listed, token) if listed.serves(calendar, window, now) => {
                self.read_delta(calendar, listed, &token).await
            }
            Position::Since(..) | Position::Start => {
                self.read_whole(calendar, Listed::for_window(window, now)).await
            }
        }
    }

    async fn read_whole(&self, calendar: &LastingName, listed: Listed) -> Result<ChangeSet> {
        let range = widened(&listed.range);
        let mut whole = Whole::default();
        let token =
            self.each_page(calendar, Extent::Range(&range), Asked::Calendar, |row| whole.add(row)).await?;
        let mut items = self.single_items(calendar, whole.singles, &range).await?;
        items.extend(
            whole
                .series
                .into_iter()
                .filter_map(|(series, rows)| series_item(&series, rows.into_values().collect())),
        );
        Ok(ChangeSet {
            changed: items.into_iter().map(Changed::Read).collect(),
            removed: Vec::new(),
            cursor: Some(listed.cursor(token.as_deref())),
            more: false,
            complete: true,
            coverage: Coverage::Range(listed.range),
        })
    }

    async fn read_delta(&self, calendar: &LastingName, listed: Listed, token: &str) -> Result<ChangeSet> {
        let range = widened(&listed.range);
        let mut delta = Delta::default();
        let token = self
            .each_page(calendar, Extent::Since(token), Asked::Changes, |row| delta.add(row, &range))
            .await?;
        let Delta { singles, mut removed, mut touched } = delta;
        // A series that became a single event is told as that.
        touched.retain(|series, _| !singles.contains_key(series));
        // A mirror that vanished between its row and a closer look is gone.
        removed.extend(singles.keys().cloned());
        let mut items = self.single_items(calendar, singles, &range).await?;
        for (series, item) in self.read_series(calendar, touched, &range).await? {
            match item {
                Some(item) => items.push(item),
                None => {
                    removed.insert(series);
                }
            }
        }
        for item in &items {
            removed.remove(item.remote_id.as_str());
        }
        Ok(ChangeSet {
            changed: items.into_iter().map(Changed::Read).collect(),
            removed: removed.into_iter().map(RemoteId::new).collect(),
            cursor: Some(listed.cursor(token.as_deref())),
            more: false,
            complete: false,
            coverage: Coverage::Range(listed.range),
        })
    }

    /// Takes every row of a listing and gives the sync token at its end, if there is one.
    async fn each_page(
        &self,
        calendar: &LastingName,
        extent: Extent<'_>,
        asked: Asked,
        mut take: impl FnMut(Row) + Send,
    ) -> Result<Option<String>> {
        let mut next: Option<String> = None;
        for _ in 0..PAGES_MAX {
            let request = ListEvents::prepare(&self.connection.endpoints, calendar, extent, next.as_deref());
            let response = self.connection.send(&request).await?;
            let page = self.read(&response, asked, ListEvents::parse)?;
            page.rows.into_iter().for_each(&mut take);
            match page.next {
                None => return Ok(page.token),
                Some(page) if next.as_ref() == Some(&page) => return Err(self.endless()),
                Some(page) => next = Some(page),
            }
        }
        Err(self.endless())
    }

    /// Single events as items; mirrors among them are completed first.
    async fn single_items(
        &self,
        calendar: &LastingName,
        rows: BTreeMap<String, Row>,
        range: &TimeRange,
    ) -> Result<Vec<SourceItem>> {
        let mut items = Vec::with_capacity(rows.len());
        let mut incomplete = BTreeMap::new();
        for (id, row) in rows {
            match row {
                Row::Broken { id, .. } => items.push(broken_item(&id, ItemProblem::Malformed)),
                Row::Event(row) if row.mark().is_none() => items.push(single_item(&row, None)),
                Row::Event(row) => match self.details.of(calendar, &row) {
                    Some(marked) => items.push(single_item(&row, Some(marked))),
                    None => {
                        incomplete.insert(id, *row);
                    }
                },
            }
        }
        items.extend(self.complete(calendar, incomplete, range).await?);
        Ok(items)
    }

    /// Reads mirrors again with all their fields. One that is gone by now is left out.
    async fn complete(
        &self,
        calendar: &LastingName,
        mut rows: BTreeMap<String, EventRow>,
        range: &TimeRange,
    ) -> Result<Vec<SourceItem>> {
        let mut items = Vec::with_capacity(rows.len());
        if rows.len() > DETAILS_BY_ID_MAX {
            let mut found = Vec::new();
            self.each_page(calendar, Extent::Mirrors(range), Asked::Calendar, |row| found.push(row)).await?;
            for row in found {
                if let Row::Event(row) = row
                    && !row.is_cancelled()
                    && rows.remove(&row.id).is_some()
                {
                    items.push(single_item(&row, self.details.learn(calendar, &row)));
                }
            }
        }
        let ids: Vec<&str> = rows.keys().map(String::as_str).collect();
        let found = self.get_all(calendar, &ids, Depth::Mirror).await?;
        items.extend(found.into_iter().flatten().map(|row| match row {
            Row::Event(row) => single_item(&row, self.details.learn(calendar, &row)),
            Row::Broken { id, .. } => broken_item(&id, ItemProblem::Malformed),
        }));
        Ok(items)
    }

    /// Reads events by id, in order; `None` for one that is not there.
    pub(crate) async fn get_all(
        &self,
        calendar: &LastingName,
        ids: &[&str],
        depth: Depth,
    ) -> Result<Vec<Option<Row>>> {
        let endpoints = &self.connection.endpoints;
        let requests: Vec<_> =
            ids.iter().map(|id| GetEvent::prepare(endpoints, calendar, id, depth)).collect();
        let answers = self.connection.send_all(&requests).await.into_iter().zip(ids);
        let rows = answers.map(|(answer, id)| self.read_event(&answer?, id));
        rows.collect()
    }

    /// The event in an answer; one of which nothing can be read is broken, a deleted one is not there.
    pub(crate) fn read_event(&self, response: &Response, id: &str) -> Result<Option<Row>> {
        match self.read(response, Asked::Event, |response| match GetEvent::parse(response) {
            Err(WireError::Unexpected) => Ok(Row::Broken { id: id.to_owned(), series: None }),
            row => row,
        }) {
            Ok(row) if row.is_cancelled() => Ok(None),
            Ok(row) => Ok(Some(row)),
            Err(error) if error.kind == ErrorKind::Gone => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What `touched` series are now within `range`; `None` for one that has nothing there.
    pub(crate) async fn read_series(
        &self,
        calendar: &LastingName,
        touched: BTreeMap<String, Option<String>>,
        range: &TimeRange,
    ) -> Result<Vec<(String, Option<SourceItem>)>> {
        let endpoints = &self.connection.endpoints;
        let requests: Vec<_> = touched
            .keys()
            .map(|series| ListInstances::prepare(endpoints, calendar, series, range, None))
            .collect();
        let answers = self.connection.send_all(&requests).await;
        let mut read = Vec::with_capacity(touched.len());
        for ((series, uid), answer) in touched.into_iter().zip(answers) {
            let answer = answer?;
            let rows = match (answer.status().as_u16(), uid) {
                // Whoever is invited to some dates of a series only cannot ask for the series.
                (400 | 404 | 410, Some(uid)) => {
                    let mut rows = Vec::new();
                    let extent = Extent::Meeting(&uid, range);
                    self.each_page(calendar, extent, Asked::Calendar, |row| rows.push(row)).await?;
                    rows.retain(|row| row.series() == Some(&*series));
                    rows
                }
                (400 | 404 | 410, None) => Vec::new(),
                _ => {
                    let page = self.read(&answer, Asked::Event, ListInstances::parse)?;
                    self.further_instances(calendar, &series, range, page).await?
                }
            };
            let item = series_item(&series, rows);
            read.push((series, item));
        }
        Ok(read)
    }

    async fn further_instances(
        &self,
        calendar: &LastingName,
        series: &str,
        range: &TimeRange,
        first: EventPage,
    ) -> Result<Vec<Row>> {
        let mut rows = first.rows;
        let mut next = first.next;
        for _ in 0..PAGES_MAX {
            let Some(page) = next else { return Ok(rows) };
            let endpoints = &self.connection.endpoints;
            let request = ListInstances::prepare(endpoints, calendar, series, range, Some(&page));
            let response = self.connection.send(&request).await?;
            let more = self.read(&response, Asked::Event, ListInstances::parse)?;
            rows.extend(more.rows);
            if more.next.as_ref() == Some(&page) {
                break;
            }
            next = more.next;
        }
        Err(self.endless())
    }

    /// Reads an answer that ought to be a success.
    pub(crate) fn read<T>(
        &self,
        response: &Response,
        asked: Asked,
        parse: impl FnOnce(&Response) -> std::result::Result<T, WireError>,
    ) -> Result<T> {
        let host = self.connection.host();
        if !response.status().is_success() {
            return Err(refused(&host, response, asked));
        }
        parse(response).map_err(|error| from_wire(&host, error))
    }

    fn token_expired(&self) -> ProviderError {
        let message = format!("{} cannot go on from where we have read", self.connection.host());
        ProviderError::new(ErrorKind::TokenExpired, message)
    }

    fn endless(&self) -> ProviderError {
        let message = format!("{} repeats pages of one listing without end", self.connection.host());
        ProviderError::new(ErrorKind::InvalidData, message)
    }
}

impl Whole {
    /// The latest of several rows for one event counts.
    fn add(&mut self, row: Row) {
        let id = row.id().to_owned();
        let is_gone = row.is_cancelled();
        let rows = match row.series() {
            Some(series) => self.series.entry(series.to_owned()).or_default(),
            None => &mut self.singles,
        };
        if is_gone {
            rows.remove(&id);
        } else {
            rows.insert(id, row);
        }
    }
}

impl Delta {
    fn add(&mut self, row: Row, range: &TimeRange) {
        let id = row.id().to_owned();
        let uid = match &row {
            Row::Event(row) => row.ical_uid.clone(),
            Row::Broken { .. } => None,
        };
        if let Some(series) = row.series() {
            self.touch(series, uid);
            return;
        }
        let lies_outside = matches!(&row, Row::Event(row) if !lies_in(row, range));
        if !row.is_cancelled() && !lies_outside {
            self.removed.remove(&id);
            self.singles.insert(id, row);
            return;
        }
        // A cancelled row is sure of nothing but its id, so a date of a series may come without naming it.
        if let Some(series) = series_of_instance(&id).filter(|_| row.is_cancelled()) {
            self.touch(series, uid);
        }
        self.singles.remove(&id);
        self.removed.insert(id);
    }

    fn touch(&mut self, series: &str, uid: Option<String>) {
        let known = self.touched.entry(series.to_owned()).or_default();
        *known = uid.or(known.take());
    }
}

pub(crate) fn widened(range: &TimeRange) -> TimeRange {
    TimeRange {
        lo: range.lo.checked_sub_signed(ZONE_MARGIN).unwrap_or(range.lo),
        hi: range.hi.checked_add_signed(ZONE_MARGIN).unwrap_or(range.hi),
    }
}

#[cfg(test)]
mod tests;
