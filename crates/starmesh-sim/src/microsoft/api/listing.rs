//! Lists of events: whole calendars, views of a range, instances of a series, page by page.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};

use super::event_json::Reading;
use super::filter::Filter;
use super::options::{Expand, Select};
use crate::microsoft::call::Call;
use crate::microsoft::refusal::Refusal;
use crate::microsoft::switches::PrivateInList;
use crate::microsoft::world::access::{Access, Located, Want};
use crate::microsoft::world::timing::{Span, read_instant};
use crate::microsoft::world::{CalendarNo, ItemNo, MailboxNo, World};
use crate::web::Reply;

/// A page unless the request says how long: those who do not follow links lose what is behind it.
const PAGE_DEFAULT: usize = 10;
/// The longest page with `$expand`.
const PAGE_EXPANDED_MAX: usize = 100;

/// An event or one date of a series, in a list.
type Row = (ItemNo, Option<NaiveDate>);

/// `GET …/events`: single events and series, no occurrences.
pub(crate) fn events(
    world: &World,
    call: &Call,
    mailbox: MailboxNo,
    calendar: Option<CalendarNo>,
) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, calendar, Want::Read)?;
    let rows: Vec<Row> = listed(world, access).map(|no| (no, None)).collect();
    page(world, call, access, rows, false)
}

/// `GET …/calendarView`: what happens in a range; single events first, then occurrences.
pub(crate) fn view(
    world: &World,
    call: &Call,
    mailbox: MailboxNo,
    calendar: Option<CalendarNo>,
) -> Result<Reply, Refusal> {
    let access = world.open(&call.caller, mailbox, calendar, Want::Read)?;
    let span = span(world, call)?;
    let (mut singles, mut dates) = (Vec::new(), Vec::new());
    for no in listed(world, access) {
        let Some(item) = world.items.get(&no) else { continue };
        if item.series.is_none() {
            let times = item.main.timing.instants();
            if span.holds(times) {
                singles.push((times.0, (no, None)));
            }
        }
        dates.extend(
            item.occurrences(&span).iter().map(|found| (found.timing.instants().0, (no, Some(found.day)))),
        );
    }
    singles.sort_unstable();
    dates.sort_unstable();
    let rows = singles.into_iter().chain(dates).map(|(_, row): (DateTime<Utc>, Row)| row).collect();
    page(world, call, access, rows, true)
}

/// `GET …/events/{id}/instances`: the dates of one series in a range.
pub(crate) fn instances(world: &World, call: &Call, located: Located) -> Result<Reply, Refusal> {
    let span = span(world, call)?;
    let item = world.items.get(&located.item).ok_or_else(Refusal::not_found)?;
    let rows = item.occurrences(&span).iter().map(|found| (item.no, Some(found.day))).collect();
    page(world, call, located.access, rows, true)
}

/// The range of a request, which it must have.
pub(crate) fn span(world: &World, call: &Call) -> Result<Span, Refusal> {
    let instant = |name: &str| {
        let text = call.query.get(name).ok_or_else(|| {
            Refusal::bad(
                "ErrorInvalidParameter",
                "This request requires a time window specified by the query string parameters StartDateTime and EndDateTime.",
            )
        })?;
        read_instant(text).ok_or_else(|| {
            Refusal::bad("ErrorInvalidParameter", &format!("The value of the parameter '{name}' is invalid."))
        })
    };
    let (lo, hi) = (instant("startDateTime")?, instant("endDateTime")?);
    if hi < lo {
        return Err(Refusal::bad("ErrorInvalidParameter", "The end of the time window is before its start."));
    }
    let widest = world.switches.view_range_days_max.and_then(TimeDelta::try_days);
    if widest.is_some_and(|widest| hi - lo > widest) {
        world.meet("view_range_days_max");
        return Err(Refusal::bad("ErrorCalendarViewRangeTooBig", "The time window is too wide."));
    }
    Ok(Span { lo, hi: Some(hi) })
}

/// The events a list of a calendar has by now.
fn listed(world: &World, access: Access) -> impl Iterator<Item = ItemNo> + '_ {
    let lag = TimeDelta::milliseconds(i64::from(world.switches.list_lag_ms));
    let seen = world.now() - lag;
    let items = world.calendars.get(&access.target).map(|calendar| calendar.items.iter());
    items.into_iter().flatten().copied().filter(move |no| {
        let shown = lag.is_zero() || world.items.get(no).is_some_and(|item| item.created <= seen);
        if !shown {
            world.meet("list_lag");
        }
        shown
    })
}

/// One page of `rows`: filtered, ordered, counted, cut, with a link to the next.
fn page(
    world: &World,
    call: &Call,
    access: Access,
    mut rows: Vec<Row>,
    is_view: bool,
) -> Result<Reply, Refusal> {
    if call.query.get("$search").is_some() {
        return Err(Refusal::bad(
            "ErrorInvalidUrlQuery",
            "The query option '$search' is not supported here.",
        ));
    }
    let prefer = call.prefer()?;
    let expand = Expand::read(&call.query)?;
    let page_max = if expand.is_empty() {
        world.switches.page_max
    } else {
        PAGE_EXPANDED_MAX.min(world.switches.page_max)
    };
    let reading = Reading { world, access, prefer: &prefer, select: Select::read(&call.query)?, expand };
    hide_private(world, access, &mut rows)?;
    filter(&reading, call, &mut rows)?;
    order(&reading, call, &mut rows)?;
    let number = |name: &str| match call.query.get(name) {
        None => Ok(None),
        Some(text) => text.parse::<usize>().map(Some).map_err(|_| {
            Refusal::bad("BadRequest", &format!("Invalid value '{text}' for the query option '{name}'."))
        }),
    };
    let size = number("$top")?.or(prefer.page).unwrap_or(PAGE_DEFAULT);
    if size == 0 {
        return Err(Refusal::bad("BadRequest", "Invalid value '0' for the query option '$top'."));
    }
    let skip = number("$skip")?.unwrap_or(0);
    if size > page_max {
        world.meet("page_max");
    }
    let size = size.min(page_max);
    let value: Vec<Value> = rows
        .iter()
        .skip(skip)
        .take(size)
        .filter_map(|(no, day)| {
            let mut event = reading.event(world.items.get(no)?, *day)?;
            if is_view && call.query.get("$select").is_some() {
                // A view does not give these when properties are chosen.
                let event = event.as_object_mut()?;
                event.remove("createdDateTime");
                event.remove("lastModifiedDateTime");
            }
            Some(event)
        })
        .collect();
    let mut body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#Collection(event)", call.base),
        "value": value,
    });
    if call.query.get("$count").is_some_and(|count| count.eq_ignore_ascii_case("true")) {
        body["@odata.count"] = json!(rows.len());
    }
    if rows.len() > skip + size {
        let query = call.query.with("$skip", &(skip + size).to_string());
        body["@odata.nextLink"] = json!(call.link(&query));
    }
    Ok(Reply::json(StatusCode::OK, body))
}

/// Private events of others, as the switch says.
pub(crate) fn hide_private(world: &World, access: Access, rows: &mut Vec<Row>) -> Result<(), Refusal> {
    if access.rights.private {
        return Ok(());
    }
    let is_private = |(no, day): &Row| world.is_private(*no, *day);
    if !rows.iter().any(is_private) {
        return Ok(());
    }
    match world.switches.private_in_list {
        PrivateInList::Hidden => {
            world.meet("private_in_list.hidden");
            rows.retain(|row| !is_private(row));
            Ok(())
        }
        PrivateInList::Fails => {
            world.meet("private_in_list.fails");
            Err(Refusal::not_found())
        }
        PrivateInList::Bare => Ok(()),
    }
}

fn filter(reading: &Reading<'_>, call: &Call, rows: &mut Vec<Row>) -> Result<(), Refusal> {
    let Some(text) = call.query.get("$filter") else { return Ok(()) };
    let filter = Filter::parse(text)?;
    if text.contains("transactionId") {
        let understood = reading.world.switches.filter_by_transaction_id;
        let met = if understood {
            "filter_by_transaction_id.understood"
        } else {
            "filter_by_transaction_id.refused"
        };
        reading.world.meet(met);
    }
    filter.check(reading.world.switches.filter_by_transaction_id)?;
    let whole = Reading::plain(reading.world, reading.access, reading.prefer);
    rows.retain(|(no, day)| {
        let Some(item) = whole.world.items.get(no) else { return false };
        let exception = day.and_then(|day| item.occurrence(day)).and_then(|found| found.exception);
        let details = exception.unwrap_or(&item.main);
        whole.event(item, *day).is_some_and(|event| filter.holds(&event, details))
    });
    Ok(())
}

/// `$orderby` one property that is a text in answers.
fn order(reading: &Reading<'_>, call: &Call, rows: &mut [Row]) -> Result<(), Refusal> {
    let Some(text) = call.query.get("$orderby") else { return Ok(()) };
    let (path, direction) = text.trim().split_once(' ').unwrap_or((text.trim(), "asc"));
    let orderable =
        ["start/dateTime", "end/dateTime", "subject", "createdDateTime", "lastModifiedDateTime", "id"];
    if !orderable.contains(&path) {
        return Err(Refusal::bad("ErrorInvalidProperty", "The property is not one that can be ordered by."));
    }
    let whole = Reading::plain(reading.world, reading.access, reading.prefer);
    rows.sort_by_cached_key(|(no, day)| {
        let event = whole.world.items.get(no).and_then(|item| whole.event(item, *day)).unwrap_or_default();
        let value = path.split('/').fold(&event, |value, part| &value[part]);
        value.as_str().unwrap_or_default().to_owned()
    });
    if direction.trim().eq_ignore_ascii_case("desc") {
        rows.reverse();
    }
    Ok(())
}
