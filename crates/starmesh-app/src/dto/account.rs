//! Accounts.

use serde::Serialize;

use super::LinkRef;

/// An account.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AccountDto {
    /// What the person calls it.
    pub name: String,
    /// `caldav`, `google`, `microsoft` or `ics`.
    pub provider: String,
    /// The address a person gave, or that of the provider's API; of a feed, whose address is a secret, only how
    /// it begins.
    pub url: String,
    /// Who signs in, or whose mailbox is meant, where that is known.
    pub user: String,
    /// How many calendars it has.
    pub calendars: u64,
    /// True when only a new password or sign-in helps.
    pub needs_person: bool,
    /// Why its calendars cannot be read at the moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub failure: Option<String>,
}

/// What became of an account that was removed.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct AccountRemoved {
    /// Its name.
    pub account: String,
    /// True when it is gone; false when it stays because mirrors could not be reached.
    pub removed: bool,
    /// How many mirrors were removed from calendars.
    pub mirrors_removed: u64,
    /// Mirrors that still stand.
    pub unreached: Vec<Unreached>,
    /// Groups that lost a calendar and go on.
    pub groups_smaller: Vec<String>,
    /// Groups that could not go on and are gone.
    pub groups_removed: Vec<String>,
    /// What became of what the person had allowed at the provider; absent for a password, and while the account
    /// stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub grant: Option<GrantDto>,
    /// Secrets that could not be removed from the vault, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub vault_failure: Option<String>,
}

/// What became of what a person had allowed at a provider.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum GrantDto {
    /// The provider has ended it.
    Withdrawn {
        /// The provider, as people write it.
        provider: String,
    },
    /// It stands, and the person can withdraw it by hand.
    Stands {
        /// The provider, as people write it.
        provider: String,
        /// Why it could not be ended; absent for a provider that cannot be asked to.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[cfg_attr(feature = "bindings", ts(optional))]
        failure: Option<String>,
        /// Where it is done by hand.
        pages: Vec<String>,
    },
}

/// Mirrors of one link that could not be removed.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct Unreached {
    /// The link.
    pub link: LinkRef,
    /// How many of its mirrors still stand.
    pub mirrors: u64,
    /// Why.
    pub reason: String,
}
