//! What each command does, one file per noun.

pub(crate) mod account;
pub(crate) mod activity;
pub(crate) mod calendar;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod demo;
pub(crate) mod doctor;
pub(crate) mod group;
pub(crate) mod key;
pub(crate) mod link;
pub(crate) mod pause;
pub(crate) mod plan;
pub(crate) mod policy;
mod run;
pub(crate) mod settings;
mod status;
pub(crate) mod undo;
pub(crate) mod why;

use starmesh_app::AppError;

use crate::cli::Command;
use crate::context::Context;

/// Carries a command out.
pub(crate) async fn carry_out(context: &Context, command: Command) -> Result<(), AppError> {
    match command {
        Command::Account(command) => account::carry_out(context, command).await,
        Command::Calendar(command) => calendar::carry_out(context, command).await,
        Command::Group(command) => group::carry_out(context, command).await,
        Command::Why(args) => why::why(context, &args).await,
        Command::Pause(args) => pause::pause(context, &args).await,
        Command::Resume => pause::resume(context).await,
        Command::Link(command) => link::carry_out(context, command).await,
        Command::Settings(command) => settings::carry_out(context, command).await,
        Command::Plan(args) => plan::plan(context, &args).await,
        Command::Apply(args) => plan::apply(context, &args).await,
        Command::Sync(args) => plan::sync(context, &args).await,
        Command::Run => run::run(context).await,
        Command::Status => status::status(context).await,
        Command::Activity(args) => activity::activity(context, &args).await,
        Command::Doctor(args) => doctor::doctor(context, &args).await,
        Command::Clean(args) => clean::clean(context, &args).await,
        Command::Undo(args) => undo::undo(context, &args).await,
        Command::Key(command) => key::carry_out(context, command).await,
        Command::Demo(args) => demo::demo(context, &args).await,
        Command::Completions(args) => completions::completions(&args),
    }
}
