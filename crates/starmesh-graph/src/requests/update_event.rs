//! Changing a mirror in place: `PATCH …/events/{id}`.

use serde_json::{Value, json};
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::mirror::MirrorSpec;

use super::create_event::{CreateEvent, Left, fields};
use crate::call::{Answer, Call};
use crate::convert::Privacy;
use crate::place::Place;

/// Changes a mirror.
pub(crate) struct UpdateEvent;

impl UpdateEvent {
    /// Everything is sent, times and all: what a person added to the mirror goes, too.
    pub(crate) fn prepare(
        place: &Place,
        id: &RemoteId,
        version: Option<&Version>,
        mirror: &MirrorSpec,
        privacy: Privacy,
    ) -> Call {
        let mut body = fields(mirror, privacy);
        body.insert("location".to_owned(), json!({ "displayName": "" }));
        body.insert("categories".to_owned(), json!([]));
        Call::patch(place.event(id), Value::Object(body)).unchanged(version)
    }

    /// Takes away a rule by which a person made the mirror repeat.
    pub(crate) fn prepare_single(place: &Place, id: &RemoteId, version: Option<&Version>) -> Call {
        Call::patch(place.event(id), json!({ "recurrence": null })).unchanged(version)
    }

    pub(crate) fn parse(answer: &Answer) -> Option<Left> {
        CreateEvent::parse(answer)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{path, place};
    use super::*;
    use crate::script::mirror;

    #[test]
    fn a_change_sends_all_times_together_and_the_version_we_saw() {
        let version = Version::new("W/\"1\"");
        let call = UpdateEvent::prepare(
            &place(),
            &RemoteId::new("A="),
            Some(&version),
            &mirror("a"),
            Privacy::Normal,
        );
        assert_eq!(path(&call), "/me/calendars/C=/events/A=");
        assert_eq!(call.if_match, Some(version));
        let body = call.body.unwrap();
        for field in ["start", "end", "isAllDay", "subject", "body", "location", "categories", "isReminderOn"]
        {
            assert!(body.get(field).is_some(), "{field}");
        }
        for field in ["attendees", "transactionId", "isOnlineMeeting", "recurrence"] {
            assert!(body.get(field).is_none(), "{field}");
        }
        assert_eq!(body["sensitivity"], "normal");
    }
}
