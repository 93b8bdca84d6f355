//! Who are we, and what is this place? (RFC 5397; RFC 4918, section 9.1)

use starmesh_http::{Request, Response};
use url::Url;

use super::propfind;
use crate::wire::{CALDAV, DAV, WireError, child, children, parse, responses, text, text_of};

/// Asks a URL for the principal behind the credentials, and what it is itself.
pub(crate) struct FindPrincipal;

/// What stands at a URL.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Place {
    /// The principal's href, as the server spells it.
    pub(crate) principal: Option<String>,
    /// True for a calendar.
    pub(crate) is_calendar: bool,
    /// True for a collection of any kind.
    pub(crate) is_collection: bool,
}

impl FindPrincipal {
    pub(crate) fn prepare(url: &Url) -> Request {
        propfind(url, "0", &["d:current-user-principal", "d:resourcetype"])
    }

    pub(crate) fn parse(response: &Response) -> Result<Place, WireError> {
        let body = text_of(response)?;
        let document = parse(&body)?;
        let mut place = Place::default();
        for answer in responses(&document)? {
            if let Some(property) = answer.property(DAV, "current-user-principal") {
                // An empty one, or `unauthenticated`, is no principal.
                let href = children(property, DAV, "href").find_map(text).map(str::to_owned);
                place.principal = place.principal.or(href);
            }
            if let Some(kind) = answer.property(DAV, "resourcetype") {
                place.is_calendar |= child(kind, CALDAV, "calendar").is_some();
                place.is_collection |= child(kind, DAV, "collection").is_some();
            }
        }
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{body, multistatus, url};
    use super::*;

    #[test]
    fn the_request_is_a_propfind_of_depth_0() {
        let request = FindPrincipal::prepare(&url("https://example.org/dav/"));
        assert_eq!((request.method().as_str(), request.uri().path()), ("PROPFIND", "/dav/"));
        assert_eq!(request.headers()["depth"], "0");
        assert!(body(&request).contains("<d:current-user-principal/>"));
    }

    #[test]
    fn a_principal_is_found() {
        let place = FindPrincipal::parse(&multistatus(
            "<d:response><d:href>/</d:href><d:propstat><d:prop><d:current-user-principal><d:href>/p/ada/</d:href>\
             </d:current-user-principal><d:resourcetype><d:collection/></d:resourcetype></d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        ))
        .unwrap();
        let expected =
            Place { principal: Some("/p/ada/".to_owned()), is_calendar: false, is_collection: true };
        assert_eq!(place, expected);
    }

    #[test]
    fn a_calendar_without_principals_is_a_place_too() {
        let place = FindPrincipal::parse(&multistatus(
            "<d:response><d:href>/cal/</d:href><d:propstat><d:prop><d:resourcetype><d:collection/><c:calendar/>\
             </d:resourcetype></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat><d:propstat><d:prop>\
             <d:current-user-principal/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat></d:response>",
        ))
        .unwrap();
        assert_eq!(place, Place { principal: None, is_calendar: true, is_collection: true });
    }

    #[test]
    fn nobody_is_no_principal() {
        let place = FindPrincipal::parse(&multistatus(
            "<d:response><d:href>/</d:href><d:propstat><d:prop><d:current-user-principal><d:unauthenticated/>\
             </d:current-user-principal></d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>",
        ))
        .unwrap();
        assert_eq!(place, Place::default());
    }
}
