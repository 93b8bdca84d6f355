//! `starmesh calendar`.

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, Starmesh, dto::CalendarsDto};

use crate::commands::pause::{self, LengthArgs};
use crate::context::Context;
use crate::text;

#[derive(Subcommand, Debug)]
pub(crate) enum CalendarCommand {
    /// List the calendars of all accounts
    List(ListArgs),
    /// Let all links into and out of calendars stand still
    Pause(PauseArgs),
    /// Let calendars take part again
    Resume {
        /// The calendars
        #[arg(value_name = "CAL", required = true)]
        calendars: Vec<String>,
    },
}

#[derive(Args, Debug)]
pub(crate) struct PauseArgs {
    /// The calendars
    #[arg(value_name = "CAL", required = true)]
    calendars: Vec<String>,
    #[command(flatten)]
    length: LengthArgs,
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// As last known, without asking the servers
    #[arg(long)]
    offline: bool,
}

pub(crate) async fn carry_out(context: &Context, command: CalendarCommand) -> Result<(), AppError> {
    match command {
        CalendarCommand::List(args) => list(context, &args).await,
        CalendarCommand::Pause(args) => {
            let starmesh = context.open(Access::Configure).await?;
            let pauses = starmesh.pause_calendars(&args.calendars, &args.length.length()).await;
            starmesh.close().await;
            pause::answer(context, &pauses?)
        }
        CalendarCommand::Resume { calendars } => {
            let starmesh = context.open(Access::Configure).await?;
            let pauses = starmesh.resume_calendars(&calendars).await;
            starmesh.close().await;
            pause::answer(context, &pauses?)
        }
    }
}

async fn list(context: &Context, args: &ListArgs) -> Result<(), AppError> {
    let listed = if args.offline || !Starmesh::exists(&context.data_dir) {
        let calendars = context.open(Access::Read).await?.known_calendars().await?;
        CalendarsDto { calendars, troubles: Vec::new() }
    } else {
        let starmesh = context.open(Access::Configure).await?;
        let listed = starmesh.list_calendars().await;
        starmesh.close().await;
        listed?
    };
    for trouble in &listed.troubles {
        context.out.note(&format!("{}: as last known: {}", trouble.account, trouble.message));
    }
    context.out.answer(&listed, || text::calendars(&listed.calendars))
}
