//! One page of a round.

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use super::Scope;
use super::memory::{Skip, invalid};
use super::round::{self, Round, Row};
use crate::microsoft::api::event_json::{Reading, etag};
use crate::microsoft::api::listing;
use crate::microsoft::api::prefer::Prefer;
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::switches::{DeltaOptions, PrivateInList};
use crate::microsoft::world::access::{Access, Want};
use crate::microsoft::world::timing::{Span, read_instant};
use crate::microsoft::world::{CalendarNo, ItemNo, MailboxKind, MailboxNo, World};
use crate::web::Reply;

/// A page unless `odata.maxpagesize` says how long.
const PAGE_DEFAULT: usize = 10;

/// Query options that delta does not support.
const UNSUPPORTED: [&str; 5] = ["$select", "$expand", "$filter", "$orderby", "$search"];

/// `GET …/calendarView/delta` and `GET …/events/delta`.
pub(crate) fn delta(
    world: &mut World,
    call: &Call,
    mailbox: MailboxNo,
    calendar: Option<CalendarNo>,
    scope: Scope,
) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, calendar, Want::Read)?;
    check(world, call, access, scope)?;
    let prefer = call.prefer()?;
    let skip = if let Some(text) = call.query.get("$skiptoken") {
        if access.foreign && world.switches.delta_delegated_forbidden {
            world.meet("delta_delegated_forbidden");
            return Err(Refusal::denied());
        }
        world.skip(call, text)?
    } else {
        let text = call.query.get("$deltatoken").filter(|text| !text.is_empty());
        let round = if let Some(text) = text {
            let token = world.token(call, text)?;
            if token.place != access.place || token.scope != scope {
                return Err(invalid());
            }
            round::next(world, access, &token)
        } else {
            let span = span(world, call, scope)?;
            round::first(world, access, scope, span)
        };
        Skip { round: Arc::new(round), next: (0, 0), empties: 0 }
    };
    if skip.round.place != access.place || skip.round.scope != scope {
        return Err(invalid());
    }
    answer(world, call, access, &prefer, &skip)
}

/// What makes a request a bad one before any row is looked at.
fn check(world: &World, call: &Call, access: Access, scope: Scope) -> Result<(), Refusal> {
    let unsupported = UNSUPPORTED.iter().any(|option| call.query.get(option).is_some());
    if unsupported {
        world.meet(match world.switches.delta_options {
            DeltaOptions::Refused => "delta_options.refused",
            DeltaOptions::Crash => "delta_options.crash",
            DeltaOptions::Ignored => "delta_options.ignored",
        });
    }
    match world.switches.delta_options {
        DeltaOptions::Refused if unsupported => {
            return Err(Refusal::bad("BadRequest", "Parsing OData Select and Expand failed."));
        }
        DeltaOptions::Crash if unsupported => {
            return Err(Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "InternalServerError",
                "An internal server error occurred.",
            ));
        }
        _ => {}
    }
    let not_tracked = || Refusal::invalid("Change tracking is not supported against this resource.");
    if scope == Scope::Events {
        if !world.switches.events_delta {
            world.meet("events_delta.refused");
            return Err(not_tracked());
        }
        world.meet("events_delta.offered");
    }
    let mailbox = world.open_mailbox(access.place.mailbox)?;
    let default = mailbox.default_calendar == access.place.calendar;
    if mailbox.kind == MailboxKind::Personal && !default {
        if !world.switches.delta_personal_calendars {
            world.meet("delta_personal_calendars.refused");
            return Err(not_tracked());
        }
        world.meet("delta_personal_calendars.allowed");
    }
    Ok(())
}

fn span(world: &World, call: &Call, scope: Scope) -> Result<Span, Refusal> {
    if scope == Scope::View {
        return listing::span(world, call);
    }
    let lo = match call.query.get("startDateTime") {
        None => Some(chrono::DateTime::UNIX_EPOCH),
        Some(text) => read_instant(text),
    };
    let wrong =
        || Refusal::bad("ErrorInvalidParameter", "The value of the parameter 'startDateTime' is invalid.");
    Ok(Span { lo: lo.ok_or_else(wrong)?, hi: None })
}

fn answer(
    world: &mut World,
    call: &Call,
    access: Access,
    prefer: &Prefer,
    skip: &Skip,
) -> Result<Reply, Refusal> {
    let asked = prefer.page.unwrap_or(PAGE_DEFAULT);
    let size = asked.min(world.switches.page_max);
    if size < asked {
        world.meet("page_max");
    }
    let (rows, next) = cut(world, skip, size);
    let reading = Reading::plain(world, access, prefer);
    let mut value = Vec::with_capacity(rows.len());
    for row in rows {
        value.extend(written(&reading, skip.round.scope, row)?);
    }
    let mut body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#Collection(event)", call.base),
        "value": value,
    });
    let round = Arc::clone(&skip.round);
    if let Some((next, empties)) = next {
        let text = world.keep_skip(Skip { round, next, empties });
        body["@odata.nextLink"] = json!(link(world, call, "$skiptoken", &text));
    } else {
        let text = world.keep_token(&round);
        body["@odata.deltaLink"] = json!(link(world, call, "$deltatoken", &text));
    }
    Ok(Reply::json(StatusCode::OK, body))
}

/// The place where the next page begins, and the empty pages so far.
type Next = Option<((usize, usize), u32)>;

/// The rows of a page, and where the next one begins; `None` after the last.
fn cut(world: &World, skip: &Skip, size: usize) -> (Vec<Row>, Next) {
    let Round { groups, .. } = &*skip.round;
    let (mut group, mut row) = skip.next;
    let began = groups.len() > group;
    let mut rows = Vec::new();
    let mut endless = false;
    while let Some(rest) = groups.get(group).and_then(|group| group.get(row..)) {
        if rows.len() >= size {
            break;
        }
        endless |= world.switches.delta_endless && groups[group].len() > size;
        let whole = world.switches.delta_series_overflow;
        let fits = if whole { rest.len() } else { rest.len().min(size - rows.len()) };
        if fits < rest.len() {
            world.meet("delta_series_split");
        }
        rows.extend(&rest[..fits]);
        (group, row) = if fits == rest.len() { (group + 1, 0) } else { (group, row + fits) };
    }
    if rows.len() > size {
        world.meet("delta_series_overflow");
    }
    if endless {
        world.meet("delta_endless");
        return (rows, Some((skip.next, 0)));
    }
    if group < groups.len() {
        return (rows, Some(((group, row), 0)));
    }
    let empties = if began { 0 } else { skip.empties };
    if empties < world.switches.delta_empty_pages {
        world.meet("delta_empty_pages");
        return (rows, Some(((group, 0), empties + 1)));
    }
    (rows, None)
}

/// A row as JSON; `None` for what is gone by now, or hidden from the reader.
fn written(reading: &Reading<'_>, scope: Scope, row: Row) -> Result<Option<Value>, Refusal> {
    let world = reading.world;
    let (no, day) = match row {
        Row::Whole(no) => (no, None),
        Row::Date(no, day) => (no, Some(day)),
        Row::Removed(no, day, reason) => return Ok(Some(tombstone(reading, no, day, reason))),
    };
    let Some(item) = world.items.get(&no).filter(|item| item.calendar == reading.access.target) else {
        return Ok(None);
    };
    if !reading.access.rights.private && world.is_private(no, day) {
        match world.switches.private_in_list {
            PrivateInList::Bare => {}
            PrivateInList::Hidden => {
                world.meet("private_in_list.hidden");
                return Ok(None);
            }
            PrivateInList::Fails => {
                world.meet("private_in_list.fails");
                return Err(Refusal::not_found());
            }
        }
    }
    let exception = day.and_then(|day| item.occurrence(day)).is_some_and(|found| found.exception.is_some());
    let event = match day {
        Some(day) if !exception => reading.stub(item, day),
        day => reading.event(item, day),
    };
    let Some(mut event) = event else { return Ok(None) };
    if scope == Scope::Events {
        event = json!({
            "@odata.etag": etag(item), "id": event["id"], "type": event["type"],
            "start": event["start"], "end": event["end"],
        });
    }
    event["@odata.type"] = json!("#microsoft.graph.event");
    Ok(Some(event))
}

fn tombstone(
    reading: &Reading<'_>,
    no: ItemNo,
    day: Option<chrono::NaiveDate>,
    reason: &'static str,
) -> Value {
    let world = reading.world;
    let id = world.event_id(reading.prefer.ids, reading.access.place, no, day);
    let mut row = json!({"id": id, "@removed": {"reason": reason}});
    if world.switches.delta_typed_tombstones {
        world.meet("delta_typed_tombstones");
        let known = world.items.get(&no).or_else(|| world.graves.get(&no));
        let series = known.is_some_and(|item| item.series.is_some());
        row["@odata.type"] = json!("#microsoft.graph.event");
        row["type"] = json!(match (series, day) {
            (_, Some(_)) => "occurrence",
            (true, None) => "seriesMaster",
            (false, None) => "singleInstance",
        });
    }
    row
}

/// A link of either style to the same function.
fn link(world: &World, call: &Call, name: &str, text: &str) -> String {
    let parent = call.path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let function = if world.switches.delta_qualified_links {
        world.meet("delta_qualified_links");
        "microsoft.graph.delta"
    } else {
        "delta"
    };
    format!("{}{parent}/{function}?{name}={text}", call.base)
}
