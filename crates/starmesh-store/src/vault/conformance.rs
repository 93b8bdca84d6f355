//! What every vault must do, as functions over any vault and as tests by
//! [`vault_conformance!`](crate::vault_conformance).

#![expect(clippy::missing_panics_doc, reason = "a suite panics where what it tests is wrong")]

use super::port::{SECRET_BYTES_MAX, SecretStore, VaultError};
use super::secret::SecretBytes;

/// Makes the suite's tests for a vault. The argument is an expression that gives a future of an empty vault
/// and of whatever must outlive it.
#[macro_export]
macro_rules! vault_conformance {
    ($open:expr) => {
        $crate::vault_conformance!(@tests $open;
            a_secret_is_read_back
            a_secret_is_replaced
            a_deleted_secret_is_gone
            secrets_are_apart
            every_size_is_kept
            a_secret_shrinks_and_grows
            too_large_is_refused
        );
    };
    (@tests $open:expr; $($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() -> Result<(), $crate::vault::VaultError> {
                let (vault, _outlives) = $open.await;
                $crate::vault::conformance::$name(&vault).await
            }
        )*
    };
}

/// The whole suite on one vault, for vaults that cannot be had many times. Leaves nothing in it.
pub async fn all(vault: &dyn SecretStore) -> Result<(), VaultError> {
    a_secret_is_read_back(vault).await?;
    a_secret_is_replaced(vault).await?;
    a_deleted_secret_is_gone(vault).await?;
    secrets_are_apart(vault).await?;
    every_size_is_kept(vault).await?;
    a_secret_shrinks_and_grows(vault).await?;
    too_large_is_refused(vault).await
}

async fn check(vault: &dyn SecretStore, name: &str, bytes: &[u8]) -> Result<(), VaultError> {
    let kept = vault.get(name).await?;
    assert!(kept.is_some_and(|kept| kept.expose() == bytes), "{name}: {} bytes", bytes.len());
    Ok(())
}

fn secret(bytes: &[u8]) -> SecretBytes {
    SecretBytes::new(bytes.to_vec())
}

fn noise(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap_or(0)).collect()
}

/// Text and bytes.
pub async fn a_secret_is_read_back(vault: &dyn SecretStore) -> Result<(), VaultError> {
    assert!(vault.get("n").await?.is_none());
    for bytes in [&b"pass word \xc3\xa9"[..], &[0, 255, 10, 13, 0xc0, 0], b""] {
        vault.set("n", &secret(bytes)).await?;
        check(vault, "n", bytes).await?;
    }
    vault.delete("n").await
}

/// By the next one with its name.
pub async fn a_secret_is_replaced(vault: &dyn SecretStore) -> Result<(), VaultError> {
    vault.set("n", &secret(b"first")).await?;
    vault.set("n", &secret(b"2nd")).await?;
    check(vault, "n", b"2nd").await?;
    vault.delete("n").await
}

/// Also twice, and also one that was never there.
pub async fn a_deleted_secret_is_gone(vault: &dyn SecretStore) -> Result<(), VaultError> {
    vault.set("n", &secret(&noise(6000))).await?;
    vault.delete("n").await?;
    assert!(vault.get("n").await?.is_none());
    vault.delete("n").await?;
    vault.delete("never").await
}

/// Names are exact.
pub async fn secrets_are_apart(vault: &dyn SecretStore) -> Result<(), VaultError> {
    let names = ["a", "A", "a ", "a/b", "a#1", "account 4f/password", "é"];
    for name in names {
        vault.set(name, &secret(name.as_bytes())).await?;
    }
    for name in names {
        check(vault, name, name.as_bytes()).await?;
    }
    for (deleted, name) in names.iter().enumerate() {
        vault.delete(name).await?;
        for name in &names[deleted + 1..] {
            check(vault, name, name.as_bytes()).await?;
        }
    }
    Ok(())
}

/// Around the limits of keychains, and the largest.
pub async fn every_size_is_kept(vault: &dyn SecretStore) -> Result<(), VaultError> {
    for length in [1, 1279, 1280, 1281, 2558, 2559, 2560, 2561, 5119, 5121, SECRET_BYTES_MAX] {
        vault.set("n", &secret(&noise(length))).await?;
        check(vault, "n", &noise(length)).await?;
    }
    vault.delete("n").await
}

/// Nothing of a longer one before it stays.
pub async fn a_secret_shrinks_and_grows(vault: &dyn SecretStore) -> Result<(), VaultError> {
    for length in [9000, 3, 4000, 9000, 0, 2560] {
        vault.set("n", &secret(&noise(length))).await?;
        check(vault, "n", &noise(length)).await?;
    }
    vault.delete("n").await
}

/// And leaves what was there.
pub async fn too_large_is_refused(vault: &dyn SecretStore) -> Result<(), VaultError> {
    vault.set("n", &secret(b"old")).await?;
    let refused = vault.set("n", &secret(&noise(SECRET_BYTES_MAX + 1))).await;
    assert_eq!(refused, Err(VaultError::TooLarge { bytes: SECRET_BYTES_MAX + 1 }));
    check(vault, "n", b"old").await?;
    vault.delete("n").await
}
