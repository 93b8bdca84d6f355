//! How far a calendar was read, as a cursor holds it: `sync:` with the range and time of the listing that
//! began it and the sync token, or `list:` where Google gave no token and the next read is a listing again.
//!
//! An event that lies beyond the listed range and is never touched is in no later change, so that a listing
//! must be made anew before the window has moved past its far edge.

use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::LastingName;
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::{TimeRange, Window};
use starmesh_provider::Cursor;

/// How far a listing reaches beyond the window, so that the window can move on for a while.
pub(crate) const SLACK: TimeDelta = TimeDelta::days(14);

/// How old a listing may grow before the next: half of [`SLACK`], so that a week of failures does no harm.
const LISTING_AGE_MAX: TimeDelta = TimeDelta::days(7);

/// Listings of different calendars come due over so long a time before [`LISTING_AGE_MAX`].
const LISTING_SPREAD: TimeDelta = TimeDelta::days(1);

/// A position in the changes of a calendar.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Position {
    /// Nothing is read yet, or nothing to go on from was given.
    Start,
    /// After a listing of this range.
    Since(Listed, String),
}

/// What is known of the listing that began a row of changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Listed {
    /// The range that it covers.
    pub(crate) range: TimeRange,
    /// When it was made.
    pub(crate) at: DateTime<Utc>,
}

impl Position {
    /// The position in `cursor`; `None` when it is none of ours.
    pub(crate) fn of(cursor: Option<&Cursor>) -> Option<Self> {
        let Some(Cursor(text)) = cursor else { return Some(Self::Start) };
        if text == "list:" {
            return Some(Self::Start);
        }
        let mut parts = text.strip_prefix("sync:")?.splitn(4, ':');
        let mut time = || DateTime::from_timestamp(parts.next()?.parse().ok()?, 0);
        let (lo, hi, at) = (time()?, time()?, time()?);
        let token = parts.next().filter(|token| !token.is_empty())?;
        Some(Self::Since(Listed { range: TimeRange { lo, hi }, at }, token.to_owned()))
    }
}

impl Listed {
    /// A listing made at `at` for `window`.
    pub(crate) fn for_window(window: &Window, at: DateTime<Utc>) -> Self {
        let hi = window.range.hi.checked_add_signed(SLACK).unwrap_or(window.range.hi);
        Self { range: TimeRange { lo: window.range.lo, hi }, at }
    }

    /// The cursor after it.
    pub(crate) fn cursor(&self, token: Option<&str>) -> Cursor {
        let seconds = |time: DateTime<Utc>| time.timestamp();
        Cursor(token.map_or_else(
            || "list:".to_owned(),
            |token| {
                let (lo, hi, at) = (seconds(self.range.lo), seconds(self.range.hi), seconds(self.at));
                format!("sync:{lo}:{hi}:{at}:{token}")
            },
        ))
    }

    /// True when changes since this listing still tell all there is in `window`.
    pub(crate) fn serves(&self, calendar: &LastingName, window: &Window, now: DateTime<Utc>) -> bool {
        let spread = LISTING_SPREAD.num_seconds().unsigned_abs();
        let mut hasher = DefaultHasher::new();
        calendar.as_str().hash(&mut hasher);
        let early = i64::try_from(hasher.finish() % spread.max(1)).unwrap_or_default();
        let due = LISTING_AGE_MAX - TimeDelta::seconds(early);
        if planted(Bug::GoogleNeverListsAnew) {
            return true;
        }
        self.range.lo <= window.range.lo && window.range.hi <= self.range.hi && now - self.at < due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn listed() -> Listed {
        let now = time("2026-12-01T10:00:00Z");
        Listed::for_window(&Window::around(now, 180), now)
    }

    #[test]
    fn a_cursor_reads_back_whatever_the_token_holds() {
        for token in ["CPDAlvWDx70CEPDAlvWDx70CGAU=", "a:b c:d", "sync:1"] {
            let cursor = listed().cursor(Some(token));
            assert_eq!(Position::of(Some(&cursor)), Some(Position::Since(listed(), token.to_owned())));
        }
        assert_eq!(Position::of(Some(&listed().cursor(None))), Some(Position::Start));
        assert_eq!(Position::of(None), Some(Position::Start));
    }

    #[test]
    fn what_is_no_cursor_of_ours_is_told() {
        for text in [
            "",
            "sync:",
            "sync:1:2:3",
            "sync:1:2:3:",
            "sync:a:2:3:t",
            "ctag:1",
            "sync:1:2:99999999999999999:t",
        ] {
            assert_eq!(Position::of(Some(&Cursor(text.to_owned()))), None, "{text}");
        }
    }

    #[test]
    fn a_listing_serves_until_its_slack_is_half_used_up() {
        let calendar = LastingName::new("ada@example.org");
        let serves = |days: i64, hours: i64| {
            let now = listed().at + TimeDelta::days(days) + TimeDelta::hours(hours);
            listed().serves(&calendar, &Window::around(now, 180), now)
        };
        assert!(serves(0, 0) && serves(5, 23));
        assert!(!serves(7, 0) && !serves(30, 0));
    }

    #[test]
    fn a_wider_window_needs_a_new_listing() {
        let calendar = LastingName::new("ada@example.org");
        let now = listed().at;
        assert!(listed().serves(&calendar, &Window::around(now, 190), now));
        assert!(!listed().serves(&calendar, &Window::around(now, 195), now));
        let earlier = now - TimeDelta::days(2);
        assert!(!listed().serves(&calendar, &Window::around(earlier, 180), earlier), "the clock went back");
    }

    #[test]
    fn calendars_come_due_at_different_times() {
        let due = |name: &str| {
            let calendar = LastingName::new(name);
            (0..24 * 8).find(|hours| {
                let now = listed().at + TimeDelta::hours(*hours);
                !listed().serves(&calendar, &Window::around(now, 180), now)
            })
        };
        let times: std::collections::BTreeSet<_> =
            (0..20).map(|number| due(&format!("calendar-{number}"))).collect();
        assert!(times.len() > 5, "{times:?}");
    }
}
