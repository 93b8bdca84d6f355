//! The vault of a data folder: its two keys, and the passwords of its accounts.

use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use starmesh_core::ids::AccountId;
use starmesh_core::mirror::IdentityKey;
use starmesh_provider::env::Entropy;
use starmesh_store::DataKey;
use starmesh_store::vault::{KeychainVault, PassphraseVault, SecretBytes, SecretStore, VaultError};
use zeroize::Zeroizing;

use crate::data_folder::{DataFolder, VaultKind, VaultNote};
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::open::{PassphrasePurpose, World};

/// The key that identities of mirrors are derived from.
const IDENTITY_KEY: &str = "identity key";
/// The key that seals the database.
const DATA_KEY: &str = "data key";

/// The two keys of a data folder.
pub(crate) struct Keys {
    /// Identities of mirrors are derived from it.
    pub identity: IdentityKey,
    /// It seals the database.
    pub data: DataKey,
}

/// Named secrets, with their types.
pub(crate) struct Vault {
    secrets: Arc<dyn SecretStore>,
}

impl Vault {
    /// The vault that a folder remembers.
    pub(crate) async fn open(folder: &DataFolder, note: &VaultNote, world: &World) -> Result<Self> {
        Self::unlock(folder, note, world, PassphrasePurpose::OpenVault).await
    }

    /// The vault of a new folder. One that is there already (a set-up that was cut off) is taken over.
    pub(crate) async fn create(folder: &DataFolder, note: &VaultNote, world: &World) -> Result<Self> {
        let cut_off = folder.sealed_vault().exists();
        let purpose = if cut_off { PassphrasePurpose::OpenVault } else { PassphrasePurpose::NewVault };
        Self::unlock(folder, note, world, purpose).await
    }

    async fn unlock(
        folder: &DataFolder,
        note: &VaultNote,
        world: &World,
        purpose: PassphrasePurpose,
    ) -> Result<Self> {
        let secrets: Arc<dyn SecretStore> = match note.vault {
            VaultKind::Keychain => Arc::new(KeychainVault::new(note.profile.clone())),
            VaultKind::Passphrase => {
                let passphrase = world.passphrases.passphrase(purpose)?;
                let (cost, entropy) = (world.passphrase_cost, Arc::clone(&world.entropy));
                Arc::new(PassphraseVault::open(&folder.sealed_vault(), passphrase, cost, entropy).await?)
            }
        };
        Ok(Self { secrets })
    }

    /// The keys; `None` when either is missing.
    pub(crate) async fn keys(&self) -> Result<Option<Keys>> {
        let identity = self.key(IDENTITY_KEY).await?;
        let data = self.key(DATA_KEY).await?;
        Ok(identity.zip(data).map(|(identity, data)| Keys {
            identity: IdentityKey::new(*identity),
            data: DataKey::new(*data),
        }))
    }

    /// Makes the keys that are missing. `identity` comes from a recovery file.
    pub(crate) async fn make_keys(
        &self,
        identity: Option<IdentityKey>,
        entropy: &dyn Entropy,
    ) -> Result<Keys> {
        let identity = match (identity, self.key(IDENTITY_KEY).await?) {
            (Some(given), _) => given,
            (None, Some(kept)) => IdentityKey::new(*kept),
            (None, None) => {
                let mut bytes = Zeroizing::new([0; 32]);
                entropy.fill(&mut *bytes);
                IdentityKey::new(*bytes)
            }
        };
        self.set_identity(&identity).await?;
        let data = match self.key(DATA_KEY).await? {
            Some(kept) => DataKey::new(*kept),
            None => DataKey::generate(entropy),
        };
        self.secrets.set(DATA_KEY, &SecretBytes::new(data.expose().to_vec())).await?;
        Ok(Keys { identity, data })
    }

    /// Replaces the identity key.
    pub(crate) async fn set_identity(&self, identity: &IdentityKey) -> Result<()> {
        Ok(self.secrets.set(IDENTITY_KEY, &SecretBytes::new(identity.expose().to_vec())).await?)
    }

    /// What an account signs in with: its password or token, its refresh token, or the address of its feed.
    pub(crate) async fn password(&self, account: &AccountId) -> Result<Option<SecretString>> {
        self.text(&password_name(account)).await
    }

    /// Keeps what an account signs in with.
    pub(crate) async fn set_password(&self, account: &AccountId, password: &SecretString) -> Result<()> {
        let secret = SecretBytes::from(password.expose_secret());
        Ok(self.secrets.set(&password_name(account), &secret).await?)
    }

    /// The secret of the client under which an account signs in, where it has one.
    pub(crate) async fn client_secret(&self, account: &AccountId) -> Result<Option<SecretString>> {
        self.text(&client_secret_name(account)).await
    }

    /// Keeps the secret of the client under which an account signs in.
    pub(crate) async fn set_client_secret(&self, account: &AccountId, secret: &SecretString) -> Result<()> {
        let secret = SecretBytes::from(secret.expose_secret());
        Ok(self.secrets.set(&client_secret_name(account), &secret).await?)
    }

    /// The password of a feed, where its address alone is not enough.
    pub(crate) async fn feed_password(&self, account: &AccountId) -> Result<Option<SecretString>> {
        self.text(&feed_password_name(account)).await
    }

    /// Keeps the password of a feed.
    pub(crate) async fn set_feed_password(&self, account: &AccountId, password: &SecretString) -> Result<()> {
        let secret = SecretBytes::from(password.expose_secret());
        Ok(self.secrets.set(&feed_password_name(account), &secret).await?)
    }

    /// Forgets every secret of an account.
    pub(crate) async fn forget_account(&self, account: &AccountId) -> Result<()> {
        self.secrets.delete(&feed_password_name(account)).await?;
        self.secrets.delete(&client_secret_name(account)).await?;
        Ok(self.secrets.delete(&password_name(account)).await?)
    }

    async fn text(&self, name: &str) -> Result<Option<SecretString>> {
        let Some(secret) = self.secrets.get(name).await? else { return Ok(None) };
        let text = secret.expose_text().ok_or_else(|| {
            AppError::from(VaultError::Damaged { what: "a secret of the account".to_owned() })
        })?;
        Ok(Some(SecretString::from(text)))
    }

    async fn key(&self, name: &str) -> Result<Option<Zeroizing<[u8; 32]>>> {
        let Some(secret) = self.secrets.get(name).await? else { return Ok(None) };
        let bytes = <[u8; 32]>::try_from(secret.expose()).map(Zeroizing::new);
        let damaged = |_| AppError::from(VaultError::Damaged { what: format!("the {name} in the vault") });
        bytes.map(Some).map_err(damaged)
    }
}

fn password_name(account: &AccountId) -> String {
    format!("account {account}")
}

fn client_secret_name(account: &AccountId) -> String {
    format!("client secret of account {account}")
}

fn feed_password_name(account: &AccountId) -> String {
    format!("password for the feed of account {account}")
}

impl From<VaultError> for AppError {
    fn from(error: VaultError) -> Self {
        let (code, action) = match &error {
            VaultError::NoKeychain { .. } | VaultError::Denied { .. } => (ErrorCode::VaultUnavailable, None),
            VaultError::Locked | VaultError::TimedOut { .. } => {
                (ErrorCode::VaultUnavailable, Some(Action::UnlockKeychain))
            }
            VaultError::WrongPassphrase { .. } => (ErrorCode::WrongPassphrase, Some(Action::GivePassphrase)),
            VaultError::EmptyPassphrase => (ErrorCode::PassphraseMissing, Some(Action::GivePassphrase)),
            VaultError::Damaged { .. } => (ErrorCode::KeysMissing, None),
            VaultError::Newer { .. } => (ErrorCode::DatabaseNewer, Some(Action::Update)),
            VaultError::Full { .. } => (ErrorCode::DiskFull, Some(Action::FreeDisk)),
            VaultError::NotWritable { .. } => (ErrorCode::DataFolderUnusable, None),
            VaultError::Busy { .. } => (ErrorCode::DataFolderInUse, Some(Action::Retry)),
            VaultError::TooLarge { .. } => (ErrorCode::InvalidValue, None),
            VaultError::Failed(_) => (ErrorCode::FileFailed, None),
        };
        let failure = Self::new(code, error.to_string()).hint(error.hint());
        match action {
            Some(action) => failure.action(action),
            None => failure,
        }
    }
}
