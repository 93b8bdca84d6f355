//! `starmesh clean`.

use clap::Args;
use starmesh_app::{
    Access, Action, AppError, ErrorCode, LinkScope, PreparedClean, PreparedSweep, Starmesh, SweepRequest,
};

use crate::context::Context;
use crate::progress::Progress;
use crate::terminal::Approval;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh clean --link 'work->family'
  starmesh clean --account office
  starmesh clean --all --yes
  starmesh clean --scan --dry-run                      every block that your key made, also of forgotten links
  starmesh clean --scan --calendar home/family
  starmesh clean --scan --foreign --allow-removals 12  also 12 blocks that another key made";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    scan: ScanArgs,
    /// Only show what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Approve the removals that are shown, but for those of another key
    #[arg(long, short)]
    yes: bool,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
struct ScopeArgs {
    /// One link, written 'SOURCE->TARGET'; repeat for more
    #[arg(long = "link", value_name = "LINK")]
    links: Vec<String>,
    /// Every link into and out of this account's calendars
    #[arg(long)]
    account: Option<String>,
    /// Every link
    #[arg(long)]
    all: bool,
    /// Look through calendars for every block that your key made, whichever link it is of, also beyond the window
    #[arg(long)]
    scan: bool,
}

#[derive(Args, Debug)]
struct ScanArgs {
    /// Only this calendar; repeat for more. All that can be written otherwise
    #[arg(long = "calendar", value_name = "CALENDAR", requires = "scan")]
    calendars: Vec<String>,
    /// Also blocks that another key made: another installation's, or those of a key that was lost
    #[arg(long, requires = "scan")]
    foreign: bool,
    /// Let up to N blocks go that another key made
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true, requires = "foreign")]
    allow_removals: u64,
}

impl ScopeArgs {
    fn scope(&self) -> LinkScope {
        match &self.account {
            Some(account) => LinkScope::Account(account.clone()),
            None if self.all => LinkScope::All,
            None => LinkScope::Named(self.links.clone()),
        }
    }
}

pub(crate) async fn clean(context: &Context, args: &CleanArgs) -> Result<(), AppError> {
    let access = if args.dry_run { Access::Read } else { Access::Write };
    let starmesh = context.open(access).await?;
    let done = if args.scope.scan {
        approve_and_sweep(context, &starmesh, args).await
    } else {
        approve_and_clean(context, &starmesh, args).await
    };
    starmesh.close().await;
    done
}

async fn approve_and_clean(context: &Context, starmesh: &Starmesh, args: &CleanArgs) -> Result<(), AppError> {
    let progress = Progress::new(&context.out);
    let prepared = starmesh.prepare_clean(&args.scope.scope(), &|event| progress.hear(event)).await;
    progress.clear();
    let prepared = prepared?;
    if !context.out.json {
        context.out.line(&text::clean_prepared(&prepared))?;
    }
    let refusal = if args.dry_run { None } else { approve(context, args, &prepared).err() };
    if args.dry_run || refusal.is_some() {
        if context.out.json {
            let value = serde_json::json!({ "links": prepared.links, "unreached": prepared.unreached });
            context.out.answer(&value, String::new)?;
        }
        return refusal.map_or(Ok(()), Err);
    }
    let done = starmesh.clean(prepared, &|event| progress.hear(event)).await;
    progress.clear();
    let done = done?;
    context.out.answer(&done, || text::clean_done(&done))?;
    if done.unreached.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = done.unreached.iter().map(|unreached| unreached.link.name.clone()).collect();
    Err(AppError::new(ErrorCode::Incomplete, format!("not all was removed: {}", names.join(", ")))
        .hint("clean again when the calendars can be reached"))
}

fn approve(context: &Context, args: &CleanArgs, prepared: &PreparedClean) -> Result<(), AppError> {
    let blocks = text::count(prepared.mirrors(), "busy block");
    approve_blocks(context, args, &blocks, &format!("Remove {blocks} and pause the links?"))
}

fn approve_blocks(context: &Context, args: &CleanArgs, blocks: &str, question: &str) -> Result<(), AppError> {
    if args.yes {
        return Ok(());
    }
    context.terminal.approve(&Approval {
        question,
        waits: &format!("the removal of {blocks}"),
        nothing: "nothing was removed",
        hint: "--yes approves the removals shown",
    })
}

async fn approve_and_sweep(context: &Context, starmesh: &Starmesh, args: &CleanArgs) -> Result<(), AppError> {
    let progress = Progress::new(&context.out);
    let request = SweepRequest { calendars: args.scan.calendars.clone(), foreign: args.scan.foreign };
    let prepared = starmesh.prepare_sweep(&request, &|event| progress.hear(event)).await;
    progress.clear();
    let prepared = prepared?;
    if !context.out.json {
        context.out.line(&text::sweep_prepared(&prepared.dto))?;
    }
    let nothing = prepared.dto.found() == 0;
    let refusal = if args.dry_run || nothing { None } else { approve_sweep(context, args, &prepared).err() };
    if args.dry_run || nothing || refusal.is_some() {
        if context.out.json {
            context.out.answer(&prepared.dto, String::new)?;
        }
        return refusal.map_or_else(|| not_looked_through(&prepared.dto), Err);
    }
    let done = starmesh.sweep(prepared, &|event| progress.hear(event)).await;
    progress.clear();
    let done = done?;
    context.out.answer(&done, || text::sweep_done(&done))?;
    not_looked_through(&done)?;
    if done.standing() == 0 {
        return Ok(());
    }
    let blocks = text::count(done.standing(), "busy block");
    Err(AppError::new(ErrorCode::Incomplete, format!("not all was removed: {blocks} still standing"))
        .hint("scan again: somebody touched them meanwhile"))
}

/// What another key made has an approval of its own, by number: `--yes` says nothing about it.
fn approve_sweep(context: &Context, args: &CleanArgs, prepared: &PreparedSweep) -> Result<(), AppError> {
    let foreign = prepared.dto.foreign();
    if foreign > args.scan.allow_removals {
        let blocks = text::count(foreign, "busy block");
        return Err(AppError::new(
            ErrorCode::RemovalsHeld,
            format!("{blocks} held that another key made; nothing was removed"),
        )
        .hint(format!(
            "if they are to go, `starmesh clean --scan --foreign --allow-removals {foreign}` lets them; \
             without `--foreign` only your own go"
        ))
        .action(Action::AllowRemovals { count: foreign }));
    }
    let own = prepared.dto.found() - foreign;
    if own == 0 {
        return Ok(());
    }
    let blocks = text::count(own, "busy block");
    let links = if prepared.dto.links.is_empty() { "" } else { " and pause the links" };
    approve_blocks(context, args, &blocks, &format!("Remove {blocks} of yours{links}?"))
}

fn not_looked_through(sweep: &starmesh_app::dto::SweepDto) -> Result<(), AppError> {
    if sweep.troubles.is_empty() {
        return Ok(());
    }
    let name = |trouble: &starmesh_app::dto::TroubleDto| {
        trouble.calendar.as_ref().map_or_else(|| trouble.account.clone(), |calendar| calendar.name.clone())
    };
    let names: Vec<String> = sweep.troubles.iter().map(name).collect();
    Err(AppError::new(ErrorCode::Incomplete, format!("not all was looked through: {}", names.join(", ")))
        .hint("scan again when the calendars can be reached"))
}
