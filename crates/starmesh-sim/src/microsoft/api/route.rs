//! From a path to the function that answers it.

use http::{Method, StatusCode};

use super::delta::{Scope, delta};
use super::{calendars, events, extensions, listing, me, people};
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::access::{Located, Want};
use crate::microsoft::world::{CalendarNo, MailboxNo, World};
use crate::web::Reply;

/// Answers a request to the world; `$batch` and subscriptions are answered elsewhere.
pub(crate) fn answer(world: &mut World, call: &Call) -> Result<Reply, Refusal> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let (mailbox, rest) = mailbox_of(world, call, &segments)?;
    match rest {
        [] => get_only(call).and_then(|()| me::user(world, call, mailbox)),
        ["mailboxSettings", rest @ ..] => {
            get_only(call)?;
            me::settings(world, call, mailbox, rest.first().copied())
        }
        ["outlook", function] if function.starts_with("supportedTimeZones") => {
            get_only(call).and_then(|()| me::time_zones(call, function))
        }
        ["translateExchangeIds"] => post_only(call).and_then(|()| me::translate(world, call, mailbox)),
        ["calendars", rest @ ..] => calendar_list(world, call, mailbox, None, rest),
        ["calendar", rest @ ..] => calendar(world, call, mailbox, None, rest),
        ["calendarGroups", rest @ ..] => groups(world, call, mailbox, rest),
        ["calendarView", rest @ ..] => view(world, call, mailbox, None, rest),
        ["events", rest @ ..] => event_list(world, call, mailbox, Events::OfMailbox, rest),
        _ => Err(Refusal::no_such_segment()),
    }
}

/// The mailbox that a path addresses, and the rest of the path.
pub(crate) fn mailbox_of<'a>(
    world: &World,
    call: &Call,
    segments: &'a [&'a str],
) -> Result<(MailboxNo, &'a [&'a str]), Refusal> {
    match segments {
        ["me", rest @ ..] => Ok((call.caller.mailbox, rest)),
        ["users", name, rest @ ..] => {
            let mailbox = world.mailbox_named(name).ok_or_else(|| {
                Refusal::new(StatusCode::NOT_FOUND, "ResourceNotFound", "Resource could not be discovered.")
            })?;
            Ok((mailbox, rest))
        }
        _ => Err(Refusal::no_such_segment()),
    }
}

fn calendar_list(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    group: Option<u32>,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    match rest {
        [] if call.method == Method::GET => calendars::list(world, call, mailbox, group),
        [] if call.method == Method::POST => calendars::create(world, call, mailbox, group),
        [] => Err(Refusal::method()),
        [id, rest @ ..] => {
            let no = world.open_id(&call.caller, mailbox, id, Want::Read)?.place.calendar;
            calendar(world, call, mailbox, Some(no), rest)
        }
    }
}

fn groups(world: &mut World, call: &Call, mailbox: MailboxNo, rest: &[&str]) -> Result<Reply, Refusal> {
    match rest {
        [] if call.method == Method::GET => calendars::groups(world, call, mailbox),
        [] if call.method == Method::POST => calendars::create_group(world, call, mailbox),
        [] => Err(Refusal::method()),
        [id, rest @ ..] => {
            let group = calendars::group_named(world, mailbox, id)?;
            match rest {
                [] if call.method == Method::GET => calendars::group(world, mailbox, group),
                [] if call.method == Method::DELETE => calendars::delete_group(world, call, mailbox, group),
                [] => Err(Refusal::method()),
                ["calendars", rest @ ..] => calendar_list(world, call, mailbox, Some(group), rest),
                _ => Err(Refusal::no_such_segment()),
            }
        }
    }
}

fn calendar(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    no: Option<CalendarNo>,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    match rest {
        [] => {
            // A local copy can be renamed and removed by whoever may read it.
            let access = world.open(&call.caller, mailbox, no, Want::Read)?;
            match call.method {
                Method::GET => calendars::get(world, call, access),
                Method::PATCH if call.caller.may(Want::Write, access.foreign) => {
                    calendars::update(world, call, access)
                }
                Method::DELETE if call.caller.may(Want::Write, access.foreign) => {
                    calendars::delete(world, call, access)
                }
                Method::PATCH | Method::DELETE => Err(Refusal::denied()),
                _ => Err(Refusal::method()),
            }
        }
        ["events", rest @ ..] => {
            let default = world.open_mailbox(mailbox)?.default_calendar;
            event_list(world, call, mailbox, Events::Of(no.unwrap_or(default)), rest)
        }
        ["calendarView", rest @ ..] => view(world, call, mailbox, no, rest),
        ["calendarPermissions", rest @ ..] => permissions(world, call, mailbox, no, rest),
        _ => Err(Refusal::no_such_segment()),
    }
}

fn permissions(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    no: Option<CalendarNo>,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    let want = if call.method == Method::GET { Want::Read } else { Want::Write };
    let access = world.open(&call.caller, mailbox, no, want)?;
    match (rest, &call.method) {
        ([], &Method::GET) => calendars::permissions(world, call, access),
        ([], &Method::POST) => calendars::share(world, call, access),
        ([id], &Method::GET) => calendars::permission(world, access, id),
        ([id], &Method::PATCH) => calendars::change_permission(world, call, access, id),
        ([id], &Method::DELETE) => calendars::unshare(world, call, access, id),
        ([] | [_], _) => Err(Refusal::method()),
        _ => Err(Refusal::no_such_segment()),
    }
}

fn view(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    no: Option<CalendarNo>,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    get_only(call)?;
    match rest {
        [] => listing::view(world, call, mailbox, no),
        [function] if is_delta(function) => delta(world, call, mailbox, no, Scope::View),
        _ => Err(Refusal::no_such_segment()),
    }
}

/// Whose events a path means.
#[derive(Clone, Copy)]
enum Events {
    /// `/me/events`: its list is that of the default calendar, its events are those of all of the
    /// mailbox's own.
    OfMailbox,
    /// Those of one calendar.
    Of(CalendarNo),
}

fn event_list(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    events_of: Events,
    rest: &[&str],
) -> Result<Reply, Refusal> {
    let list = match events_of {
        Events::OfMailbox => None,
        Events::Of(calendar) => Some(calendar),
    };
    match rest {
        [] if call.method == Method::GET => listing::events(world, call, mailbox, list),
        [] if call.method == Method::POST => events::create(world, call, mailbox, list),
        [] => Err(Refusal::method()),
        [function] if is_delta(function) => {
            get_only(call)?;
            delta(world, call, mailbox, list, Scope::Events)
        }
        [id, rest @ ..] => {
            let reads = matches!(call.method, Method::GET);
            let want = if reads { Want::Read } else { Want::Write };
            let ids = call.prefer()?.ids;
            let located = world.locate(&call.caller, mailbox, list, (id, ids), want)?;
            event(world, call, located, rest)
        }
    }
}

fn event(world: &mut World, call: &Call, located: Located, rest: &[&str]) -> Result<Reply, Refusal> {
    match (rest, &call.method) {
        ([], &Method::GET) => events::get(world, call, located),
        ([], &Method::PATCH) => events::update(world, call, located),
        ([], &Method::DELETE) | (["permanentDelete"], &Method::POST) => events::delete(world, call, located),
        (["instances"], &Method::GET) => listing::instances(world, call, located),
        (["calendar"], &Method::GET) => calendars::get(world, call, located.access),
        (["accept"], &Method::POST) => people::respond(world, call, located, "accepted"),
        (["decline"], &Method::POST) => people::respond(world, call, located, "declined"),
        (["tentativelyAccept"], &Method::POST) => {
            people::respond(world, call, located, "tentativelyAccepted")
        }
        (["cancel"], &Method::POST) => people::cancel(world, call, located),
        (["forward"], &Method::POST) => people::forward(world, call, located),
        (["extensions"], &Method::GET) => extensions::get(world, located, None),
        (["extensions"], &Method::POST) => extensions::create(world, call, located),
        (["extensions", id], &Method::GET) => extensions::get(world, located, Some(id)),
        (["extensions", id], &Method::PATCH) => extensions::update(world, call, located, id),
        (["extensions", id], &Method::DELETE) => extensions::delete(world, call, located, id),
        ([] | ["instances" | "calendar" | "permanentDelete" | "extensions", ..], _) => Err(Refusal::method()),
        _ => Err(Refusal::no_such_segment()),
    }
}

/// Both names of the function, with brackets and without.
fn is_delta(function: &str) -> bool {
    let name = function.strip_suffix("()").unwrap_or(function);
    name.eq_ignore_ascii_case("delta") || name.eq_ignore_ascii_case("microsoft.graph.delta")
}

fn get_only(call: &Call) -> Result<(), Refusal> {
    if call.method == Method::GET { Ok(()) } else { Err(Refusal::method()) }
}

fn post_only(call: &Call) -> Result<(), Refusal> {
    if call.method == Method::POST { Ok(()) } else { Err(Refusal::method()) }
}
