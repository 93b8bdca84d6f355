//! Changes since a token (RFC 6578).
//!
//! Ours and not libdav's, which takes an answer cut short with 507 for a whole one and knows dead tokens
//! only by status 403.

use http::StatusCode;
use starmesh_core::ids::RemoteId;
use starmesh_core::planted::{Bug, planted};
use starmesh_http::{Request, Response};
use url::Url;

use super::list_members::{Member, member};
use super::xml_request;
use crate::href::resource_id;
use crate::wire::{DAV, WireError, child, escape, parse, preconditions, responses_about, text, text_of};

/// Asks for the changes since a token, or for everything without one.
pub(crate) struct SyncCollection;

/// One page of changes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct SyncPage {
    pub(crate) members: Vec<Member>,
    /// Members that are gone.
    pub(crate) removed: Vec<RemoteId>,
    /// Where to go on.
    pub(crate) token: String,
    /// True when the server cut the answer short (section 3.6).
    pub(crate) is_truncated: bool,
}

/// What the server makes of the request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum SyncAnswer {
    /// Changes.
    Page(SyncPage),
    /// It says plainly that the token is dead.
    DeadToken,
    /// It cannot report changes.
    Unsupported,
    /// A refusal that says neither.
    Refused,
}

impl SyncCollection {
    pub(crate) fn prepare(collection: &Url, token: Option<&str>) -> Request {
        let token = token.map_or_else(
            || "<d:sync-token/>".to_owned(),
            |token| format!("<d:sync-token>{}</d:sync-token>", escape(token)),
        );
        // Depth 0 although RFC 6578 once said 1: servers that care, care about 0. No limit: servers that
        // honour one cut the answer without saying so.
        xml_request(
            "REPORT",
            collection,
            "0",
            format!(
                "<?xml version=\"1.0\" encoding=\"utf-8\"?><d:sync-collection xmlns:d=\"DAV:\">{token}\
                 <d:sync-level>1</d:sync-level><d:prop><d:getetag/></d:prop></d:sync-collection>"
            ),
        )
    }

    pub(crate) fn parse(collection: &Url, response: &Response) -> Result<SyncAnswer, WireError> {
        if response.status().is_success() {
            return parse_page(collection, response);
        }
        let conditions = preconditions(response);
        let named = |name: &str| conditions.iter().any(|condition| condition == name);
        if named("valid-sync-token") {
            return Ok(SyncAnswer::DeadToken);
        }
        if named("supported-report") {
            return Ok(SyncAnswer::Unsupported);
        }
        Ok(match response.status() {
            StatusCode::CONFLICT | StatusCode::GONE | StatusCode::PRECONDITION_FAILED => {
                SyncAnswer::DeadToken
            }
            StatusCode::METHOD_NOT_ALLOWED
            | StatusCode::NOT_IMPLEMENTED
            | StatusCode::UNSUPPORTED_MEDIA_TYPE => SyncAnswer::Unsupported,
            _ => SyncAnswer::Refused,
        })
    }
}

fn parse_page(collection: &Url, response: &Response) -> Result<SyncAnswer, WireError> {
    let body = text_of(response)?;
    let document = parse(&body)?;
    let mut page =
        SyncPage { members: Vec::new(), removed: Vec::new(), token: String::new(), is_truncated: false };
    for answer in responses_about(collection, &document)? {
        match answer.status() {
            Some(404 | 410) => {
                let id = answer.href().and_then(|href| resource_id(collection, href));
                page.removed.extend(id.filter(|id| !id.as_str().ends_with('/')));
            }
            Some(507) => page.is_truncated = !planted(Bug::CaldavCutIsWhole),
            _ => page.members.extend(member(collection, answer)),
        }
    }
    // A full listing without a token could never be gone on from: such a server cannot report changes.
    let Some(token) = child(document.root_element(), DAV, "sync-token").and_then(text) else {
        return Ok(SyncAnswer::Unsupported);
    };
    token.clone_into(&mut page.token);
    Ok(SyncAnswer::Page(page))
}

#[cfg(test)]
mod tests {
    use starmesh_core::ids::Version;

    use super::super::fixture::{answer, body, multistatus, url};
    use super::*;

    fn parsed(response: &Response) -> SyncAnswer {
        SyncCollection::parse(&url("https://example.org/cal/"), response).unwrap()
    }

    #[test]
    fn the_request_asks_for_etags_with_depth_0_and_no_limit() {
        let request = SyncCollection::prepare(&url("https://example.org/cal/"), Some("data:,1&2"));
        assert_eq!(
            (request.method().as_str(), &request.headers()["depth"]),
            ("REPORT", &"0".parse().unwrap())
        );
        assert!(
            body(&request)
                .contains("<d:sync-token>data:,1&amp;2</d:sync-token><d:sync-level>1</d:sync-level>")
        );
        assert!(!body(&request).contains("limit"));
        let request = SyncCollection::prepare(&url("https://example.org/cal/"), None);
        assert!(body(&request).contains("<d:sync-token/>"));
    }

    #[test]
    fn changes_and_tombstones_are_told_apart() {
        let SyncAnswer::Page(page) = parsed(&multistatus(
            "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:getetag>\"0\"</d:getetag></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
             <d:response><d:href>/cal/a.ics</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
             <d:response><d:href>/cal/b.ics</d:href><d:status>HTTP/1.1 404 Not Found</d:status></d:response>\
             <d:sync-token> http://example.org/ns/sync/2 </d:sync-token>",
        )) else {
            panic!("expected a page");
        };
        assert_eq!(
            page.members,
            [Member { id: RemoteId::new("/cal/a.ics"), version: Some(Version::new("\"1\"")) }]
        );
        assert_eq!(page.removed, [RemoteId::new("/cal/b.ics")]);
        assert_eq!((page.token.as_str(), page.is_truncated), ("http://example.org/ns/sync/2", false));
    }

    #[test]
    fn a_507_for_the_collection_means_that_more_follows() {
        let SyncAnswer::Page(page) = parsed(&multistatus(
            "<d:response><d:href>/cal/a.ics</d:href><d:propstat><d:prop><d:getetag>\"1\"</d:getetag></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
             <d:response><d:href>/cal/</d:href><d:status>HTTP/1.1 507 Insufficient Storage</d:status>\
             <d:error><d:number-of-matches-within-limits/></d:error></d:response><d:sync-token>t1</d:sync-token>",
        )) else {
            panic!("expected a page");
        };
        assert_eq!((page.members.len(), page.removed.len(), page.is_truncated), (1, 0, true));
    }

    #[test]
    fn every_known_form_of_a_dead_token_is_one() {
        let named =
            "<?xml version=\"1.0\"?><ns0:error xmlns:ns0=\"DAV:\"><ns0:valid-sync-token/></ns0:error>";
        for status in [400, 403, 409, 412, 500] {
            assert_eq!(parsed(&answer(status, named)), SyncAnswer::DeadToken, "{status}");
        }
        for status in [409, 410, 412] {
            assert_eq!(parsed(&answer(status, "")), SyncAnswer::DeadToken, "{status}");
        }
    }

    #[test]
    fn a_server_that_cannot_report_is_no_dead_token() {
        let sabre = "<d:error xmlns:d=\"DAV:\" xmlns:s=\"http://sabredav.org/ns\"><s:exception>X</s:exception>\
                     <d:supported-report/></d:error>";
        assert_eq!(parsed(&answer(403, sabre)), SyncAnswer::Unsupported);
        assert_eq!(parsed(&answer(501, "")), SyncAnswer::Unsupported);
        assert_eq!(parsed(&answer(403, "Forbidden")), SyncAnswer::Refused);
        assert_eq!(parsed(&multistatus("")), SyncAnswer::Unsupported, "no token to go on from");
    }
}
