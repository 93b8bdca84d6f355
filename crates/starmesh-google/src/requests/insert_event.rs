//! Placing a mirror under an id of our own choice (`events.insert`), which makes it safe to repeat.

use starmesh_core::ids::LastingName;
use starmesh_core::mirror::MirrorSpec;
use starmesh_http::Request;

use super::{ATTENDEES_MAX, Depth, TELL_NOBODY, event_fields, events_url, json_request, with_query};
use crate::endpoints::Endpoints;
use crate::print::print_new_mirror;
use crate::privacy::Privacy;

/// Places a mirror.
pub(crate) struct InsertEvent;

impl InsertEvent {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        mirror: &MirrorSpec,
        privacy: Privacy,
    ) -> Request {
        let query = [TELL_NOBODY, ATTENDEES_MAX, ("fields", &*event_fields(Depth::Mirror))];
        json_request(
            "POST",
            &with_query(events_url(endpoints, calendar), &query),
            &print_new_mirror(mirror, privacy),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{calendar, path, query};
    use super::*;
    use crate::script::mirror;

    #[test]
    fn nobody_is_told() {
        let request = InsertEvent::prepare(&Endpoints::default(), &calendar(), &mirror(), Privacy::Private);
        assert_eq!(request.method(), "POST");
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events");
        assert_eq!(query(&request)["sendUpdates"], "none");
        let body = String::from_utf8(request.body().clone()).unwrap();
        assert!(body.contains(mirror().provider_id().as_str()) && !body.contains("attendees"), "{body}");
    }
}
