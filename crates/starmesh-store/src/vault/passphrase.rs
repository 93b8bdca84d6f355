//! The vault in one file, sealed under a passphrase: for machines without a keychain.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use starmesh_provider::env::Entropy;
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use super::envelope::{Envelope, EnvelopeError, Header, PassphraseCost, PassphraseKey, VERSION};
use super::port::{SecretStore, VaultError, VaultKind, check_size};
use super::secret::SecretBytes;
use crate::private_file::{beside, create_private_dir, open_private_file, replace_private_file};

/// The file's name in a data folder.
pub const VAULT_FILE: &str = "vault.sealed";

/// The file's first bytes.
const MAGIC: [u8; 8] = *b"SFBVAULT";

/// How often a write tries to get the file for itself.
const LOCK_ATTEMPTS_MAX: u32 = 100;

/// The pause between two such attempts; together 10 s, far longer than a write takes.
const LOCK_RETRY_DELAY: Duration = Duration::from_millis(100);

/// What is sealed is padded to a multiple of this, so that the file's length tells little of its secrets.
const PADDING_BYTES: usize = 1024;

/// Secrets in one sealed file. Two processes may use it: each write reads the file anew, under a lock.
pub struct PassphraseVault {
    path: PathBuf,
    passphrase: SecretString,
    cost: PassphraseCost,
    entropy: Arc<dyn Entropy>,
    /// The last key that was derived.
    key: Mutex<Option<PassphraseKey>>,
}

type Secrets = BTreeMap<String, SecretBytes>;

impl PassphraseVault {
    /// The vault in the file `path`. A file that is there must open under the passphrase; one that is missing
    /// is made by the first [`set`](SecretStore::set), at `cost`.
    pub async fn open(
        path: &Path,
        passphrase: SecretString,
        cost: PassphraseCost,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, VaultError> {
        use secrecy::ExposeSecret;
        if passphrase.expose_secret().is_empty() {
            return Err(VaultError::EmptyPassphrase);
        }
        let vault = Self { path: path.to_owned(), passphrase, cost, entropy, key: Mutex::default() };
        vault.load().await?;
        Ok(vault)
    }

    /// The key and the secrets of the file, if there is one.
    async fn load(&self) -> Result<Option<(PassphraseKey, Secrets)>, VaultError> {
        let bytes = match fs::read(&self.path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(VaultError::of_io(&self.name(), &error)),
        };
        let envelope = Envelope::parse(MAGIC, &bytes).map_err(|error| self.failed(&error))?;
        let key = self.key(envelope.header).await?;
        let content = key.open(&envelope).map_err(|error| self.failed(&error))?;
        let secrets = decode(&content).ok_or_else(|| VaultError::Damaged { what: self.name() })?;
        Ok(Some((key, secrets)))
    }

    /// Replaces the file's secrets by what `change` makes of them, with the file locked.
    async fn change(&self, change: impl FnOnce(&mut Secrets) + Send) -> Result<(), VaultError> {
        let of_io = |error: io::Error| VaultError::of_io(&self.name(), &error);
        if let Some(folder) = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            create_private_dir(folder).map_err(of_io)?;
        }
        let _lock = self.lock().await?;
        let (key, mut secrets) = match self.load().await? {
            Some(found) => found,
            None => (self.key(Header::fresh(self.cost, &*self.entropy)).await?, Secrets::new()),
        };
        change(&mut secrets);
        let sealed =
            key.seal(MAGIC, &encode(&secrets), &*self.entropy).map_err(|error| self.failed(&error))?;
        // No await from here on: a dropped future has replaced the file or has not.
        replace_private_file(&self.path, &sealed).map_err(of_io)
    }

    /// The lock of writers, on a file of its own: the vault's file is replaced, so a lock on it would stay
    /// with its past.
    async fn lock(&self) -> Result<File, VaultError> {
        let of_io = |error: io::Error| VaultError::of_io(&self.name(), &error);
        let file = open_private_file(&beside(&self.path, ".lock")).map_err(of_io)?;
        for _ in 1..LOCK_ATTEMPTS_MAX {
            match file.try_lock() {
                Ok(()) => return Ok(file),
                Err(TryLockError::Error(error)) => return Err(of_io(error)),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_RETRY_DELAY).await,
            }
        }
        Err(VaultError::Busy { path: self.name() })
    }

    /// The key for a header, derived at most once as long as the header stays the same.
    async fn key(&self, header: Header) -> Result<PassphraseKey, VaultError> {
        let mut last = self.key.lock().await;
        if let Some(key) = last.as_ref().filter(|key| key.is_of(&header)) {
            return Ok(key.clone());
        }
        let passphrase = self.passphrase.clone();
        let derived = tokio::task::spawn_blocking(move || PassphraseKey::derive(&passphrase, header)).await;
        let derived = derived.map_err(|error| VaultError::Failed(error.to_string()))?;
        let key = derived.map_err(|error| self.failed(&error))?;
        *last = Some(key.clone());
        Ok(key)
    }

    fn failed(&self, error: &EnvelopeError) -> VaultError {
        let path = self.name();
        match error {
            EnvelopeError::Foreign | EnvelopeError::Damaged => VaultError::Damaged { what: path },
            EnvelopeError::Newer { found } => VaultError::Newer { path, found: *found, known: VERSION },
            EnvelopeError::WrongPassphrase => VaultError::WrongPassphrase { path },
            EnvelopeError::EmptyPassphrase => VaultError::EmptyPassphrase,
            EnvelopeError::OutOfMemory => VaultError::Failed("there is not enough memory to open it".into()),
        }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }
}

impl fmt::Debug for PassphraseVault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassphraseVault").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl SecretStore for PassphraseVault {
    fn kind(&self) -> VaultKind {
        VaultKind::Passphrase
    }

    async fn get(&self, name: &str) -> Result<Option<SecretBytes>, VaultError> {
        Ok(self.load().await?.and_then(|(_, mut secrets)| secrets.remove(name)))
    }

    async fn set(&self, name: &str, secret: &SecretBytes) -> Result<(), VaultError> {
        check_size(secret)?;
        self.change(|secrets| drop(secrets.insert(name.to_owned(), secret.clone()))).await
    }

    async fn delete(&self, name: &str) -> Result<(), VaultError> {
        if self.get(name).await?.is_none() {
            return Ok(());
        }
        self.change(|secrets| drop(secrets.remove(name))).await
    }
}

/// Count, then name and secret of each after their lengths, then zeros.
fn encode(secrets: &Secrets) -> Zeroizing<Vec<u8>> {
    let fields = || secrets.iter().flat_map(|(name, secret)| [name.as_bytes(), secret.expose()]);
    let length = 4 + fields().map(|field| 4 + field.len()).sum::<usize>();
    // The whole capacity at once, so that no reallocation leaves a copy behind.
    let padded = length.next_multiple_of(PADDING_BYTES);
    let mut bytes = Zeroizing::new(Vec::with_capacity(padded));
    bytes.extend_from_slice(&length_prefix(secrets.len()));
    for field in fields() {
        bytes.extend_from_slice(&length_prefix(field.len()));
        bytes.extend_from_slice(field);
    }
    bytes.resize(padded, 0);
    bytes
}

/// Names and secrets are bounded far below 4 GiB.
fn length_prefix(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}

fn decode(content: &[u8]) -> Option<Secrets> {
    let mut rest = content;
    let count = take_length(&mut rest)?;
    let mut secrets = Secrets::new();
    for _ in 0..count {
        let name = std::str::from_utf8(take_field(&mut rest)?).ok()?.to_owned();
        secrets.insert(name, SecretBytes::new(take_field(&mut rest)?.to_vec()));
    }
    Some(secrets)
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    let (length, tail) = rest.split_first_chunk::<4>()?;
    *rest = tail;
    usize::try_from(u32::from_be_bytes(*length)).ok()
}

fn take_field<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_length(rest)?;
    let (field, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    Some(field)
}

#[cfg(test)]
mod tests {
    use starmesh_provider::env::SystemEntropy;

    use super::*;

    async fn open(path: &Path, passphrase: &str) -> Result<PassphraseVault, VaultError> {
        let cost = PassphraseCost::THROW_AWAY;
        PassphraseVault::open(path, passphrase.into(), cost, Arc::new(SystemEntropy)).await
    }

    async fn fresh() -> (PassphraseVault, tempfile::TempDir) {
        let home = tempfile::tempdir().unwrap();
        (open(&home.path().join("data").join(VAULT_FILE), "right").await.unwrap(), home)
    }

    crate::vault_conformance!(fresh());

    #[tokio::test]
    async fn secrets_outlive_the_process_and_need_the_passphrase() {
        let (vault, _home) = fresh().await;
        vault.set("one", &"first".into()).await.unwrap();
        vault.set("two", &"second".into()).await.unwrap();
        let again = open(&vault.path, "right").await.unwrap();
        assert_eq!(again.get("one").await.unwrap(), Some("first".into()));
        assert_eq!(again.get("two").await.unwrap(), Some("second".into()));
        let refused = open(&vault.path, "wrong").await.unwrap_err();
        assert!(matches!(refused, VaultError::WrongPassphrase { .. }));
        assert_eq!(open(&vault.path, "").await.unwrap_err(), VaultError::EmptyPassphrase);
    }

    #[tokio::test]
    async fn two_vaults_on_one_file_lose_nothing_to_each_other() {
        let (one, _home) = fresh().await;
        let two = open(&one.path, "right").await.unwrap();
        for round in 0..10_u8 {
            let (a, b) = (format!("a{round}"), format!("b{round}"));
            let (secret_a, secret_b) = (SecretBytes::new(vec![round]), SecretBytes::new(vec![round]));
            let (first, second) = tokio::join!(one.set(&a, &secret_a), two.set(&b, &secret_b));
            first.unwrap();
            second.unwrap();
        }
        for name in (0..10_u8).flat_map(|round| [format!("a{round}"), format!("b{round}")]) {
            assert!(one.get(&name).await.unwrap().is_some(), "{name}");
        }
    }

    #[tokio::test]
    async fn a_file_made_meanwhile_under_another_passphrase_is_not_overwritten() {
        let (ours, _home) = fresh().await;
        let theirs = open(&ours.path, "theirs").await.unwrap();
        theirs.set("n", &"kept".into()).await.unwrap();
        assert!(matches!(ours.set("n", &"lost".into()).await, Err(VaultError::WrongPassphrase { .. })));
        assert_eq!(theirs.get("n").await.unwrap(), Some("kept".into()));
    }

    #[tokio::test]
    async fn a_damaged_a_foreign_and_an_empty_file_are_named_and_kept() {
        let (vault, _home) = fresh().await;
        vault.set("n", &"secret-in-clear".into()).await.unwrap();
        let whole = fs::read(&vault.path).unwrap();
        assert!(!whole.windows(8).any(|window| window == b"in-clear"));
        for bytes in [&whole[..whole.len() - 1], b"a letter", b""] {
            fs::write(&vault.path, bytes).unwrap();
            assert!(matches!(vault.get("n").await, Err(VaultError::Damaged { .. })));
            assert!(matches!(vault.set("n", &"new".into()).await, Err(VaultError::Damaged { .. })));
            assert_eq!(fs::read(&vault.path).unwrap(), bytes);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_writer_that_never_ends_is_not_waited_for_forever() {
        let (vault, _home) = fresh().await;
        vault.set("n", &"old".into()).await.unwrap();
        let held = open_private_file(&beside(&vault.path, ".lock")).unwrap();
        held.lock().unwrap();
        assert!(matches!(vault.set("n", &"new".into()).await, Err(VaultError::Busy { .. })));
        assert_eq!(vault.get("n").await.unwrap(), Some("old".into()), "reading needs no lock");
        drop(held);
        vault.set("n", &"new".into()).await.unwrap();
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_the_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let (vault, _home) = fresh().await;
        vault.set("n", &"secret".into()).await.unwrap();
        assert_eq!(fs::metadata(&vault.path).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn the_length_of_the_file_tells_little() {
        let (vault, _home) = fresh().await;
        vault.set("n", &"short".into()).await.unwrap();
        let short = fs::metadata(&vault.path).unwrap().len();
        vault.set("n", &"much longer than the one before".into()).await.unwrap();
        assert_eq!(fs::metadata(&vault.path).unwrap().len(), short);
    }

    #[tokio::test]
    async fn a_folder_that_is_a_file_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("data"), b"").unwrap();
        let opened = open(&home.path().join("data").join(VAULT_FILE), "right").await;
        assert!(matches!(opened, Err(VaultError::NotWritable { .. })));
    }
}
