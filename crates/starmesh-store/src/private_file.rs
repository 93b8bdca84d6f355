//! Files and folders that only their owner may read, and files that are replaced as a whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Makes a folder, and those above it, that only their owner may enter (mode 0700). A folder that is
/// already there keeps its mode: it may not be ours.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

/// Opens a file for reading and writing, made if it is missing, that only its owner may read (mode 0600).
pub fn open_private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
    }
    Ok(file)
}

/// Puts `bytes` in place of the file's content, wholly or not at all, and on disk before it returns.
///
/// The new content goes to `<path>.new` first; callers that may race hold a lock.
pub fn replace_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let fresh = beside(path, ".new");
    let mut file = open_private_file(&fresh)?;
    file.set_len(0)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    drop(file);
    fs::rename(&fresh, path)?;
    sync_folder_of(path)
}

/// `path` with `suffix` after its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    name.into()
}

/// A rename is durable when its folder is. Windows has no such call, and journals its renames.
fn sync_folder_of(path: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?;
    }
    #[cfg(not(unix))]
    let _ = path;
    Ok(())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_folders_are_for_their_owner_only() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("a/b");
        create_private_dir(&folder).unwrap();
        assert_eq!((mode(&folder), mode(&home.path().join("a"))), (0o700, 0o700));
        let path = folder.join("file");
        fs::write(&path, b"old and open to all").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        drop(open_private_file(&path).unwrap());
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_replaced_file_holds_the_new_content_only() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        fs::write(beside(&path, ".new"), b"left by a crash, and longer than what follows").unwrap();
        replace_private_file(&path, b"first").unwrap();
        replace_private_file(&path, b"2nd").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"2nd");
        assert_eq!(mode(&path), 0o600);
        assert!(!beside(&path, ".new").exists());
    }
}
