//! Groups and links.

use serde::Serialize;

use super::{CalendarRef, PolicyDto};

/// How a group joins its calendars.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ShapeDto {
    /// The first with each other.
    Star,
    /// Each with each.
    Mesh,
    /// Two, both ways.
    Pair,
    /// Two, from the first to the second.
    OneWay,
}

/// A group.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct GroupDto {
    /// Its name.
    pub name: String,
    /// How it joins its calendars.
    pub shape: ShapeDto,
    /// Its calendars; a star's hub and a one-way pair's source first.
    pub calendars: Vec<CalendarRef>,
    /// How many pairs it makes.
    pub pairs: u64,
    /// How many links it makes.
    pub links: u64,
    /// Links it would make and cannot.
    pub left_out: Vec<LeftOut>,
}

/// A link that a group would make and cannot.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LeftOut {
    /// The link.
    pub link: LinkRef,
    /// Why.
    pub reason: LeftOutReason,
}

/// Why a link is left out.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The target cannot be written.
    ReadOnlyTarget,
}

/// A link as others speak of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LinkRef {
    /// `source → target`.
    pub name: String,
    /// Where events are read.
    pub source: CalendarRef,
    /// Where busy blocks are placed.
    pub target: CalendarRef,
}

/// Whether a link runs.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum LinkStateDto {
    /// It runs.
    Active,
    /// It stands still.
    Paused,
    /// Its mirrors are being removed.
    Retiring,
}

/// A link.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LinkDto {
    /// How it is spoken of.
    #[serde(flatten)]
    pub link: LinkRef,
    /// Whether it runs.
    pub state: LinkStateDto,
    /// When it runs again by itself, RFC 3339, where it is paused until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub paused_until: Option<String>,
    /// True when it is paused by itself, and not only with a calendar or with everything.
    #[serde(skip_serializing_if = "is_false")]
    #[cfg_attr(feature = "bindings", ts(optional, as = "Option<bool>"))]
    pub paused_itself: bool,
    /// What it mirrors.
    pub policy: PolicyDto,
    /// How many mirrors it has.
    pub mirrors: u64,
    /// The groups that make it.
    pub groups: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_false(value: &bool) -> bool {
    !*value
}

/// What stands still because somebody said so.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PausesDto {
    /// True while everything does.
    pub everything: bool,
    /// Until when, RFC 3339, where that ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub until: Option<String>,
    /// The calendars that do.
    pub calendars: Vec<PausedCalendar>,
    /// The links that do by themselves.
    pub links: Vec<LinkDto>,
}

/// A calendar that stands still.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PausedCalendar {
    /// Which.
    #[serde(flatten)]
    pub calendar: CalendarRef,
    /// Until when, RFC 3339, where that ends by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub until: Option<String>,
}

/// What a change of groups or links brought.
#[derive(Clone, PartialEq, Eq, Serialize, Debug, Default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct GroupChange {
    /// The group that was added or changed, as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub group: Option<GroupDto>,
    /// Groups that are gone.
    pub removed: Vec<String>,
    /// Links that are new, or live again.
    pub links_added: Vec<LinkRef>,
    /// Links that no group makes any more.
    pub links_removed: Vec<LinkRef>,
    /// Links of the group that stay paused.
    pub links_paused: Vec<LinkRef>,
    /// How many mirrors the next pass removes.
    pub mirrors_to_remove: u64,
}
