//! The members of a collection with their versions (RFC 4918, section 9.1).

use starmesh_core::ids::{RemoteId, Version};
use starmesh_http::{Request, Response};
use url::Url;

use super::propfind;
use crate::href::{normal_path, resource_id};
use crate::wire::{DAV, ResourceAnswer, WireError, child, parse, responses_about, text_of};

/// Lists every member. Not a calendar-query: several servers hide old events from those.
pub(crate) struct ListMembers;

/// A resource and its version.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Member {
    pub(crate) id: RemoteId,
    /// The etag, with quotes.
    pub(crate) version: Option<Version>,
}

impl ListMembers {
    pub(crate) fn prepare(collection: &Url) -> Request {
        propfind(collection, "1", &["d:getetag", "d:resourcetype"])
    }

    pub(crate) fn parse(collection: &Url, response: &Response) -> Result<Vec<Member>, WireError> {
        let body = text_of(response)?;
        let document = parse(&body)?;
        Ok(responses_about(collection, &document)?.filter_map(|answer| member(collection, answer)).collect())
    }
}

/// The member that `answer` speaks of; `None` for the collection itself, which some servers list among its
/// members, and for collections inside it.
pub(super) fn member(collection: &Url, answer: ResourceAnswer<'_, '_>) -> Option<Member> {
    let id = resource_id(collection, answer.href()?)?;
    let is_itself = id.as_str().trim_end_matches('/') == normal_path(collection.path()).trim_end_matches('/');
    let is_collection = id.as_str().ends_with('/')
        || answer.property(DAV, "resourcetype").is_some_and(|kind| child(kind, DAV, "collection").is_some());
    if is_itself || is_collection {
        return None;
    }
    Some(Member { id, version: answer.property_text(DAV, "getetag").map(Version::new) })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{multistatus, url};
    use super::*;

    #[test]
    fn members_come_without_the_collection_and_its_children() {
        let members = ListMembers::parse(
            &url("https://example.org/ada@x.org/cal/"),
            &multistatus(
                "<d:response><d:href>/ada%40x.org/cal</d:href><d:propstat><d:prop><d:getetag>\"c\"</d:getetag></d:prop>\
                 <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
                 <d:response><d:href>/ada%40x.org/cal/sub/</d:href></d:response>\
                 <d:response><d:href>/ada%40x.org/cal/sub2</d:href><d:propstat><d:prop><d:resourcetype><d:collection/>\
                 </d:resourcetype></d:prop></d:propstat></d:response>\
                 <d:response><d:href>/ada%40x.org/cal/%61.ics</d:href><d:propstat><d:prop><d:getetag>&quot;1&quot;</d:getetag>\
                 </d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>\
                 <d:response><d:href>https://example.org/ada@x.org/cal/b.ics</d:href><d:propstat><d:prop><d:getetag/></d:prop>\
                 <d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>",
            ),
        )
        .unwrap();
        assert_eq!(
            members,
            [
                Member { id: RemoteId::new("/ada@x.org/cal/a.ics"), version: Some(Version::new("\"1\"")) },
                Member { id: RemoteId::new("/ada@x.org/cal/b.ics"), version: None },
            ]
        );
    }
}
