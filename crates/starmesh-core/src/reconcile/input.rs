//! What is known of a target, the links into it and their sources.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::guard::BrakeBudget;
use crate::event::SourceItem;
use crate::ids::{CalendarId, LastingName, LinkId};
use crate::mirror::{IdentityKey, Label, MirrorRecord};
use crate::policy::{Policy, Terms};
use crate::time::{EventTime, TimeRange, Window};
use crate::zone::Zone;

/// Everything that decides about one target.
#[derive(Clone, Copy, Debug)]
pub struct TargetInput<'a> {
    /// The key that identities are derived from.
    pub keys: &'a IdentityKey,
    /// Where mirrors are placed.
    pub window: &'a Window,
    /// The target, with its own items of the meetings in question and its marked items.
    pub target: &'a CalendarView<'a>,
    /// What mirrors are called where their link does not say.
    pub label: &'a Label,
    /// All links into the target.
    pub links: &'a [LinkInput<'a>],
    /// What we remember of mirrors in the target, of the meetings in question.
    pub records: &'a [MirrorRecord],
    /// True when the input holds the whole target and not some meetings of it: only then can a mirror that
    /// no record knows be judged, and only then is known what time the target blocks already, as links from
    /// sources that hide marks have to know.
    pub whole: bool,
    /// True when a person is being shown, or has approved, what a narrower window removes.
    pub narrowing: bool,
}

/// A calendar and items of it.
#[derive(Clone, Debug)]
pub struct CalendarView<'a> {
    /// Our name of it.
    pub id: &'a CalendarId,
    /// The name that identities use.
    pub name: &'a LastingName,
    /// The zone in which floating times are read.
    pub zone: &'a Zone,
    /// Its items.
    pub items: &'a [Observed],
}

/// An item and when it was read.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observed {
    /// The item.
    pub item: SourceItem,
    /// When the read that brought it ended: until then it may have come to be.
    pub read_at: DateTime<Utc>,
}

/// One link into the target.
#[derive(Clone, Debug)]
pub struct LinkInput<'a> {
    /// Which link.
    pub id: &'a LinkId,
    /// Whether it runs.
    pub state: LinkState,
    /// Its source, with the items of the meetings in question.
    pub source: CalendarView<'a>,
    /// When the last whole read of the source, or of its changes since, began; `None` before the first:
    /// then nothing of this link can be known to be gone.
    pub source_read_at: Option<DateTime<Utc>>,
    /// Of which time these reads speak; `None` when of all. What lies elsewhere cannot be known to be gone: the
    /// window may have been widened since.
    pub source_range: Option<TimeRange>,
    /// True when the source cannot show marks: a mirror in it looks like anybody's event there.
    pub hides_marks: bool,
    /// What it mirrors.
    pub policy: &'a Policy,
    /// What was looked for when the source's items were read: as much as the policy asks for.
    pub terms: &'a Terms,
    /// What it mirrored before a person narrowed it, seeing what goes.
    pub narrowed_from: &'a [Policy],
    /// How many removals it may make.
    pub brake: BrakeBudget,
}

impl LinkInput<'_> {
    /// True when an event at `time` would have been read.
    pub(super) fn would_know(&self, time: &EventTime) -> bool {
        self.source_range.is_none_or(|range| time.start() < range.hi && time.end() > range.lo)
    }
}

/// Whether a link runs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// It runs.
    Active,
    /// It stands still: nothing is placed, changed or removed.
    Paused,
    /// No group generates it any more, and a person saw how many mirrors go: they are being removed.
    Retiring,
}
