//! The copies of a meeting in its guests' own calendars.
//!
//! A copy has the id and the iCalUID of the organizer's event. What the organizer changes, every copy says;
//! what a guest answers, the organizer's event and every other copy say. Private properties, reminders, colour
//! and availability are each copy's own.

use serde_json::{Map, Value, json};

use super::calendar::{Calendar, Stroke};
use super::call::Turn;
use super::event::Event;
use super::world::World;
use super::write::find;

/// What a copy keeps of its own.
const OWN_FIELDS: [&str; 4] = ["reminders", "colorId", "transparency", "visibility"];

impl Turn<'_> {
    /// Brings the copies of `event`, which was just written in `calendar`, up to date.
    pub(super) fn invite(&mut self, calendar: &str, event: &Event) {
        let stroke = self.stroke();
        // Exceptions that a series lost with its old times changed together with it.
        let written = self.world.calendars.get(calendar).map(|it| it.written_since(event.change - 1));
        for event in written.unwrap_or_default() {
            for told in self.world.invite(calendar, &event, &stroke) {
                self.touched(&told);
            }
        }
    }
}

impl World {
    /// Brings the copies of `event`, which was just written in `calendar`, up to date, and gives the calendars
    /// that changed.
    pub(super) fn invite(&mut self, calendar: &str, event: &Event, stroke: &Stroke) -> Vec<String> {
        let organizes = event.organizer == calendar
            || self
                .calendars
                .get(calendar)
                .is_some_and(|it| !it.is_primary && it.data_owner == event.organizer);
        if organizes {
            self.tell_guests(calendar, event, stroke)
        } else {
            self.answer(calendar, event, stroke)
        }
    }

    /// The organizer's event changed.
    fn tell_guests(&mut self, calendar: &str, event: &Event, stroke: &Stroke) -> Vec<String> {
        let is_invited = |mail: &str| event.attendees().any(|row| is_of(row, mail));
        let people: Vec<String> = self.people.keys().filter(|mail| *mail != calendar).cloned().collect();
        let mut told = Vec::new();
        for mail in people {
            let Some(copies) = self.calendars.get_mut(&mail) else { continue };
            match find(copies, &event.id) {
                // An event of the guest's own that bears the same id stays what it is.
                Some(known) if known.uid != event.uid => continue,
                None if is_invited(&mail) && !event.is_cancelled() => copy(copies, event, stroke),
                Some(known) if is_invited(&mail) => follow(copies, &known, event, stroke),
                Some(known) if !known.is_cancelled() => drop(copies.cancel(&known, stroke)),
                _ => continue,
            }
            told.push(mail);
        }
        told
    }

    /// A guest's copy changed: what the guest answers is told to everybody else's.
    fn answer(&mut self, calendar: &str, event: &Event, stroke: &Stroke) -> Vec<String> {
        let answer = if event.is_cancelled() { Some("declined") } else { event.response_of(calendar) };
        let Some(answer) = answer.map(str::to_owned) else { return Vec::new() };
        let mut told = Vec::new();
        for other in self.calendars.values_mut().filter(|other| other.id != calendar) {
            let known = find(other, &event.id).filter(|known| known.uid == event.uid);
            let Some(mut known) = known.filter(|known| !known.is_cancelled()) else { continue };
            if known.response_of(calendar) == Some(&answer) || !set_answer(&mut known, calendar, &answer) {
                continue;
            }
            known.updated_ms = other.tick(stroke.now);
            known.etag = known.updated_ms * 2_000;
            other.put(known, stroke);
            told.push(other.id.clone());
        }
        told
    }
}

fn is_of(row: &Map<String, Value>, mail: &str) -> bool {
    row.get("email").and_then(Value::as_str).is_some_and(|it| it.eq_ignore_ascii_case(mail))
}

/// Puts a new copy into a guest's calendar.
fn copy(copies: &mut Calendar, event: &Event, stroke: &Stroke) {
    let mut copied = event.clone();
    let updated_ms = copies.tick(stroke.now);
    (copied.updated_ms, copied.etag) = (updated_ms, updated_ms * 2_000);
    copied.fields = shared_fields(&event.fields);
    copied.fields.insert("reminders".to_owned(), json!({ "useDefault": true }));
    copied.lost.clear();
    copied.before = None;
    copies.put(copied, stroke);
}

/// Lets a copy say what the organizer's event says.
fn follow(copies: &mut Calendar, known: &Event, event: &Event, stroke: &Stroke) {
    // A guest who removed their copy has declined; only new times bring the meeting back.
    let retimed =
        (&known.start, &known.end, &known.recurrence) != (&event.start, &event.end, &event.recurrence);
    if known.is_cancelled() && (event.is_cancelled() || !retimed) {
        return;
    }
    if event.is_cancelled() {
        copies.cancel(known, stroke);
        return;
    }
    let mut followed = known.clone();
    let updated_ms = copies.tick(stroke.now);
    (followed.updated_ms, followed.etag) = (updated_ms, updated_ms * 2_000);
    let own = known.fields.iter().filter(|(name, _)| OWN_FIELDS.contains(&name.as_str()));
    let own: Vec<_> = own.map(|(name, value)| (name.clone(), value.clone())).collect();
    let private = known.fields.get("extendedProperties").and_then(|it| it.get("private")).cloned();
    followed.fields = shared_fields(&event.fields);
    followed.fields.extend(own);
    if let Some(private) = private {
        let properties = followed.fields.entry("extendedProperties").or_insert_with(|| json!({}));
        properties["private"] = private;
    }
    followed.status = event.status;
    followed.sequence = event.sequence;
    (followed.start, followed.end) = (event.start.clone(), event.end.clone());
    (followed.recurrence, followed.dates) = (event.recurrence.clone(), event.dates.clone());
    followed.lost = event.lost.clone();
    followed.extent = (known.extent.0.min(event.extent.0), known.extent.1.max(event.extent.1));
    copies.put(followed, stroke);
}

/// The fields that every copy has alike.
fn shared_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let mut shared = fields.clone();
    shared.retain(|name, _| {
        !OWN_FIELDS.contains(&name.as_str()) || name == "transparency" || name == "visibility"
    });
    if let Some(properties) = shared.get_mut("extendedProperties").and_then(Value::as_object_mut) {
        properties.remove("private");
    }
    shared
}

/// Notes an answer among the attendees; false where there is no such guest.
fn set_answer(event: &mut Event, mail: &str, answer: &str) -> bool {
    let rows = event.fields.get_mut("attendees").and_then(Value::as_array_mut);
    let row = rows.into_iter().flatten().filter_map(Value::as_object_mut).find(|row| is_of(row, mail));
    row.map(|row| row.insert("responseStatus".to_owned(), json!(answer))).is_some()
}
