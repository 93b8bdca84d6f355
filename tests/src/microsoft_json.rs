//! A person's events as Microsoft's JSON, full of the same hidden words as their iCalendar text.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde_json::{Value, json};

use crate::ics::{CANARY, Event, Invitation, Times, ZONE};
use crate::{Failure, Outcome};

/// The name under which somebody else's program keeps a note of its own on an event.
const NOTE: &str = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Note";

/// When an answer was given that nobody gave.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The body that makes the event, or changes it to this. How single dates of a series differ is said of
/// each by itself: see [`exceptions`].
///
/// # Errors
///
/// For what Microsoft cannot say: floating times, raw lines, other rules than every day for some days.
pub fn body(event: &Event) -> Outcome<Value> {
    if !event.lines.is_empty() {
        return Err(Failure::new("Microsoft keeps no lines of iCalendar"));
    }
    let (start, end) = times(&event.times)?;
    let word = &event.hidden;
    let mut body = json!({
        "iCalUId": event.uid,
        "start": start,
        "end": end,
        "isAllDay": matches!(event.times, Times::Days(..)),
        "recurrence": recurrence(event)?,
        "isCancelled": event.cancelled,
        "showAs": if event.free { "free" } else { "busy" },
        "subject": format!("{CANARY}-subject-{word}"),
        "body": { "contentType": "text", "content": format!("{CANARY}-body-{word}\nsecond line") },
        "location": { "displayName": format!("{CANARY}-place-{word}") },
        "categories": [format!("{CANARY}-category-{word}")],
        "onlineMeetingUrl": format!("https://meet.example/{CANARY}-{word}"),
        "isReminderOn": true,
        "singleValueExtendedProperties": [{ "id": NOTE, "value": format!("{CANARY}-comment-{word}") }],
        "extensions": [{ "extensionName": "com.example.note", "note": format!("{CANARY}-note-{word}") }],
    });
    if let Some(Invitation { address, answer }) = &event.invitation {
        let person = |address: &str| json!({ "name": CANARY, "address": address });
        let guest = |address: &str| json!({ "type": "required", "emailAddress": person(address) });
        body["isOrganizer"] = json!(false);
        body["organizer"] = json!({ "emailAddress": person(&format!("{CANARY}-boss@example.com")) });
        body["responseStatus"] = json!({ "response": response(answer)?, "time": NEVER });
        body["attendees"] = json!([guest(address), guest(&format!("{CANARY}-guest@example.com"))]);
        // Outlook shows what nobody answered as tentative.
        if answer == "NEEDS-ACTION" {
            body["showAs"] = json!("tentative");
        }
    }
    Ok(body)
}

/// How single dates of the series differ: other times, or `None` where it does not happen.
///
/// # Errors
///
/// For "this and all following", which Microsoft tells as two series.
pub fn exceptions(event: &Event) -> Outcome<BTreeMap<NaiveDate, Option<Value>>> {
    let mut found: BTreeMap<NaiveDate, Option<Value>> =
        event.without.iter().map(|start| (start.date(), None)).collect();
    for exception in &event.exceptions {
        if exception.and_future {
            return Err(Failure::new("Microsoft tells \"this and all following\" as two series"));
        }
        let times = json!({ "start": zoned(exception.start), "end": zoned(exception.end) });
        found.insert(exception.original.date(), Some(times));
    }
    Ok(found)
}

/// A clock's reading as the API writes it.
pub fn on_clock(at: NaiveDateTime, zone: &str) -> Value {
    json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": zone })
}

fn zoned(at: NaiveDateTime) -> Value {
    on_clock(at, ZONE)
}

fn times(times: &Times) -> Outcome<(Value, Value)> {
    let midnight = |day: &NaiveDate| zoned(day.and_time(NaiveTime::MIN));
    match times {
        Times::Utc(start, end) => Ok((on_clock(start.naive_utc(), "UTC"), on_clock(end.naive_utc(), "UTC"))),
        Times::Zoned(start, end) => Ok((zoned(*start), zoned(*end))),
        Times::Days(first, end) => Ok((midnight(first), midnight(end))),
        Times::Floating(..) => Err(Failure::new("Microsoft has no floating times")),
        Times::Written(..) => Err(Failure::new("Microsoft reads no iCalendar")),
    }
}

/// `null` for an event that happens once.
fn recurrence(event: &Event) -> Outcome<Value> {
    let Some(rule) = &event.rule else { return Ok(Value::Null) };
    let count = rule.strip_prefix("FREQ=DAILY;COUNT=").and_then(|count| count.parse::<u32>().ok());
    let count = count.ok_or_else(|| Failure::new(format!("{rule} is not told to Microsoft here")))?;
    let first = match &event.times {
        Times::Utc(start, _) => start.date_naive(),
        Times::Zoned(start, _) => start.date(),
        Times::Days(first, _) => *first,
        Times::Floating(..) | Times::Written(..) => return Err(Failure::new("a series without a zone")),
    };
    Ok(json!({
        "pattern": { "type": "daily", "interval": 1 },
        "range": { "type": "numbered", "numberOfOccurrences": count, "startDate": first.to_string() },
    }))
}

fn response(answer: &str) -> Outcome<&'static str> {
    match answer {
        "ACCEPTED" => Ok("accepted"),
        "DECLINED" => Ok("declined"),
        "TENTATIVE" => Ok("tentativelyAccepted"),
        "NEEDS-ACTION" => Ok("notResponded"),
        _ => Err(Failure::new(format!("{answer} is no answer"))),
    }
}
