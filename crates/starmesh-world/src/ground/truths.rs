//! How a seed draws the switches of the simulated services: what is disputed, one way or the other, and what
//! goes wrong at the services themselves.

use starmesh_sim::caldav::{
    AfterPut, Challenge, DeadToken as DavDeadToken, EtagSource, FaultPlan as DavFaults, MissingParent,
    Privileges, ReadOnlyRefusal, Rewrite, SecondUid, Spelling, Switches as CaldavSwitches, SyncRefusal,
    ThrottleSwitches,
};
use starmesh_sim::dice::Dice;
use starmesh_sim::google::{
    Collision, FaultPlan, LeftWindow, QuotaRefusal, QuotaSwitches, Retimed, Switches as GoogleSwitches,
    TokenWindow, Tombstones, Undelete,
};
use starmesh_sim::microsoft::{
    AllDayRead, DeadToken, RetryAfter, StaleChangeKey, Switches as MicrosoftSwitches, TransactionScope,
};
use starmesh_sim::web::HookPlan;

use crate::layout::Service;

/// A day in seconds.
const DAY_S: i64 = 86_400;

/// The switches of every service.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Truths {
    /// Those of Google.
    pub(crate) google: GoogleSwitches,
    /// Those of Microsoft.
    pub(crate) microsoft: MicrosoftSwitches,
    /// Those of the CalDAV server.
    pub(crate) caldav: CaldavSwitches,
}

/// What of a seed bears on what may be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leeway {
    /// True when anything may go wrong at all.
    pub(crate) faults: bool,
    /// True when persons touch mirrors while they are written: a service that looks at no precondition would
    /// then let us write what we must not.
    pub(crate) touches: bool,
    /// True when one of two devices may sleep in the middle of a placement, for longer than a service remembers
    /// what the other one placed.
    pub(crate) sleeps_apart: bool,
}

impl Truths {
    /// Draws them.
    pub(crate) fn of(dice: &mut Dice, leeway: Leeway) -> Self {
        Self {
            google: google(dice, leeway),
            microsoft: microsoft(dice, leeway),
            caldav: caldav(dice, leeway),
        }
    }
}

impl Truths {
    /// Every switch that is not as it usually is, for a person.
    pub(crate) fn told(&self, services: &[Service]) -> Vec<String> {
        let mut told = Vec::new();
        if services.contains(&Service::Google) {
            told.extend(unusual("google", &self.google, &GoogleSwitches::default()));
        }
        if services.contains(&Service::Work) || services.contains(&Service::Personal) {
            told.extend(unusual("microsoft", &self.microsoft, &MicrosoftSwitches::default()));
        }
        if services.contains(&Service::Caldav) {
            told.extend(unusual("caldav", &self.caldav, &CaldavSwitches::default()));
        }
        told
    }
}

/// The fields of `switches` that differ from the `usual` ones.
fn unusual<T: serde::Serialize>(service: &str, switches: &T, usual: &T) -> Vec<String> {
    // Plain values always have a JSON form.
    let json = |switches: &T| serde_json::to_value(switches).unwrap_or_default();
    let (switches, usual) = (json(switches), json(usual));
    let fields = switches.as_object().into_iter().flatten();
    let changed = fields.filter(|(name, value)| usual.get(name.as_str()) != Some(value));
    changed.map(|(name, value)| format!("{service}.{name}: {value}")).collect()
}

/// One of several.
fn one<T: Clone>(dice: &mut Dice, usual: T, others: &[T]) -> T {
    if dice.chance(500) { usual } else { dice.pick(others).unwrap_or(usual) }
}

/// A rate per mille: none more often than not.
fn rate(dice: &mut Dice, on: bool, most: u64) -> u32 {
    let rate = u32::try_from(1 + dice.below(most)).unwrap_or(1);
    if dice.chance(350) && on { rate } else { 0 }
}

fn google(dice: &mut Dice, leeway: Leeway) -> GoogleSwitches {
    let mut it = GoogleSwitches::default();
    it.auth.access_life_s = one(dice, it.auth.access_life_s, &[400, 900]);
    it.token_window = one(dice, it.token_window, &[TokenWindow::Kept]);
    it.left_window = one(dice, it.left_window, &[LeftWindow::Whole]);
    it.retimed = one(dice, it.retimed, &[Retimed::Silent]);
    it.tombstones = one(dice, it.tombstones, &[Tombstones::Whole]);
    it.repeat_tombstones_per_mille = rate(dice, true, 600);
    it.instances_max = one(dice, it.instances_max, &[100, 365]);
    it.collision = one(dice, it.collision, &[Collision::Unnoticed]);
    it.undelete = one(dice, it.undelete, &[Undelete::Refused]);
    it.omit_sync_token = dice.chance(100);
    it.sync_token_life_s = one(dice, None, &[None, Some(600), Some(3_600), Some(2 * DAY_S)]);
    it.gone_has_reason = dice.chance(500);
    it.strict_query = dice.chance(700);
    it.error_details = dice.chance(500);
    it.batch_max = one(dice, it.batch_max, &[50]);
    it.batch_shuffled = dice.chance(500);
    it.batch_conflicts = dice.chance(300);
    it.service_ms = one(dice, 0, &[1, 10]);
    it.push.sync_before_answer = dice.chance(300);
    it.push.ttl_max_s = one(dice, it.push.ttl_max_s, &[3_600, DAY_S]);
    it.push.silent = dice.chance(50);
    it.push.plan = hooks(dice, leeway);
    it.quota.user_per_minute = one(dice, it.quota.user_per_minute, &[it.quota.user_per_minute, 200]);
    it.quota.refusal = one(dice, it.quota.refusal, &[QuotaRefusal::TooManyRequests]);
    it.quota.retry_after_s = one(dice, None, &[Some(7)]);
    let mut on = |most| rate(dice, leeway.faults, most);
    it.faults = FaultPlan {
        user_rate: on(20),
        rate: on(20),
        too_many: on(20),
        backend: on(40),
        unavailable: on(40),
        html: on(20),
        cut_before: on(20),
        cut_after: on(40),
        slow: on(40),
        slow_ms: 3_000,
        dead_token: on(40),
        short_page: on(400),
        empty_page: on(200),
    };
    it
}

fn hooks(dice: &mut Dice, leeway: Leeway) -> HookPlan {
    HookPlan {
        drop_per_mille: rate(dice, leeway.faults, 400),
        double_per_mille: rate(dice, leeway.faults, 400),
        overtake_per_mille: rate(dice, leeway.faults, 400),
        delay_ms_min: 0,
        delay_ms_max: one(dice, 1_000, &[0, 20_000]),
        overtaken_ms: 2_000,
    }
}

fn microsoft(dice: &mut Dice, leeway: Leeway) -> MicrosoftSwitches {
    let mut it = MicrosoftSwitches::default();
    identities(&mut it, dice, leeway);
    rounds(&mut it, dice, leeway);
    subscriptions(&mut it, dice, leeway);
    it.auth.access_life_s = one(dice, it.auth.access_life_s, &[400, 900]);
    it.scopes_qualified = dice.chance(500);
    it.throttle_requests = one(dice, it.throttle_requests, &[it.throttle_requests, 400]);
    it.throttle_concurrent_status = one(dice, 429, &[503]);
    let forms = [RetryAfter::Fraction, RetryAfter::Date, RetryAfter::Missing];
    it.retry_after = one(dice, RetryAfter::Seconds, &forms);
    it.batch_all_at_once = dice.chance(300);
    it.service_ms = one(dice, 0, &[1, 40]);
    it.chaos_per_mille = rate(dice, leeway.faults, 40);
    it
}

fn identities(it: &mut MicrosoftSwitches, dice: &mut Dice, leeway: Leeway) {
    it.ids_with_slashes = dice.chance(500);
    it.immutable_ids_need_header = dice.chance(500);
    it.inner_error_lowercase = dice.chance(500);
    it.stale_change_key = one(dice, it.stale_change_key, &[StaleChangeKey::Conflict]);
    it.if_match_on_patch = leeway.touches || dice.chance(800);
    it.touch_after_write_per_mille = rate(dice, true, 600);
    it.transaction_scope = one(dice, it.transaction_scope, &[TransactionScope::Calendar]);
    it.transaction_conflict_status = one(dice, 400, &[409]);
    it.transaction_outlives_event = dice.chance(500);
    let memory = one(dice, None, &[Some(60), Some(240)]);
    it.transaction_memory_minutes = memory.filter(|_| !leeway.sleeps_apart);
    it.filter_by_transaction_id = dice.chance(300);
    it.all_day_read = one(dice, it.all_day_read, &[AllDayRead::InstantsKept]);
    it.occurrences_inherit_extended = dice.chance(500);
    it.view_range_days_max = one(dice, it.view_range_days_max, &[None]);
    it.page_max = one(dice, it.page_max, &[2, 10]);
}

fn rounds(it: &mut MicrosoftSwitches, dice: &mut Dice, leeway: Leeway) {
    it.delta_masters = dice.chance(500);
    it.delta_false_removals = dice.chance(600);
    it.delta_series_tombstones = dice.chance(500);
    it.delta_typed_tombstones = dice.chance(500);
    it.delta_tombstones_at_first = dice.chance(300);
    it.delta_moved_out_is_changed = dice.chance(400);
    it.delta_unordered = dice.chance(500);
    it.delta_series_overflow = dice.chance(500);
    it.delta_endless = dice.chance(100);
    it.delta_empty_pages = one(dice, 0, &[1, 3]);
    it.delta_duplicates_per_mille = rate(dice, true, 500);
    it.delta_replays_per_mille = rate(dice, true, 500);
    let dead = [DeadToken::GoneResync, DeadToken::NotFound, DeadToken::Invalid];
    it.delta_dead_token = one(dice, DeadToken::Gone, &dead);
    it.delta_tokens_kept = one(dice, it.delta_tokens_kept, &[1, 6]);
    it.delta_qualified_links = dice.chance(500);
    it.delta_delegated_forbidden = dice.chance(700);
    it.delta_personal_calendars = dice.chance(600);
    let lags = if leeway.faults { [0, 1_500, 4_000] } else { [0, 0, 0] };
    it.delta_lag_ms = one(dice, 0, &lags);
    // Listings lag no longer than rounds: what a round has told and a listing does not show yet would be missed.
    it.list_lag_ms = one(dice, 0, &[it.delta_lag_ms]);
}

fn subscriptions(it: &mut MicrosoftSwitches, dice: &mut Dice, leeway: Leeway) {
    it.subscription_duplicates_refused = dice.chance(500);
    it.subscription_overlong_refused = dice.chance(300);
    it.subscription_minutes_max = one(dice, it.subscription_minutes_max, &[60, 4_230]);
    it.subscription_personal = dice.chance(700);
    it.subscription_by_calendar = dice.chance(800);
    it.subscription_needs_reauthorization = dice.chance(300);
    it.reauthorize_status = one(dice, it.reauthorize_status, &[200]);
    it.notification_latency_ms = one(dice, (200, 5_000), &[(1_000, 60_000)]);
    it.notification_echoes = one(dice, it.notification_echoes, &[0, 3]);
    it.notification_duplicates_per_mille = rate(dice, true, 400);
    it.notification_lost_per_mille = rate(dice, leeway.faults, 400);
    it.notification_missed_per_mille = one(dice, 1_000, &[0, 500]);
    it.notification_unordered = dice.chance(500);
    it.notification_batch_max = one(dice, it.notification_batch_max, &[1]);
}

/// Ends what goes wrong; what is disputed stays.
pub(super) fn heal_google(it: &mut GoogleSwitches) {
    it.faults = FaultPlan::default();
    it.scripted.clear();
    it.push.plan = HookPlan::default();
    it.push.silent = false;
    it.list_lag_ms = 0;
    it.quota = QuotaSwitches::default();
    it.auth.token_trouble = None;
}

/// Ends what goes wrong; what is disputed stays.
pub(super) fn heal_microsoft(it: &mut MicrosoftSwitches) {
    it.chaos_per_mille = 0;
    it.delta_lost_tombstones_per_mille = 0;
    it.delta_lag_ms = 0;
    it.list_lag_ms = 0;
    it.notification_lost_per_mille = 0;
    it.throttle_requests = MicrosoftSwitches::default().throttle_requests;
    it.auth.token_trouble = None;
    it.token_aadsts = None;
}

fn caldav(dice: &mut Dice, leeway: Leeway) -> CaldavSwitches {
    let mut it = CaldavSwitches::default();
    spellings(&mut it, dice);
    let sync = &mut it.sync;
    sync.offered = dice.chance(700);
    sync.refusal =
        one(dice, SyncRefusal::SupportedReport, &[SyncRefusal::NotImplemented, SyncRefusal::BadRequest]);
    sync.ctag = dice.chance(700);
    let dead = [
        DavDeadToken::PreconditionFailed,
        DavDeadToken::ServerError,
        DavDeadToken::Gone,
        DavDeadToken::Everything,
    ];
    sync.dead_token = one(dice, DavDeadToken::Forbidden, &dead);
    sync.memory_s = one(dice, None, &[Some(300), Some(DAY_S)]);
    // A server that forgets changes so soon would forget where its own pages go on.
    let pages = one(dice, None, &[Some(1), Some(3)]);
    sync.page_max = pages.filter(|_| sync.memory_s.is_none());
    sync.lists_itself = dice.chance(300);
    sync.extra_rows_per_mille = rate(dice, true, 400);
    sync.strict_depth = dice.chance(300);
    sync.lag_ms = if leeway.faults { one(dice, 0, &[0, 1_500, 4_000]) } else { 0 };
    it.etags.source = one(dice, EtagSource::Change, &[EtagSource::Text]);
    it.etags.after_put = one(dice, AfterPut::Told, &[AfterPut::Weak, AfterPut::Absent, AfterPut::Encoded]);
    let writes = &mut it.writes;
    writes.rewrite = one(dice, Rewrite::AsSent, &[Rewrite::Ordered, Rewrite::Stamped]);
    let second = [
        SecondUid::PreconditionFailed,
        SecondUid::UniqueSchedulingObject,
        SecondUid::Conflict,
        SecondUid::BadRequest,
    ];
    writes.second_uid = one(dice, SecondUid::NoUidConflict, &second);
    writes.trash = dice.chance(300);
    writes.if_match_required = dice.chance(300);
    writes.end_required = dice.chance(300);
    writes.strict_names = dice.chance(300);
    writes.missing_parent = one(dice, MissingParent::Conflict, &[MissingParent::NotFound]);
    let refusals = [ReadOnlyRefusal::Forbidden, ReadOnlyRefusal::MethodNotAllowed];
    writes.read_only = one(dice, ReadOnlyRefusal::NeedPrivileges, &refusals);
    it.scheduling.tag_only = dice.chance(300);
    let mut on = |most| rate(dice, leeway.faults, most);
    it.faults = DavFaults {
        too_many: on(20),
        busy: on(20),
        unavailable: on(40),
        error: on(40),
        html: on(20),
        login_page: on(10),
        cut_before: on(20),
        cut_after: on(40),
        torn_body: on(20),
        dead_token: on(40),
        ..DavFaults::default()
    };
    it
}

fn spellings(it: &mut CaldavSwitches, dice: &mut Dice) {
    it.hrefs.at_encoded = dice.chance(400);
    it.hrefs.lower_escapes = dice.chance(400);
    it.hrefs.absolute = dice.chance(400);
    it.hrefs.slash_redirect = dice.chance(300);
    it.hrefs.cdata = dice.chance(300);
    it.hrefs.spelling = one(dice, Spelling::Short, &[Spelling::Numbered, Spelling::DefaultNamespace]);
    let found = &mut it.discovery;
    found.well_known = one(dice, Some(301), &[None, Some(308)]);
    found.strict_depth = dice.chance(300);
    found.privileges =
        one(dice, Privileges::Parts, &[Privileges::Write, Privileges::All, Privileges::Untold]);
    found.components_told = dice.chance(700);
    found.other_collections = dice.chance(300);
    found.challenge = one(dice, Challenge::Basic, &[Challenge::Several]);
}

/// Ends what goes wrong; what is disputed stays.
pub(super) fn heal_caldav(it: &mut CaldavSwitches) {
    it.faults = DavFaults::default();
    it.scripted.clear();
    it.sync.lag_ms = 0;
    it.throttle = ThrottleSwitches::default();
}
