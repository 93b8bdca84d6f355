//! `starmesh account`.

use std::path::PathBuf;

use clap::builder::{StringValueParser, TypedValueParser as _};
use clap::{Args, Subcommand, ValueEnum};
use secrecy::SecretString;
use starmesh_app::dto::AccountDto;
use starmesh_app::{
    Access, AppError, Endpoints, ErrorCode, FeedSecret, LinkScope, Mirrors, NewAccount as New,
    NewCaldavAccount, NewFeed, NewOAuthAccount, NewSecret, OAuthProvider, SignInKind, SignInWay, Starmesh,
    TENANT_DEFAULT,
};

use crate::browser::Browser;
use crate::context::Context;
use crate::progress::Progress;
use crate::terminal::Approval;
use crate::text;

const ADD_EXAMPLES: &str = "\
Examples:
  starmesh account add caldav --url https://dav.example.org --user ann --name home
  starmesh account add caldav --url ann@example.org --user ann@example.org
  starmesh account add caldav --url https://dav.example.org --user ann --password-stdin < FILE
  starmesh account add caldav --url https://dav.example.org --bearer-stdin < FILE";

const ICS_EXAMPLES: &str = "\
Examples:
  starmesh account add ics --url https://example.org/holidays.ics --name holidays
  starmesh account add ics --url-stdin < FILE
  starmesh account add ics --url webcal://example.org/club.ics --user ann --password-stdin < FILE

The address of a feed often is all that protects it: it is kept like a password, and shown nowhere.";

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
    /// A feed: a calendar published as a file, read and never written
    #[command(after_help = ICS_EXAMPLES)]
    Ics(IcsArgs),
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
    #[arg(long, required_unless_present = "bearer_stdin")]
    user: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Sign in with a token in place of a password, and read it from standard input
    #[arg(long, conflicts_with = "password_stdin")]
    bearer_stdin: bool,
    /// What to call the account [default: the server's name]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args, Debug)]
pub(crate) struct IcsArgs {
    /// The feed's address: https, http or webcal [asked for when left out]
    #[arg(long, value_parser = StringValueParser::new().map(SecretString::from))]
    url: Option<SecretString>,
    /// Read the address from standard input, so that it stands in no history of commands
    #[arg(long, conflicts_with = "url")]
    url_stdin: bool,
    /// The user name, for a feed that wants one
    #[arg(long)]
    user: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "user", conflicts_with = "url_stdin")]
    password_stdin: bool,
    /// What to call the account [default: the server's name]
    #[arg(long)]
    name: Option<String>,
}

#[derive(Args, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub(crate) struct SignInArgs {
    /// The account
    name: String,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Read the client's secret from standard input, where it is another one or not here yet
    #[arg(long, conflicts_with = "password_stdin")]
    client_secret_stdin: bool,
    /// Read the token from standard input, for an account that has one
    #[arg(long, conflicts_with = "password_stdin")]
    bearer_stdin: bool,
    /// Read another address of a feed from standard input
    #[arg(long, conflicts_with_all = ["password_stdin", "bearer_stdin"])]
    url_stdin: bool,
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
    /// Approve what is shown: busy blocks that go, and the end of the sign-in
    #[arg(long, short)]
    yes: bool,
}

pub(crate) async fn carry_out(context: &Context, command: AccountCommand) -> Result<(), AppError> {
    match command {
        AccountCommand::Add(NewAccount::Caldav(args)) => add_caldav(context, args).await,
        AccountCommand::Add(NewAccount::Ics(args)) => add_ics(context, args).await,
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
    let CaldavArgs { url, user, password_stdin, bearer_stdin, name } = args;
    let secret = if bearer_stdin {
        NewSecret::Token(context.terminal.token(true)?)
    } else {
        NewSecret::Password(context.terminal.password(password_stdin)?)
    };
    let new = NewCaldavAccount { url, user: user.unwrap_or_default(), secret, name };
    add(context, New::Caldav(new), BrowserChoice::None).await
}

async fn add_ics(context: &Context, args: IcsArgs) -> Result<(), AppError> {
    let IcsArgs { url, url_stdin, user, password_stdin, name } = args;
    let address = match url {
        Some(address) => address,
        None => context.terminal.address(url_stdin)?,
    };
    let sign_in = match user {
        Some(user) => Some((user, context.terminal.password(password_stdin)?)),
        None => None,
    };
    add(context, New::Ics(NewFeed { address, sign_in, name }), BrowserChoice::None).await
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
    let account = sign_in_with(context, &starmesh, &args).await;
    starmesh.close().await;
    let account = account?;
    context.out.answer(&account, || format!("Signed in to {}.", account.name))
}

async fn sign_in_with(
    context: &Context,
    starmesh: &Starmesh,
    args: &SignInArgs,
) -> Result<AccountDto, AppError> {
    let SignInArgs { name, password_stdin, client_secret_stdin, bearer_stdin, url_stdin, browser, device } =
        args;
    let terminal = &context.terminal;
    match starmesh.sign_in_kind(name).await? {
        SignInKind::Password => starmesh.sign_in_account(name, &terminal.password(*password_stdin)?).await,
        SignInKind::Token => starmesh.sign_in_account(name, &terminal.token(*bearer_stdin)?).await,
        SignInKind::AddressAndPassword if !url_stdin => {
            let password = terminal.password(*password_stdin)?;
            starmesh.sign_in_feed_again(name, FeedSecret::Password(password)).await
        }
        SignInKind::Address | SignInKind::AddressAndPassword => {
            let address = terminal.address(*url_stdin)?;
            starmesh.sign_in_feed_again(name, FeedSecret::Address(address)).await
        }
        SignInKind::Browser => {
            let prompt = Browser::new(&context.out, *browser);
            let secret = if *client_secret_stdin { Some(terminal.client_secret()?) } else { None };
            starmesh.sign_in_account_again(name, secret, way(*device), &prompt).await
        }
    }
}

/// The sign-in ends, and its password is forgotten: no undo brings it back.
async fn approve_removal(context: &Context, starmesh: &Starmesh, args: &RemoveArgs) -> Result<(), AppError> {
    let name = &args.name;
    let question = if args.leave_mirrors {
        format!("Remove the account {name} and leave its busy blocks where they are?")
    } else {
        let progress = Progress::new(&context.out);
        let scope = LinkScope::Account(name.clone());
        let prepared = starmesh.prepare_clean(&scope, &|event| progress.hear(event)).await;
        progress.clear();
        let prepared = prepared?;
        let any = !prepared.links.is_empty() || !prepared.unreached.is_empty();
        if any && !context.out.json {
            context.out.line(&text::clean_prepared(&prepared))?;
        }
        format!("Remove the account {name} and {}?", text::count(prepared.mirrors(), "busy block"))
    };
    context.terminal.approve(&Approval {
        question: &question,
        waits: &format!("the removal of the account {name}"),
        nothing: "nothing was removed",
        hint: "--yes approves it",
    })
}

async fn remove(context: &Context, args: RemoveArgs) -> Result<(), AppError> {
    let starmesh = context.open(Access::Write).await?;
    if !args.yes
        && let Err(refusal) = approve_removal(context, &starmesh, &args).await
    {
        starmesh.close().await;
        return Err(refusal);
    }
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
        let message = "the account is gone, but a secret of it is still in the vault";
        return Err(AppError::new(ErrorCode::Incomplete, message));
    }
    Ok(())
}
