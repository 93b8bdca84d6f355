//! `starmesh doctor`.

use std::path::{Path, PathBuf};

use clap::Args;
use starmesh_app::{Access, AppError, BundleDto, Examined, Starmesh};

use crate::context::Context;
use crate::terminal::Approval;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh doctor
  starmesh doctor --offline
  starmesh --json doctor | jq '.findings[] | select(.verdict == \"failed\")'
  starmesh doctor --bundle report.json

Exit codes: 0 when no check failed, also with notes and warnings; 1 when one did.
With --bundle: 0 once it is saved, whatever is in it.

A bundle is for a bug report. It numbers accounts and calendars instead of naming them, leaves
out what servers said, and is shown whole before it is saved.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct DoctorArgs {
    /// Ask no server
    #[arg(long)]
    offline: bool,

    /// Write what was found to a new file, without names or addresses, after showing all of it
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,

    /// Save the bundle that is shown without asking
    #[arg(long, short, requires = "bundle")]
    yes: bool,
}

pub(crate) async fn doctor(context: &Context, args: &DoctorArgs) -> Result<(), AppError> {
    if let Some(path) = &args.bundle {
        BundleDto::check_path(path)?;
    }
    let examined = Starmesh::examine(context.options(Access::Read), args.offline).await;
    let done = match &args.bundle {
        Some(path) => bundle(context, &examined, path, args.yes).await,
        None => report(context, &examined),
    };
    examined.close().await;
    done
}

fn report(context: &Context, examined: &Examined) -> Result<(), AppError> {
    let report = examined.report();
    context.out.answer(report, || text::doctor(report))?;
    examined.outcome()
}

/// Shows the bundle, asks, and saves it. What the checks say is in it: saving is all that can fail.
async fn bundle(context: &Context, examined: &Examined, path: &Path, yes: bool) -> Result<(), AppError> {
    let bundle = examined.bundle().await?;
    let shown = bundle.text()?;
    context.out.answer(&bundle, || shown)?;
    if !yes {
        context.terminal.approve(&Approval {
            question: &format!("Save this as {}?", path.display()),
            waits: "the bundle",
            nothing: "nothing was saved",
            hint: "--yes saves what was shown",
        })?;
    }
    bundle.save(path)?;
    context.out.note(&format!("saved as {}", path.display()));
    Ok(())
}
