//! The occurrences of one series in a range: `GET …/events/{id}/instances`.

use starmesh_core::ids::RemoteId;
use starmesh_core::policy::Terms;
use starmesh_core::time::TimeRange;

use super::{Rows, range_parameters, rows};
use crate::call::{Answer, Call, query};
use crate::place::Place;

/// Lists the occurrences of a series.
pub(crate) struct ListInstances;

impl ListInstances {
    /// Rows of one page: most of a year of working days, so that nearly every series takes one.
    const TOP: u32 = 250;

    pub(crate) fn prepare(place: &Place, master: &RemoteId, range: &TimeRange) -> Call {
        let [start, end] = range_parameters(range.lo, range.hi);
        let parameters = [start, end, place.select(), ("$top", Self::TOP.to_string())];
        Call::get(format!("{}/instances{}", place.event(master), query(parameters)))
    }

    pub(crate) fn parse(answer: &Answer, terms: &Terms) -> Option<Rows> {
        rows(answer, terms)
    }
}
