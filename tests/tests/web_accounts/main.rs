//! Accounts that sign in with a browser, end to end: the real program against the simulators.

mod google;
mod microsoft;
mod mixed;

use serde_json::{Value, json};
use starmesh_tests::Failure;
use starmesh_tests::world::at;

fn by_hand(error: impl std::fmt::Display) -> Failure {
    Failure::new(error.to_string())
}

/// A time of day in UTC, some days from now.
fn instant(days: u64, hour: u32) -> String {
    at(days, hour).format("%Y-%m-%dT%H:%M:%S").to_string()
}

/// An hour, as Google writes it.
fn google_event(days: u64, hour: u32, summary: &str) -> Value {
    let at = |hour| json!({ "dateTime": format!("{}Z", instant(days, hour)) });
    json!({ "summary": summary, "start": at(hour), "end": at(hour + 1) })
}

/// An hour, as Microsoft writes it.
fn microsoft_event(days: u64, hour: u32, subject: &str) -> Value {
    let at = |hour| json!({ "dateTime": instant(days, hour), "timeZone": "UTC" });
    json!({ "subject": subject, "start": at(hour), "end": at(hour + 1), "showAs": "busy" })
}
