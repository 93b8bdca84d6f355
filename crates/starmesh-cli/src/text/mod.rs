//! Answers in words: pure functions from the façade's values to text.

mod activity;
mod configuration;
mod doctor;
mod pauses;
mod plan;
mod policy;
mod report;
mod status;
mod sweep;
mod transfer;
mod undo;
mod why;
mod words;

#[cfg(test)]
mod snapshots;

pub(crate) use activity::{activity, run_event};
pub(crate) use configuration::{
    account_added, account_removed, accounts, calendars, group_change, groups, links, setting, settings,
};
pub(crate) use doctor::doctor;
pub(crate) use pauses::pauses;
pub(crate) use plan::{clean_prepared, plan};
pub(crate) use policy::policy;
pub(crate) use report::{clean_done, report};
pub(crate) use status::{damage, status};
pub(crate) use sweep::{sweep_done, sweep_prepared};
pub(crate) use transfer::import;
pub(crate) use undo::{steps, undo, undone};
pub(crate) use why::why;
pub(crate) use words::count;
