//! The JSON of the API: rows of events, their times, and what of them is allowed in.
//!
//! A text that must not be kept has no field to be kept in: a subject becomes a digest and a body a yes or
//! no while they are parsed.

use std::fmt;

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use starmesh_core::event::LabelDigest;
use starmesh_core::planted::{Bug, planted};
use starmesh_core::policy::{Found, Terms};
use starmesh_core::tool::Tool;
use starmesh_http::Response;

/// Why an answer cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum WireError {
    /// A web page: a captive portal, a proxy, a wrong address.
    #[error("answered with a web page instead of calendar data")]
    WebPage,
    /// Nothing at all.
    #[error("answered with nothing instead of calendar data")]
    Empty,
    /// No JSON, or cut off.
    #[error("answered with broken data")]
    Broken,
    /// JSON of another kind.
    #[error("answered with data that is not what was asked for")]
    Unexpected,
}

/// The JSON in the body of `response`.
pub(crate) fn parse<T: DeserializeOwned>(response: &Response) -> Result<T, WireError> {
    let body = response.body();
    serde_json::from_slice(body).map_err(|error| {
        let text = String::from_utf8_lossy(&body[..body.len().min(256)]).to_ascii_lowercase();
        if text.trim().is_empty() {
            WireError::Empty
        } else if text.contains("<html") || text.contains("<!doctype") {
            WireError::WebPage
        } else if error.is_data() {
            WireError::Unexpected
        } else {
            WireError::Broken
        }
    })
}

/// Google has no categories: people sort their events by colour. These are the names that its own pages show
/// (<https://developers.google.com/workspace/calendar/api/v3/reference/colors>); another colour goes by its id.
fn colour_name(id: &str) -> &str {
    match id {
        "1" => "Lavender",
        "2" => "Sage",
        "3" => "Grape",
        "4" => "Flamingo",
        "5" => "Banana",
        "6" => "Tangerine",
        "7" => "Peacock",
        "8" => "Graphite",
        "9" => "Blueberry",
        "10" => "Basil",
        "11" => "Tomato",
        other => other,
    }
}

/// A row of a listing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Row {
    /// One that can be read.
    Event(Box<EventRow>),
    /// One of which nothing but its name can be read.
    Broken {
        id: String,
        /// The series that it is an instance of.
        series: Option<String>,
    },
}

impl Row {
    /// Reads one row, and which of `terms` it holds. A bad one must not hide the others, as long as it can be told
    /// which it is.
    pub(crate) fn read(value: Value, terms: &Terms) -> Result<Self, WireError> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let (id, series) = (text("id").map(str::to_owned), text("recurringEventId").map(str::to_owned));
        let colour = text("colorId").map(colour_name);
        let found = terms.find(text("summary").unwrap_or_default(), colour);
        match (serde_json::from_value(value), id) {
            (Ok(row), _) => Ok(Self::Event(Box::new(EventRow { found, ..row }))),
            (Err(_), Some(id)) => Ok(Self::Broken { id, series }),
            (Err(_), None) => Err(WireError::Unexpected),
        }
    }

    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Event(row) => &row.id,
            Self::Broken { id, .. } => id,
        }
    }

    /// The series that it is an instance of.
    pub(crate) fn series(&self) -> Option<&str> {
        match self {
            Self::Event(row) => row.recurring_event_id.as_deref(),
            Self::Broken { series, .. } => series.as_deref(),
        }
    }

    /// True for a tombstone.
    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(self, Self::Event(row) if row.is_cancelled())
    }
}

/// An event or an instance of one. Fields that were not asked for are absent.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct EventRow {
    pub(crate) id: String,
    pub(crate) status: Option<String>,
    pub(crate) etag: Option<String>,
    #[serde(rename = "iCalUID")]
    pub(crate) ical_uid: Option<String>,
    pub(crate) recurring_event_id: Option<String>,
    pub(crate) original_start_time: Option<TimeRow>,
    pub(crate) start: Option<TimeRow>,
    pub(crate) end: Option<TimeRow>,
    pub(crate) transparency: Option<String>,
    pub(crate) event_type: Option<String>,
    #[serde(default)]
    pub(crate) attendees: Vec<AttendeeRow>,
    #[serde(default)]
    pub(crate) attendees_omitted: bool,
    #[serde(default)]
    pub(crate) extended_properties: ExtendedProperties,
    /// Which of the terms that links ask for are in it.
    #[serde(skip)]
    pub(crate) found: Found,
    /// The rules of a series; told by a request for one event only.
    #[serde(default)]
    pub(crate) recurrence: Present,

    // The rest is asked for of events with a mark, and only of those.
    #[serde(default, rename = "summary", deserialize_with = "label_digest")]
    pub(crate) label: Option<LabelDigest>,
    pub(crate) color_id: Option<String>,
    pub(crate) visibility: Option<String>,
    pub(crate) reminders: Option<RemindersRow>,
    #[serde(default)]
    pub(crate) description: Present,
    #[serde(default)]
    pub(crate) location: Present,
    #[serde(default)]
    pub(crate) attachments: Present,
    #[serde(default)]
    pub(crate) conference_data: Present,
    #[serde(default)]
    pub(crate) hangout_link: Present,
    #[serde(default)]
    pub(crate) source: Present,
}

impl EventRow {
    /// True for a tombstone.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }

    /// The SYNC-FB mark, as found. One of which only the tag is left is empty, and verifies for nobody.
    pub(crate) fn mark(&self) -> Option<&str> {
        if planted(Bug::GoogleReadsNoMarks) {
            return None;
        }
        let private = &self.extended_properties.private;
        match (&private.mark, &private.tag) {
            (Some(mark), _) => Some(mark.trim()),
            (None, Some(_)) => Some(""),
            (None, None) => None,
        }
    }

    /// The other program whose trace it bears. What that program wrote is dropped by the parse.
    pub(crate) fn tool(&self) -> Option<Tool> {
        let private = &self.extended_properties.private;
        let traces = [(private.reclaim, Tool::Reclaim), (private.ogcs, Tool::OutlookGoogleCalendarSync)];
        traces.into_iter().find(|(trace, _)| trace.0).map(|(_, tool)| tool)
    }

    /// True when anybody is invited. The one attendee that is told may be the owner.
    pub(crate) fn has_attendees(&self) -> bool {
        self.attendees_omitted || !self.attendees.is_empty()
    }
}

/// A start or an end: a day, or a time with its offset.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimeRow {
    pub(crate) date: Option<String>,
    pub(crate) date_time: Option<String>,
    pub(crate) time_zone: Option<String>,
}

/// An attendee without a name or an address.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AttendeeRow {
    /// True for the owner of the calendar.
    #[serde(default, rename = "self")]
    pub(crate) is_self: bool,
    #[serde(default)]
    pub(crate) organizer: bool,
    pub(crate) response_status: Option<String>,
}

/// What programs left on an event.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
pub(crate) struct ExtendedProperties {
    #[serde(default)]
    pub(crate) private: PrivateProperties,
}

/// Our own properties among them; of those of other programs only whether they are there.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
pub(crate) struct PrivateProperties {
    /// The same on every mirror, so that a listing can be asked for mirrors.
    #[serde(rename = "syncfb")]
    pub(crate) tag: Option<String>,
    #[serde(rename = "syncfbMark")]
    pub(crate) mark: Option<String>,
    /// The availability, where Google's own fields cannot say it.
    #[serde(rename = "syncfbShow")]
    pub(crate) show: Option<String>,
    /// On every event that Reclaim.ai copied from another calendar.
    #[serde(default, rename = "reclaim.personalSync")]
    reclaim: Present,
    /// On every event that Outlook Google Calendar Sync keeps in step.
    #[serde(default, rename = "outlook_EntryID")]
    ogcs: Present,
}

/// Reminders of an event.
#[derive(Clone, PartialEq, Eq, Default, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RemindersRow {
    #[serde(default)]
    pub(crate) use_default: bool,
    #[serde(default)]
    pub(crate) overrides: Present,
}

/// Whether a field says anything; what it says is dropped by the parse.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Present(pub(crate) bool);

impl<'de> Deserialize<'de> for Present {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PresentVisitor)
    }
}

struct PresentVisitor;

impl<'de> Visitor<'de> for PresentVisitor {
    type Value = Present;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_unit<E>(self) -> Result<Present, E> {
        Ok(Present(false))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Present, E> {
        Ok(Present(value))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Present, E> {
        Ok(Present(true))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Present, E> {
        Ok(Present(true))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Present, E> {
        Ok(Present(true))
    }

    fn visit_str<E>(self, text: &str) -> Result<Present, E> {
        Ok(Present(!text.trim().is_empty()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Present, A::Error> {
        let mut any = false;
        while values.next_element::<IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(Present(any))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Present, A::Error> {
        let mut any = false;
        while entries.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {
            any = true;
        }
        Ok(Present(any))
    }
}

fn label_digest<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<LabelDigest>, D::Error> {
    let label = Option::<String>::deserialize(deserializer)?;
    Ok(label.map(|label| LabelDigest::of(&label)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(body: &str) -> Response {
        http::Response::new(body.as_bytes().to_vec())
    }

    fn row(value: Value) -> EventRow {
        match Row::read(value, &Terms::default()).unwrap() {
            Row::Event(row) => *row,
            Row::Broken { .. } => panic!("the row is broken"),
        }
    }

    #[test]
    fn answers_that_are_no_data_are_named() {
        for (body, error) in [
            ("", WireError::Empty),
            (" \r\n", WireError::Empty),
            ("<!DOCTYPE html><html>Log in</html>", WireError::WebPage),
            ("<HTML><TITLE>502 Bad Gateway", WireError::WebPage),
            ("{\"items\":[", WireError::Broken),
            ("Not Found", WireError::Broken),
            ("[1]", WireError::Unexpected),
        ] {
            assert_eq!(parse::<EventRow>(&answer(body)), Err(error), "{body}");
        }
    }

    #[test]
    fn a_bad_row_is_told_by_its_name() {
        let bad = json!({"id": "x_20261201T100000Z", "recurringEventId": "x", "start": 7});
        let expected = Row::Broken { id: "x_20261201T100000Z".to_owned(), series: Some("x".to_owned()) };
        assert_eq!(Row::read(bad, &Terms::default()), Ok(expected));
        assert_eq!(Row::read(json!({"start": 7}), &Terms::default()), Err(WireError::Unexpected));
    }

    #[test]
    fn nothing_of_a_text_is_kept_but_whether_there_is_one() {
        let full = row(json!({
            "id": "a", "summary": "A private matter", "description": "Nobody's business", "location": "Somewhere",
            "attachments": [{"fileUrl": "https://example.org/secret"}], "hangoutLink": "https://example.org/x",
            "conferenceData": {"conferenceId": "secret"}, "recurrence": ["RRULE:FREQ=DAILY"],
            "attendees": [{"email": "zoe@example.org", "displayName": "Zoe", "responseStatus": "accepted"}],
        }));
        assert_eq!(full.label, Some(LabelDigest::of("A private matter")));
        let debug = format!("{full:?}");
        for secret in ["matter", "Nobody", "Somewhere", "secret", "example.org", "Zoe"] {
            assert!(!debug.contains(secret), "{secret} in {debug}");
        }
        for present in
            [full.description, full.location, full.attachments, full.conference_data, full.recurrence]
        {
            assert!(present.0);
        }
        let empty = row(json!({
            "id": "a", "description": " ", "location": null, "attachments": [], "conferenceData": {},
            "reminders": {"useDefault": false},
        }));
        for absent in [empty.description, empty.location, empty.attachments, empty.conference_data] {
            assert!(!absent.0);
        }
        assert_eq!(empty.reminders, Some(RemindersRow::default()));
    }

    #[test]
    fn a_mark_is_found_among_the_properties_of_other_programs() {
        let private = |private: Value| {
            row(json!({"id": "a", "extendedProperties": {"private": private, "shared": {"x": "y"}}}))
        };
        assert_eq!(private(json!({"other": "1", "syncfbMark": " 1.a "})).mark(), Some("1.a"));
        assert_eq!(private(json!({"syncfb": "1"})).mark(), Some(""));
        assert_eq!(private(json!({"other": "1"})).mark(), None);
        assert_eq!(row(json!({"id": "a"})).mark(), None);
    }
}
