//! `starmesh settings`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, SettingsFile};

use crate::context::Context;
use crate::terminal::Approval;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh settings set window 90
  starmesh settings set poll_interval 30s
  starmesh settings set zone Europe/Berlin
  starmesh settings set label Taken
  starmesh settings set pair_limit none";

const TRANSFER: &str = "\
Examples, from one computer to another:
  starmesh key export --out key.starmesh     here, and on the other
  starmesh key import key.starmesh           first, so that it recognises the busy blocks
  starmesh settings export settings.toml     here, and on the other
  starmesh settings import settings.toml
  starmesh account signin home

The file holds settings, accounts, calendars, groups and links; no password, no key. Importing
adds to what is there and takes nothing away.";

#[derive(Subcommand, Debug)]
pub(crate) enum SettingsCommand {
    /// List everything that can be set
    List,
    /// Show one setting
    Get {
        /// Which
        key: String,
    },
    /// Set one
    #[command(after_help = EXAMPLES)]
    Set {
        /// Which
        key: String,
        /// To what; `none` takes a zone or a pair limit away
        value: String,
    },
    /// Write everything that is configured to a new file, without passwords or keys
    #[command(after_help = TRANSFER)]
    Export {
        /// The file
        file: PathBuf,
    },
    /// Add what a file says to what is configured: shown first, then all of it or nothing
    #[command(after_help = TRANSFER)]
    Import(ImportArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ImportArgs {
    /// The file
    file: PathBuf,
    /// Only show what would change
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Import what is shown without asking
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn carry_out(context: &Context, command: SettingsCommand) -> Result<(), AppError> {
    match command {
        SettingsCommand::List => {
            let settings = context.open(Access::Read).await?.settings().await?;
            context.out.answer(&settings, || text::settings(&settings))
        }
        SettingsCommand::Get { key } => {
            let setting = context.open(Access::Read).await?.setting(&key).await?;
            context.out.answer(&setting, || text::setting(&setting))
        }
        SettingsCommand::Set { key, value } => {
            let starmesh = context.open(Access::Configure).await?;
            let setting = starmesh.set(&key, &value).await;
            starmesh.close().await;
            let setting = setting?;
            context.out.answer(&setting, || format!("{}: {}", setting.key, text::setting(&setting)))
        }
        SettingsCommand::Export { file } => {
            let starmesh = context.open(Access::Read).await?;
            let exported = starmesh.export_settings(&file).await;
            starmesh.close().await;
            exported?;
            let name = file.display().to_string();
            context.out.answer(&serde_json::json!({ "file": name }), || format!("Written to {name}."))
        }
        SettingsCommand::Import(args) => import(context, &args).await,
    }
}

async fn import(context: &Context, args: &ImportArgs) -> Result<(), AppError> {
    let file = SettingsFile::read(&args.file)?;
    let starmesh = context.open(Access::Read).await?;
    let shown = starmesh.plan_import(&file).await;
    starmesh.close().await;
    let shown = shown?;
    if args.dry_run || shown.changes_nothing() {
        return context.out.answer(&shown, || text::import(&shown));
    }
    if !args.yes {
        context.out.answer(&shown, || text::import(&shown))?;
        context.terminal.approve(&Approval {
            question: "Import this?",
            waits: "the import",
            nothing: "nothing was changed",
            hint: "--yes imports what was shown",
        })?;
    }
    let starmesh = context.open(Access::Configure).await?;
    let imported = starmesh.import_settings(&file, &shown).await;
    starmesh.close().await;
    let imported = imported?;
    context.out.answer(&imported, || text::import(&imported))
}
