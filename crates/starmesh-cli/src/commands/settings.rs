//! `starmesh settings`.

use clap::Subcommand;
use starmesh_app::{Access, AppError};

use crate::context::Context;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh settings set window 90
  starmesh settings set poll_interval 30s
  starmesh settings set zone Europe/Berlin
  starmesh settings set label Taken
  starmesh settings set pair_limit none";

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
    }
}
