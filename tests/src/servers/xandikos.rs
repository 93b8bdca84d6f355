//! Xandikos: every collection a git repository, no sign-in, an error of its own for a dead sync token.

use std::path::Path;
use std::process::Command;

use super::venv;
use crate::Outcome;

/// The command that serves `folder` on `port`.
pub(super) fn command(folder: &Path, port: u16) -> Outcome<Command> {
    let mut command = Command::new(venv::program("xandikos")?);
    command.arg("serve").arg("-d").arg(folder.join("data")).arg("--state-dir").arg(folder.join("state"));
    command.args(["--defaults", "--current-user-principal", "/alice/", "--no-detect-systemd"]);
    command.args(["-l", "127.0.0.1", "-p", &port.to_string()]);
    Ok(command)
}
