//! What a CalDAV server stores of an event: iCalendar text. Own code: the adapter has another.

use std::fmt::Write as _;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde_json::Value;
use starmesh_core::event::{Availability, Facts, Response};
use starmesh_core::mirror::{FoundColor, Mark};
use starmesh_core::time::EventTime;

use super::Content;
use crate::event::{Event, Exception, Series, When};
use crate::memory::{MarkedItem, Owner};
use crate::span::{DAY, Span, Wall, instant, wall_clock};
use crate::words;

/// Central European time, for those who do not know it by its name.
const BERLIN: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\n\
    RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\nTZOFFSETFROM:+0200\r\n\
    TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
/// When persons wrote what they wrote.
const STAMP: &str = "20251201T090000Z";

/// Whose calendar it is, and what persons write there.
pub(super) struct Setting<'a> {
    /// The owner's address, which is their own as an attendee.
    pub(super) owner: &'a str,
    /// What persons write.
    pub(super) content: Content,
}

/// The object of a person's event with all its exceptions.
pub(super) fn event_object(event: &Event, setting: &Setting<'_>) -> String {
    let mut components = String::new();
    match &event.when {
        When::Once { wall, start, length, all_day } => {
            let times = times(*start, *length, *wall, *all_day);
            components.push_str(&component(event, event.facts, &times, "", setting));
        }
        When::Series(series) => {
            let rule = format!("{}{}", rule(series), dropped(series));
            let first = times(series.first, series.length, series.wall, series.all_day);
            components.push_str(&component(event, event.facts, &first, &rule, setting));
            for (number, exception) in &series.exceptions {
                components.push_str(&changed(event, series, *number, exception, setting));
            }
        }
    }
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//World//Person//EN\r\n{BERLIN}{components}END:VCALENDAR\r\n"
    )
}

fn changed(
    event: &Event,
    series: &Series,
    number: u32,
    exception: &Exception,
    setting: &Setting<'_>,
) -> String {
    let original = series.local_start(number);
    let (start, length, facts) = match *exception {
        Exception::Dropped => return String::new(),
        Exception::Cancelled => (original, series.length, Facts { cancelled: true, ..event.facts }),
        Exception::Moved { later, length } => (original + later, length, event.facts),
        Exception::Shown(facts) => (original, series.length, facts),
    };
    let id = format!("RECURRENCE-ID{}\r\n", stamp_of(original, series.wall, series.all_day));
    component(event, facts, &times(start, length, series.wall, series.all_day), &id, setting)
}

fn component(event: &Event, facts: Facts, times: &str, more: &str, setting: &Setting<'_>) -> String {
    let content = setting.content;
    let mut text = format!(
        "BEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:{STAMP}\r\n{times}{more}SUMMARY:{}\r\nDESCRIPTION:{}\r\nLOCATION:{}\r\nURL:{}\r\n",
        event.uid,
        content.subject(&event.uid),
        content.text(&event.uid),
        content.place(&event.uid),
        content.link(),
    );
    let transparency = if facts.availability == Availability::Free { "TRANSPARENT" } else { "OPAQUE" };
    let status = match (facts.cancelled, facts.availability) {
        (true, _) => "CANCELLED",
        (false, Availability::Tentative) => "TENTATIVE",
        (false, _) => "CONFIRMED",
    };
    if words::holds(&event.uid).category {
        text.push_str("CATEGORIES:Other,");
        text.push_str(words::CATEGORY);
        text.push_str("\r\n");
    }
    // Writing to a string cannot fail.
    let _ = write!(text, "TRANSP:{transparency}\r\nSTATUS:{status}\r\n");
    if facts.availability == Availability::OutOfOffice {
        text.push_str("X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n");
    }
    let answer = match facts.response {
        Response::NotInvited => None,
        Response::NeedsAction => Some("NEEDS-ACTION"),
        Response::Tentative => Some("TENTATIVE"),
        Response::Accepted => Some("ACCEPTED"),
        Response::Declined => Some("DECLINED"),
    };
    if let Some(answer) = answer {
        let (guest, own) = (content.address(), setting.owner);
        let _ = write!(
            text,
            "ORGANIZER;CN=Guest:mailto:{guest}\r\nATTENDEE;PARTSTAT=ACCEPTED:mailto:{guest}\r\nATTENDEE;PARTSTAT={answer}:mailto:{own}\r\n"
        );
    }
    text + "END:VEVENT\r\n"
}

/// `DTSTART` and `DTEND`, or `DURATION` where the end may have no place on the wall clock.
fn times(local: i64, length: i64, wall: Wall, all_day: bool) -> String {
    let start = stamp_of(local, wall, all_day);
    if all_day || wall == Wall::Utc {
        return format!("DTSTART{start}\r\nDTEND{}\r\n", stamp_of(local + length, wall, all_day));
    }
    format!("DTSTART{start}\r\nDURATION:PT{length}S\r\n")
}

/// Parameters and value of a time.
fn stamp_of(local: i64, wall: Wall, all_day: bool) -> String {
    let shown = wall_clock(local);
    if all_day {
        return format!(";VALUE=DATE:{}", shown.format("%Y%m%d"));
    }
    let time = shown.format("%Y%m%dT%H%M%S");
    match wall {
        Wall::Utc => format!(":{time}Z"),
        Wall::Berlin => format!(";TZID=Europe/Berlin:{time}"),
        Wall::Floating => format!(":{time}"),
    }
}

fn rule(series: &Series) -> String {
    let count = series.count.map(|count| format!(";COUNT={count}")).unwrap_or_default();
    if series.step_days % 7 == 0 {
        format!("RRULE:FREQ=WEEKLY;INTERVAL={}{count}\r\n", series.step_days / 7)
    } else {
        format!("RRULE:FREQ=DAILY;INTERVAL={}{count}\r\n", series.step_days)
    }
}

fn dropped(series: &Series) -> String {
    let dropped = series.exceptions.iter().filter(|(_, exception)| **exception == Exception::Dropped);
    dropped
        .map(|(number, _)| {
            format!("EXDATE{}\r\n", stamp_of(series.local_start(*number), series.wall, series.all_day))
        })
        .collect()
}

/// The object of something that carries a mark, written by hand.
pub(super) fn marked_object(marked: &MarkedItem, content: Content) -> String {
    let span = Span::of(&marked.time);
    let mut text = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//World//Person//EN\r\nBEGIN:VEVENT\r\nUID:{}\r\nDTSTAMP:{STAMP}\r\n\
         DTSTART{}\r\nDTEND{}\r\nSUMMARY:{}\r\nCLASS:PRIVATE\r\nSEQUENCE:0\r\nX-SYNC-FB:{}\r\n",
        marked.provider_id,
        stamp_of(span.start, Wall::Utc, span.all_day),
        stamp_of(span.end, Wall::Utc, span.all_day),
        marked.label,
        marked.mark,
    );
    let transparency = if marked.availability == Availability::Free { "TRANSPARENT" } else { "OPAQUE" };
    let status = if marked.availability == Availability::Tentative { "TENTATIVE" } else { "CONFIRMED" };
    // Writing to a string cannot fail.
    let _ = write!(text, "TRANSP:{transparency}\r\nSTATUS:{status}\r\n");
    if marked.availability == Availability::OutOfOffice {
        text.push_str("X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n");
    }
    if let FoundColor::Known(color) = marked.color {
        let _ = write!(text, "COLOR:{color}\r\n");
    }
    if !marked.plain {
        let _ = write!(text, "LOCATION:{}\r\n", content.place("a mirror"));
    }
    if marked.has_attendees {
        let _ = write!(text, "ATTENDEE:mailto:{}\r\n", content.address());
    }
    text + "END:VEVENT\r\nEND:VCALENDAR\r\n"
}

/// The marked item in what a server reads out of an object; `None` when it carries no mark.
pub(crate) fn mirror_in(facts: &Value, owner: Owner) -> Option<MarkedItem> {
    let entries = facts.as_array()?;
    let entry = entries.iter().find(|entry| entry["component"] == "VEVENT")?;
    let value = |name: &str| entry["properties"][name][0]["value"].as_str();
    let mark = value("X-SYNC-FB")?.trim().to_owned();
    let has = |name: &str| entry["properties"].get(name).is_some();
    let says_more = [
        "DESCRIPTION",
        "LOCATION",
        "URL",
        "RRULE",
        "RDATE",
        "ATTACH",
        "CATEGORIES",
        "COMMENT",
        "ORGANIZER",
        "ATTENDEE",
    ]
    .iter()
    .any(|name| has(name));
    let availability = match (value("X-MICROSOFT-CDO-BUSYSTATUS"), value("TRANSP"), value("STATUS")) {
        (Some("OOF"), ..) => Availability::OutOfOffice,
        (_, Some("TRANSPARENT"), _) | (_, _, Some("CANCELLED")) => Availability::Free,
        (_, _, Some("TENTATIVE")) => Availability::Tentative,
        _ => Availability::Busy,
    };
    let silent = entry["alarms"].as_u64() == Some(0);
    Some(MarkedItem {
        owner,
        provider_id: value("UID").unwrap_or_default().to_owned(),
        key: Mark::parse(&mark).map(|mark| mark.key),
        mark,
        time: time_in(value("DTSTART"), value("DTEND")),
        availability,
        label: value("SUMMARY").unwrap_or_default().to_owned(),
        color: value("COLOR").map_or(FoundColor::Unset, FoundColor::named),
        plain: value("CLASS") == Some("PRIVATE") && silent && !says_more && entries.len() == 1,
        has_attendees: has("ATTENDEE"),
    })
}

/// Everything with a mark is written in UTC; the epoch where it cannot be read, at which no mirror stands.
fn time_in(start: Option<&str>, end: Option<&str>) -> EventTime {
    let day = |text: Option<&str>| NaiveDate::parse_from_str(text.unwrap_or_default(), "%Y%m%d").ok();
    if let (Some(start), Some(end)) = (day(start), day(end)) {
        return EventTime::AllDay { start, end };
    }
    let time = |text: Option<&str>| -> DateTime<Utc> {
        let local = NaiveDateTime::parse_from_str(text.unwrap_or_default(), "%Y%m%dT%H%M%SZ");
        local.map_or_else(|_| instant(0), |local| local.and_utc())
    };
    EventTime::Timed { start: time(start), end: time(end) }
}

/// What of an event a CalDAV server can express.
pub(super) fn fit(mut event: Event) -> Event {
    match &mut event.when {
        When::Once { length, all_day, .. } => *length = (*length).max(if *all_day { DAY } else { 0 }),
        When::Series(_) => {}
    }
    // iCalendar has no kinds of events.
    event.forget_kinds();
    event
}
