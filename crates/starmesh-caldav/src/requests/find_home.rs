//! The principal's calendar homes (RFC 4791, section 6.2.1) and addresses (RFC 6638, section 2.4.1).
//!
//! Both are libdav's request types: what they send and read is right. Only the URL is ours, since libdav
//! encodes paths anew.

use http::Uri;
use libdav::caldav::{FindCalendarHomeSet, GetUserAddressSet};
use libdav::requests::DavRequest;
use starmesh_http::{Request, Response};
use url::Url;

use crate::wire::{WireError, text_of};

/// Asks a principal for its calendar homes; there may be several, on any host.
pub(crate) struct FindHome;

/// Asks a principal for the addresses under which others invite it.
pub(crate) struct FindAddresses;

impl FindHome {
    pub(crate) fn prepare(principal: &Url) -> Result<Request, http::Error> {
        prepare(&FindCalendarHomeSet::new(principal.path()), principal)
    }

    /// The homes' hrefs, as the server spells them.
    pub(crate) fn parse(response: &Response) -> Result<Vec<String>, WireError> {
        let answer = read(&FindCalendarHomeSet::new("/"), response)?;
        Ok(answer.home_sets.iter().map(Uri::to_string).collect())
    }
}

impl FindAddresses {
    pub(crate) fn prepare(principal: &Url) -> Result<Request, http::Error> {
        prepare(&GetUserAddressSet::new(&uri(principal)?), principal)
    }

    /// The addresses, mostly `mailto:` URLs, as the server spells them.
    pub(crate) fn parse(response: &Response) -> Result<Vec<String>, WireError> {
        let nowhere = Uri::default();
        Ok(read(&GetUserAddressSet::new(&nowhere), response)?.addresses)
    }
}

fn prepare<R: DavRequest>(request: &R, url: &Url) -> Result<Request, http::Error> {
    let uri = uri(url)?;
    let (mut parts, body) = request.prepare_request(uri.clone())?.into_parts();
    parts.uri = uri;
    Ok(Request::from_parts(parts, body.into_bytes()))
}

fn read<R: DavRequest>(request: &R, response: &Response) -> Result<R::Response, WireError>
where
    R::ParseError: Into<libdav::requests::ParseResponseError>,
{
    use libdav::requests::ParseResponseError;

    let body = text_of(response)?;
    let (parts, ()) = status_only(response).into_parts();
    request.parse_response(&parts, body.as_bytes()).map_err(|error| match error.into() {
        ParseResponseError::Xml(roxmltree::Error::DtdDetected) => WireError::DocumentType,
        ParseResponseError::Xml(_) => WireError::Broken,
        ParseResponseError::BadStatusCode(_) | ParseResponseError::InvalidResponse(_) => {
            WireError::Unexpected
        }
    })
}

fn status_only(response: &Response) -> http::Response<()> {
    let mut status = http::Response::new(());
    *status.status_mut() = response.status();
    status
}

fn uri(url: &Url) -> Result<Uri, http::Error> {
    Ok(url.as_str().parse::<Uri>()?)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{multistatus, url};
    use super::*;

    fn property(inner: &str) -> Response {
        multistatus(&format!(
            "<d:response><d:href>/p/</d:href><d:propstat><d:prop>{inner}</d:prop>\
             <d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response>"
        ))
    }

    #[test]
    fn the_requests_keep_the_principals_url() {
        let principal = url("https://example.org/p/ada%40example.org/");
        let request = FindHome::prepare(&principal).unwrap();
        assert_eq!(request.uri().path(), "/p/ada%40example.org/");
        assert!(String::from_utf8_lossy(request.body()).contains("calendar-home-set"));
        let request = FindAddresses::prepare(&principal).unwrap();
        assert_eq!(request.uri().path(), "/p/ada%40example.org/");
        assert!(String::from_utf8_lossy(request.body()).contains("calendar-user-address-set"));
    }

    #[test]
    fn homes_may_be_several_and_elsewhere() {
        let answer = property(
            "<c:calendar-home-set><d:href>/cal/ada/</d:href><d:href>https://p42.example.org/1/</d:href></c:calendar-home-set>",
        );
        assert_eq!(FindHome::parse(&answer).unwrap(), ["/cal/ada/", "https://p42.example.org/1/"]);
        assert_eq!(FindHome::parse(&property("")).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn addresses_are_given_as_they_are() {
        let answer = property(
            "<c:calendar-user-address-set><d:href>mailto:Ada@example.org</d:href><d:href>/p/ada/</d:href></c:calendar-user-address-set>",
        );
        assert_eq!(FindAddresses::parse(&answer).unwrap(), ["mailto:Ada@example.org", "/p/ada/"]);
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b \"bb\">]><a>&b;</a>";
        let answer = http::Response::builder().status(207).body(bomb.as_bytes().to_vec()).unwrap();
        assert_eq!(FindHome::parse(&answer), Err(WireError::DocumentType));
    }
}
