//! Everything in a range, series expanded: `GET …/calendarView`.

use starmesh_core::policy::Terms;
use starmesh_core::time::TimeRange;

use super::{Rows, expand_mark, range_parameters, rows};
use crate::call::{Answer, Call, query};
use crate::place::Place;

/// Reads the view of a calendar.
pub(crate) struct ReadView;

impl ReadView {
    /// Rows of one page: the most that the service gives when marks are shown.
    const TOP: u32 = 100;

    pub(crate) fn prepare(place: &Place, range: &TimeRange) -> Call {
        let [start, end] = range_parameters(range.lo, range.hi);
        let parameters = [start, end, place.select(), expand_mark(), ("$top", Self::TOP.to_string())];
        Call::get(format!("{}/calendarView{}", place.path, query(parameters)))
    }

    pub(crate) fn parse(answer: &Answer, terms: &Terms) -> Option<Rows> {
        rows(answer, terms)
    }
}

#[cfg(test)]
mod tests {
    use chrono::{TimeZone, Utc};

    use super::super::fixture::{answer, path, place};
    use super::*;

    #[test]
    fn a_view_is_asked_for_marks_and_no_content() {
        let range = TimeRange {
            lo: Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap(),
            hi: Utc.with_ymd_and_hms(2026, 12, 1, 0, 0, 0).unwrap(),
        };
        let path = path(&ReadView::prepare(&place(), &range));
        let start = "/me/calendars/C=/calendarView?startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-12-01T00:00:00Z&$select=id,";
        assert!(path.starts_with(start), "{path}");
        assert!(
            path.ends_with("&$top=100") && path.contains("&$expand=singleValueExtendedProperties("),
            "{path}"
        );
        assert!(!path.contains("subject"), "{path}");
    }

    #[test]
    fn a_page_knows_its_next() {
        let page =
            answer(200, r#"{"value":[],"@odata.nextLink":"https://graph.example.org/v1.0/x?$skip=1"}"#);
        assert!(ReadView::parse(&page, &Terms::default()).unwrap().next.is_some());
        assert!(ReadView::parse(&answer(200, "[]"), &Terms::default()).is_none());
    }
}
