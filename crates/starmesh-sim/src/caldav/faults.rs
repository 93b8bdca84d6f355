//! What goes wrong with a request on purpose.

use http::StatusCode;
use http::header::RETRY_AFTER;

use super::switches::{Fault, FaultPlan};
use crate::dice::Dice;
use crate::web::{Reply, ReplyBody};

/// `Retry-After` of a fault by chance, in seconds.
const RETRY_AFTER_S: u64 = 2;
/// What a login form looks like to a program.
const LOGIN_PAGE: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";
/// What a gateway in front of a dead server says.
const GATEWAY_PAGE: &str = "<html><head><title>502 Bad Gateway</title></head></html>";

/// A fault by chance.
pub(super) fn by_chance(dice: &mut Dice, plan: &FaultPlan) -> Option<Fault> {
    let status = |status: u16, body: &str, retry_after_s: Option<u64>| Fault::Status {
        status,
        body: body.to_owned(),
        retry_after_s,
    };
    let faults = [
        (plan.too_many, status(429, "", Some(RETRY_AFTER_S))),
        (plan.busy, status(503, "", Some(RETRY_AFTER_S))),
        (plan.unavailable, status(503, "", None)),
        (plan.error, status(500, "", None)),
        (plan.html, status(502, GATEWAY_PAGE, None)),
        (plan.login_page, status(200, LOGIN_PAGE, None)),
        (plan.unauthorized, status(401, "", None)),
        (plan.not_found, status(404, "", None)),
        (plan.cut_before, Fault::CutBefore),
        (plan.cut_after, Fault::CutAfter),
        (plan.torn_body, Fault::TornBody),
        (plan.dead_token, Fault::DeadToken),
    ];
    let drawn = dice.below(1_000);
    let mut ceiling = 0;
    faults.into_iter().find_map(|(width, fault)| {
        ceiling += u64::from(width);
        (drawn < ceiling).then_some(fault)
    })
}

/// The answer in place of work, where the fault leaves no work to do.
pub(super) fn instead(fault: &Fault) -> Option<Reply> {
    match fault {
        Fault::Status { status, body, retry_after_s } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            let kind =
                if body.starts_with("<!") || body.starts_with("<html") { "text/html" } else { "text/plain" };
            let reply =
                if body.is_empty() { Reply::empty(status) } else { Reply::text(status, kind, body.clone()) };
            Some(match retry_after_s {
                Some(seconds) => reply.with_header(RETRY_AFTER, &seconds.to_string()),
                None => reply,
            })
        }
        Fault::CutBefore => Some(Reply::cut()),
        Fault::CutAfter | Fault::TornBody | Fault::DeadToken => None,
    }
}

/// The answer after work, as the fault lets it through; true where it made a difference.
pub(super) fn afterwards(fault: &Fault, reply: &mut Reply) -> bool {
    match (fault, &mut reply.body) {
        (Fault::CutAfter, _) => {
            *reply = Reply::cut();
            true
        }
        (Fault::TornBody, ReplyBody::Text(_, text)) if text.len() > 1 => {
            let mut half = text.len() / 2;
            while !text.is_char_boundary(half) {
                half -= 1;
            }
            text.truncate(half);
            true
        }
        _ => false,
    }
}
