//! A mirror as Microsoft stores it.

use chrono::{NaiveDateTime, NaiveTime};
use serde_json::{Value, json};

use super::{Block, Mirror, members};
use crate::{Failure, Outcome};

/// How the name of the property ends that carries the mark.
const MARK_NAME: &str = " Name SyncFb";

/// How the name of the property ends that carries the mirror's identity.
const IDENTITY_NAME: &str = " Name SyncFbId";

/// What the service issues or stamps, and so differs from one mirror to an equal one.
const ISSUED: [&str; 3] = ["@odata.etag", "iCalUId", "id"];

pub(super) fn is_marked(event: &Value) -> bool {
    extended(event, MARK_NAME).is_some()
}

/// The value of the extended property whose name ends so.
fn extended<'a>(event: &'a Value, name: &str) -> Option<&'a str> {
    let mut all = event["extended"].as_object()?.iter();
    all.find(|(id, _)| id.ends_with(name)).and_then(|(_, value)| value.as_str())
}

/// Reads one mirror, and refuses one that says more, or otherwise, than a mirror may.
pub(super) fn mirror(href: &str, event: &Value) -> Outcome<Mirror> {
    let mark = extended(event, MARK_NAME).unwrap_or_default();
    let uid = event["transactionId"].as_str().unwrap_or_default();
    let count = event["extended"].as_object().map_or(0, serde_json::Map::len);
    if count != 2 || uid.is_empty() || extended(event, IDENTITY_NAME) != Some(uid) {
        return Err(Failure::new(format!("{href} carries something besides its mark and its identity")));
    }
    if event["extensions"] != json!({}) || !event["series"].is_null() {
        return Err(Failure::new(format!("{href} is not one plain event")));
    }
    let show = event["properties"]["showAs"].as_str().unwrap_or_default();
    if !["busy", "tentative", "oof"].contains(&show) {
        return Err(Failure::new(format!("{href} shows as {show}")));
    }
    let label = event["properties"]["subject"].as_str().unwrap_or_default();
    if !super::is_label(label) {
        return Err(Failure::new(format!("{href} has a label that nobody set")));
    }
    let mut wanted = properties(show, label);
    // An update says only that there is none.
    if event["properties"]["location"] == json!({ "displayName": "" }) {
        wanted["location"] = json!({ "displayName": "" });
    }
    let found = event["properties"].as_object().into_iter().flatten();
    if let Some((name, _)) = found.clone().find(|(name, value)| wanted.get(name) != Some(value)) {
        return Err(Failure::new(format!("{href} says {name}")));
    }
    if found.count() != wanted.as_object().map_or(0, serde_json::Map::len) {
        return Err(Failure::new(format!("{href} leaves something to the service")));
    }
    Ok(Mirror {
        href: href.to_owned(),
        uid: uid.to_owned(),
        mark: mark.to_owned(),
        block: block(event).ok_or_else(|| Failure::new(format!("{href} has no plain time")))?,
        tentative: show == "tentative",
        lines: members(event, &ISSUED),
    })
}

/// Every property of a mirror, as the service stores it.
fn properties(show: &str, label: &str) -> Value {
    json!({
        "subject": label,
        "body": { "contentType": "text", "content": "" },
        "showAs": show,
        "sensitivity": "private",
        "importance": "normal",
        "isReminderOn": false,
        "reminderMinutesBeforeStart": 0,
        "responseRequested": false,
        "allowNewTimeProposals": false,
        "hideAttendees": false,
        "isOnlineMeeting": false,
        "onlineMeetingProvider": "unknown",
        "onlineMeetingUrl": null,
        "categories": [],
        "location": { "displayName": "", "locationType": "default", "uniqueIdType": "unknown" },
        "locations": [],
        "attendees": [],
    })
}

/// UTC, or whole days.
fn block(event: &Value) -> Option<Block> {
    let local = |name: &str| {
        let time = event[name].as_object()?;
        let is_utc = time.get("timeZone")? == "UTC";
        time.get("dateTime")?.as_str()?.parse::<NaiveDateTime>().ok().filter(|_| is_utc)
    };
    let (start, end) = (local("start")?, local("end")?);
    if event["isAllDay"] != true {
        return Some(Block::timed(start.and_utc(), end - start));
    }
    let midnights = start.time() == NaiveTime::MIN && end.time() == NaiveTime::MIN;
    let days = u64::try_from((end - start).num_days()).ok().filter(|_| midnights)?;
    Some(Block::days(start.date(), days))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Value {
        json!({
            "@odata.etag": "W/\"1\"", "id": "A", "transactionId": "sfb1", "isAllDay": false,
            "start": { "dateTime": "2026-12-01T10:00:00", "timeZone": "UTC" },
            "end": { "dateTime": "2026-12-01T11:00:00", "timeZone": "UTC" },
            "properties": properties("busy", "Busy"),
            "extended": { "String {guid} Name SyncFb": "1.aabb", "String {guid} Name SyncFbId": "sfb1" },
            "extensions": {},
            "series": null,
        })
    }

    #[test]
    fn a_mirror_is_read_with_its_mark_and_its_time() {
        let found = mirror("a", &event()).unwrap();
        assert_eq!((found.mark.as_str(), found.uid.as_str(), found.tentative), ("1.aabb", "sfb1", false));
        assert_eq!(format!("{:?}", found.block), "20261201T100000Z–20261201T110000Z");
    }

    #[test]
    fn a_mirror_that_says_too_much_is_refused() {
        for (name, value) in [
            ("subject", json!("Dentist")),
            ("location", json!({ "displayName": "Rome" })),
            ("attendees", json!([{}])),
            ("isReminderOn", json!(true)),
            ("sensitivity", json!("normal")),
            ("isOnlineMeeting", json!(true)),
            ("isCancelled", json!(true)),
            ("showAs", json!("free")),
        ] {
            let mut changed = event();
            changed["properties"][name] = value;
            assert!(mirror("a", &changed).is_err(), "{name}");
        }
        for (name, value) in [
            ("series", json!("every day")),
            ("extensions", json!({ "note": {} })),
            ("start", json!({ "dateTime": "2026-12-01T10:00:00", "timeZone": "Europe/Berlin" })),
            ("isAllDay", json!(true)),
        ] {
            let mut changed = event();
            changed[name] = value;
            assert!(mirror("a", &changed).is_err(), "{name}");
        }
        let mut more = event();
        more["extended"]["String {guid} Name Note"] = json!("a note");
        assert!(mirror("a", &more).is_err());
    }
}
