//! Which scopes a request needs.

use super::calendar::{Calendar, Role};
use super::problem::Problem;
use crate::web::auth::Access;

/// What a request does, as far as scopes are concerned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    ReadEvents,
    WriteEvents,
    ListCalendars,
    ReadListEntry,
    WriteList,
    ReadCalendar,
    WriteCalendar,
    CreateCalendar,
    FreeBusy,
    Colors,
}

/// The names of `need`'s scopes behind the common prefix.
fn scopes(need: Need) -> &'static [&'static str] {
    match need {
        Need::ReadEvents => &["calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"],
        Need::WriteEvents => &["calendar", "calendar.events"],
        Need::ListCalendars => {
            &["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"]
        }
        Need::ReadListEntry => &[
            "calendar",
            "calendar.readonly",
            "calendar.calendarlist",
            "calendar.calendarlist.readonly",
            "calendar.app.created",
        ],
        Need::WriteList => &["calendar", "calendar.calendarlist"],
        Need::ReadCalendar => {
            &["calendar", "calendar.readonly", "calendar.calendars", "calendar.calendars.readonly"]
        }
        Need::WriteCalendar => &["calendar", "calendar.calendars"],
        Need::CreateCalendar => &["calendar", "calendar.calendars", "calendar.app.created"],
        Need::FreeBusy => &["calendar", "calendar.readonly", "calendar.freebusy", "calendar.events.freebusy"],
        Need::Colors => &[
            "calendar",
            "calendar.readonly",
            "calendar.events",
            "calendar.events.readonly",
            "calendar.calendarlist",
            "calendar.calendarlist.readonly",
        ],
    }
}

/// Scopes that reach the calendars one owns.
fn owner_scopes(need: Need) -> &'static [&'static str] {
    match need {
        Need::ReadEvents => &["calendar.events.owned", "calendar.events.owned.readonly"],
        Need::WriteEvents => &["calendar.events.owned"],
        _ => &[],
    }
}

/// True when `need` lies within the scope for calendars that the application made itself.
fn app_created(need: Need) -> bool {
    matches!(need, Need::ReadEvents | Need::WriteEvents | Need::ReadCalendar | Need::WriteCalendar)
}

/// Refuses a token without a scope for `need` on `calendar`.
pub(super) fn check(access: &Access, need: Need, calendar: Option<(&Calendar, Role)>) -> Result<(), Problem> {
    const PREFIX: &str = "https://www.googleapis.com/auth/";
    let Some(granted) = &access.scopes else { return Ok(()) };
    let has = |names: &[&str]| {
        let granted = granted.iter().filter_map(|scope| scope.strip_prefix(PREFIX));
        granted.into_iter().any(|scope| names.contains(&scope))
    };
    let owned = calendar.is_some_and(|(_, role)| role == Role::Owner) && has(owner_scopes(need));
    let own_make = app_created(need)
        && has(&["calendar.app.created"])
        && calendar.is_some_and(|(calendar, _)| calendar.made_by.as_deref() == Some(&access.client));
    if has(scopes(need)) || owned || own_make { Ok(()) } else { Err(Problem::scopes()) }
}
