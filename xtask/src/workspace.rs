//! Where the repository is, and what Cargo knows of it.

use std::path::{Path, PathBuf};

use cargo_metadata::{Metadata, MetadataCommand};

use crate::process::Failure;

/// The folder that holds the workspace's `Cargo.toml`.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Asks Cargo, which tells every program it runs where that program's package lies.
    pub(crate) fn find() -> Result<Self, Failure> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR").ok_or_else(|| {
            Failure::new("the workspace is unknown").hint("start chores as `cargo xtask …`")
        })?;
        let root = Path::new(&package)
            .parent()
            .ok_or_else(|| Failure::new("the folder of xtask has no parent folder"))?
            .to_owned();
        Ok(Self { root })
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where Cargo puts a program of ours that it built for development (`release`: for speed).
    pub(crate) fn program(&self, name: &str, release: bool) -> Result<PathBuf, Failure> {
        let folder = if release { "release" } else { "debug" };
        let target = self.metadata()?.target_directory.into_std_path_buf();
        Ok(target.join(folder).join(format!("{name}{}", std::env::consts::EXE_SUFFIX)))
    }

    /// Our own packages with the dependencies they declare; nothing is resolved or downloaded.
    pub(crate) fn metadata(&self) -> Result<Metadata, Failure> {
        MetadataCommand::new()
            .manifest_path(self.root.join("Cargo.toml"))
            .no_deps()
            .exec()
            .map_err(|error| Failure::new(format!("cargo cannot describe the workspace: {error}")))
    }
}
