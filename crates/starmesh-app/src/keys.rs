//! The identity key as a recovery file: for a second device, a new disk, a lost database.

use std::fs;
use std::path::Path;

use starmesh_core::mirror::IdentityKey;
use starmesh_store::state::Changes;
use starmesh_store::vault::{RecoveryError, open_recovery, seal_recovery};

use crate::data_folder::{DataFolder, VaultKind};
use crate::dto::KeyImported;
use crate::error::{Action, AppError, ErrorCode, Result};
use crate::new_file::{check_free, write_new};
use crate::open::{OpenOptions, PassphrasePurpose, Starmesh, World, check_vault, set_up};

/// The largest file that is tried as a recovery file, in bytes; a real one has under 2 KiB.
const RECOVERY_BYTES_MAX: u64 = 64 * 1024;

impl Starmesh {
    /// Writes the identity key to a new file, sealed under a passphrase. An existing file is left alone.
    pub fn export_key(&self, path: &Path) -> Result<()> {
        check_free(path)?;
        self.vault()?;
        let passphrase = self.world.passphrases.passphrase(PassphrasePurpose::SealRecovery)?;
        let (cost, entropy) = (self.world.passphrase_cost, &*self.world.entropy);
        let text = seal_recovery(self.state.keys(), &passphrase, cost, entropy)?;
        write_new(path, &text)
    }

    /// Takes the identity key of a recovery file over. Into a new data folder it comes as the first thing;
    /// in one that is in use everything is read anew, and it is refused while mirrors under another key
    /// stand.
    pub async fn import_key(options: OpenOptions, path: &Path) -> Result<KeyImported> {
        let folder = DataFolder::new(options.data_dir.clone());
        check_vault(folder.vault_note()?.as_ref(), options.vault)?;
        let text = read_recovery_file(path)?;
        if folder.vault_note()?.is_none() {
            return import_first(&folder, options.vault, &text, &options.world).await;
        }
        let starmesh = Self::open(options).await?;
        let key = unseal(&text, &starmesh.world)?;
        let imported = starmesh.replace_key(&key).await;
        starmesh.close().await;
        imported
    }

    async fn replace_key(&self, key: &IdentityKey) -> Result<KeyImported> {
        if key.expose() == self.state.keys().expose() {
            return Ok(KeyImported { changed: false, calendars_to_read: 0 });
        }
        let mut count = 0;
        let links = self.state.links().await?;
        for link in &links {
            count += self.state.mirror_count(&link.id).await?;
            // A write whose outcome is unknown may stand, too.
            let intents = self.state.intents_in(&link.id.target).await?;
            count += intents.iter().filter(|intent| intent.link == link.id).count() as u64;
        }
        if count > 0 {
            return Err(AppError::new(
                ErrorCode::KeyInUse,
                format!("{count} busy blocks stand under the key of this data folder"),
            )
            .hint(
                "remove them first with `starmesh clean --all`, or import the key into a new data folder \
                 (--data-dir)",
            ));
        }
        // Look-ups of items hang on the key, and marks were judged by it: everything is read anew. This
        // comes first: cut off before the vault, the old key reads everything anew and nothing is lost.
        let calendars = self.state.calendars().await?;
        let mut changes = Changes::new();
        for calendar in &calendars {
            changes.delete_calendar(&calendar.id);
            changes.put_calendar(calendar);
        }
        for link in &links {
            changes.put_link(link);
        }
        self.state.commit(changes).await?;
        self.vault()?.set_identity(key).await?;
        Ok(KeyImported { changed: true, calendars_to_read: calendars.len() as u64 })
    }
}

/// The key is the first thing in a new data folder.
async fn import_first(
    folder: &DataFolder,
    vault: Option<VaultKind>,
    text: &str,
    world: &World,
) -> Result<KeyImported> {
    let key = unseal(text, world)?;
    folder.create()?;
    let _lock = folder.lock()?;
    set_up(folder, vault.unwrap_or(VaultKind::Keychain), Some(key), world).await?;
    Ok(KeyImported { changed: true, calendars_to_read: 0 })
}

fn unseal(text: &str, world: &World) -> Result<IdentityKey> {
    let passphrase = world.passphrases.passphrase(PassphrasePurpose::OpenRecovery)?;
    Ok(open_recovery(text, &passphrase)?)
}

fn read_recovery_file(path: &Path) -> Result<String> {
    let failed = |why: &dyn std::fmt::Display| {
        AppError::new(ErrorCode::FileFailed, format!("could not read {}: {why}", path.display()))
    };
    let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
    if size > RECOVERY_BYTES_MAX {
        return Err(RecoveryError::NotRecoveryFile.into());
    }
    let bytes = fs::read(path).map_err(|error| failed(&error))?;
    String::from_utf8(bytes).map_err(|_| RecoveryError::NotRecoveryFile.into())
}

impl From<RecoveryError> for AppError {
    fn from(error: RecoveryError) -> Self {
        let message = error.to_string();
        match error {
            RecoveryError::NotRecoveryFile => Self::new(ErrorCode::RecoveryFileUnreadable, message)
                .hint("`starmesh key export --out FILE` writes one"),
            RecoveryError::Damaged => Self::new(ErrorCode::RecoveryFileUnreadable, message)
                .hint("copy it again, wholly, or export a new one from a device that works"),
            RecoveryError::WrongPassphrase => Self::new(ErrorCode::WrongPassphrase, message)
                .hint("it is the one that was chosen when the file was written")
                .action(Action::GivePassphrase),
            RecoveryError::Newer { .. } => Self::new(ErrorCode::RecoveryFileUnreadable, message)
                .hint("install the newest Starmesh")
                .action(Action::Update),
            RecoveryError::EmptyPassphrase => {
                Self::new(ErrorCode::PassphraseMissing, message).action(Action::GivePassphrase)
            }
            RecoveryError::OutOfMemory => Self::new(ErrorCode::Internal, message),
        }
    }
}
