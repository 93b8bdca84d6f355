//! The Python environment that holds the servers.

use std::path::{Path, PathBuf};

use crate::{Failure, Outcome};

/// Names an environment other than the one that `cargo xtask setup` makes.
const VENV_VARIABLE: &str = "STARMESH_VENV";

/// The environment's Python, for oracles that are not ours.
pub fn python() -> Outcome<PathBuf> {
    program("python")
}

/// The program `name` in the environment.
pub(super) fn program(name: &str) -> Outcome<PathBuf> {
    let folder = std::env::var_os(VENV_VARIABLE).map_or_else(own, PathBuf::from);
    let scripts = if cfg!(windows) { "Scripts" } else { "bin" };
    let program = folder.join(scripts).join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    if program.is_file() {
        return Ok(program);
    }
    Err(Failure::new(format!("{} is not there: `cargo xtask setup` installs it", program.display())))
}

/// `.venv` in the workspace's root.
fn own() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(".venv")
}
