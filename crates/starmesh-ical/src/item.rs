//! One resource: its components, grouped by UID.

use std::borrow::Cow;

use calcard::icalendar::{ICalendar, ICalendarComponent, ICalendarComponentType, ICalendarProperty};
use calcard::{Entry, Parser};
use starmesh_core::event::{ItemProblem, SourceEvent, SourceItem};
use starmesh_core::ids::{EventId, ICalUid, RemoteId, Version};
use starmesh_core::policy::Terms;

use super::facts::OwnAddresses;
use super::marked::marked;
use super::series::recurrence;
use crate::lines::{EventRules, outline};
use crate::zones::FileZones;

/// The largest iCalendar text that is read, in bytes. Events with pictures attached inline exist.
const ITEM_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One VEVENT, with what belongs to it.
pub(super) struct Component<'a> {
    pub(super) entries: &'a ICalendarComponent,
    pub(super) rules: &'a EventRules,
    /// Its alarms.
    pub(super) alarms: Vec<&'a ICalendarComponent>,
}

/// What the components of a file need to be understood.
pub(super) struct Context<'a> {
    pub(super) zones: Cow<'a, FileZones>,
    pub(super) own: &'a OwnAddresses,
    pub(super) terms: &'a Terms,
}

/// The facts in the iCalendar `text` of a resource, and which of `terms` its events hold.
pub fn source_item(
    remote_id: RemoteId,
    version: Option<Version>,
    text: &str,
    own: &OwnAddresses,
    terms: &Terms,
) -> SourceItem {
    let events = events(&remote_id, text, own, terms, None);
    item(remote_id, version, events)
}

/// The same of an event in a file, whose zones stand elsewhere in it.
pub(crate) fn item_in_zones(
    remote_id: RemoteId,
    text: &str,
    own: &OwnAddresses,
    terms: &Terms,
    zones: &FileZones,
) -> SourceItem {
    let events = events(&remote_id, text, own, terms, Some(zones));
    item(remote_id, None, events)
}

fn item(
    remote_id: RemoteId,
    version: Option<Version>,
    events: Result<Vec<SourceEvent>, ItemProblem>,
) -> SourceItem {
    match events {
        Ok(events) => SourceItem { remote_id, version, events, problem: None },
        Err(problem) => SourceItem { remote_id, version, events: Vec::new(), problem: Some(problem) },
    }
}

/// The events of `text`, in the zones given or else in those that it defines.
fn events(
    remote_id: &RemoteId,
    text: &str,
    own: &OwnAddresses,
    terms: &Terms,
    zones: Option<&FileZones>,
) -> Result<Vec<SourceEvent>, ItemProblem> {
    if text.len() > ITEM_BYTES_MAX {
        return Err(ItemProblem::TooLarge);
    }
    let outline = outline(text);
    let calendars = parse(text)?;
    let events_parsed =
        calendars.iter().flat_map(|calendar| &calendar.components).filter(|part| is_event(part));
    if !outline.is_whole || events_parsed.count() != outline.events.len() {
        return Err(ItemProblem::Malformed);
    }
    let mut rules = outline.events.iter();
    let mut events = Vec::new();
    for calendar in &calendars {
        let components: Vec<Component<'_>> = calendar
            .components
            .iter()
            .filter(|part| is_event(part))
            .zip(&mut rules)
            .map(|(entries, rules)| Component { entries, rules, alarms: alarms(calendar, entries) })
            .collect();
        let zones = zones.map_or_else(|| Cow::Owned(FileZones::of(calendar)), Cow::Borrowed);
        let context = Context { zones, own, terms };
        for (uid, group) in by_uid(components) {
            events.push(source_event(remote_id, uid, &group, &context)?);
        }
    }
    Ok(events)
}

fn source_event(
    remote_id: &RemoteId,
    uid: Option<String>,
    group: &[Component<'_>],
    context: &Context<'_>,
) -> Result<SourceEvent, ItemProblem> {
    let recurrence = recurrence(group, context)?;
    let uid = uid.unwrap_or_else(|| remote_id.as_str().to_owned());
    let marked = marked(&uid, group, context);
    Ok(SourceEvent { id: EventId::new(uid.as_str()), uid: ICalUid::new(uid), recurrence, marked, tool: None })
}

fn parse(text: &str) -> Result<Vec<ICalendar>, ItemProblem> {
    let mut parser = Parser::new(text);
    let mut calendars = Vec::new();
    loop {
        match parser.entry() {
            Entry::ICalendar(calendar) => calendars.push(calendar),
            Entry::Eof if calendars.is_empty() => return Err(ItemProblem::Malformed),
            Entry::Eof => return Ok(calendars),
            _ => return Err(ItemProblem::Malformed),
        }
    }
}

fn is_event(component: &ICalendarComponent) -> bool {
    component.component_type == ICalendarComponentType::VEvent
}

fn alarms<'a>(calendar: &'a ICalendar, event: &ICalendarComponent) -> Vec<&'a ICalendarComponent> {
    let parts = event.component_ids.iter().filter_map(|id| calendar.component_by_id(*id));
    parts.filter(|part| part.component_type == ICalendarComponentType::VAlarm).collect()
}

/// The components by UID, in the order of the first of each. One without a UID stands alone: nothing says
/// that it belongs to another.
fn by_uid(components: Vec<Component<'_>>) -> Vec<(Option<String>, Vec<Component<'_>>)> {
    let mut groups: Vec<(Option<String>, Vec<Component<'_>>)> = Vec::new();
    for component in components {
        let uid = uid(component.entries);
        let group = groups.iter_mut().find(|(known, _)| known.is_some() && *known == uid);
        match group {
            Some((_, group)) => group.push(component),
            None => groups.push((uid, vec![component])),
        }
    }
    groups
}

fn uid(component: &ICalendarComponent) -> Option<String> {
    let entry = component.entries.iter().find(|entry| entry.name == ICalendarProperty::Uid)?;
    let uid = entry.values.first()?.as_text()?.trim();
    (!uid.is_empty()).then(|| uid.to_owned())
}
