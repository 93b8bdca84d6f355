//! What an event must keep to.

use serde_json::{Map, Value};
use starmesh_core::zone::Zone;

use super::super::moment::{Moment, known};
use super::super::problem::Problem;
use super::{Draft, Place};

/// The most reminders of an event.
const REMINDERS_MAX: usize = 5;
/// The longest lead of a reminder, in minutes: four weeks.
const REMINDER_MINUTES_MAX: i64 = 40_320;
/// The highest colour of an event.
const COLOR_MAX: u32 = 11;

/// Both ends are days, or neither is, and the end does not lie before the start; a day ends after itself.
pub(super) fn order(start: &Moment, end: &Moment, zone: &str) -> Result<(), Problem> {
    if start.is_day() != end.is_day() {
        return Err(Problem::invalid("Start and end times must either both be date or both be dateTime."));
    }
    let zone = known(zone).unwrap_or(Zone::Utc);
    let (from, to) = (start.instant(&zone), end.instant(&zone));
    if to < from || (start.is_day() && to == from) {
        return Err(Problem::time_range_empty());
    }
    Ok(())
}

/// A series needs a zone for its wall clock.
pub(super) fn recurring_zone(start: &Moment, end: &Moment) -> Result<(), Problem> {
    for (moment, name) in [(start, "start"), (end, "end")] {
        if !moment.is_day() && moment.zone().is_none() {
            return Err(Problem::required(&format!("Missing time zone definition for {name} time.")));
        }
    }
    Ok(())
}

pub(super) fn enumeration(name: &str) -> Problem {
    Problem::invalid(&format!("Invalid value for: {name}"))
}

/// The fields of every type of event.
pub(super) fn fields(fields: &Map<String, Value>) -> Result<(), Problem> {
    let one_of = |name: &str, values: &[&str]| match fields.get(name) {
        None => Ok(()),
        Some(value) if value.as_str().is_some_and(|it| values.contains(&it)) => Ok(()),
        Some(_) => Err(enumeration(name)),
    };
    one_of("visibility", &["default", "public", "private", "confidential"])?;
    one_of("transparency", &["opaque", "transparent"])?;
    if let Some(color) = fields.get("colorId") {
        let number = color.as_str().and_then(|it| it.parse::<u32>().ok());
        if !number.is_some_and(|it| (1..=COLOR_MAX).contains(&it)) {
            return Err(enumeration("colorId"));
        }
    }
    for name in ["summary", "description", "location"] {
        if fields.get(name).is_some_and(|value| !value.is_string()) {
            return Err(enumeration(name));
        }
    }
    if let Some(url) = fields.get("source").and_then(|source| source.get("url")).and_then(Value::as_str)
        && !url.starts_with("http://")
        && !url.starts_with("https://")
    {
        return Err(enumeration("source.url"));
    }
    if let Some(rows) = fields.get("attendees") {
        let rows = rows.as_array().ok_or_else(|| enumeration("attendees"))?;
        if rows.iter().any(|row| row.get("email").and_then(Value::as_str).is_none_or(|it| !it.contains('@')))
        {
            return Err(Problem::invalid("Invalid attendee email."));
        }
    }
    fields.get("reminders").map_or(Ok(()), reminders)
}

fn reminders(value: &Value) -> Result<(), Problem> {
    let by_default = value.get("useDefault").and_then(Value::as_bool).unwrap_or(false);
    let empty = Vec::new();
    let overrides = match value.get("overrides").filter(|it| !it.is_null()) {
        None => &empty,
        Some(rows) => rows.as_array().ok_or_else(|| enumeration("reminders"))?,
    };
    if by_default && !overrides.is_empty() {
        let message = "Cannot specify both default reminders and overrides at the same time.";
        return Err(Problem::calendar(400, "cannotUseDefaultRemindersAndSpecifyOverride", message));
    }
    if overrides.len() > REMINDERS_MAX {
        return Err(Problem::invalid("Too many reminders."));
    }
    for row in overrides {
        let method = row.get("method").and_then(Value::as_str);
        let minutes = row.get("minutes").and_then(Value::as_i64);
        if !matches!(method, Some("email" | "popup"))
            || !minutes.is_some_and(|it| (0..=REMINDER_MINUTES_MAX).contains(&it))
        {
            return Err(enumeration("reminders"));
        }
    }
    Ok(())
}

/// What each type of event asks for.
pub(super) fn event_type(draft: &Draft, place: &Place<'_>) -> Result<(), Problem> {
    let restricted = |message: &str| Err(Problem::calendar(400, "eventTypeRestriction", message));
    let kind = draft.event_type.as_str();
    if place.fixed_type.is_some_and(|fixed| fixed != kind) {
        return restricted("Event type cannot be changed.");
    }
    let text = |name: &str| draft.fields.get(name).and_then(Value::as_str);
    match kind {
        "default" => Ok(()),
        "fromGmail" if place.by_hand || place.fixed_type.is_some() => Ok(()),
        "fromGmail" => restricted("Events of this type cannot be created."),
        "birthday" => {
            let yearly =
                draft.recurrence.iter().any(|line| line.to_ascii_uppercase().contains("FREQ=YEARLY"));
            if draft.start.is_day() && (yearly || place.is_instance) {
                Ok(())
            } else {
                restricted("A birthday must be an all-day event that repeats every year.")
            }
        }
        "workingLocation" => {
            if !place.is_primary {
                restricted("Working locations live on primary calendars.")
            } else if text("visibility") == Some("public") && text("transparency") == Some("transparent") {
                Ok(())
            } else {
                restricted("A working location must be public and transparent.")
            }
        }
        "focusTime" | "outOfOffice" => {
            if !place.is_primary {
                restricted("Events of this type live on primary calendars.")
            } else if draft.start.is_day() {
                restricted("Events of this type cannot last whole days.")
            } else {
                Ok(())
            }
        }
        _ => Err(enumeration("eventType")),
    }
}
