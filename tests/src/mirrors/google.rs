//! A mirror as Google stores it.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde_json::{Value, json};

use super::{Block, Mirror, members};
use crate::{Failure, Outcome};

/// What the service itself says of every event.
const ISSUED: [&str; 7] = ["created", "creator", "etag", "htmlLink", "kind", "organizer", "updated"];

/// All that a mirror may say besides.
const ALLOWED: [&str; 13] = [
    "colorId",
    "end",
    "eventType",
    "extendedProperties",
    "iCalUID",
    "id",
    "reminders",
    "sequence",
    "start",
    "status",
    "summary",
    "transparency",
    "visibility",
];

pub(super) fn is_googles(event: &Value) -> bool {
    event["kind"] == "calendar#event"
}

pub(super) fn is_marked(event: &Value) -> bool {
    is_googles(event) && event["extendedProperties"]["private"]["syncfbMark"].is_string()
}

/// Reads one mirror, and refuses one that says more, or otherwise, than a mirror may.
pub(super) fn mirror(href: &str, event: &Value) -> Outcome<Mirror> {
    let said = event.as_object().ok_or_else(|| Failure::new(format!("{href} is no object")))?;
    let known = |name: &&String| ALLOWED.contains(&name.as_str()) || ISSUED.contains(&name.as_str());
    if let Some(name) = said.keys().find(|name| !known(name)) {
        return Err(Failure::new(format!("{href} says {name}")));
    }
    let mark = event["extendedProperties"]["private"]["syncfbMark"].as_str().unwrap_or_default();
    for (name, wanted) in [
        ("visibility", json!("private")),
        ("eventType", json!("default")),
        ("reminders", json!({ "useDefault": false, "overrides": [] })),
        ("extendedProperties", json!({ "private": { "syncfb": "1", "syncfbMark": mark } })),
    ] {
        if event[name] != wanted {
            return Err(Failure::new(format!("{href}: {name} is not {wanted}")));
        }
    }
    if !event["summary"].as_str().is_some_and(super::is_label) {
        return Err(Failure::new(format!("{href} has a label that nobody set")));
    }
    // Left out where it is the default.
    if !event["transparency"].is_null() && event["transparency"] != "opaque" {
        return Err(Failure::new(format!("{href} blocks no time")));
    }
    let tentative = match event["status"].as_str() {
        Some("confirmed") => false,
        Some("tentative") => true,
        other => return Err(Failure::new(format!("{href}: the status is {other:?}"))),
    };
    let id = event["id"].as_str().unwrap_or_default();
    if event["iCalUID"] != format!("{id}@google.com") {
        return Err(Failure::new(format!("{href} has a UID of its own")));
    }
    Ok(Mirror {
        href: href.to_owned(),
        uid: id.to_owned(),
        mark: mark.to_owned(),
        block: block(event).ok_or_else(|| Failure::new(format!("{href} has no time")))?,
        tentative,
        lines: members(event, &ISSUED),
    })
}

fn block(event: &Value) -> Option<Block> {
    let (start, end) = (&event["start"], &event["end"]);
    let day = |time: &Value| time["date"].as_str()?.parse::<NaiveDate>().ok();
    if let (Some(first), Some(end)) = (day(start), day(end)) {
        return Some(Block::days(first, u64::try_from((end - first).num_days()).ok()?));
    }
    let instant = |time: &Value| {
        Some(DateTime::parse_from_rfc3339(time["dateTime"].as_str()?).ok()?.with_timezone(&Utc))
    };
    let (start, end) = (instant(start)?, instant(end)?);
    Some(Block::timed(start, (end - start).max(TimeDelta::zero())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Value {
        json!({
            "kind": "calendar#event", "etag": "\"1\"", "id": "sfb1", "iCalUID": "sfb1@google.com", "sequence": 0,
            "status": "tentative", "summary": "Busy", "visibility": "private", "eventType": "default",
            "start": { "dateTime": "2026-12-01T11:00:00+01:00", "timeZone": "Europe/Berlin" },
            "end": { "dateTime": "2026-12-01T11:00:00Z", "timeZone": "Europe/Berlin" },
            "reminders": { "useDefault": false, "overrides": [] },
            "extendedProperties": { "private": { "syncfb": "1", "syncfbMark": "1.aabb" } },
        })
    }

    #[test]
    fn a_mirror_is_read_with_its_mark_and_its_time() {
        let found = mirror("a", &event()).unwrap();
        assert_eq!((found.mark.as_str(), found.tentative), ("1.aabb", true));
        assert_eq!(format!("{:?}", found.block), "20261201T100000Z–20261201T110000Z");
        assert!(!found.lines.iter().any(|line| line.starts_with("etag")));
    }

    #[test]
    fn a_mirror_that_says_too_much_is_refused() {
        for (name, value) in [
            ("summary", json!("Dentist")),
            ("location", json!("Rome")),
            ("attendees", json!([{ "email": "a@example.org" }])),
            ("hangoutLink", json!("https://meet.example/")),
            ("visibility", json!("default")),
            ("transparency", json!("transparent")),
            ("reminders", json!({ "useDefault": true })),
            ("extendedProperties", json!({ "private": { "syncfb": "1", "syncfbMark": "1.a", "note": "b" } })),
            ("recurrence", json!(["RRULE:FREQ=DAILY"])),
            ("status", json!("cancelled")),
            ("start", json!({ "date": "2026-12-01" })),
        ] {
            let mut changed = event();
            changed[name] = value;
            assert!(mirror("a", &changed).is_err(), "{name}");
        }
    }
}
