//! An event as a person sees it.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value, json};

use super::calendar::{Calendar, Role};
use super::event::Event;
use super::moment::{Moment, stamp};
use super::series::Date;
use super::switches::{Switches, Tombstones};
use crate::web::Met;

/// Who looks at a calendar, and how.
pub(super) struct View<'a> {
    pub(super) calendar: &'a Calendar,
    pub(super) role: Role,
    pub(super) me: &'a str,
    /// The zone in which times are rendered.
    pub(super) shown_zone: &'a str,
    pub(super) attendees_max: Option<usize>,
    pub(super) switches: &'a Switches,
    pub(super) met: &'a Met,
}

impl View<'_> {
    /// True when `event` may be seen whole.
    pub(super) fn details(&self, event: &Event) -> bool {
        match self.role {
            Role::FreeBusyReader => false,
            role => role.sees_private() || !event.is_private(),
        }
    }

    /// A stored event as it is, cancelled or not.
    pub(super) fn event(&self, event: &Event) -> Value {
        let mut row = self.common(event, &event.id, &event.start, &event.end);
        if !event.recurrence.is_empty() {
            row.insert("recurrence".to_owned(), json!(event.recurrence));
        }
        if let Some((master, original)) = &event.of {
            self.insert_origin(&mut row, master, original);
        }
        Value::Object(row)
    }

    /// An instance that its series makes.
    pub(super) fn instance(&self, master: &Event, date: &Date) -> Value {
        let id = master.instance_id(&date.original);
        let mut row = self.common(master, &id, &date.start, &date.end);
        self.insert_origin(&mut row, &master.id, &date.original);
        Value::Object(row)
    }

    /// A cancelled row of a list: `date` names the instance of a cancelled series, or a date that its series
    /// no longer has.
    pub(super) fn tombstone(&self, event: &Event, id: &str, date: Option<&Date>) -> Value {
        let origin = match (date, &event.of) {
            (Some(date), _) if id != event.id => Some((event.id.as_str(), &date.original)),
            (_, Some((master, original))) => Some((master.as_str(), original)),
            _ => None,
        };
        let whole = self.switches.tombstones == Tombstones::Whole && self.role >= Role::Writer;
        self.met.meet(if whole { "tombstones.whole" } else { "tombstones.bare" });
        let mut row = if whole {
            let (start, end) = date.map_or((&event.start, &event.end), |date| (&date.start, &date.end));
            self.common(event, id, start, end)
        } else {
            let mut row = Map::new();
            row.insert("kind".to_owned(), json!("calendar#event"));
            row.insert("etag".to_owned(), json!(event.etag_text()));
            row.insert("id".to_owned(), json!(id));
            row
        };
        row.insert("status".to_owned(), json!("cancelled"));
        if let Some((master, original)) = origin {
            self.insert_origin(&mut row, master, original);
        }
        Value::Object(row)
    }

    fn insert_origin(&self, row: &mut Map<String, Value>, master: &str, original: &Moment) {
        row.insert("recurringEventId".to_owned(), json!(master));
        row.insert("originalStartTime".to_owned(), original.render(self.shown_zone, &self.calendar.zone));
    }

    fn common(&self, event: &Event, id: &str, start: &Moment, end: &Moment) -> Map<String, Value> {
        let mut row = Map::new();
        let mut set = |name: &str, value: Value| {
            row.insert(name.to_owned(), value);
        };
        set("kind", json!("calendar#event"));
        set("etag", json!(event.etag_text()));
        set("id", json!(id));
        set("status", json!(event.status.name()));
        set("created", json!(stamp(event.created)));
        set("updated", json!(stamp(event.updated())));
        set("iCalUID", json!(event.uid));
        set("sequence", json!(event.sequence));
        set("eventType", json!(event.kind));
        set("start", start.render(self.shown_zone, &self.calendar.zone));
        set("end", end.render(self.shown_zone, &self.calendar.zone));
        if !self.details(event) {
            for name in ["visibility", "transparency"] {
                if let Some(value) = event.fields.get(name) {
                    set(name, value.clone());
                }
            }
            if self.role == Role::FreeBusyReader {
                set("visibility", json!("private"));
            }
            return row;
        }
        let link = BASE64URL_NOPAD.encode(format!("{id} {}", self.calendar.id).as_bytes());
        set("htmlLink", json!(format!("https://www.google.com/calendar/event?eid={link}")));
        set("creator", self.person(&event.creator, self.me));
        set("organizer", self.person(&event.organizer, &self.calendar.id));
        for (name, value) in &event.fields {
            match name.as_str() {
                "attendees" => {}
                // Visible to its creator alone.
                "source" if event.creator != self.me => {}
                _ => set(name, value.clone()),
            }
        }
        self.insert_attendees(&mut row, event);
        row
    }

    fn person(&self, mail: &str, own: &str) -> Value {
        let mut person = json!({ "email": mail });
        if !self.calendar.is_primary && mail == self.calendar.id {
            person["displayName"] = json!(self.calendar.summary);
        }
        if mail == own {
            person["self"] = json!(true);
        }
        person
    }

    fn insert_attendees(&self, row: &mut Map<String, Value>, event: &Event) {
        let is_self = |attendee: &Map<String, Value>| {
            let mail = attendee.get("email").and_then(Value::as_str).unwrap_or_default();
            mail.eq_ignore_ascii_case(&self.calendar.id)
        };
        let all: Vec<_> = event.attendees().collect();
        if all.is_empty() {
            return;
        }
        let shown: Vec<_> = match self.attendees_max {
            // The one who looks comes first among those that are left.
            Some(max) if all.len() > max => {
                let (own, others): (Vec<_>, Vec<_>) = all.iter().copied().partition(|it| is_self(it));
                own.into_iter().chain(others).take(max).collect()
            }
            _ => all.clone(),
        };
        let rendered = shown.iter().map(|attendee| {
            let mut attendee = (*attendee).clone();
            if is_self(&attendee) {
                attendee.insert("self".to_owned(), json!(true));
            }
            if attendee.get("email").and_then(Value::as_str) == Some(&event.organizer) {
                attendee.insert("organizer".to_owned(), json!(true));
            }
            Value::Object(attendee)
        });
        row.insert("attendees".to_owned(), rendered.collect());
        if shown.len() < all.len() {
            row.insert("attendeesOmitted".to_owned(), json!(true));
        }
    }
}
