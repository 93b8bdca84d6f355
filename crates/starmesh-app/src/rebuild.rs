//! A database that is damaged is moved aside, never deleted, and a new one takes its place: with what a person
//! configured, from its second copy. Everything else is read anew, and busy blocks are known by their marks.
//!
//! Only damage leads here. What passes by itself, or by what a person does about it (a lock, a full disk, a
//! folder that cannot be written, a newer version, another key), is an error as ever.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use starmesh_store::{
    Change, ConfigurationCopy, CopiedStore, DataFolderLock, Select, SqliteStore, Store, StoreError, Table,
};

use crate::data_folder::DataFolder;
use crate::dto::{DamageDto, DamageSource};
use crate::error::{AppError, ErrorCode, Result};
use crate::open::{Access, World};
use crate::vault::Keys;
use crate::when::written;

/// What SQLite calls the files beside a database.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// What to do where nothing can be rebuilt.
const BY_HAND: &str = "nothing was changed. No busy block is lost: bring the folder back from a backup; or move it away, begin a \
                       new one with `starmesh key import FILE`, and add the same accounts and groups (`starmesh settings import`)";

/// What is remembered of a database that was moved aside.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub(crate) struct DamageNote {
    /// When.
    at: DateTime<Utc>,
    /// What was wrong.
    what: String,
    /// The name of the file by now; empty when there was none.
    moved_to: String,
    /// Where what was configured came from.
    source: DamageSource,
    stage: Stage,
}

/// How far a rebuilding has come. One that was cut off goes on from there.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// The damaged files are being moved.
    Moving,
    /// The new database is being filled.
    Filling,
    /// All is done.
    Done,
}

impl DamageNote {
    pub(crate) fn dto(&self, folder: &DataFolder) -> DamageDto {
        let path = folder.path().join(&self.moved_to);
        DamageDto {
            at: written(self.at),
            what: self.what.clone(),
            moved_to: (!self.moved_to.is_empty()).then(|| path.display().to_string()),
            restored_from: self.source,
        }
    }
}

/// A database that is open for writing.
pub(crate) struct Opened {
    pub database: Arc<SqliteStore>,
    /// The same, with its configuration copied.
    pub store: Arc<dyn Store>,
    /// Set when it was rebuilt just now.
    pub rebuilt: Option<DamageDto>,
}

/// Opens the database for writing, rebuilt where it is damaged. Only whoever holds the lock of the folder rebuilds;
/// a command that configures takes it for as long as that takes.
pub(crate) async fn open_database(
    folder: &DataFolder,
    keys: &Keys,
    copy: &ConfigurationCopy,
    access: Access,
    world: &World,
    lock: Option<&DataFolderLock>,
) -> Result<Opened> {
    let opening = Opening { folder, keys, copy, access, world };
    let (database, rebuilt) = match opening.whole().await {
        Ok(database) => (database, None),
        Err(error) if error.is_damage() => {
            let own = lock.is_none().then(|| folder.lock());
            let _own = own.transpose().map_err(|_| AppError::from(error.clone()))?;
            let _turn = folder.turn()?;
            // Another command may have rebuilt it meanwhile.
            match opening.whole().await {
                Ok(database) => (database, None),
                Err(error) if error.is_damage() => {
                    let (database, rebuilt) = opening.rebuild(&error).await?;
                    (database, Some(rebuilt))
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(error) => return Err(error.into()),
    };
    let store: Arc<dyn Store> = Arc::new(CopiedStore::new(Arc::clone(&database), copy.clone()).await?);
    Ok(Opened { database, store, rebuilt })
}

/// Fails for a reader that would take a lost or half-rebuilt database for an empty one.
pub(crate) fn check_readable(folder: &DataFolder) -> Result<()> {
    lost(folder).map_err(AppError::from)
}

struct Opening<'a> {
    folder: &'a DataFolder,
    keys: &'a Keys,
    copy: &'a ConfigurationCopy,
    access: Access,
    world: &'a World,
}

/// A database that is not there, though something was configured, is as good as damaged; so is one whose
/// rebuilding was cut off.
fn lost(folder: &DataFolder) -> Result<(), StoreError> {
    let path = folder.database();
    let name = path.display().to_string();
    let unfinished = match folder.damage() {
        Ok(note) => note.is_some_and(|note| note.stage != Stage::Done),
        Err(error) => return Err(StoreError::Failed(error.message)),
    };
    let is_empty = fs::metadata(&path).map_or(true, |file| file.len() == 0);
    if unfinished || (is_empty && folder.configuration_copy().exists()) {
        return Err(StoreError::Corrupt { path: name });
    }
    Ok(())
}

impl Opening<'_> {
    /// The database, when it is whole. Whoever is going to write to calendars looks at all of it before.
    async fn whole(&self) -> Result<Arc<SqliteStore>, StoreError> {
        lost(self.folder)?;
        let database = Arc::new(self.open().await?);
        match self.access {
            Access::Read | Access::Configure => {}
            Access::Run => database.verify_meanwhile(),
            Access::Write => {
                if let Err(error) = database.verify().await {
                    database.close().await;
                    return Err(error);
                }
            }
        }
        Ok(database)
    }

    async fn open(&self) -> Result<SqliteStore, StoreError> {
        let path = self.folder.database();
        SqliteStore::open(&path, &self.keys.data, Arc::clone(&self.world.entropy)).await
    }

    async fn rebuild(&self, error: &StoreError) -> Result<(Arc<SqliteStore>, DamageDto)> {
        let begun = self.folder.damage()?.filter(|note| note.stage != Stage::Done);
        let moved = begun.as_ref().filter(|note| !note.moved_to.is_empty());
        let moved = moved.map(|note| self.folder.path().join(&note.moved_to));
        let (rows, source) = match self.copy.read()? {
            Some(rows) => (rows, DamageSource::Copy),
            None => (self.salvage(moved.filter(|path| path.exists()), error).await?, DamageSource::Rows),
        };
        let mut note = match begun {
            Some(note) => note,
            None => DamageNote {
                at: self.world.clock.now(),
                what: error.to_string(),
                moved_to: self.free_name(),
                source,
                stage: Stage::Moving,
            },
        };
        self.folder.write_damage(&note)?;
        if note.stage == Stage::Moving {
            self.move_aside(&note)?;
            note.stage = Stage::Filling;
            self.folder.write_damage(&note)?;
        }
        let database = Arc::new(self.open().await?);
        database.commit(rows.into_iter().map(|(table, row)| Change::Put(table, row)).collect()).await?;
        note.stage = Stage::Done;
        self.folder.write_damage(&note)?;
        tracing::warn!(moved_to = note.moved_to, "a damaged database was moved aside and rebuilt");
        Ok((database, note.dto(self.folder)))
    }

    /// What is configured, from the damaged database itself: all of it, or it is no help.
    async fn salvage(
        &self,
        moved: Option<PathBuf>,
        error: &StoreError,
    ) -> Result<Vec<(Table, starmesh_store::Row)>> {
        let path = moved.unwrap_or_else(|| self.folder.database());
        let nothing = |why: &StoreError| {
            let message = format!(
                "{error}, and what was configured cannot be read from it ({why}) nor from its second copy"
            );
            AppError::new(ErrorCode::DatabaseDamaged, message).hint(BY_HAND)
        };
        let damaged =
            SqliteStore::open_read_only(&path, &self.keys.data).await.map_err(|why| nothing(&why))?;
        let mut rows = Vec::new();
        for table in Table::CONFIGURATION.into_iter().chain([Table::History]) {
            match damaged.select(table, Select::All).await {
                Ok(some) => rows.extend(some.into_iter().map(|row| (table, row))),
                Err(why) => {
                    damaged.close().await;
                    return Err(nothing(&why));
                }
            }
        }
        damaged.close().await;
        Ok(rows)
    }

    /// A name that no file has yet: what was moved aside once is never overwritten.
    fn free_name(&self) -> String {
        let path = self.folder.database();
        if !path.exists() {
            return String::new();
        }
        let stamp = self.world.clock.now().format("%Y%m%dT%H%M%SZ");
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let base = format!("{name}.damaged-{stamp}");
        let mut number = 1_u64;
        loop {
            let name = if number == 1 { base.clone() } else { format!("{base}-{number}") };
            let taken = |suffix: &str| self.folder.path().join(format!("{name}{suffix}")).exists();
            if !COMPANIONS.iter().any(|suffix| taken(suffix)) {
                return name;
            }
            number += 1;
        }
    }

    /// Moves the files that are still there.
    fn move_aside(&self, note: &DamageNote) -> Result<()> {
        if note.moved_to.is_empty() {
            return Ok(());
        }
        for suffix in COMPANIONS {
            let mut from = self.folder.database().into_os_string();
            from.push(suffix);
            let from = PathBuf::from(from);
            let to = self.folder.path().join(format!("{}{suffix}", note.moved_to));
            if from.exists() && !to.exists() {
                fs::rename(&from, &to).map_err(|error| AppError::of_io("move aside", &from, &error))?;
            }
        }
        Ok(())
    }
}
