//! Accounts: adding, signing in anew, listing. Removing has its own file ([`crate::account_removal`]).

use std::sync::Arc;

use secrecy::SecretString;
use starmesh_core::ids::AccountId;
use starmesh_http::oauth::{SignInError, Tokens};
use starmesh_provider::RemoteCalendar;
use starmesh_store::state::{Account, AccountKind, Changes};
use url::Url;

use crate::dto::AccountDto;
use crate::endpoints::{Endpoints, oauth_client};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::feed::NewFeed;
use crate::names::Directory;
use crate::open::{Starmesh, random_name};
use crate::providers::Proof;
use crate::sign_in::{SignInPrompt, SignInWay, VaultKeeper, sign_in};

/// The longest name of an account, in characters.
const NAME_LEN_MAX: usize = 64;

/// An account as a person gives it.
pub enum NewAccount {
    /// A CalDAV server.
    Caldav(NewCaldavAccount),
    /// A feed.
    Ics(NewFeed),
    /// Google or Microsoft.
    OAuth(Box<NewOAuthAccount>),
}

/// A CalDAV account as a person gives it.
pub struct NewCaldavAccount {
    /// A URL on the server, a host, or a mail address.
    pub url: String,
    /// The user name at the server; may be empty beside a token.
    pub user: String,
    /// What proves who that is.
    pub secret: NewSecret,
    /// What to call it; `None` takes the host's name.
    pub name: Option<String>,
}

/// What proves who signs in to a CalDAV server.
pub enum NewSecret {
    /// The password, often one made for this program alone.
    Password(SecretString),
    /// A token, for servers that stand behind a sign-in of their own.
    Token(SecretString),
}

/// An account that signs in with a browser, as a person gives it.
pub struct NewOAuthAccount {
    /// Whose it is.
    pub provider: OAuthProvider,
    /// What differs from the provider's own addresses, and the client id.
    pub endpoints: Endpoints,
    /// The secret of the client, where the provider wants one.
    pub client_secret: Option<SecretString>,
    /// Where the person signs in.
    pub way: SignInWay,
    /// What to call it; `None` takes the mailbox or the provider's name.
    pub name: Option<String>,
}

/// A provider whose accounts sign in with a browser.
pub enum OAuthProvider {
    /// Google.
    Google,
    /// Microsoft.
    Microsoft {
        /// Whose accounts: a tenant's GUID or domain, `common`, `organizations` or `consumers`.
        tenant: String,
        /// Another mailbox, shared or delegated, by its address.
        mailbox: Option<String>,
    },
}

/// How an account signs in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SignInKind {
    /// With a password.
    Password,
    /// With a token.
    Token,
    /// With the address of a feed.
    Address,
    /// With the address of a feed and a password.
    AddressAndPassword,
    /// In a browser.
    Browser,
}

/// An account that was added, and its calendars' names.
#[derive(Clone, PartialEq, Eq, serde::Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AccountAdded {
    /// The account.
    pub account: AccountDto,
    /// Its calendars.
    pub calendars: Vec<crate::dto::CalendarDto>,
    /// What the person should know of the way to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub notice: Option<String>,
}

/// An account that proved itself and is not kept yet.
pub(crate) struct SignedIn {
    pub account: Account,
    /// The password or token, the refresh token, or the address of the feed.
    pub secret: SecretString,
    pub client_secret: Option<SecretString>,
    pub feed_password: Option<SecretString>,
    pub listed: Vec<RemoteCalendar>,
    pub notice: Option<String>,
}

impl Starmesh {
    /// Adds an account: signs in, finds its calendars and remembers both. Writes to no calendar.
    pub async fn add_account(&self, new: NewAccount, prompt: &dyn SignInPrompt) -> Result<AccountAdded> {
        let signed_in = match new {
            NewAccount::Caldav(new) => self.sign_in_caldav(new).await?,
            NewAccount::Ics(new) => self.sign_in_feed(new).await?,
            // It goes the longest way, and would make every caller's future as large as its own.
            NewAccount::OAuth(new) => Box::pin(self.sign_in_oauth(*new, prompt)).await?,
        };
        let SignedIn { account, secret, client_secret, feed_password, listed, notice } = signed_in;
        let turn = self.folder.turn()?;
        self.check_free(&account.name).await?;
        // The secrets first: an account without them could not be told from one that lost them.
        let vault = self.vault()?;
        if let Some(client_secret) = &client_secret {
            vault.set_client_secret(&account.id, client_secret).await?;
        }
        if let Some(password) = &feed_password {
            vault.set_feed_password(&account.id, password).await?;
        }
        vault.set_password(&account.id, &secret).await?;
        let mut changes = Changes::new();
        changes.put_account(&account);
        self.put_listing(&account.id, &[], &listed, &mut changes).await?;
        self.state.commit(changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        let accounts = self.accounts().await?;
        let calendars = self.known_calendars().await?;
        Ok(AccountAdded {
            account: accounts.into_iter().find(|dto| dto.name == account.name).ok_or_else(|| {
                AppError::new(ErrorCode::Incomplete, "the account was removed while it was being added")
            })?,
            calendars: calendars.into_iter().filter(|dto| dto.calendar.account == account.name).collect(),
            notice,
        })
    }

    async fn sign_in_caldav(&self, new: NewCaldavAccount) -> Result<SignedIn> {
        let NewCaldavAccount { url, user, secret, name } = new;
        let (by_token, secret) = match secret {
            NewSecret::Password(password) => (false, password),
            NewSecret::Token(token) => (true, token),
        };
        check_address(&url)?;
        if user.trim().is_empty() && !by_token {
            return Err(AppError::new(ErrorCode::InvalidValue, "the user name is empty"));
        }
        let name = name.unwrap_or_else(|| default_name(&url));
        check_name(&name)?;
        self.check_free(&name).await?;
        let account = self.new_account(name, AccountKind::Caldav { url, user, by_token });
        let listed = self.list_signed_in(&account, Proof::Secret(secret.clone())).await?;
        let (client_secret, feed_password, notice) = (None, None, None);
        Ok(SignedIn { account, secret, client_secret, feed_password, listed, notice })
    }

    async fn sign_in_oauth(&self, new: NewOAuthAccount, prompt: &dyn SignInPrompt) -> Result<SignedIn> {
        let NewOAuthAccount { provider, endpoints, client_secret, way, name } = new;
        let (kind, default) = match provider {
            OAuthProvider::Google => (endpoints.google()?, "google".to_owned()),
            OAuthProvider::Microsoft { tenant, mailbox } => {
                let default = mailbox.clone().unwrap_or_else(|| "microsoft".to_owned());
                (endpoints.microsoft(&tenant, mailbox)?, default)
            }
        };
        let name = name.unwrap_or(default);
        check_name(&name)?;
        self.check_free(&name).await?;
        let account = self.new_account(name, kind);
        let (secret, tokens) = self.granted(&account, client_secret.clone(), way, prompt).await.map_err(
            |error| match error {
                // The account is not there yet, so nobody can be sent to it.
                AppError { action: Some(Action::SignIn { .. }), .. } => AppError { action: None, ..error },
                error => error,
            },
        )?;
        let listed = self.list_signed_in(&account, Proof::Tokens(tokens)).await?;
        Ok(SignedIn { account, secret, client_secret, feed_password: None, listed, notice: None })
    }

    pub(crate) fn new_account(&self, name: String, kind: AccountKind) -> Account {
        Account { id: AccountId::new(random_name(&*self.world.entropy)), name, kind }
    }

    /// Lets a person sign in; the refresh token and the tokens to go on with.
    async fn granted(
        &self,
        account: &Account,
        client_secret: Option<SecretString>,
        way: SignInWay,
        prompt: &dyn SignInPrompt,
    ) -> Result<(SecretString, Arc<Tokens>)> {
        let failed = |error: SignInError| AppError::of_sign_in(&error, Some(&account.name));
        let network = self.providers.network();
        let client = oauth_client(&account.kind, client_secret)
            .ok_or_else(|| AppError::new(ErrorCode::InvalidValue, "the account signs in with a password"))?;
        let grant =
            sign_in(client.clone(), way, network, &*self.world.entropy, prompt).await.map_err(failed)?;
        let refresh = grant.refresh.clone().ok_or_else(|| failed(SignInError::NotLasting))?;
        let keeper = Arc::new(VaultKeeper { vault: Arc::clone(self.vault()?), account: account.id.clone() });
        let tokens =
            Tokens::granted(client, grant, keeper, network.http(), network.clock()).map_err(failed)?;
        Ok((refresh, Arc::new(tokens)))
    }

    /// How an account signs in.
    pub async fn sign_in_kind(&self, name: &str) -> Result<SignInKind> {
        let directory = Directory::load(&self.state).await?;
        Ok(match directory.find_account(name)?.kind {
            AccountKind::Caldav { by_token: false, .. } => SignInKind::Password,
            AccountKind::Caldav { by_token: true, .. } => SignInKind::Token,
            AccountKind::Ics { user: None, .. } => SignInKind::Address,
            AccountKind::Ics { user: Some(_), .. } => SignInKind::AddressAndPassword,
            AccountKind::Google(_) | AccountKind::Microsoft { .. } => SignInKind::Browser,
        })
    }

    /// Gives an account a new password or token, after proving it.
    pub async fn sign_in_account(&self, name: &str, password: &SecretString) -> Result<AccountDto> {
        let directory = Directory::load(&self.state).await?;
        let account = directory.find_account(name)?;
        let listed = self.list_signed_in(account, Proof::Secret(password.clone())).await?;
        self.keep_sign_in(&directory, account, password, &listed).await
    }

    /// Lets the person of an account sign in anew. A client's secret is given where the vault holds none, or an
    /// old one.
    pub async fn sign_in_account_again(
        &self,
        name: &str,
        client_secret: Option<SecretString>,
        way: SignInWay,
        prompt: &dyn SignInPrompt,
    ) -> Result<AccountDto> {
        let directory = Directory::load(&self.state).await?;
        let account = directory.find_account(name)?;
        let used = match &client_secret {
            Some(given) => Some(given.clone()),
            None => self.vault()?.client_secret(&account.id).await?,
        };
        let (refresh, tokens) = self.granted(account, used, way, prompt).await?;
        let listed = self.list_signed_in(account, Proof::Tokens(tokens)).await?;
        if let Some(given) = &client_secret {
            self.vault()?.set_client_secret(&account.id, given).await?;
        }
        self.keep_sign_in(&directory, account, &refresh, &listed).await
    }

    pub(crate) async fn keep_sign_in(
        &self,
        directory: &Directory,
        account: &Account,
        secret: &SecretString,
        listed: &[RemoteCalendar],
    ) -> Result<AccountDto> {
        let turn = self.folder.turn()?;
        self.vault()?.set_password(&account.id, secret).await?;
        self.providers.forget();
        let known: Vec<_> =
            directory.calendars().filter(|known| known.account == account.id).cloned().collect();
        let mut changes = Changes::new();
        changes.put_account(account);
        self.put_listing(&account.id, &known, listed, &mut changes).await?;
        for calendar in &known {
            changes.put_dirty(&calendar.id, self.world.clock.now());
        }
        self.state.commit(changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        let accounts = self.accounts().await?;
        let name = &account.name;
        accounts.into_iter().find(|dto| dto.name == *name).ok_or_else(|| {
            AppError::new(ErrorCode::UnknownName, format!("there is no account “{name}” any more"))
        })
    }

    /// All accounts, by name.
    pub async fn accounts(&self) -> Result<Vec<AccountDto>> {
        let calendars = self.state.calendars().await?;
        let mut accounts = Vec::new();
        for account in self.state.accounts().await? {
            let (url, user) = match &account.kind {
                AccountKind::Caldav { url, user, .. } => (url.clone(), user.clone()),
                AccountKind::Ics { origin, user, .. } => (origin.clone(), user.clone().unwrap_or_default()),
                AccountKind::Google(sign_in) => (sign_in.api.to_string(), String::new()),
                AccountKind::Microsoft { sign_in, mailbox } => {
                    (sign_in.api.to_string(), mailbox.clone().unwrap_or_default())
                }
            };
            // One that came with a file of settings has nothing to sign in with before its person did so here.
            let signed_out = match &self.vault {
                Some(vault) => vault.password(&account.id).await?.is_none(),
                None => false,
            };
            let mut failure = None;
            let mut count = 0;
            for calendar in calendars.iter().filter(|calendar| calendar.account == account.id) {
                count += 1;
                failure = failure.or(self.state.read(&calendar.id).await?.failure);
            }
            accounts.push(AccountDto {
                provider: account.kind.provider().to_owned(),
                url,
                user,
                calendars: count,
                needs_person: signed_out || failure.as_ref().is_some_and(|failure| failure.needs_person),
                failure: if signed_out {
                    Some("not signed in on this computer yet".to_owned())
                } else {
                    failure.map(|failure| failure.message)
                },
                name: account.name,
            });
        }
        Ok(accounts)
    }

    /// Lists the account's calendars, which proves that it is signed in.
    pub(crate) async fn list_signed_in(
        &self,
        account: &Account,
        proof: Proof,
    ) -> Result<Vec<RemoteCalendar>> {
        let hint = match &proof {
            Proof::Secret(_) => Some(sign_in_hint(&account.kind)),
            Proof::Feed { .. } => Some(FEED_HINT),
            Proof::Tokens(_) => None,
        };
        let listed = match self.providers.network().connect(&account.kind, proof).await {
            Ok(provider) => provider.list_calendars().await,
            Err(error) => Err(error),
        };
        listed.map_err(|error| {
            let failure = AppError::of_provider("sign in", &account.name, &error);
            match hint {
                // The account may not exist yet, so the command in the usual hint would not help.
                Some(hint) if failure.code == ErrorCode::SignInRefused => {
                    AppError { hint: None, action: None, ..failure }.hint(hint)
                }
                _ => failure,
            }
        })
    }

    pub(crate) async fn check_free(&self, name: &str) -> Result<()> {
        if self.state.accounts().await?.iter().any(|account| account.name == name) {
            return Err(AppError::new(
                ErrorCode::DoubledName,
                format!("there is already an account called “{name}”"),
            )
            .hint("choose another with --name, or give it a new password with `starmesh account signin`"));
        }
        Ok(())
    }
}

/// What may help when a feed is not shown.
const FEED_HINT: &str = "copy the address of the feed anew from where it is published; if it wants a name and a \
                         password, give them with --user and --password-stdin";

/// What may help when a server does not accept a sign-in.
fn sign_in_hint(kind: &AccountKind) -> &'static str {
    match kind {
        AccountKind::Caldav { by_token: true, .. } => {
            "check the token: it may have run out, or be for another server"
        }
        _ => {
            "check the user name and the password; many servers want a password made for this program (“app \
             password”)"
        }
    }
}

/// An address that can be kept and shown: it must not hold a password.
pub(crate) fn check_address(address: &str) -> Result<()> {
    let entry = starmesh_caldav::Entry::parse(address);
    entry.map_err(|problem| AppError::new(ErrorCode::InvalidValue, format!("“--url”: {problem}")))?;
    if Url::parse(address).is_ok_and(|url| url.password().is_some()) {
        return Err(AppError::new(ErrorCode::InvalidValue, "the address holds a password")
            .hint("leave it out of the address: addresses are shown, passwords never"));
    }
    Ok(())
}

pub(crate) fn check_name(name: &str) -> Result<()> {
    let problem = if name.trim().is_empty() {
        "an account's name cannot be empty".to_owned()
    } else if name.chars().count() > NAME_LEN_MAX {
        format!("an account's name has at most {NAME_LEN_MAX} characters")
    } else if name.trim() != name || name.contains('/') || name.chars().any(char::is_control) {
        "an account's name is one line without “/” and without space around it".to_owned()
    } else {
        return Ok(());
    };
    Err(AppError::new(ErrorCode::InvalidValue, problem))
}

/// The host's name, or the domain of a mail address.
fn default_name(address: &str) -> String {
    match starmesh_caldav::Entry::parse(address) {
        Ok(starmesh_caldav::Entry::Url(url)) => url.host_str().unwrap_or(address).to_owned(),
        Ok(starmesh_caldav::Entry::MailDomain(domain)) => domain,
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_called_after_its_host() {
        assert_eq!(default_name("https://dav.example.org:8443/ann/"), "dav.example.org");
        assert_eq!(default_name("ann@example.org"), "example.org");
    }

    #[test]
    fn names_that_cannot_be_typed_or_told_apart_are_refused() {
        for name in ["", " ", "a/b", " a", "a\nb", &"x".repeat(65)] {
            assert_eq!(check_name(name).unwrap_err().code, ErrorCode::InvalidValue, "{name:?}");
        }
        assert_eq!(check_name("my own, Zürich"), Ok(()));
    }

    #[test]
    fn an_address_with_a_password_in_it_is_refused() {
        assert_eq!(
            check_address("https://ann:pw@dav.example.org/").unwrap_err().code,
            ErrorCode::InvalidValue
        );
        assert_eq!(check_address("https://dav.example.org/"), Ok(()));
        assert_eq!(check_address("ftp://x").unwrap_err().code, ErrorCode::InvalidValue);
    }
}
