//! Accounts. Their secrets are in the vault, never here.

use serde::{Deserialize, Serialize};
use starmesh_core::ids::{AccountId, LastingName};
use url::Url;

use super::{Changes, State, key, row};
use crate::{Change, Select, StoreError, Table};

/// One identity at one provider.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Account {
    /// Our name of it.
    pub id: AccountId,
    /// What the person calls it; unique.
    pub name: String,
    /// Where it is and who signs in.
    pub kind: AccountKind,
}

/// Where an account is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "provider", rename_all = "snake_case")]
pub enum AccountKind {
    /// A CalDAV server.
    Caldav {
        /// The URL a person gave.
        url: String,
        /// The user name; may be empty where a token says who signs in.
        user: String,
        /// True when a token proves it, and no password. Accounts of older versions have none.
        #[serde(default)]
        by_token: bool,
    },
    /// A feed. Its address is a secret, and in the vault.
    Ics {
        /// The part of its address that may be shown.
        origin: String,
        /// What its calendar is called, by its first address: mirrors are known by it.
        calendar: LastingName,
        /// Who signs in, where the address alone is not enough.
        user: Option<String>,
    },
    /// Google.
    Google(OAuthAccount),
    /// Microsoft 365 or Outlook.com.
    Microsoft {
        /// How it signs in.
        #[serde(flatten)]
        sign_in: OAuthAccount,
        /// The mailbox whose calendars it means, when it is not that of the person who signs in.
        mailbox: Option<String>,
    },
}

/// An account that signs in with a browser, and where its provider answers. Its refresh token and, where
/// there is one, the client's secret are in the vault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuthAccount {
    /// The client under which it signed in.
    pub client_id: String,
    /// Where the browser goes.
    pub authorize: Url,
    /// Where tokens are had.
    pub token: Url,
    /// Where a sign-in without a browser begins.
    pub device: Option<Url>,
    /// Where a sign-in is ended, for a provider that can end one. Accounts of older versions have none.
    #[serde(default)]
    pub revoke: Option<Url>,
    /// The root of the API.
    pub api: Url,
    /// Where batches go, for a provider that has an address of its own for them.
    pub batch: Option<Url>,
    /// The port of the redirect address, when the client is registered with a fixed one.
    pub port: Option<u16>,
}

impl AccountKind {
    /// The provider's name as people write it.
    pub fn provider(&self) -> &'static str {
        match self {
            Self::Caldav { .. } => "caldav",
            Self::Ics { .. } => "ics",
            Self::Google(_) => "google",
            Self::Microsoft { .. } => "microsoft",
        }
    }
}

impl std::fmt::Debug for OAuthAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OAuthAccount(..)")
    }
}

impl std::fmt::Debug for AccountKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.provider())
    }
}

impl Changes {
    /// Writes an account.
    pub fn put_account(&mut self, account: &Account) {
        let row = row(key(&[account.id.as_str()]), Vec::new(), Vec::new(), 0, account);
        self.push(Change::Put(Table::Accounts, row));
    }

    /// Removes an account's row.
    pub fn delete_account(&mut self, id: &AccountId) {
        self.push(Change::Delete(Table::Accounts, key(&[id.as_str()])));
    }
}

impl State {
    /// All accounts, by name.
    pub async fn accounts(&self) -> Result<Vec<Account>, StoreError> {
        let mut accounts: Vec<Account> = self.select(Table::Accounts, Select::All).await?;
        accounts.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(accounts)
    }

    /// One account.
    pub async fn account(&self, id: &AccountId) -> Result<Option<Account>, StoreError> {
        self.get(Table::Accounts, &key(&[id.as_str()])).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_of_older_versions_sign_in_with_a_password() {
        let kept = r#"{"provider":"caldav","url":"https://dav.example.org/","user":"ann"}"#;
        let AccountKind::Caldav { by_token, .. } = serde_json::from_str(kept).unwrap() else {
            panic!("an account at a CalDAV server")
        };
        assert!(!by_token);
    }
}
