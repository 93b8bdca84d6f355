//! What was installed is stamped with what was wanted, so that setup is instant when nothing is missing.

use std::fs;
use std::path::Path;

use super::python::STAMP;
use crate::process::Failure;

pub(super) fn is_stamped(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|stamp| stamp == wanted)
}

/// Written last, so that what was interrupted is done anew.
pub(super) fn stamp(folder: &Path, wanted: &str) -> Result<(), Failure> {
    fs::write(folder.join(STAMP), wanted).map_err(|error| failed(folder, &error))
}

pub(super) fn read(path: &Path) -> Result<String, Failure> {
    fs::read_to_string(path).map_err(|error| failed(path, &error))
}

pub(super) fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
