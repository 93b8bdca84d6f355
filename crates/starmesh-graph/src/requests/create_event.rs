//! Placing a mirror: `POST …/events`.
//!
//! Nothing here can notify a person: no attendees, no reminder, no online meeting, and no answer wanted.

use serde_json::{Map, Value, json};
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::mirror::{MirrorBody, MirrorSpec};
use starmesh_core::time::EventTime;

use crate::call::{Answer, Call};
use crate::convert::{Privacy, show_as, shows, zoneless};
use crate::place::Place;
use crate::wire::{IDENTITY_PROPERTY, MARK_PROPERTY, MirrorRow};

/// Places a mirror.
pub(crate) struct CreateEvent;

/// An event as a write left it.
pub(crate) struct Left {
    pub(crate) id: RemoteId,
    pub(crate) version: Option<Version>,
    /// True when it repeats by a rule, which no mirror does.
    pub(crate) repeats: bool,
    row: MirrorRow,
}

impl Left {
    /// True when it is as `body` says, as far as the answer told.
    pub(crate) fn shows(&self, body: &MirrorBody) -> bool {
        shows(&self.row, body)
    }
}

impl CreateEvent {
    pub(crate) fn prepare(place: &Place, mirror: &MirrorSpec, privacy: Privacy) -> Call {
        let mut body = fields(mirror, privacy);
        body.insert("transactionId".to_owned(), json!(mirror.provider_id().as_str()));
        body.insert("isOnlineMeeting".to_owned(), json!(false));
        body.insert("allowNewTimeProposals".to_owned(), json!(false));
        Call::post(place.events(), Value::Object(body))
    }

    /// What stands now; `None` when the answer does not say.
    pub(crate) fn parse(answer: &Answer) -> Option<Left> {
        let row: MirrorRow = answer.json()?;
        let event = &row.event;
        Some(Left {
            id: RemoteId::new(event.id.clone().filter(|id| !id.is_empty())?),
            version: event.etag.as_deref().filter(|etag| !etag.is_empty()).map(Version::new),
            repeats: event.is_master(),
            row,
        })
    }
}

/// Everything that a mirror says, and that it says nothing else.
pub(super) fn fields(mirror: &MirrorSpec, privacy: Privacy) -> Map<String, Value> {
    let body = mirror.body();
    let (start, end) = match body.time {
        EventTime::Timed { start, end } => (zoneless(start), zoneless(end)),
        EventTime::AllDay { start, end } => (format!("{start}T00:00:00"), format!("{end}T00:00:00")),
    };
    let fields = json!({
        "subject": body.label.as_str(),
        "body": { "contentType": "text", "content": "" },
        "start": { "dateTime": start, "timeZone": "UTC" },
        "end": { "dateTime": end, "timeZone": "UTC" },
        "isAllDay": body.time.is_all_day(),
        "showAs": show_as(body.availability),
        "sensitivity": privacy.sensitivity(),
        "isReminderOn": false,
        "reminderMinutesBeforeStart": 0,
        "responseRequested": false,
        "importance": "normal",
        "singleValueExtendedProperties": [
            { "id": MARK_PROPERTY, "value": mirror.mark().to_string() },
            { "id": IDENTITY_PROPERTY, "value": mirror.provider_id().as_str() },
        ],
    });
    match fields {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, path, place};
    use super::*;
    use crate::script::mirror;

    #[test]
    fn a_mirror_says_its_time_and_a_label_and_asks_nobody() {
        let spec = mirror("a");
        let call = CreateEvent::prepare(&place(), &spec, Privacy::Private);
        assert_eq!(path(&call), "/me/calendars/C=/events");
        let body = call.body.unwrap();
        assert_eq!(
            body,
            json!({
                "subject": "Busy", "body": {"contentType": "text", "content": ""},
                "start": {"dateTime": "2026-11-03T09:00:00", "timeZone": "UTC"},
                "end": {"dateTime": "2026-11-03T10:00:00", "timeZone": "UTC"},
                "isAllDay": false, "showAs": "busy", "sensitivity": "private",
                "isReminderOn": false, "reminderMinutesBeforeStart": 0, "responseRequested": false,
                "allowNewTimeProposals": false, "isOnlineMeeting": false, "importance": "normal",
                "transactionId": spec.provider_id().as_str(),
                "singleValueExtendedProperties": [
                    {"id": MARK_PROPERTY, "value": spec.mark().to_string()},
                    {"id": IDENTITY_PROPERTY, "value": spec.provider_id().as_str()},
                ],
            })
        );
    }

    #[test]
    fn what_was_placed_is_its_id_and_its_version() {
        let left = CreateEvent::parse(&answer(201, r#"{"id":"A","@odata.etag":"W/\"1\""}"#)).unwrap();
        assert_eq!((left.id.as_str(), left.version), ("A", Some(Version::new("W/\"1\""))));
        assert!(CreateEvent::parse(&answer(201, "{}")).is_none());
        assert!(CreateEvent::parse(&answer(201, "<html>")).is_none());
    }
}
