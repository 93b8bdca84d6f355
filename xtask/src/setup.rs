//! `setup`: installs what this machine lacks, says what and why, and is instant when nothing is missing.

mod official;
mod python;
mod runner;
mod stamp;
mod system;
mod window;

use std::path::PathBuf;

use crate::process::Failure;
use crate::workspace::Workspace;

/// What the machine is to be made ready for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, clap::ValueEnum)]
pub(crate) enum Purpose {
    /// `cargo xtask demo`, for which a compiler is enough.
    Demo,
    /// `cargo xtask test`, which needs all that the demo needs and more.
    Test,
    /// `cargo xtask bench pure` and `caldav`, which also need what they measure against.
    Bench,
}

/// What to get ready for.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// What the machine is to be made ready for.
    #[arg(long = "for", value_enum, default_value_t = Purpose::Test)]
    pub(crate) purpose: Purpose,
}

pub(crate) use official::descriptions;
pub(crate) use window::FOLDER as WINDOW;

/// The Python of the test servers, for chores that are written in it.
pub(crate) fn python(workspace: &Workspace) -> PathBuf {
    python::Environment::of_servers(workspace).python()
}

/// vdirsyncer, which a bench is measured against; installed among what is built, if it is not there.
pub(crate) fn vdirsyncer(workspace: &Workspace) -> Result<PathBuf, Failure> {
    let target = workspace.metadata()?.target_directory.into_std_path_buf();
    let environment = python::Environment::of_vdirsyncer(workspace, &target.join("vdirsyncer"));
    if !environment.is_ready() {
        environment.install(&[])?;
    }
    Ok(environment.program("vdirsyncer"))
}

/// Makes the machine ready for `purpose`.
pub(crate) fn run(workspace: &Workspace, purpose: Purpose) -> Result<(), Failure> {
    let servers = python::Environment::of_servers(workspace);
    let python_ready = servers.is_ready();
    let mut installed = system::install(purpose, python_ready)?;
    if purpose >= Purpose::Test {
        if !python_ready {
            servers.install(&[])?;
            installed = true;
        }
        installed |= runner::install(workspace)?;
        installed |= official::install(workspace, &servers)?;
        installed |= window::install(workspace)?;
    }
    println!("setup: {}", if installed { "done" } else { "everything is there" });
    Ok(())
}
