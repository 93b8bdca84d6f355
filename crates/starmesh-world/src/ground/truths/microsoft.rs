//! The switches of Microsoft.

use starmesh_sim::dice::Dice;
use starmesh_sim::microsoft::{
    AllDayRead, DeadToken, Fault, FaultRule, RetryAfter, StaleChangeKey, Switches, TransactionScope,
};

use super::{DAY_S, Devices, Leeway, one, rate};

/// Draws them.
pub(super) fn draw(dice: &mut Dice, leeway: Leeway) -> Switches {
    let mut it = Switches::default();
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
/// Pages without half of their rows ([`Fault::MissingRows`]) are not among it: what
/// a complete listing leaves out is gone by all that any client can tell.
pub(super) fn rules(dice: &mut Dice) -> Vec<FaultRule> {
    let mut rules = Vec::new();
    // A page of a listing without its link looks like the last one; a page of a round must have one.
    let faults = [(Fault::ClaimsChallenge, None), (Fault::MissingLinks, Some("/delta"))];
    for (fault, path) in faults {
        let skip = u32::try_from(dice.below(80)).unwrap_or(0);
        if dice.chance(200) {
            rules.push(FaultRule { method: None, path: path.map(str::to_owned), skip, times: 1, fault });
        }
    }
    rules
}

fn identities(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
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
/// lies between the look and the create. That is minutes where both are awake, and days where one sleeps. One that
/// lost its store is such a second device.
fn transaction_memory(dice: &mut Dice, leeway: Leeway) -> Option<u32> {
    let short = one(dice, None, &[Some(1), Some(5), Some(60), Some(240)]);
    short.filter(|minutes| match leeway.devices {
        Devices::One => true,
        Devices::Two => *minutes >= 60,
        Devices::Forgetful => false,
    })
}

fn rounds(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
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

fn subscriptions(it: &mut Switches, dice: &mut Dice, leeway: Leeway) {
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
pub(in super::super) fn heal_microsoft(it: &mut Switches) {
    it.chaos_per_mille = 0;
    it.delta_lost_tombstones_per_mille = 0;
    it.delta_lag_ms = 0;
    it.list_lag_ms = 0;
    it.notification_lost_per_mille = 0;
    it.named_properties_max = Switches::default().named_properties_max;
    it.auth.token_trouble = None;
    it.auth.refresh_idle_s = None;
    it.auth.refresh_life_s = Switches::default().auth.refresh_life_s;
    it.token_aadsts = None;
}
