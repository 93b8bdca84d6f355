//! What a client wants an event to be, judged before it is one.

mod properties;
mod rules;

use serde_json::{Map, Value, json};

use super::event::{Event, Status};
use super::moment::Moment;
use super::problem::Problem;
use super::series::{Date, dates};
use super::switches::Switches;
use crate::web::Met;

/// The fields that a client may write, times, status, type and recurrence aside. Every other field of a body
/// is accepted and ignored.
const WRITABLE: [&str; 22] = [
    "anyoneCanAddSelf",
    "attachments",
    "attendees",
    "birthdayProperties",
    "colorId",
    "conferenceData",
    "description",
    "eventLabelId",
    "extendedProperties",
    "focusTimeProperties",
    "gadget",
    "guestsCanInviteOthers",
    "guestsCanModify",
    "guestsCanSeeOtherGuests",
    "location",
    "outOfOfficeProperties",
    "reminders",
    "source",
    "summary",
    "transparency",
    "visibility",
    "workingLocationProperties",
];

/// Fields whose default is not stored: name and default.
const DEFAULTS: [(&str, &str); 2] = [("visibility", "default"), ("transparency", "opaque")];

/// A judged body.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) status: Status,
    pub(super) event_type: String,
    pub(super) start: Moment,
    pub(super) end: Moment,
    pub(super) recurrence: Vec<String>,
    pub(super) dates: Vec<Date>,
    pub(super) fields: Map<String, Value>,
    pub(super) sequence: Option<i64>,
}

/// Where a body is to become an event.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the request or the calendar"
)]
pub(super) struct Place<'a> {
    /// The calendar's zone.
    pub(super) zone: &'a str,
    pub(super) is_primary: bool,
    pub(super) switches: &'a Switches,
    pub(super) met: &'a Met,
    /// True when the request takes conference data (`conferenceDataVersion=1`).
    pub(super) conference: bool,
    /// True when the request takes attachments (`supportsAttachments=true`).
    pub(super) attachments: bool,
    /// True for an instance of a series, which has no rule of its own.
    pub(super) is_instance: bool,
    /// The event's type, fixed at its creation.
    pub(super) fixed_type: Option<&'a str>,
    /// True when types that only Google makes are fine: the world is edited by hand.
    pub(super) by_hand: bool,
}

impl Draft {
    /// Judges a whole body.
    pub(super) fn parse(body: &Map<String, Value>, place: &Place<'_>) -> Result<Self, Problem> {
        let present = |name: &str| body.get(name).filter(|value| !value.is_null());
        let status = match present("status") {
            None => Status::Confirmed,
            Some(value) => {
                value.as_str().and_then(Status::parse).ok_or_else(|| rules::enumeration("status"))?
            }
        };
        let start = Moment::parse(present("start").unwrap_or(&Value::Null), "start")?;
        let end = Moment::parse(present("end").unwrap_or(&Value::Null), "end")?;
        rules::order(&start, &end, place.zone)?;
        let recurrence = if place.is_instance { Vec::new() } else { recurrence(present("recurrence"))? };
        let dates = if recurrence.is_empty() {
            Vec::new()
        } else {
            rules::recurring_zone(&start, &end)?;
            dates(&start, &end, &recurrence, place.zone, (place.switches.instances_max, place.met))?
        };
        let mut fields = Map::new();
        for name in WRITABLE {
            let kept = match name {
                "conferenceData" => place.conference,
                "attachments" => place.attachments,
                _ => true,
            };
            if let Some(value) = present(name).filter(|_| kept) {
                fields.insert(name.to_owned(), value.clone());
            }
        }
        rules::fields(&fields)?;
        for (name, default) in DEFAULTS {
            if fields.get(name).and_then(Value::as_str) == Some(default) {
                fields.remove(name);
            }
        }
        fields.entry("reminders").or_insert_with(|| json!({ "useDefault": true }));
        properties::bound(&mut fields, place.switches, place.met)?;
        attendees(&mut fields);
        let event_type = present("eventType").and_then(Value::as_str).unwrap_or("default").to_owned();
        let draft = Self {
            status,
            event_type,
            start,
            end,
            recurrence,
            dates,
            fields,
            sequence: present("sequence").and_then(Value::as_i64),
        };
        rules::event_type(&draft, place)?;
        Ok(draft)
    }
}

/// `body` with `patch` merged in (RFC 7396): a null deletes, arrays are replaced whole.
pub(super) fn patched(body: &Map<String, Value>, patch: &Map<String, Value>) -> Map<String, Value> {
    let mut merged = body.clone();
    for (name, change) in patch {
        match (merged.get_mut(name), change) {
            (_, Value::Null) => {
                merged.remove(name);
            }
            (Some(Value::Object(old)), Value::Object(change)) => *old = patched(old, change),
            (_, Value::Object(change)) => {
                merged.insert(name.clone(), Value::Object(patched(&Map::new(), change)));
            }
            (_, change) => {
                merged.insert(name.clone(), change.clone());
            }
        }
    }
    merged
}

/// True when `draft` differs from `event` in reminders alone: such a change does not move `updated`.
pub(super) fn only_reminders_differ(event: &Event, draft: &Draft) -> bool {
    let rest = |fields: &Map<String, Value>| {
        let mut rest = fields.clone();
        rest.remove("reminders");
        rest
    };
    event.fields.get("reminders") != draft.fields.get("reminders")
        && rest(&event.fields) == rest(&draft.fields)
        && (event.status, &event.start, &event.end) == (draft.status, &draft.start, &draft.end)
        && event.recurrence == draft.recurrence
}

fn recurrence(value: Option<&Value>) -> Result<Vec<String>, Problem> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let lines = value.as_array().ok_or_else(|| Problem::invalid("Invalid recurrence rule."))?;
    let line = |it: &Value| it.as_str().map(ToOwned::to_owned);
    lines.iter().map(line).collect::<Option<_>>().ok_or_else(|| Problem::invalid("Invalid recurrence rule."))
}

/// An attendee without an answer needs action.
fn attendees(fields: &mut Map<String, Value>) {
    let rows = fields.get_mut("attendees").and_then(Value::as_array_mut);
    for row in rows.into_iter().flatten().filter_map(Value::as_object_mut) {
        // Who is who is decided by the one who reads.
        row.remove("self");
        row.remove("organizer");
        row.entry("responseStatus").or_insert_with(|| json!("needsAction"));
    }
}
