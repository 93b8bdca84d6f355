//! Settings that are taken over from a file.

use serde::Serialize;

/// What an import changes, or would change.
#[derive(Clone, PartialEq, Eq, Serialize, Default, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct ImportDto {
    /// True once it is done.
    pub imported: bool,
    /// Settings that get another value.
    pub settings: Vec<SettingChangeDto>,
    /// Accounts that are new, by name.
    pub accounts_added: Vec<String>,
    /// Calendars that are new, as the file calls them.
    pub calendars_added: Vec<String>,
    /// Groups that are new, by the names they get here.
    pub groups_added: Vec<String>,
    /// Links that are new, or live again.
    pub links_added: Vec<String>,
    /// Links that are paused.
    pub links_paused: Vec<String>,
    /// Links that run again.
    pub links_resumed: Vec<String>,
    /// Links that mirror something else than the file says, and go on so.
    pub policies_kept: Vec<String>,
    /// Accounts of the file that have nothing to sign in with on this computer.
    pub sign_in: Vec<SignInNeededDto>,
}

/// A setting that gets another value.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SettingChangeDto {
    /// Its name.
    pub key: String,
    /// Its value now; none when it is not set.
    pub from: Option<String>,
    /// The value it gets.
    pub to: Option<String>,
}

/// An account that a person has to sign in to.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct SignInNeededDto {
    /// Its name.
    pub account: String,
    /// The command that does it.
    pub command: String,
}

impl ImportDto {
    /// True when the file says nothing that is not so already.
    pub fn changes_nothing(&self) -> bool {
        let Self { imported: _, sign_in: _, settings, accounts_added, calendars_added, groups_added, .. } =
            self;
        settings.is_empty()
            && [
                accounts_added,
                calendars_added,
                groups_added,
                &self.links_added,
                &self.links_paused,
                &self.links_resumed,
            ]
            .into_iter()
            .all(Vec::is_empty)
    }
}
