//! `starmesh undo`.

use clap::Args;
use starmesh_app::dto::UndoDto;
use starmesh_app::{Access, AppError, ErrorCode, PreparedUndo, Starmesh, Way};

use crate::commands::plan::unreached;
use crate::context::Context;
use crate::progress::Progress;
use crate::terminal::Approval;
use crate::text;

const EXAMPLES: &str = "\
What you configured between two plans that were carried out is one step: groups, rules, settings,
pauses, an import, a clean, the removal of an account. While `starmesh run` is at work each command
is one. Undo takes back the last step; undo again, and it goes one further back. --redo makes again
what was taken back last, until you configure something else.

Busy blocks are not replayed: they follow from what is configured then and from what is in your
calendars now. Accounts come back without their password; accounts that you added stay.

Examples:
  starmesh undo --dry-run
  starmesh undo
  starmesh undo --redo
  starmesh undo --list";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
pub(crate) struct UndoArgs {
    /// Make again what was taken back last
    #[arg(long)]
    redo: bool,
    /// List the steps, the newest first, and change nothing
    #[arg(long, conflicts_with_all = ["redo", "dry_run", "yes"])]
    list: bool,
    /// Only show what it would do
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Approve what is shown
    #[arg(long, short)]
    yes: bool,
}

impl UndoArgs {
    fn way(&self) -> Way {
        if self.redo { Way::Redo } else { Way::Undo }
    }
}

pub(crate) async fn undo(context: &Context, args: &UndoArgs) -> Result<(), AppError> {
    if args.list {
        let starmesh = context.open(Access::Read).await?;
        let steps = starmesh.steps().await;
        starmesh.close().await;
        let steps = steps?;
        let zone = context.out.zone;
        return context.out.answer(&serde_json::json!({ "steps": steps }), || text::steps(&steps, zone));
    }
    let starmesh = open(context, args).await?;
    let done = show_and_undo(context, &starmesh, args).await;
    starmesh.close().await;
    done
}

/// Beside an engine at work only what is configured is changed, and the engine carries it out.
async fn open(context: &Context, args: &UndoArgs) -> Result<Starmesh, AppError> {
    if args.dry_run {
        return context.open(Access::Read).await;
    }
    match context.open(Access::Write).await {
        Err(error) if error.code == ErrorCode::DataFolderInUse => context.open(Access::Configure).await,
        opened => opened,
    }
}

async fn show_and_undo(context: &Context, starmesh: &Starmesh, args: &UndoArgs) -> Result<(), AppError> {
    let progress = Progress::new(&context.out);
    let prepared = starmesh.prepare_undo(args.way(), &|event| progress.hear(event)).await;
    progress.clear();
    let zone = context.out.zone;
    let Some(prepared) = prepared? else {
        let nothing = UndoDto::nothing(args.redo);
        return context.out.answer(&nothing, || text::undo(&nothing, zone));
    };
    if args.dry_run {
        return context.out.answer(&prepared.dto, || text::undo(&prepared.dto, zone));
    }
    if !context.out.json {
        context.out.line(&text::undo(&prepared.dto, zone))?;
    }
    if let Err(refusal) = approve(context, args, &prepared) {
        if context.out.json {
            context.out.answer(&prepared.dto, String::new)?;
        }
        return Err(refusal);
    }
    let done = starmesh.undo(prepared, &|event| progress.hear(event)).await;
    progress.clear();
    let done = done?;
    context.out.answer(&done, || text::undone(&done))?;
    outcome(&done)
}

fn approve(context: &Context, args: &UndoArgs, prepared: &PreparedUndo) -> Result<(), AppError> {
    if args.yes {
        return Ok(());
    }
    let writes = text::count(prepared.writes(), "write");
    let what = if args.redo { "Make this again" } else { "Take this back" };
    context.terminal.approve(&Approval {
        question: &format!("{what}, with {writes}?"),
        waits: &format!("the undo with {writes}"),
        nothing: "nothing was changed",
        hint: "--yes approves what is shown",
    })
}

/// What is configured is as it was in any case; what could not be written yet is named.
fn outcome(done: &UndoDto) -> Result<(), AppError> {
    unreached(&done.troubles)?;
    let left = done.written.map_or(0, |written| written.deferred + written.wedged);
    if left == 0 {
        return Ok(());
    }
    let left = text::count(left, "write");
    Err(AppError::new(ErrorCode::Incomplete, format!("{left} could not be made"))
        .hint("what is configured is as shown; the next pass makes the rest"))
}
