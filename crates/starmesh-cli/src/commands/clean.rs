//! `starmesh clean`.

use clap::Args;
use starmesh_app::{Access, Action, AppError, ErrorCode, LinkScope, PreparedClean, Starmesh};

use crate::context::Context;
use crate::progress::Progress;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh clean --link 'work->family'
  starmesh clean --account office
  starmesh clean --all --yes";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Approve the removals that are shown
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
    let starmesh = context.open(Access::Write).await?;
    let done = approve_and_clean(context, &starmesh, args).await;
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
    if let Err(refusal) = approve(context, args, &prepared) {
        if context.out.json {
            let value = serde_json::json!({ "links": prepared.links, "unreached": prepared.unreached });
            context.out.answer(&value, String::new)?;
        }
        return Err(refusal);
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
    if args.yes {
        return Ok(());
    }
    let blocks = text::count(prepared.mirrors(), "busy block");
    match context.terminal.approves(&format!("Remove {blocks} and pause the links?"))? {
        Some(true) => Ok(()),
        Some(false) => Err(AppError::new(ErrorCode::ApprovalNeeded, "not approved; nothing was removed")
            .action(Action::Approve)),
        None => Err(AppError::new(
            ErrorCode::ApprovalNeeded,
            format!("the removal of {blocks} waits for approval; nothing was removed"),
        )
        .hint("--yes approves the removals shown")
        .action(Action::Approve)),
    }
}
