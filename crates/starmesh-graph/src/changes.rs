//! What changed in a calendar, and what its events say now.
//!
//! A first read takes the view, which shows marks, and a round of delta only for its token; the round goes
//! first, so that a change between them is told twice and never missed; what the two do not show alike, since
//! either may lag behind, is looked at by itself. Later rounds tell what may have changed: single events are
//! as they say, but for marks; of a series only that it did; of a removal only that it may be. Where rounds do
//! not work (another person's calendar, a server that never ends one) the view is read each time and compared
//! with the last.

use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::{TimeRange, Window};
use starmesh_provider::{ChangeSet, Changed, Cursor, ErrorKind, ProviderError, Result};
use url::Url;

use crate::client::GraphClient;
use crate::convert::{looks_like_mirror, single_item, unreadable};
use crate::lookup::Looked;
use crate::place::Place;
use crate::position::{Position, Way, coverage, range_around};
use crate::round::{Round, Start, Told};
use crate::series::Seen;
use crate::shown::Doubts;
use crate::view::{View, listed};
use crate::wire::EventRow;

/// What changed, before it is handed over.
#[derive(Default)]
struct News {
    changed: Vec<Changed>,
    removed: Vec<RemoteId>,
}

impl GraphClient {
    pub(crate) async fn read_changes(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
        window: &Window,
    ) -> Result<ChangeSet> {
        let place = self.place(calendar)?;
        let position = match cursor {
            Some(cursor) => Some(Position::of(cursor).ok_or_else(|| self.dead_cursor())?),
            None => None,
        };
        // Once the window has rolled through the slack, everything is read again around it.
        let Some(position) = position.filter(|position| position.holds(window)) else {
            return self.read_whole(&place, range_around(window)).await;
        };
        let range = position.range();
        self.remember_range(&place, range);
        match &position.way {
            Way::Rounds { link } => match self.read_round(&place, Start::Link(link)).await? {
                Round::Whole(told) => self.changes_told(&place, range, *told).await,
                Round::Unusable => self.read_by_view(&place, range).await,
            },
            Way::View { digest } => self.changes_in_view(&place, &position, digest).await,
        }
    }

    /// Everything in `range`, and where to go on.
    async fn read_whole(&self, place: &Place, range: TimeRange) -> Result<ChangeSet> {
        self.remember_range(place, range);
        if !self.tells_changes(place).await? {
            return self.read_by_view(place, range).await;
        }
        let told = match self.read_round(place, Start::First(&range)).await {
            Ok(Round::Whole(told)) => Some(*told),
            Ok(Round::Unusable) => None,
            // A calendar that is not there is told by its view in so many words.
            Err(error) if matches!(error.kind, ErrorKind::CalendarGone | ErrorKind::InvalidData) => None,
            Err(error) => return Err(error),
        };
        match told {
            Some(Told { link: Some(link), shown, .. }) => {
                let mut view = self.read_view(place, &range).await?;
                let doubts = shown.doubts(&view);
                view.forget(&doubts);
                let mut news = News { changed: self.items_of(place, view).await?, removed: Vec::new() };
                self.look_closer(place, range, doubts, &mut news).await?;
                // In a whole read what is not told is not there.
                news.removed.clear();
                change_set(news, &Position::new(range, Way::Rounds { link }), true)
            }
            _ => self.read_by_view(place, range).await,
        }
    }

    async fn read_by_view(&self, place: &Place, range: TimeRange) -> Result<ChangeSet> {
        let (view, digest) = self.read_steady_view(place, &range, None).await?;
        self.whole(place, range, view, Way::View { digest }).await
    }

    async fn changes_in_view(&self, place: &Place, position: &Position, before: &str) -> Result<ChangeSet> {
        let range = position.range();
        let (view, digest) = self.read_steady_view(place, &range, Some(before)).await?;
        if digest == before {
            return change_set(News::default(), position, false);
        }
        self.whole(place, range, view, Way::View { digest }).await
    }

    async fn whole(&self, place: &Place, range: TimeRange, view: View, way: Way) -> Result<ChangeSet> {
        let changed = self.items_of(place, view).await?;
        change_set(News { changed, removed: Vec::new() }, &Position::new(range, way), true)
    }

    /// What a round told, looked at where it needs to be.
    async fn changes_told(&self, place: &Place, range: TimeRange, told: Told) -> Result<ChangeSet> {
        let Told { singles, mut series, mut doubtful, unreadable: poisoned, link, .. } = told;
        let link: Url = link.ok_or_else(|| self.connection.unexpected())?;
        let mut news = News::default();
        news.changed.extend(poisoned.into_iter().map(|id| Changed::Read(unreadable(id))));
        // A series that is said to be gone is read like any other of which something was said.
        if planted(Bug::GraphIgnoresStubs) {
            series.clear();
        }
        if planted(Bug::GraphBelievesRemovals) {
            news.removed.extend(std::mem::take(&mut doubtful));
        }
        doubtful.retain(|id| !series.contains(id));
        for (id, row) in &singles {
            if !doubtful.contains(id) {
                news.changed.push(single(id.clone(), row));
            }
        }
        // Whatever left the range is said to be removed, too: it counts once a look finds nothing.
        self.look_closer(place, range, Doubts { singles: doubtful, series }, &mut news).await?;
        change_set(news, &Position::new(range, Way::Rounds { link }), false)
    }

    /// Looks at events and series one by one, and adds what they turn out to be.
    async fn look_closer(
        &self,
        place: &Place,
        range: TimeRange,
        doubts: Doubts,
        news: &mut News,
    ) -> Result<()> {
        let Doubts { singles, mut series } = doubts;
        let singles: Vec<RemoteId> = singles.into_iter().collect();
        for (id, looked) in singles.iter().zip(self.look_up(place, &singles).await?) {
            match looked {
                Looked::Missing => news.removed.push(id.clone()),
                Looked::Unreadable => news.changed.push(Changed::Read(unreadable(id.clone()))),
                Looked::Row(row) if row.is_master() => {
                    series.insert(id.clone());
                }
                Looked::Row(row) => match row.series() {
                    Some(master) => {
                        series.insert(RemoteId::new(master));
                    }
                    None => news.changed.push(seen_single(id.clone(), &row)),
                },
            }
        }
        for (id, seen) in self.read_series(place, &range, &series).await? {
            match seen {
                Seen::Item(item) => news.changed.push(Changed::Read(item)),
                Seen::Single(row) => news.changed.push(seen_single(id, &row)),
                Seen::Gone => news.removed.push(id),
            }
        }
        Ok(())
    }

    fn dead_cursor(&self) -> ProviderError {
        let message = format!("{} no longer knows how far we have read", self.connection.host());
        ProviderError::new(ErrorKind::TokenExpired, message)
    }
}

/// A single event of a round, which shows no marks.
fn single(id: RemoteId, row: &EventRow) -> Changed {
    if looks_like_mirror(row) { listed(id, row) } else { Changed::ReadWithoutMarks(single_item(id, row)) }
}

/// A single event that was looked at with its mark.
fn seen_single(id: RemoteId, row: &EventRow) -> Changed {
    if row.mark().is_some() { listed(id, row) } else { Changed::Read(single_item(id, row)) }
}

fn change_set(news: News, position: &Position, complete: bool) -> Result<ChangeSet> {
    let cursor = position.cursor().ok_or_else(|| {
        ProviderError::new(ErrorKind::InvalidData, "the place to go on from cannot be kept")
    })?;
    Ok(ChangeSet {
        changed: news.changed,
        removed: news.removed,
        cursor: Some(cursor),
        more: false,
        complete,
        coverage: coverage(&position.range()),
    })
}

#[cfg(test)]
mod tests;
