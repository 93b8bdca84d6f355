//! `starmesh link`.

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, LinkScope};

use crate::commands::pause::LengthArgs;
use crate::commands::policy::{self, SetArgs};
use crate::context::Context;
use crate::text;

const EXAMPLES: &str = "\
Examples:
  starmesh link pause 'work->family'
  starmesh link pause 'work->family' --for 1h
  starmesh link resume --all";

#[derive(Subcommand, Debug)]
pub(crate) enum LinkCommand {
    /// List the links
    List,
    /// Say what links mirror: hours, lengths, words, labels, what is tentative
    Set(Box<SetArgs>),
    /// Let links stand still: nothing is placed, changed or removed
    #[command(after_help = EXAMPLES)]
    Pause(PauseArgs),
    /// Let links run again
    #[command(after_help = EXAMPLES)]
    Resume(ScopeArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    #[command(flatten)]
    length: LengthArgs,
}

#[derive(Args, Debug)]
#[group(required = true, multiple = false)]
pub(crate) struct ScopeArgs {
    /// The links, each written 'SOURCE->TARGET'
    #[arg(value_name = "LINK")]
    links: Vec<String>,
    /// All links
    #[arg(long)]
    all: bool,
}

impl From<ScopeArgs> for LinkScope {
    fn from(args: ScopeArgs) -> Self {
        if args.all { Self::All } else { Self::Named(args.links) }
    }
}

pub(crate) async fn carry_out(context: &Context, command: LinkCommand) -> Result<(), AppError> {
    let links = match command {
        LinkCommand::Set(args) => return policy::set(context, &args).await,
        LinkCommand::List => context.open(Access::Read).await?.links().await?,
        LinkCommand::Pause(PauseArgs { scope, length }) => {
            let starmesh = context.open(Access::Configure).await?;
            let links = starmesh.pause_links(&scope.into(), &length.length()).await;
            starmesh.close().await;
            links?
        }
        LinkCommand::Resume(scope) => {
            let starmesh = context.open(Access::Configure).await?;
            let links = starmesh.resume_links(&scope.into()).await;
            starmesh.close().await;
            links?
        }
    };
    context.out.answer(&serde_json::json!({ "links": links }), || text::links(&links))
}
