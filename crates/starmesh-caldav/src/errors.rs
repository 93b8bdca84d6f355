//! What a failure or a refusal means.

use http::StatusCode;
use starmesh_http::Response;
use starmesh_provider::{ErrorKind, ProviderError};
use url::Url;

use crate::wire::{WireError, preconditions};

/// An answer that cannot be read.
pub(crate) fn from_wire(url: &Url, error: WireError) -> ProviderError {
    let kind = match error {
        WireError::Itself(404 | 410) => ErrorKind::CalendarGone,
        WireError::Itself(401) => ErrorKind::NeedsSignIn,
        WireError::Itself(500..) => ErrorKind::Offline,
        WireError::Itself(_) => ErrorKind::Refused,
        WireError::WebPage
        | WireError::DocumentType
        | WireError::TooManyNodes
        | WireError::Broken
        | WireError::Unexpected => ErrorKind::InvalidData,
    };
    ProviderError::new(kind, format!("{} {error}", host(url)))
}

/// A status that is a refusal wherever it comes; `None` for those whose meaning hangs on the request.
pub(crate) fn from_status(url: &Url, response: &Response) -> Option<ProviderError> {
    let host = host(url);
    let status = response.status();
    let (kind, what) = match status {
        StatusCode::UNAUTHORIZED => (ErrorKind::NeedsSignIn, "does not accept the sign-in"),
        StatusCode::INSUFFICIENT_STORAGE => (ErrorKind::QuotaExceeded, "has no room left"),
        StatusCode::REQUEST_TIMEOUT | StatusCode::LOCKED | StatusCode::TOO_EARLY => {
            (ErrorKind::Offline, "is busy")
        }
        // A temporary state (RFC 9110, section 15.6.4), in which asking on makes it worse.
        StatusCode::SERVICE_UNAVAILABLE => {
            (ErrorKind::Throttled { retry_after: None }, "is overloaded or under maintenance")
        }
        status if status.is_server_error() => (ErrorKind::Offline, "has trouble of its own"),
        _ => return None,
    };
    Some(ProviderError::new(kind, format!("{host} {what} (HTTP {})", status.as_u16())))
}

/// A status that no rule of the request covers.
pub(crate) fn refused(url: &Url, response: &Response) -> ProviderError {
    from_status(url, response).unwrap_or_else(|| {
        let status = response.status().as_u16();
        ProviderError::new(ErrorKind::Refused, format!("{} refuses with HTTP {status}", host(url)))
    })
}

/// A refused write of a mirror, whose preconditions (`If-Match`, `If-None-Match`) are judged before.
pub(crate) fn refused_write(url: &Url, response: &Response) -> ProviderError {
    let conditions = preconditions(response);
    let named = |name: &str| conditions.iter().any(|condition| condition == name);
    let error = |kind, what: &str| {
        ProviderError::new(kind, format!("{} {what} (HTTP {})", host(url), response.status().as_u16()))
    };
    if named("no-uid-conflict") || named("unique-scheduling-object-resource") {
        return error(ErrorKind::IdentityTaken, "already knows an event with this identity");
    }
    if named("quota-not-exceeded") || named("sufficient-disk-space") {
        return error(ErrorKind::QuotaExceeded, "has no room left");
    }
    match response.status() {
        // A bare 403 is how servers without access control lists say the same as `need-privileges`.
        StatusCode::FORBIDDEN if named("need-privileges") || conditions.is_empty() => {
            error(ErrorKind::ReadOnly, "does not let us write to this calendar")
        }
        StatusCode::METHOD_NOT_ALLOWED => {
            error(ErrorKind::ReadOnly, "does not let us write to this calendar")
        }
        _ => match conditions.first() {
            Some(condition) if from_status(url, response).is_none() => {
                error(ErrorKind::Refused, &format!("refuses the event: {}", condition_name(condition)))
            }
            _ => refused(url, response),
        },
    }
}

/// A calendar that is not there.
pub(crate) fn calendar_gone(url: &Url, response: &Response) -> ProviderError {
    let status = response.status().as_u16();
    ProviderError::new(ErrorKind::CalendarGone, format!("{} has no such calendar (HTTP {status})", host(url)))
}

/// The host of `url` with its port, for messages.
pub(crate) fn host(url: &Url) -> String {
    match (url.host_str(), url.port()) {
        (Some(host), Some(port)) => format!("{host}:{port}"),
        (Some(host), None) => host.to_owned(),
        (None, _) => "the server".to_owned(),
    }
}

/// A precondition's name comes from the server: it is shown only where it looks like one.
fn condition_name(name: &str) -> &str {
    const LEN_MAX: usize = 60;
    let plain = name.len() <= LEN_MAX && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    if plain { name } else { "an unknown condition" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, body: &str) -> ErrorKind {
        let url = Url::parse("https://example.org/cal/x.ics").unwrap();
        let response = http::Response::builder().status(status).body(body.as_bytes().to_vec()).unwrap();
        refused_write(&url, &response).kind
    }

    #[test]
    fn refused_writes_are_told_apart() {
        let condition = |name: &str| format!("<error xmlns=\"DAV:\"><{name}/></error>");
        assert_eq!(kind(401, ""), ErrorKind::NeedsSignIn);
        assert_eq!(kind(403, ""), ErrorKind::ReadOnly);
        assert_eq!(kind(403, "<html>Forbidden</html>"), ErrorKind::ReadOnly);
        assert_eq!(kind(403, &condition("need-privileges")), ErrorKind::ReadOnly);
        assert_eq!(kind(403, &condition("valid-calendar-data")), ErrorKind::Refused);
        assert_eq!(kind(403, &condition("unique-scheduling-object-resource")), ErrorKind::IdentityTaken);
        assert_eq!(kind(409, &condition("no-uid-conflict")), ErrorKind::IdentityTaken);
        assert_eq!(kind(412, &condition("no-uid-conflict")), ErrorKind::IdentityTaken);
        assert_eq!(kind(403, &condition("quota-not-exceeded")), ErrorKind::QuotaExceeded);
        assert_eq!(kind(507, ""), ErrorKind::QuotaExceeded);
        assert_eq!(kind(413, ""), ErrorKind::Refused);
        assert_eq!(kind(400, ""), ErrorKind::Refused);
        assert_eq!(kind(500, ""), ErrorKind::Offline);
        assert_eq!(kind(503, ""), ErrorKind::Throttled { retry_after: None });
    }
}
