//! `starmesh calendar`.

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, Starmesh, dto::CalendarsDto};

use crate::context::Context;
use crate::text;

#[derive(Subcommand, Debug)]
pub(crate) enum CalendarCommand {
    /// List the calendars of all accounts
    List(ListArgs),
}

#[derive(Args, Debug)]
pub(crate) struct ListArgs {
    /// As last known, without asking the servers
    #[arg(long)]
    offline: bool,
}

pub(crate) async fn carry_out(context: &Context, command: CalendarCommand) -> Result<(), AppError> {
    let CalendarCommand::List(args) = command;
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
