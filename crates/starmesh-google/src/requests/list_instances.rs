//! The instances of one series (`events.instances`).

use starmesh_core::ids::LastingName;
use starmesh_core::policy::Terms;
use starmesh_core::time::TimeRange;
use starmesh_http::{Request, Response};

use super::list_events::{EventPage, ListEvents};
use super::{ATTENDEES_MAX, Depth, bare_request, page_fields, with_query};
use crate::convert::rfc3339;
use crate::endpoints::Endpoints;
use crate::wire::WireError;

/// Instances in one answer; the most that Google gives.
const PAGE: &str = "2500";

/// Lists the instances of a series that touch a range.
pub(crate) struct ListInstances;

impl ListInstances {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        series: &str,
        range: &TimeRange,
        terms: &Terms,
        page: Option<&str>,
    ) -> Request {
        let url = endpoints.resource(&["calendars", calendar.as_str(), "events", series, "instances"]);
        let (lo, hi, fields) =
            (rfc3339(range.lo), rfc3339(range.hi), page_fields(Depth::Facts.looking_for(terms)));
        let mut query = vec![
            ("maxResults", PAGE),
            ATTENDEES_MAX,
            ("timeMin", &*lo),
            ("timeMax", &*hi),
            ("fields", &*fields),
        ];
        query.extend(page.map(|page| ("pageToken", page)));
        bare_request("GET", &with_query(url, &query))
    }

    pub(crate) fn parse(response: &Response, terms: &Terms) -> Result<EventPage, WireError> {
        ListEvents::parse(response, terms)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{calendar, path, query};
    use super::*;

    #[test]
    fn instances_are_asked_for_within_the_range() {
        let range = TimeRange {
            lo: "2026-11-22T00:00:00Z".parse().unwrap(),
            hi: "2027-06-05T00:00:00Z".parse().unwrap(),
        };
        let request =
            ListInstances::prepare(&Endpoints::default(), &calendar(), "s1", &range, &Terms::default(), None);
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events/s1/instances");
        let query = query(&request);
        assert_eq!(query["timeMax"], "2027-06-05T00:00:00Z");
        assert!(!query.contains_key("singleEvents"), "instances knows no such parameter");
    }
}
