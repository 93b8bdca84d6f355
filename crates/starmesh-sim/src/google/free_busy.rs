//! When the time is taken.

use chrono::{DateTime, Utc};
use http::StatusCode;
use serde_json::{Map, Value, json};

use super::calendar::Calendar;
use super::call::{Answer, Turn};
use super::moment::{known, rfc3339};
use super::problem::Problem;
use super::scope::{self, Need};
use super::world::resolve;
use crate::web::Reply;

/// The most calendars of a request.
const CALENDARS_MAX: usize = 50;

type Span = (DateTime<Utc>, DateTime<Utc>);

/// POST freeBusy
pub(super) fn query(turn: &mut Turn<'_>) -> Answer {
    scope::check(turn.access, Need::FreeBusy, None)?;
    let body = turn.call.object()?;
    let time = |name: &str| {
        let text = body.get(name).and_then(Value::as_str);
        let text = text.ok_or_else(|| Problem::required(&format!("Missing {name} parameter.")))?;
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| Problem::bad_request("Bad Request"))?;
        Ok(parsed.to_utc())
    };
    let (lo, hi) = (time("timeMin")?, time("timeMax")?);
    if lo >= hi {
        return Err(Problem::time_range_empty());
    }
    let zone = body.get("timeZone").and_then(Value::as_str).unwrap_or("UTC");
    known(zone).ok_or_else(|| Problem::invalid("Invalid time zone."))?;
    let empty = Vec::new();
    let items = body.get("items").and_then(Value::as_array).unwrap_or(&empty);
    let asked = body.get("calendarExpansionMax").and_then(Value::as_u64);
    let max = asked.and_then(|it| usize::try_from(it).ok()).map_or(CALENDARS_MAX, |it| it.min(CALENDARS_MAX));
    let mut calendars = Map::new();
    for (at, item) in items.iter().enumerate() {
        let name = item.get("id").and_then(Value::as_str).unwrap_or_default();
        let id = resolve(turn.me(), name);
        let role = turn.world.role(turn.me(), &id);
        let answer = match turn.world.calendars.get(&id) {
            _ if at >= max => problem("calendar", "tooManyCalendarsRequested"),
            Some(calendar) if role.is_some() => {
                let busy = busy(calendar, (lo, hi)).into_iter();
                let spans = busy
                    .map(|(start, end)| json!({ "start": rfc3339(start, zone), "end": rfc3339(end, zone) }));
                json!({ "busy": spans.collect::<Value>() })
            }
            _ => problem("global", "notFound"),
        };
        calendars.insert(name.to_owned(), answer);
    }
    let body = json!({
        "kind": "calendar#freeBusy",
        "timeMin": rfc3339(lo, zone),
        "timeMax": rfc3339(hi, zone),
        "calendars": calendars,
    });
    Ok(Reply::json(StatusCode::OK, body))
}

fn problem(domain: &str, reason: &str) -> Value {
    json!({ "errors": [{ "domain": domain, "reason": reason }], "busy": [] })
}

/// The taken time of a calendar, merged and clipped.
fn busy(calendar: &Calendar, (lo, hi): Span) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for event in calendar.events.values() {
        let declined = event.response_of(&calendar.id) == Some("declined");
        if calendar.is_dead(event) || event.is_transparent() || declined {
            continue;
        }
        if event.is_series() {
            let dates = event.dates.iter();
            let made = dates.filter(|date| !calendar.events.contains_key(&event.instance_id(&date.original)));
            spans.extend(made.map(|date| calendar.extent(&date.start, &date.end)));
        } else {
            spans.push(calendar.extent(&event.start, &event.end));
        }
    }
    spans.retain(|(start, end)| *end > lo && *start < hi);
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for (start, end) in spans {
        let (start, end) = (start.max(lo), end.min(hi));
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    merged
}
