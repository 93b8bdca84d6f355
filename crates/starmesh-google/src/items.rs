//! Items by id: events, mirrors with all their fields, and series as their instances in a range.

use std::collections::BTreeMap;

use starmesh_core::event::{ItemProblem, MarkedEvent, SourceItem};
use starmesh_core::ids::LastingName;
use starmesh_core::mirror::ProviderId;
use starmesh_core::policy::Terms;
use starmesh_core::time::{TimeRange, Window};
use starmesh_http::Response;
use starmesh_provider::{ErrorKind, Result};

use crate::changes::widened;
use crate::client::GoogleClient;
use crate::convert::{broken_item, series_item, single_item};
use crate::cursor::Listed;
use crate::errors::Asked;
use crate::privacy::Privacy;
use crate::requests::{Depth, EventPage, Extent, GetEvent, ListInstances};
use crate::wire::{EventRow, Row, WireError};

/// More pages than any series has within a range.
const PAGES_MAX: usize = 1_000;

/// Up to so many mirrors are read again one by one, in one batch; more are listed at once.
const DETAILS_BY_ID_MAX: usize = 50;

impl GoogleClient {
    /// Single events as items; mirrors among them are completed first.
    pub(crate) async fn single_items(
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
                    items.push(single_item(&row, self.learn(calendar, &row)));
                }
            }
        }
        let ids: Vec<&str> = rows.keys().map(String::as_str).collect();
        let found = self.get_all(calendar, &ids, Depth::Mirror).await?;
        items.extend(found.into_iter().flatten().map(|row| match row {
            Row::Event(row) => single_item(&row, self.learn(calendar, &row)),
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
        let terms = self.looked_for.of(calendar.as_str());
        let requests: Vec<_> =
            ids.iter().map(|id| GetEvent::prepare(endpoints, calendar, id, depth, &terms)).collect();
        let answers = self.connection.send_all(&requests).await.into_iter().zip(ids);
        let rows = answers.map(|(answer, id)| self.read_event(calendar, &answer?, id, &terms));
        rows.collect()
    }

    /// The event in an answer; one of which nothing can be read is broken, a deleted one is not there.
    fn read_event(
        &self,
        calendar: &LastingName,
        response: &Response,
        id: &str,
        terms: &Terms,
    ) -> Result<Option<Row>> {
        match self.read(response, Asked::Event, |response| match GetEvent::parse(response, terms) {
            Err(WireError::Unexpected) => Ok(Row::Broken { id: id.to_owned(), series: None }),
            row => row,
        }) {
            Ok(row) if row.is_cancelled() => {
                self.details.saw_deleted(calendar, id);
                Ok(None)
            }
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
        let terms = self.looked_for.of(calendar.as_str());
        let requests: Vec<_> = touched
            .keys()
            .map(|series| ListInstances::prepare(endpoints, calendar, series, range, &terms, None))
            .collect();
        let answers = self.connection.send_all(&requests).await;
        let mut read = Vec::with_capacity(touched.len());
        for ((series, uid), answer) in touched.into_iter().zip(answers) {
            let answer = answer?;
            let item = if matches!(answer.status().as_u16(), 400 | 404 | 410) {
                self.without_instances(calendar, &series, uid.as_deref(), range).await?
            } else {
                let page = self.read(&answer, Asked::Event, |answer| ListInstances::parse(answer, &terms))?;
                series_item(&series, self.further_instances(calendar, &series, range, page).await?)
            };
            read.push((series, item));
        }
        Ok(read)
    }

    /// What there is of a series whose instances Google does not tell. Whoever is invited to some dates only
    /// cannot ask for the series; it may have become a single event; or it is gone, which is believed when
    /// it is not there.
    async fn without_instances(
        &self,
        calendar: &LastingName,
        series: &str,
        uid: Option<&str>,
        range: &TimeRange,
    ) -> Result<Option<SourceItem>> {
        let mut rows = Vec::new();
        if let Some(uid) = uid {
            let extent = Extent::Meeting(uid, range);
            self.each_page(calendar, extent, Asked::Calendar, |row| rows.push(row)).await?;
            rows.retain(|row| row.series() == Some(series));
        }
        if let Some(item) = series_item(series, rows) {
            return Ok(Some(item));
        }
        match self.get_all(calendar, &[series], Depth::Facts).await?.pop().flatten() {
            Some(Row::Event(row)) if !row.recurrence.0 => {
                let rows = BTreeMap::from([(series.to_owned(), Row::Event(row))]);
                Ok(self.single_items(calendar, rows, range).await?.pop())
            }
            // It stands, and nothing of it can be read: that is its own trouble and nobody else's.
            Some(_) => Ok(Some(broken_item(series, ItemProblem::Malformed))),
            None => Ok(None),
        }
    }

    async fn further_instances(
        &self,
        calendar: &LastingName,
        series: &str,
        range: &TimeRange,
        first: EventPage,
    ) -> Result<Vec<Row>> {
        let terms = self.looked_for.of(calendar.as_str());
        let mut rows = first.rows;
        let mut next = first.next;
        for _ in 0..PAGES_MAX {
            let Some(page) = next else { return Ok(rows) };
            let endpoints = &self.connection.endpoints;
            let request = ListInstances::prepare(endpoints, calendar, series, range, &terms, Some(&page));
            let response = self.connection.send(&request).await?;
            let more =
                self.read(&response, Asked::Event, |response| ListInstances::parse(response, &terms))?;
            rows.extend(more.rows);
            next = more.next;
        }
        Err(self.endless())
    }

    /// Items by id, in order; `None` for one that is not there. A series is read as far as any window that
    /// can be set reaches.
    pub(crate) async fn items(
        &self,
        calendar: &LastingName,
        ids: &[&str],
    ) -> Result<Vec<Option<SourceItem>>> {
        let mut rows = self.get_all_fitting(calendar, ids).await?;
        let now = self.clock.now();
        let range = widened(&Listed::for_window(&Window::around(now, Window::DAYS_MAX), now).range);
        let series: BTreeMap<String, Option<String>> = rows
            .iter()
            .flatten()
            .filter_map(|row| match row {
                Row::Event(row) if row.recurrence.0 => Some((row.id.clone(), row.ical_uid.clone())),
                _ => None,
            })
            .collect();
        let mut series: BTreeMap<String, Option<SourceItem>> =
            self.read_series(calendar, series, &range).await?.into_iter().collect();
        Ok(rows
            .drain(..)
            .map(|row| match row? {
                Row::Broken { id, .. } => Some(broken_item(&id, ItemProblem::Malformed)),
                Row::Event(row) if row.recurrence.0 => series.remove(&row.id).flatten(),
                Row::Event(row) => Some(single_item(&row, self.learn(calendar, &row))),
            })
            .collect())
    }

    /// Rows by id. What looks like a mirror is asked for all its fields; what turns out to carry a mark is
    /// asked again.
    async fn get_all_fitting(&self, calendar: &LastingName, ids: &[&str]) -> Result<Vec<Option<Row>>> {
        let (mirrors, others): (Vec<&str>, Vec<&str>) = ids.iter().partition(|id| ProviderId::has_shape(id));
        let mut found: BTreeMap<&str, Row> = BTreeMap::new();
        let rows = self.get_all(calendar, &mirrors, Depth::Mirror).await?;
        found.extend(mirrors.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))));
        let rows = self.get_all(calendar, &others, Depth::Facts).await?;
        let mut again = Vec::new();
        for (id, row) in others.into_iter().zip(rows) {
            match row {
                Some(Row::Event(row)) if row.mark().is_some() => again.push(id),
                Some(row) => {
                    found.insert(id, row);
                }
                None => {}
            }
        }
        let rows = self.get_all(calendar, &again, Depth::Mirror).await?;
        found.extend(again.into_iter().zip(rows).filter_map(|(id, row)| Some((id, row?))));
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }

    /// Remembers a row that was read with all its fields, and gives its mark.
    pub(crate) fn learn(&self, calendar: &LastingName, row: &EventRow) -> Option<MarkedEvent> {
        let privacy = self.privacies.known(calendar).unwrap_or(Privacy::Private);
        self.details.learn(calendar, row, privacy)
    }

    /// One event with all its fields, if it is there and can be read.
    pub(crate) async fn mirror_row(&self, calendar: &LastingName, id: &str) -> Result<Option<Box<EventRow>>> {
        let mut rows = self.get_all(calendar, &[id], Depth::Mirror).await?;
        Ok(match rows.pop().flatten() {
            Some(Row::Event(row)) => Some(row),
            Some(Row::Broken { .. }) | None => None,
        })
    }
}
