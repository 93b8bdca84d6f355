//! Items of the port: single events, and series as the instances that were listed of them.

use starmesh_core::event::{
    Instance, ItemProblem, Length, MarkedEvent, Override, Recurrence, RecurrenceSet, SourceEvent, SourceItem,
};
use starmesh_core::ids::{EventId, ICalUid, RemoteId, Version};
use starmesh_core::mirror::ProviderId;
use starmesh_core::tool::Tool;

use super::facts::facts;
use super::marked::marked_series;
use super::times::{calendar_time, original_start_in};
use crate::wire::{EventRow, Row};

/// An event that happens once; `marked` is what is known of its mark.
pub(crate) fn single_item(row: &EventRow, marked: Option<MarkedEvent>) -> SourceItem {
    let id = RemoteId::new(row.id.as_str());
    let version = row.etag.as_deref().map(Version::new);
    match instance(row) {
        Ok(instance) => {
            let recurrence = Recurrence::Single(instance);
            let event = source_event(&row.id, row.ical_uid.as_deref(), recurrence, marked, row.tool());
            SourceItem { remote_id: id, version, events: vec![event], problem: None }
        }
        Err(problem) => SourceItem { remote_id: id, version, events: Vec::new(), problem: Some(problem) },
    }
}

/// A series of which `rows` are the instances in the range that was asked about; `None` when there are
/// none. It has no version: each instance has its own.
pub(crate) fn series_item(series: &str, rows: Vec<Row>) -> Option<SourceItem> {
    let mut instances = Vec::new();
    for row in rows {
        match row {
            Row::Event(row) if row.is_cancelled() => {}
            Row::Event(row) => instances.push(*row),
            // Without it the rest is not the whole series.
            Row::Broken { .. } => return Some(broken_item(series, ItemProblem::Malformed)),
        }
    }
    if instances.is_empty() {
        return None;
    }
    let overrides: Result<Vec<Override>, ItemProblem> = instances.iter().map(occurrence).collect();
    let overrides = match overrides {
        Ok(overrides) => overrides,
        Err(problem) => return Some(broken_item(series, problem)),
    };
    let uid = instances.iter().find_map(|row| row.ical_uid.as_deref());
    let recurrence = Recurrence::Set(RecurrenceSet { master: None, overrides });
    let tool = instances.iter().find_map(EventRow::tool);
    let event = source_event(series, uid, recurrence, marked_series(series, &instances), tool);
    Some(SourceItem { remote_id: RemoteId::new(series), version: None, events: vec![event], problem: None })
}

/// An item that cannot be read.
pub(crate) fn broken_item(id: &str, problem: ItemProblem) -> SourceItem {
    SourceItem { remote_id: RemoteId::new(id), version: None, events: Vec::new(), problem: Some(problem) }
}

/// The series in the id of an instance.
pub(crate) fn series_of_instance(id: &str) -> Option<&str> {
    original_start_in(id)?;
    id.rsplit_once('_').map(|(series, _)| series).filter(|series| !series.is_empty())
}

fn source_event(
    id: &str,
    ical_uid: Option<&str>,
    recurrence: Recurrence,
    marked: Option<MarkedEvent>,
    tool: Option<Tool>,
) -> SourceEvent {
    // Google makes `<id>@google.com` the UID of what we place; bare, it is known by its shape even when
    // its mark was stripped.
    let uid = if ProviderId::has_shape(id) { None } else { ical_uid };
    let uid = uid.map(str::trim).filter(|uid| !uid.is_empty()).unwrap_or(id);
    SourceEvent { id: EventId::new(uid), uid: ICalUid::new(uid), recurrence, marked, tool }
}

fn occurrence(row: &EventRow) -> Result<Override, ItemProblem> {
    let instance = instance(row)?;
    let original = row.original_start_time.as_ref().and_then(|time| calendar_time(time).ok());
    let recurrence_id =
        original.or_else(|| original_start_in(&row.id)).unwrap_or_else(|| instance.start.clone());
    Ok(Override { recurrence_id, and_future: false, instance, sequence: 0, stamp: None })
}

fn instance(row: &EventRow) -> Result<Instance, ItemProblem> {
    let start = calendar_time(row.start.as_ref().ok_or(ItemProblem::NoStart)?)?;
    let length = match &row.end {
        Some(end) => match calendar_time(end) {
            Ok(end) => Length::Until(end),
            Err(ItemProblem::NoStart) => Length::Unstated,
            Err(problem) => return Err(problem),
        },
        None => Length::Unstated,
    };
    Ok(Instance { start, length, facts: facts(row) })
}
