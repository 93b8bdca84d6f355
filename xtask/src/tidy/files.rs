//! The text files of the repository.

use std::fs;
use std::path::Path;

use crate::process::Failure;

/// Folders that hold nothing we wrote.
const FOREIGN_FOLDERS: [&str; 6] = [".git", ".venv", ".official", "target", "node_modules", "dist"];

/// What text files end in. Lock files are written by machines and left out.
const TEXT_ENDINGS: [&str; 14] =
    ["rs", "toml", "md", "yml", "yaml", "json", "sql", "ics", "xml", "svg", "ts", "svelte", "css", "html"];

/// A text file.
pub(super) struct File {
    /// Path from the workspace's root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
}

impl File {
    pub(super) fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|ending| ending == "rs")
    }
}

/// Every text file below `root`, in order of path.
pub(super) fn read(root: &Path) -> Result<Vec<File>, Failure> {
    let mut files = Vec::new();
    visit(root, "", &mut files)?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn visit(folder: &Path, prefix: &str, files: &mut Vec<File>) -> Result<(), Failure> {
    let failed = |error| Failure::new(format!("{} cannot be read: {error}", folder.display()));
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{prefix}{name}");
        if kind.is_dir() && !FOREIGN_FOLDERS.contains(&name.as_str()) {
            visit(&entry.path(), &format!("{path}/"), files)?;
        } else if kind.is_file() && is_text(&name) {
            let text = fs::read_to_string(entry.path())
                .map_err(|error| Failure::new(format!("{path} cannot be read as text: {error}")))?;
            files.push(File { path, text });
        }
    }
    Ok(())
}

fn is_text(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| TEXT_ENDINGS.iter().any(|known| ending == *known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_sources_are_found_and_foreign_folders_are_not() {
        let package = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = read(package).unwrap();
        assert!(files.iter().any(|file| file.path == "src/tidy/files.rs" && file.is_rust()));
        assert!(files.iter().any(|file| file.path == "Cargo.toml" && !file.is_rust()));
    }

    #[test]
    fn lock_files_and_pictures_are_not_text_of_ours() {
        assert!(is_text("main.rs") && is_text("README.md"));
        assert!(!is_text("Cargo.lock") && !is_text("icon.png") && !is_text("LICENSE-MIT"));
    }
}
