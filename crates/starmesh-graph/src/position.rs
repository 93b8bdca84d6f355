//! What a cursor of this provider holds: how a calendar is read, which range is, and how far.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::{TimeRange, Window};
use starmesh_provider::{Coverage, Cursor};
use url::Url;

/// How much is read around the window, so that it can roll for so long before everything is read again.
const SLACK: TimeDelta = TimeDelta::days(14);

/// At the edges of a range nothing is known to be absent: the service counts whole days in the zone of the
/// mailbox, which lies up to 14 hours from UTC.
const EDGE: TimeDelta = TimeDelta::days(1);

/// How far a calendar was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Position {
    lo: DateTime<Utc>,
    hi: DateTime<Utc>,
    #[serde(flatten)]
    pub(crate) way: Way,
}

/// How a calendar tells its changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "way", rename_all = "snake_case")]
pub(crate) enum Way {
    /// In rounds; the next one starts at `link`.
    Rounds {
        /// The link that ended the last one.
        link: Url,
    },
    /// Not at all: its whole view is compared with the last one.
    View {
        /// Digest of the last one.
        digest: String,
    },
}

impl Position {
    pub(crate) fn new(range: TimeRange, way: Way) -> Self {
        Self { lo: range.lo, hi: range.hi, way }
    }

    /// The position that `cursor` holds; `None` when it is none of ours.
    pub(crate) fn of(cursor: &Cursor) -> Option<Self> {
        serde_json::from_str(&cursor.0).ok()
    }

    /// The cursor that holds it.
    pub(crate) fn cursor(&self) -> Option<Cursor> {
        serde_json::to_string(self).ok().map(Cursor)
    }

    /// The range that is read.
    pub(crate) fn range(&self) -> TimeRange {
        TimeRange { lo: self.lo, hi: self.hi }
    }

    /// True while the window lies inside of what is covered.
    pub(crate) fn holds(&self, window: &Window) -> bool {
        let covered = covered(&self.range());
        planted(Bug::GraphNeverReadsAnew) || covered.lo <= window.range.lo && window.range.hi <= covered.hi
    }
}

/// The range that is read for `window`.
pub(crate) fn range_around(window: &Window) -> TimeRange {
    let TimeRange { lo, hi } = window.range;
    TimeRange {
        lo: lo.checked_sub_signed(SLACK).unwrap_or(lo),
        hi: hi.checked_add_signed(SLACK).unwrap_or(hi),
    }
}

/// What a read of `range` speaks of.
pub(crate) fn coverage(range: &TimeRange) -> Coverage {
    Coverage::Range(covered(range))
}

fn covered(range: &TimeRange) -> TimeRange {
    TimeRange { lo: range.lo + EDGE, hi: range.hi - EDGE }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_window_may_roll_within_the_slack_and_no_further() {
        let now = Utc.with_ymd_and_hms(2026, 11, 3, 12, 0, 0).unwrap();
        let range = range_around(&Window::around(now, 180));
        let position = Position::new(range, Way::View { digest: String::new() });
        let holds =
            |days: i64, ahead: u16| position.holds(&Window::around(now + TimeDelta::days(days), ahead));
        assert!(holds(0, 180) && holds(13, 180) && holds(-13, 180) && holds(0, 30) && holds(0, 193));
        assert!(!holds(14, 180) && !holds(-14, 180) && !holds(0, 194));
    }

    #[test]
    fn a_cursor_reads_back_and_another_is_none() {
        let range = range_around(&Window::around(Utc.with_ymd_and_hms(2026, 11, 3, 0, 0, 0).unwrap(), 30));
        let link = Url::parse("https://graph.example.org/v1.0/x?$deltatoken=a%2Fb").unwrap();
        let position = Position::new(range, Way::Rounds { link });
        assert!(Position::of(&position.cursor().unwrap()) == Some(position));
        assert!(Position::of(&Cursor("sync:1".to_owned())).is_none());
    }
}
