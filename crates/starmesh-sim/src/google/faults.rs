//! What goes wrong with a request on purpose.

use super::problem::Problem;
use super::switches::{Fault, FaultPlan, Switches};
use crate::dice::Dice;
use crate::web::Reply;

/// A fault by chance. A part of a batch has no connection of its own, so it meets errors only.
pub(super) fn by_chance(dice: &mut Dice, plan: &FaultPlan, in_batch: bool) -> Option<Fault> {
    let error = |status: u16, reason: &str| {
        Some(Fault::Error { status, reason: reason.to_owned(), retry_after_s: None })
    };
    let drawn = dice.below(1_000);
    let mut floor = 0;
    let mut falls = |width: u32| {
        let met = (floor..floor + u64::from(width)).contains(&drawn);
        floor += u64::from(width);
        met
    };
    if falls(plan.user_rate) {
        return error(403, "userRateLimitExceeded");
    }
    if falls(plan.rate) {
        return error(403, "rateLimitExceeded");
    }
    if falls(plan.too_many) {
        return error(429, "rateLimitExceeded");
    }
    if falls(plan.backend) {
        return error(500, "backendError");
    }
    if falls(plan.unavailable) {
        return error(503, "backendError");
    }
    if in_batch {
        return None;
    }
    if falls(plan.html) {
        let html = "<!DOCTYPE html><title>Error 502 (Server Error)!!1</title>".to_owned();
        return Some(Fault::Body { status: 502, html });
    }
    if falls(plan.cut_before) {
        return Some(Fault::CutBefore);
    }
    if falls(plan.cut_after) {
        return Some(Fault::CutAfter);
    }
    falls(plan.slow).then_some(Fault::Slow { ms: plan.slow_ms })
}

/// The answer in place of work, where the fault leaves no work to do.
pub(super) fn instead(fault: &Fault, switches: &Switches) -> Option<Reply> {
    match fault {
        Fault::Error { status, reason, retry_after_s } => {
            let problem = match reason.as_str() {
                "userRateLimitExceeded" => Problem::user_rate(),
                "rateLimitExceeded" if *status == 429 => Problem::too_many(),
                "rateLimitExceeded" => Problem::rate(),
                "quotaExceeded" => Problem::quota(),
                "backendError" => Problem::backend(*status),
                "fullSyncRequired" => Problem::full_sync(switches),
                "authError" => Problem::credentials(),
                "insufficientPermissions" => Problem::scopes(),
                "notFound" => Problem::not_found(),
                "forbidden" => Problem::forbidden(),
                "conflict" => Problem::conflict(),
                other => Problem::scripted(*status, other),
            };
            Some(problem.retry_after(*retry_after_s).reply(switches))
        }
        Fault::Body { status, html } => {
            let status = http::StatusCode::from_u16(*status).unwrap_or(http::StatusCode::BAD_GATEWAY);
            Some(Reply::text(status, "text/html; charset=UTF-8", html.clone()))
        }
        Fault::CutBefore => Some(Reply::cut()),
        Fault::CutAfter | Fault::Slow { .. } => None,
    }
}
