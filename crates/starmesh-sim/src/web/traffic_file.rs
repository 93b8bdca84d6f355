//! All traffic on disk, for the judge in `tests/judge`.
//!
//! The environment switches it on, and not an option, so that no test can forget to be judged: whoever has
//! a simulator, in whichever program, is recorded. What is recorded changes nothing that a simulator does.
//!
//! A file begins with a line about the program, `{"program": "…"}`; each further line is an [`Exchange`].

use std::env;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::json;
use starmesh_provider::env::variable;

use super::traffic::Exchange;

/// Names the folder into which every simulator writes its traffic, one file for each ledger.
pub const TRAFFIC_FOLDER: &str = "STARMESH_TRAFFIC_DIR";

/// The folder, if the environment names one.
pub(super) fn folder() -> Option<&'static Path> {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    FOLDER.get_or_init(|| variable(TRAFFIC_FOLDER).map(PathBuf::from)).as_deref()
}

/// The record of one ledger.
pub(super) struct TrafficFile {
    path: PathBuf,
    file: File,
}

impl TrafficFile {
    /// A new file in `folder`, named for this program.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub(super) fn create(folder: &Path) -> Self {
        let words = command_line();
        let stem = words.first().map_or("unknown", String::as_str);
        let (path, file) = fresh(folder, stem)
            .unwrap_or_else(|error| panic!("{TRAFFIC_FOLDER}: no file in {}: {error}", folder.display()));
        let mut record = Self { path, file };
        record.line(&json!({ "program": words.join(" ") }).to_string());
        record
    }

    /// Writes an exchange.
    ///
    /// # Panics
    ///
    /// When it cannot be written.
    pub(super) fn append(&mut self, exchange: &Exchange) {
        match serde_json::to_string(exchange) {
            Ok(text) => self.line(&text),
            Err(error) => panic!("{TRAFFIC_FOLDER}: an exchange has no JSON form: {error}"),
        }
    }

    /// One write for each line, so that a program that is killed leaves whole lines.
    fn line(&mut self, text: &str) {
        let written = self.file.write_all(format!("{text}\n").as_bytes());
        written.unwrap_or_else(|error| panic!("{TRAFFIC_FOLDER}: {}: {error}", self.path.display()));
    }
}

/// The command line, the program by its bare name.
fn command_line() -> Vec<String> {
    let mut words: Vec<String> = env::args_os().map(|word| word.to_string_lossy().into_owned()).collect();
    if let Some(program) = words.first_mut() {
        *program = Path::new(program.as_str())
            .file_stem()
            .map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    }
    words
}

/// A file that was not there: process ids come again, so a name that is taken is passed over.
fn fresh(folder: &Path, stem: &str) -> io::Result<(PathBuf, File)> {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    fs::create_dir_all(folder)?;
    loop {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{stem}-{}-{number}.jsonl", process::id()));
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made.map(|file| (path, file)),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn two_records_have_two_files_that_begin_with_the_program() {
        let folder = env::temp_dir().join(format!("starmesh-traffic-{}", process::id()));
        let exchange = Exchange {
            at: DateTime::UNIX_EPOCH,
            provider: "google",
            in_batch: false,
            method: "GET".to_owned(),
            path: "/calendar/v3/colors".to_owned(),
            query: None,
            request_headers: Vec::new(),
            request_body: String::new(),
            status: 200,
            response_headers: Vec::new(),
            response_body: "{}\n".to_owned(),
        };
        let mut first = TrafficFile::create(&folder);
        let second = TrafficFile::create(&folder);
        first.append(&exchange);
        assert_ne!(first.path, second.path);
        let text = fs::read_to_string(&first.path).unwrap();
        fs::remove_dir_all(&folder).unwrap();
        let lines: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2);
        assert!(lines[0]["program"].as_str().unwrap().starts_with("starmesh_sim"));
        assert_eq!(lines[1]["path"], "/calendar/v3/colors");
    }
}
