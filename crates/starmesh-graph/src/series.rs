//! Whole series: whenever any row of one turns up, all of it is read anew.
//!
//! A round tells too little of a series to go by: its rows are stubs, a deleted occurrence leaves no trace,
//! and an occurrence that moved may come without the others. So a series is its master and the listing of
//! its occurrences, which the service expands.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::time::{TimeRange, Window};
use starmesh_provider::{ErrorKind, Fetched, ProviderError, Result};
use url::Url;

use crate::call::{Answer, Call};
use crate::client::GraphClient;
use crate::convert::{series_item, unreadable};
use crate::errors::About;
use crate::lookup::Looked;
use crate::place::Place;
use crate::position::range_around;
use crate::requests::{GetEvent, ListInstances, Rows};
use crate::wire::{EventRow, Lenient};

/// The most pages of occurrences of one series: two years of days fit into a few.
const INSTANCE_PAGES_MAX: usize = 100;

/// How many series are read in one batch; each takes two parts.
const SERIES_AT_ONCE: usize = 10;

/// What a series turned out to be.
pub(crate) enum Seen {
    /// A series.
    Item(SourceItem),
    /// An event that no longer repeats.
    Single(Box<EventRow>),
    /// It is gone.
    Gone,
}

/// The occurrences of a series; `None` when one of them cannot be understood.
type Occurrences = Option<Vec<EventRow>>;

impl GraphClient {
    /// Reads series by the ids of their masters.
    pub(crate) async fn read_series(
        &self,
        place: &Place,
        range: &TimeRange,
        ids: &BTreeSet<RemoteId>,
    ) -> Result<BTreeMap<RemoteId, Seen>> {
        let mut seen = BTreeMap::new();
        let ids: Vec<&RemoteId> = ids.iter().collect();
        for ids in ids.chunks(SERIES_AT_ONCE) {
            let calls: Vec<Call> = ids
                .iter()
                .flat_map(|id| [GetEvent::prepare(place, id), ListInstances::prepare(place, id, range)])
                .collect();
            let mut answers = self.connection.send_all(&calls).await.into_iter();
            for id in ids {
                let (Some(master), Some(listed)) = (answers.next(), answers.next()) else {
                    return Err(self.connection.unexpected());
                };
                seen.insert((*id).clone(), self.seen(place, id, &master?, listed?).await?);
            }
        }
        Ok(seen)
    }

    /// One series whose master was just read.
    pub(crate) async fn fetch_series(
        &self,
        place: &Place,
        id: &RemoteId,
        master: &EventRow,
    ) -> Result<Fetched> {
        let now = self.clock.now();
        let known = self.known_range(place);
        // As far as any window that can be set: what is not fetched is taken for no date of the series.
        let range = known.unwrap_or_else(|| range_around(&Window::around(now, Window::DAYS_MAX)));
        let answer = self.connection.send(&ListInstances::prepare(place, id, &range)).await?;
        Ok(match self.occurrences(place, answer).await? {
            None => Fetched::Missing(id.clone()),
            Some(occurrences) => Fetched::Found(item(id, Some(master), occurrences.as_deref())),
        })
    }

    async fn seen(&self, place: &Place, id: &RemoteId, master: &Answer, listed: Answer) -> Result<Seen> {
        let master = match self.looked(place, master)? {
            Looked::Missing => return Ok(Seen::Gone),
            Looked::Unreadable => return Ok(Seen::Item(unreadable(id.clone()))),
            Looked::Row(row) if !row.is_master() => return Ok(Seen::Single(row)),
            Looked::Row(row) => row,
        };
        Ok(match self.occurrences(place, listed).await? {
            None => Seen::Gone,
            Some(occurrences) => Seen::Item(item(id, Some(&master), occurrences.as_deref())),
        })
    }

    /// All pages of a listing of occurrences; `None` when the series went meanwhile.
    async fn occurrences(&self, place: &Place, first: Answer) -> Result<Option<Occurrences>> {
        let mut rows: BTreeMap<String, EventRow> = BTreeMap::new();
        let mut seen_links: BTreeSet<Url> = BTreeSet::new();
        let mut is_whole = true;
        let mut answer = first;
        loop {
            if !answer.is_success() {
                let error = self.connection.refusal(&answer, About::Event);
                return if error.kind == ErrorKind::Gone { Ok(None) } else { Err(error) };
            }
            let page: Rows =
                ListInstances::parse(&answer, &place.terms).ok_or_else(|| self.connection.unexpected())?;
            for row in page.rows {
                match row {
                    Lenient::Good(row) => {
                        let id = row.id.clone().unwrap_or_default();
                        rows.insert(id, row);
                    }
                    Lenient::Bad { .. } | Lenient::Worse(_) => is_whole = false,
                }
            }
            let Some(next) = page.next else {
                return Ok(Some(is_whole.then(|| rows.into_values().collect())));
            };
            if seen_links.len() >= INSTANCE_PAGES_MAX || !seen_links.insert(next.clone()) {
                let message = format!("{} lists one series without end", self.connection.host());
                return Err(ProviderError::new(ErrorKind::InvalidData, message));
            }
            answer = self.connection.send(&Call::follow(next)).await?;
        }
    }
}

fn item(id: &RemoteId, master: Option<&EventRow>, occurrences: Option<&[EventRow]>) -> SourceItem {
    match occurrences {
        Some(occurrences) => series_item(id.clone(), master, occurrences),
        None => unreadable(id.clone()),
    }
}
