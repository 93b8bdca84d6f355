//! What stands still, in words.

use chrono_tz::Tz;
use starmesh_app::dto::PausesDto;

use super::words::{local, titled};

/// What stands still because somebody said so.
pub(crate) fn pauses(pauses: &PausesDto, zone: Tz) -> String {
    let mut lines = Vec::new();
    if pauses.everything {
        lines.push(format!("Everything is paused{}.", end(pauses.until.as_deref(), zone)));
    }
    for calendar in &pauses.calendars {
        let name = titled(&calendar.calendar);
        lines.push(format!("{name} is paused{}.", end(calendar.until.as_deref(), zone)));
    }
    for link in &pauses.links {
        lines.push(format!("{} is paused{}.", link.link.name, end(link.paused_until.as_deref(), zone)));
    }
    if lines.is_empty() { "Nothing is paused.".to_owned() } else { lines.join("\n") }
}

/// How long that lasts.
pub(super) fn end(until: Option<&str>, zone: Tz) -> String {
    until.map_or_else(|| " until you resume".to_owned(), |until| format!(" until {}", local(until, zone)))
}
