//! The answers as TypeScript types: `cargo xtask bindings` writes them for the window.

use std::path::Path;

use ts_rs::{Config, ExportError, TS};

use super::{
    AccountDto, AccountRemoved, CalendarsDto, CleanDto, DoctorDto, GroupChange, ImportDto, KeyImported,
    PausesDto, PolicyEffect, ReportDto, RunEvent, SettingsDto, StatusDto, SweepDto, UndoDto, WhyDto,
};
use crate::accounts::AccountAdded;
use crate::error::AppError;

/// Writes one file per type into `folder`.
///
/// Named here are the answers themselves; every type in them follows by itself.
pub fn export(folder: &Path) -> Result<(), ExportError> {
    // JSON numbers: none of ours grows past 2^53, and no `bigint` comes out of `JSON.parse`.
    let config = Config::new().with_out_dir(folder).with_large_int("number");
    AccountAdded::export_all(&config)?;
    AccountDto::export_all(&config)?;
    AccountRemoved::export_all(&config)?;
    AppError::export_all(&config)?;
    CalendarsDto::export_all(&config)?;
    CleanDto::export_all(&config)?;
    DoctorDto::export_all(&config)?;
    GroupChange::export_all(&config)?;
    ImportDto::export_all(&config)?;
    KeyImported::export_all(&config)?;
    PausesDto::export_all(&config)?;
    PolicyEffect::export_all(&config)?;
    ReportDto::export_all(&config)?;
    RunEvent::export_all(&config)?;
    SettingsDto::export_all(&config)?;
    StatusDto::export_all(&config)?;
    SweepDto::export_all(&config)?;
    UndoDto::export_all(&config)?;
    WhyDto::export_all(&config)
}
