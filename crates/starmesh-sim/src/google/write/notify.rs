//! What would reach a person.

use serde_json::Value;

use super::super::calendar::Calendar;
use super::super::call::{Call, Turn};
use super::super::event::Event;
use super::super::problem::Problem;

/// `sendUpdates`: whom a write tells.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum SendUpdates {
    All,
    ExternalOnly,
    None,
}

/// Reads `sendUpdates`, and the older `sendNotifications` where it is missing.
pub(super) fn send_updates(call: &Call) -> Result<SendUpdates, Problem> {
    match call.query.get("sendUpdates") {
        Some("all") => Ok(SendUpdates::All),
        Some("externalOnly") => Ok(SendUpdates::ExternalOnly),
        Some("none") => Ok(SendUpdates::None),
        Some(other) => Err(Problem::invalid_parameter("sendUpdates", other)),
        None if call.flag("sendNotifications")? == Some(true) => Ok(SendUpdates::All),
        None => Ok(SendUpdates::None),
    }
}

impl SendUpdates {
    /// Notes everyone whom a write to `event` would have told.
    pub(super) fn tell(self, turn: &Turn<'_>, event: &Event, what: &str) {
        let domain = |mail: &str| mail.rsplit_once('@').map(|(_, domain)| domain.to_ascii_lowercase());
        for attendee in event.attendees() {
            let mail = attendee.get("email").and_then(Value::as_str).unwrap_or_default();
            let told = match self {
                Self::All => true,
                Self::ExternalOnly => domain(mail) != domain(turn.me()),
                Self::None => false,
            };
            if told && !mail.eq_ignore_ascii_case(turn.me()) {
                turn.would_notify(mail, about(event, what));
            }
        }
    }
}

/// Notes that the reminders of `event` would reach the one who wrote it.
pub(super) fn reminders(turn: &Turn<'_>, calendar: &str, event: &Event) {
    let list = turn.world.lists.get(turn.me());
    let entry = list.and_then(|list| list.entries.get(calendar));
    let defaults = entry.map(|entry| entry.reminders.as_slice()).unwrap_or_default();
    let ahead = event.is_series() || event.extent.1 > turn.now;
    if ahead && !event.is_cancelled() && Calendar::reminds(event, defaults) {
        turn.would_notify(turn.me(), about(event, "reminder"));
    }
}

fn about(event: &Event, what: &str) -> String {
    format!("{what} {}", event.id)
}
