//! What a person configured, as a file: for a second computer, a new disk, or a look. Importing is a merge: it adds
//! and changes, and takes nothing away.
//!
//! `file` is the form, `merge` decides what becomes of it.

mod file;
mod merge;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use starmesh_core::ids::CalendarId;
use starmesh_core::mirror::Label;
use starmesh_core::topology::Shape;
use starmesh_store::state::Deed;

use self::file::{
    AccountTable, CalendarTable, File, GroupTable, LinkTable, SettingsTable, ShapeName, StateName,
};
use self::merge::{Known, Merged, merge};
use crate::dto::{ImportDto, SignInNeededDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::new_file::{check_free, write_new};
use crate::open::{Starmesh, random_name};
use crate::sign_in::first_sign_in;
use crate::wanted::Wanted;

/// The largest file that is read, in bytes: thousands of calendars need less.
const FILE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// A file of settings, read and understood.
#[derive(Clone)]
pub struct SettingsFile {
    /// What messages call it.
    name: String,
    file: File,
}

impl SettingsFile {
    /// Reads a file.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let failed = |why: &dyn std::fmt::Display| {
            AppError::new(ErrorCode::FileFailed, format!("could not read {name}: {why}"))
        };
        let size = fs::metadata(path).map_err(|error| failed(&error))?.len();
        if size > FILE_BYTES_MAX {
            return Err(failed(&format!("it is larger than {} MiB", FILE_BYTES_MAX / (1024 * 1024))));
        }
        let text = fs::read_to_string(path).map_err(|error| failed(&error))?;
        Ok(Self { file: File::parse(&name, &text)?, name })
    }
}

impl Starmesh {
    /// Writes what is configured to a new file, without any secret. An existing file is left alone.
    pub async fn export_settings(&self, path: &Path) -> Result<()> {
        check_free(path)?;
        write_new(path, &self.file().await?.text()?)
    }

    async fn file(&self) -> Result<File> {
        let state = &self.state;
        let directory = Directory::load(state).await?;
        let settings = state.settings().await?;
        let ids = file_ids(&directory);
        let id = |calendar: &CalendarId| ids.get(calendar).cloned();
        let groups = state.groups().await?;
        Ok(File {
            settings: SettingsTable {
                window: Some(settings.window_days),
                poll_interval: Some(settings.poll_interval_s),
                zone: settings.zone.clone(),
                label: (settings.label != Label::default()).then(|| settings.label.as_str().to_owned()),
                pair_limit: settings.pair_limit,
            },
            accounts: directory.accounts().map(|it| AccountTable::of(&it.name, &it.kind)).collect(),
            calendars: directory
                .calendars()
                .filter_map(|calendar| {
                    Some(CalendarTable {
                        id: id(&calendar.id)?,
                        account: directory.account_name(&calendar.account),
                        address: calendar.remote.name.to_string(),
                        display_name: calendar.remote.display_name.clone(),
                        short_name: calendar.remote.short_name.clone(),
                        zone: calendar.zone,
                        read_only: calendar.remote.read_only,
                    })
                })
                .collect(),
            groups: groups
                .iter()
                .map(|group| GroupTable {
                    name: group.id.to_string(),
                    shape: shape_name(&group.shape),
                    calendars: group.shape.members().into_iter().filter_map(id).collect(),
                })
                .collect(),
            links: state
                .links()
                .await?
                .iter()
                .filter_map(|link| {
                    let (source, target) = (id(&link.id.source)?, id(&link.id.target)?);
                    Some(LinkTable {
                        source,
                        target,
                        state: StateName::of(link.state)?,
                        policy: link.policy.clone(),
                    })
                })
                .collect(),
            ..File::new()
        })
    }

    /// What importing a file would change.
    pub async fn plan_import(&self, settings: &SettingsFile) -> Result<ImportDto> {
        let mut dto = self.merged(settings).await?.dto;
        dto.sign_in = self.signed_out(settings).await?;
        Ok(dto)
    }

    /// Imports a file: all of it in one commit, or nothing. `shown` is what a person was shown; when something else
    /// would come of it by now, nothing is changed.
    pub async fn import_settings(&self, settings: &SettingsFile, shown: &ImportDto) -> Result<ImportDto> {
        let turn = self.folder.turn()?;
        let merged = self.merged(settings).await?;
        let signed_out = self.signed_out(settings).await?;
        let mut dto = ImportDto { sign_in: signed_out, ..merged.dto };
        if dto != *shown {
            return Err(AppError::new(
                ErrorCode::ApprovalNeeded,
                "something was configured meanwhile, so importing would change other things than were shown",
            )
            .hint("import it again"));
        }
        let mut changes = merged.changes;
        self.settle_links(&merged.before, &merged.after, &mut changes).await?;
        // After what the groups ask for, since the file knows better.
        for link in &merged.links {
            changes.put_link(link);
        }
        self.commit_deed(Deed::Imported, changes).await?;
        drop(turn);
        self.folder.tell_changed()?;
        dto.imported = true;
        Ok(dto)
    }

    async fn merged(&self, settings: &SettingsFile) -> Result<Merged> {
        let known = Known {
            settings: self.state.settings().await?,
            accounts: self.state.accounts().await?,
            calendars: self.state.calendars().await?,
            wanted: Wanted::load(&self.state).await?,
            links: self.state.links().await?,
        };
        merge(&settings.name, &settings.file, &known, || random_name(&*self.world.entropy))
    }

    /// The accounts of the file that have nothing to sign in with here.
    async fn signed_out(&self, settings: &SettingsFile) -> Result<Vec<SignInNeededDto>> {
        let known = self.state.accounts().await?;
        let mut needed = Vec::new();
        for table in &settings.file.accounts {
            let account = known.iter().find(|account| account.name == table.name);
            let secret = match (account, &self.vault) {
                (Some(account), Some(vault)) => vault.password(&account.id).await?,
                _ => None,
            };
            if secret.is_none() {
                let command = first_sign_in(&table.name, &table.kind(&settings.name)?);
                needed.push(SignInNeededDto { account: table.name.clone(), command });
            }
        }
        Ok(needed)
    }
}

/// What calendars are called in a file: `account/short name`, with a number where two have the same.
fn file_ids(directory: &Directory) -> BTreeMap<CalendarId, String> {
    let mut taken = BTreeSet::new();
    let mut ids = BTreeMap::new();
    for calendar in directory.calendars() {
        let path = format!("{}/{}", directory.account_name(&calendar.account), calendar.remote.short_name);
        let mut id = path.clone();
        let mut number = 2_u64;
        while !taken.insert(id.clone()) {
            id = format!("{path} ({number})");
            number += 1;
        }
        ids.insert(calendar.id.clone(), id);
    }
    ids
}

fn shape_name(shape: &Shape) -> ShapeName {
    match shape {
        Shape::Star { .. } => ShapeName::Star,
        Shape::Mesh { .. } => ShapeName::Mesh,
        Shape::Pair { one_way: false, .. } => ShapeName::Pair,
        Shape::Pair { one_way: true, .. } => ShapeName::OneWay,
    }
}
