//! What can be typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use starmesh_app::VaultKind;

use crate::commands::account::AccountCommand;
use crate::commands::activity::ActivityArgs;
use crate::commands::calendar::CalendarCommand;
use crate::commands::clean::CleanArgs;
use crate::commands::completions::CompletionsArgs;
use crate::commands::demo::DemoArgs;
use crate::commands::doctor::DoctorArgs;
use crate::commands::group::GroupCommand;
use crate::commands::key::KeyCommand;
use crate::commands::link::LinkCommand;
use crate::commands::pause::PauseArgs;
use crate::commands::plan::{ApplyArgs, PlanArgs};
use crate::commands::settings::SettingsCommand;
use crate::commands::undo::UndoArgs;
use crate::commands::why::WhyArgs;

const EXAMPLES: &str = "\
First steps:
  starmesh account add caldav --url https://dav.example.org --user ann --name home
  starmesh calendar list
  starmesh group add star --hub home/work --spoke home/family --spoke office/main
  starmesh plan
  starmesh sync
  starmesh run

Exit codes: 0 done, 1 failed, 2 not understood, 3 needs a person.";

/// Keeps your calendars in step with private busy blocks.
///
/// When something is booked in one calendar, a block called “Busy” appears in each calendar paired with it.
/// Nothing but the time crosses: no title, no place, no people.
#[derive(Parser, Debug)]
#[command(name = "starmesh", version, propagate_version = true, after_help = EXAMPLES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args, Debug)]
pub(crate) struct Global {
    /// Where Starmesh keeps what it knows [also: `STARMESH_DATA_DIR`]
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) data_dir: Option<PathBuf>,

    /// Where keys and passwords are kept; the data folder remembers it
    #[arg(long, global = true, value_enum)]
    pub(crate) vault: Option<Vault>,

    /// Answer in JSON, and ask nothing
    #[arg(long, global = true)]
    pub(crate) json: bool,

    /// Say on standard error what happens inside [also: `STARMESH_LOG=FILTER`]
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
}

/// The vaults by their names.
#[derive(Clone, Copy, ValueEnum, Debug)]
pub(crate) enum Vault {
    /// The keychain of the operating system
    Keychain,
    /// A file sealed under a passphrase: asked for, or `STARMESH_PASSPHRASE`, or in the file that `STARMESH_PASSPHRASE_FILE` names
    Passphrase,
}

impl From<Vault> for VaultKind {
    fn from(vault: Vault) -> Self {
        match vault {
            Vault::Keychain => Self::Keychain,
            Vault::Passphrase => Self::Passphrase,
        }
    }
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Where your calendars are: add, sign in anew, list, remove
    #[command(subcommand)]
    Account(AccountCommand),
    /// The calendars of your accounts
    #[command(subcommand)]
    Calendar(CalendarCommand),
    /// Which calendars belong together: a star, a mesh, a pair
    #[command(subcommand)]
    Group(GroupCommand),
    /// The single ways from one calendar to another: what they mirror, pause, resume
    #[command(subcommand)]
    Link(LinkCommand),
    /// Let everything stand still, for good or for a while
    Pause(PauseArgs),
    /// Let everything run again
    Resume,
    /// Window, poll interval, zone, label, pair limit; all that is configured as a file
    #[command(subcommand)]
    Settings(SettingsCommand),
    /// Show what would be written, and write nothing
    Plan(PlanArgs),
    /// Show what would be written, ask, and write exactly that
    Apply(ApplyArgs),
    /// The same, then go on until nothing is left to do
    Sync(ApplyArgs),
    /// Keep everything in step until stopped
    Run,
    /// How things stand, without asking any server
    Status,
    /// Why a time is blocked, or not: what every link makes of it
    Why(WhyArgs),
    /// What was written lately, with the time of each step
    Activity(ActivityArgs),
    /// Look for what is wrong: clock, network, vault, database, calendars
    Doctor(DoctorArgs),
    /// Remove busy blocks, and pause their links
    Clean(CleanArgs),
    /// Take back what you configured last, with its busy blocks
    Undo(UndoArgs),
    /// The key that recognises your busy blocks: export, import
    #[command(subcommand)]
    Key(KeyCommand),
    /// See it at work on simulated providers: no account needed, nothing stays
    Demo(DemoArgs),
    /// Completions for your shell
    Completions(CompletionsArgs),
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    /// The commands that the help of `command` and of all below it shows, without what a shell does with them
    /// and what stands beside them in words.
    fn examples(command: &clap::Command) -> Vec<String> {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let shown = help.lines().filter_map(|line| line.strip_prefix("  starmesh "));
        let alone = |line: &str| line.split(['<', '|']).next()?.split("  ").next().map(str::to_owned);
        let own: Vec<String> = shown.filter_map(alone).collect();
        own.into_iter().chain(command.get_subcommands().flat_map(examples)).collect()
    }

    #[test]
    fn every_example_of_the_help_is_understood() {
        let examples = examples(&Cli::command());
        assert!(examples.len() > 40, "{examples:?}");
        for example in examples {
            let words = shlex::split(&example).expect("as a shell reads it");
            let typed = std::iter::once("starmesh".to_owned()).chain(words);
            if let Err(error) = Cli::try_parse_from(typed) {
                panic!("{example}: {error}");
            }
        }
    }
}
