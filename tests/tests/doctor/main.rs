//! What `starmesh doctor` finds out with the real program, and what goes from one computer to another in a file of
//! settings.

mod bundle;
mod healthy;
mod neighbours;
mod service;
mod settings;
mod troubles;

use serde_json::Value;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::{Failure, Outcome};

/// What the doctor says, whose exit code tells whether a check failed.
async fn examine(app: &Starmesh, args: &[&str]) -> Outcome<Value> {
    let ended = app.run(&[&["--json", "doctor"], args].concat()).await?;
    read(&ended.stdout, ended.code)
}

fn read(text: &str, code: i32) -> Outcome<Value> {
    let report: Value = serde_json::from_str(text)?;
    let wanted = i32::from(report["verdict"] == "failed");
    if code != wanted {
        return Err(Failure::new(format!("exit code {code} instead of {wanted} for {report}")));
    }
    Ok(report)
}

/// All findings of one check.
fn findings<'a>(report: &'a Value, check: &str) -> Vec<&'a Value> {
    report["findings"].as_array().into_iter().flatten().filter(|found| found["check"] == check).collect()
}

/// The verdicts of one check, in order.
fn verdicts<'a>(report: &'a Value, check: &str) -> Vec<&'a str> {
    findings(report, check).into_iter().filter_map(|found| found["verdict"].as_str()).collect()
}

/// Everything that is neither good nor a note.
fn bad(report: &Value) -> Vec<&Value> {
    let all = report["findings"].as_array().into_iter().flatten();
    all.filter(|found| found["verdict"] == "warning" || found["verdict"] == "failed").collect()
}
