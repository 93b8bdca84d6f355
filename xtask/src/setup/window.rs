//! What the window is built and tested with, as its lock file pins it.

use super::stamp::{is_stamped, read, stamp};
use crate::npm;
use crate::process::Failure;
use crate::workspace::Workspace;

/// Where the window lies.
pub(crate) const FOLDER: &str = "ui";

/// Installs what is missing; true when something was.
pub(super) fn install(workspace: &Workspace) -> Result<bool, Failure> {
    let folder = workspace.root().join(FOLDER);
    let wanted = read(&folder.join("package-lock.json"))?;
    let modules = folder.join("node_modules");
    if is_stamped(&modules, &wanted) {
        return Ok(false);
    }
    println!("setup: installing what builds the window into {}", modules.display());
    let mut npm = npm::command(&folder);
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error"]);
    npm::fetch(npm)?;
    stamp(&modules, &wanted)?;
    Ok(true)
}
