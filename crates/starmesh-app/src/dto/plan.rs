//! Plans.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{CalendarRef, LinkRef};

/// What has to be written so that every calendar holds exactly its busy blocks.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct PlanDto {
    /// Where mirrors are placed.
    pub window: WindowDto,
    /// True when there is nothing to write and nothing is held, stands still or is asked.
    pub in_step: bool,
    /// The calendars, with what each needs.
    pub targets: Vec<TargetPlanDto>,
    /// Calendars that could not be read; their links stand still.
    pub troubles: Vec<TroubleDto>,
    /// What only a person can answer.
    pub questions: Vec<QuestionDto>,
    /// How many links are paused, so that nothing is planned for them.
    pub links_paused: u64,
}

impl PlanDto {
    /// How many writes the plan holds.
    pub fn writes(&self) -> u64 {
        self.targets.iter().map(TargetPlanDto::writes).sum()
    }

    /// How many removals are held.
    pub fn held(&self) -> u64 {
        self.targets.iter().flat_map(|target| &target.held).map(|held| held.removals).sum()
    }

    /// How many writes stand still.
    pub fn resting(&self) -> u64 {
        self.targets.iter().map(|target| target.resting).sum()
    }

    /// The most removals that any one link holds: what `--allow-removals` has to say.
    pub fn held_most(&self) -> u64 {
        self.targets.iter().flat_map(|target| &target.held).map(|held| held.removals).max().unwrap_or(0)
    }
}

/// The window in which mirrors are placed: from midnight UTC of `from` to midnight UTC of `to`.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WindowDto {
    /// First day.
    pub from: String,
    /// First day after it.
    pub to: String,
    /// Days ahead.
    pub days: u16,
    /// True when it is narrower than when a plan was last approved: this plan removes what lies beyond.
    pub narrower: bool,
}

/// What one calendar needs.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TargetPlanDto {
    /// Which calendar.
    pub calendar: CalendarRef,
    /// Busy blocks to place.
    pub place: u64,
    /// Busy blocks whose time changes.
    #[serde(rename = "move")]
    pub moved: u64,
    /// Busy blocks that change otherwise.
    pub change: u64,
    /// Busy blocks to remove.
    pub remove: u64,
    /// Busy blocks that stand and are taken over; nothing is written.
    pub adopt: u64,
    /// Writes that stand still since they failed for good; tried again within the hour, or with
    /// `--retry-wedged`.
    pub resting: u64,
    /// The same per link.
    pub links: Vec<LinkPlanDto>,
    /// Removals that wait for a person.
    pub held: Vec<HeldDto>,
    /// Busy blocks that ought to change and cannot.
    pub stuck: Vec<StuckDto>,
    /// Marked events that are left alone, by kind (`unknown_link`, `copied`, `foreign`).
    pub strays: BTreeMap<String, u64>,
}

impl TargetPlanDto {
    /// How many writes there are.
    pub fn writes(&self) -> u64 {
        self.place + self.moved + self.change + self.remove
    }
}

/// What one link needs.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct LinkPlanDto {
    /// Which link.
    pub link: LinkRef,
    /// Busy blocks to place.
    pub place: u64,
    /// Busy blocks whose time changes.
    #[serde(rename = "move")]
    pub moved: u64,
    /// Busy blocks that change otherwise.
    pub change: u64,
    /// Busy blocks to remove.
    pub remove: u64,
    /// Occurrences that have, or get, a busy block.
    pub mirrored: u64,
    /// Events and occurrences left out, by reason.
    pub skipped: BTreeMap<String, u64>,
}

/// Removals that wait for a person.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct HeldDto {
    /// Which link.
    pub link: LinkRef,
    /// How many.
    pub removals: u64,
    /// How many it may make unasked within 24 hours.
    pub limit: u64,
    /// How many it made within the last 24 hours.
    pub removed_lately: u64,
}

/// Busy blocks that ought to change and cannot.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StuckDto {
    /// Which link.
    pub link: LinkRef,
    /// Why: `has_attendees`, `mark_stripped`.
    pub reason: String,
    /// How many.
    pub count: u64,
}

/// A calendar, or a whole account, that could not be read or written.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct TroubleDto {
    /// Which account.
    pub account: String,
    /// Which calendar; none when it is the whole account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub calendar: Option<CalendarRef>,
    /// The stable name of the failure, as in errors.
    pub code: crate::error::ErrorCode,
    /// What happened.
    pub message: String,
    /// True when only a person can help.
    pub needs_person: bool,
}

/// What only a person can answer.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "question", rename_all = "snake_case")]
pub enum QuestionDto {
    /// A calendar holds busy blocks of another installation, or of a lost key.
    ForeignMarks {
        /// Which calendar.
        calendar: CalendarRef,
        /// How many.
        count: u32,
    },
    /// Two calendars are one under two names.
    SameCalendar {
        /// One name.
        calendar: CalendarRef,
        /// The other.
        other: CalendarRef,
    },
}

impl QuestionDto {
    /// The question as the failure that it is while nobody answers it.
    pub fn failure(&self) -> crate::error::AppError {
        use crate::error::{Action, AppError, ErrorCode};
        match self {
            Self::ForeignMarks { calendar, count } => AppError::new(
                ErrorCode::ForeignMarks,
                format!(
                    "{} holds {count} busy blocks of another installation, or of a key that was lost",
                    calendar.name
                ),
            )
            .action(Action::ImportKey),
            Self::SameCalendar { calendar, other } => AppError::new(
                ErrorCode::SameCalendar,
                format!("{} and {} are one calendar under two names", calendar.path, other.path),
            )
            .hint(
                "take one of the two out of its group with `starmesh group remove NAME --calendar CALENDAR`",
            ),
        }
    }
}
