//! What a failure or a refusal means.
//!
//! The service's status and its machine code decide, never its text. A code is compared without regard to
//! case, and those nested inside count too.

use serde_json::Value;
use starmesh_provider::{ErrorKind, ProviderError};

use crate::call::Answer;

/// How deep errors are nested at most.
const NESTED_MAX: usize = 8;

/// What a request was about, since a refusal means different things.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum About {
    /// The account's calendars as a whole.
    Home,
    /// Reading a calendar.
    Calendar,
    /// Changes since a token.
    Changes,
    /// Reading one event.
    Event,
    /// Placing a mirror.
    Create,
    /// Changing or removing a mirror.
    Change,
    /// A subscription.
    Subscription,
}

/// What an answer that is no success means.
pub(crate) fn refusal(host: &str, answer: &Answer, about: About) -> ProviderError {
    let codes = Codes::of(answer);
    let (kind, what) = verdict(answer, &codes, about);
    let code = codes.shown().map_or_else(String::new, |code| format!(", {code}"));
    ProviderError::new(kind, format!("{host} {what} (HTTP {}{code})", answer.status))
}

/// An answer that is a success and still not what it should be.
pub(crate) fn unexpected(host: &str) -> ProviderError {
    ProviderError::new(ErrorKind::InvalidData, format!("{host} answered something that cannot be read"))
}

/// The machine codes of an error, the outermost first, in lower case.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Codes {
    codes: Vec<String>,
    shown: Option<String>,
}

impl Codes {
    pub(crate) fn of(answer: &Answer) -> Self {
        let mut codes = Self::default();
        let Some(body) = answer.json::<Value>() else { return codes };
        let mut error = body.get("error");
        for _ in 0..NESTED_MAX {
            let Some(inner) = error else { break };
            if let Some(code) = inner.get("code").and_then(Value::as_str).filter(|code| is_name(code)) {
                codes.shown.get_or_insert_with(|| code.to_owned());
                codes.codes.push(code.to_ascii_lowercase());
            }
            error = inner.get("innerError").or_else(|| inner.get("innererror"));
        }
        codes
    }

    /// True when one of the codes is `code`, which is in lower case.
    pub(crate) fn name(&self, code: &str) -> bool {
        self.codes.iter().any(|found| found == code)
    }

    /// True when a sync token is dead, in any of the forms in which that is told.
    pub(crate) fn name_dead_token(&self) -> bool {
        const DEAD: [&str; 5] = [
            "syncstatenotfound",
            "syncstateinvalid",
            "resyncrequired",
            "invaliddeltatoken",
            "fullsyncrequired",
        ];
        DEAD.iter().any(|code| self.name(code))
    }

    /// The outermost code.
    fn shown(&self) -> Option<&str> {
        self.shown.as_deref()
    }
}

/// A code comes from the server: it is used only where it looks like a name or a number.
fn is_name(code: &str) -> bool {
    const LEN_MAX: usize = 60;
    !code.is_empty()
        && code.len() <= LEN_MAX
        && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-'))
}

fn verdict(answer: &Answer, codes: &Codes, about: About) -> (ErrorKind, &'static str) {
    let throttled = ErrorKind::Throttled { retry_after: answer.retry_after };
    let reads = matches!(about, About::Changes | About::Calendar);
    // A service that has lost its place has not lost the calendar, which would be a 404.
    if reads && (answer.status == 410 || codes.name_dead_token()) {
        return (ErrorKind::TokenExpired, "no longer knows how far we have read");
    }
    match answer.status {
        401 => (ErrorKind::NeedsSignIn, "no longer accepts the sign-in of this account"),
        429 => (throttled, "asks to slow down"),
        509 => (throttled, "has sent this app as much as it may have for now"),
        503 | 504 if answer.retry_after.is_some() => (throttled, "asks to slow down"),
        507 => (ErrorKind::QuotaExceeded, "has no room left in the mailbox"),
        408 | 423 | 425 => (ErrorKind::Offline, "is busy"),
        403 => forbidden(codes, about),
        400 | 409 | 412 => unacceptable(answer.status, codes, about),
        404 | 410 => absent(codes, about),
        500.. => (ErrorKind::Offline, "has trouble of its own"),
        _ => (ErrorKind::Refused, "refuses the request"),
    }
}

fn forbidden(codes: &Codes, about: About) -> (ErrorKind, &'static str) {
    if codes.name("errorquotaexceeded") {
        return (ErrorKind::QuotaExceeded, "has no room left in the mailbox");
    }
    if codes.name("authorization_requestdenied") {
        return (
            ErrorKind::Refused,
            "does not let this app at the calendars: an administrator of the organisation has to allow it",
        );
    }
    match about {
        About::Create | About::Change => {
            (ErrorKind::ReadOnly, "does not let this account write to the calendar")
        }
        About::Subscription => (ErrorKind::Refused, "does not tell of changes in this calendar"),
        About::Home | About::Calendar | About::Changes | About::Event => {
            (ErrorKind::Refused, "does not let this account read the calendar")
        }
    }
}

fn unacceptable(status: u16, codes: &Codes, about: About) -> (ErrorKind, &'static str) {
    if codes.name("errorduplicatetransactionid") {
        return (ErrorKind::IdentityTaken, "already has an event under this identity");
    }
    if about == About::Subscription {
        return match status {
            400 if codes.name("validationerror") => {
                (ErrorKind::Offline, "could not reach the address that is to be told of changes")
            }
            409 => (ErrorKind::IdentityTaken, "already tells somebody of changes in this calendar"),
            _ => (ErrorKind::Refused, "does not accept the subscription"),
        };
    }
    if status == 412 || codes.name("errorirresolvableconflict") {
        return (ErrorKind::PreconditionFailed, "has the event in another version");
    }
    if codes.name("timezonenotsupportedexception") {
        return (ErrorKind::Refused, "does not know the time zone");
    }
    if codes.name("errorinvalidextendedproperty") || codes.name("errorinvalidproperty") {
        return (ErrorKind::Refused, "does not accept the mark of a busy block");
    }
    (ErrorKind::Refused, "refuses the request")
}

fn absent(codes: &Codes, about: About) -> (ErrorKind, &'static str) {
    if codes.name("mailboxnotenabledforrestapi") || (codes.name("resourcenotfound") && about == About::Home) {
        return (ErrorKind::Refused, "has no Exchange Online mailbox for this account");
    }
    match about {
        About::Home => (ErrorKind::Gone, "has no calendars for this account"),
        About::Calendar | About::Changes | About::Create => (ErrorKind::CalendarGone, "has no such calendar"),
        About::Event | About::Change => (ErrorKind::Gone, "no longer has the event"),
        About::Subscription => (ErrorKind::Gone, "no longer has the subscription"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, request_id: None, body: body.as_bytes().to_vec() }
    }

    fn coded(code: &str) -> String {
        format!("{{\"error\":{{\"code\":\"{code}\",\"message\":\"Lunch with Ada\",\"innerError\":{{}}}}}}")
    }

    /// Every row of the service's error table, in each place where it may come.
    #[test]
    fn every_refusal_has_one_kind_and_one_sentence() {
        use About::{Calendar, Change, Changes, Create, Event, Home, Subscription};
        let throttled = ErrorKind::Throttled { retry_after: None };
        let rows = [
            (Create, 400, "ErrorInvalidRequest", ErrorKind::Refused, "refuses the request"),
            (Create, 400, "TimeZoneNotSupportedException", ErrorKind::Refused, "does not know the time zone"),
            (Create, 400, "ErrorDuplicateTransactionId", ErrorKind::IdentityTaken, "already has an event"),
            (Create, 409, "ErrorDuplicateTransactionId", ErrorKind::IdentityTaken, "already has an event"),
            (Create, 400, "ErrorInvalidExtendedProperty", ErrorKind::Refused, "does not accept the mark"),
            (Event, 400, "ErrorInvalidProperty", ErrorKind::Refused, "does not accept the mark"),
            (Subscription, 400, "ValidationError", ErrorKind::Offline, "could not reach the address"),
            (Subscription, 400, "InvalidRequest", ErrorKind::Refused, "does not accept the subscription"),
            (Subscription, 400, "ExtensionError", ErrorKind::Refused, "does not accept the subscription"),
            (Changes, 400, "InvalidDeltaToken", ErrorKind::TokenExpired, "no longer knows how far"),
            (Changes, 410, "SyncStateNotFound", ErrorKind::TokenExpired, "no longer knows how far"),
            (Changes, 410, "", ErrorKind::TokenExpired, "no longer knows how far"),
            (Changes, 404, "syncStateNotFound", ErrorKind::TokenExpired, "no longer knows how far"),
            (Calendar, 410, "", ErrorKind::TokenExpired, "no longer knows how far"),
            (Calendar, 410, "SyncStateNotFound", ErrorKind::TokenExpired, "no longer knows how far"),
            (Calendar, 400, "InvalidDeltaToken", ErrorKind::TokenExpired, "no longer knows how far"),
            (Changes, 409, "resyncRequired", ErrorKind::TokenExpired, "no longer knows how far"),
            (Calendar, 401, "InvalidAuthenticationToken", ErrorKind::NeedsSignIn, "no longer accepts"),
            (Calendar, 403, "ErrorAccessDenied", ErrorKind::Refused, "does not let this account read"),
            (Create, 403, "ErrorAccessDenied", ErrorKind::ReadOnly, "does not let this account write"),
            (Change, 403, "ErrorAccessDenied", ErrorKind::ReadOnly, "does not let this account write"),
            (Calendar, 403, "Authorization_RequestDenied", ErrorKind::Refused, "an administrator"),
            (Create, 403, "Authorization_RequestDenied", ErrorKind::Refused, "an administrator"),
            (Subscription, 403, "ExtensionError", ErrorKind::Refused, "does not tell of changes"),
            (Create, 403, "ErrorQuotaExceeded", ErrorKind::QuotaExceeded, "has no room left"),
            (Calendar, 404, "ErrorItemNotFound", ErrorKind::CalendarGone, "has no such calendar"),
            (Create, 404, "ErrorItemNotFound", ErrorKind::CalendarGone, "has no such calendar"),
            (Change, 404, "ErrorItemNotFound", ErrorKind::Gone, "no longer has the event"),
            (Change, 410, "", ErrorKind::Gone, "no longer has the event"),
            (Home, 404, "MailboxNotEnabledForRESTAPI", ErrorKind::Refused, "no Exchange Online mailbox"),
            (Calendar, 404, "MailboxNotEnabledForRESTAPI", ErrorKind::Refused, "no Exchange Online mailbox"),
            (Home, 404, "ResourceNotFound", ErrorKind::Refused, "no Exchange Online mailbox"),
            (Subscription, 409, "Conflict", ErrorKind::IdentityTaken, "already tells somebody"),
            (Change, 412, "ErrorIrresolvableConflict", ErrorKind::PreconditionFailed, "in another version"),
            (Change, 409, "ErrorIrresolvableConflict", ErrorKind::PreconditionFailed, "in another version"),
            (Calendar, 429, "ApplicationThrottled", throttled, "asks to slow down"),
            (Calendar, 429, "TooManyRequests", throttled, "asks to slow down"),
            (Calendar, 500, "ErrorInternalServerTransientError", ErrorKind::Offline, "trouble of its own"),
            (Calendar, 500, "InternalServerError", ErrorKind::Offline, "trouble of its own"),
            (Calendar, 503, "serviceNotAvailable", ErrorKind::Offline, "trouble of its own"),
            (Calendar, 504, "UnknownError", ErrorKind::Offline, "trouble of its own"),
            (Create, 507, "insufficientStorage", ErrorKind::QuotaExceeded, "has no room left"),
            (Calendar, 509, "bandwidthLimitExceeded", throttled, "as much as it may have"),
        ];
        for (about, status, code, kind, words) in rows {
            let body = if code.is_empty() { String::new() } else { coded(code) };
            let error = refusal("graph.example.org", &answer(status, &body), about);
            assert_eq!(error.kind, kind, "{about:?} {status} {code}");
            assert!(error.message.contains(words), "{about:?} {status} {code}: {}", error.message);
            assert!(error.message.starts_with("graph.example.org "), "{}", error.message);
            assert!(!error.message.contains("Ada"), "the service's own text stays out: {}", error.message);
        }
    }

    #[test]
    fn a_web_page_or_nothing_instead_of_an_error_is_understood() {
        for body in ["<html><body>Bad gateway, Ada</body></html>", "", "\"x\"", "[]", "{\"error\":7}"] {
            for status in [500, 502, 503, 504] {
                let error = refusal("h", &answer(status, body), About::Calendar);
                assert_eq!(error.kind, ErrorKind::Offline);
                assert_eq!(error.message, format!("h has trouble of its own (HTTP {status})"));
            }
        }
    }

    #[test]
    fn nested_codes_count_and_their_case_does_not() {
        let body = "{\"error\":{\"code\":\"badRequest\",\"innererror\":{\"code\":\"SYNCSTATENOTFOUND\"}}}";
        assert_eq!(refusal("h", &answer(400, body), About::Changes).kind, ErrorKind::TokenExpired);
        let nested = "{\"error\":{\"code\":\"x\",\"innerError\":{\"code\":\"y\",\"innerError\":{\"code\":\"ErrorDuplicateTransactionId\"}}}}";
        assert_eq!(refusal("h", &answer(400, nested), About::Create).kind, ErrorKind::IdentityTaken);
    }

    #[test]
    fn a_code_that_is_a_sentence_is_not_shown() {
        let body = coded("Lunch with Ada at noon");
        assert_eq!(
            refusal("h", &answer(418, &body), About::Calendar).message,
            "h refuses the request (HTTP 418)"
        );
    }

    #[test]
    fn a_delay_makes_trouble_into_throttling() {
        let mut busy = answer(503, "");
        busy.retry_after = Some(Duration::from_secs(7));
        let expected = ErrorKind::Throttled { retry_after: Some(Duration::from_secs(7)) };
        assert_eq!(refusal("h", &busy, About::Calendar).kind, expected);
    }
}
