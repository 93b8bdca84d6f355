//! `setup`: installs what this machine lacks, says what and why, and is instant when nothing is missing.

mod python;
mod runner;
mod system;

use crate::process::Failure;
use crate::workspace::Workspace;

/// What the machine is to be made ready for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// `cargo xtask demo`, for which a compiler is enough.
    Demo,
    /// `cargo xtask test`, which needs all that the demo needs and more.
    Test,
}

/// What to get ready for.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What the machine is to be made ready for.
    #[arg(long = "for", value_enum, default_value_t = Purpose::Test)]
    pub(crate) purpose: Purpose,
}

/// Makes the machine ready for `purpose`.
pub(crate) fn run(workspace: &Workspace, purpose: Purpose) -> Result<(), Failure> {
    let environment = python::Environment::of(workspace);
    let python_ready = environment.is_ready();
    let mut installed = system::install(purpose, python_ready)?;
    if purpose >= Purpose::Test {
        if !python_ready {
            environment.install()?;
            installed = true;
        }
        installed |= runner::install(workspace)?;
    }
    println!("setup: {}", if installed { "done" } else { "everything is there" });
    Ok(())
}
