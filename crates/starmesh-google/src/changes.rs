//! What a calendar holds, and what changed in it.
//!
//! A listing covers a range and ends in a sync token; the changes since that token may lie anywhere, and
//! whether the token keeps the range is disputed: so every row is judged here. All pages of a read are
//! taken in one go, since the instances of one series, which are one item, lie scattered over them.

use chrono::TimeDelta;
use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::{TimeRange, Window};
use starmesh_http::Response;
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, ProviderError, Result};

use crate::client::GoogleClient;
use crate::convert::series_item;
use crate::cursor::{Listed, Position};
use crate::errors::{Asked, from_wire, refused};
use crate::requests::{Extent, ListEvents};
use crate::rows::{Delta, Whole};
use crate::wire::{Row, WireError};

/// More pages than any calendar has: a listing that never ends is stopped here.
const PAGES_MAX: usize = 20_000;

/// How often in a row a page may name itself as the next. An empty page may, and it may not be for ever.
const REPEATS_MAX: usize = 20;

/// A range is asked for with so much more to either side. Google compares whole days in the zone of the
/// calendar, up to 14 hours from UTC, in which the engine compares them.
const ZONE_MARGIN: TimeDelta = TimeDelta::days(1);

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
                match self.read_delta(calendar, listed, &token).await {
                    Err(error)
                        if error.kind == ErrorKind::TokenExpired && planted(Bug::GoogleSwallowsGone) =>
                    {
                        Ok(unchanged(listed, &token))
                    }
                    told => told,
                }
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
        let marked = self.single_items(calendar, whole.singles, &range).await?;
        let series = whole.series.into_iter();
        let series = series.filter_map(|(series, rows)| series_item(&series, rows.into_values().collect()));
        Ok(ChangeSet {
            changed: whole.plain.into_values().chain(marked).chain(series).map(Changed::Read).collect(),
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
        let Delta { singles, mut removed, mut touched, deleted } = delta;
        deleted.iter().for_each(|id| self.details.saw_deleted(calendar, id));
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
    pub(crate) async fn each_page(
        &self,
        calendar: &LastingName,
        extent: Extent<'_>,
        asked: Asked,
        mut take: impl FnMut(Row) + Send,
    ) -> Result<Option<String>> {
        let terms = self.looked_for.of(calendar.as_str());
        let mut next: Option<String> = None;
        let mut repeats = 0;
        for _ in 0..PAGES_MAX {
            let endpoints = &self.connection.endpoints;
            let request = ListEvents::prepare(endpoints, calendar, extent, &terms, next.as_deref());
            let response = self.connection.send(&request).await?;
            let page = self.read(&response, asked, |response| ListEvents::parse(response, &terms))?;
            if let Some(role) = &page.role {
                self.privacies.learn(calendar, role);
            }
            page.rows.into_iter().for_each(&mut take);
            if page.next.is_none() || planted(Bug::GoogleFollowsNoPage) {
                return Ok(page.token);
            }
            repeats = if page.next == next { repeats + 1 } else { 0 };
            if repeats > REPEATS_MAX {
                return Err(self.endless());
            }
            next = page.next;
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

    pub(crate) fn endless(&self) -> ProviderError {
        let message = format!("{} repeats pages of one listing without end", self.connection.host());
        ProviderError::new(ErrorKind::InvalidData, message)
    }
}

/// No change at all.
fn unchanged(listed: Listed, token: &str) -> ChangeSet {
    ChangeSet {
        changed: Vec::new(),
        removed: Vec::new(),
        cursor: Some(listed.cursor(Some(token))),
        more: false,
        complete: false,
        coverage: Coverage::Range(listed.range),
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
