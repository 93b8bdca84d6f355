//! What a notification of Google says. A pure function, for whoever receives it.
//!
//! Everything is in the headers; the body is empty. One header names the calendar, and so a mail address:
//! it is not read.

use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use starmesh_provider::Notice;
use subtle::ConstantTimeEq;

/// The longest name of a channel or resource that is believed, in bytes. Google allows 64 for a channel.
const NAME_BYTES_MAX: usize = 256;

/// A notification that proved itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Notification {
    /// The channel, a [`Subscription::id`](starmesh_provider::Subscription). The first notification may
    /// come before the answer that names the channel.
    pub channel: String,
    /// What the channel watches, where it is told.
    pub resource: Option<String>,
    /// What it means.
    pub notice: Notice,
}

/// Why a request is no notification. It is to be answered like one all the same, since Google repeats
/// what fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotificationProblem {
    /// It names no channel, or an impossible one.
    #[error("the request names no channel")]
    NoChannel,
    /// It does not carry the secret of the hook.
    #[error("the request does not carry the secret of the channel")]
    WrongSecret,
    /// It tells of something that calendars do not have.
    #[error("the request tells nothing about a calendar")]
    UnknownState,
}

/// Reads the headers of a request that came to a hook whose secret is `secret`, compared in constant time.
///
/// Source: guide "Push notifications". Message numbers rise with gaps and say nothing.
pub fn read_notification(
    headers: &HeaderMap,
    secret: &SecretString,
) -> Result<Notification, NotificationProblem> {
    let name = |header: &str| {
        let text = headers.get(header)?.to_str().ok()?;
        (1..=NAME_BYTES_MAX).contains(&text.len()).then(|| text.to_owned())
    };
    let channel = name("x-goog-channel-id").ok_or(NotificationProblem::NoChannel)?;
    let token = headers.get("x-goog-channel-token").map_or(&b""[..], http::HeaderValue::as_bytes);
    if !bool::from(token.ct_eq(secret.expose_secret().as_bytes())) {
        return Err(NotificationProblem::WrongSecret);
    }
    let state =
        headers.get("x-goog-resource-state").and_then(|state| state.to_str().ok()).unwrap_or_default();
    let notice = match state {
        "sync" => Notice::Confirmed,
        "exists" | "not_exists" => Notice::Changed,
        _ => return Err(NotificationProblem::UnknownState),
    };
    Ok(Notification { channel, resource: name("x-goog-resource-id"), notice })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(headers: &[(&'static str, &str)]) -> Result<Notification, NotificationProblem> {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (http::HeaderName::from_static(name), value.parse().unwrap()))
            .collect();
        read_notification(&headers, &SecretString::from("s3cret"))
    }

    fn told(state: &str) -> Result<Notice, NotificationProblem> {
        let headers = [
            ("x-goog-channel-id", "c1"),
            ("x-goog-channel-token", "s3cret"),
            ("x-goog-message-number", "165139"),
            ("x-goog-resource-id", "r1"),
            ("x-goog-resource-state", state),
            (
                "x-goog-resource-uri",
                "https://www.googleapis.com/calendar/v3/calendars/ada@example.org/events?alt=json",
            ),
        ];
        let notification = read(&headers)?;
        assert_eq!((notification.channel.as_str(), notification.resource.as_deref()), ("c1", Some("r1")));
        assert!(!format!("{notification:?}").contains("ada"));
        Ok(notification.notice)
    }

    #[test]
    fn the_first_message_confirms_and_the_others_tell_a_change() {
        assert_eq!(told("sync"), Ok(Notice::Confirmed));
        assert_eq!(told("exists"), Ok(Notice::Changed));
        assert_eq!(told("not_exists"), Ok(Notice::Changed));
        assert_eq!(told("change"), Err(NotificationProblem::UnknownState), "the words of other services");
    }

    #[test]
    fn without_the_secret_nothing_is_believed() {
        for token in [Some("s3creT"), Some("s3cret2"), Some(""), None] {
            let mut headers = vec![("x-goog-channel-id", "c1"), ("x-goog-resource-state", "exists")];
            headers.extend(token.map(|token| ("x-goog-channel-token", token)));
            assert_eq!(read(&headers), Err(NotificationProblem::WrongSecret), "{token:?}");
        }
    }

    #[test]
    fn a_request_without_a_channel_is_none_of_googles() {
        assert_eq!(read(&[("x-goog-channel-token", "s3cret")]), Err(NotificationProblem::NoChannel));
        let long = "c".repeat(NAME_BYTES_MAX + 1);
        assert_eq!(read(&[("x-goog-channel-id", &long)]), Err(NotificationProblem::NoChannel));
    }
}
