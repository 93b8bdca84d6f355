//! `starmesh group`.

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, NewGroup};

use crate::context::Context;
use crate::text;

const ADD_EXAMPLES: &str = "\
A calendar is named by its display name or the last part of its path, alone or after ACCOUNT/.

Examples:
  starmesh group add star --hub home/work --spoke home/family --spoke office/main
  starmesh group add mesh work family office
  starmesh group add pair work holidays --one-way";

#[derive(Subcommand, Debug)]
pub(crate) enum GroupCommand {
    /// Put calendars together
    #[command(subcommand, after_help = ADD_EXAMPLES)]
    Add(NewGroupArgs),
    /// List the groups
    List,
    /// Take a group apart; the next pass removes the busy blocks that no other group asks for
    Remove(RemoveArgs),
}

#[derive(Subcommand, Debug)]
pub(crate) enum NewGroupArgs {
    /// One calendar in the middle, paired with each of the others
    #[command(after_help = ADD_EXAMPLES)]
    Star {
        /// The calendar in the middle
        #[arg(long, value_name = "CAL")]
        hub: String,
        /// A calendar around it; repeat for more
        #[arg(long = "spoke", value_name = "CAL", required = true)]
        spokes: Vec<String>,
    },
    /// Each calendar paired with each other
    #[command(after_help = ADD_EXAMPLES)]
    Mesh {
        /// The calendars
        #[arg(value_name = "CAL", required = true, num_args = 2..)]
        members: Vec<String>,
    },
    /// Two calendars
    #[command(after_help = ADD_EXAMPLES)]
    Pair {
        /// The first; the source when one-way
        #[arg(value_name = "CAL")]
        a: String,
        /// The second; the target when one-way
        #[arg(value_name = "CAL")]
        b: String,
        /// Only from the first to the second
        #[arg(long)]
        one_way: bool,
    },
}

#[derive(Args, Debug)]
pub(crate) struct RemoveArgs {
    /// The group, as `starmesh group list` names it
    group: String,
    /// Take only this calendar out of it
    #[arg(long, value_name = "CAL")]
    calendar: Option<String>,
}

pub(crate) async fn carry_out(context: &Context, command: GroupCommand) -> Result<(), AppError> {
    if let GroupCommand::List = command {
        let groups = context.open(Access::Read).await?.groups().await?;
        return context.out.answer(&serde_json::json!({ "groups": groups }), || text::groups(&groups));
    }
    let starmesh = context.open(Access::Configure).await?;
    let changed = match command {
        GroupCommand::Add(new) => starmesh.add_group(&new_group(new)).await,
        GroupCommand::Remove(RemoveArgs { group, calendar: Some(calendar) }) => {
            starmesh.leave_group(&group, &calendar).await
        }
        GroupCommand::Remove(RemoveArgs { group, calendar: None }) => starmesh.remove_group(&group).await,
        GroupCommand::List => return Ok(()),
    };
    starmesh.close().await;
    let changed = changed?;
    context.out.answer(&changed, || text::group_change(&changed))
}

fn new_group(args: NewGroupArgs) -> NewGroup {
    match args {
        NewGroupArgs::Star { hub, spokes } => NewGroup::Star { hub, spokes },
        NewGroupArgs::Mesh { members } => NewGroup::Mesh { members },
        NewGroupArgs::Pair { a, b, one_way } => NewGroup::Pair { a, b, one_way },
    }
}
