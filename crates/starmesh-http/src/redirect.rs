//! Which redirects are followed, and where to.

use http::header::LOCATION;
use url::Url;

use crate::error::HttpError;
use crate::site::is_loopback;
use crate::transport::Response;

/// How many redirects one request follows.
pub const REDIRECTS_MAX: usize = 5;

/// Where `response` to a request for `url` sends us; `None` when it is an answer in itself.
///
/// Method and body are kept for each of 301, 302, 303, 307 and 308, since a PROPFIND or PUT that turned
/// into a GET would be meaningless (RFC 6764, section 6 lets well-known URLs answer with any of them).
pub(crate) fn next_hop(url: &Url, response: &Response) -> Result<Option<Url>, HttpError> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let broken = |reason| HttpError::Redirect { host: host_of(url), reason };
    let location = response.headers().get(LOCATION).ok_or_else(|| broken("without saying where"))?;
    let location = std::str::from_utf8(location.as_bytes()).map_err(|_| broken("to an unreadable place"))?;
    let next = url.join(location).map_err(|_| broken("to an unreadable place"))?;
    match next.scheme() {
        "https" => Ok(Some(next)),
        "http" if is_loopback(&next) || url.scheme() == "http" => Ok(Some(next)),
        "http" => Err(broken("from https to plain http")),
        _ => Err(broken("to something that is not the web")),
    }
}

/// The host of `url`, for messages.
pub(crate) fn host_of(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "(no host)".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hop(from: &str, status: u16, location: Option<&str>) -> Result<Option<String>, HttpError> {
        let mut response = http::Response::builder().status(status);
        if let Some(location) = location {
            response = response.header(LOCATION, location);
        }
        let next = next_hop(&Url::parse(from).unwrap(), &response.body(Vec::new()).unwrap())?;
        Ok(next.map(String::from))
    }

    #[test]
    fn relative_and_absolute_places_are_followed() {
        assert_eq!(
            hop("https://example.org/.well-known/caldav", 301, Some("/dav/")),
            Ok(Some("https://example.org/dav/".to_owned()))
        );
        assert_eq!(
            hop("https://example.org/", 308, Some("https://dav.example.org/")),
            Ok(Some("https://dav.example.org/".to_owned()))
        );
        assert_eq!(hop("https://example.org/", 207, Some("/elsewhere")), Ok(None));
        assert_eq!(hop("https://example.org/", 304, None), Ok(None));
    }

    #[test]
    fn a_redirect_never_drops_the_encryption() {
        let refused = hop("https://example.org/", 302, Some("http://example.org/"));
        assert!(matches!(refused, Err(HttpError::Redirect { .. })), "{refused:?}");
        let refused = hop("https://example.org/", 302, Some("ftp://example.org/"));
        assert!(matches!(refused, Err(HttpError::Redirect { .. })), "{refused:?}");
        let refused = hop("https://example.org/", 302, None);
        assert!(matches!(refused, Err(HttpError::Redirect { .. })), "{refused:?}");
    }
}
