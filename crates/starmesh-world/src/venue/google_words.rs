//! What Google says of an event, in its own JSON. Own code: the adapter has another.

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};
use starmesh_core::event::{Availability, EventKind, Facts, Response};
use starmesh_core::mirror::{Color, FoundColor, Mark};
use starmesh_core::time::EventTime;

use super::{Content, zone_of};
use crate::event::{Event, Exception, Series, When};
use crate::memory::{MarkedItem, Owner};
use crate::span::{DAY, Span, Wall, instant, wall_clock};

/// Where a calendar of Google is, as far as its words depend on it.
pub(super) struct Setting<'a> {
    /// Its address, which is its own as an attendee.
    pub(super) calendar: &'a str,
    /// Where its clock hangs.
    pub(super) home: Wall,
    /// What persons write.
    pub(super) content: Content,
}

/// The body of a person's event: single, or a series as its rule makes it.
pub(super) fn event_body(event: &Event, setting: &Setting<'_>) -> Value {
    let (times, recurrence) = match &event.when {
        When::Once { wall, start, length, all_day } => {
            let start = if *all_day { *start } else { wall.to_utc(*start, setting.home) };
            let span = Span { all_day: *all_day, start, end: start + length };
            (times(&span, *wall, setting.home), Value::Null)
        }
        When::Series(series) => {
            let first = series_span(series, series.first, series.length, setting.home);
            (times(&first, series.wall, setting.home), json!([rule(series)]))
        }
    };
    let mut body = words(&event.uid, event.facts, setting);
    body["iCalUID"] = json!(event.uid);
    body["start"] = times.0;
    body["end"] = times.1;
    if !recurrence.is_null() {
        body["recurrence"] = recurrence;
    }
    body
}

/// The fields of one date of a series as `exception` has it, or as the series does.
pub(super) fn date_body(
    event: &Event,
    series: &Series,
    number: u32,
    exception: Option<&Exception>,
    setting: &Setting<'_>,
) -> Value {
    let original = series.local_start(number);
    let (start, length, facts) = match exception {
        Some(Exception::Moved { later, length }) => (original + later, *length, event.facts),
        Some(Exception::Shown(facts)) => (original, series.length, *facts),
        _ => (original, series.length, event.facts),
    };
    let span = series_span(series, start, length, setting.home);
    let times = times(&span, series.wall, setting.home);
    let mut body = words(&event.uid, facts, setting);
    body["start"] = times.0;
    body["end"] = times.1;
    // A patch leaves alone what it does not name.
    for name in ["transparency", "attendees"] {
        if body.get(name).is_none() {
            body[name] = Value::Null;
        }
    }
    body
}

/// What stands behind the id of a series in the id of one of its dates.
pub(super) fn date_suffix(series: &Series, number: u32, home: Wall) -> String {
    let span = series_span(series, series.local_start(number), series.length, home);
    let form = if series.all_day { "%Y%m%d" } else { "%Y%m%dT%H%M%SZ" };
    wall_clock(span.start).format(form).to_string()
}

fn series_span(series: &Series, local: i64, length: i64, home: Wall) -> Span {
    let start = if series.all_day { local } else { series.wall.to_utc(local, home) };
    Span { all_day: series.all_day, start, end: start + length }
}

fn rule(series: &Series) -> String {
    let count = series.count.map(|count| format!(";COUNT={count}")).unwrap_or_default();
    if series.step_days % 7 == 0 {
        format!("RRULE:FREQ=WEEKLY;INTERVAL={}{count}", series.step_days / 7)
    } else {
        format!("RRULE:FREQ=DAILY;INTERVAL={}{count}", series.step_days)
    }
}

fn times(span: &Span, wall: Wall, home: Wall) -> (Value, Value) {
    let zone = zone_of(wall, home);
    let time = |seconds: i64| {
        if span.all_day {
            json!({"date": wall_clock(seconds).date().to_string()})
        } else {
            json!({"dateTime": wall_clock(seconds).format("%Y-%m-%dT%H:%M:%SZ").to_string(), "timeZone": zone})
        }
    };
    (time(span.start), time(span.end))
}

/// Everything but the times.
fn words(uid: &str, facts: Facts, setting: &Setting<'_>) -> Value {
    let content = setting.content;
    let kind = match (facts.kind, facts.availability) {
        (EventKind::WorkingLocation, _) => "workingLocation",
        (_, Availability::OutOfOffice) => "outOfOffice",
        _ => "default",
    };
    let is_place = facts.kind == EventKind::WorkingLocation;
    let mut body = json!({
        "summary": content.subject(uid),
        "description": content.text(uid),
        "location": content.place(uid),
        "source": {"title": content.subject(uid), "url": content.link()},
        "eventType": kind,
        "visibility": if is_place { "public" } else { "default" },
        "status": if facts.availability == Availability::Tentative { "tentative" } else { "confirmed" },
    });
    if is_place || facts.availability == Availability::Free {
        body["transparency"] = json!("transparent");
    }
    let answer = match facts.response {
        Response::NotInvited => return body,
        Response::NeedsAction => "needsAction",
        Response::Tentative => "tentative",
        Response::Accepted => "accepted",
        Response::Declined => "declined",
    };
    body["organizer"] = json!({"email": content.address()});
    body["attendees"] = json!([
        {"email": content.address(), "responseStatus": "accepted", "displayName": content.place(uid)},
        {"email": setting.calendar, "responseStatus": answer},
    ]);
    body
}

/// The numbers of our colours, by the names that Google shows for them: Grape, Flamingo, Banana, Tangerine,
/// Peacock, Graphite, Blueberry, Basil and Tomato.
const COLORS: [(&str, Color); 9] = [
    ("3", Color::Purple),
    ("4", Color::Pink),
    ("5", Color::Yellow),
    ("6", Color::Orange),
    ("7", Color::Teal),
    ("8", Color::Gray),
    ("9", Color::Blue),
    ("10", Color::Green),
    ("11", Color::Red),
];

/// The body of something that carries a mark, written by hand.
pub(super) fn marked_body(marked: &MarkedItem, setting: &Setting<'_>) -> Value {
    let span = Span::of(&marked.time);
    let (start, end) = times(&span, Wall::Utc, Wall::Utc);
    let mut private = json!({"syncfb": "1", "syncfbMark": marked.mark});
    if marked.availability == Availability::OutOfOffice {
        private["syncfbShow"] = json!("outOfOffice");
    }
    let mut body = json!({
        "summary": marked.label,
        "start": start,
        "end": end,
        "status": if marked.availability == Availability::Tentative { "tentative" } else { "confirmed" },
        "visibility": "private",
        "transparency": if marked.availability == Availability::Free { "transparent" } else { "opaque" },
        "reminders": {"useDefault": false, "overrides": []},
        "extendedProperties": {"private": private},
    });
    if let Some((id, _)) = COLORS.iter().find(|(_, color)| FoundColor::Known(*color) == marked.color) {
        body["colorId"] = json!(id);
    }
    if !marked.plain {
        body["location"] = json!(setting.content.place("a mirror"));
    }
    if marked.has_attendees {
        body["attendees"] = json!([{"email": setting.content.address()}]);
    }
    body
}

/// The marked item in an event as its owner sees it; `None` when it carries no mark.
pub(crate) fn mirror_in(event: &Value, owner: Owner) -> Option<MarkedItem> {
    let private = &event["extendedProperties"]["private"];
    let mark = private["syncfbMark"].as_str()?.to_owned();
    let text = |name: &str| event[name].as_str();
    let says_more = ["description", "location", "attachments", "conferenceData", "source", "recurrence"]
        .iter()
        .any(|name| event.get(name).is_some_and(|value| !value.is_null()));
    let reminders = &event["reminders"];
    let silent = reminders["useDefault"] == json!(false)
        && reminders["overrides"].as_array().is_none_or(Vec::is_empty);
    let has_attendees = event["attendees"].as_array().is_some_and(|rows| !rows.is_empty());
    let availability = if text("transparency") == Some("transparent") {
        Availability::Free
    } else if text("status") == Some("tentative") {
        Availability::Tentative
    } else if private["syncfbShow"] == json!("outOfOffice") {
        Availability::OutOfOffice
    } else {
        Availability::Busy
    };
    Some(MarkedItem {
        owner,
        provider_id: text("id").unwrap_or_default().to_owned(),
        key: Mark::parse(&mark).map(|mark| mark.key),
        mark,
        time: time_in(event),
        availability,
        label: text("summary").unwrap_or_default().to_owned(),
        color: text("colorId").map_or(FoundColor::Unset, |id| {
            let known = COLORS.iter().find(|(known, _)| *known == id);
            known.map_or(FoundColor::Other, |(_, color)| FoundColor::Known(*color))
        }),
        plain: text("visibility") == Some("private")
            && silent
            && !says_more
            && text("eventType") == Some("default"),
        has_attendees,
    })
}

/// The epoch where it cannot be read, at which no mirror stands.
fn time_in(event: &Value) -> EventTime {
    let day = |end: &str| event[end]["date"].as_str().and_then(|text| text.parse::<NaiveDate>().ok());
    if let (Some(start), Some(end)) = (day("start"), day("end")) {
        return EventTime::AllDay { start, end };
    }
    let time = |end: &str| -> Option<DateTime<Utc>> {
        let text = event[end]["dateTime"].as_str()?;
        Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
    };
    let epoch = instant(0);
    EventTime::Timed { start: time("start").unwrap_or(epoch), end: time("end").unwrap_or(epoch) }
}

/// The types of events that bear on whether time is blocked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum EventType {
    /// Any event.
    Default,
    /// An absence.
    OutOfOffice,
    /// Where somebody works.
    WorkingLocation,
}

impl EventType {
    /// That of an event which fits.
    pub(super) fn of(event: &Event) -> Self {
        match (event.facts.kind, event.facts.availability) {
            (EventKind::WorkingLocation, _) => Self::WorkingLocation,
            (_, Availability::OutOfOffice) => Self::OutOfOffice,
            _ => Self::Default,
        }
    }

    /// What of `event`, which is of this type with all its dates, Google can express.
    pub(super) fn fit(self, event: Event, home: Wall) -> Event {
        let mut event = fit(event, false, home);
        let facts = match self {
            Self::Default => return event,
            Self::OutOfOffice => Facts { availability: Availability::OutOfOffice, ..Facts::BUSY },
            Self::WorkingLocation => {
                Facts { kind: EventKind::WorkingLocation, availability: Availability::Free, ..Facts::BUSY }
            }
        };
        event.facts = facts;
        if let When::Series(series) = &mut event.when {
            for exception in series.exceptions.values_mut() {
                if let Exception::Shown(shown) = exception {
                    *shown = facts;
                }
            }
        }
        event
    }
}

/// What of an event Google can express.
pub(super) fn fit(mut event: Event, is_primary: bool, home: Wall) -> Event {
    event.unreadable = false;
    let timed = match &mut event.when {
        When::Once { wall, length, all_day, .. } => {
            *wall = hung(*wall, home);
            *length = (*length).max(if *all_day { DAY } else { 0 });
            !*all_day
        }
        When::Series(series) => {
            series.wall = hung(series.wall, home);
            !series.all_day
        }
    };
    let may_be_away = is_primary && timed;
    event.facts = fit_facts(event.facts, is_primary, may_be_away);
    if let When::Series(series) = &mut event.when {
        for exception in series.exceptions.values_mut() {
            *exception = match *exception {
                // A date that is cancelled is a date that is gone.
                Exception::Cancelled => Exception::Dropped,
                Exception::Shown(facts) => Exception::Shown(fit_facts(facts, is_primary, may_be_away)),
                other => other,
            };
        }
    }
    event
}

fn fit_facts(mut facts: Facts, is_primary: bool, may_be_away: bool) -> Facts {
    let elsewhere =
        facts.kind == EventKind::Birthday || (facts.kind == EventKind::WorkingLocation && !is_primary);
    if elsewhere || facts.cancelled {
        // Nothing blocks time less than these, and nothing else says so here.
        facts = Facts { availability: Availability::Free, ..Facts::BUSY };
    }
    if facts.kind == EventKind::WorkingLocation {
        facts = Facts { kind: EventKind::WorkingLocation, availability: Availability::Free, ..Facts::BUSY };
    }
    if facts.availability == Availability::OutOfOffice && !may_be_away {
        facts.availability = Availability::Busy;
    }
    facts
}

/// Google has no floating time.
fn hung(wall: Wall, home: Wall) -> Wall {
    if wall == Wall::Floating { home } else { wall }
}
