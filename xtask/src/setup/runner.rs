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
    // Unoptimised: it waits for tests nearly all the time, and its optimised build costs three times as much
    // as this one, minutes that it never wins back.
    let words = ["install", "--locked", "--debug", "cargo-nextest", "--version", NEXTEST_VERSION];
    let mut install = process::cargo(workspace.root(), words);
    install.env("CARGO_PROFILE_DEV_DEBUG", "0");
    process::run(install)
        .map_err(|failure| failure.hint("or install it from https://nexte.st, then run this again"))?;
    Ok(true)
}
