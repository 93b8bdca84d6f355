//! `bench`: what Starmesh costs its providers, and how long a change travels.

use std::ffi::OsString;
use std::process::Command;

use crate::process::{self, Failure};
use crate::setup::{self, Purpose};
use crate::workspace::Workspace;

/// What to measure, for example `requests`, `first-sync`, `latency --rtt-ms 80`, `pure`, `caldav` or `--help`;
/// the first three, which need nothing else, when nothing is named.
#[derive(clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// Build without optimisation: counts are the same, and it is built at once.
    #[arg(long)]
    debug: bool,
    /// Passed on as they are.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "ARGS")]
    rest: Vec<OsString>,
}

/// The program.
const PROGRAM: &str = "starmesh-bench";

/// The bench that compares us with vdirsyncer.
const BESIDE_VDIRSYNCER: &str = "caldav";

/// The bench that compares us with libical.
const BESIDE_LIBICAL: &str = "pure";

/// What is built: some benches measure the real program.
const BUILD: [&str; 6] = ["build", "--workspace", "--bin", PROGRAM, "--bin", "starmesh"];

/// Builds and runs it. Over the whole workspace, like everything else.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    let is = |bench: &str| arguments.rest.first().is_some_and(|first| first == bench);
    if is(BESIDE_VDIRSYNCER) || is(BESIDE_LIBICAL) {
        setup::run(workspace, Purpose::Bench)?;
    }
    let release = (!arguments.debug).then_some("--release");
    process::run(process::cargo(workspace.root(), BUILD.into_iter().chain(release)))?;
    let mut bench = Command::new(workspace.program(PROGRAM, !arguments.debug)?);
    bench.args(&arguments.rest).current_dir(workspace.root());
    if is(BESIDE_VDIRSYNCER) {
        bench.arg("--vdirsyncer").arg(setup::vdirsyncer(workspace)?);
    }
    process::run(bench)
}
