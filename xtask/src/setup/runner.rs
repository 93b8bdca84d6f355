//! The test runner.

use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// The version we install where there is none; an installed one is taken as it is.
const NEXTEST_VERSION: &str = "0.9.143";

/// Installs cargo-nextest if it is missing; true when it was.
pub(super) fn install(workspace: &Workspace) -> Result<bool, Failure> {
    if process::find("cargo-nextest").is_some() {
        return Ok(false);
    }
    println!("setup: building cargo-nextest, which runs the tests (this takes some minutes, once)");
    let words = ["install", "--locked", "cargo-nextest", "--version", NEXTEST_VERSION];
    process::run(process::cargo(workspace.root(), words))
        .map_err(|failure| failure.hint("or install it from https://nexte.st, then run this again"))?;
    Ok(true)
}
