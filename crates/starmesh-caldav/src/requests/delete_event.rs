//! Removing one resource with a precondition (RFC 4918, section 9.6).

use starmesh_http::Request;
use url::Url;

use super::bare_request;
use super::put_event::Precondition;

/// Removes one resource.
pub(crate) struct DeleteEvent;

impl DeleteEvent {
    pub(crate) fn prepare(resource: &Url, precondition: Precondition<'_>) -> Request {
        let mut request = bare_request("DELETE", resource);
        precondition.apply(request.headers_mut());
        request
    }
}

#[cfg(test)]
mod tests {
    use starmesh_core::ids::Version;

    use super::super::fixture::url;
    use super::*;

    #[test]
    fn a_removal_carries_the_version_we_saw() {
        let version = Version::new("\"7\"");
        let request =
            DeleteEvent::prepare(&url("https://example.org/cal/x.ics"), Precondition::Unchanged(&version));
        assert_eq!(
            (request.method().as_str(), &request.headers()["if-match"]),
            ("DELETE", &"\"7\"".parse().unwrap())
        );
    }
}
