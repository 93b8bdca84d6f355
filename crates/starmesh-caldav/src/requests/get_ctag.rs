//! The version of a whole collection (caldav-ctag-02), and what it can do (RFC 3253, section 3.1.5).

use starmesh_http::{Request, Response};
use url::Url;

use super::propfind;
use crate::wire::{CALENDAR_SERVER, DAV, WireError, parse, responses_about, text_of};

/// Asks a collection for its ctag and its reports.
pub(crate) struct GetCtag;

/// The state of a collection.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct CollectionState {
    /// Changes with every change of a member; not every server has it.
    pub(crate) ctag: Option<String>,
    /// True when the server says that it can report changes since a token.
    pub(crate) reports_changes: bool,
}

impl GetCtag {
    pub(crate) fn prepare(collection: &Url) -> Request {
        propfind(collection, "0", &["s:getctag", "d:supported-report-set"])
    }

    pub(crate) fn parse(collection: &Url, response: &Response) -> Result<CollectionState, WireError> {
        let body = text_of(response)?;
        let document = parse(&body)?;
        let mut state = CollectionState::default();
        for answer in responses_about(collection, &document)? {
            state.ctag =
                state.ctag.or_else(|| answer.property_text(CALENDAR_SERVER, "getctag").map(str::to_owned));
            if let Some(set) = answer.property(DAV, "supported-report-set") {
                state.reports_changes |=
                    set.descendants().any(|node| node.has_tag_name((DAV, "sync-collection")));
            }
        }
        Ok(state)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{multistatus, url};
    use super::*;

    #[test]
    fn ctag_and_reports_are_read() {
        let state = GetCtag::parse(&url("https://example.org/cal/"), &multistatus(
            "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><s:getctag>\"17\"</s:getctag><d:supported-report-set>\
             <d:supported-report><d:report><d:sync-collection/></d:report></d:supported-report></d:supported-report-set>\
             </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        ))
        .unwrap();
        assert_eq!(state, CollectionState { ctag: Some("\"17\"".to_owned()), reports_changes: true });
    }

    #[test]
    fn a_server_without_either_has_neither() {
        let state = GetCtag::parse(
            &url("https://example.org/cal/"),
            &multistatus(
                "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><s:getctag/></d:prop>\
             <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>",
            ),
        )
        .unwrap();
        assert_eq!(state, CollectionState::default());
    }
}
