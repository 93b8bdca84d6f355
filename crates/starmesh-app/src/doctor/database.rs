//! The database: whole as a file, and every row in it.

use starmesh_store::SqliteStore;

use super::count;
use crate::data_folder::DataFolder;
use crate::dto::{CheckDto, DamageDto, FindingDto};
use crate::error::AppError;
use crate::open::Starmesh;

/// What helps against a spoilt database.
pub(super) const BEGIN_ANEW: &str = "no busy block is lost with the database: `starmesh sync` or `starmesh run` moves it aside and \
                          makes a new one with what you configured. Where even that cannot be read, move the data folder away and \
                          begin a new one with `starmesh key import FILE`";

/// The file, without the key.
pub(super) async fn look(folder: &DataFolder) -> Vec<FindingDto> {
    let path = folder.database();
    let mut findings = damaged(folder);
    if !path.exists() {
        findings.push(if folder.configuration_copy().exists() {
            FindingDto::failed(CheckDto::Database, "the database is gone").action(BEGIN_ANEW)
        } else {
            FindingDto::note(CheckDto::Database, "there is no database yet: nothing was ever kept")
        });
        return findings;
    }
    findings.push(match SqliteStore::checkup(&path).await {
        Err(error) => FindingDto::failed(CheckDto::Database, "the database cannot be examined")
            .action(BEGIN_ANEW)
            .because(AppError::from(error)),
        Ok(checkup) if checkup.problems > 0 => {
            let problems = count(checkup.problems, "problem");
            FindingDto::failed(CheckDto::Database, format!("SQLite finds {problems} in the database"))
                .action(BEGIN_ANEW)
        }
        Ok(checkup) => {
            let (sqlite, schema) = (checkup.sqlite_version, checkup.schema);
            FindingDto::good(
                CheckDto::Database,
                format!("the file is whole (SQLite {sqlite}, schema {schema})"),
            )
        }
    });
    findings
}

/// The database that was damaged and lies beside the one in use.
fn damaged(folder: &DataFolder) -> Vec<FindingDto> {
    match folder.damage_told() {
        Ok(None) => Vec::new(),
        Ok(Some(DamageDto { moved_to, what, .. })) => {
            let place = moved_to.unwrap_or_default();
            vec![FindingDto {
                said: Some(format!("{what}; it lies in {place}")),
                ..FindingDto::warning(
                    CheckDto::Database,
                    "the database was damaged: it was moved aside, and a new one made with what is configured",
                )
                .action(
                    "look whether groups and links are as you want them (`starmesh group list`), and whether the \
                     disk is sound; then delete the file that was moved aside",
                )
            }]
        }
        Err(error) => vec![unreadable(error)],
    }
}

/// The second copy of what is configured.
pub(super) async fn copy(starmesh: &Starmesh) -> Option<FindingDto> {
    let copy = starmesh.copy.as_ref()?;
    Some(match copy.is_current(starmesh.store()?).await {
        Ok(true) => FindingDto::good(CheckDto::Database, "the second copy of what is configured is up to date"),
        Ok(false) => FindingDto::warning(
            CheckDto::Database,
            "the second copy of what is configured is missing or old: a damaged database could not be rebuilt \
             from it",
        )
        .action("any command that writes renews it, such as `starmesh sync`"),
        Err(error) => unreadable(error.into()),
    })
}

/// Every row opens under the key.
pub(super) async fn rows(starmesh: &Starmesh) -> Option<FindingDto> {
    match starmesh.snapshot().await {
        Ok(_) => Some(FindingDto::good(CheckDto::Database, "every row opens under the key")),
        Err(error) => Some(unreadable(error)),
    }
}

/// A part of what is kept cannot be read.
pub(super) fn unreadable(error: AppError) -> FindingDto {
    FindingDto::failed(CheckDto::Database, "a part of what is kept cannot be read")
        .action(BEGIN_ANEW)
        .because(error)
}
