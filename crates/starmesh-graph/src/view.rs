//! The plain view of a range: slow, whole and true, with marks and without stubs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::time::TimeRange;
use starmesh_provider::{Changed, ErrorKind, ProviderError, Result};

use crate::call::{Answer, Call};
use crate::client::GraphClient;
use crate::convert::{looks_like_mirror, series_item, single_item, unreadable};
use crate::errors::About;
use crate::lookup::Looked;
use crate::place::Place;
use crate::requests::ReadView;
use crate::shown::Doubts;
use crate::wire::{EventRow, Lenient, ZonedTime};

/// The longest range of one listing; a longer one is read in parts.
const VIEW_SPAN_MAX: TimeDelta = TimeDelta::days(400);

/// The most pages of one listing, of a hundred rows each.
const VIEW_PAGES_MAX: usize = 20_000;

/// How often a view in pages is read until it shows itself twice alike.
const STEADY_READS_MAX: usize = 6;

/// Everything in a range.
#[derive(Default)]
pub(crate) struct View {
    /// Single events, occurrences and exceptions by their ids.
    rows: BTreeMap<String, EventRow>,
    /// What could not be understood.
    unreadable: BTreeSet<String>,
    /// True when some of it came in several pages.
    paged: bool,
}

impl GraphClient {
    /// Reads the view of `range` as it shows itself twice running, and its digest; `before` is that of the last one.
    /// Pages count rows: when one goes while they are read, the first of the next page is on none, and would
    /// be taken to be gone.
    pub(crate) async fn read_steady_view(
        &self,
        place: &Place,
        range: &TimeRange,
        before: Option<&str>,
    ) -> Result<(View, String)> {
        let mut before = before.map(str::to_owned);
        for _ in 0..STEADY_READS_MAX {
            let view = self.read_view(place, range).await?;
            let digest = view.digest();
            if !view.paged || before.as_ref() == Some(&digest) {
                return Ok((view, digest));
            }
            before = Some(digest);
        }
        let message = format!("{} changes the calendar faster than it can be read", self.connection.host());
        Err(ProviderError::new(ErrorKind::Offline, message))
    }

    /// Reads the view of `range`.
    pub(crate) async fn read_view(&self, place: &Place, range: &TimeRange) -> Result<View> {
        let mut view = View::default();
        let mut lo = range.lo;
        while lo < range.hi {
            let hi = lo.checked_add_signed(VIEW_SPAN_MAX).unwrap_or(range.hi).min(range.hi);
            self.read_view_part(place, &TimeRange { lo, hi }, &mut view).await?;
            lo = hi;
        }
        Ok(view)
    }

    async fn read_view_part(&self, place: &Place, range: &TimeRange, view: &mut View) -> Result<()> {
        let mut call = ReadView::prepare(place, range);
        let mut links = BTreeSet::new();
        loop {
            let answer = self.connection.send(&call).await?;
            if !answer.is_success() {
                return Err(self.refused_view(place, &answer).await);
            }
            let page = ReadView::parse(&answer, &place.terms);
            let page = page.ok_or_else(|| self.connection.unexpected())?;
            // What a view does not show is taken to be gone: a row that names no event may be any of them.
            if page.rows.iter().any(Lenient::is_nameless) {
                return Err(self.connection.unexpected());
            }
            for row in page.rows {
                view.add(row);
            }
            let Some(next) = page.next else { return Ok(()) };
            view.paged = true;
            if links.len() >= VIEW_PAGES_MAX || !links.insert(next.clone()) {
                let message = format!("{} lists the calendar without end", self.connection.host());
                return Err(ProviderError::new(ErrorKind::InvalidData, message));
            }
            call = Call::follow(next);
        }
    }

    /// What a refused view means. One of a calendar with private events that are kept from this account is
    /// answered as if the calendar were not there; a look at the calendar itself tells.
    async fn refused_view(&self, place: &Place, answer: &Answer) -> ProviderError {
        let error = self.connection.refusal(answer, About::Calendar);
        if error.kind != ErrorKind::CalendarGone {
            return error;
        }
        match self.ask_traits(place).await {
            Ok(_) => ProviderError::new(
                ErrorKind::Refused,
                format!(
                    "{} does not show the calendar: its owner has to let this account see private events",
                    self.connection.host()
                ),
            ),
            Err(told) => told,
        }
    }

    /// The items of a view. Their marks are seen, so that only what carries one is read again, and only if
    /// its version is new.
    pub(crate) async fn items_of(&self, place: &Place, view: View) -> Result<Vec<Changed>> {
        let mut changed: Vec<Changed> =
            view.unreadable.into_iter().map(|id| Changed::Read(unreadable(RemoteId::new(id)))).collect();
        let mut series: BTreeMap<RemoteId, Vec<EventRow>> = BTreeMap::new();
        for (id, row) in view.rows {
            match row.series().map(RemoteId::new) {
                Some(master) => series.entry(master).or_default().push(row),
                None => changed.push(single(RemoteId::new(id), &row)),
            }
        }
        let ids: Vec<RemoteId> = series.keys().cloned().collect();
        let masters = self.look_up(place, &ids).await?;
        for ((id, occurrences), master) in series.into_iter().zip(masters) {
            // A master may be kept from us while its occurrences are shown: then they speak for it.
            let master = match &master {
                Looked::Row(row) => Some(&**row),
                Looked::Missing | Looked::Unreadable => None,
            };
            changed.push(Changed::Read(series_item(id, master, &occurrences)));
        }
        Ok(changed)
    }
}

impl View {
    fn add(&mut self, row: Lenient<EventRow>) {
        match row {
            Lenient::Good(row) => {
                if let Some(id) = row.id.clone() {
                    self.rows.insert(id, row);
                }
            }
            Lenient::Bad { id } => {
                self.unreadable.insert(id);
            }
            Lenient::Worse(_) => {}
        }
    }

    /// What it shows: rows, and the ids of those that could not be understood.
    pub(crate) fn shown(&self) -> impl Iterator<Item = (&str, Option<&EventRow>)> {
        let rows = self.rows.iter().map(|(id, row)| (id.as_str(), Some(row)));
        rows.chain(self.unreadable.iter().map(|id| (id.as_str(), None)))
    }

    /// Lets go of what something better is known of.
    pub(crate) fn forget(&mut self, doubts: &Doubts) {
        self.rows.retain(|id, row| match row.series() {
            Some(series) => !doubts.series.contains(&RemoteId::new(series)),
            None => !doubts.singles.contains(&RemoteId::new(id.as_str())),
        });
        self.unreadable.retain(|id| !doubts.singles.contains(&RemoteId::new(id.as_str())));
    }

    /// A digest of everything that can change an item.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (id, row) in &self.rows {
            let time =
                |time: Option<&ZonedTime>| time.and_then(|time| time.date_time.clone()).unwrap_or_default();
            let response = row.response_status.as_ref().and_then(|status| status.response.clone());
            let parts = [
                id.clone(),
                row.etag.clone().unwrap_or_default(),
                time(row.start.as_ref()),
                time(row.end.as_ref()),
                row.show_as.clone().unwrap_or_default(),
                row.is_cancelled.unwrap_or(false).to_string(),
                response.unwrap_or_default(),
                row.series_master_id.clone().unwrap_or_default(),
            ];
            for part in parts {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part.as_bytes());
            }
        }
        for id in &self.unreadable {
            hash.update(id.as_bytes());
            hash.update([0]);
        }
        HEXLOWER.encode(&hash.finalize())
    }
}

/// A single event of a view: whole, unless it is a mirror.
fn single(id: RemoteId, row: &EventRow) -> Changed {
    let is_ours = row.mark().is_some() || (row.transaction_id.is_some() && looks_like_mirror(row));
    if is_ours { listed(id, row) } else { Changed::Read(single_item(id, row)) }
}

/// A row as no more than its version.
pub(crate) fn listed(id: RemoteId, row: &EventRow) -> Changed {
    Changed::Listed { id, version: row.etag.as_deref().map(Version::new) }
}
