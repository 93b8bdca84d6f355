//! One round of delta: its pages from the first to the link that starts the next.
//!
//! The service is known to repeat pages without end, to fail in the middle, and to show pages without
//! rows. A round that cannot be finished is not used: the view tells the same, slowly.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::RemoteId;
use starmesh_core::time::TimeRange;
use starmesh_provider::{ErrorKind, ProviderError, Result};
use url::Url;

use crate::call::Call;
use crate::client::GraphClient;
use crate::errors::About;
use crate::place::Place;
use crate::requests::{DeltaNext, ReadDelta};
use crate::shown::Shown;
use crate::wire::{EventRow, Lenient};

/// Rows that are asked for on a page. Large pages are known to time out.
const PAGE_SIZE: u32 = 50;

/// Rows of a page when small ones repeat without end.
const PAGE_SIZE_LARGE: u32 = 500;

/// The most pages of one round.
const PAGES_MAX: usize = 20_000;

/// How many pages in a row may bring rows and nothing new among them.
const REPEATS_MAX: usize = 2;

/// How many pages in a row may be empty.
const EMPTY_MAX: usize = 200;

/// Where a round starts.
#[derive(Clone, Copy)]
pub(crate) enum Start<'a> {
    /// At the beginning, for a range.
    First(&'a TimeRange),
    /// Where the last one ended.
    Link(&'a Url),
}

/// What a round told.
pub(crate) enum Round {
    /// All of it.
    Whole(Box<Told>),
    /// It cannot be finished: the view has to tell.
    Unusable,
}

/// The rows of a round, sorted by what has to be done with them.
#[derive(Default)]
pub(crate) struct Told {
    /// Single events as they are now.
    pub(crate) singles: BTreeMap<RemoteId, EventRow>,
    /// Series of which any row turned up.
    pub(crate) series: BTreeSet<RemoteId>,
    /// What is said to be gone, or to be gone and there.
    pub(crate) doubtful: BTreeSet<RemoteId>,
    /// What could not be understood.
    pub(crate) unreadable: BTreeSet<RemoteId>,
    /// What a first round showed, in place of all the others.
    pub(crate) shown: Shown,
    /// Where the next round starts.
    pub(crate) link: Option<Url>,
}

/// How a run through the pages ended.
enum Ended {
    Told(Box<Told>),
    Endless,
    Broken,
}

impl GraphClient {
    /// Reads a round. A dead token, a lost sign-in or a server out of reach is an error; a round that this
    /// server cannot finish for this calendar is [`Round::Unusable`].
    pub(crate) async fn read_round(&self, place: &Place, start: Start<'_>) -> Result<Round> {
        for page_size in [PAGE_SIZE, PAGE_SIZE_LARGE] {
            match self.run_through(place, start, page_size).await? {
                Ended::Told(told) => return Ok(Round::Whole(told)),
                Ended::Endless => {
                    tracing::warn!(page_size, "a round of changes repeats itself without end");
                }
                Ended::Broken => return Ok(Round::Unusable),
            }
        }
        Ok(Round::Unusable)
    }

    async fn run_through(&self, place: &Place, start: Start<'_>, page_size: u32) -> Result<Ended> {
        let mut call = match start {
            Start::First(range) => ReadDelta::prepare(place, range, page_size),
            Start::Link(link) => ReadDelta::prepare_link(link.clone(), page_size),
        };
        let mut told = Told::default();
        let mut guard = RepeatGuard::default();
        loop {
            let answer = self.connection.send(&call).await?;
            if !answer.is_success() {
                let error = self.connection.refusal(&answer, About::Changes);
                return self.judge(start, error);
            }
            let page = ReadDelta::parse(&answer, &place.terms);
            let page = page.ok_or_else(|| self.connection.unexpected())?;
            if page.rows.iter().any(Lenient::is_nameless) {
                // What it tells would not be told again.
                tracing::warn!(host = self.connection.host(), "a round of changes has a row without an id");
                return Ok(Ended::Broken);
            }
            let next = match page.next {
                DeltaNext::Round(link) => {
                    told.add_all(page.rows, start);
                    told.link = Some(link);
                    return Ok(Ended::Told(Box::new(told)));
                }
                DeltaNext::Page(next) => next,
            };
            if guard.goes_in_circles(&page.rows, &next) {
                return Ok(Ended::Endless);
            }
            told.add_all(page.rows, start);
            call = Call::follow(next).paged(page_size);
        }
    }

    /// What a refusal in the middle of a round means.
    fn judge(&self, start: Start<'_>, error: ProviderError) -> Result<Ended> {
        match (error.kind, start) {
            // A token dies; a first round has none, so that this one is of no use.
            (ErrorKind::TokenExpired, Start::First(_)) => Ok(Ended::Broken),
            (
                ErrorKind::TokenExpired
                | ErrorKind::NeedsSignIn
                | ErrorKind::CalendarGone
                | ErrorKind::Throttled { .. },
                _,
            ) => Err(error),
            _ => {
                tracing::warn!(host = self.connection.host(), "a round of changes cannot be finished");
                Ok(Ended::Broken)
            }
        }
    }
}

impl Told {
    /// Sorts a page in. A first round is made for its link, since the view tells the rest better: of its rows,
    /// which may be very many, no more is kept than what the view is compared with.
    fn add_all(&mut self, rows: Vec<Lenient<EventRow>>, start: Start<'_>) {
        match start {
            Start::First(_) => rows.iter().for_each(|row| self.shown.add(row)),
            Start::Link(_) => rows.into_iter().for_each(|row| self.add(row)),
        }
    }

    /// Sorts one row in. The same event may come several times and in any order: when it is both there and
    /// gone, only a look at it can tell.
    fn add(&mut self, row: Lenient<EventRow>) {
        let row = match row {
            Lenient::Good(row) => row,
            Lenient::Bad { id } => {
                self.unreadable.insert(RemoteId::new(id));
                return;
            }
            Lenient::Worse(_) => return,
        };
        let Some(id) = row.id.as_deref().filter(|id| !id.is_empty()).map(RemoteId::new) else { return };
        if row.removed.is_some() {
            self.doubtful.insert(id);
        } else if row.is_master() {
            self.series.insert(id);
        } else if let Some(master) = row.series() {
            self.series.insert(RemoteId::new(master));
        } else if row.start.is_none() {
            self.doubtful.insert(id);
        } else {
            self.singles.insert(id, row);
        }
    }
}

/// Notices a round that never ends.
#[derive(Default)]
struct RepeatGuard {
    seen: BTreeSet<(String, String)>,
    links: BTreeSet<Url>,
    repeats: usize,
    empty: usize,
}

impl RepeatGuard {
    fn goes_in_circles(&mut self, rows: &[Lenient<EventRow>], next: &Url) -> bool {
        let mut brings_new = false;
        for row in rows {
            let (id, version) = match row {
                Lenient::Good(row) => {
                    let gone = if row.removed.is_some() { "removed" } else { "" };
                    let version = row.etag.as_deref().unwrap_or(gone);
                    (row.id.clone().unwrap_or_default(), version.to_owned())
                }
                Lenient::Bad { id } => (id.clone(), String::new()),
                Lenient::Worse(_) => continue,
            };
            brings_new |= self.seen.insert((id, version));
        }
        match (rows.is_empty(), brings_new) {
            (true, _) => self.empty += 1,
            (false, true) => (self.repeats, self.empty) = (0, 0),
            (false, false) => (self.repeats, self.empty) = (self.repeats + 1, 0),
        }
        let known_link = !self.links.insert(next.clone());
        known_link || self.repeats >= REPEATS_MAX || self.empty >= EMPTY_MAX || self.links.len() >= PAGES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: &[&str]) -> Vec<Lenient<EventRow>> {
        let row = |id: &&str| EventRow { id: Some((*id).to_owned()), ..EventRow::default() };
        ids.iter().map(|id| Lenient::Good(row(id))).collect()
    }

    fn link(number: usize) -> Url {
        Url::parse(&format!("https://graph.example.org/v1.0/x?$skiptoken={number}")).unwrap()
    }

    #[test]
    fn two_pages_without_anything_new_are_a_circle() {
        let mut guard = RepeatGuard::default();
        assert!(!guard.goes_in_circles(&rows(&["a", "b"]), &link(1)));
        assert!(!guard.goes_in_circles(&rows(&["a", "b"]), &link(2)));
        assert!(guard.goes_in_circles(&rows(&["a"]), &link(3)));
    }

    #[test]
    fn empty_pages_and_single_repeats_are_not() {
        let mut guard = RepeatGuard::default();
        assert!(!guard.goes_in_circles(&rows(&["a"]), &link(1)));
        for number in 2..100 {
            assert!(!guard.goes_in_circles(&[], &link(number)));
        }
        assert!(!guard.goes_in_circles(&rows(&["a"]), &link(100)));
        assert!(!guard.goes_in_circles(&rows(&["c"]), &link(101)));
        assert!(!guard.goes_in_circles(&rows(&["a"]), &link(102)));
    }

    #[test]
    fn a_link_that_comes_again_and_empty_pages_for_ever_are() {
        let mut guard = RepeatGuard::default();
        assert!(!guard.goes_in_circles(&rows(&["a"]), &link(1)));
        assert!(guard.goes_in_circles(&rows(&["b"]), &link(1)));
        let mut guard = RepeatGuard::default();
        let circle = (0..=EMPTY_MAX).find(|number| guard.goes_in_circles(&[], &link(*number)));
        assert_eq!(circle, Some(EMPTY_MAX - 1));
    }
}
