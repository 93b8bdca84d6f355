//! The switches of Google.

use starmesh_sim::dice::Dice;
use starmesh_sim::google::{
    Collision, Fault, FaultPlan, LeftWindow, QuotaRefusal, QuotaSwitches, Retimed, Scripted, Switches,
    TokenWindow, Tombstones, Undelete,
};
use starmesh_sim::web::HookPlan;

use super::{DAY_S, Leeway, hooks, one, rate};

/// Draws them.
pub(super) fn draw(dice: &mut Dice, leeway: Leeway) -> Switches {
    let mut it = Switches::default();
    it.auth.access_life_s = one(dice, it.auth.access_life_s, &[400, 900]);
    it.token_window = one(dice, it.token_window, &[TokenWindow::Kept]);
    it.left_window = one(dice, it.left_window, &[LeftWindow::Whole]);
    it.retimed = one(dice, it.retimed, &[Retimed::Silent]);
    it.tombstones = one(dice, it.tombstones, &[Tombstones::Whole]);
    it.repeat_tombstones_per_mille = rate(dice, true, 600);
    it.instances_max = one(dice, it.instances_max, &[100, 365]);
    it.collision = one(dice, it.collision, &[Collision::Unnoticed, Collision::Told]);
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
    budgets(&mut it.quota, dice, leeway);
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
        it.scripted = script(dice);
    }
    it
}

fn budgets(it: &mut QuotaSwitches, dice: &mut Dice, leeway: Leeway) {
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
fn script(dice: &mut Dice) -> Vec<Scripted> {
    let error =
        |status, reason: &str| Fault::Error { status, reason: reason.to_owned(), retry_after_s: None };
    let mut script = Vec::new();
    for fault in [error(410, "fullSyncRequired"), error(404, "notFound")] {
        let after = u32::try_from(dice.below(60)).unwrap_or(0);
        if dice.chance(200) {
            let (method, path) = (Some("GET".to_owned()), "/events".to_owned());
            script.push(Scripted { method, path, after, times: Some(1), fault });
        }
    }
    script
}

/// Ends what goes wrong; what is disputed stays.
pub(in super::super) fn heal_google(it: &mut Switches) {
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
