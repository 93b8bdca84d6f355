//! What can be seen of an event that carries a SYNC-FB mark, whoever wrote it.

use starmesh_core::event::{Availability, LabelDigest, MarkedEvent, SourceItem};
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::{FoundColor, MirrorBody};
use starmesh_core::planted::{Bug, planted};

use super::facts::{availability, show_as};
use super::item::{single_item_marked, uid};
use super::times::event_time;
use crate::wire::{EventRow, MirrorRow};

/// The sensitivity with which mirrors are written in a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Privacy {
    /// `private`: others see that the time is taken and nothing else.
    Private,
    /// `normal`, in a calendar whose private events this account may not see: it could neither read nor
    /// remove its own mirrors there.
    Normal,
}

impl Privacy {
    /// How the service writes it.
    pub(crate) fn sensitivity(self) -> &'static str {
        match self {
            Self::Private if planted(Bug::GraphShowsMirrors) => "normal",
            Self::Private => "private",
            Self::Normal => "normal",
        }
    }
}

/// A mirror, or what a person made of one; `None` when the event carries no mark.
pub(crate) fn mirror_item(id: RemoteId, row: &MirrorRow, privacy: Privacy) -> Option<SourceItem> {
    let event = &row.event;
    let mark = event.mark()?;
    let is_kept =
        event.sensitivity.as_deref().is_some_and(|it| it.eq_ignore_ascii_case(privacy.sensitivity()));
    let is_single = !event.is_master() && event.series().is_none() && !event.is_lone_occurrence();
    let marked = MarkedEvent {
        time: event_time(event).ok().filter(|_| is_single),
        label: row.subject.unwrap_or_else(|| LabelDigest::of("")),
        plain: is_kept && is_single && !event.has_attendees() && !row.says_more(),
        ..marked_without_details(event, mark)
    };
    Some(single_item_marked(id, event, Some(marked)))
}

/// True when `row` is as `body` says, as far as it tells.
pub(crate) fn shows(row: &MirrorRow, body: &MirrorBody) -> bool {
    let event = &row.event;
    let time = event_time(event).ok();
    let availability = event.show_as.as_deref();
    time.is_none_or(|time| time == body.time)
        && availability.is_none_or(|it| it.eq_ignore_ascii_case(show_as(body.availability)))
        && row.subject.is_none_or(|label| label == LabelDigest::of(body.label.as_str()))
}

/// A marked event of which nothing was asked that only a mirror may be asked. It equals no mirror.
pub(super) fn marked_without_details(row: &EventRow, mark: &str) -> MarkedEvent {
    let id = RemoteId::new(row.id.as_deref().unwrap_or_default());
    let cancelled = row.is_cancelled == Some(true);
    MarkedEvent {
        mark: mark.to_owned(),
        provider_id: uid(&id, row.transaction_id.as_deref(), row.ical_uid.as_deref()),
        time: None,
        // A cancelled mirror blocks nothing, whatever else it says.
        availability: if cancelled { Availability::Free } else { availability(row) },
        label: LabelDigest::of(""),
        // Colours are those of categories there, which are names that others see: none is read or written.
        color: FoundColor::Unset,
        plain: false,
        has_attendees: row.has_attendees(),
    }
}
