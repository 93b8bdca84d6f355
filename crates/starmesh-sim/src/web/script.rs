//! Faults on demand: which request each meets, and how often.

use http::Method;
use serde::{Deserialize, Serialize};

/// A fault on demand.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct Scripted<F> {
    /// The method it meets; `None` meets all.
    #[serde(default)]
    pub method: Option<String>,
    /// What the path must contain, percent-encoding undone.
    #[serde(default)]
    pub path: String,
    /// How many matching requests pass before.
    #[serde(default)]
    pub after: u32,
    /// How many are met; `None` meets all.
    #[serde(default)]
    pub times: Option<u32>,
    /// What happens.
    pub fault: F,
}

/// The first fault of `script` that meets a request, with the counters moved on; `path` has its
/// percent-encoding undone.
pub(crate) fn scripted<F: Clone>(script: &mut [Scripted<F>], method: &Method, path: &str) -> Option<F> {
    for entry in script {
        let is_method = entry.method.as_ref().is_none_or(|named| named == method.as_str());
        if !is_method || !path.contains(&entry.path) || entry.times == Some(0) {
            continue;
        }
        if entry.after > 0 {
            entry.after -= 1;
            continue;
        }
        entry.times = entry.times.map(|times| times - 1);
        return Some(entry.fault.clone());
    }
    None
}
