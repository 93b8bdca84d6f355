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
use crate::wire::{EventRow, Lenient, ZonedTime};

/// The longest range of one listing; a longer one is read in parts.
const VIEW_SPAN_MAX: TimeDelta = TimeDelta::days(400);

/// The most pages of one listing, of a hundred rows each.
const VIEW_PAGES_MAX: usize = 20_000;

/// Everything in a range. A calendar may hold very much: of a row is kept what it is handed over as, where that
/// can be told at once.
#[derive(Default)]
pub(crate) struct View {
    /// Single events.
    singles: BTreeMap<RemoteId, (Print, Changed)>,
    /// Occurrences and exceptions, by their ids, of each series.
    series: BTreeMap<RemoteId, BTreeMap<String, (Print, EventRow)>>,
    /// What could not be understood.
    unreadable: BTreeSet<String>,
}

/// A digest of everything in a row that can change an item.
type Print = [u8; 16];

impl GraphClient {
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
            let page = ReadView::parse(&answer).ok_or_else(|| self.connection.unexpected())?;
            for row in page.rows {
                view.add(row);
            }
            let Some(next) = page.next else { return Ok(()) };
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
        changed.extend(view.singles.into_values().map(|(_, single)| single));
        let ids: Vec<RemoteId> = view.series.keys().cloned().collect();
        let masters = self.look_up(place, &ids).await?;
        for ((id, occurrences), master) in view.series.into_iter().zip(masters) {
            let occurrences: Vec<EventRow> = occurrences.into_values().map(|(_, row)| row).collect();
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
                let Some(id) = row.id.clone() else { return };
                let print = print(&row);
                if let Some(series) = row.series().map(RemoteId::new) {
                    self.series.entry(series).or_default().insert(id, (print, row));
                } else {
                    let id = RemoteId::new(id);
                    self.singles.insert(id.clone(), (print, single(id, &row)));
                }
            }
            Lenient::Bad { id } => {
                self.unreadable.insert(id);
            }
            Lenient::Worse(_) => {}
        }
    }

    /// True when it shows a single event, or something that cannot be read, under this id.
    pub(crate) fn shows(&self, id: &RemoteId) -> bool {
        self.singles.contains_key(id) || self.unreadable.contains(id.as_str())
    }

    /// True when it shows a date of this series.
    pub(crate) fn shows_series(&self, id: &RemoteId) -> bool {
        self.series.contains_key(id) || self.shows(id)
    }

    /// A digest of everything that can change an item.
    pub(crate) fn digest(&self) -> String {
        let mut hash = Sha256::new();
        let singles = self.singles.iter().map(|(id, (print, _))| (id.as_str(), print));
        let series = self.series.values().flatten().map(|(id, (print, _))| (id.as_str(), print));
        for (id, print) in singles.chain(series) {
            hash.update((id.len() as u64).to_be_bytes());
            hash.update(id.as_bytes());
            hash.update(print);
        }
        for id in &self.unreadable {
            hash.update(id.as_bytes());
            hash.update([0]);
        }
        HEXLOWER.encode(&hash.finalize())
    }
}

fn print(row: &EventRow) -> Print {
    let time = |time: Option<&ZonedTime>| time.and_then(|time| time.date_time.clone()).unwrap_or_default();
    let response = row.response_status.as_ref().and_then(|status| status.response.clone());
    let parts = [
        row.etag.clone().unwrap_or_default(),
        time(row.start.as_ref()),
        time(row.end.as_ref()),
        row.show_as.clone().unwrap_or_default(),
        row.is_cancelled.unwrap_or(false).to_string(),
        response.unwrap_or_default(),
        row.series_master_id.clone().unwrap_or_default(),
    ];
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut print = Print::default();
    print.copy_from_slice(&hash.finalize()[..16]);
    print
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
