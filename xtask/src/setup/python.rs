//! Virtual environments: one with the CalDAV servers and the recurrence oracles, one with the official client
//! libraries of Google and Microsoft, which are large and get in nobody's way there, and for benches one with
//! vdirsyncer.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// The Python that makes the environment.
pub(super) const SYSTEM_PYTHON: &str = if cfg!(windows) { "python" } else { "python3" };

/// What we use, pinned, so that a test that passed yesterday meets the same servers today.
const SERVERS: [Package; 4] = [
    Package { pin: "radicale==3.9.0", why: "CalDAV server of the tests" },
    Package { pin: "xandikos==0.4.10", why: "a second CalDAV server, with other habits" },
    Package { pin: "python-dateutil==2.9.0.post0", why: "oracle for recurrence rules" },
    Package { pin: "recurring-ical-events==3.8.2", why: "oracle for series with exceptions" },
];

/// What the official client libraries need besides what they say; they themselves come as wheels.
const CLIENTS: [Package; 2] = [
    Package { pin: "azure-core==1.41.0", why: "Microsoft's library imports it and does not ask for it" },
    Package { pin: "Deprecated==1.3.1", why: "likewise" },
];

/// What a bench is measured against.
const VDIRSYNCER: [Package; 1] =
    [Package { pin: "vdirsyncer==0.20.0", why: "a program that syncs calendars, too, for comparison" }];

/// What those bring with them, pinned too (`pip freeze` of a fresh environment).
const SERVERS_BRING: &str = include_str!("constraints.txt");
const CLIENTS_BRING: &str = include_str!("clients.txt");
const VDIRSYNCER_BRINGS: &str = include_str!("vdirsyncer.txt");

/// Written last, so that an environment whose making was interrupted is made anew.
pub(super) const STAMP: &str = "starmesh-setup.txt";

struct Package {
    pin: &'static str,
    why: &'static str,
}

/// An environment of one workspace.
pub(super) struct Environment {
    folder: PathBuf,
    packages: &'static [Package],
    /// The file with what the packages bring, and its text.
    constraints: (PathBuf, &'static str),
    /// Further words for pip.
    options: &'static [&'static str],
}

impl Environment {
    /// The servers, in their own folder, `.venv`, and never in the system's Python.
    pub(super) fn of_servers(workspace: &Workspace) -> Self {
        let constraints = workspace.root().join("xtask/src/setup/constraints.txt");
        Self {
            folder: workspace.root().join(".venv"),
            packages: &SERVERS,
            constraints: (constraints, SERVERS_BRING),
            options: &[],
        }
    }

    /// The official client libraries, in `folder`.
    pub(super) fn of_clients(workspace: &Workspace, folder: &Path) -> Self {
        let constraints = workspace.root().join("xtask/src/setup/clients.txt");
        Self {
            folder: folder.to_owned(),
            packages: &CLIENTS,
            constraints: (constraints, CLIENTS_BRING),
            // What is imported is compiled then; most of Microsoft's library never is.
            options: &["--no-compile"],
        }
    }

    /// vdirsyncer, in `folder`.
    pub(super) fn of_vdirsyncer(workspace: &Workspace, folder: &Path) -> Self {
        let constraints = workspace.root().join("xtask/src/setup/vdirsyncer.txt");
        Self {
            folder: folder.to_owned(),
            packages: &VDIRSYNCER,
            constraints: (constraints, VDIRSYNCER_BRINGS),
            options: &[],
        }
    }

    /// True when it was made, wholly, from these very pins, at this very place.
    pub(super) fn is_ready(&self) -> bool {
        self.python().is_file()
            && fs::read_to_string(self.folder.join(STAMP)).is_ok_and(|stamp| stamp == self.stamp())
    }

    /// Makes it, over what is left of an older one; `wheels` go in besides the packages.
    pub(super) fn install(&self, wheels: &[PathBuf]) -> Result<(), Failure> {
        println!("setup: making {} with", self.folder.display());
        for package in self.packages {
            println!("  {:<30} {}", package.pin, package.why);
        }
        let mut venv = Command::new(SYSTEM_PYTHON);
        venv.args(["-m", "venv", "--clear"]).arg(&self.folder);
        process::run(venv)?;
        let mut pip = Command::new(self.python());
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            .args(self.options)
            .arg("--constraint")
            .arg(&self.constraints.0)
            .args(wheels)
            .args(self.packages.iter().map(|package| package.pin));
        process::run(pip).map_err(|failure| {
            failure.hint(
                "the package index (PyPI) must be reachable, and Python 3.10 or newer; then run this again",
            )
        })?;
        let stamp = self.folder.join(STAMP);
        fs::write(&stamp, self.stamp())
            .map_err(|error| Failure::new(format!("{} cannot be written: {error}", stamp.display())))
    }

    /// Its Python.
    pub(super) fn python(&self) -> PathBuf {
        self.program("python")
    }

    /// A program in it.
    pub(super) fn program(&self, name: &str) -> PathBuf {
        let programs = self.folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        programs.join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
    }

    /// All that it depends on. The folder is part of it, since the programs in an environment name their
    /// interpreter by its full path and break when the folder is moved.
    fn stamp(&self) -> String {
        let pins = self.packages.iter().map(|package| package.pin).collect::<Vec<_>>().join("\n");
        format!("{}\n{pins}\n{}", self.folder.display(), self.constraints.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(folder: &str) -> Environment {
        Environment {
            folder: folder.into(),
            packages: &SERVERS,
            constraints: ("none".into(), SERVERS_BRING),
            options: &[],
        }
    }

    #[test]
    fn everything_is_pinned_to_one_version() {
        let brought = [SERVERS_BRING, CLIENTS_BRING, VDIRSYNCER_BRINGS].into_iter().flat_map(str::lines);
        let brought = brought.filter(|line| !line.starts_with('#'));
        for pin in SERVERS.iter().chain(&CLIENTS).chain(&VDIRSYNCER).map(|package| package.pin).chain(brought)
        {
            assert_eq!(pin.matches("==").count(), 1, "{pin}");
        }
    }

    #[test]
    fn a_moved_environment_is_not_ready() {
        assert_ne!(at("a/.venv").stamp(), at("b/.venv").stamp());
    }

    #[test]
    fn an_environment_that_was_never_made_is_not_ready() {
        assert!(!at("no/such/folder").is_ready());
    }
}
