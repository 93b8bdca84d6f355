//! The port of the vault.

use async_trait::async_trait;

use super::secret::SecretBytes;

/// The largest secret, in bytes; tokens and passwords are far smaller.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;

/// Keeps secrets by name. Names are ours (`identity key`, `account <id>`): any text up to 200 bytes.
#[async_trait]
pub trait SecretStore: Send + Sync {
    /// Which kind of vault this is.
    fn kind(&self) -> VaultKind;

    /// The secret with this name, if there is one.
    async fn get(&self, name: &str) -> Result<Option<SecretBytes>, VaultError>;

    /// Keeps a secret, in place of one with the same name. When it returns, it is kept; when it fails, or
    /// its future is dropped, the old or the new one is.
    async fn set(&self, name: &str, secret: &SecretBytes) -> Result<(), VaultError>;

    /// Forgets a secret, if it is there.
    async fn delete(&self, name: &str) -> Result<(), VaultError>;
}

/// The kinds of vault.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VaultKind {
    /// The operating system's keychain.
    Keychain,
    /// A file sealed under a passphrase.
    Passphrase,
    /// In memory only.
    Memory,
}

impl VaultKind {
    /// Its name on the command line and in the data folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Passphrase => "passphrase",
            Self::Memory => "memory",
        }
    }

    /// The kind with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Keychain, Self::Passphrase, Self::Memory].into_iter().find(|kind| kind.name() == name)
    }
}

/// Why the vault cannot answer. No message holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VaultError {
    /// There is no keychain to talk to.
    #[error("no keychain can be reached ({detail})")]
    NoKeychain {
        /// What the system says.
        detail: String,
    },
    /// The keychain is there, but locked, and was not unlocked when it asked.
    #[error("the keychain is locked")]
    Locked,
    /// The keychain refused, or a person did.
    #[error("the keychain refused access ({detail})")]
    Denied {
        /// What the system says.
        detail: String,
    },
    /// The keychain did not answer: most likely it waits for a person.
    #[error("the keychain did not answer within {seconds} s")]
    TimedOut {
        /// How long it was waited for.
        seconds: u64,
    },
    /// The passphrase does not open the file.
    #[error("the passphrase does not open {path}")]
    WrongPassphrase {
        /// The file.
        path: String,
    },
    /// An empty passphrase protects nothing.
    #[error("the passphrase is empty")]
    EmptyPassphrase,
    /// What is kept is not what was written.
    #[error("{what} is damaged")]
    Damaged {
        /// The file or the entry.
        what: String,
    },
    /// The file was written by a newer Starmesh.
    #[error("{path} has version {found}, this program knows versions up to {known}")]
    Newer {
        /// The file.
        path: String,
        /// Its version.
        found: u8,
        /// The newest version known here.
        known: u8,
    },
    /// The disk is full.
    #[error("the disk that holds {path} is full")]
    Full {
        /// The file.
        path: String,
    },
    /// The file cannot be written.
    #[error("{path} cannot be written")]
    NotWritable {
        /// The file.
        path: String,
    },
    /// Another process has kept the file locked for too long.
    #[error("another process keeps {path} locked")]
    Busy {
        /// The file.
        path: String,
    },
    /// The secret is larger than a vault keeps.
    #[error("a secret of {bytes} bytes is too large")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Anything else.
    #[error("the vault failed: {0}")]
    Failed(String),
}

impl VaultError {
    /// What a person can do about it, as a sentence.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoKeychain { .. } => {
                "Start a keychain service (on Linux GNOME Keyring or KWallet) and then Starmesh again, or choose \
                 the passphrase vault with `--vault passphrase`."
            }
            Self::Locked | Self::TimedOut { .. } => {
                "Unlock the keychain and try again, or choose the passphrase vault with `--vault passphrase`."
            }
            Self::Denied { .. } => "Allow Starmesh to use the keychain and try again.",
            Self::WrongPassphrase { .. } => "Try again with the passphrase that was chosen for this vault.",
            Self::EmptyPassphrase => "Choose a passphrase.",
            Self::Damaged { .. } => {
                "Restore it from a backup. If there is none, import the recovery file and sign in to the accounts \
                 again; no calendar is lost."
            }
            Self::Newer { .. } => "Update Starmesh.",
            Self::Full { .. } => "Make room on the disk and try again.",
            Self::NotWritable { .. } => "Check who owns the folder and whether it may be written.",
            Self::Busy { .. } => "Wait for the other process to finish, or end it.",
            Self::TooLarge { .. } => {
                "Check what was given as password: it is larger than any password or token."
            }
            Self::Failed(_) => "Try again; if it stays so, report it.",
        }
    }

    pub(super) fn of_io(path: &str, error: &std::io::Error) -> Self {
        use std::io::ErrorKind;
        let path = path.to_owned();
        match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::Full { path },
            ErrorKind::PermissionDenied
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::NotADirectory
            | ErrorKind::IsADirectory
            | ErrorKind::AlreadyExists => Self::NotWritable { path },
            _ => Self::Failed(format!("{path}: {error}")),
        }
    }
}

/// Refuses what no vault keeps.
pub(super) fn check_size(secret: &SecretBytes) -> Result<(), VaultError> {
    let bytes = secret.expose().len();
    if bytes > SECRET_BYTES_MAX { Err(VaultError::TooLarge { bytes }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_found_by_their_names() {
        for kind in [VaultKind::Keychain, VaultKind::Passphrase, VaultKind::Memory] {
            assert_eq!(VaultKind::from_name(kind.name()), Some(kind));
        }
        assert_eq!(VaultKind::from_name("plaintext"), None);
    }
}
