//! One event: `GET …/events/{id}`.

use starmesh_core::ids::RemoteId;
use starmesh_core::policy::Terms;

use super::expand_mark;
use crate::call::{Answer, Call, query};
use crate::place::Place;
use crate::wire::{EventRow, Lenient, MirrorRow};
use crate::words::find_in_event;

/// Reads one event.
pub(crate) struct GetEvent;

impl GetEvent {
    /// Its facts and its mark.
    pub(crate) fn prepare(place: &Place, id: &RemoteId) -> Call {
        let parameters = [place.select(), expand_mark()];
        Call::get(format!("{}{}", place.event(id), query(parameters)))
    }

    /// The same of an event that is known to carry a mark, with what tells whether it was edited.
    pub(crate) fn prepare_mirror(place: &Place, id: &RemoteId) -> Call {
        let select = format!("{}{}", EventRow::SELECT, MirrorRow::SELECT_MORE);
        Call::get(format!("{}{}", place.event(id), query([("$select", select), expand_mark()])))
    }

    pub(crate) fn parse(answer: &Answer, terms: &Terms) -> Option<Lenient<EventRow>> {
        let mut read = answer.json()?;
        if let Lenient::Good(row) = &mut read {
            find_in_event(answer, row, terms);
        }
        Some(read)
    }

    pub(crate) fn parse_mirror(answer: &Answer) -> Option<MirrorRow> {
        answer.json()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{path, place};
    use super::*;

    #[test]
    fn a_persons_event_is_never_asked_for_its_subject() {
        let id = RemoteId::new("A");
        let event = path(&GetEvent::prepare(&place(), &id));
        assert!(
            !event.contains("subject") && event.contains("$expand=singleValueExtendedProperties("),
            "{event}"
        );
        assert!(path(&GetEvent::prepare_mirror(&place(), &id)).contains(",subject,"));
    }
}
