//! `starmesh pause` and `resume`: everything stands still for a while.

use std::time::Duration;

use clap::Args;
use starmesh_app::dto::PausesDto;
use starmesh_app::{Access, AppError, PauseLength};

use crate::context::Context;
use crate::duration::parse_duration;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh pause
  starmesh pause --for 1h
  starmesh pause --until 08:00
  starmesh calendar pause family --until '2026-12-27 18:00'
  starmesh link pause 'work->family' --for 30min";

/// How long something stands still.
#[derive(Args, Debug)]
#[group(id = "pause_length", multiple = false)]
pub(crate) struct LengthArgs {
    /// Only for so long: 30min, 1h
    #[arg(long = "for", value_name = "TIME", value_parser = parse_duration)]
    length: Option<Duration>,
    /// Only until then: 08:00, 2026-12-01, '2026-12-01 08:00'
    #[arg(long, value_name = "WHEN")]
    until: Option<String>,
}

impl LengthArgs {
    pub(crate) fn length(&self) -> PauseLength {
        match (&self.length, &self.until) {
            (Some(length), _) => PauseLength::For(*length),
            (None, Some(until)) => PauseLength::Until(until.clone()),
            (None, None) => PauseLength::Open,
        }
    }
}

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    length: LengthArgs,
}

pub(crate) async fn pause(context: &Context, args: &PauseArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Configure).await?;
    let pauses = starmesh.pause_everything(&args.length.length()).await;
    starmesh.close().await;
    answer(context, &pauses?)
}

pub(crate) async fn resume(context: &Context) -> Result<(), AppError> {
    let starmesh = context.open(Access::Configure).await?;
    let pauses = starmesh.resume_everything().await;
    starmesh.close().await;
    answer(context, &pauses?)
}

/// What stands still now.
pub(crate) fn answer(context: &Context, pauses: &PausesDto) -> Result<(), AppError> {
    context.out.answer(pauses, || text::pauses(pauses, context.out.zone))
}
