//! Several resources at once (RFC 4791, section 7.9).

use std::collections::HashMap;

use roxmltree::Node;
use starmesh_core::ids::{RemoteId, Version};
use starmesh_http::{Request, Response};
use url::Url;

use super::xml_request;
use crate::href::resource_id;
use crate::wire::{CALDAV, DAV, ResourceAnswer, WireError, escape, parse, responses, text_of};

/// Reads several resources.
pub(crate) struct MultigetEvents;

/// What a multiget says about one of them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum MultigetPart {
    /// The resource.
    Found {
        /// Its etag.
        version: Option<Version>,
        /// The iCalendar text.
        text: String,
    },
    /// It is not there.
    Missing,
    /// The server does not hand it over in this way.
    Withheld,
}

impl MultigetEvents {
    pub(crate) fn prepare(collection: &Url, ids: &[RemoteId]) -> Request {
        let mut body = String::from(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><c:calendar-multiget xmlns:d=\"DAV:\" \
             xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:prop><d:getetag/><c:calendar-data/></d:prop>",
        );
        for id in ids {
            body.push_str("<d:href>");
            body.push_str(&escape(id.as_str()));
            body.push_str("</d:href>");
        }
        body.push_str("</c:calendar-multiget>");
        // The depth is ignored by this report (section 7.9), but some servers want to see one.
        xml_request("REPORT", collection, "1", body)
    }

    pub(crate) fn parse(
        collection: &Url,
        response: &Response,
    ) -> Result<HashMap<RemoteId, MultigetPart>, WireError> {
        let body = text_of(response)?;
        let document = parse(&body)?;
        Ok(responses(&document)?
            .filter_map(|answer| Some((resource_id(collection, answer.href()?)?, part(answer))))
            .collect())
    }
}

fn part(answer: ResourceAnswer<'_, '_>) -> MultigetPart {
    match (answer.status(), answer.property(CALDAV, "calendar-data")) {
        (Some(404 | 410), _) => MultigetPart::Missing,
        (_, Some(data)) => MultigetPart::Found {
            version: answer.property_text(DAV, "getetag").map(Version::new),
            text: whole_text(data),
        },
        _ => MultigetPart::Withheld,
    }
}

fn whole_text(node: Node<'_, '_>) -> String {
    node.children().filter_map(|child| child.is_text().then(|| child.text()).flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, body, multistatus, url};
    use super::*;

    fn parsed(response: &Response) -> Result<HashMap<RemoteId, MultigetPart>, WireError> {
        MultigetEvents::parse(&url("https://example.org/cal/"), response)
    }

    #[test]
    fn the_request_names_every_href() {
        let ids = [RemoteId::new("/cal/a.ics"), RemoteId::new("/cal/b&c.ics")];
        let request = MultigetEvents::prepare(&url("https://example.org/cal/"), &ids);
        assert!(body(&request).contains("<d:href>/cal/a.ics</d:href><d:href>/cal/b&amp;c.ics</d:href>"));
    }

    #[test]
    fn found_missing_and_withheld_are_told_apart() {
        let parts = parsed(&multistatus(
            "<d:response><d:href>/cal/a.ics</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag>\
             <c:calendar-data><![CDATA[BEGIN:VCALENDAR\r\n]]>END</c:calendar-data></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
             <d:response><d:href>/cal/b.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>\
             <d:response><d:href>/cal/c.ics</d:href><d:status>HTTP/1.1 403 Forbidden</d:status></d:response>",
        ))
        .unwrap();
        assert_eq!(parts.len(), 3);
        let found = MultigetPart::Found {
            version: Some(Version::new("\"1\"")),
            text: "BEGIN:VCALENDAR\nEND".to_owned(),
        };
        assert!(parts[&RemoteId::new("/cal/a.ics")] == found);
        assert!(parts[&RemoteId::new("/cal/b.ics")] == MultigetPart::Missing);
        assert!(parts[&RemoteId::new("/cal/c.ics")] == MultigetPart::Withheld);
    }

    #[test]
    fn a_cut_answer_is_broken_and_never_short() {
        let cut = "<d:multistatus xmlns:d=\"DAV:\"><d:response><d:href>/cal/a.ics</d:href></d:response>";
        assert_eq!(parsed(&answer(207, cut)).map(|parts| parts.len()), Err(WireError::Broken));
    }
}
