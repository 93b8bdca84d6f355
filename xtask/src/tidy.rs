//! `tidy`: the rules of the repository that neither the compiler nor clippy can check.
//!
//! Every check is a pure function from text to [`Finding`]s, so that a test of it is a few lines long.

mod code;
mod files;
mod layers;
mod layout;
mod leftovers;
mod seams;
mod secrets;

use std::fmt;

use crate::process::Failure;
use crate::workspace::Workspace;

/// A place that breaks a rule.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
struct Finding {
    /// Path from the workspace's root, with `/`.
    path: String,
    /// Counted from 1.
    line: usize,
    /// What is there.
    what: String,
    /// Why it may not be, or what to do instead.
    why: &'static str,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}; {}", self.path, self.line, self.what, self.why)
    }
}

/// Runs every check over the whole repository.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut findings = layers::check(&layers::declared(workspace)?);
    let files = files::read(workspace.root())?;
    for file in &files {
        findings.extend(layout::machine_paths(file, workspace.root()));
        if file.is_rust() {
            let code = code::Code::of(file);
            findings.extend(layout::length(file));
            findings.extend(seams::check(&code));
            findings.extend(leftovers::check(&code));
            findings.extend(secrets::check(&code));
        }
    }
    findings.sort();
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            println!("tidy: {} files, nothing to complain of", files.len());
            Ok(())
        }
        count => Err(Failure::new(format!("tidy: {count} findings"))),
    }
}
