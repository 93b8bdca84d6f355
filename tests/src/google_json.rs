//! A person's events as Google's JSON, full of the same hidden words as their iCalendar text.

use chrono::{DateTime, NaiveDateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use crate::ics::{CANARY, Event, Invitation, Times, ZONE};
use crate::{Failure, Outcome};

/// The body that makes the event, or changes it to this. Occurrences that differ from their series are
/// events of their own at Google: see [`exceptions`].
///
/// # Errors
///
/// For what Google cannot say: floating times, raw lines, "this and all following" in one event.
pub fn body(event: &Event) -> Outcome<Value> {
    if !event.lines.is_empty() {
        return Err(Failure::new("Google keeps no lines of iCalendar"));
    }
    let (start, end) = times(&event.times)?;
    let word = &event.hidden;
    let mut body = json!({
        "iCalUID": event.uid,
        "start": start,
        "end": end,
        "status": if event.cancelled { "cancelled" } else { "confirmed" },
        "transparency": if event.free { "transparent" } else { "opaque" },
        "summary": format!("{CANARY}-subject-{word}"),
        "description": format!("{CANARY}-body-{word}\nsecond line"),
        "location": format!("{CANARY}-place-{word}"),
        "source": { "title": CANARY, "url": format!("https://{CANARY}-{word}.example/") },
        "extendedProperties": { "private": { "note": format!("{CANARY}-comment-{word}") } },
        "conferenceData": {
            "conferenceId": format!("{CANARY}-{word}"),
            "entryPoints": [{ "entryPointType": "video", "uri": format!("https://meet.example/{CANARY}-{word}") }],
        },
        "reminders": { "useDefault": false, "overrides": [{ "method": "popup", "minutes": 15 }] },
    });
    if let Some(rule) = &event.rule {
        body["recurrence"] = json!([format!("RRULE:{rule}")]);
    }
    if let Some(Invitation { address, answer }) = &event.invitation {
        body["organizer"] = json!({ "email": format!("{CANARY}-boss@example.com") });
        body["attendees"] = json!([
            { "email": address, "displayName": CANARY, "responseStatus": response(answer)? },
            { "email": format!("{CANARY}-guest@example.com"), "displayName": CANARY },
        ]);
    }
    Ok(body)
}

/// What is to be patched into the occurrences that start at these times on a clock in [`ZONE`].
///
/// # Errors
///
/// For "this and all following", which Google tells as two series.
pub fn exceptions(event: &Event) -> Outcome<Vec<(NaiveDateTime, Value)>> {
    let mut patches: Vec<(NaiveDateTime, Value)> =
        event.without.iter().map(|start| (*start, json!({ "status": "cancelled" }))).collect();
    for exception in &event.exceptions {
        if exception.and_future {
            return Err(Failure::new("Google tells \"this and all following\" as two series"));
        }
        let (start, end) = (zoned(exception.start), zoned(exception.end));
        patches.push((exception.original, json!({ "status": "confirmed", "start": start, "end": end })));
    }
    Ok(patches)
}

fn times(times: &Times) -> Outcome<(Value, Value)> {
    let utc = |at: &DateTime<Utc>| json!({ "dateTime": at.to_rfc3339_opts(SecondsFormat::Secs, true), "timeZone": "UTC" });
    match times {
        Times::Utc(start, end) => Ok((utc(start), utc(end))),
        Times::Zoned(start, end) => Ok((zoned(*start), zoned(*end))),
        Times::Days(first, end) => {
            Ok((json!({ "date": first.to_string() }), json!({ "date": end.to_string() })))
        }
        Times::Floating(..) => Err(Failure::new("Google has no floating times")),
        Times::Written(..) => Err(Failure::new("Google reads no iCalendar")),
    }
}

fn zoned(at: NaiveDateTime) -> Value {
    json!({ "dateTime": at.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": ZONE })
}

fn response(answer: &str) -> Outcome<&'static str> {
    match answer {
        "ACCEPTED" => Ok("accepted"),
        "DECLINED" => Ok("declined"),
        "TENTATIVE" => Ok("tentative"),
        "NEEDS-ACTION" => Ok("needsAction"),
        _ => Err(Failure::new(format!("{answer} is no answer"))),
    }
}
