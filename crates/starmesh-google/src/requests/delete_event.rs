//! Removing a mirror (`events.delete`).

use starmesh_core::ids::{LastingName, Version};
use starmesh_http::Request;

use super::{TELL_NOBODY, bare_request, event_url, only_in, with_query};
use crate::endpoints::Endpoints;

/// Removes a mirror that is still in the version we saw.
pub(crate) struct DeleteEvent;

impl DeleteEvent {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        id: &str,
        version: &Version,
    ) -> Request {
        only_in(
            bare_request("DELETE", &with_query(event_url(endpoints, calendar, id), &[TELL_NOBODY])),
            version,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{calendar, query};
    use super::*;

    #[test]
    fn a_removal_carries_the_version_we_saw_and_nobody_is_told() {
        let request =
            DeleteEvent::prepare(&Endpoints::default(), &calendar(), "sfb1", &Version::new("\"7\""));
        assert_eq!(
            (request.method().as_str(), &request.headers()["if-match"]),
            ("DELETE", &"\"7\"".parse().unwrap())
        );
        assert_eq!(query(&request)["sendUpdates"], "none");
    }
}
