//! `demo`: the main job on a calendar server of its own.

use std::ffi::OsString;

use crate::process::{self, Failure};
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;

/// What to pass on to the demo, for example `--keep` or `--help`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Passed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) rest: Vec<OsString>,
}

/// Installs what the demo needs and starts it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    const BUILD: [&str; 6] = ["run", "-p", "starmesh-tests", "--bin", "starmesh-demo", "--"];
    setup::run(workspace, Purpose::Demo)?;
    let words = BUILD.iter().map(OsString::from).chain(arguments.rest.iter().cloned());
    process::run(process::cargo(workspace.root(), words))
}
