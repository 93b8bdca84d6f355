//! Files that are written for a person: new ones only, and for their owner alone.

use std::fs;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::error::{AppError, ErrorCode, Result};

/// Fails when something stands at `path` already, before anybody is asked to look at what would go there.
pub(crate) fn check_free(path: &Path) -> Result<()> {
    if path.exists() { Err(failed(path, &ErrorKind::AlreadyExists.into())) } else { Ok(()) }
}

/// Writes a new file, that only its owner may read (mode 0600). An existing file is left alone.
pub(crate) fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let written = options.open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &std::io::Error) -> AppError {
    let exists = error.kind() == ErrorKind::AlreadyExists;
    let failure =
        AppError::new(ErrorCode::FileFailed, format!("could not write {}: {error}", path.display()));
    if exists { failure.hint("choose another name; a file is never overwritten") } else { failure }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        assert_eq!(check_free(&path), Ok(()));
        write_new(&path, "first").unwrap();
        for refused in [check_free(&path), write_new(&path, "second")] {
            let error = refused.unwrap_err();
            assert_eq!(error.code, ErrorCode::FileFailed);
            assert!(error.hint.is_some_and(|hint| hint.contains("never overwritten")));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
    }
}
