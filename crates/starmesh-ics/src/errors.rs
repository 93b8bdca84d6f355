//! What a refusal or an odd answer means.

use http::StatusCode;
use starmesh_http::Response;
use starmesh_ical::FileProblem;
use starmesh_provider::{ErrorKind, ProviderError};

use crate::address::FeedAddress;

/// An answer with a status that brings no feed.
pub(crate) fn refused(address: &FeedAddress, response: &Response) -> ProviderError {
    let status = response.status();
    let (kind, what) = match status {
        StatusCode::UNAUTHORIZED => {
            (ErrorKind::NeedsSignIn, "wants another name and password before it shows this feed")
        }
        // The token in the address is not, or no longer, that of a feed.
        StatusCode::FORBIDDEN => (ErrorKind::NeedsSignIn, "does not let us read the feed at this address"),
        StatusCode::NOT_FOUND | StatusCode::GONE => (ErrorKind::CalendarGone, "has no feed at this address"),
        StatusCode::REQUEST_TIMEOUT | StatusCode::LOCKED | StatusCode::TOO_EARLY => {
            (ErrorKind::Offline, "is busy")
        }
        status if status.is_server_error() => (ErrorKind::Offline, "has trouble of its own"),
        status if status.is_success() => (ErrorKind::InvalidData, "answered without a calendar"),
        _ => (ErrorKind::Refused, "refuses to show the feed"),
    };
    ProviderError::new(kind, format!("{} {what} (HTTP {})", address.host(), status.as_u16()))
}

/// A page for people where a calendar should be: a sign-in, or the address of a page about the feed.
pub(crate) fn web_page(address: &FeedAddress) -> ProviderError {
    let message = format!("{} answered with a web page instead of a calendar", address.host());
    ProviderError::new(ErrorKind::InvalidData, message)
}

/// A body that is no whole calendar.
pub(crate) fn from_file(address: &FeedAddress, problem: FileProblem) -> ProviderError {
    ProviderError::new(ErrorKind::InvalidData, format!("{} answered with {problem}", address.host()))
}

/// A body that is larger than we are willing to read.
pub(crate) fn too_large(address: &FeedAddress, limit_bytes: usize) -> ProviderError {
    let message = format!("{} answered with a feed of more than {limit_bytes} bytes", address.host());
    ProviderError::new(ErrorKind::InvalidData, message)
}

/// A cursor that is none of ours.
pub(crate) fn token_expired(address: &FeedAddress) -> ProviderError {
    let message = format!("it is not known how far the feed of {} was read", address.host());
    ProviderError::new(ErrorKind::TokenExpired, message)
}

/// A write to a feed.
pub(crate) fn read_only(address: &FeedAddress) -> ProviderError {
    ProviderError::new(ErrorKind::ReadOnly, format!("the feed of {} can only be read", address.host()))
}
