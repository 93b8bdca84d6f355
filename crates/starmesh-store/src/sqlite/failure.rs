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
        (Some(code::CORRUPT | code::NOTADB), _) => StoreError::Corrupt { path },
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

    /// What SQLite says, by its number.
    #[derive(Debug)]
    struct Said(i32);

    impl std::fmt::Display for Said {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "code {}", self.0)
        }
    }

    impl std::error::Error for Said {}

    impl sqlx::error::DatabaseError for Said {
        fn message(&self) -> &'static str {
            "said"
        }

        fn code(&self) -> Option<std::borrow::Cow<'_, str>> {
            Some(self.0.to_string().into())
        }

        fn as_error(&self) -> &(dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn as_error_mut(&mut self) -> &mut (dyn std::error::Error + Send + Sync + 'static) {
            self
        }

        fn into_error(self: Box<Self>) -> Box<dyn std::error::Error + Send + Sync + 'static> {
            self
        }

        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    fn is_damage(code: i32) -> bool {
        of_sqlite("x", &sqlx::Error::Database(Box::new(Said(code)))).is_damage()
    }

    #[test]
    fn what_passes_by_itself_is_never_taken_for_damage() {
        let extended = |primary: i32, number: i32| primary | (number << 8);
        let passing = [
            (1, "a statement that makes no sense"),
            (3, "no permission"),
            (5, "another process writes"),
            (extended(5, 2), "a snapshot that is too old to write"),
            (6, "another connection writes"),
            (7, "no memory"),
            (8, "read-only"),
            (9, "interrupted"),
            (10, "the disk does not answer"),
            (extended(10, 33), "a file system that is broken itself"),
            (13, "the disk is full"),
            (14, "the file cannot be opened"),
            (15, "a race for the lock"),
            (23, "not authorised"),
        ];
        for (code, what) in passing {
            assert!(!is_damage(code), "{what}");
        }
        for error in [sqlx::Error::PoolTimedOut, sqlx::Error::PoolClosed, sqlx::Error::WorkerCrashed] {
            assert!(!of_sqlite("x", &error).is_damage(), "{error}");
        }
        for kind in [io::ErrorKind::TimedOut, io::ErrorKind::PermissionDenied, io::ErrorKind::StorageFull] {
            assert!(!of_io("x", &kind.into()).is_damage(), "{kind}");
        }
        for code in [11, extended(11, 1), extended(11, 2), extended(11, 3), 26] {
            assert!(is_damage(code), "code {code}");
        }
    }
}
