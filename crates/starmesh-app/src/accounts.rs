//! Accounts: adding, signing in anew, listing. Removing has its own file ([`crate::account_removal`]).

use secrecy::SecretString;
use starmesh_core::ids::AccountId;
use starmesh_provider::RemoteCalendar;
use starmesh_store::state::{Account, AccountKind, Changes};
use url::Url;

use crate::dto::AccountDto;
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::{Starmesh, random_name};

/// The longest name of an account, in characters.
const NAME_LEN_MAX: usize = 64;

/// A CalDAV account as a person gives it.
pub struct NewCaldavAccount {
    /// A URL on the server, a host, or a mail address.
    pub url: String,
    /// The user name at the server.
    pub user: String,
    /// The password, often one made for this program alone.
    pub password: SecretString,
    /// What to call it; `None` takes the host's name.
    pub name: Option<String>,
}

/// An account that was added, and its calendars' names.
#[derive(Clone, PartialEq, Eq, serde::Serialize, Debug)]
pub struct AccountAdded {
    /// The account.
    pub account: AccountDto,
    /// Its calendars.
    pub calendars: Vec<crate::dto::CalendarDto>,
}

impl Starmesh {
    /// Adds a CalDAV account: signs in, finds its calendars and remembers both. Writes to no calendar.
    pub async fn add_caldav_account(&self, new: NewCaldavAccount) -> Result<AccountAdded> {
        let NewCaldavAccount { url, user, password, name } = new;
        check_address(&url)?;
        if user.trim().is_empty() {
            return Err(AppError::new(ErrorCode::InvalidValue, "the user name is empty"));
        }
        let name = name.unwrap_or_else(|| default_name(&url));
        check_name(&name)?;
        self.check_free(&name).await?;
        let kind = AccountKind::Caldav { url, user };
        let listed = self.sign_in(&name, &kind, &password).await?;

        let turn = self.folder.turn()?;
        self.check_free(&name).await?;
        let account = Account { id: AccountId::new(random_name(&*self.world.entropy)), name, kind };
        // The secret first: an account without one could not be told from one that lost it.
        self.vault()?.set_password(&account.id, &password).await?;
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
        })
    }

    /// Gives an account a new password, after proving it.
    pub async fn sign_in_account(&self, name: &str, password: &SecretString) -> Result<AccountDto> {
        let directory = Directory::load(&self.state).await?;
        let account = directory.find_account(name)?;
        let listed = self.sign_in(name, &account.kind, password).await?;
        let turn = self.folder.turn()?;
        self.vault()?.set_password(&account.id, password).await?;
        self.providers.forget();
        let known: Vec<_> =
            directory.calendars().filter(|known| known.account == account.id).cloned().collect();
        let mut changes = Changes::new();
        self.put_listing(&account.id, &known, &listed, &mut changes).await?;
        for calendar in &known {
            changes.put_dirty(&calendar.id, self.world.clock.now());
        }
        self.state.commit(changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        let accounts = self.accounts().await?;
        accounts.into_iter().find(|dto| dto.name == name).ok_or_else(|| {
            AppError::new(ErrorCode::UnknownName, format!("there is no account “{name}” any more"))
        })
    }

    /// All accounts, by name.
    pub async fn accounts(&self) -> Result<Vec<AccountDto>> {
        let calendars = self.state.calendars().await?;
        let mut accounts = Vec::new();
        for account in self.state.accounts().await? {
            let AccountKind::Caldav { url, user } = &account.kind;
            let mut failure = None;
            let mut count = 0;
            for calendar in calendars.iter().filter(|calendar| calendar.account == account.id) {
                count += 1;
                failure = failure.or(self.state.read(&calendar.id).await?.failure);
            }
            accounts.push(AccountDto {
                provider: account.kind.provider().to_owned(),
                url: url.clone(),
                user: user.clone(),
                calendars: count,
                needs_person: failure.as_ref().is_some_and(|failure| failure.needs_person),
                failure: failure.map(|failure| failure.message),
                name: account.name,
            });
        }
        Ok(accounts)
    }

    /// Signs in and lists the account's calendars, which proves the password.
    async fn sign_in(
        &self,
        name: &str,
        kind: &AccountKind,
        password: &SecretString,
    ) -> Result<Vec<RemoteCalendar>> {
        let listed = match self.providers.network().connect(kind, password.clone()).await {
            Ok(provider) => provider.list_calendars().await,
            Err(error) => Err(error),
        };
        listed.map_err(|error| {
            let failure = AppError::of_provider("sign in", name, &error);
            if failure.code == ErrorCode::SignInRefused {
                // The account may not exist yet, so the command in the usual hint would not help.
                return AppError { hint: None, action: None, ..failure }.hint(
                    "check the user name and the password; many servers want a password made for this \
                     program (“app password”)",
                );
            }
            failure
        })
    }

    async fn check_free(&self, name: &str) -> Result<()> {
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

/// An address that can be kept and shown: it must not hold a password.
fn check_address(address: &str) -> Result<()> {
    let entry = starmesh_caldav::Entry::parse(address);
    entry.map_err(|problem| AppError::new(ErrorCode::InvalidValue, format!("“--url”: {problem}")))?;
    if Url::parse(address).is_ok_and(|url| url.password().is_some()) {
        return Err(AppError::new(ErrorCode::InvalidValue, "the address holds a password")
            .hint("leave it out of the address: addresses are shown, passwords never"));
    }
    Ok(())
}

fn check_name(name: &str) -> Result<()> {
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
