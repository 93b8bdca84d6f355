//! What every command works with.

use std::path::PathBuf;

use starmesh_app::{Access, AppError, OpenOptions, Starmesh, VaultKind, World};

use crate::output::Output;
use crate::terminal::Terminal;
use crate::text;

/// What every command works with.
#[derive(Clone)]
pub(crate) struct Context {
    pub(crate) data_dir: PathBuf,
    /// True when the command line itself names the folder.
    pub(crate) data_dir_given: bool,
    pub(crate) vault: Option<VaultKind>,
    pub(crate) verbose: bool,
    pub(crate) out: Output,
    pub(crate) terminal: Terminal,
    pub(crate) world: World,
}

impl Context {
    /// How to open the data folder.
    pub(crate) fn options(&self, access: Access) -> OpenOptions {
        OpenOptions { data_dir: self.data_dir.clone(), vault: self.vault, access, world: self.world.clone() }
    }

    /// Opens the data folder.
    pub(crate) async fn open(&self, access: Access) -> Result<Starmesh, AppError> {
        let starmesh = Starmesh::open(self.options(access)).await?;
        if let Some(damage) = starmesh.rebuilt() {
            self.out.warning(&serde_json::json!({ "damage": damage }), &text::damage(damage));
        }
        Ok(starmesh)
    }
}
