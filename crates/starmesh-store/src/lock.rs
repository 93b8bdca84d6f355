//! One writing process per data folder.
//!
//! The lock is the operating system's, on an open file, so it ends with its process however that ends. The
//! process id stands in a file of its own: on Windows a locked file cannot be read by others.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::private_file::{create_private_dir, open_private_file};

/// The file that is locked.
const LOCK_FILE: &str = "starmesh.lock";

/// The file that names the process which holds the lock.
const PID_FILE: &str = "starmesh.pid";

/// How often the lock is tried: someone who only asks for the [`holder`] takes it for an instant.
const ATTEMPTS_MAX: u32 = 10;

/// The pause between two attempts.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The right to write in a data folder, until it is dropped or its process ends.
#[derive(Debug)]
pub struct DataFolderLock {
    /// Unlocked when it is closed.
    _file: File,
    pid_path: PathBuf,
}

/// Why the lock is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error("{} is in use by {}", path.display(), pid.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}")))]
    Held {
        /// The data folder.
        path: PathBuf,
        /// The process, when it has already written its id.
        pid: Option<u32>,
    },
    /// The folder cannot be written.
    #[error("{} cannot be locked: {error}", path.display())]
    Unusable {
        /// The data folder.
        path: PathBuf,
        /// What the operating system says.
        #[source]
        error: io::Error,
    },
}

impl DataFolderLock {
    /// Takes the lock of a data folder, which is made if it is missing, without waiting for another holder.
    /// Blocks for up to 200 ms.
    pub fn acquire(folder: &Path) -> Result<Self, LockError> {
        let unusable = |error| LockError::Unusable { path: folder.to_owned(), error };
        create_private_dir(folder).map_err(unusable)?;
        let file = open_private_file(&folder.join(LOCK_FILE)).map_err(unusable)?;
        let mut attempts = 1;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(error)) => return Err(unusable(error)),
                Err(TryLockError::WouldBlock) if attempts < ATTEMPTS_MAX => {
                    attempts += 1;
                    std::thread::sleep(RETRY_DELAY);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(LockError::Held { path: folder.to_owned(), pid: read_pid(folder) });
                }
            }
        }
        let pid_path = folder.join(PID_FILE);
        write_pid(&pid_path).map_err(unusable)?;
        Ok(Self { _file: file, pid_path })
    }
}

impl Drop for DataFolderLock {
    fn drop(&mut self) {
        // Before the lock goes. A file that stays behind is harmless: it is only read under a held lock.
        if let Err(error) = fs::remove_file(&self.pid_path) {
            tracing::debug!(%error, "the file with the process id stays behind");
        }
    }
}

/// The process that holds the lock of a data folder, if any does. Writes nothing; a folder that is not there
/// is held by no one. A holder that has not written its id yet is taken for none.
pub fn holder(folder: &Path) -> Option<u32> {
    let file = File::open(folder.join(LOCK_FILE)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => read_pid(folder),
        Ok(()) | Err(TryLockError::Error(_)) => None,
    }
}

fn write_pid(path: &Path) -> io::Result<()> {
    use std::io::Write;
    let mut file = open_private_file(path)?;
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

fn read_pid(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join(PID_FILE)).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_learns_the_pid_of_the_first() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("data");
        assert_eq!(holder(&folder), None);
        let lock = DataFolderLock::acquire(&folder).unwrap();
        let own = std::process::id();
        assert_eq!(holder(&folder), Some(own));
        let refused = DataFolderLock::acquire(&folder).unwrap_err();
        assert!(matches!(refused, LockError::Held { pid: Some(pid), .. } if pid == own));
        assert!(refused.to_string().ends_with(&format!("is in use by process {own}")));
        drop(lock);
        assert_eq!(holder(&folder), None);
        drop(DataFolderLock::acquire(&folder).unwrap());
    }

    #[test]
    fn a_pid_left_by_a_crash_is_not_a_holder() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join(LOCK_FILE), b"").unwrap();
        fs::write(home.path().join(PID_FILE), b"1\n").unwrap();
        assert_eq!(holder(home.path()), None);
        drop(DataFolderLock::acquire(home.path()).unwrap());
    }

    #[test]
    fn a_folder_that_is_a_file_is_unusable() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::write(&path, b"").unwrap();
        assert!(matches!(DataFolderLock::acquire(&path), Err(LockError::Unusable { .. })));
    }
}
