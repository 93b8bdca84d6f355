//! Budgets, and what goes wrong.

use serde::{Deserialize, Serialize};

/// Budgets. A minute is a sliding one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct ThrottleSwitches {
    /// Requests a minute of one person; `None` sets no limit. GMX grants one in two seconds, OX 300.
    pub per_minute: Option<usize>,
    /// 429 or 503.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whether `Retry-After` is a date.
    pub as_date: bool,
    /// How long everything is refused once the budget is spent, in seconds; longer than what `Retry-After`
    /// says at iCloud.
    pub pause_s: i64,
}

impl Default for ThrottleSwitches {
    fn default() -> Self {
        Self { per_minute: None, status: 429, retry_after_s: Some(5), as_date: false, pause_s: 5 }
    }
}

/// Faults by chance, each in a thousand requests.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// 429 with `Retry-After`.
    pub too_many: u32,
    /// 503 with `Retry-After`.
    pub busy: u32,
    /// 503 without.
    pub unavailable: u32,
    /// 500 with an empty body.
    pub error: u32,
    /// 502 with HTML.
    pub html: u32,
    /// 200 with a page to log in.
    pub login_page: u32,
    /// 401 for good credentials (iCloud now and then).
    pub unauthorized: u32,
    /// 404 for what is there.
    pub not_found: u32,
    /// The connection is cut before anything is done.
    pub cut_before: u32,
    /// The connection is cut after the work is done: the acknowledgement is lost.
    pub cut_after: u32,
    /// The body ends in the middle.
    pub torn_body: u32,
    /// Any token is dead.
    pub dead_token: u32,
}

/// A fault on demand.
pub type Scripted = crate::web::Scripted<Fault>;

/// What happens to a request in place of, or after, its work.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A status with this body, nothing done.
    Status {
        /// HTTP status.
        status: u16,
        /// The body; HTML where it begins with `<!` or `<html`, else plain text.
        #[serde(default)]
        body: String,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// The connection is cut before anything is done.
    CutBefore,
    /// The connection is cut after the work is done.
    CutAfter,
    /// The body ends in the middle.
    TornBody,
    /// The token of a report is dead.
    DeadToken,
}

impl Fault {
    /// Its name among the counts of what was met.
    pub(in super::super) fn name(&self) -> &'static str {
        match self {
            Self::Status { status: 401, .. } => "fault.unauthorized",
            Self::Status { status: 404, .. } => "fault.not_found",
            Self::Status { status: 429, .. } => "fault.too_many",
            Self::Status { status: 503, retry_after_s: Some(_), .. } => "fault.busy",
            Self::Status { status: 200..=299, .. } => "fault.login_page",
            Self::Status { status, body, .. } if *status >= 500 && !body.is_empty() => "fault.html",
            Self::Status { status, .. } if *status >= 500 => "fault.error",
            Self::Status { .. } => "fault.other",
            Self::CutBefore => "fault.cut_before",
            Self::CutAfter => "fault.cut_after",
            Self::TornBody => "fault.torn_body",
            Self::DeadToken => "fault.dead_token",
        }
    }
}
