//! What `clean --scan` found, and what became of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CalendarRef, LinkRef, TroubleDto};

/// Every busy block that stands in some calendars, whether or not its link is known here.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SweepDto {
    /// False when it was only shown.
    pub removed: bool,
    /// The calendars that could be read, by name.
    pub calendars: Vec<SweptCalendarDto>,
    /// Links that would place blocks again: they pause with the removal.
    pub links: Vec<LinkRef>,
    /// Calendars that could not be read or written.
    pub troubles: Vec<TroubleDto>,
}

/// One of them.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SweptCalendarDto {
    /// Which.
    pub calendar: CalendarRef,
    /// Which days were looked through, the end exclusive; absent when it was the whole calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub days: Option<DaysDto>,
    /// How many blocks of each kind go: `of_link`, `unknown_link`, `canary`, `foreign`.
    pub found: BTreeMap<String, u64>,
    /// How many are left alone, for each reason: `copied`, `has_attendees`, `foreign`, `altered`, `mark_stripped`.
    pub left: BTreeMap<String, u64>,
    /// How many of those found still stand after the removal.
    pub standing: u64,
}

/// Some days.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct DaysDto {
    /// First day.
    pub from: String,
    /// First day after it.
    pub to: String,
}

impl SweepDto {
    /// How many blocks go.
    pub fn found(&self) -> u64 {
        self.calendars.iter().flat_map(|of| of.found.values()).sum()
    }

    /// How many of them another key made.
    pub fn foreign(&self) -> u64 {
        self.calendars.iter().filter_map(|of| of.found.get("foreign")).sum()
    }

    /// How many still stand.
    pub fn standing(&self) -> u64 {
        self.calendars.iter().map(|of| of.standing).sum()
    }
}
