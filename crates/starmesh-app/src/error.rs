//! Everything that can go wrong, as a person and as a program sees it.
//!
//! A program matches on [`ErrorCode`], never on text. A person reads the message, then the hint, and has at
//! most one [`Action`] to take.

use std::path::Path;

use serde::Serialize;
use starmesh_engine::EngineError;
use starmesh_provider::{ErrorKind, ProviderError};
use starmesh_store::{LockError, StoreError};

use crate::sign_in::sign_in_again;

/// What a failure means to the one who called: the exit code of the command line.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum ExitClass {
    /// It was tried and did not work; exit code 1.
    Failed,
    /// What was asked for makes no sense; exit code 2.
    Usage,
    /// Only a person can go on; exit code 3.
    NeedsPerson,
}

/// The stable name of a failure.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// Nothing answers to this name.
    UnknownName,
    /// Several things answer to this name.
    AmbiguousName,
    /// The name is already taken.
    DoubledName,
    /// A value is outside its bounds.
    InvalidValue,
    /// A group cannot be like this.
    InvalidGroup,
    /// The group would make more pairs than the limit allows.
    PairLimit,
    /// A password is needed and none was given.
    PasswordMissing,

    /// The server cannot be reached.
    Offline,
    /// The server asks to slow down.
    Throttled,
    /// The server answered something that is not what it should be.
    InvalidAnswer,
    /// The calendar, or what was looked for, is not there.
    NotFound,
    /// The server refuses the request, and will again.
    Refused,
    /// Another process works on the data folder.
    DataFolderInUse,
    /// The data folder cannot be written or made.
    DataFolderUnusable,
    /// The disk is full.
    DiskFull,
    /// The database was written by a newer version.
    DatabaseNewer,
    /// The database is damaged.
    DatabaseDamaged,
    /// Anything else the database says.
    DatabaseFailed,
    /// A file is not a recovery file, or is damaged.
    RecoveryFileUnreadable,
    /// A file could not be read or written.
    FileFailed,
    /// Part of the work could not be done.
    Incomplete,
    /// The doctor found something that does not work.
    ChecksFailed,
    /// The program itself is at fault.
    Internal,

    /// The server refuses the credentials.
    SignInRefused,
    /// The server's certificate cannot be trusted.
    Untrusted,
    /// The passphrase does not open the vault or the recovery file.
    WrongPassphrase,
    /// A passphrase is needed and none was given.
    PassphraseMissing,
    /// The keychain is locked, or there is none, or it refuses.
    VaultUnavailable,
    /// The vault does not hold the keys of this data folder.
    KeysMissing,
    /// Mirrors under another key stand.
    KeyInUse,
    /// A plan waits for approval.
    ApprovalNeeded,
    /// Removals are held until a person says how many may go.
    RemovalsHeld,
    /// Calendars hold marks that do not verify.
    ForeignMarks,
    /// Two calendars that are paired are one under two names.
    SameCalendar,
}

impl ErrorCode {
    /// What the failure means to the one who called.
    pub fn exit(self) -> ExitClass {
        match self {
            Self::UnknownName
            | Self::AmbiguousName
            | Self::DoubledName
            | Self::InvalidValue
            | Self::InvalidGroup
            | Self::PairLimit
            | Self::PasswordMissing => ExitClass::Usage,
            Self::SignInRefused
            | Self::Untrusted
            | Self::WrongPassphrase
            | Self::PassphraseMissing
            | Self::VaultUnavailable
            | Self::KeysMissing
            | Self::KeyInUse
            | Self::ApprovalNeeded
            | Self::RemovalsHeld
            | Self::ForeignMarks
            | Self::SameCalendar => ExitClass::NeedsPerson,
            Self::Offline
            | Self::Throttled
            | Self::InvalidAnswer
            | Self::NotFound
            | Self::Refused
            | Self::DataFolderInUse
            | Self::DataFolderUnusable
            | Self::DiskFull
            | Self::DatabaseNewer
            | Self::DatabaseDamaged
            | Self::DatabaseFailed
            | Self::RecoveryFileUnreadable
            | Self::FileFailed
            | Self::Incomplete
            | Self::ChecksFailed
            | Self::Internal => ExitClass::Failed,
        }
    }

    /// The code of a provider's failure.
    pub fn of_provider(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Offline => Self::Offline,
            ErrorKind::Throttled { .. } => Self::Throttled,
            ErrorKind::NeedsSignIn => Self::SignInRefused,
            ErrorKind::Untrusted => Self::Untrusted,
            ErrorKind::Gone | ErrorKind::CalendarGone => Self::NotFound,
            ErrorKind::TokenExpired | ErrorKind::InvalidData => Self::InvalidAnswer,
            ErrorKind::PreconditionFailed
            | ErrorKind::IdentityTaken
            | ErrorKind::ReadOnly
            | ErrorKind::QuotaExceeded
            | ErrorKind::Refused => Self::Refused,
        }
    }
}

/// The one thing to do about a failure.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Try again later.
    Retry,
    /// Give the account a new password.
    SignIn {
        /// The account's name.
        account: String,
    },
    /// Look at the plan and approve it.
    Approve,
    /// Say how many removals may go.
    AllowRemovals {
        /// How many are held.
        count: u64,
    },
    /// Import the key of the other installation, or go on beside it.
    ImportKey,
    /// Give the passphrase.
    GivePassphrase,
    /// Unlock the keychain.
    UnlockKeychain,
    /// Stop the process that works on the data folder.
    StopProcess {
        /// Its id, when known.
        pid: Option<u32>,
    },
    /// Make room on the disk.
    FreeDisk,
    /// Install the newest version.
    Update,
    /// Choose one of these names.
    Choose {
        /// The names.
        candidates: Vec<String>,
    },
}

/// A failure, with everything a person needs.
#[derive(Clone, PartialEq, Eq, Serialize, Debug, thiserror::Error)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
#[error("{message}")]
pub struct AppError {
    /// Its stable name.
    pub code: ErrorCode,
    /// What happened, in one sentence without a full stop. Names no secret and no content of an event.
    pub message: String,
    /// What to know or do next.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub hint: Option<String>,
    /// The one thing to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub action: Option<Action>,
}

/// What the façade answers.
pub type Result<T, E = AppError> = std::result::Result<T, E>;

impl AppError {
    /// A failure in words.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None, action: None }
    }

    /// With what to know or do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With the one thing to do.
    #[must_use]
    pub fn action(mut self, action: Action) -> Self {
        self.action = Some(action);
        self
    }

    /// A provider's failure while doing `what` for an account.
    pub fn of_provider(what: &str, account: &str, error: &ProviderError) -> Self {
        let code = ErrorCode::of_provider(error.kind);
        let failure = Self::new(code, format!("could not {what}: {error}"));
        match error.kind {
            ErrorKind::NeedsSignIn => {
                failure.hint(sign_in_again(account)).action(Action::SignIn { account: account.to_owned() })
            }
            ErrorKind::Untrusted => failure.hint(
                "the connection is not encrypted for the one it claims to be: nothing was sent. Check the \
                 address, or add the server's authority to the system's trusted certificates",
            ),
            kind if kind.is_transient() => {
                failure.hint("nothing is lost; it works again when the server answers").action(Action::Retry)
            }
            _ => failure,
        }
    }

    /// A file or folder that cannot be used.
    pub(crate) fn of_io(what: &str, path: &Path, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::StorageFull {
            return Self::from(StoreError::Full { path: path.display().to_string() });
        }
        Self::new(ErrorCode::DataFolderUnusable, format!("could not {what} {}: {error}", path.display()))
            .hint("choose another folder with --data-dir, or make this one writable")
    }
}

impl From<StoreError> for AppError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::Full { .. } => Self::new(ErrorCode::DiskFull, message)
                .hint("make room and try again; nothing is lost")
                .action(Action::FreeDisk),
            StoreError::NotWritable { .. } => Self::new(ErrorCode::DataFolderUnusable, message)
                .hint("choose another folder with --data-dir, or make this one writable"),
            StoreError::Newer { .. } => Self::new(ErrorCode::DatabaseNewer, message)
                .hint("install the newest Starmesh; an older one does not touch this database")
                .action(Action::Update),
            StoreError::WrongKey { .. } => Self::new(ErrorCode::KeysMissing, message).hint(
                "the vault belongs to another data folder. Calendars and mirrors are safe: use the right \
                 folder, or begin a new one with `starmesh key import FILE`",
            ),
            StoreError::Damaged { .. } | StoreError::Corrupt { .. } => Self::new(
                ErrorCode::DatabaseDamaged,
                message,
            )
            .hint(
                "no busy block is lost: `starmesh sync` or `starmesh run` moves the database aside, makes a \
                     new one with what you configured, and reads everything anew",
            ),
            StoreError::Failed(_) => Self::new(ErrorCode::DatabaseFailed, message),
        }
    }
}

impl From<EngineError> for AppError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
        }
    }
}

impl From<LockError> for AppError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::Held { pid, path } => {
                let holder = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
                Self::new(
                    ErrorCode::DataFolderInUse,
                    format!("{holder} is at work on the data folder {}", path.display()),
                )
                .hint("one process writes at a time: wait for it, or stop it first")
                .action(Action::StopProcess { pid })
            }
            LockError::Unusable { path, error } => Self::of_io("lock", &path, &error),
        }
    }
}

/// A name as a shell takes it: quoted where it holds anything but letters, digits and `._@/-`.
pub fn quoted(name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "._@/-".contains(c));
    if plain { name.to_owned() } else { format!("'{}'", name.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_quoted_only_where_a_shell_needs_it() {
        assert_eq!(quoted("home/work"), "home/work");
        assert_eq!(quoted("my calendar"), "'my calendar'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn a_refused_sign_in_needs_a_person_and_names_the_command() {
        let refused = ProviderError::new(ErrorKind::NeedsSignIn, "the server refuses the password");
        let error = AppError::of_provider("read the calendars", "home", &refused);
        assert_eq!(error.code.exit(), ExitClass::NeedsPerson);
        assert_eq!(error.action, Some(Action::SignIn { account: "home".to_owned() }));
        assert!(error.hint.is_some_and(|hint| hint.contains("starmesh account signin home")));
    }

    #[test]
    fn codes_are_snake_case() {
        let error = AppError::new(ErrorCode::DoubledName, "taken");
        assert_eq!(serde_json::to_string(&error).unwrap(), r#"{"code":"doubled_name","message":"taken"}"#);
    }
}
