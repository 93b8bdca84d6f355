//! From the body of a POST or PATCH to an event: validated, normalised, with defaults where it is silent.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::extended;
use super::prefer::zone_unknown;
use super::schema::{self, unreadable};
use crate::microsoft::refusal::Refusal;
use crate::microsoft::world::item::{Details, Item, Series};
use crate::microsoft::world::pattern::Recurrence;
use crate::microsoft::world::state::NewItem;
use crate::microsoft::world::timing::{Timing, TimingProblem, Wall, read_wall};
use crate::microsoft::world::zone::NamedZone;

/// A new event from the body of its creation.
pub(crate) fn new_item(body: &Map<String, Value>) -> Result<NewItem, Refusal> {
    let timing = timing(None, body)?;
    let mut main =
        Details { timing, props: schema::defaults(), extended: BTreeMap::new(), extensions: BTreeMap::new() };
    plain(&mut main, body)?;
    let transaction = match body.get("transactionId") {
        None | Some(Value::Null) => None,
        Some(Value::String(id)) if !id.is_empty() => Some(id.clone()),
        Some(_) => return Err(unreadable("transactionId")),
    };
    let series = match recurrence(body)? {
        Said::Nothing | Said::Once => None,
        Said::Repeats(rule) => Some(begin(&mut main, rule)?),
    };
    Ok(NewItem { uid: None, transaction, zone_name: None, main, series })
}

/// Writes the body of a PATCH into a single event or a series. New times or a new rule begin a series
/// anew: its exceptions and cancelled dates are gone.
pub(crate) fn patch(item: &Item, body: &Map<String, Value>) -> Result<(Details, Option<Series>), Refusal> {
    let mut main = item.main.clone();
    patch_details(&mut main, body)?;
    let rule = match recurrence(body)? {
        Said::Repeats(rule) => Some(rule),
        Said::Once => None,
        Said::Nothing => item.series.as_ref().map(|series| series.recurrence.clone()),
    };
    let same = main.timing == item.main.timing
        && rule.as_ref() == item.series.as_ref().map(|series| &series.recurrence);
    let series = match rule {
        _ if same => item.series.clone().map(|series| inherited(series, &item.main, &main)),
        None => None,
        Some(rule) => Some(begin(&mut main, rule)?),
    };
    Ok((main, series))
}

/// A series whose exceptions have what changed in the series, unless they had changed it themselves.
fn inherited(mut series: Series, before: &Details, after: &Details) -> Series {
    for (name, value) in &after.props {
        let old = before.props.get(name);
        for exception in series.exceptions.values_mut() {
            if exception.props.get(name) == old {
                exception.props.insert(name.clone(), value.clone());
            }
        }
    }
    series
}

/// Writes the body of a PATCH into the details of one event or one occurrence.
pub(crate) fn patch_details(details: &mut Details, body: &Map<String, Value>) -> Result<(), Refusal> {
    if body.get("transactionId").is_some_and(|id| !id.is_null()) {
        return Err(Refusal::bad(
            "ErrorInvalidPropertySet",
            "Set action is invalid for property 'TransactionId'.",
        ));
    }
    details.timing = timing(Some(&details.timing), body)?;
    plain(details, body)
}

fn plain(details: &mut Details, body: &Map<String, Value>) -> Result<(), Refusal> {
    schema::write(&mut details.props, body)?;
    extended::write(details, body)?;
    let Some(extensions) = body.get("extensions") else { return Ok(()) };
    for extension in extensions.as_array().ok_or_else(|| unreadable("extensions"))? {
        let (name, members) = extension_of(extension)?;
        details.extensions.insert(name, members);
    }
    Ok(())
}

/// Name and members of an open extension.
pub(crate) fn extension_of(value: &Value) -> Result<(String, Map<String, Value>), Refusal> {
    let members = value.as_object().ok_or_else(|| unreadable("extensions"))?;
    let name = members.get("extensionName").and_then(Value::as_str).filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Refusal::invalid("The extension name is missing."))?;
    let members = members.iter().filter(|(name, _)| !name.contains('@') && *name != "id");
    Ok((name.into(), members.map(|(name, value)| (name.clone(), value.clone())).collect()))
}

/// What a body says about repeating.
enum Said {
    Nothing,
    Once,
    Repeats(Recurrence),
}

fn recurrence(body: &Map<String, Value>) -> Result<Said, Refusal> {
    match body.get("recurrence") {
        None => Ok(Said::Nothing),
        Some(Value::Null) => Ok(Said::Once),
        Some(value) => Recurrence::read(value).map(Said::Repeats).map_err(|part| {
            Refusal::bad("ErrorPropertyValidationFailure", &format!("The recurrence is not valid: {part}."))
        }),
    }
}

/// A series whose times are those of its first date.
fn begin(main: &mut Details, recurrence: Recurrence) -> Result<Series, Refusal> {
    let first = recurrence
        .first_day()
        .ok_or_else(|| Refusal::bad("ErrorRecurrenceHasNoOccurrence", "The recurrence has no occurrence."))?;
    main.timing = main.timing.on(first);
    Ok(Series { recurrence, exceptions: BTreeMap::new(), cancelled: std::collections::BTreeSet::new() })
}

/// The times that a body asks for, with those that are there already where it is silent.
fn timing(current: Option<&Timing>, body: &Map<String, Value>) -> Result<Timing, Refusal> {
    let part = |name: &str, current: Option<&Wall>| match (body.get(name), current) {
        (Some(value), _) => wall(name, value),
        (None, Some(wall)) => Ok(wall.clone()),
        (None, None) => Err(Refusal::invalid(&format!("The property '{name}' is required."))),
    };
    let timing = Timing {
        start: part("start", current.map(|timing| &timing.start))?,
        end: part("end", current.map(|timing| &timing.end))?,
        all_day: match body.get("isAllDay") {
            Some(Value::Bool(all_day)) => *all_day,
            None | Some(Value::Null) => current.is_some_and(|timing| timing.all_day),
            Some(_) => return Err(unreadable("isAllDay")),
        },
    };
    timing.check().map(|()| timing).map_err(|problem| Refusal::invalid(words(problem)))
}

/// Reads a `dateTimeTimeZone`; without a zone it is UTC.
fn wall(name: &str, value: &Value) -> Result<Wall, Refusal> {
    let zone = match &value["timeZone"] {
        Value::Null => NamedZone::utc(),
        zone => zone.as_str().and_then(NamedZone::parse).ok_or_else(zone_unknown)?,
    };
    let text = value["dateTime"].as_str().ok_or_else(|| unreadable(name))?;
    read_wall(text, zone).ok_or_else(|| unreadable(name))
}

fn words(problem: TimingProblem) -> &'static str {
    match problem {
        TimingProblem::EndBeforeStart => "The end of the event is before its start.",
        TimingProblem::StartNotMidnight => {
            "The Event.Start property for an all-day event needs to be set to midnight."
        }
        TimingProblem::EndNotMidnight => {
            "The Event.End property for an all-day event needs to be set to midnight."
        }
        TimingProblem::ZonesDiffer => {
            "The Event.Start and Event.End properties of an all-day event need to be in one time zone."
        }
        TimingProblem::ShorterThanADay => "The duration of an all-day event needs to be at least 24 hours.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn made(body: &Value) -> Result<NewItem, Refusal> {
        new_item(body.as_object().unwrap())
    }

    fn at(time: &str, zone: &str) -> Value {
        json!({"dateTime": time, "timeZone": zone})
    }

    #[test]
    fn an_event_needs_a_start_and_an_end_in_a_known_zone() {
        assert_eq!(
            made(&json!({"start": at("2026-11-03T09:00:00", "UTC")})).err().unwrap().code,
            "ErrorInvalidRequest"
        );
        let body =
            json!({"start": at("2026-11-03T09:00:00", "Mars"), "end": at("2026-11-03T10:00:00", "UTC")});
        assert_eq!(made(&body).err().unwrap().code, "TimeZoneNotSupportedException");
        let body = json!({"start": at("2026-11-03", "UTC"), "end": at("2026-11-03T10:00:00", "UTC")});
        assert_eq!(made(&body).err().unwrap().code, "RequestBodyRead");
    }

    #[test]
    fn a_series_starts_on_the_first_date_of_its_rule() {
        let new = made(&json!({
            "start": at("2026-11-03T09:00:00", "UTC"), "end": at("2026-11-03T10:00:00", "UTC"),
            "recurrence": {
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["friday"]},
                "range": {"type": "noEnd", "startDate": "2026-11-03"},
            },
        }))
        .unwrap();
        assert_eq!(new.main.timing.start.local.to_string(), "2026-11-06 09:00:00");
        assert!(new.series.is_some());
    }

    #[test]
    fn times_alone_do_not_end_a_whole_day() {
        let new = made(&json!({
            "start": at("2026-11-03T00:00:00", "UTC"), "end": at("2026-11-04T00:00:00", "UTC"), "isAllDay": true,
        }))
        .unwrap();
        let times =
            json!({"start": at("2026-11-03T09:00:00", "UTC"), "end": at("2026-11-03T10:00:00", "UTC")});
        let patched = |body: &Value| patch_details(&mut new.main.clone(), body.as_object().unwrap());
        assert!(patched(&times).unwrap_err().message.contains("midnight"));
        let mut all = times;
        all["isAllDay"] = json!(false);
        assert_eq!(patched(&all), Ok(()));
    }

    #[test]
    fn a_transaction_id_cannot_be_changed_later() {
        let body = json!({"start": at("2026-11-03T09:00:00", "UTC"), "end": at("2026-11-03T10:00:00", "UTC"), "transactionId": "t"});
        let new = made(&body).unwrap();
        assert_eq!(new.transaction.as_deref(), Some("t"));
        let patched =
            patch_details(&mut new.main.clone(), json!({"transactionId": "u"}).as_object().unwrap());
        assert_eq!(patched.unwrap_err().code, "ErrorInvalidPropertySet");
    }
}
