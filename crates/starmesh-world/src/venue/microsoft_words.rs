//! What Microsoft says of an event, in its own JSON. Own code: the adapter has another.

use chrono::{DateTime, NaiveDate};
use serde_json::{Value, json};
use starmesh_core::event::{Availability, EventKind, Facts, Response};
use starmesh_core::mirror::{FoundColor, Mark};
use starmesh_core::time::EventTime;

use super::{Content, zone_of};
use crate::event::{Event, Exception, Series, When};
use crate::memory::{MarkedItem, Owner};
use crate::span::{DAY, HOUR, Span, Wall, instant, wall_clock};
use crate::words;

/// The extended property that holds a mark, as its maker and nobody else names it.
const MARK: &str = "String {7d1c1a52-5a0c-4f3e-9a62-3c1f0f4d8b17} Name SyncFb";
/// The extended property that holds the identity under which a mirror was created.
const IDENTITY: &str = "String {7d1c1a52-5a0c-4f3e-9a62-3c1f0f4d8b17} Name SyncFbId";
/// When an answer was given that persons gave before the world began.
const ANSWERED: &str = "2025-12-01T09:00:00Z";

/// Where a calendar of Microsoft is, as far as its words depend on it.
pub(super) struct Setting {
    /// Where its clock hangs.
    pub(super) home: Wall,
    /// What persons write.
    pub(super) content: Content,
}

/// The body of a person's event: single, or a series as its rule makes it.
pub(super) fn event_body(event: &Event, setting: &Setting) -> Value {
    let mut body = words(&event.uid, event.facts, setting.content);
    match &event.when {
        When::Once { wall, start, length, all_day } => {
            write_times(&mut body, (*start, *length, *all_day), *wall, setting.home);
            body["recurrence"] = Value::Null;
        }
        When::Series(series) => {
            write_times(&mut body, (series.first, series.length, series.all_day), series.wall, setting.home);
            body["recurrence"] = recurrence(series, setting.home);
        }
    }
    body
}

/// The fields of one date of a series that was changed on its own.
pub(super) fn date_body(
    event: &Event,
    series: &Series,
    number: u32,
    exception: &Exception,
    setting: &Setting,
) -> Value {
    let original = series.local_start(number);
    let (start, length, facts) = match *exception {
        Exception::Moved { later, length } => (original + later, length, event.facts),
        Exception::Shown(facts) => (original, series.length, facts),
        Exception::Cancelled => (original, series.length, Facts { cancelled: true, ..event.facts }),
        Exception::Dropped => (original, series.length, event.facts),
    };
    let mut body = words(&event.uid, facts, setting.content);
    write_times(&mut body, (start, length, series.all_day), series.wall, setting.home);
    body
}

/// How many occurrences of a series without an end are looked at: more than any window holds.
const OCCURRENCES_MAX: u32 = 100;

/// The date by which one occurrence of a series is known.
pub(super) fn date_of(series: &Series, number: u32) -> NaiveDate {
    wall_clock(series.local_start(number)).date()
}

/// Both ends on the wall clock where the event hangs.
fn write_times(body: &mut Value, (local, length, all_day): (i64, i64, bool), wall: Wall, home: Wall) {
    let zone = zone_of(wall, home);
    let on_wall = |seconds: i64, zone: &str| json!({"dateTime": wall_clock(seconds).format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone});
    body["start"] = on_wall(local, zone);
    body["end"] = if all_day {
        on_wall(local + length, zone)
    } else {
        on_wall(local_end(local, length, wall, home).unwrap_or(local + length), zone)
    };
    body["isAllDay"] = json!(all_day);
}

/// What the wall clock shows `length` seconds after it shows `local`; `None` where it shows that twice and the
/// second time is meant, which nobody can write.
fn local_end(local: i64, length: i64, wall: Wall, home: Wall) -> Option<i64> {
    let end = wall.to_utc(local, home) + length;
    [0, HOUR, 2 * HOUR].into_iter().map(|offset| end + offset).find(|shown| wall.to_utc(*shown, home) == end)
}

fn recurrence(series: &Series, home: Wall) -> Value {
    let first = wall_clock(series.first).date();
    let pattern = if series.step_days % 7 == 0 {
        let day = first.format("%A").to_string().to_lowercase();
        json!({"type": "weekly", "interval": series.step_days / 7, "daysOfWeek": [day], "firstDayOfWeek": "sunday"})
    } else {
        json!({"type": "daily", "interval": series.step_days})
    };
    let zone = zone_of(series.wall, home);
    let range = match series.count {
        Some(count) => json!({
            "type": "numbered", "startDate": first.to_string(), "numberOfOccurrences": count, "recurrenceTimeZone": zone,
        }),
        None => json!({"type": "noEnd", "startDate": first.to_string(), "recurrenceTimeZone": zone}),
    };
    json!({"pattern": pattern, "range": range})
}

/// Everything but the times.
fn words(uid: &str, facts: Facts, content: Content) -> Value {
    let show_as = match facts.availability {
        Availability::Free if facts.kind == EventKind::WorkingLocation => "workingElsewhere",
        Availability::Free => "free",
        Availability::Tentative => "tentative",
        Availability::Busy => "busy",
        Availability::OutOfOffice => "oof",
    };
    let mut body = json!({
        "subject": content.subject(uid),
        "body": {"contentType": "text", "content": content.text(uid)},
        "location": {"displayName": content.place(uid)},
        "categories": if words::holds(uid).category { vec![words::CATEGORY] } else { Vec::new() },
        "showAs": show_as,
        "isCancelled": facts.cancelled,
        "isOrganizer": facts.response == Response::NotInvited,
    });
    let answer = match facts.response {
        Response::NotInvited => "organizer",
        Response::NeedsAction => "notResponded",
        Response::Tentative => "tentativelyAccepted",
        Response::Accepted => "accepted",
        Response::Declined => "declined",
    };
    body["responseStatus"] = json!({"response": answer, "time": ANSWERED});
    if facts.response == Response::NotInvited {
        body["attendees"] = json!([]);
    } else {
        let person = json!({"emailAddress": {"name": content.place(uid), "address": content.address()}});
        body["organizer"] = person.clone();
        body["attendees"] = json!([person]);
    }
    body
}

/// The body of something that carries a mark, written by hand.
pub(super) fn marked_body(marked: &MarkedItem, content: Content) -> Value {
    let span = Span::of(&marked.time);
    let time = |seconds: i64| json!({"dateTime": wall_clock(seconds).format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC"});
    let show_as = match marked.availability {
        Availability::Free => "free",
        Availability::Tentative => "tentative",
        Availability::Busy => "busy",
        Availability::OutOfOffice => "oof",
    };
    let guest = json!({"emailAddress": {"name": "Guest", "address": content.address()}});
    json!({
        "subject": marked.label,
        "start": time(span.start),
        "end": time(span.end),
        "isAllDay": span.all_day,
        "showAs": show_as,
        "sensitivity": "private",
        "isReminderOn": false,
        "body": {"contentType": "text", "content": ""},
        "location": {"displayName": if marked.plain { String::new() } else { content.place("a mirror") }},
        "attendees": if marked.has_attendees { vec![guest] } else { Vec::new() },
        "singleValueExtendedProperties": [
            {"id": MARK, "value": marked.mark},
            {"id": IDENTITY, "value": marked.provider_id},
        ],
    })
}

/// The marked item in what the ledger tells of an event; `None` when it carries no mark. `is_own`: nobody else
/// shares the calendar.
pub(crate) fn mirror_in(event: &Value, owner: Owner, is_own: bool) -> Option<MarkedItem> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mark = event["extended"][MARK].as_str()?.to_owned();
    let properties = &event["properties"];
    let has_attendees = properties["attendees"].as_array().is_some_and(|rows| !rows.is_empty());
    // Who may not see private events of somebody else writes mirrors that are not private, to see them again.
    let is_sensitive =
        properties["sensitivity"] == "private" || (!is_own && properties["sensitivity"] == "normal");
    let plain = is_sensitive
        && properties["isReminderOn"] == json!(false)
        && text(&properties["location"]["displayName"]).is_empty()
        && text(&properties["body"]["content"]).trim().is_empty()
        && properties["isOnlineMeeting"] != json!(true);
    Some(MarkedItem {
        owner,
        provider_id: text(&event["extended"][IDENTITY]),
        key: Mark::parse(&mark).map(|mark| mark.key),
        mark,
        time: time_in(event),
        availability: match properties["showAs"].as_str() {
            Some("free" | "workingElsewhere") => Availability::Free,
            Some("tentative") => Availability::Tentative,
            Some("oof") => Availability::OutOfOffice,
            _ => Availability::Busy,
        },
        label: text(&properties["subject"]),
        // Nothing of ours has one there.
        color: FoundColor::Unset,
        plain,
        has_attendees,
    })
}

/// The epoch where it cannot be read, at which no mirror stands. Everything with a mark is written in UTC.
fn time_in(event: &Value) -> EventTime {
    let time = |end: &str| {
        let told = DateTime::parse_from_rfc3339(event[end].as_str().unwrap_or_default());
        told.map_or_else(|_| instant(0), |told| told.to_utc())
    };
    if event["isAllDay"] == json!(true) {
        return EventTime::AllDay { start: time("start").date_naive(), end: time("end").date_naive() };
    }
    EventTime::Timed { start: time("start"), end: time("end") }
}

/// What of an event Microsoft can express.
pub(super) fn fit(mut event: Event, home: Wall) -> Event {
    event.unreadable = false;
    match &mut event.when {
        When::Once { wall, start, length, all_day } => {
            *length = (*length).max(if *all_day { DAY } else { 0 });
            *wall = hung(*wall, home, *start, *length);
        }
        When::Series(series) => {
            series.wall = hung(series.wall, home, series.first, series.length);
            if !series.all_day && changes_clocks(series, home) {
                series.wall = Wall::Utc;
            }
        }
    }
    // Here, where somebody works and whose birthday it is are no kinds of event.
    event.forget_kinds();
    event
}

/// True when the clocks change during one of the first occurrences of a series. Microsoft says when each begins and
/// ends on the wall clock, and so has them all last as long there, and not as long as time passes.
fn changes_clocks(series: &Series, home: Wall) -> bool {
    (0..series.count.unwrap_or(OCCURRENCES_MAX))
        .map(|number| series.local_start(number))
        .any(|local| local_end(local, series.length, series.wall, home) != Some(local + series.length))
}

/// Microsoft has no floating time, and no end on a wall clock that cannot show it.
fn hung(wall: Wall, home: Wall, local: i64, length: i64) -> Wall {
    let wall = if wall == Wall::Floating { home } else { wall };
    if local_end(local, length, wall, home).is_some() { wall } else { Wall::Utc }
}
