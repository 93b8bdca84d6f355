//! Replacing a mirror in place (`events.update`). PUT and not PATCH: whatever somebody added goes, too.

use starmesh_core::ids::{LastingName, Version};
use starmesh_core::mirror::MirrorSpec;
use starmesh_http::Request;

use super::{ATTENDEES_MAX, Depth, TELL_NOBODY, event_fields, event_url, json_request, only_in, with_query};
use crate::endpoints::Endpoints;
use crate::print::print_mirror;
use crate::privacy::Privacy;

/// Without these two, conferences and attachments that somebody added would outlive the replacement.
const REPLACE_EVERYTHING: [(&str, &str); 2] =
    [("conferenceDataVersion", "1"), ("supportsAttachments", "true")];

/// Replaces a mirror that is still in the version we saw.
pub(crate) struct UpdateEvent;

impl UpdateEvent {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        id: &str,
        version: &Version,
        mirror: &MirrorSpec,
        privacy: Privacy,
    ) -> Request {
        let fields = event_fields(Depth::Mirror);
        let [conference, attachments] = REPLACE_EVERYTHING;
        let query = [TELL_NOBODY, conference, attachments, ATTENDEES_MAX, ("fields", &*fields)];
        let url = with_query(event_url(endpoints, calendar, id), &query);
        only_in(json_request("PUT", &url, &print_mirror(mirror, privacy)), version)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{calendar, query};
    use super::*;
    use crate::script::mirror;

    #[test]
    fn an_update_is_whole_and_conditional_and_nobody_is_told() {
        let version = Version::new("\"7\"");
        let request = UpdateEvent::prepare(
            &Endpoints::default(),
            &calendar(),
            "sfb1",
            &version,
            &mirror(),
            Privacy::Private,
        );
        assert_eq!(
            (request.method().as_str(), &request.headers()["if-match"]),
            ("PUT", &"\"7\"".parse().unwrap())
        );
        let query = query(&request);
        assert_eq!((query["sendUpdates"].as_str(), query["conferenceDataVersion"].as_str()), ("none", "1"));
    }
}
