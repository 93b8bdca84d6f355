//! What has a UID, whatever it is called (RFC 4791, section 7.8.6).

use std::collections::HashMap;

use starmesh_core::ids::RemoteId;
use starmesh_http::{Request, Response};
use url::Url;

use super::multiget_events::{MultigetEvents, MultigetPart};
use super::xml_request;
use crate::wire::{WireError, escape};

/// Finds the resources with a UID.
pub(crate) struct FindUid;

impl FindUid {
    pub(crate) fn prepare(collection: &Url, uid: &str) -> Request {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><c:calendar-query xmlns:d=\"DAV:\" \
             xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:prop><d:getetag/><c:calendar-data/></d:prop>\
             <c:filter><c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\"><c:prop-filter name=\"UID\">\
             <c:text-match collation=\"i;octet\">{}</c:text-match></c:prop-filter></c:comp-filter></c:comp-filter>\
             </c:filter></c:calendar-query>",
            escape(uid)
        );
        xml_request("REPORT", collection, "1", body)
    }

    /// Several servers ignore the condition and answer with everything, so that whoever asks has to look at
    /// the UIDs.
    pub(crate) fn parse(
        collection: &Url,
        response: &Response,
    ) -> Result<HashMap<RemoteId, MultigetPart>, WireError> {
        MultigetEvents::parse(collection, response)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::url;
    use super::*;

    #[test]
    fn the_uid_is_text_in_the_condition() {
        let request = FindUid::prepare(&url("https://example.org/cal/"), "a<b&c");
        let body = String::from_utf8(request.body().clone()).unwrap();
        assert!(body.contains("<c:text-match collation=\"i;octet\">a&lt;b&amp;c</c:text-match>"), "{body}");
        assert_eq!(request.method(), "REPORT");
        assert_eq!(request.headers()["depth"], "1");
    }
}
