//! The vault of tests and of the demo.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::port::{SecretStore, VaultError, VaultKind, check_size};
use super::secret::SecretBytes;

/// Secrets that end with the process.
#[derive(Default)]
pub struct MemoryVault(Mutex<BTreeMap<String, SecretBytes>>);

impl MemoryVault {
    /// An empty vault.
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, SecretBytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MemoryVault").field(&self.lock().len()).finish()
    }
}

#[async_trait]
impl SecretStore for MemoryVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Memory
    }

    async fn get(&self, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(self.lock().get(name).cloned())
    }

    async fn set(&self, name: &str, secret: &SecretBytes) -> Result<(), VaultError> {
        check_size(secret)?;
        self.lock().insert(name.to_owned(), secret.clone());
        Ok(())
    }

    async fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.lock().remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    crate::vault_conformance!(async { (MemoryVault::new(), ()) });
}
