//! What is disputed about the real service, and what goes wrong with it by chance.
//!
//! Every field has the most likely truth as its default; the other reading is one switch away. Readable at
//! `GET /__switches`; `POST /__switches` takes an object with the fields to change.

use serde::{Deserialize, Serialize};

use crate::web::auth::AuthSwitches;

/// How long a refresh token lives, in seconds: 90 days.
const REFRESH_LIFE_S: i64 = 90 * 24 * 3_600;

/// The switches of a simulated Microsoft Graph.
#[derive(Clone, PartialEq, Serialize, Deserialize, Debug)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a truth of its own that is one or the other")]
pub struct Switches {
    /// Ids of events and calendars contain `/` and `+` instead of `_` and `-`.
    pub ids_with_slashes: bool,
    /// An immutable id is understood only by a request that asks for immutable ids.
    pub immutable_ids_need_header: bool,
    /// The detail object of an error is spelt `innererror`.
    pub inner_error_lowercase: bool,

    /// How an `If-Match` with an old change key is answered.
    pub stale_change_key: StaleChangeKey,
    /// `If-Match` is looked at on PATCH too, not on DELETE alone.
    pub if_match_on_patch: bool,
    /// Writes in a thousand after which the service itself touches the event, so that its change key is old
    /// at once.
    pub touch_after_write_per_mille: u32,

    /// How far the memory of transaction ids reaches.
    pub transaction_scope: TransactionScope,
    /// How a transaction id that was used for something else is answered: 400 or 409.
    pub transaction_conflict_status: u16,
    /// A transaction id stays used when its event is deleted.
    pub transaction_outlives_event: bool,
    /// For how many minutes after the creation a transaction id is remembered; `None` for ever.
    pub transaction_memory_minutes: Option<u32>,
    /// `$filter=transactionId eq '…'` is understood.
    pub filter_by_transaction_id: bool,

    /// What a whole day of another zone is in an answer.
    pub all_day_read: AllDayRead,
    /// Occurrences show the extended properties of their series.
    pub occurrences_inherit_extended: bool,
    /// How many named properties a mailbox takes before it answers 403 `ErrorQuotaExceeded`.
    pub named_properties_max: usize,
    /// The widest range of a `calendarView`, in days; `None` for no limit.
    pub view_range_days_max: Option<i64>,
    /// The largest page of a listing without `$expand`.
    pub page_max: usize,

    /// What a reader without right to private events sees of one in a list.
    pub private_in_list: PrivateInList,
    /// A delegate without right to private events may still make one.
    pub private_create_by_delegate: bool,

    /// Series masters are among the rows of a delta round.
    pub delta_masters: bool,
    /// Changes outside the window of a round appear as removals.
    pub delta_false_removals: bool,
    /// A deleted series is told by tombstones of its occurrences too, not by its own alone.
    pub delta_series_tombstones: bool,
    /// Tombstones say what type they were.
    pub delta_typed_tombstones: bool,
    /// Tombstones of the past appear in a first round.
    pub delta_tombstones_at_first: bool,
    /// The reason of `@removed` for an event that left the window is `changed`.
    pub delta_moved_out_is_changed: bool,
    /// Rows come in no order.
    pub delta_unordered: bool,
    /// The rows of one series stay on one page, however small a page was asked for.
    pub delta_series_overflow: bool,
    /// A series with more rows than a page repeats that page for ever.
    pub delta_endless: bool,
    /// Empty pages before the last one of a round.
    pub delta_empty_pages: u32,
    /// Rows in a thousand that come twice in one round.
    pub delta_duplicates_per_mille: u32,
    /// Rows of old changes, in a thousand, that come again in a later round.
    pub delta_replays_per_mille: u32,
    /// Tombstones in a thousand that are never told.
    pub delta_lost_tombstones_per_mille: u32,
    /// How a token that fell out of the memory is answered.
    pub delta_dead_token: DeadToken,
    /// How many delta tokens a mailbox remembers; older ones are dead.
    pub delta_tokens_kept: usize,
    /// Links name the function `microsoft.graph.delta` instead of `delta`.
    pub delta_qualified_links: bool,
    /// How a delta request with `$expand`, `$filter` and the like is answered.
    pub delta_options: DeltaOptions,
    /// Delta on another person's mailbox fails with 403 from its second page on.
    pub delta_delegated_forbidden: bool,
    /// Personal accounts have delta on calendars other than the default one.
    pub delta_personal_calendars: bool,
    /// `events/delta` is there in v1.0.
    pub events_delta: bool,
    /// For so long a change is not told by delta, in milliseconds.
    pub delta_lag_ms: u32,
    /// For so long a new event is missing from listings, in milliseconds.
    pub list_lag_ms: u32,

    /// A second subscription to the same is refused with 409.
    pub subscription_duplicates_refused: bool,
    /// An expiry beyond the longest life is refused instead of shortened.
    pub subscription_overlong_refused: bool,
    /// The longest life of a subscription, in minutes.
    pub subscription_minutes_max: i64,
    /// Personal accounts can subscribe.
    pub subscription_personal: bool,
    /// `calendars/{id}/events` can be subscribed to.
    pub subscription_by_calendar: bool,
    /// Basic subscriptions pause when their token expires, until they are reauthorised.
    pub subscription_needs_reauthorization: bool,
    /// The status of a good `reauthorize`.
    pub reauthorize_status: u16,
    /// An answer to a notification is late beyond so many seconds.
    pub notification_slow_s: u32,
    /// The shortest and the longest way of a notification, in milliseconds.
    pub notification_latency_ms: (u32, u32),
    /// How many `updated` follow each change besides the first notification.
    pub notification_echoes: u32,
    /// Notifications in a thousand that come twice.
    pub notification_duplicates_per_mille: u32,
    /// Notifications in a thousand that are lost without a word.
    pub notification_lost_per_mille: u32,
    /// Losses in a thousand that are owned up to by a `missed` lifecycle notification.
    pub notification_missed_per_mille: u32,
    /// Notifications of one moment travel in any order.
    pub notification_unordered: bool,
    /// How many items one POST to a web hook may carry.
    pub notification_batch_max: usize,

    /// Requests to one mailbox by one app that may be under way at once.
    pub throttle_concurrent: usize,
    /// Requests to one mailbox by one app in ten minutes.
    pub throttle_requests: usize,
    /// Bytes uploaded to one mailbox by one app in five minutes.
    pub throttle_upload_bytes: usize,
    /// Requests of one app in ten seconds, over all mailboxes.
    pub throttle_global: usize,
    /// The status of a refusal for too many requests at once: 429 or 503.
    pub throttle_concurrent_status: u16,
    /// How `Retry-After` is written.
    pub retry_after: RetryAfter,
    /// A batch takes absolute URLs of its own service, and paths with the version in front, as Microsoft's
    /// libraries for Python and JavaScript send them, though the documents ask for relative ones.
    pub batch_absolute_urls: bool,
    /// A batch sends all its parts to the mailbox at once, not four at a time.
    pub batch_all_at_once: bool,
    /// How long the service works on a request, in milliseconds of the runtime's time.
    pub service_ms: u32,
    /// Requests in a thousand that meet a fault drawn at random.
    pub chaos_per_mille: u32,

    /// Sign-in.
    pub auth: AuthSwitches,
    /// Granted scopes are named with the resource in front.
    pub scopes_qualified: bool,
    /// The path that loopback redirect addresses are registered with; ports do not matter.
    pub redirect_path: String,
    /// The application is registered for one organisation, and `common` refuses it.
    pub single_tenant_app: bool,
    /// Whether organisations demand that an administrator consents.
    pub admin_consent: AdminConsent,
    /// The token endpoint refuses with this AADSTS number.
    pub token_aadsts: Option<u32>,
}

/// Whether organisations demand that an administrator consents.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum AdminConsent {
    /// People consent for themselves.
    NotNeeded,
    /// Sign-in ends with AADSTS65001.
    Needed,
    /// Sign-in ends with AADSTS90094.
    NeededByPolicy,
}

/// How an old change key is answered.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum StaleChangeKey {
    /// 412 `ErrorIrresolvableConflict`.
    PreconditionFailed,
    /// 409 with the same code.
    Conflict,
}

/// How far the memory of transaction ids reaches.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum TransactionScope {
    /// One memory for a mailbox.
    Mailbox,
    /// One for each calendar.
    Calendar,
}

/// What a whole day is in an answer in another zone.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum AllDayRead {
    /// The dates stay: midnights in any zone.
    DatesKept,
    /// The instants stay: midnights become other times of day.
    InstantsKept,
}

/// What a reader without right to private events sees of one in a list.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum PrivateInList {
    /// Its times, and that it is private.
    Bare,
    /// Nothing.
    Hidden,
    /// The whole list fails with 404 as soon as it holds one.
    Fails,
}

/// How a dead delta token is answered.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DeadToken {
    /// 410 `SyncStateNotFound` with a `Location`.
    Gone,
    /// 410 `resyncRequired`.
    GoneResync,
    /// 404 `syncStateNotFound`.
    NotFound,
    /// 400 `InvalidDeltaToken`.
    Invalid,
}

/// How a delta request with options it does not support is answered.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum DeltaOptions {
    /// 400: parsing failed.
    Refused,
    /// 500 `InternalServerError`.
    Crash,
    /// As if they were not there.
    Ignored,
}

/// How `Retry-After` is written.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Whole seconds.
    Seconds,
    /// Seconds with a fraction.
    Fraction,
    /// An HTTP date.
    Date,
    /// Not at all.
    Missing,
}

impl Default for Switches {
    #[expect(clippy::too_many_lines, reason = "a line for each switch")]
    fn default() -> Self {
        Self {
            ids_with_slashes: false,
            immutable_ids_need_header: false,
            inner_error_lowercase: false,
            stale_change_key: StaleChangeKey::PreconditionFailed,
            if_match_on_patch: true,
            touch_after_write_per_mille: 0,
            transaction_scope: TransactionScope::Mailbox,
            transaction_conflict_status: 400,
            transaction_outlives_event: true,
            transaction_memory_minutes: None,
            filter_by_transaction_id: false,
            all_day_read: AllDayRead::DatesKept,
            occurrences_inherit_extended: true,
            named_properties_max: 16_384,
            view_range_days_max: Some(1_825),
            page_max: 1_000,
            private_in_list: PrivateInList::Bare,
            private_create_by_delegate: true,
            delta_masters: true,
            delta_false_removals: true,
            delta_series_tombstones: false,
            delta_typed_tombstones: false,
            delta_tombstones_at_first: false,
            delta_moved_out_is_changed: false,
            delta_unordered: true,
            delta_series_overflow: true,
            delta_endless: false,
            delta_empty_pages: 0,
            delta_duplicates_per_mille: 0,
            delta_replays_per_mille: 0,
            delta_lost_tombstones_per_mille: 0,
            delta_dead_token: DeadToken::Gone,
            delta_tokens_kept: 1_000,
            delta_qualified_links: false,
            delta_options: DeltaOptions::Refused,
            delta_delegated_forbidden: true,
            delta_personal_calendars: true,
            events_delta: false,
            delta_lag_ms: 0,
            list_lag_ms: 0,
            subscription_duplicates_refused: true,
            subscription_overlong_refused: false,
            subscription_minutes_max: 10_080,
            subscription_personal: true,
            subscription_by_calendar: true,
            subscription_needs_reauthorization: false,
            reauthorize_status: 202,
            notification_slow_s: 3,
            notification_latency_ms: (1_000, 60_000),
            notification_echoes: 1,
            notification_duplicates_per_mille: 0,
            notification_lost_per_mille: 0,
            notification_missed_per_mille: 0,
            notification_unordered: true,
            notification_batch_max: 20,
            throttle_concurrent: 4,
            throttle_requests: 10_000,
            throttle_upload_bytes: 150 * 1024 * 1024,
            throttle_global: 130_000,
            throttle_concurrent_status: 429,
            retry_after: RetryAfter::Seconds,
            batch_absolute_urls: true,
            batch_all_at_once: false,
            service_ms: 0,
            chaos_per_mille: 0,
            auth: AuthSwitches { refresh_life_s: Some(REFRESH_LIFE_S), ..AuthSwitches::default() },
            scopes_qualified: false,
            redirect_path: "/".into(),
            single_tenant_app: false,
            admin_consent: AdminConsent::NotNeeded,
            token_aadsts: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::web::control::changed;

    #[test]
    fn a_change_leaves_the_other_switches_and_an_unknown_one_is_refused() {
        let change = |value: serde_json::Value| changed(&Switches::default(), &value);
        let after = change(json!({"delta_dead_token": "invalid", "delta_endless": true})).unwrap();
        assert_eq!(after.delta_dead_token, DeadToken::Invalid);
        assert_eq!(
            Switches { delta_dead_token: DeadToken::Gone, delta_endless: false, ..after },
            Switches::default()
        );
        assert!(change(json!({"delta_endles": true})).is_err());
    }
}
