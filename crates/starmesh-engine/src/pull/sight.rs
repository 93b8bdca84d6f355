//! All of a calendar that can be a mirror, read beside what is kept of it: nothing here moves a cursor.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::ProviderId;
use starmesh_core::time::{TimeRange, Window};
use starmesh_provider::Coverage;
use starmesh_store::state::Calendar;

use super::PullError;
use super::patience::Patience;
use crate::engine::Engine;

/// How far back a sweep looks where a provider cannot list all there is: mirrors that slid out of the window stay,
/// and nobody looks for a busy block of more than five years ago.
const SWEEP_BACK: TimeDelta = TimeDelta::days(5 * 365);
/// How far ahead it looks there: a year beyond the widest window, for what a person moved by hand.
const SWEEP_AHEAD: TimeDelta = TimeDelta::days(3 * 365);

/// What a look through a calendar saw.
pub(crate) struct Sight {
    /// Items that carry a mark, or the shape of one.
    pub marked: Vec<SourceItem>,
    /// Which time was looked through; all of it when `None`.
    pub range: Option<TimeRange>,
}

impl Engine {
    /// Looks through all of a calendar, inside of the window and beyond, in the stretches for which providers are
    /// made: no window is wider than that which can be set.
    pub(crate) async fn look_through(&self, calendar: &Calendar) -> Result<Sight, PullError> {
        let provider = self.providers.provider(&calendar.account).await?;
        let mut marked: BTreeMap<RemoteId, SourceItem> = BTreeMap::new();
        let mut range: Option<TimeRange> = None;
        for window in stretches(self.clock.now()) {
            let mut patience = Patience::default();
            // Begun anew, it would be refused again at the same place: nobody asks later for what is missing.
            let mut listing = loop {
                match self.list(&*provider, calendar, None, &window).await {
                    Err(error) => patience.wait(self, &calendar.id, error).await?,
                    Ok(listing) => break listing,
                }
            };
            let shown = listing.ids();
            let items = self.read_items(&provider, calendar, &mut listing, Vec::new(), false).await?;
            let read: BTreeSet<&RemoteId> = items.iter().map(|item| &item.remote_id).collect();
            // What is known in the version that is listed need not be read again.
            let known: Vec<&RemoteId> = shown.iter().filter(|id| !read.contains(id)).collect();
            let known = self.state.items_by_id(&calendar.id, known).await?;
            let seen = known.into_iter().map(|known| known.item).chain(items);
            marked.extend(seen.filter(is_marked).map(|item| (item.remote_id.clone(), item)));
            let Some(Coverage::Range(covered)) = listing.coverage else {
                range = None;
                break;
            };
            let before = range.unwrap_or(covered);
            range = Some(TimeRange { lo: before.lo.min(covered.lo), hi: before.hi.max(covered.hi) });
        }
        Ok(Sight { marked: marked.into_values().collect(), range })
    }
}

fn is_marked(item: &SourceItem) -> bool {
    item.events.iter().any(|event| event.marked.is_some() || ProviderId::has_shape(event.uid.as_str()))
}

/// The windows that together reach from [`SWEEP_BACK`] to [`SWEEP_AHEAD`].
fn stretches(now: DateTime<Utc>) -> Vec<Window> {
    let (mut lo, end) = (now - SWEEP_BACK, now + SWEEP_AHEAD);
    let mut windows = Vec::new();
    while lo < end {
        let hi = (lo + TimeDelta::days(i64::from(Window::DAYS_MAX))).min(end);
        windows.push(Window { range: TimeRange { lo, hi } });
        lo = hi;
    }
    windows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stretches_leave_no_gap_and_none_is_wider_than_a_window_can_be() {
        let now: DateTime<Utc> = "2026-11-22T09:00:00Z".parse().unwrap();
        let windows = stretches(now);
        assert_eq!(windows.first().unwrap().range.lo, now - SWEEP_BACK);
        assert_eq!(windows.last().unwrap().range.hi, now + SWEEP_AHEAD);
        assert!(windows.windows(2).all(|pair| pair[0].range.hi == pair[1].range.lo));
        let widest = TimeDelta::days(i64::from(Window::DAYS_MAX));
        assert!(windows.iter().all(|window| window.range.hi - window.range.lo <= widest));
    }
}
