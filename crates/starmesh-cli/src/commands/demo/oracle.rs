//! Looks into the simulators' own stores, past every adapter, and says what stands there.
//!
//! Whatever the person did not put there is a busy block; what it looks like is judged by rules written
//! down here and taken from nowhere else.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use starmesh_app::{AppError, ErrorCode};
use starmesh_sim::microsoft::world::Item;
use starmesh_sim::web::WriteKind;

use super::cast::{Cast, Place, failed};
use super::person::{Entry, EventName, Person, SECRET, Span};

/// How far around today there can be anything at all.
const REACH: TimeDelta = TimeDelta::days(400);
/// What every busy block is called.
const LABEL: &str = "Busy";

/// Everything that stands in one calendar besides the person's own events, in order.
pub(super) type Blocks = Vec<Span>;

/// Looks past the program.
pub(super) struct Oracle<'a> {
    pub(super) cast: &'a Cast,
    pub(super) person: &'a Person<'a>,
}

impl Oracle<'_> {
    /// Each busy block that ought to be: one for each time that is blocked and each calendar it reaches.
    pub(super) fn expected(&self) -> BTreeMap<Place, Blocks> {
        let mut expected: BTreeMap<Place, Blocks> =
            Place::ALL.into_iter().map(|place| (place, Blocks::new())).collect();
        for Entry { place, spans, .. } in &self.person.diary {
            for target in place.reaches() {
                expected.entry(*target).or_default().extend(spans);
            }
        }
        for blocks in expected.values_mut() {
            blocks.sort();
        }
        expected
    }

    /// The busy blocks that stand, each of them judged.
    pub(super) fn found(&self) -> Result<BTreeMap<Place, Blocks>, AppError> {
        Place::ALL.into_iter().map(|place| Ok((place, blocks(self.cast, self.person, place)?))).collect()
    }

    /// Exactly what ought to be stands: nothing is missing, doubled or without cause.
    pub(super) fn check_blocks(&self) -> Result<usize, AppError> {
        let (expected, found) = (self.expected(), self.found()?);
        for (place, wanted) in &expected {
            let there = found.get(place).map_or(0, Vec::len);
            if found.get(place) != Some(wanted) {
                return Err(broken(&format!(
                    "{} holds {there} busy blocks, and not the {} that belong there",
                    place.title(),
                    wanted.len()
                )));
            }
        }
        Ok(expected.values().map(Vec::len).sum())
    }

    /// No busy block is left.
    pub(super) fn check_empty(&self) -> Result<(), AppError> {
        let left: usize = self.found()?.values().map(Vec::len).sum();
        if left == 0 { Ok(()) } else { Err(broken(&format!("{left} busy blocks are left"))) }
    }

    /// The person's events are as the person left them, versions included.
    pub(super) fn check_untouched(&self) -> Result<usize, AppError> {
        match self.person.touched() {
            0 => Ok(self.person.diary.len()),
            touched => Err(broken(&format!("{touched} events are not as their owner left them"))),
        }
    }

    /// Nobody would have got a message.
    pub(super) fn check_silence(&self) -> Result<(), AppError> {
        match self.cast.ledger().notifications().len() {
            0 => Ok(()),
            told => Err(broken(&format!("{told} notifications would have reached a person"))),
        }
    }

    /// No title stands anywhere in the program's folder.
    pub(super) fn check_folder(folder: &Path) -> Result<(), AppError> {
        if holds_secret(folder).map_err(|problem| failed(&problem))? {
            return Err(broken("a title stands in the program's own folder"));
        }
        Ok(())
    }
}

/// How many events were written through the providers' APIs so far.
pub(super) fn writes(cast: &Cast) -> usize {
    let of_events = |kind| {
        matches!(
            kind,
            WriteKind::EventCreated
                | WriteKind::EventChanged
                | WriteKind::EventDeleted
                | WriteKind::EventMoved
        )
    };
    cast.ledger().writes().iter().filter(|write| of_events(write.kind)).count()
}

/// What stands in a calendar besides the person's own events.
pub(super) fn blocks(cast: &Cast, person: &Person<'_>, place: Place) -> Result<Blocks, AppError> {
    let own = |name: &EventName| person.diary.iter().any(|entry| entry.place == place && entry.name == *name);
    let mut blocks = match (Cast::at_google(place), cast.at_microsoft(place)) {
        (Some(calendar), _) => {
            use starmesh_app::Clock as _;
            let now = cast.google.clock().now();
            let rows = cast.google.events_between(calendar, now - REACH, now + REACH);
            let rows = rows.map_err(|problem| failed(&problem))?;
            let name = |row: &Value| {
                let id = row["recurringEventId"].as_str().or(row["id"].as_str()).unwrap_or_default();
                EventName::Google(id.to_owned())
            };
            rows.iter().filter(|row| !own(&name(row))).map(google_block).collect::<Result<Blocks, _>>()?
        }
        (None, Some(calendar)) => cast.microsoft.with(|world| {
            let items = world.events(calendar).filter(|item| !own(&EventName::Microsoft(item.no)));
            items.map(microsoft_block).collect::<Result<Blocks, _>>()
        })?,
        (None, None) => Blocks::new(),
    };
    blocks.sort();
    Ok(blocks)
}

fn google_block(row: &Value) -> Result<Span, AppError> {
    let at = |end: &str| {
        let time = row[end]["dateTime"].as_str().and_then(|time| DateTime::parse_from_rfc3339(time).ok());
        time.map(|time| time.with_timezone(&Utc))
    };
    let silent = row["reminders"]["useDefault"] == false
        && row["reminders"]["overrides"].as_array().is_none_or(Vec::is_empty);
    let says_nothing =
        ["attendees", "description", "location", "conferenceData", "hangoutLink", "attachments"]
            .iter()
            .all(|name| row[name].is_null());
    let private =
        row["visibility"] == "private" && row["extendedProperties"]["private"]["syncfbMark"].is_string();
    judged(row["summary"] == LABEL && silent && says_nothing && private && !holds(&row.to_string()))?;
    match (at("start"), at("end")) {
        (Some(start), Some(end)) => Ok(Span { start, end }),
        _ => Err(broken("a busy block has no time")),
    }
}

fn microsoft_block(item: &Item) -> Result<Span, AppError> {
    let props = &item.main.props;
    let prop = |name: &str| props.get(name).unwrap_or(&Value::Null);
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    };
    let silent = prop("isReminderOn") == false && prop("isOnlineMeeting") != true;
    let says_nothing = empty(prop("attendees"))
        && empty(prop("locations"))
        && empty(&prop("location")["displayName"])
        && empty(&prop("body")["content"])
        && empty(prop("categories"));
    let private = prop("sensitivity") == "private" && !item.main.extended.is_empty();
    let text = format!("{props:?}");
    judged(prop("subject") == LABEL && silent && says_nothing && private && !holds(&text))?;
    let (start, end) = item.main.timing.instants();
    Ok(Span { start, end })
}

fn judged(good: bool) -> Result<(), AppError> {
    if good { Ok(()) } else { Err(broken("a busy block says more than its time, or could reach a person")) }
}

fn holds(text: &str) -> bool {
    text.contains(SECRET)
}

fn holds_secret(folder: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let found = if path.is_dir() {
            holds_secret(&path)?
        } else {
            fs::read(&path)?.windows(SECRET.len()).any(|piece| piece == SECRET.as_bytes())
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A promise that was not kept.
pub(super) fn broken(what: &str) -> AppError {
    AppError::new(ErrorCode::Internal, format!("a promise is broken: {what}"))
        .hint("this is a mistake in Starmesh; the same --seed shows it again")
}
