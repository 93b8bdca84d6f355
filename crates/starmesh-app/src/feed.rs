//! Feeds as accounts: one calendar each, and an address that is kept like a password.

use secrecy::{ExposeSecret, SecretString};
use starmesh_ics::FeedAddress;
use starmesh_store::state::{Account, AccountKind};

use crate::accounts::{SignedIn, check_name};
use crate::dto::AccountDto;
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::providers::Proof;

/// A feed as a person gives it.
pub struct NewFeed {
    /// Its address.
    pub address: SecretString,
    /// Who may read it, with a password, where the address alone is not enough.
    pub sign_in: Option<(String, SecretString)>,
    /// What to call it; `None` takes the host's name.
    pub name: Option<String>,
}

/// A new secret of a feed.
pub enum FeedSecret {
    /// Another address of the same calendar. The mirrors stay those of the feed.
    Address(SecretString),
    /// Another password.
    Password(SecretString),
}

impl Starmesh {
    pub(crate) async fn sign_in_feed(&self, new: NewFeed) -> Result<SignedIn> {
        let NewFeed { address: secret, sign_in, name } = new;
        let address = parse(&secret)?;
        let name = name.unwrap_or_else(|| address.host());
        check_name(&name)?;
        self.check_free(&name).await?;
        self.check_new(&address).await?;
        let (user, feed_password) = sign_in.unzip();
        if user.as_ref().is_some_and(|user| user.trim().is_empty()) {
            return Err(AppError::new(ErrorCode::InvalidValue, "the user name is empty"));
        }
        let (origin, calendar) = (address.origin(), address.lasting_name());
        let account = self.new_account(name, AccountKind::Ics { origin, calendar, user });
        let notice = notice(&address);
        let proof = Proof::Feed { address, password: feed_password.clone() };
        let listed = self.list_signed_in(&account, proof).await?;
        Ok(SignedIn { account, secret, client_secret: None, feed_password, listed, notice })
    }

    /// Gives a feed a new address or password, after proving it.
    pub async fn sign_in_feed_again(&self, name: &str, secret: FeedSecret) -> Result<AccountDto> {
        let directory = Directory::load(&self.state).await?;
        let account = directory.find_account(name)?;
        let AccountKind::Ics { calendar, user, .. } = &account.kind else {
            return Err(AppError::new(ErrorCode::InvalidValue, format!("the account “{name}” is no feed")));
        };
        let vault = self.vault()?;
        let (kept_address, kept_password) =
            (vault.password(&account.id).await?, vault.feed_password(&account.id).await?);
        let (address, password, new_password) = match secret {
            FeedSecret::Address(address) => (Some(address), kept_password, None),
            FeedSecret::Password(password) => (kept_address, Some(password.clone()), Some(password)),
        };
        let address = address.ok_or_else(|| {
            AppError::new(ErrorCode::InvalidValue, "the vault no longer holds the address of the feed")
                .hint("give it anew with --url-stdin")
        })?;
        let parsed = parse(&address)?;
        let (calendar, user) = (calendar.clone(), user.clone());
        let renewed =
            Account { kind: AccountKind::Ics { origin: parsed.origin(), calendar, user }, ..account.clone() };
        let listed = self.list_signed_in(&renewed, Proof::Feed { address: parsed, password }).await?;
        if let Some(password) = new_password {
            vault.set_feed_password(&account.id, &password).await?;
        }
        self.keep_sign_in(&directory, &renewed, &address, &listed).await
    }

    /// One feed twice would bring each event twice.
    async fn check_new(&self, address: &FeedAddress) -> Result<()> {
        let name = address.lasting_name();
        let accounts = self.state.accounts().await?;
        let same = accounts
            .iter()
            .find(|account| matches!(&account.kind, AccountKind::Ics { calendar, .. } if *calendar == name));
        match same {
            Some(account) => {
                let message = format!("this feed is there already: it is the account “{}”", account.name);
                Err(AppError::new(ErrorCode::DoubledName, message))
            }
            None => Ok(()),
        }
    }
}

/// Reads an address without ever repeating it.
fn parse(secret: &SecretString) -> Result<FeedAddress> {
    FeedAddress::parse(secret.expose_secret()).map_err(|problem| {
        let error = AppError::new(ErrorCode::InvalidValue, format!("“--url”: {problem}"));
        match problem {
            starmesh_ics::AddressProblem::HoldsPassword => error.hint(
                "leave name and password out of the address: give them with --user and --password-stdin",
            ),
            _ => error,
        }
    })
}

fn notice(address: &FeedAddress) -> Option<String> {
    address.is_in_clear().then(|| {
        format!(
            "The way to {} is not encrypted: others on it can read the feed and its address. If the server answers \
             to https as well, use that.",
            address.host()
        )
    })
}
