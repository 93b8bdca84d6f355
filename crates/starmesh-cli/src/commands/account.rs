//! `starmesh account`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use starmesh_app::{
    Access, AppError, Endpoints, ErrorCode, Mirrors, NewAccount as New, NewCaldavAccount, NewOAuthAccount,
    OAuthProvider, SignInKind, SignInWay, TENANT_DEFAULT,
};

use crate::browser::Browser;
use crate::context::Context;
use crate::progress::Progress;
use crate::text;

const ADD_EXAMPLES: &str = "\
Examples:
  starmesh account add caldav --url https://dav.example.org --user ann --name home
  starmesh account add caldav --url ann@example.org --user ann@example.org
  starmesh account add caldav --url https://dav.example.org --user ann --password-stdin < FILE";

const OAUTH_EXAMPLES: &str = "\
Examples:
  starmesh account add google --client-id ID --client-secret-stdin < FILE
  starmesh account add microsoft --client-id ID
  starmesh account add microsoft --client-id ID --tenant contoso.example --mailbox team@contoso.example
  starmesh account add microsoft --endpoints sovereign.toml --device

FILE of --endpoints is TOML; every key may be left out:
  client_id, authorize, token, device, revoke, api, batch, redirect_port";

#[derive(Subcommand, Debug)]
pub(crate) enum AccountCommand {
    /// Add an account: signs in and finds its calendars
    #[command(subcommand)]
    Add(NewAccount),
    /// Sign in to an account anew: a new password, or the browser
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
    /// Google Calendar; signs in with a browser
    #[command(after_help = OAUTH_EXAMPLES)]
    Google(OAuthArgs),
    /// Microsoft 365 or Outlook.com; signs in with a browser
    #[command(after_help = OAUTH_EXAMPLES)]
    Microsoft(MicrosoftArgs),
}

/// Which browser opens.
#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BrowserChoice {
    /// The system's
    System,
    /// None: the address is printed
    None,
}

#[derive(Args, Debug)]
pub(crate) struct OAuthArgs {
    /// The id of your own client at the provider
    #[arg(long, value_name = "ID")]
    client_id: Option<String>,
    /// Read the client's secret from standard input
    #[arg(long)]
    client_secret_stdin: bool,
    /// A TOML file with other addresses: another cloud, a gateway, a simulator
    #[arg(long, value_name = "FILE")]
    endpoints: Option<PathBuf>,
    /// Which browser opens
    #[arg(long, value_enum, default_value_t = BrowserChoice::System)]
    browser: BrowserChoice,
    /// What to call the account [default: the provider's name]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct MicrosoftArgs {
    #[command(flatten)]
    common: OAuthArgs,
    /// Whose accounts may sign in: common, organizations, consumers, a domain or a GUID
    #[arg(long, default_value = TENANT_DEFAULT)]
    tenant: String,
    /// Another mailbox, shared with or delegated to whoever signs in
    #[arg(long, value_name = "ADDRESS")]
    mailbox: Option<String>,
    /// Sign in on another device, with a code
    #[arg(long)]
    device: bool,
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
    /// Read the client's secret from standard input, where it is another one or not here yet
    #[arg(long, conflicts_with = "password_stdin")]
    client_secret_stdin: bool,
    /// Which browser opens, for an account that signs in with one
    #[arg(long, value_enum, default_value_t = BrowserChoice::System)]
    browser: BrowserChoice,
    /// Sign in on another device, with a code
    #[arg(long)]
    device: bool,
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
        AccountCommand::Add(NewAccount::Caldav(args)) => add_caldav(context, args).await,
        AccountCommand::Add(NewAccount::Google(args)) => {
            add_oauth(context, args, OAuthProvider::Google, SignInWay::Browser).await
        }
        AccountCommand::Add(NewAccount::Microsoft(args)) => {
            let MicrosoftArgs { common, tenant, mailbox, device } = args;
            add_oauth(context, common, OAuthProvider::Microsoft { tenant, mailbox }, way(device)).await
        }
        AccountCommand::SignIn(args) => sign_in(context, args).await,
        AccountCommand::List => {
            let accounts = context.open(Access::Read).await?.accounts().await?;
            context.out.answer(&serde_json::json!({ "accounts": accounts }), || text::accounts(&accounts))
        }
        AccountCommand::Remove(args) => remove(context, args).await,
    }
}

async fn add_caldav(context: &Context, args: CaldavArgs) -> Result<(), AppError> {
    let password = context.terminal.password(args.password_stdin)?;
    let new = NewCaldavAccount { url: args.url, user: args.user, password, name: args.name };
    add(context, New::Caldav(new), BrowserChoice::None).await
}

async fn add_oauth(
    context: &Context,
    args: OAuthArgs,
    provider: OAuthProvider,
    way: SignInWay,
) -> Result<(), AppError> {
    let mut endpoints = match &args.endpoints {
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|error| {
                AppError::new(ErrorCode::FileFailed, format!("could not read {name}: {error}"))
            })?;
            Endpoints::parse(&name, &text)?
        }
        None => Endpoints::default(),
    };
    endpoints.client_id = args.client_id.or(endpoints.client_id);
    let client_secret = if args.client_secret_stdin { Some(context.terminal.client_secret()?) } else { None };
    let new = NewOAuthAccount { provider, endpoints, client_secret, way, name: args.name };
    add(context, New::OAuth(Box::new(new)), args.browser).await
}

async fn add(context: &Context, new: New, browser: BrowserChoice) -> Result<(), AppError> {
    let starmesh = context.open(Access::Configure).await?;
    let added = starmesh.add_account(new, &Browser::new(&context.out, browser)).await;
    starmesh.close().await;
    let added = added?;
    context.out.answer(&added, || text::account_added(&added))
}

fn way(device: bool) -> SignInWay {
    if device { SignInWay::Device } else { SignInWay::Browser }
}

async fn sign_in(context: &Context, args: SignInArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Configure).await?;
    let account = match starmesh.sign_in_kind(&args.name).await {
        Ok(SignInKind::Password) => match context.terminal.password(args.password_stdin) {
            Ok(password) => starmesh.sign_in_account(&args.name, &password).await,
            Err(error) => Err(error),
        },
        Ok(SignInKind::Browser) => {
            let prompt = Browser::new(&context.out, args.browser);
            let secret =
                if args.client_secret_stdin { context.terminal.client_secret().map(Some) } else { Ok(None) };
            match secret {
                Ok(secret) => {
                    starmesh.sign_in_account_again(&args.name, secret, way(args.device), &prompt).await
                }
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    };
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
