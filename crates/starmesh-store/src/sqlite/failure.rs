//! What SQLite and the file system say, in the words of the port.

use std::io;

use crate::row::StoreError;

/// Primary result codes of SQLite (<https://www.sqlite.org/rescode.html>).
mod code {
    pub(super) const BUSY: i32 = 5;
    pub(super) const READONLY: i32 = 8;
    pub(super) const FULL: i32 = 13;
    pub(super) const CANTOPEN: i32 = 14;
    pub(super) const CORRUPT: i32 = 11;
    pub(super) const NOTADB: i32 = 26;
}

/// The error of the port for an error of SQLite on the file `path`.
pub(super) fn of_sqlite(path: &str, error: &sqlx::Error) -> StoreError {
    let path = path.to_owned();
    match (primary_code(error), error) {
        (Some(code::FULL), _) => StoreError::Full { path },
        (Some(code::READONLY | code::CANTOPEN), _) => StoreError::NotWritable { path },
        (Some(code::CORRUPT | code::NOTADB), _) => {
            StoreError::Failed(format!("{path} is corrupt or not a database"))
        }
        (Some(code::BUSY), _) => StoreError::Failed(format!("another process keeps {path} locked")),
        (_, sqlx::Error::Io(error)) => of_io(&path, error),
        (_, error) => StoreError::Failed(error.to_string()),
    }
}

/// The error of the port for an error of the file system on `path`.
pub(super) fn of_io(path: &str, error: &io::Error) -> StoreError {
    let path = path.to_owned();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full { path },
        io::ErrorKind::PermissionDenied
        | io::ErrorKind::ReadOnlyFilesystem
        | io::ErrorKind::NotADirectory
        | io::ErrorKind::IsADirectory
        | io::ErrorKind::AlreadyExists => StoreError::NotWritable { path },
        _ => StoreError::Failed(format!("{path}: {error}")),
    }
}

/// True when another connection holds the lock and the same step may succeed in a moment.
pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    primary_code(error) == Some(code::BUSY)
}

/// The low byte of the extended code is the primary one.
fn primary_code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_and_a_read_only_folder_are_told_apart() {
        let of = |kind: io::ErrorKind| of_io("x", &kind.into());
        assert!(matches!(of(io::ErrorKind::StorageFull), StoreError::Full { .. }));
        assert!(matches!(of(io::ErrorKind::ReadOnlyFilesystem), StoreError::NotWritable { .. }));
        assert!(matches!(of(io::ErrorKind::PermissionDenied), StoreError::NotWritable { .. }));
        assert!(matches!(of(io::ErrorKind::TimedOut), StoreError::Failed(_)));
    }
}
