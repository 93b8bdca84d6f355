//! The judge: whether all recorded traffic is what the official descriptions allow.

use std::path::Path;
use std::process::Command;

use crate::process::{self, Failure};
use crate::setup;
use crate::workspace::Workspace;

/// Its folder, which is a program for Python.
const JUDGE: &str = "tests/judge";

/// What names the folder to a simulator; starmesh-sim has the same name.
pub(crate) const TRAFFIC_FOLDER: &str = "STARMESH_TRAFFIC_DIR";

/// Lets the judge prove itself, and then hear what is in `traffic`.
pub(crate) fn run(workspace: &Workspace, traffic: &Path) -> Result<(), Failure> {
    let judge = workspace.root().join(JUDGE);
    let python = |script: &Path| {
        let mut python = Command::new(setup::python(workspace));
        python.arg(script).arg(setup::descriptions(workspace));
        python
    };
    process::run(python(&judge.join("test_judge.py")))?;
    let mut hearing = python(&judge);
    hearing.arg(traffic);
    process::run(hearing)
}
