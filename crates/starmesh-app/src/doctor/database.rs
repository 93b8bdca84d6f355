//! The database: whole as a file, and every row in it.

use starmesh_store::SqliteStore;

use super::count;
use crate::data_folder::DataFolder;
use crate::dto::{CheckDto, FindingDto};
use crate::error::AppError;
use crate::open::Starmesh;

/// What helps against a spoilt database.
pub(super) const BEGIN_ANEW: &str = "no busy block is lost with the database: move the data folder away, begin a new one with \
                          `starmesh key import FILE`, and add the same accounts and groups (`starmesh settings \
                          export` and `import` carry them over)";

/// The file, without the key.
pub(super) async fn look(folder: &DataFolder) -> Vec<FindingDto> {
    let path = folder.database();
    if !path.exists() {
        return vec![FindingDto::note(CheckDto::Database, "there is no database yet: nothing was ever kept")];
    }
    vec![match SqliteStore::checkup(&path).await {
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
    }]
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
