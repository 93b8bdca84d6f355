//! Rows and pages as the service writes them. Every field may be missing.
//!
//! A row has no field for a subject, a body, a place or the name of an attendee: what is not deserialised
//! cannot leak. Only a [`MirrorRow`], of an event that carries our mark, is asked for more.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer};
use starmesh_core::event::LabelDigest;
use starmesh_core::planted::{Bug, planted};
use starmesh_core::policy::Found;
use url::Url;

/// The namespace of our extended properties. One for ever: each new one would use up a mailbox's quota of
/// named properties.
macro_rules! property {
    ($name:literal) => {
        concat!("String {7d1c1a52-5a0c-4f3e-9a62-3c1f0f4d8b17} Name ", $name)
    };
}

/// The extended property that holds the mark.
pub(crate) const MARK_PROPERTY: &str = property!("SyncFb");

/// The extended property that holds the identity under which a mirror was created, to find it by.
pub(crate) const IDENTITY_PROPERTY: &str = property!("SyncFbId");

/// One page of a listing.
#[derive(Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<Lenient<T>>,
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next_link: Option<Url>,
    #[serde(rename = "@odata.deltaLink")]
    pub(crate) delta_link: Option<Url>,
}

/// A row that may be poisoned without spoiling its page.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Lenient<T> {
    Good(T),
    /// Not understood; `id` says which it is.
    Bad {
        id: String,
    },
    /// Not even that.
    Worse(IgnoredAny),
}

impl Lenient<EventRow> {
    /// True when nobody can tell which event it is about.
    pub(crate) fn is_nameless(&self) -> bool {
        match self {
            Self::Good(row) => row.id.as_deref().is_none_or(str::is_empty),
            Self::Bad { id } => id.is_empty(),
            Self::Worse(_) => true,
        }
    }
}

/// An event.
#[derive(Clone, PartialEq, Eq, Deserialize, Default)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventRow {
    pub(crate) id: Option<String>,
    #[serde(rename = "@odata.etag")]
    pub(crate) etag: Option<String>,
    #[serde(rename = "@removed")]
    pub(crate) removed: Option<Removed>,
    #[serde(rename = "iCalUId")]
    pub(crate) ical_uid: Option<String>,
    pub(crate) transaction_id: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) series_master_id: Option<String>,
    pub(crate) original_start: Option<String>,
    pub(crate) original_start_time_zone: Option<String>,
    pub(crate) start: Option<ZonedTime>,
    pub(crate) end: Option<ZonedTime>,
    pub(crate) is_all_day: Option<bool>,
    pub(crate) show_as: Option<String>,
    pub(crate) sensitivity: Option<String>,
    pub(crate) is_cancelled: Option<bool>,
    pub(crate) is_organizer: Option<bool>,
    pub(crate) response_status: Option<ResponseStatus>,
    pub(crate) is_reminder_on: Option<bool>,
    pub(crate) attendees: Option<Vec<Anybody>>,
    pub(crate) single_value_extended_properties: Option<Vec<ExtendedProperty>>,
    /// Which of the terms that links ask for are in it.
    #[serde(skip)]
    pub(crate) found: Found,
}

impl EventRow {
    /// The fields that are asked for, wherever the service lets us choose.
    pub(crate) const SELECT: &'static str = "id,iCalUId,transactionId,type,seriesMasterId,originalStart,\
        originalStartTimeZone,start,end,isAllDay,showAs,sensitivity,isCancelled,isOrganizer,responseStatus,\
        isReminderOn,attendees";

    /// The mark, where the row shows one.
    pub(crate) fn mark(&self) -> Option<&str> {
        if planted(Bug::GraphReadsNoMarks) {
            return None;
        }
        let properties = self.single_value_extended_properties.as_deref().unwrap_or_default();
        let mark = properties.iter().find(|property| property.is(MARK_PROPERTY))?;
        Some(mark.value.as_deref().unwrap_or_default().trim())
    }

    /// True for the master of a series.
    pub(crate) fn is_master(&self) -> bool {
        self.has_kind("seriesMaster")
    }

    /// The series that the row is an occurrence or an exception of.
    pub(crate) fn series(&self) -> Option<&str> {
        let series = self.series_master_id.as_deref().filter(|id| !id.is_empty())?;
        (!self.is_master()).then_some(series)
    }

    /// True for an occurrence that is shown without its series.
    pub(crate) fn is_lone_occurrence(&self) -> bool {
        self.series().is_none() && (self.has_kind("occurrence") || self.has_kind("exception"))
    }

    pub(crate) fn has_attendees(&self) -> bool {
        self.attendees.as_ref().is_some_and(|attendees| !attendees.is_empty())
    }

    fn has_kind(&self, kind: &str) -> bool {
        self.kind.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(kind))
    }
}

/// An event that carries our mark, with what tells whether it was edited by hand.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MirrorRow {
    #[serde(flatten)]
    pub(crate) event: EventRow,
    /// The subject, as a digest from the first moment on.
    #[serde(default, deserialize_with = "digest")]
    pub(crate) subject: Option<LabelDigest>,
    #[serde(default, rename = "bodyPreview", deserialize_with = "has_text")]
    pub(crate) has_body: bool,
    #[serde(default)]
    location: Option<Location>,
    #[serde(default)]
    categories: Option<Vec<IgnoredAny>>,
    has_attachments: Option<bool>,
    is_online_meeting: Option<bool>,
}

impl MirrorRow {
    /// What is asked of a mirror beyond the fields of every event.
    pub(crate) const SELECT_MORE: &'static str =
        ",subject,bodyPreview,location,categories,hasAttachments,isOnlineMeeting";

    /// True when it says more than a mirror does.
    pub(crate) fn says_more(&self) -> bool {
        self.has_body
            || self.location.as_ref().is_some_and(|location| location.has_name)
            || self.categories.as_ref().is_some_and(|categories| !categories.is_empty())
            || self.has_attachments == Some(true)
            || self.is_online_meeting == Some(true)
            || self.event.is_reminder_on != Some(false)
    }
}

#[derive(Deserialize)]
struct Location {
    #[serde(default, rename = "displayName", deserialize_with = "has_text")]
    has_name: bool,
}

/// An attendee, of whom nothing is kept.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Anybody {}

/// Why a row is gone.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
pub(crate) struct Removed {}

/// A wall-clock time and the name of its zone.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ZonedTime {
    pub(crate) date_time: Option<String>,
    pub(crate) time_zone: Option<String>,
}

/// The owner's answer to an invitation.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ResponseStatus {
    pub(crate) response: Option<String>,
}

/// A property that programs put beside an event.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct ExtendedProperty {
    id: Option<String>,
    value: Option<String>,
}

impl ExtendedProperty {
    /// The service may write the GUID in either case.
    fn is(&self, name: &str) -> bool {
        self.id.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(name))
    }
}

fn digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<LabelDigest>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.map(|text| LabelDigest::of(text.trim())))
}

fn has_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.is_some_and(|text| !text.trim().is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_row_spoils_no_other() {
        let text = br#"{"value":[{"id":"a","isAllDay":false,"subject":null},{"id":"b","isAllDay":"perhaps"},
            {"id":7},"x"],"@odata.nextLink":null}"#;
        let page: Page<EventRow> = serde_json::from_slice(text).unwrap();
        assert!(matches!(&page.value[0], Lenient::Good(row) if row.id.as_deref() == Some("a")));
        assert!(matches!(&page.value[1], Lenient::Bad { id } if id == "b"));
        assert!(matches!(page.value[2], Lenient::Worse(_)) && matches!(page.value[3], Lenient::Worse(_)));
    }

    #[test]
    fn nothing_that_is_selected_of_every_event_tells_content() {
        for word in ["subject", "body", "location", "organizer", "webLink", "onlineMeeting", "categories"] {
            assert!(!EventRow::SELECT.contains(word), "{word}");
        }
    }

    #[test]
    fn a_mirror_with_anything_more_is_noticed() {
        let more = |rest: &str| {
            let text = format!("{{\"id\":\"a\",\"isReminderOn\":false{rest}}}");
            serde_json::from_str::<MirrorRow>(&text).unwrap().says_more()
        };
        assert!(!more(""));
        assert!(!more(",\"bodyPreview\":\"\\r\\n\",\"location\":{\"displayName\":\"\"},\"categories\":[]"));
        assert!(more(",\"bodyPreview\":\"x\""));
        assert!(more(",\"location\":{\"displayName\":\"x\"}"));
        assert!(more(",\"categories\":[\"x\"]"));
        assert!(more(",\"hasAttachments\":true"));
        assert!(more(",\"isOnlineMeeting\":true"));
    }
}
