//! One event (`events.get`). A deleted one is told as cancelled for a while, then not at all.

use starmesh_core::ids::LastingName;
use starmesh_core::policy::Terms;
use starmesh_http::{Request, Response};

use super::{ATTENDEES_MAX, Depth, bare_request, event_fields, event_url, with_query};
use crate::endpoints::Endpoints;
use crate::wire::{Row, WireError, parse};

/// Reads one event.
pub(crate) struct GetEvent;

impl GetEvent {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        id: &str,
        depth: Depth,
        terms: &Terms,
    ) -> Request {
        let query = [ATTENDEES_MAX, ("fields", &*event_fields(depth.looking_for(terms)))];
        bare_request("GET", &with_query(event_url(endpoints, calendar, id), &query))
    }

    /// The event, and which of `terms` it holds.
    pub(crate) fn parse(response: &Response, terms: &Terms) -> Result<Row, WireError> {
        Row::read(parse(response)?, terms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{calendar, path, query};
    use super::*;

    #[test]
    fn rules_are_asked_for_so_that_a_series_is_known() {
        let request =
            GetEvent::prepare(&Endpoints::default(), &calendar(), "a_b", Depth::Facts, &Terms::default());
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events/a_b");
        assert!(query(&request)["fields"].ends_with(",recurrence"));
    }
}
