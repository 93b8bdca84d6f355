//! What is taken back, or made again.

use serde::Serialize;

use super::{
    CalendarRef, GroupDto, LinkRef, PlanDto, PolicyDto, SettingChangeDto, SignInNeededDto, TroubleDto,
    WrittenDto,
};

/// What an undo does, or would do.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct UndoDto {
    /// True once it is done.
    pub done: bool,
    /// True when something that was taken back is made again.
    pub redo: bool,
    /// The step in question; none when there is nothing to take back, or nothing to make again.
    pub step: Option<StepDto>,
    /// What becomes of what is configured.
    pub changes: ConfigurationDto,
    /// What does not come back as it was, in words.
    pub stays: Vec<String>,
    /// Accounts that come back with nothing to sign in with.
    pub sign_in: Vec<SignInNeededDto>,
    /// What is written to calendars.
    pub plan: Option<PlanDto>,
    /// What was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub written: Option<WrittenDto>,
    /// Calendars that could not be written.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "bindings", ts(optional, as = "Option<Vec<TroubleDto>>"))]
    pub troubles: Vec<TroubleDto>,
    /// The process of `starmesh run` that carries it out instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub left_to: Option<u32>,
}

/// What a person configured between two plans that were carried out.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct StepDto {
    /// When, RFC 3339.
    pub at: String,
    /// The commands, in order.
    pub commands: Vec<String>,
    /// True while no plan was carried out since.
    pub open: bool,
    /// True while it is taken back.
    pub undone: bool,
    /// What was written when it was carried out; nothing where `starmesh run` did it.
    pub written: WritesDto,
}

/// How much was written.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Debug, Default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct WritesDto {
    /// Busy blocks placed.
    pub placed: u64,
    /// Busy blocks changed in place.
    pub updated: u64,
    /// Busy blocks removed.
    pub removed: u64,
}

/// What becomes of what is configured.
#[derive(Clone, PartialEq, Eq, Serialize, Debug, Default)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ConfigurationDto {
    /// Settings that get another value.
    pub settings: Vec<SettingChangeDto>,
    /// Whether everything stands still from then on, where that changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub everything_paused: Option<bool>,
    /// Accounts that come back.
    pub accounts_back: Vec<String>,
    /// Groups that come back, as they will be.
    pub groups_back: Vec<GroupDto>,
    /// Groups with other calendars, as they will be.
    pub groups_changed: Vec<GroupDto>,
    /// Groups that go.
    pub groups_gone: Vec<String>,
    /// Links that come back.
    pub links_back: Vec<LinkRef>,
    /// Links that go, with their busy blocks.
    pub links_gone: Vec<LinkRef>,
    /// Links whose busy blocks go, and that are paused then.
    pub links_cleaned: Vec<LinkRef>,
    /// Links that are paused.
    pub links_paused: Vec<LinkRef>,
    /// Links that run again.
    pub links_resumed: Vec<LinkRef>,
    /// Links with other rules.
    pub rules: Vec<RulesDto>,
    /// Calendars that are paused.
    pub calendars_paused: Vec<CalendarRef>,
    /// Calendars that take part again.
    pub calendars_resumed: Vec<CalendarRef>,
}

/// The rules of a link.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct RulesDto {
    /// Which link.
    #[serde(flatten)]
    pub link: LinkRef,
    /// Its policy from then on.
    pub policy: PolicyDto,
}

impl UndoDto {
    /// An answer where there is no step.
    pub fn nothing(redo: bool) -> Self {
        Self {
            done: false,
            redo,
            step: None,
            changes: ConfigurationDto::default(),
            stays: Vec::new(),
            sign_in: Vec::new(),
            plan: None,
            written: None,
            troubles: Vec::new(),
            left_to: None,
        }
    }
}
