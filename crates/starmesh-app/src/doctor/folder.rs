//! The data folder itself: whose it is, whether it can be written, and how much room is left.

use std::fs::{self, Metadata};
use std::path::Path;

use crate::data_folder::DataFolder;
use crate::dto::{CheckDto, FindingDto};
use crate::error::{AppError, quoted};

/// Below this many bytes free a first read of some large calendars may not fit.
const FREE_BYTES_LOW: u64 = 256 * 1024 * 1024;
/// Below this many bytes free the next commit may fail: a few megabytes are what one may write at once.
const FREE_BYTES_MIN: u64 = 16 * 1024 * 1024;

pub(super) fn look(folder: &DataFolder) -> Vec<FindingDto> {
    let path = folder.path();
    let unusable = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return vec![rights(folder, &metadata), room(path), process(folder)];
        }
        Ok(_) => FindingDto::failed(CheckDto::DataFolder, "a file stands in the place of the data folder")
            .said(path.display().to_string())
            .action("name another folder with --data-dir, or move the file away"),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            FindingDto::note(CheckDto::DataFolder, "there is no data folder yet")
                .said(path.display().to_string())
                .action("it is made by `starmesh account add`; another one is named with --data-dir")
        }
        Err(error) => FindingDto::failed(CheckDto::DataFolder, "the data folder cannot be looked at")
            .because(AppError::of_io("look at", path, &error)),
    };
    vec![unusable]
}

/// What is in it that must be writable for its owner, and for nobody else.
#[cfg(unix)]
fn rights(folder: &DataFolder, metadata: &Metadata) -> FindingDto {
    use std::os::unix::fs::PermissionsExt;

    use rustix::fs::{Access, access};

    let path = folder.path();
    let database = folder.database();
    let wanted = Access::READ_OK | Access::WRITE_OK;
    let usable = access(path, wanted | Access::EXEC_OK)
        .and_then(|()| if database.exists() { access(&database, wanted) } else { Ok(()) });
    if let Err(error) = usable {
        return FindingDto::failed(CheckDto::DataFolder, "the data folder cannot be written")
            .because(AppError::of_io("write to", path, &error.into()));
    }
    let open_to_others = |metadata: &Metadata| metadata.permissions().mode() & 0o077 != 0;
    if open_to_others(metadata) || fs::metadata(&database).is_ok_and(|file| open_to_others(&file)) {
        let place = quoted(&path.to_string_lossy());
        return FindingDto::warning(
            CheckDto::DataFolder,
            "others on this computer may look into the data folder",
        )
        .said("what is in it is sealed, but its times and sizes are not")
        .action(format!("`chmod -R go= {place}` keeps them out"));
    }
    FindingDto::good(CheckDto::DataFolder, "the data folder can be written, by its owner only")
}

#[cfg(not(unix))]
fn rights(folder: &DataFolder, metadata: &Metadata) -> FindingDto {
    let read_only = |metadata: &Metadata| metadata.permissions().readonly();
    if read_only(metadata) || fs::metadata(folder.database()).is_ok_and(|file| read_only(&file)) {
        return FindingDto::failed(CheckDto::DataFolder, "the data folder cannot be written")
            .action("choose another folder with --data-dir, or make this one writable");
    }
    FindingDto::good(
        CheckDto::DataFolder,
        "the data folder can be written; who else may is not looked at here",
    )
}

#[cfg(unix)]
fn room(path: &Path) -> FindingDto {
    match rustix::fs::statvfs(path) {
        Ok(disk) => judge_room(disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => {
            FindingDto::not_checked(CheckDto::DiskSpace, "the system does not tell how much room is left")
                .said(error.to_string())
        }
    }
}

#[cfg(not(unix))]
fn room(_: &Path) -> FindingDto {
    FindingDto::not_checked(CheckDto::DiskSpace, "room on the disk is not looked at on this system")
}

fn judge_room(free: u64) -> FindingDto {
    let message = format!("{} MiB are free on the disk of the data folder", free / (1024 * 1024));
    let action = "make room on the disk; nothing is lost meanwhile";
    if free < FREE_BYTES_MIN {
        FindingDto::failed(CheckDto::DiskSpace, message).action(action)
    } else if free < FREE_BYTES_LOW {
        FindingDto::warning(CheckDto::DiskSpace, message).action(action)
    } else {
        FindingDto::good(CheckDto::DiskSpace, message)
    }
}

fn process(folder: &DataFolder) -> FindingDto {
    let daemon = match folder.daemon_pid() {
        Ok(daemon) => daemon,
        Err(error) => {
            return FindingDto::warning(CheckDto::Process, "the note of the running engine cannot be read")
                .because(error);
        }
    };
    match folder.holder() {
        Some(pid) if Some(pid) == daemon => {
            FindingDto::good(CheckDto::Process, format!("the engine runs (process {pid})"))
        }
        Some(pid) => {
            FindingDto::good(CheckDto::Process, format!("another command is at work (process {pid})"))
        }
        None => FindingDto::note(CheckDto::Process, "no engine runs: nothing is kept in step until one does")
            .action("`starmesh run` keeps everything in step; docs/headless.md starts it with the system"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dto::VerdictDto;

    #[test]
    fn little_room_is_a_warning_and_almost_none_a_failure() {
        let verdict = |free| judge_room(free).verdict;
        assert_eq!(verdict(FREE_BYTES_LOW), VerdictDto::Good);
        assert_eq!(verdict(FREE_BYTES_LOW - 1), VerdictDto::Warning);
        assert_eq!(verdict(FREE_BYTES_MIN), VerdictDto::Warning);
        assert_eq!(verdict(FREE_BYTES_MIN - 1), VerdictDto::Failed);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_may_enter_is_a_warning() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let folder = DataFolder::new(home.path().to_owned());
        let verdict = |mode| {
            fs::set_permissions(home.path(), fs::Permissions::from_mode(mode)).unwrap();
            look(&folder)[0].verdict
        };
        assert_eq!(verdict(0o755), VerdictDto::Warning);
        assert_eq!(verdict(0o700), VerdictDto::Good);
    }

    #[test]
    fn a_folder_that_is_not_there_is_only_worth_a_note() {
        let home = tempfile::tempdir().unwrap();
        let found = look(&DataFolder::new(home.path().join("none")));
        assert_eq!(found.iter().map(|one| one.verdict).collect::<Vec<_>>(), [VerdictDto::Note]);
        let file = home.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(look(&DataFolder::new(file))[0].verdict, VerdictDto::Failed);
    }
}
