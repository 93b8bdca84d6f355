//! Why something is blocked, or not.

use serde::Serialize;

use super::{CalendarRef, LinkRef, TimeDto};

/// What every link into and out of a calendar makes of some time.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WhyDto {
    /// Which calendar.
    pub calendar: CalendarRef,
    /// The time in question: two instants, RFC 3339, the end exclusive.
    pub time: TimeDto,
    /// False when the time lies outside the window, in which alone busy blocks are placed.
    pub in_window: bool,
    /// When the calendar was last read, RFC 3339; none when never.
    pub read_at: Option<String>,
    /// Seconds since then.
    pub read_age_s: Option<i64>,
    /// The links, those out of the calendar first.
    pub links: Vec<WhyLink>,
}

/// What one link makes of it.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WhyLink {
    /// Which link.
    pub link: LinkRef,
    /// Set where nothing can be said: `not_read`, `question_open`, `paused`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub unknown: Option<String>,
    /// The events of its source at that time, and what became of each; none when there is none.
    pub events: Vec<WhyEvent>,
}

/// What became of one event.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WhyEvent {
    /// When it happens.
    pub time: TimeDto,
    /// What became of it.
    pub outcome: WhyOutcome,
    /// Why: for what is skipped a reason as in a plan, for what stands still one as in the status.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub reason: Option<String>,
}

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum WhyOutcome {
    /// Its busy block stands.
    Stands,
    /// It has none yet, since its link stands still.
    Waits,
    /// Its busy block is placed with the next pass.
    WillBePlaced,
    /// Its busy block changes with the next pass.
    WillChange,
    /// Its busy block goes with the next pass.
    WillGo,
    /// Its busy block would go, and waits for a person.
    Held,
    /// What was to be done about its busy block stands still.
    StandsStill,
    /// It has none.
    Skipped,
}
