//! The virtual environment with the CalDAV servers and the recurrence oracles.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// The Python that makes the environment.
pub(super) const SYSTEM_PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// What we use, pinned, so that a test that passed yesterday meets the same servers today.
const PACKAGES: [Package; 4] = [
    Package { pin: "radicale==3.9.0", why: "CalDAV server of the tests" },
    Package { pin: "xandikos==0.4.10", why: "a second CalDAV server, with other habits" },
    Package { pin: "python-dateutil==2.9.0.post0", why: "oracle for recurrence rules" },
    Package { pin: "recurring-ical-events==3.8.2", why: "oracle for series with exceptions" },
];

/// What those bring with them, pinned too (`pip freeze` of a fresh environment).
const CONSTRAINTS: &str = include_str!("constraints.txt");

/// Written last, so that an environment whose making was interrupted is made anew.
const STAMP: &str = "starmesh-setup.txt";

struct Package {
    pin: &'static str,
    why: &'static str,
}

/// The environment of one workspace.
pub(super) struct Environment {
    folder: PathBuf,
    constraints: PathBuf,
}

impl Environment {
    /// Its own folder, `.venv`, never the system's Python.
    pub(super) fn of(workspace: &Workspace) -> Self {
        let constraints = workspace.root().join("xtask/src/setup/constraints.txt");
        Self { folder: workspace.root().join(".venv"), constraints }
    }

    /// True when it was made, wholly, from these very pins, at this very place.
    pub(super) fn is_ready(&self) -> bool {
        self.python().is_file()
            && fs::read_to_string(self.folder.join(STAMP)).is_ok_and(|stamp| stamp == stamp_of(&self.folder))
    }

    /// Makes it, over what is left of an older one.
    pub(super) fn install(&self) -> Result<(), Failure> {
        println!("setup: making {} with", self.folder.display());
        for package in PACKAGES {
            println!("  {:<30} {}", package.pin, package.why);
        }
        let mut venv = Command::new(SYSTEM_PYTHON);
        venv.args(["-m", "venv", "--clear"]).arg(&self.folder);
        process::run(venv)?;
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--constraint"])
            .arg(&self.constraints)
            .args(PACKAGES.map(|package| package.pin));
        process::run(pip).map_err(|failure| {
            failure.hint(
                "the package index (PyPI) must be reachable, and Python 3.10 or newer; then run this again",
            )
        })?;
        let stamp = self.folder.join(STAMP);
        fs::write(&stamp, stamp_of(&self.folder))
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", stamp.display())))
    }

    fn python(&self) -> PathBuf {
        self.folder.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
    }
}

/// All that an environment depends on. The folder is part of it, since the programs in an environment
/// name their interpreter by its full path and break when the folder is moved.
fn stamp_of(folder: &Path) -> String {
    let pins = PACKAGES.map(|package| package.pin).join("\n");
    format!("{}\n{pins}\n{CONSTRAINTS}", folder.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_pinned_to_one_version() {
        let constraints = CONSTRAINTS.lines().filter(|line| !line.starts_with('#'));
        for pin in PACKAGES.iter().map(|package| package.pin).chain(constraints) {
            assert_eq!(pin.matches("==").count(), 1, "{pin}");
        }
    }

    #[test]
    fn a_moved_environment_is_not_ready() {
        assert_ne!(stamp_of(Path::new("a/.venv")), stamp_of(Path::new("b/.venv")));
    }

    #[test]
    fn an_environment_that_was_never_made_is_not_ready() {
        let nowhere = Environment { folder: "no/such/folder".into(), constraints: "none".into() };
        assert!(!nowhere.is_ready());
    }
}
