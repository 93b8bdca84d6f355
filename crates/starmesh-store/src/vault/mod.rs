//! Where the two 256-bit keys, the passwords and the tokens live.
//!
//! A [`SecretStore`] keeps named secrets. [`KeychainVault`] gives them to the operating system;
//! [`PassphraseVault`] is one sealed file, for machines without a keychain and by explicit choice;
//! [`MemoryVault`] is for tests and the demo. [`seal_recovery`] and [`open_recovery`] carry the identity key
//! to another device.
//!
//! **Invariant:** there is no plaintext fallback. A vault that cannot be opened is an error that says what to
//! do ([`VaultError::hint`]).

mod port;
mod secret;

mod memory;

mod keychain;
mod parts;

mod envelope;
mod passphrase;
mod recovery;

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;

pub use envelope::PassphraseCost;
pub use keychain::KeychainVault;
pub use memory::MemoryVault;
pub use passphrase::{PassphraseVault, VAULT_FILE};
pub use port::{SECRET_BYTES_MAX, SecretStore, VaultError, VaultKind};
pub use recovery::{RecoveryError, open_recovery, seal_recovery};
pub use secret::SecretBytes;
