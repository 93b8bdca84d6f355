//! `events.instances`: the dates of one series.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Value, json};

use super::super::calendar::Role;
use super::super::call::{Answer, Turn};
use super::super::event::Event;
use super::super::moment::stamp;
use super::super::problem::Problem;
use super::super::scope::Need;
use super::super::series::Date;
use super::super::tokens::{PageToken, open, seal};
use super::super::view::View;
use super::rows::begins;
use crate::web::Reply;

/// Rows on a page unless asked otherwise.
const PAGE_DEFAULT: usize = 250;
/// The most rows on a page.
const PAGE_MAX: usize = 2_500;

/// One date of the series, made by its rule or by an exception.
struct Instance<'a> {
    id: Cow<'a, str>,
    start: chrono::DateTime<chrono::Utc>,
    end: chrono::DateTime<chrono::Utc>,
    original: Value,
    row: Value,
}

/// GET calendars/{c}/events/{e}/instances
pub(in crate::google) fn instances(turn: &mut Turn<'_>, name: &str, event: &str) -> Answer {
    let call = turn.call;
    let calendar = turn.calendar(name, Role::FreeBusyReader, Need::ReadEvents)?;
    let master = calendar.stored(event).ok_or_else(Problem::not_found)?;
    if !master.is_series() {
        return Err(Problem::bad_request("Instances are only available for recurring events."));
    }
    let (lo, hi) = (call.time("timeMin")?, call.time("timeMax")?);
    if lo.zip(hi).is_some_and(|(lo, hi)| lo >= hi) {
        return Err(Problem::time_range_empty());
    }
    let zone = call.zone()?;
    let show_deleted = call.flag("showDeleted")?.unwrap_or(false);
    let original = call.query.get("originalStart");
    let max = call.count("maxResults", PAGE_MAX)?.unwrap_or(PAGE_DEFAULT);
    let view = View {
        calendar,
        role: turn.world.role(turn.me(), &calendar.id).unwrap_or(Role::FreeBusyReader),
        me: turn.me(),
        shown_zone: zone.unwrap_or(&calendar.zone),
        attendees_max: call.count("maxAttendees", usize::MAX)?,
        switches: turn.switches,
        met: &turn.world.met,
    };
    let mut rows: Vec<_> =
        made(&view, master, show_deleted).chain(excepted(&view, master, show_deleted)).collect();
    rows.retain(|row| lo.is_none_or(|lo| row.end > lo) && hi.is_none_or(|hi| row.start < hi));
    if let Some(wanted) = original {
        let same = |row: &Instance<'_>| row.original == wanted_time(wanted);
        rows.retain(same);
    }
    rows.sort_by(|a, b| (a.start, &a.id).cmp(&(b.start, &b.id)));
    let page = page(turn, &calendar.id, event)?;
    let from = page.as_ref().map_or(0, |page| page.pages as usize);
    let more = rows.len() > from + max;
    let items: Vec<_> = rows.into_iter().skip(from).take(max).map(|row| row.row).collect();
    let updated = chrono::DateTime::from_timestamp_millis(calendar.updated_ms).unwrap_or(turn.now);
    let mut body = json!({
        "kind": "calendar#events",
        "etag": format!("\"p{}\"", calendar.updated_ms),
        "summary": calendar.summary,
        "updated": stamp(updated),
        "timeZone": view.shown_zone,
        "accessRole": view.role.name(),
        "defaultReminders": [],
        "items": items,
    });
    if more {
        let token = PageToken {
            list: calendar.id.clone(),
            user: turn.me().to_owned(),
            query: event.to_owned(),
            after: None,
            change: 0,
            epoch: calendar.epoch,
            pages: u32::try_from(from + max).unwrap_or(u32::MAX),
        };
        body["nextPageToken"] = json!(seal(&token));
    }
    Ok(Reply::json(StatusCode::OK, body))
}

/// The page that is asked for; here `pages` counts rows.
fn page(turn: &Turn<'_>, calendar: &str, event: &str) -> Result<Option<PageToken>, Problem> {
    let Some(text) = turn.call.query.get("pageToken") else { return Ok(None) };
    let fits = |token: &PageToken| token.list == calendar && token.query == event && token.user == turn.me();
    let token = open(text).filter(fits);
    token.map(Some).ok_or_else(|| Problem::invalid_parameter("pageToken", text))
}

/// The dates that the rule makes and no exception replaces.
fn made<'a>(view: &'a View<'a>, master: &'a Event, show_deleted: bool) -> impl Iterator<Item = Instance<'a>> {
    let dead = master.is_cancelled();
    let shown = !dead || show_deleted;
    master.dates.iter().filter(move |_| shown).filter_map(move |date: &Date| {
        let id = master.instance_id(&date.original);
        if view.calendar.stored(&id).is_some() {
            return None;
        }
        let row = if dead { view.tombstone(master, &id, Some(date)) } else { view.instance(master, date) };
        Some(Instance {
            start: begins(view, &date.start),
            end: begins(view, &date.end),
            original: wanted_time(&date.original.suffix()),
            id: Cow::Owned(id),
            row,
        })
    })
}

/// The exceptions, cancelled ones if asked for.
fn excepted<'a>(
    view: &'a View<'a>,
    master: &'a Event,
    show_deleted: bool,
) -> impl Iterator<Item = Instance<'a>> {
    view.calendar.exceptions(&master.id).filter_map(move |exception| {
        let dead = view.calendar.is_dead(exception);
        if dead && !show_deleted {
            return None;
        }
        let row = if dead { view.tombstone(exception, &exception.id, None) } else { view.event(exception) };
        let suffix = exception.of.as_ref().map(|(_, original)| original.suffix()).unwrap_or_default();
        Some(Instance {
            start: begins(view, &exception.start),
            end: begins(view, &exception.end),
            original: wanted_time(&suffix),
            id: Cow::Borrowed(&exception.id),
            row,
        })
    })
}

/// An original start in one form, from a parameter or the end of an instance's id.
fn wanted_time(text: &str) -> Value {
    if let Ok(time) = chrono::DateTime::parse_from_rfc3339(text) {
        return json!(time.to_utc().format("%Y%m%dT%H%M%SZ").to_string());
    }
    json!(text.replace('-', ""))
}
