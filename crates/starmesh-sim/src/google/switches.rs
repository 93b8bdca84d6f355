//! What a test changes about the simulated service while it runs. The defaults are the most likely truth
//! and no trouble; each disputed truth is a switch.

use serde::{Deserialize, Serialize};

use crate::web::HookPlan;
use crate::web::auth::AuthSwitches;

/// All switches; also at `GET` and `POST /__switches`.
#[expect(clippy::struct_excessive_bools, reason = "each switch is on or off by itself")]
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// Sign-in.
    pub auth: AuthSwitches,
    /// What a sync token remembers of timeMin and timeMax.
    pub token_window: TokenWindow,
    /// With [`TokenWindow::Kept`]: how an event is told that left the window.
    pub left_window: LeftWindow,
    /// What is told of the former dates of a series whose times changed.
    pub retimed: Retimed,
    /// How much a cancelled event still says.
    pub tombstones: Tombstones,
    /// How long cancelled events are listed, in seconds.
    pub tombstone_life_s: i64,
    /// Of a thousand cancelled events a token has seen, how many a delta repeats.
    pub repeat_tombstones_per_mille: u32,
    /// The most instances of an open-ended series.
    pub instances_max: usize,
    /// How several constraints on extended properties combine.
    pub properties: PropertyFilter,
    /// What importing an iCalUID again does.
    pub reimport: Reimport,
    /// What happens to a create with an id that exists.
    pub collision: Collision,
    /// Whether an update may bring a deleted event back.
    pub undelete: Undelete,
    /// What happens to extended properties that are too long.
    pub long_properties: LongProperties,
    /// Whether a writer without private access may change private events.
    pub private_writes_without_access: bool,
    /// Whether a list ordered by start time ends without a sync token.
    pub no_token_when_ordered: bool,
    /// Lists end without a sync token, always.
    pub omit_sync_token: bool,
    /// Life of a sync token, in seconds; `None` lets it live.
    pub sync_token_life_s: Option<i64>,
    /// Whether a change of rights ends a calendar's sync tokens.
    pub rights_change_ends_tokens: bool,
    /// Whether a 410 for a sync token says `fullSyncRequired`.
    pub gone_has_reason: bool,
    /// How far back `updatedMin` may lie, in seconds.
    pub updated_min_reach_s: i64,
    /// How long lists lag behind writes, in milliseconds.
    pub list_lag_ms: i64,
    /// Whether unknown query parameters are refused.
    pub strict_query: bool,
    /// Whether errors carry `status` and `details` besides the classic fields.
    pub error_details: bool,
    /// The most parts of a batch: 50 in older texts, 1000 in today's.
    pub batch_max: usize,
    /// Whether a batch answers its parts in another order.
    pub batch_shuffled: bool,
    /// Whether the second write to one event in one batch is answered 409 `conflict`.
    pub batch_conflicts: bool,
    /// Push.
    pub push: PushSwitches,
    /// Budgets.
    pub quota: QuotaSwitches,
    /// How long the service works on each part of a batch, in milliseconds of the runtime's time. What a caller
    /// who goes away meanwhile has not waited for is never done.
    pub service_ms: u32,
    /// Faults by chance.
    pub faults: FaultPlan,
    /// Faults on demand, each spent as it says.
    pub scripted: Vec<Scripted>,
}

impl Default for Switches {
    fn default() -> Self {
        /// Thirty days.
        const MONTH_S: i64 = 30 * 86_400;
        Self {
            auth: AuthSwitches::default(),
            token_window: TokenWindow::Ignored,
            left_window: LeftWindow::Cancelled,
            retimed: Retimed::Cancelled,
            tombstones: Tombstones::Bare,
            tombstone_life_s: MONTH_S,
            repeat_tombstones_per_mille: 0,
            instances_max: 730,
            properties: PropertyFilter::All,
            reimport: Reimport::Upserts,
            collision: Collision::Detected,
            undelete: Undelete::Allowed,
            long_properties: LongProperties::Trimmed,
            private_writes_without_access: true,
            no_token_when_ordered: true,
            omit_sync_token: false,
            sync_token_life_s: None,
            rights_change_ends_tokens: true,
            gone_has_reason: true,
            updated_min_reach_s: MONTH_S,
            list_lag_ms: 0,
            service_ms: 0,
            strict_query: true,
            error_details: false,
            batch_max: 1_000,
            batch_shuffled: false,
            batch_conflicts: false,
            push: PushSwitches::default(),
            quota: QuotaSwitches::default(),
            faults: FaultPlan::default(),
            scripted: Vec::new(),
        }
    }
}

/// What a sync token remembers of timeMin and timeMax. Disputed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum TokenWindow {
    /// Nothing: a delta reaches everywhere.
    Ignored,
    /// Both: a delta stays inside.
    Kept,
}

/// How a delta that stays in its window tells of an event that left it. Unknown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum LeftWindow {
    /// As a cancelled row.
    Cancelled,
    /// As it is now.
    Whole,
}

/// What a delta of instances tells of dates that a series no longer has. Unknown.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Retimed {
    /// Each as a cancelled row.
    Cancelled,
    /// Nothing.
    Silent,
}

/// How much a cancelled event says.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Tombstones {
    /// The id, and for an instance its series and original start.
    Bare,
    /// What it said while it lived.
    Whole,
}

/// How several constraints on extended properties combine. The two documents disagree.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum PropertyFilter {
    /// Every one must match.
    All,
    /// One match is enough.
    Any,
}

/// What importing an iCalUID again does. Reports disagree.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Reimport {
    /// It changes the event.
    Upserts,
    /// 409 `duplicate`.
    Refuses,
}

/// What happens to a create with an id that exists, deleted ones included.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Collision {
    /// 409 `duplicate`.
    Detected,
    /// A success is answered, and what was there stays: the documents do not promise detection.
    Unnoticed,
    /// A success is answered that tells of what was there, and is there still.
    Told,
}

/// Whether an update may bring a deleted event back.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Undelete {
    /// With `status: confirmed` it lives again.
    Allowed,
    /// 403 `forbidden`.
    Refused,
}

/// What happens to extended properties beyond the limits.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum LongProperties {
    /// Long keys are dropped, long values cut, without a word.
    Trimmed,
    /// 400.
    Refused,
}

/// Push.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct PushSwitches {
    /// Whether the sync message arrives before the answer to the watch request.
    pub sync_before_answer: bool,
    /// Life of a channel that asks for none, and the most one can get, in seconds.
    pub ttl_max_s: i64,
    /// The widest gap between two message numbers.
    pub number_gap_max: u64,
    /// Whether messages are sent at all; silence is a fault of its own.
    pub silent: bool,
    /// What goes wrong on the way.
    pub plan: HookPlan,
}

impl Default for PushSwitches {
    fn default() -> Self {
        Self {
            sync_before_answer: false,
            ttl_max_s: 604_800,
            number_gap_max: 40,
            silent: false,
            plan: HookPlan::default(),
        }
    }
}

/// Budgets. A minute is a sliding one.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct QuotaSwitches {
    /// Requests a minute of one user in one project.
    pub user_per_minute: usize,
    /// Requests a minute of one project.
    pub project_per_minute: usize,
    /// Writes a minute on one calendar (an operational limit); `None` sets none.
    pub calendar_writes_per_minute: Option<usize>,
    /// How a spent budget is told.
    pub refusal: QuotaRefusal,
    /// `Retry-After` of such an answer, in seconds.
    pub retry_after_s: Option<u64>,
    /// Events one user may create in `use_window_s`.
    pub events_created_max: usize,
    /// Calendars one user may create in `use_window_s`.
    pub calendars_created_max: usize,
    /// The time over which creations count, in seconds.
    pub use_window_s: i64,
    /// How long a user's writes are refused after that, in seconds.
    pub use_pause_s: i64,
}

impl Default for QuotaSwitches {
    fn default() -> Self {
        Self {
            user_per_minute: 600,
            project_per_minute: 10_000,
            calendar_writes_per_minute: None,
            refusal: QuotaRefusal::Forbidden,
            retry_after_s: None,
            events_created_max: 100_000,
            calendars_created_max: 60,
            use_window_s: 30 * 86_400,
            use_pause_s: 6 * 3_600,
        }
    }
}

/// How a spent budget is told.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum QuotaRefusal {
    /// 403 `userRateLimitExceeded` or `rateLimitExceeded`.
    Forbidden,
    /// 429 `rateLimitExceeded`.
    TooManyRequests,
}

/// Faults by chance, each in a thousand requests.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
pub struct FaultPlan {
    /// 403 `userRateLimitExceeded`.
    pub user_rate: u32,
    /// 403 `rateLimitExceeded`.
    pub rate: u32,
    /// 429 `rateLimitExceeded`.
    pub too_many: u32,
    /// 500 `backendError`.
    pub backend: u32,
    /// 503 `backendError`.
    pub unavailable: u32,
    /// 502 with HTML.
    pub html: u32,
    /// The connection is cut before anything is done.
    pub cut_before: u32,
    /// The connection is cut after the work is done: the acknowledgement is lost.
    pub cut_after: u32,
    /// The body comes slowly, over `slow_ms`.
    pub slow: u32,
    /// How long a slow body takes, in milliseconds.
    pub slow_ms: u64,
    /// 410 for a sync or page token, at any page.
    pub dead_token: u32,
    /// A page with fewer rows than it could have.
    pub short_page: u32,
    /// A page with none.
    pub empty_page: u32,
}

/// A fault on demand.
pub type Scripted = crate::web::Scripted<Fault>;

/// What happens to a request in place of, or after, its work.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// An error of the API, nothing done.
    Error {
        /// HTTP status.
        status: u16,
        /// The machine-readable reason.
        reason: String,
        /// `Retry-After`, in seconds.
        #[serde(default)]
        retry_after_s: Option<u64>,
    },
    /// Another body, nothing done: HTML, or none.
    Body {
        /// HTTP status.
        status: u16,
        /// The body, sent as HTML.
        html: String,
    },
    /// The connection is cut before anything is done.
    CutBefore,
    /// The connection is cut after the work is done.
    CutAfter,
    /// The body comes slowly.
    Slow {
        /// How long it takes, in milliseconds.
        ms: u64,
    },
}

impl Fault {
    /// Its name among the counts of what was met.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Error { status: 403, .. } => "fault.error_403",
            Self::Error { status: 429, .. } => "fault.error_429",
            Self::Error { status: 410, .. } => "fault.error_410",
            Self::Error { status, .. } if *status >= 500 => "fault.error_5xx",
            Self::Error { .. } => "fault.error_other",
            Self::Body { .. } => "fault.body",
            Self::CutBefore => "fault.cut_before",
            Self::CutAfter => "fault.cut_after",
            Self::Slow { .. } => "fault.slow",
        }
    }
}
