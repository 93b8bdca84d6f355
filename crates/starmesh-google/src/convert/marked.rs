//! What can be seen of an event that carries a SYNC-FB mark, whoever wrote it.

use starmesh_core::event::{LabelDigest, MarkedEvent};
use starmesh_core::mirror::FoundColor;
use starmesh_core::time::EventTime;

use super::facts::availability;
use super::times::{calendar_time, event_time};
use crate::color::found_color;
use crate::privacy::Privacy;
use crate::wire::{EventRow, RemindersRow};

/// The mark of a single event that was read with all its fields; `None` where it has none.
pub(crate) fn marked(row: &EventRow, privacy: Privacy) -> Option<MarkedEvent> {
    Some(MarkedEvent {
        mark: row.mark()?.to_owned(),
        provider_id: row.id.clone(),
        time: time(row),
        availability: availability(row),
        label: row.label.unwrap_or_else(|| LabelDigest::of("")),
        color: found_color(row.color_id.as_deref()),
        plain: is_plain(row, privacy),
        has_attendees: row.has_attendees(),
    })
}

/// The same of a mirror that somebody made repeat: whatever else it says, it is no plain block any more.
pub(super) fn marked_series(series: &str, rows: &[EventRow]) -> Option<MarkedEvent> {
    let row = rows.iter().find(|row| row.mark().is_some())?;
    Some(MarkedEvent {
        mark: row.mark()?.to_owned(),
        provider_id: series.to_owned(),
        time: None,
        availability: availability(row),
        label: LabelDigest::of(""),
        color: FoundColor::Unset,
        plain: false,
        has_attendees: rows.iter().any(EventRow::has_attendees),
    })
}

fn time(row: &EventRow) -> Option<EventTime> {
    let start = calendar_time(row.start.as_ref()?).ok()?;
    let end = calendar_time(row.end.as_ref()?).ok()?;
    event_time(&start, &end)
}

/// True when an event holds nothing beyond what we write.
fn is_plain(row: &EventRow, privacy: Privacy) -> bool {
    let says_more = [
        row.description,
        row.location,
        row.attachments,
        row.conference_data,
        row.hangout_link,
        row.source,
        row.recurrence,
    ];
    // What is as the calendar shows its events may be left out.
    row.visibility.as_deref().unwrap_or("default") == privacy.visibility()
        && row.reminders == Some(RemindersRow::default())
        && row.event_type.as_deref().is_none_or(|kind| kind == "default")
        && says_more.iter().all(|present| !present.0)
        && !row.has_attendees()
}
