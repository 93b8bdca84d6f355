//! What stands still: a link, a calendar with all its links, or everything, for a while or until somebody says so.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_core::reconcile::LinkState;
use starmesh_store::StoreError;
use starmesh_store::state::{Link, Pause, State};

/// The pauses that a person asked for, at some moment.
pub struct Standstill {
    now: DateTime<Utc>,
    everything: Option<Pause>,
    calendars: BTreeMap<CalendarId, Pause>,
}

impl Standstill {
    /// What stands still at `now`.
    pub async fn load(state: &State, now: DateTime<Utc>) -> Result<Self, StoreError> {
        let everything = state.settings().await?.pause;
        let calendars = state.calendars().await?.into_iter();
        let calendars = calendars.filter_map(|calendar| Some((calendar.id, calendar.pause?))).collect();
        Ok(Self { now, everything, calendars })
    }

    /// The pause that holds everything, if one does.
    pub fn everything(&self) -> Option<Pause> {
        self.everything.filter(|pause| pause.holds(self.now))
    }

    /// The pause that holds a link, if one does: of several the one that ends last.
    pub fn of(&self, link: &Link) -> Option<Pause> {
        let of_calendar = |id| self.calendars.get(id).copied();
        holding(link, [of_calendar(&link.id.source), of_calendar(&link.id.target), self.everything], self.now)
    }

    /// A link as it runs at that moment.
    pub fn applied(&self, link: Link) -> Link {
        let state = running(&link, self.of(&link));
        Link { state, ..link }
    }

    /// When the next pause of `links` ends by itself.
    pub(crate) fn next_end<'a>(&self, links: impl IntoIterator<Item = &'a Link>) -> Option<DateTime<Utc>> {
        let own = links.into_iter().filter_map(Link::pause);
        let all = own.chain(self.calendars.values().copied()).chain(self.everything);
        all.filter(|pause| pause.holds(self.now)).filter_map(|pause| pause.until).min()
    }
}

/// The pause that holds a link, of its own and of what is `around` it.
pub(crate) fn holding<const N: usize>(
    link: &Link,
    around: [Option<Pause>; N],
    now: DateTime<Utc>,
) -> Option<Pause> {
    let pauses = around.into_iter().chain([link.pause()]);
    pauses.map(|pause| pause.filter(|pause| pause.holds(now))).fold(None, Pause::longer)
}

/// Whether a link runs, as a person left it and as this pause lets it.
pub(crate) fn running(link: &Link, pause: Option<Pause>) -> LinkState {
    match (pause, link.state) {
        (Some(_), _) => LinkState::Paused,
        (None, LinkState::Paused) => LinkState::Active,
        (None, state) => state,
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone};
    use starmesh_core::ids::LinkId;

    use super::*;

    fn now() -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 12, 1, 9, 0, 0).unwrap()
    }

    fn link(state: LinkState) -> Link {
        Link::new(LinkId::new(CalendarId::new("a"), CalendarId::new("b"))).in_state(state)
    }

    fn until(hours: i64) -> Pause {
        Pause { until: Some(now() + TimeDelta::hours(hours)) }
    }

    #[test]
    fn a_link_stands_still_with_either_calendar_and_with_everything() {
        let none = Standstill { now: now(), everything: None, calendars: BTreeMap::new() };
        assert_eq!(none.applied(link(LinkState::Active)).state, LinkState::Active);
        for id in ["a", "b"] {
            let calendars = BTreeMap::from([(CalendarId::new(id), until(1))]);
            let still = Standstill { now: now(), everything: None, calendars };
            assert_eq!(still.applied(link(LinkState::Active)).state, LinkState::Paused);
            assert_eq!(
                still.applied(link(LinkState::Retiring)).state,
                LinkState::Paused,
                "nothing goes either"
            );
        }
        let still = Standstill { now: now(), everything: Some(until(-1)), calendars: BTreeMap::new() };
        assert_eq!(still.applied(link(LinkState::Active)).state, LinkState::Active, "it is over");
    }

    #[test]
    fn a_links_own_pause_ends_at_its_hour_and_the_next_end_of_all_is_known() {
        let still = Standstill { now: now(), everything: Some(until(3)), calendars: BTreeMap::new() };
        let mut paused = link(LinkState::Paused);
        paused.paused_until = until(2).until;
        assert_eq!(still.next_end([&paused]), until(2).until);
        assert_eq!(still.of(&paused), Some(until(3)));
        let later = Standstill { now: now() + TimeDelta::hours(4), ..still };
        assert_eq!(later.applied(paused.clone()).state, LinkState::Active);
        assert_eq!(later.next_end([&paused]), None);
        paused.paused_until = None;
        assert_eq!(later.applied(paused).state, LinkState::Paused);
    }
}
