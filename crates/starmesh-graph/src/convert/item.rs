//! One stored item: a single event, or a series with its occurrences in a range.

use starmesh_core::event::{
    Instance, ItemProblem, MarkedEvent, Override, Recurrence, RecurrenceSet, SourceEvent, SourceItem,
};
use starmesh_core::ids::{EventId, ICalUid, RemoteId, Version};
use starmesh_core::mirror::ProviderId;

use super::marked::marked_without_details;
use super::times::{instance, original};
use super::uid::normalise;
use crate::wire::EventRow;

/// An event that happens once, or a lone occurrence of a series that is not shown.
pub(crate) fn single_item(id: RemoteId, row: &EventRow) -> SourceItem {
    single_item_marked(id, row, row.mark().map(|mark| marked_without_details(row, mark)))
}

/// The same with its mark.
pub(super) fn single_item_marked(id: RemoteId, row: &EventRow, marked: Option<MarkedEvent>) -> SourceItem {
    let recurrence = instance(row).and_then(|instance| {
        if row.is_lone_occurrence() {
            let alone = exception(row, instance, row.is_all_day == Some(true))?;
            return Ok(Recurrence::Set(RecurrenceSet { master: None, overrides: vec![alone] }));
        }
        Ok(Recurrence::Single(instance))
    });
    let uid = uid(&id, row.transaction_id.as_deref(), row.ical_uid.as_deref());
    item(id, row, uid, recurrence, marked)
}

/// A series: what its master says of it, where that could be read, and its occurrences in a range. The
/// service expanded it, so that there is no rule to be understood in a second way.
pub(crate) fn series_item(id: RemoteId, master: Option<&EventRow>, occurrences: &[EventRow]) -> SourceItem {
    let unseen = EventRow::default();
    let head = master.unwrap_or(&unseen);
    // An occurrence may be edited into whole days or out of them: the series says what its dates are.
    let all_day = match master {
        Some(master) => master.is_all_day == Some(true),
        None => occurrences.iter().all(|row| row.is_all_day == Some(true)),
    };
    let overrides: Result<Vec<Override>, ItemProblem> =
        occurrences.iter().map(|row| exception(row, instance(row)?, all_day)).collect();
    let recurrence = overrides.map(|overrides| Recurrence::Set(RecurrenceSet { master: None, overrides }));
    let ical_uid = head.ical_uid.as_deref().filter(|uid| !uid.trim().is_empty());
    let ical_uid = ical_uid.or_else(|| occurrences.iter().find_map(|row| row.ical_uid.as_deref()));
    let uid = uid(&id, head.transaction_id.as_deref(), ical_uid);
    let marked = head.mark().map(|mark| marked_without_details(head, mark));
    item(id, head, uid, recurrence, marked)
}

/// An item that is there and cannot be understood.
pub(crate) fn unreadable(id: RemoteId) -> SourceItem {
    SourceItem { remote_id: id, version: None, events: Vec::new(), problem: Some(ItemProblem::Malformed) }
}

/// True when a row that cannot show marks may well have one: it has an identity of our shape, or what a
/// person's copy of a busy block has left of it.
pub(crate) fn looks_like_mirror(row: &EventRow) -> bool {
    let is_ours = row.transaction_id.as_deref().is_some_and(ProviderId::has_shape);
    let is_private = row.sensitivity.as_deref().is_some_and(|it| it.eq_ignore_ascii_case("private"));
    is_ours || (is_private && row.is_reminder_on == Some(false) && !row.has_attendees())
}

/// The version of a row, the precondition of a write.
pub(super) fn version(row: &EventRow) -> Option<Version> {
    row.etag.as_deref().filter(|etag| !etag.is_empty()).map(Version::new)
}

/// The identity of an event: the one under which a mirror was created, else the meeting's, else its id.
pub(super) fn uid(id: &RemoteId, transaction_id: Option<&str>, ical_uid: Option<&str>) -> String {
    if let Some(ours) = transaction_id.filter(|id| ProviderId::has_shape(id)) {
        return ours.to_owned();
    }
    match ical_uid.map(normalise).filter(|uid| !uid.is_empty()) {
        Some(uid) => uid,
        None => id.as_str().to_owned(),
    }
}

fn item(
    id: RemoteId,
    row: &EventRow,
    uid: String,
    recurrence: Result<Recurrence, ItemProblem>,
    marked: Option<MarkedEvent>,
) -> SourceItem {
    let version = version(row);
    match recurrence {
        Ok(recurrence) => {
            let event = SourceEvent {
                id: EventId::new(uid.as_str()),
                uid: ICalUid::new(uid),
                recurrence,
                marked,
                tool: None,
            };
            SourceItem { remote_id: id, version, events: vec![event], problem: None }
        }
        Err(problem) => SourceItem { remote_id: id, version, events: Vec::new(), problem: Some(problem) },
    }
}

fn exception(row: &EventRow, instance: Instance, all_day: bool) -> Result<Override, ItemProblem> {
    Ok(Override {
        recurrence_id: original(row, all_day)?,
        and_future: false,
        instance,
        sequence: 0,
        stamp: None,
    })
}
