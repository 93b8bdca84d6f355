//! What changed in a range: `GET …/calendarView/delta`.
//!
//! The range is frozen in the token that the first round gives. Nothing can be selected or expanded here,
//! so that a page brings more than we want, which is dropped as it is read, and never a mark.

use starmesh_core::policy::Terms;
use starmesh_core::time::TimeRange;
use url::Url;

use super::range_parameters;
use crate::call::{Answer, Call, query};
use crate::place::Place;
use crate::wire::{EventRow, Lenient, Page};
use crate::words::find_in_page;

/// Reads one page of a round.
pub(crate) struct ReadDelta;

/// One page of a round.
pub(crate) struct DeltaPage {
    pub(crate) rows: Vec<Lenient<EventRow>>,
    pub(crate) next: DeltaNext,
}

/// What follows a page.
pub(crate) enum DeltaNext {
    /// Another page of this round.
    Page(Url),
    /// The round is over; the next one starts here.
    Round(Url),
}

impl ReadDelta {
    /// The first page of the first round.
    pub(crate) fn prepare(place: &Place, range: &TimeRange, page_size: u32) -> Call {
        let path =
            format!("{}/calendarView/delta{}", place.path, query(range_parameters(range.lo, range.hi)));
        Call::get(path).paged(page_size)
    }

    /// Any other page.
    pub(crate) fn prepare_link(link: Url, page_size: u32) -> Call {
        Call::follow(link).paged(page_size)
    }

    /// The page; `None` when the answer is none. A page has exactly one of the two links.
    pub(crate) fn parse(answer: &Answer, terms: &Terms) -> Option<DeltaPage> {
        let mut page: Page<EventRow> = answer.json()?;
        find_in_page(answer, &mut page.value, terms);
        let next = match (page.next_link, page.delta_link) {
            (Some(next), _) => DeltaNext::Page(next),
            (None, Some(delta)) => DeltaNext::Round(delta),
            (None, None) => return None,
        };
        Some(DeltaPage { rows: page.value, next })
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::answer;
    use super::*;

    #[test]
    fn a_page_without_a_link_is_cut_short() {
        assert!(ReadDelta::parse(&answer(200, r#"{"value":[]}"#), &Terms::default()).is_none());
        let last = answer(
            200,
            r#"{"value":[{"id":"a","@removed":{"reason":"deleted"}}],
            "@odata.deltaLink":"https://graph.example.org/v1.0/x?$deltatoken=1"}"#,
        );
        let page = ReadDelta::parse(&last, &Terms::default()).unwrap();
        assert!(matches!(page.next, DeltaNext::Round(_)));
        assert!(matches!(&page.rows[0], Lenient::Good(row) if row.removed.is_some()));
    }
}
