//! The operating system's keychain: Keychain Services, Credential Manager, Secret Service.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use keyring::{Entry, Error};
use tokio::sync::{Mutex, oneshot};
use zeroize::Zeroizing;

use super::parts::{self, Entries, Kept};
use super::port::{SecretStore, VaultError, VaultKind, check_size};
use super::secret::SecretBytes;

/// The service under which every entry stands.
const SERVICE: &str = "Starmesh";

/// How long a call may take: it may have to wait for a person who types the keychain's password.
const ANSWER_TIMEOUT: Duration = Duration::from_mins(1);

/// Secrets in the keychain, as entries of the service `Starmesh` with the accounts `<profile id>/<name>`.
pub struct KeychainVault {
    profile: String,
    timeout: Duration,
    /// One call at a time: keychains are not made for several.
    turn: Arc<Mutex<()>>,
}

impl KeychainVault {
    /// The vault of one data folder, which has a random id of its own. Touches no keychain yet.
    pub fn new(profile: impl Into<String>) -> Self {
        Self { profile: profile.into(), timeout: ANSWER_TIMEOUT, turn: Arc::default() }
    }

    /// With another bound on how long a call may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs a blocking call on a thread of its own. A runtime waits for its blocking tasks when it ends,
    /// and a call that waits for a person may never come back; a plain thread holds nobody up.
    async fn call<T: Send + 'static>(
        &self,
        name: &str,
        work: impl FnOnce(&str) -> Result<T, VaultError> + Send + 'static,
    ) -> Result<T, VaultError> {
        let account = format!("{}/{name}", self.profile);
        let answer = async {
            let turn = Arc::clone(&self.turn).lock_owned().await;
            let (sender, receiver) = oneshot::channel();
            let thread = std::thread::Builder::new().name("keychain".into()).spawn(move || {
                let result = work(&account);
                drop(turn);
                // Nobody listens any more when the caller gave up; then there is nobody to tell.
                drop(sender.send(result));
            });
            if let Err(error) = thread {
                return Err(VaultError::Failed(format!("no thread for the keychain: {error}")));
            }
            let ended = VaultError::Failed("the keychain's thread ended without an answer".into());
            receiver.await.unwrap_or(Err(ended))
        };
        let timed_out = VaultError::TimedOut { seconds: self.timeout.as_secs() };
        tokio::time::timeout(self.timeout, answer).await.unwrap_or(Err(timed_out))
    }
}

impl fmt::Debug for KeychainVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeychainVault").field("profile", &self.profile).finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for KeychainVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Keychain
    }

    async fn get(&self, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        let what = format!("the keychain entry {SERVICE} {}/{name}", self.profile);
        let read = self.call(name, |account| parts::read(&Keychain, account)).await?;
        match read {
            Kept::Nothing => Ok(None),
            Kept::Secret(secret) => Ok(Some(secret.into())),
            Kept::Damaged => Err(VaultError::Damaged { what }),
        }
    }

    async fn set(&self, name: &str, secret: &SecretBytes) -> Result<(), VaultError> {
        check_size(secret)?;
        let secret = secret.clone();
        self.call(name, move |account| parts::write(&Keychain, account, secret.expose())).await
    }

    async fn delete(&self, name: &str) -> Result<(), VaultError> {
        self.call(name, |account| parts::remove(&Keychain, account)).await
    }
}

/// The platform's entries.
struct Keychain;

impl Entries for Keychain {
    type Error = VaultError;

    fn read(&self, account: &str) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        match entry(account)?.get_secret() {
            Ok(secret) => Ok(Some(Zeroizing::new(secret))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(classify(error)),
        }
    }

    fn write(&self, account: &str, content: &[u8]) -> Result<(), VaultError> {
        entry(account)?.set_secret(content).map_err(classify)
    }

    fn remove(&self, account: &str) -> Result<(), VaultError> {
        match entry(account)?.delete_credential() {
            Ok(()) | Err(Error::NoEntry) => Ok(()),
            Err(error) => Err(classify(error)),
        }
    }
}

fn entry(account: &str) -> Result<Entry, VaultError> {
    if let Err(error) = Entry::store_status() {
        return Err(VaultError::NoKeychain { detail: error.to_string() });
    }
    Entry::new(SERVICE, account).map_err(classify)
}

/// The platform's error in our words. The display of these errors names causes, never content.
fn classify(error: Error) -> VaultError {
    match error {
        Error::NoDefaultStore => VaultError::NoKeychain { detail: error.to_string() },
        Error::NoStorageAccess(cause) => inaccessible(&*cause),
        Error::PlatformFailure(cause) => failed(&*cause),
        Error::BadEncoding(_) | Error::BadDataFormat(..) | Error::BadStoreFormat(_) => {
            VaultError::Damaged { what: "a keychain entry".into() }
        }
        Error::Ambiguous(entries) => {
            VaultError::Failed(format!("{} keychain entries have one name", entries.len()))
        }
        error => VaultError::Failed(error.to_string()),
    }
}

type Cause = dyn std::error::Error + Send + Sync + 'static;

/// Desktop Linux: the Secret Service tells a locked collection from a missing one.
#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
fn inaccessible(cause: &Cause) -> VaultError {
    use secret_service::Error;
    let detail = cause.to_string();
    match cause.downcast_ref::<Error>() {
        // The prompt to unlock was dismissed, or there was no screen to show it on.
        Some(Error::Locked | Error::Prompt) => VaultError::Locked,
        Some(Error::NoResult) => VaultError::NoKeychain { detail: "it has no default collection".into() },
        _ => VaultError::Denied { detail },
    }
}

#[cfg(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))))]
fn failed(cause: &Cause) -> VaultError {
    use secret_service::Error;
    let detail = cause.to_string();
    match cause.downcast_ref::<Error>() {
        Some(Error::Locked | Error::Prompt) => VaultError::Locked,
        Some(Error::Unavailable | Error::Zbus(_) | Error::ZbusFdo(_) | Error::PromptDisconnected) => {
            VaultError::NoKeychain { detail }
        }
        _ => VaultError::Failed(detail),
    }
}

/// macOS and Windows ask the person themselves, so what is refused was refused.
#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
fn inaccessible(cause: &Cause) -> VaultError {
    VaultError::Denied { detail: cause.to_string() }
}

#[cfg(not(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android")))))]
fn failed(cause: &Cause) -> VaultError {
    VaultError::Failed(cause.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_keychain_that_does_not_answer_does_not_hang_the_caller() {
        let vault = KeychainVault::new("p").with_timeout(Duration::from_millis(20));
        let (release, held) = std::sync::mpsc::channel::<()>();
        let waiting = vault.call("n", move |_| {
            // Ends when the sender is dropped.
            assert!(held.recv().is_err());
            Ok(())
        });
        assert_eq!(waiting.await, Err(VaultError::TimedOut { seconds: 0 }));
        drop(release);
        let patient = KeychainVault::new("p");
        assert_eq!(patient.call("n", |account| Ok(account.to_owned())).await.unwrap(), "p/n");
    }

    #[tokio::test]
    async fn a_call_that_panics_is_an_error() {
        let vault = KeychainVault::new("p");
        let call = vault.call::<()>("n", |_| std::panic::resume_unwind(Box::new(())));
        assert!(matches!(call.await, Err(VaultError::Failed(_))));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn locked_missing_and_broken_keychains_are_told_apart() {
        use secret_service::Error as Service;
        let denied = |error| classify(Error::NoStorageAccess(Box::new(error)));
        assert_eq!(denied(Service::Locked), VaultError::Locked);
        assert_eq!(denied(Service::Prompt), VaultError::Locked);
        assert!(matches!(denied(Service::NoResult), VaultError::NoKeychain { .. }));
        let failed = |error| classify(Error::PlatformFailure(Box::new(error)));
        assert!(matches!(failed(Service::Unavailable), VaultError::NoKeychain { .. }));
        assert!(matches!(failed(Service::Crypto("x")), VaultError::Failed(_)));
        assert!(matches!(classify(Error::NoDefaultStore), VaultError::NoKeychain { .. }));
    }
}
