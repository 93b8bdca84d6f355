//! How a seed draws the switches of the simulated services: what is disputed, one way or the other, and what
//! goes wrong at the services themselves.

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use starmesh_sim::caldav::{
    AcrossCalendars, AfterPut, Challenge, DeadToken as DavDeadToken, EtagSource, Fault as DavFault,
    FaultPlan as DavFaults, IfMatchStar, MissingParent, Privileges, ReadOnlyRefusal, Rewrite,
    Scripted as DavScripted, SecondUid, Spelling, Switches as CaldavSwitches, SyncRefusal, TokenGrain,
};
use starmesh_sim::dice::Dice;
use starmesh_sim::google::{
    Collision, Fault as GoogleFault, FaultPlan, LeftWindow, QuotaRefusal, QuotaSwitches, Retimed,
    Scripted as GoogleScripted, Switches as GoogleSwitches, TokenWindow, Tombstones, Undelete,
};
use starmesh_sim::microsoft::{
    AllDayRead, DeadToken, Fault as MicrosoftFault, FaultRule, RetryAfter, StaleChangeKey,
    Switches as MicrosoftSwitches, TransactionScope,
};
use starmesh_sim::web::HookPlan;

use super::wire::DAV_PARTITION;
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
    /// What Microsoft does to requests on demand.
    pub(crate) microsoft_rules: Vec<FaultRule>,
    /// Which address of the CalDAV server people type.
    pub(crate) caldav_entry: DavEntry,
}

/// Which address of the CalDAV server people type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum DavEntry {
    /// That of the host.
    Host,
    /// That of their principal, without its last slash.
    Principal,
    /// One at which there is nothing, so that the well-known place is asked.
    Nowhere,
    /// That of their home.
    Home,
}

/// What of a seed bears on what may be drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leeway {
    /// True when anything may go wrong at all.
    pub(crate) faults: bool,
    /// True when persons touch mirrors while they are written: a service that looks at no precondition would
    /// then let us write what we must not.
    pub(crate) touches: bool,
    /// True when two devices place the same mirrors.
    pub(crate) two_devices: bool,
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
            microsoft_rules: if leeway.faults { microsoft_rules(dice) } else { Vec::new() },
            caldav_entry: one(dice, DavEntry::Host, &[DavEntry::Principal, DavEntry::Nowhere]),
        }
        .consistent()
    }

    /// A server that tells no principals is found at the address of a home alone.
    fn consistent(mut self) -> Self {
        if !self.caldav.discovery.principals {
            self.caldav_entry = DavEntry::Home;
        }
        self
    }
}

impl Truths {
    /// True when a service may have told less than happened, so that only a whole read finds the rest, which is
    /// due once a day.
    pub(crate) fn loses_changes(&self) -> bool {
        self.microsoft.delta_lost_tombstones_per_mille > 0
            || self.caldav.sync.grain == TokenGrain::Second
            // Everything as if there had been no token says nothing of what was deleted.
            || self.caldav.sync.dead_token == DavDeadToken::Everything
    }

    /// True when a service does not say which calendars may be written.
    pub(crate) fn hides_rights(&self, service: Service) -> bool {
        service == Service::Caldav && self.caldav.discovery.privileges == Privileges::Untold
    }

    /// True when a service refuses writes in a way that lets them rest for an hour.
    pub(crate) fn refuses_writes(&self) -> bool {
        let (google, microsoft, caldav) =
            (GoogleSwitches::default(), MicrosoftSwitches::default(), CaldavSwitches::default());
        self.google.quota.events_created_max < google.quota.events_created_max
            || self.microsoft.named_properties_max < microsoft.named_properties_max
            || self.caldav.writes.objects_max.is_some()
            || self.caldav.writes.size_max < caldav.writes.size_max
    }

    /// These with the switches of these names, as [`told`](Self::told) has them, as they usually are.
    pub(crate) fn without(self, names: &BTreeSet<String>) -> Self {
        Self {
            google: as_usual("google", self.google, names),
            microsoft: as_usual("microsoft", self.microsoft, names),
            caldav: as_usual("caldav", self.caldav, names),
            ..self
        }
        .consistent()
    }

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

/// The fields of `switches` that differ from the `usual` ones, with their values.
fn unusual<T: Serialize>(service: &str, switches: &T, usual: &T) -> Vec<String> {
    let mut found = Vec::new();
    differ(service, &json(switches), &json(usual), &mut |name, value| {
        found.push(format!("{name}: {value}"));
    });
    found
}

/// Plain values always have a JSON form.
fn json<T: Serialize>(switches: &T) -> Value {
    serde_json::to_value(switches).unwrap_or_default()
}

fn differ(name: &str, value: &Value, usual: &Value, found: &mut impl FnMut(&str, &Value)) {
    match (value, usual) {
        (Value::Object(value), Value::Object(usual)) if value.len() == usual.len() => {
            for (field, value) in value {
                differ(&format!("{name}.{field}"), value, usual.get(field).unwrap_or(&Value::Null), found);
            }
        }
        _ if value != usual => found(name, value),
        _ => {}
    }
}

/// `switches` with the fields of these names as they usually are.
fn as_usual<T>(service: &str, switches: T, names: &BTreeSet<String>) -> T
where
    T: Serialize + DeserializeOwned + Default,
{
    let usual = json(&T::default());
    let mut changed = json(&switches);
    for name in names.iter().filter_map(|name| name.strip_prefix(service)) {
        let pointer = name.replace('.', "/");
        if let (Some(field), Some(value)) = (changed.pointer_mut(&pointer), usual.pointer(&pointer)) {
            field.clone_from(value);
        }
    }
    serde_json::from_value(changed).unwrap_or(switches)
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
    it.push.sync_before_answer = dice.chance(300);
    it.push.ttl_max_s = one(dice, it.push.ttl_max_s, &[3_600, DAY_S]);
    it.push.silent = dice.chance(50);
    it.push.plan = hooks(dice, leeway);
    google_budgets(&mut it.quota, dice, leeway);
    it.list_lag_ms = if leeway.faults { one(dice, 0, &[0, 1_500, 4_000]) } else { 0 };
    it.private_writes_without_access = dice.chance(500);
    it.auth.refresh_life_s = one(dice, None, &[None, Some(DAY_S)]);
    it.auth.refresh_idle_s = one(dice, None, &[None, Some(DAY_S / 2)]);
    it.tombstone_life_s = one(dice, it.tombstone_life_s, &[600, DAY_S]);
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
    if leeway.faults {
        it.scripted = google_script(dice);
    }
    it
}

fn google_budgets(it: &mut QuotaSwitches, dice: &mut Dice, leeway: Leeway) {
    it.user_per_minute = one(dice, it.user_per_minute, &[it.user_per_minute, 200, 100]);
    it.project_per_minute = one(dice, it.project_per_minute, &[it.project_per_minute, 150]);
    it.calendar_writes_per_minute = one(dice, None, &[None, Some(20)]);
    it.refusal = one(dice, it.refusal, &[QuotaRefusal::TooManyRequests]);
    it.retry_after_s = one(dice, None, &[Some(7)]);
    if leeway.faults {
        it.events_created_max = one(dice, it.events_created_max, &[it.events_created_max, 15]);
    }
}

/// What chance alone does not bring.
fn google_script(dice: &mut Dice) -> Vec<GoogleScripted> {
    let error =
        |status, reason: &str| GoogleFault::Error { status, reason: reason.to_owned(), retry_after_s: None };
    let mut script = Vec::new();
    for fault in [error(410, "fullSyncRequired"), error(404, "notFound")] {
        let after = u32::try_from(dice.below(60)).unwrap_or(0);
        if dice.chance(200) {
            let (method, path) = (Some("GET".to_owned()), "/events".to_owned());
            script.push(GoogleScripted { method, path, after, times: Some(1), fault });
        }
    }
    script
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
    it.auth.refresh_idle_s = one(dice, None, &[None, Some(DAY_S / 2)]);
    it.auth.refresh_life_s = one(dice, it.auth.refresh_life_s, &[it.auth.refresh_life_s, Some(DAY_S)]);
    // Whoever reads in pages of two needs more than so few requests.
    let few = if it.page_max > 10 { 400 } else { it.throttle_requests };
    it.throttle_requests = one(dice, it.throttle_requests, &[it.throttle_requests, few]);
    it.throttle_concurrent = one(dice, it.throttle_concurrent, &[it.throttle_concurrent, 2]);
    it.throttle_upload_bytes = one(dice, it.throttle_upload_bytes, &[it.throttle_upload_bytes, 30_000]);
    it.throttle_global = one(dice, it.throttle_global, &[it.throttle_global, 30]);
    it.throttle_concurrent_status = one(dice, 429, &[503]);
    let forms = [RetryAfter::Fraction, RetryAfter::Date, RetryAfter::Missing];
    it.retry_after = one(dice, RetryAfter::Seconds, &forms);
    it.batch_all_at_once = dice.chance(300);
    it.service_ms = one(dice, 0, &[1, 40]);
    it.chaos_per_mille = rate(dice, leeway.faults, 40);
    it
}

/// What Microsoft does to requests on demand.
///
/// Pages without half of their rows ([`starmesh_sim::microsoft::Fault::MissingRows`]) are not among it: what
/// a complete listing leaves out is gone by all that any client can tell.
fn microsoft_rules(dice: &mut Dice) -> Vec<FaultRule> {
    let mut rules = Vec::new();
    // A page of a listing without its link looks like the last one; a page of a round must have one.
    let faults = [(MicrosoftFault::ClaimsChallenge, None), (MicrosoftFault::MissingLinks, Some("/delta"))];
    for (fault, path) in faults {
        let skip = u32::try_from(dice.below(80)).unwrap_or(0);
        if dice.chance(200) {
            rules.push(FaultRule { method: None, path: path.map(str::to_owned), skip, times: 1, fault });
        }
    }
    rules
}

fn identities(it: &mut MicrosoftSwitches, dice: &mut Dice, leeway: Leeway) {
    it.ids_with_slashes = dice.chance(500);
    it.immutable_ids_need_header = dice.chance(500);
    it.inner_error_lowercase = dice.chance(500);
    it.stale_change_key = one(dice, it.stale_change_key, &[StaleChangeKey::Conflict]);
    it.if_match_on_patch = leeway.touches || dice.chance(600);
    it.touch_after_write_per_mille = rate(dice, true, 600);
    it.transaction_scope = one(dice, it.transaction_scope, &[TransactionScope::Calendar]);
    it.transaction_conflict_status = one(dice, 400, &[409]);
    it.transaction_outlives_event = dice.chance(500);
    it.transaction_memory_minutes = transaction_memory(dice, leeway);
    let few = if leeway.faults {
        [it.named_properties_max, it.named_properties_max, 0]
    } else {
        [it.named_properties_max; 3]
    };
    it.named_properties_max = one(dice, it.named_properties_max, &few);
    it.filter_by_transaction_id = dice.chance(300);
    it.all_day_read = one(dice, it.all_day_read, &[AllDayRead::InstantsKept]);
    it.occurrences_inherit_extended = dice.chance(500);
    it.view_range_days_max = one(dice, it.view_range_days_max, &[None]);
    it.page_max = one(dice, it.page_max, &[2, 10]);
}

/// For how long Microsoft remembers what was created.
///
/// Where two devices place the same mirror, only that memory stands between their two requests and a duplicate
/// (they have looked, and neither saw the other's): no client could prevent one if it were shorter than what
/// lies between the look and the create. That is minutes where both are awake, and days where one sleeps.
fn transaction_memory(dice: &mut Dice, leeway: Leeway) -> Option<u32> {
    let short = one(dice, None, &[Some(1), Some(5), Some(60), Some(240)]);
    short.filter(|minutes| !leeway.sleeps_apart && (!leeway.two_devices || *minutes >= 60))
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
    // Also longer than rounds: what a round has told already, a listing may not show yet.
    it.list_lag_ms = one(dice, 0, &lags);
    it.delta_lost_tombstones_per_mille = rate(dice, leeway.faults, 300);
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
    // Budgets stay, but no longer the limits that refuse every write for hours.
    it.quota.events_created_max = QuotaSwitches::default().events_created_max;
    it.auth.token_trouble = None;
    it.auth.refresh_idle_s = None;
    it.auth.refresh_life_s = None;
}

/// Ends what goes wrong; what is disputed stays.
pub(super) fn heal_microsoft(it: &mut MicrosoftSwitches) {
    it.chaos_per_mille = 0;
    it.delta_lost_tombstones_per_mille = 0;
    it.delta_lag_ms = 0;
    it.list_lag_ms = 0;
    it.notification_lost_per_mille = 0;
    it.named_properties_max = MicrosoftSwitches::default().named_properties_max;
    it.auth.token_trouble = None;
    it.auth.refresh_idle_s = None;
    it.auth.refresh_life_s = MicrosoftSwitches::default().auth.refresh_life_s;
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
    sync.page_max = one(dice, None, &[Some(1), Some(3)]);
    sync.lists_itself = dice.chance(300);
    sync.extra_rows_per_mille = rate(dice, true, 400);
    sync.strict_depth = dice.chance(300);
    sync.grain = one(dice, TokenGrain::Change, &[TokenGrain::Change, TokenGrain::Second]);
    sync.lag_ms = if leeway.faults { one(dice, 0, &[0, 1_500, 4_000]) } else { 0 };
    it.etags.source = one(dice, EtagSource::Change, &[EtagSource::Text]);
    it.etags.after_put = one(dice, AfterPut::Told, &[AfterPut::Weak, AfterPut::Absent, AfterPut::Encoded]);
    // A weak etag allows no precondition (RFC 9110, section 13.1.1), and a server that overwrites knows none for
    // a create: what a person does to a mirror right before such a write, no client can see.
    it.etags.weak = !leeway.touches && dice.chance(100);
    // Nor can anybody change what must not be changed without one.
    let precondition_demanded = !it.etags.weak && dice.chance(300);
    it.queries.omitted_per_mille = rate(dice, leeway.faults, 100);
    it.throttle.per_minute = one(dice, None, &[None, Some(60)]);
    it.throttle.status = one(dice, 429, &[503]);
    it.throttle.retry_after_s = one(dice, Some(5), &[None, Some(20)]);
    it.throttle.as_date = dice.chance(300);
    it.throttle.pause_s = one(dice, 5, &[30]);
    let writes = &mut it.writes;
    // Where listings lag besides, nothing leads to what was created under another name and not answered, and
    // its identity is as taken as that of one that was deleted: no client can tell the two apart.
    writes.relocates = it.sync.lag_ms == 0 && dice.chance(200);
    writes.if_none_match = leeway.touches || dice.chance(850);
    writes.across_calendars = one(dice, AcrossCalendars::Free, &[AcrossCalendars::Refused]);
    writes.if_match_star = one(dice, IfMatchStar::Literal, &[IfMatchStar::Inverted, IfMatchStar::Ignored]);
    if leeway.faults {
        writes.objects_max = one(dice, None, &[None, Some(12)]);
        writes.size_max = one(dice, writes.size_max, &[writes.size_max, writes.size_max, 200]);
    }
    writes.rewrite = one(dice, Rewrite::AsSent, &[Rewrite::Ordered, Rewrite::Stamped]);
    let second = [
        SecondUid::PreconditionFailed,
        SecondUid::UniqueSchedulingObject,
        SecondUid::Conflict,
        SecondUid::BadRequest,
        SecondUid::Stored,
    ];
    writes.second_uid = one(dice, SecondUid::NoUidConflict, &second);
    writes.trash = dice.chance(300);
    writes.if_match_required = precondition_demanded;
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
        unauthorized: on(5),
        not_found: on(5),
        cut_before: on(20),
        cut_after: on(40),
        torn_body: on(20),
        dead_token: on(40),
    };
    if leeway.faults && dice.chance(200) {
        let after = u32::try_from(dice.below(20)).unwrap_or(0);
        let fault = DavFault::Status { status: 423, body: String::new(), retry_after_s: None };
        let method = Some("PUT".to_owned());
        it.scripted.push(DavScripted { method, path: String::new(), after, times: Some(2), fault });
    }
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
    found.principals = dice.chance(800);
    found.strict_depth = dice.chance(300);
    found.home_at = dice.chance(200).then(|| DAV_PARTITION.to_owned());
    found.privileges =
        one(dice, Privileges::Parts, &[Privileges::Write, Privileges::All, Privileges::Untold]);
    found.components_told = dice.chance(700);
    found.other_collections = dice.chance(300);
    found.challenge = one(dice, Challenge::Basic, &[Challenge::Several, Challenge::Missing]);
}

/// Ends what goes wrong; what is disputed stays.
pub(super) fn heal_caldav(it: &mut CaldavSwitches) {
    it.faults = DavFaults::default();
    it.scripted.clear();
    it.sync.lag_ms = 0;
    it.queries.omitted_per_mille = 0;
    it.writes.objects_max = None;
    it.writes.size_max = CaldavSwitches::default().writes.size_max;
}
