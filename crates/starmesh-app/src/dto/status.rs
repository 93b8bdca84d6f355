//! How things stand.

use serde::Serialize;

use super::{CalendarRef, DamageDto, LinkDto, LinkRef};

/// How things stand.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StatusDto {
    /// The process of `starmesh run`, when one runs.
    pub daemon_pid: Option<u32>,
    /// Another process that works on the data folder (`sync`, `apply`, `clean`).
    pub worker_pid: Option<u32>,
    /// The calendars that links touch.
    pub calendars: Vec<CalendarStatusDto>,
    /// The links.
    pub links: Vec<LinkDto>,
    /// True while a person lets everything stand still.
    pub paused: bool,
    /// Until when, RFC 3339, where that ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub paused_until: Option<String>,
    /// How long changes took over the last seven days, for each link with a write.
    pub latency: Vec<LatencyDto>,
    /// What stands still.
    pub wedges: Vec<WedgeDto>,
    /// Calendars that are known to have changed and wait to be read.
    pub waiting: u64,
    /// True when something needs a person.
    pub needs_person: bool,
    /// The database that was damaged and moved aside, as long as it lies there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub damage: Option<DamageDto>,
}

/// How long changes took on a link, from the signal until the provider had confirmed the busy block.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LatencyDto {
    /// Which link.
    pub link: LinkRef,
    /// Of how many writes.
    pub writes: u64,
    /// The median, in milliseconds.
    pub p50_ms: i64,
    /// What 95 of a hundred did not exceed, in milliseconds.
    pub p95_ms: i64,
}

/// How a calendar stands.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CalendarStatusDto {
    /// Which calendar.
    pub calendar: CalendarRef,
    /// When it was last read, RFC 3339; none when never.
    pub read_at: Option<String>,
    /// Seconds since then.
    pub read_age_s: Option<i64>,
    /// When it is asked for again, RFC 3339, where whoever publishes it wants it left alone until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub due_at: Option<String>,
    /// When it was last read wholly, RFC 3339.
    pub verified_at: Option<String>,
    /// Seconds since then.
    pub verified_age_s: Option<i64>,
    /// How many busy blocks whole reads found missing, changed or doubled over the last seven days, though the
    /// calendar had told of no change.
    pub repairs: u64,
    /// What came back of the block that was placed there first, on trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub canary: Option<CanaryDto>,
    /// How many items it holds, busy blocks included.
    pub items: u64,
    /// How many busy blocks of ours it holds.
    pub mirrors: u64,
    /// How many operations or items stand still in it.
    pub wedged: u64,
    /// How many removals in it wait for a person.
    pub held: u64,
    /// How many busy blocks of another installation wait for an answer.
    pub foreign_marks: u32,
    /// True when it can only be a source.
    pub read_only: bool,
    /// True when its account no longer lists it.
    pub missing: bool,
    /// Why it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub failure: Option<FailureDto>,
}

/// What came back of a block that was placed on trial, before any other, and removed.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CanaryDto {
    /// When, RFC 3339.
    pub at: String,
    /// True when a listing showed it.
    pub listed: bool,
    /// True when the calendar told of it as a change; absent where it tells no changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub told: Option<bool>,
    /// True when its mark came back.
    pub mark_kept: bool,
    /// True when something in it came back otherwise than it was written.
    pub altered: bool,
    /// The calendar in which it stood too.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub same_as: Option<CalendarRef>,
}

/// Why a calendar cannot be read.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FailureDto {
    /// Since when, RFC 3339.
    pub since: String,
    /// How often it was tried.
    pub attempts: u32,
    /// What happened.
    pub message: String,
    /// True when only a person can help.
    pub needs_person: bool,
}

/// Something that stands still.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WedgeDto {
    /// In which calendar.
    pub calendar: CalendarRef,
    /// Of which link, when of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub link: Option<String>,
    /// Why: `refused`, `read_only`, `quota_exceeded`, `has_attendees`, `mark_stripped`; or for a broken event
    /// what is wrong with it, as in the reasons of a plan.
    pub reason: String,
    /// What a person can do about it, in words.
    pub hint: String,
    /// What the provider said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub message: Option<String>,
    /// Since when, RFC 3339.
    pub since: String,
    /// When the event in question starts, RFC 3339, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub event_at: Option<String>,
}
