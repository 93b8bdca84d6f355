//! The data folder: the database, the note that says which vault opens it, and the small files by which
//! processes speak to each other.

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use starmesh_core::ids::CalendarId;
use starmesh_store::private_file::{create_private_dir, open_private_file, replace_private_file};
use starmesh_store::{DataFolderLock, LockError};

use crate::dto::DamageDto;
use crate::error::{AppError, ErrorCode, Result};
use crate::rebuild::DamageNote;

/// The newest layout of the vault note that is known here.
const VAULT_NOTE_VERSION: u32 = 1;
/// How often a command asks for its turn to change the configuration; each time it waits up to 200 ms.
const TURN_ATTEMPTS_MAX: u32 = 50;

/// Where keys and passwords are kept.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum VaultKind {
    /// The keychain of the operating system.
    Keychain,
    /// A file sealed under a passphrase.
    Passphrase,
}

impl VaultKind {
    /// Its name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Keychain => "keychain",
            Self::Passphrase => "passphrase",
        }
    }
}

/// What a data folder remembers of its vault.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct VaultNote {
    version: u32,
    /// Where keys and passwords are kept.
    pub vault: VaultKind,
    /// Tells the secrets of several data folders apart in one keychain. Random, and no secret.
    pub profile: String,
}

impl VaultNote {
    pub(crate) fn new(vault: VaultKind, profile: String) -> Self {
        Self { version: VAULT_NOTE_VERSION, vault, profile }
    }
}

/// The data folder.
#[derive(Clone, Debug)]
pub(crate) struct DataFolder {
    path: PathBuf,
}

impl DataFolder {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The database.
    pub(crate) fn database(&self) -> PathBuf {
        self.path.join("starmesh.db")
    }

    /// The second copy of what is configured.
    pub(crate) fn configuration_copy(&self) -> PathBuf {
        self.path.join("configuration.sealed")
    }

    /// What is remembered of a database that was damaged.
    pub(crate) fn damage(&self) -> Result<Option<DamageNote>> {
        self.read_json("damage.json")
    }

    /// The damaged database that still lies in the folder: its person deletes it once nobody needs it.
    pub(crate) fn damage_told(&self) -> Result<Option<DamageDto>> {
        let dto = self.damage()?.map(|note| note.dto(self));
        Ok(dto.filter(|dto| dto.moved_to.as_ref().is_some_and(|path| Path::new(path).exists())))
    }

    /// Remembers it.
    pub(crate) fn write_damage(&self, note: &DamageNote) -> Result<()> {
        self.write_json("damage.json", note)
    }

    /// The vault under a passphrase, when that is the one in use.
    pub(crate) fn sealed_vault(&self) -> PathBuf {
        self.path.join("vault.sealed")
    }

    /// The file that says that the configuration was changed.
    pub(crate) fn changed(&self) -> PathBuf {
        self.path.join("changed")
    }

    /// Makes the folder, for its owner only.
    pub(crate) fn create(&self) -> Result<()> {
        create_private_dir(&self.path).map_err(|error| AppError::of_io("make", &self.path, &error))
    }

    /// The right to write in it, until it is dropped.
    pub(crate) fn lock(&self) -> Result<DataFolderLock> {
        Ok(DataFolderLock::acquire(&self.path)?)
    }

    /// The turn of this process to change the configuration: reading, deciding and writing are one step for
    /// all others. A running engine does not hold it.
    pub(crate) fn turn(&self) -> Result<DataFolderLock> {
        let place = self.path.join("configure");
        let mut attempts = 1;
        loop {
            match DataFolderLock::acquire(&place) {
                Err(LockError::Held { .. }) if attempts < TURN_ATTEMPTS_MAX => attempts += 1,
                outcome => return Ok(outcome?),
            }
        }
    }

    /// The process that works on the folder, if any does.
    pub(crate) fn holder(&self) -> Option<u32> {
        starmesh_store::holder(&self.path)
    }

    /// Which vault opens the folder; `None` before the first use.
    pub(crate) fn vault_note(&self) -> Result<Option<VaultNote>> {
        let note: Option<VaultNote> = self.read_json("vault.json")?;
        match note {
            Some(note) if note.version > VAULT_NOTE_VERSION => Err(AppError::new(
                ErrorCode::DatabaseNewer,
                format!("the data folder {} was made by a newer Starmesh", self.path.display()),
            )
            .hint("install the newest Starmesh; an older one does not touch this folder")),
            note => Ok(note),
        }
    }

    /// Remembers which vault opens the folder.
    pub(crate) fn write_vault_note(&self, note: &VaultNote) -> Result<()> {
        self.write_json("vault.json", note)
    }

    /// Tells a running engine that the configuration was changed.
    pub(crate) fn tell_changed(&self) -> Result<()> {
        let path = self.changed();
        // Any write will do: what counts is that there was one.
        let written = open_private_file(&path).and_then(|mut file| file.write_all(b"changed\n"));
        written.map_err(|error| AppError::of_io("write", &path, &error))
    }

    /// Remembers that this process is the daemon.
    pub(crate) fn write_daemon_pid(&self) -> Result<()> {
        self.write_json("daemon.json", &std::process::id())
    }

    /// The daemon that was started last; it may be gone.
    pub(crate) fn daemon_pid(&self) -> Result<Option<u32>> {
        self.read_json("daemon.json")
    }

    /// How many removals wait for a person, by target.
    pub(crate) fn held(&self) -> Result<BTreeMap<CalendarId, u64>> {
        Ok(self.read_json("held.json")?.unwrap_or_default())
    }

    /// Remembers how many removals wait for a person.
    pub(crate) fn write_held(&self, held: &BTreeMap<CalendarId, u64>) -> Result<()> {
        if self.held()? == *held {
            return Ok(());
        }
        self.write_json("held.json", held)
    }

    fn read_json<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        let path = self.path.join(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(AppError::of_io("read", &path, &error)),
        };
        let value = serde_json::from_slice(&bytes).map_err(|error| {
            AppError::new(ErrorCode::FileFailed, format!("{} is damaged: {error}", path.display()))
        })?;
        Ok(Some(value))
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let path = self.path.join(name);
        let text = serde_json::to_string(value).map_err(|error| {
            AppError::new(ErrorCode::Internal, format!("{name} cannot be written: {error}"))
        })?;
        replace_private_file(&path, text.as_bytes()).map_err(|error| AppError::of_io("write", &path, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_remembers_its_vault() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(home.path().join("data"));
        assert_eq!(folder.vault_note(), Ok(None));
        folder.create().unwrap();
        let note = VaultNote::new(VaultKind::Passphrase, "p".to_owned());
        folder.write_vault_note(&note).unwrap();
        assert_eq!(folder.vault_note(), Ok(Some(note.clone())));
        folder.write_vault_note(&VaultNote { version: VAULT_NOTE_VERSION + 1, ..note }).unwrap();
        assert_eq!(folder.vault_note().unwrap_err().code, ErrorCode::DatabaseNewer);
    }

    #[test]
    fn a_damaged_note_is_named() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("vault.json"), "{").unwrap();
        let error = DataFolder::new(home.path().to_owned()).vault_note().unwrap_err();
        assert_eq!(error.code, ErrorCode::FileFailed);
        assert!(error.message.contains("vault.json is damaged"), "{error}");
    }

    #[test]
    fn a_turn_passes_on_when_it_is_over() {
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(home.path().to_owned());
        drop(folder.turn().unwrap());
        let lock = folder.lock().unwrap();
        drop(folder.turn().unwrap());
        assert_eq!(folder.holder(), Some(std::process::id()));
        drop(lock);
    }
}
