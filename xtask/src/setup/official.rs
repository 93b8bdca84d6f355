//! The official descriptions of Google's and Microsoft's calendars, for the judge, and their official client
//! libraries. Nothing of it is ours to pass on, so it is fetched and never committed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::python::Environment;
use super::stamp::{failed, is_stamped, read, stamp};
use crate::npm;
use crate::process::{self, Failure};
use crate::workspace::Workspace;

/// Where it all goes, JavaScript aside.
const FOLDER: &str = ".official";

/// The wheels, pinned and with their hashes.
const DESCRIPTIONS: &str = include_str!("descriptions.txt");

/// Where npm looks for what a script imports: beside the script.
const SCRIPTS: &str = "tests/clients";

/// What the JavaScript libraries bring with them is not pinned one by one: it is what there was on this day.
const PUBLISHED_BEFORE: &str = "2026-11-20";

/// The folder of the descriptions.
pub(crate) fn descriptions(workspace: &Workspace) -> PathBuf {
    workspace.root().join(FOLDER)
}

/// Fetches what is missing; true when something was. `servers` has the Python that fetches.
pub(super) fn install(workspace: &Workspace, servers: &Environment) -> Result<bool, Failure> {
    let folder = descriptions(workspace);
    let mut installed = false;
    if !is_stamped(&folder, DESCRIPTIONS) {
        println!("setup: fetching the official descriptions into {}", folder.display());
        fetch_descriptions(workspace, servers, &folder)?;
        installed = true;
    }
    let python = Environment::of_clients(workspace, &folder.join("python"));
    if !python.is_ready() {
        python.install(&wheels(&folder)?)?;
        installed = true;
    }
    let scripts = workspace.root().join(SCRIPTS);
    let wanted = read(&scripts.join("package.json"))? + PUBLISHED_BEFORE;
    let modules = scripts.join("node_modules");
    if !is_stamped(&modules, &wanted) {
        println!("setup: installing the official JavaScript libraries into {}", modules.display());
        libraries(&scripts)?;
        stamp(&modules, &wanted)?;
        installed = true;
    }
    Ok(installed)
}

fn fetch_descriptions(workspace: &Workspace, servers: &Environment, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    // Another version's wheel would be a second description.
    for old in wheels(folder)? {
        fs::remove_file(&old).map_err(|error| failed(&old, &error))?;
    }
    let mut pip = Command::new(servers.python());
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"])
        .args(["--only-binary", ":all:", "--require-hashes", "--requirement"])
        .arg(workspace.root().join("xtask/src/setup/descriptions.txt"))
        .arg("--dest")
        .arg(folder);
    process::run(pip)
        .map_err(|failure| failure.hint("the package index (PyPI) must be reachable; then run this again"))?;
    stamp(folder, DESCRIPTIONS)
}

fn libraries(scripts: &Path) -> Result<(), Failure> {
    let mut npm = npm::command(scripts);
    npm.args(["install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]).args([
        "--loglevel",
        "error",
        "--before",
        PUBLISHED_BEFORE,
    ]);
    npm::fetch(npm)
}

fn wheels(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let mut wheels = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| failed(folder, &error))? {
        let path = entry.map_err(|error| failed(folder, &error))?.path();
        if path.extension().is_some_and(|ending| ending == "whl") {
            wheels.push(path);
        }
    }
    wheels.sort();
    Ok(wheels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_description_is_pinned_with_its_hash() {
        let lines: Vec<_> = DESCRIPTIONS.lines().filter(|line| !line.starts_with('#')).collect();
        assert_eq!(lines.len(), 2);
        for line in lines {
            assert!(line.contains("==") && line.contains(" --hash=sha256:"), "{line}");
        }
    }

    #[test]
    fn the_javascript_libraries_are_pinned_to_one_version() {
        let package = include_str!("../../../tests/clients/package.json");
        assert!(!package.contains('^') && !package.contains('~') && !package.contains('*'), "{package}");
    }
}
