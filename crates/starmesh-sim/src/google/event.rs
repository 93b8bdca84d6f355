//! A stored event.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::moment::Moment;
use super::series::Date;

/// One row of a calendar: a single event, the master of a series, or an exception.
#[derive(Clone, Debug)]
pub(super) struct Event {
    pub(super) id: String,
    pub(super) uid: String,
    pub(super) status: Status,
    /// `eventType`.
    pub(super) kind: String,
    pub(super) start: Moment,
    pub(super) end: Moment,
    /// RRULE, EXRULE, RDATE and EXDATE lines; empty for all but a master.
    pub(super) recurrence: Vec<String>,
    /// The dates that `recurrence` makes.
    pub(super) dates: Arc<Vec<Date>>,
    /// Dates that the series had before its times changed, by instance id, with the change that took them.
    pub(super) lost: BTreeMap<String, (u64, Date)>,
    /// For an exception: the master's id and the original start.
    pub(super) of: Option<(String, Moment)>,
    /// Everything else that a client may write, as it was written.
    pub(super) fields: Map<String, Value>,
    pub(super) sequence: i64,
    pub(super) creator: String,
    pub(super) organizer: String,
    pub(super) created: DateTime<Utc>,
    /// Milliseconds since 1970.
    pub(super) updated_ms: i64,
    pub(super) etag: i64,
    /// The number of its last change in its calendar.
    pub(super) change: u64,
    pub(super) written: DateTime<Utc>,
    /// What it was before, while lists lag behind writes.
    pub(super) before: Option<Box<Event>>,
    /// The earliest start and the latest end it ever had.
    pub(super) extent: (DateTime<Utc>, DateTime<Utc>),
}

/// `status`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Confirmed,
    Tentative,
    Cancelled,
}

impl Status {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::Tentative => "tentative",
            Self::Cancelled => "cancelled",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::Confirmed, Self::Tentative, Self::Cancelled].into_iter().find(|it| it.name() == name)
    }
}

impl Event {
    pub(super) fn is_cancelled(&self) -> bool {
        self.status == Status::Cancelled
    }

    pub(super) fn is_series(&self) -> bool {
        !self.recurrence.is_empty()
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Value::as_str)
    }

    pub(super) fn visibility(&self) -> &str {
        self.text("visibility").unwrap_or("default")
    }

    pub(super) fn is_private(&self) -> bool {
        matches!(self.visibility(), "private" | "confidential")
    }

    pub(super) fn is_transparent(&self) -> bool {
        self.text("transparency") == Some("transparent")
    }

    pub(super) fn etag_text(&self) -> String {
        format!("\"{}\"", self.etag)
    }

    pub(super) fn updated(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.updated_ms).unwrap_or(self.written)
    }

    pub(super) fn attendees(&self) -> impl Iterator<Item = &Map<String, Value>> {
        let rows = self.fields.get("attendees").and_then(Value::as_array);
        rows.into_iter().flatten().filter_map(Value::as_object)
    }

    /// What the attendee at `mail` answered.
    pub(super) fn response_of(&self, mail: &str) -> Option<&str> {
        let is = |row: &&Map<String, Value>| {
            row.get("email").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(mail))
        };
        self.attendees().find(is).and_then(|row| row.get("responseStatus")).and_then(Value::as_str)
    }

    /// Everything that a client may write, as a body that an update could send.
    pub(super) fn body(&self, zone: &str) -> Map<String, Value> {
        let mut body = self.fields.clone();
        let time = |moment: &Moment| match moment {
            Moment::At { zone: Some(named), .. } => moment.render(named, zone),
            Moment::At { .. } => json!({ "dateTime": moment.render(zone, zone)["dateTime"] }),
            Moment::Day(_) => moment.render(zone, zone),
        };
        body.insert("start".to_owned(), time(&self.start));
        body.insert("end".to_owned(), time(&self.end));
        body.insert("status".to_owned(), json!(self.status.name()));
        body.insert("eventType".to_owned(), json!(self.kind));
        if !self.recurrence.is_empty() {
            body.insert("recurrence".to_owned(), json!(self.recurrence));
        }
        body
    }

    /// What the ledger says of it: a body, and who it is.
    pub(super) fn facts(&self, zone: &str) -> Map<String, Value> {
        let mut facts = self.body(zone);
        facts.insert("id".to_owned(), json!(self.id));
        facts.insert("iCalUID".to_owned(), json!(self.uid));
        facts.insert("organizer".to_owned(), json!({ "email": self.organizer }));
        facts
    }

    /// The id of one of the series' instances.
    pub(super) fn instance_id(&self, original: &Moment) -> String {
        format!("{}_{}", self.id, original.suffix())
    }

    /// The event as lists show it that lag until `seen`; `None` when it was not there yet.
    pub(super) fn as_of(&self, seen: DateTime<Utc>) -> Option<&Self> {
        if self.written <= seen {
            return Some(self);
        }
        self.before.as_deref().and_then(|before| before.as_of(seen))
    }

    /// The first change that lists which lag until `seen` do not show.
    pub(super) fn first_unseen(&self, seen: DateTime<Utc>) -> Option<u64> {
        if self.written <= seen {
            return None;
        }
        self.before.as_deref().and_then(|before| before.first_unseen(seen)).or(Some(self.change))
    }
}
