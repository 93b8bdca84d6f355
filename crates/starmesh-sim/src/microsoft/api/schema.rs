//! The properties of an event that a client may write, and what they are when nobody writes them.
//!
//! Source: the `event` type of the v1.0 metadata
//! (<https://learn.microsoft.com/en-us/graph/api/resources/event>).

use serde_json::{Map, Value, json};

use crate::microsoft::refusal::Refusal;

/// What a property holds.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Flag,
    Minutes,
    OneOf(&'static [&'static str]),
    Texts,
    Object,
    Objects,
}

/// Properties that are stored as they are written.
const PLAIN: [(&str, Kind); 17] = [
    ("subject", Kind::Text),
    ("body", Kind::Object),
    ("importance", Kind::OneOf(&["low", "normal", "high"])),
    ("sensitivity", Kind::OneOf(&["normal", "personal", "private", "confidential"])),
    ("showAs", Kind::OneOf(&["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"])),
    ("isReminderOn", Kind::Flag),
    ("reminderMinutesBeforeStart", Kind::Minutes),
    ("responseRequested", Kind::Flag),
    ("allowNewTimeProposals", Kind::Flag),
    ("hideAttendees", Kind::Flag),
    ("isOnlineMeeting", Kind::Flag),
    (
        "onlineMeetingProvider",
        Kind::OneOf(&["unknown", "skypeForBusiness", "skypeForConsumer", "teamsForBusiness"]),
    ),
    ("onlineMeetingUrl", Kind::Text),
    ("categories", Kind::Texts),
    ("location", Kind::Object),
    ("locations", Kind::Objects),
    ("attendees", Kind::Objects),
];

/// Properties that a step of their own reads.
pub(crate) const STRUCTURED: [&str; 8] = [
    "start",
    "end",
    "isAllDay",
    "recurrence",
    "transactionId",
    "singleValueExtendedProperties",
    "multiValueExtendedProperties",
    "extensions",
];

/// Properties that the service alone writes; in a request they are passed over.
const READ_ONLY: [&str; 24] = [
    "id",
    "changeKey",
    "iCalUId",
    "createdDateTime",
    "lastModifiedDateTime",
    "type",
    "seriesMasterId",
    "webLink",
    "hasAttachments",
    "isCancelled",
    "isDraft",
    "isOrganizer",
    "organizer",
    "responseStatus",
    "bodyPreview",
    "originalStart",
    "originalStartTimeZone",
    "originalEndTimeZone",
    "onlineMeeting",
    "cancelledOccurrences",
    "occurrenceId",
    "attachments",
    "instances",
    "exceptionOccurrences",
];

/// Every property that `$select` may name.
pub(crate) fn is_property(name: &str) -> bool {
    PLAIN.iter().any(|(other, _)| *other == name)
        || STRUCTURED.contains(&name)
        || READ_ONLY.contains(&name)
        || name == "calendar"
}

/// What a new event has where its maker says nothing: a reminder, among others.
pub(crate) fn defaults() -> Map<String, Value> {
    let defaults = json!({
        "subject": null,
        "body": {"contentType": "html", "content": ""},
        "importance": "normal",
        "sensitivity": "normal",
        "showAs": "busy",
        "isReminderOn": true,
        "reminderMinutesBeforeStart": 15,
        "responseRequested": true,
        "allowNewTimeProposals": true,
        "hideAttendees": false,
        "isOnlineMeeting": false,
        "onlineMeetingProvider": "unknown",
        "onlineMeetingUrl": null,
        "categories": [],
        "location": {"displayName": "", "locationType": "default", "uniqueIdType": "unknown"},
        "locations": [],
        "attendees": [],
    });
    match defaults {
        Value::Object(defaults) => defaults,
        _ => Map::new(),
    }
}

/// Writes the plain properties of `body` into `props`, as the service normalises them.
pub(crate) fn write(props: &mut Map<String, Value>, body: &Map<String, Value>) -> Result<(), Refusal> {
    for (name, value) in body {
        if name.contains('@') || STRUCTURED.contains(&name.as_str()) || READ_ONLY.contains(&name.as_str()) {
            continue;
        }
        let Some((name, kind)) = PLAIN.iter().find(|(other, _)| other == name) else {
            return Err(Refusal::bad(
                "RequestBodyRead",
                &format!("The property '{name}' does not exist on type 'microsoft.graph.event'."),
            ));
        };
        let written = normalised(*kind, value).ok_or_else(|| unreadable(name))?;
        let stays_online = *name == "isOnlineMeeting" && props.get(*name) == Some(&Value::Bool(true));
        if !stays_online {
            props.insert((*name).into(), written);
        }
    }
    Ok(())
}

/// 400 for a value that does not fit its property.
pub(crate) fn unreadable(name: &str) -> Refusal {
    Refusal::bad("RequestBodyRead", &format!("Cannot convert the value of '{name}' to the expected type."))
}

/// The value as it is stored; `None` when it does not fit.
fn normalised(kind: Kind, value: &Value) -> Option<Value> {
    match kind {
        // The service trims what people typed.
        Kind::Text if value.is_string() => Some(json!(value.as_str()?.trim())),
        Kind::Text => value.is_null().then_some(Value::Null),
        Kind::Flag => value.is_boolean().then(|| value.clone()),
        Kind::Minutes => i32::try_from(value.as_i64()?).ok().map(|minutes| json!(minutes)),
        Kind::OneOf(names) => {
            let text = value.as_str()?;
            names.iter().find(|name| name.eq_ignore_ascii_case(text)).map(|name| json!(name))
        }
        Kind::Texts => {
            let texts = value.as_array()?;
            texts.iter().all(Value::is_string).then(|| value.clone())
        }
        Kind::Object => value.is_object().then(|| value.clone()),
        Kind::Objects => {
            let objects = value.as_array()?;
            objects.iter().all(Value::is_object).then(|| value.clone())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(body: &Value) -> Result<Map<String, Value>, Refusal> {
        let mut props = defaults();
        write(&mut props, body.as_object().unwrap()).map(|()| props)
    }

    #[test]
    fn a_reminder_is_on_unless_it_is_switched_off() {
        let props = written(&json!({"subject": " Busy "})).unwrap();
        assert_eq!(
            (&props["isReminderOn"], &props["reminderMinutesBeforeStart"]),
            (&json!(true), &json!(15))
        );
        assert_eq!(props["subject"], "Busy");
        assert_eq!(written(&json!({"isReminderOn": false})).unwrap()["isReminderOn"], false);
    }

    #[test]
    fn enumerations_are_read_in_any_case_and_unknown_names_are_refused() {
        assert_eq!(written(&json!({"showAs": "Tentative"})).unwrap()["showAs"], "tentative");
        assert_eq!(written(&json!({"showAs": "asleep"})).unwrap_err().code, "RequestBodyRead");
        assert_eq!(written(&json!({"colour": "red"})).unwrap_err().code, "RequestBodyRead");
        assert!(written(&json!({"iCalUId": "mine", "@odata.type": "x"})).is_ok());
    }

    #[test]
    fn an_online_meeting_stays_one() {
        let mut props = written(&json!({"isOnlineMeeting": true})).unwrap();
        write(&mut props, json!({"isOnlineMeeting": false}).as_object().unwrap()).unwrap();
        assert_eq!(props["isOnlineMeeting"], true);
    }
}
