//! The second opinions, in Python and behind a pipe: python-dateutil for rules (`python/expand.py`),
//! recurring-ical-events for whole series (`python/expand_sets.py`).

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// See `expand.py` for what the fields mean.
#[derive(Serialize)]
pub(crate) struct Question {
    pub(crate) anchor: String,
    pub(crate) start: String,
    pub(crate) rules: Vec<String>,
    pub(crate) count: Option<u32>,
    pub(crate) zone: Option<&'static str>,
    pub(crate) until_wall: Option<String>,
    pub(crate) until_utc: Option<String>,
    pub(crate) lo: String,
    pub(crate) hi: String,
}

/// What dateutil says.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Answer {
    Dates { instants: Vec<String> },
    Refused { error: String },
}

/// Asks one interpreter with one of our scripts.
pub(crate) fn ask<Q: Serialize + Sync, A: DeserializeOwned>(script: &str, questions: &[Q]) -> Vec<A> {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
    let python = python();
    let mut child = Command::new(&python)
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{} does not start ({error}); `cargo xtask setup` installs it", python.display())
        });
    let mut input = child.stdin.take().unwrap();
    let output = child.stdout.take().unwrap();
    let answers = std::thread::scope(|scope| {
        scope.spawn(move || {
            for question in questions {
                let line = serde_json::to_string(question).unwrap();
                writeln!(input, "{line}").unwrap();
            }
        });
        BufReader::new(output).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    });
    assert!(child.wait().unwrap().success(), "{} failed", script.display());
    answers
}

/// The interpreter that has both packages.
#[expect(
    clippy::disallowed_methods,
    reason = "a test binary has no main.rs in which to read the environment"
)]
fn python() -> PathBuf {
    match std::env::var("STARMESH_PYTHON") {
        Ok(path) => path.into(),
        Err(_) => PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../.venv/bin/python"),
    }
}
