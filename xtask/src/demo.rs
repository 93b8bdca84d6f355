//! `demo`: the main job, shown by the real program.

use std::ffi::OsString;
use std::path::Path;
use std::process::Command;

use crate::judge::TRAFFIC_FOLDER;
use crate::process::{self, Failure};
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;

/// What to pass on to `starmesh demo`, for example `--keep` or `--help`.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Passed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    pub(crate) rest: Vec<OsString>,
}

/// Builds the program and shows the demo; its traffic goes into the folder `traffic`. Built over the whole
/// workspace, like everything else.
pub(crate) fn run(
    workspace: &Workspace,
    arguments: &Arguments,
    traffic: Option<&Path>,
) -> Result<(), Failure> {
    const BUILD: [&str; 4] = ["build", "--workspace", "--bin", "starmesh"];
    setup::run(workspace, Purpose::Demo)?;
    process::run(process::cargo(workspace.root(), BUILD))?;
    let mut demo = Command::new(workspace.program("starmesh", false)?);
    demo.arg("demo").args(&arguments.rest).current_dir(workspace.root());
    demo.envs(traffic.map(|folder| (TRAFFIC_FOLDER, folder)));
    process::run(demo)
}
