//! npm, in a folder with a `package.json`.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure};

/// npm, as it can be started.
const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// npm in `folder`, without arguments yet.
pub(crate) fn command(folder: &Path) -> Command {
    let mut npm = Command::new(NPM);
    npm.current_dir(folder);
    npm
}

/// Runs what asks npm's registry for something.
pub(crate) fn fetch(npm: Command) -> Result<(), Failure> {
    process::run(npm).map_err(|failure| failure.hint("npm's registry must be reachable; then run this again"))
}
