//! `starmesh account`.

use clap::{Args, Subcommand};
use starmesh_app::{Access, AppError, ErrorCode, Mirrors, NewCaldavAccount};

use crate::context::Context;
use crate::progress::Progress;
use crate::text;

const ADD_EXAMPLES: &str = "\
Examples:
  starmesh account add caldav --url https://dav.example.org --user ann --name home
  starmesh account add caldav --url ann@example.org --user ann@example.org
  starmesh account add caldav --url https://dav.example.org --user ann --password-stdin < FILE";

#[derive(Subcommand, Debug)]
pub(crate) enum AccountCommand {
    /// Add an account: signs in and finds its calendars
    #[command(subcommand)]
    Add(NewAccount),
    /// Give an account a new password
    #[command(name = "signin")]
    SignIn(SignInArgs),
    /// List the accounts
    List,
    /// Remove an account, and first its busy blocks on both sides
    Remove(RemoveArgs),
}

#[derive(Subcommand, Debug)]
pub(crate) enum NewAccount {
    /// A CalDAV server: iCloud, Fastmail, Nextcloud, Radicale, …
    #[command(after_help = ADD_EXAMPLES)]
    Caldav(CaldavArgs),
}

#[derive(Args, Debug)]
pub(crate) struct CaldavArgs {
    /// The server's address, or a mail address
    #[arg(long)]
    url: String,
    /// The user name at the server
    #[arg(long)]
    user: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// What to call the account [default: the server's name]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct SignInArgs {
    /// The account
    name: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Args, Debug)]
pub(crate) struct RemoveArgs {
    /// The account
    name: String,
    /// Leave its busy blocks where they are
    #[arg(long)]
    leave_mirrors: bool,
}

pub(crate) async fn carry_out(context: &Context, command: AccountCommand) -> Result<(), AppError> {
    match command {
        AccountCommand::Add(NewAccount::Caldav(args)) => add(context, args).await,
        AccountCommand::SignIn(args) => sign_in(context, args).await,
        AccountCommand::List => {
            let accounts = context.open(Access::Read).await?.accounts().await?;
            context.out.answer(&serde_json::json!({ "accounts": accounts }), || text::accounts(&accounts))
        }
        AccountCommand::Remove(args) => remove(context, args).await,
    }
}

async fn add(context: &Context, args: CaldavArgs) -> Result<(), AppError> {
    let password = context.terminal.password(args.password_stdin)?;
    let starmesh = context.open(Access::Configure).await?;
    let new = NewCaldavAccount { url: args.url, user: args.user, password, name: args.name };
    let added = starmesh.add_caldav_account(new).await;
    starmesh.close().await;
    let added = added?;
    context.out.answer(&added, || text::account_added(&added))
}

async fn sign_in(context: &Context, args: SignInArgs) -> Result<(), AppError> {
    let password = context.terminal.password(args.password_stdin)?;
    let starmesh = context.open(Access::Configure).await?;
    let account = starmesh.sign_in_account(&args.name, &password).await;
    starmesh.close().await;
    let account = account?;
    context.out.answer(&account, || format!("Signed in to {}.", account.name))
}

async fn remove(context: &Context, args: RemoveArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Write).await?;
    let progress = Progress::new(&context.out);
    let mirrors = if args.leave_mirrors { Mirrors::Leave } else { Mirrors::Remove };
    let removed = starmesh.remove_account(&args.name, mirrors, &|event| progress.hear(event)).await;
    progress.clear();
    starmesh.close().await;
    let removed = removed?;
    context.out.answer(&removed, || text::account_removed(&removed))?;
    if !removed.removed {
        return Err(AppError::new(
            ErrorCode::Incomplete,
            format!("the account {} stays: some of its busy blocks could not be reached", removed.account),
        )
        .hint("try again when its calendars can be reached, or give them up with --leave-mirrors"));
    }
    if removed.vault_failure.is_some() {
        let message = "the account is gone, but its password is still in the vault";
        return Err(AppError::new(ErrorCode::Incomplete, message));
    }
    Ok(())
}
