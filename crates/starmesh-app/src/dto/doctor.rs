//! What the doctor found.

use serde::Serialize;

use super::{CalendarRef, LinkRef};
use crate::error::ErrorCode;

/// What the doctor found.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct DoctorDto {
    /// The version of the program that looked.
    pub version: String,
    /// When it looked, RFC 3339.
    pub at: String,
    /// The worst of what was found.
    pub verdict: VerdictDto,
    /// Everything that was looked at, in the order in which one thing rests on another.
    pub findings: Vec<FindingDto>,
}

/// One thing that was looked at.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct FindingDto {
    /// What was looked at.
    pub check: CheckDto,
    /// How it is.
    pub verdict: VerdictDto,
    /// Of which account.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub account: Option<String>,
    /// Of which server.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub host: Option<String>,
    /// Of which calendar.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub calendar: Option<CalendarRef>,
    /// Of which link.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub link: Option<LinkRef>,
    /// How it is, in a sentence for people. It names nothing of the person's: no account, calendar, server or
    /// folder. Those stand in the fields beside it, and what others said in `said`.
    pub message: String,
    /// The failure's stable name, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub code: Option<ErrorCode>,
    /// What the system or a server said about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub said: Option<String>,
    /// The one thing to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub action: Option<String>,
}

/// How a thing is, from the best to the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum VerdictDto {
    /// As it should be.
    Good,
    /// It could not be looked at, or nobody asked to.
    NotChecked,
    /// Worth knowing; nothing has to be done.
    Note,
    /// It works, and something should be done.
    Warning,
    /// It does not work.
    Failed,
}

/// What is looked at.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum CheckDto {
    /// The data folder: there, writable, for its owner only.
    DataFolder,
    /// Room on its disk.
    DiskSpace,
    /// Which process works on it.
    Process,
    /// The keychain or the sealed vault, and the keys in it.
    Vault,
    /// The password or refresh token of an account in the vault.
    Secret,
    /// The database: whole, and of a version that is known.
    Database,
    /// This computer's clock.
    Clock,
    /// The proxy on the way to a server.
    Proxy,
    /// The address of a server's name.
    Dns,
    /// The way to a server, TLS included.
    Connection,
    /// Whether the account's server lets it in.
    SignIn,
    /// How many requests an account may make.
    Budget,
    /// When a calendar was last read.
    Read,
    /// Whether a calendar tells its changes.
    SyncToken,
    /// Whether busy blocks keep their marks.
    Marks,
    /// Busy blocks of another installation.
    OtherInstallation,
    /// Events that another sync tool placed.
    OtherTool,
    /// Whether the links run.
    Links,
    /// What stands still.
    Standstill,
    /// Removals that wait for a person.
    Brake,
}

impl FindingDto {
    pub(crate) fn new(check: CheckDto, verdict: VerdictDto, message: impl Into<String>) -> Self {
        Self {
            check,
            verdict,
            account: None,
            host: None,
            calendar: None,
            link: None,
            message: message.into(),
            code: None,
            said: None,
            action: None,
        }
    }

    pub(crate) fn good(check: CheckDto, message: impl Into<String>) -> Self {
        Self::new(check, VerdictDto::Good, message)
    }

    pub(crate) fn note(check: CheckDto, message: impl Into<String>) -> Self {
        Self::new(check, VerdictDto::Note, message)
    }

    pub(crate) fn warning(check: CheckDto, message: impl Into<String>) -> Self {
        Self::new(check, VerdictDto::Warning, message)
    }

    pub(crate) fn failed(check: CheckDto, message: impl Into<String>) -> Self {
        Self::new(check, VerdictDto::Failed, message)
    }

    pub(crate) fn not_checked(check: CheckDto, message: impl Into<String>) -> Self {
        Self::new(check, VerdictDto::NotChecked, message)
    }

    #[must_use]
    pub(crate) fn of_account(mut self, account: &str) -> Self {
        self.account = Some(account.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn at_host(mut self, host: &str) -> Self {
        self.host = Some(host.to_owned());
        self
    }

    #[must_use]
    pub(crate) fn of_calendar(mut self, calendar: CalendarRef) -> Self {
        self.calendar = Some(calendar);
        self
    }

    #[must_use]
    pub(crate) fn of_link(mut self, link: LinkRef) -> Self {
        self.link = Some(link);
        self
    }

    #[must_use]
    pub(crate) fn said(mut self, said: impl Into<String>) -> Self {
        self.said = Some(said.into());
        self
    }

    #[must_use]
    pub(crate) fn action(mut self, action: impl Into<String>) -> Self {
        self.action = Some(action.into());
        self
    }

    /// With what a failure says: its name, its words, and its hint as the thing to do.
    #[must_use]
    pub(crate) fn because(mut self, error: crate::error::AppError) -> Self {
        self.code = Some(error.code);
        self.said = Some(error.message);
        self.action = error.hint.or(self.action);
        self
    }
}
