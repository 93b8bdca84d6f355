//! What a failure or a refusal means (guide "Handle API errors").

use std::time::Duration;

use serde_json::Value;
use starmesh_http::Response;
use starmesh_provider::{ErrorKind, ProviderError};

use crate::wire::{WireError, parse};

/// The wait after a budget for a whole day is used up: the facts of the service name hours.
const DAY_BUDGET_PAUSE: Duration = Duration::from_hours(1);

/// What was asked for, on which the meaning of some refusals hangs.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Asked {
    /// The calendars of the account.
    Home,
    /// The events of a calendar.
    Calendar,
    /// Changes since a sync token.
    Changes,
    /// One event, to read it.
    Event,
    /// A new mirror.
    Create,
    /// A change or removal of a mirror.
    Mirror,
    /// A channel for notifications.
    Channel,
}

impl Asked {
    fn is_write(self) -> bool {
        matches!(self, Self::Create | Self::Mirror)
    }
}

/// A refusal: the status, and the machine codes of its body in lower case.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Refusal {
    status: u16,
    reasons: Vec<String>,
}

impl Refusal {
    /// What `response` refuses with. Google names reasons in two lists, the newer in capitals.
    pub(crate) fn of(response: &Response) -> Self {
        let body: Value = parse(response).unwrap_or_default();
        let error = &body["error"];
        let lists = [&error["errors"], &error["details"]];
        let named = lists
            .into_iter()
            .filter_map(Value::as_array)
            .flatten()
            .filter_map(|entry| entry["reason"].as_str());
        let reasons = named.filter(|reason| is_code(reason)).map(str::to_ascii_lowercase).collect();
        Self { status: response.status().as_u16(), reasons }
    }

    fn names(&self, codes: &[&str]) -> bool {
        self.reasons.iter().any(|reason| codes.contains(&reason.as_str()))
    }

    /// True when the same request will do after a short wait: too many at once.
    pub(crate) fn is_rate(&self) -> bool {
        self.status == 429
            || self.status == 403
                && self.names(&["ratelimitexceeded", "userratelimitexceeded", "rate_limit_exceeded"])
    }

    /// True when a part of a batch clashed with another part: alone it will do.
    pub(crate) fn is_clash(&self) -> bool {
        self.status == 409 && self.names(&["conflict"])
    }

    /// True when the server is in trouble, or busy.
    pub(crate) fn is_trouble(&self) -> bool {
        matches!(self.status, 408 | 500..)
    }

    /// What it means for what was `asked`.
    pub(crate) fn meaning(&self, asked: Asked) -> (ErrorKind, &'static str) {
        if self.is_rate() {
            return (ErrorKind::Throttled { retry_after: None }, "asks to slow down");
        }
        match self.status {
            400 => self.bad_request(asked),
            401 => (ErrorKind::NeedsSignIn, "no longer accepts the sign-in of this account"),
            403 => self.forbidden(asked),
            404 => match asked {
                Asked::Home => (ErrorKind::Gone, "has no list of calendars for this account"),
                Asked::Calendar | Asked::Changes | Asked::Create => {
                    (ErrorKind::CalendarGone, "has no such calendar, or shares it no longer")
                }
                Asked::Event | Asked::Mirror => (ErrorKind::Gone, "no longer has the event"),
                Asked::Channel => (ErrorKind::Gone, "knows no such calendar or channel"),
            },
            409 if self.is_clash() => {
                (ErrorKind::Throttled { retry_after: None }, "is busy with the same event")
            }
            409 => (ErrorKind::IdentityTaken, "already had an event under this identity"),
            410 => match asked {
                // Between two pages a listing may die as a sync token does. A calendar that is gone is a 404.
                Asked::Changes | Asked::Calendar => {
                    (ErrorKind::TokenExpired, "no longer knows how far we have read")
                }
                Asked::Event | Asked::Mirror | Asked::Channel => {
                    (ErrorKind::Gone, "has deleted what was asked for")
                }
                Asked::Home | Asked::Create => (ErrorKind::CalendarGone, "has deleted the calendar"),
            },
            412 => (ErrorKind::PreconditionFailed, "has the event in another version"),
            408 | 500.. => (ErrorKind::Offline, "has trouble of its own"),
            _ => (ErrorKind::Refused, "refuses the request"),
        }
    }

    fn bad_request(&self, asked: Asked) -> (ErrorKind, &'static str) {
        if self.names(&["pushnotsupportedforrequestedresource"]) {
            return (ErrorKind::Refused, "never tells when this calendar changes; it is looked at regularly");
        }
        match asked {
            // The request is the one that has worked before, but for the token.
            Asked::Changes => (ErrorKind::TokenExpired, "no longer understands how far we have read"),
            _ => (ErrorKind::Refused, "does not understand the request"),
        }
    }

    fn forbidden(&self, asked: Asked) -> (ErrorKind, &'static str) {
        if self.names(&["quotaexceeded"]) {
            let kind = if asked.is_write() {
                ErrorKind::QuotaExceeded
            } else {
                ErrorKind::Throttled { retry_after: Some(DAY_BUDGET_PAUSE) }
            };
            return (
                kind,
                "takes no more changes from this account for some hours: its calendar usage limit is reached",
            );
        }
        if self.names(&["dailylimitexceeded", "dailylimitexceededunreg"]) {
            let kind = ErrorKind::Throttled { retry_after: Some(DAY_BUDGET_PAUSE) };
            return (kind, "answers no more today: the daily limit of the client id is reached");
        }
        if self.names(&["insufficientpermissions", "insufficientscopes", "access_token_scope_insufficient"]) {
            let what = "was not given all permissions at sign-in: sign in again and tick every box";
            return (ErrorKind::NeedsSignIn, what);
        }
        if self.names(&["accessnotconfigured", "service_disabled"]) {
            return (ErrorKind::Refused, "has the Calendar API switched off for this client id");
        }
        if self.names(&["notacalendaruser"]) {
            return (
                ErrorKind::Refused,
                "has no calendars for this account: it was never signed up for Google Calendar",
            );
        }
        if self.names(&["forbiddenfornonorganizer"]) {
            return (ErrorKind::Refused, "lets only the organiser change this event");
        }
        match asked {
            Asked::Create | Asked::Mirror => {
                (ErrorKind::ReadOnly, "does not let this account write to the calendar")
            }
            Asked::Home => (ErrorKind::Refused, "does not let this account list its calendars"),
            _ => (ErrorKind::Refused, "does not let this account see the calendar"),
        }
    }
}

/// A refusal as an error.
pub(crate) fn refused(host: &str, response: &Response, asked: Asked) -> ProviderError {
    let refusal = Refusal::of(response);
    let (kind, what) = refusal.meaning(asked);
    let kind = match kind {
        ErrorKind::Throttled { retry_after: None } => {
            ErrorKind::Throttled { retry_after: asked_delay(response) }
        }
        kind => kind,
    };
    let code = refusal.reasons.first().map(|reason| format!(", {reason}")).unwrap_or_default();
    ProviderError::new(kind, format!("{host} {what} (HTTP {}{code})", refusal.status))
}

/// A `Retry-After` in seconds. A date is left to the transport, which knows a clock.
pub(crate) fn asked_delay(response: &Response) -> Option<Duration> {
    let text = response.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?;
    Some(Duration::from_secs(text.trim().parse().ok()?).min(DAY_BUDGET_PAUSE))
}

/// An answer that cannot be read.
pub(crate) fn from_wire(host: &str, error: WireError) -> ProviderError {
    ProviderError::new(ErrorKind::InvalidData, format!("{host} {error}"))
}

/// The event changed since it was seen.
pub(crate) fn changed(host: &str) -> ProviderError {
    ProviderError::new(ErrorKind::PreconditionFailed, format!("{host} has the event in another version"))
}

/// The event is gone.
pub(crate) fn gone(host: &str) -> ProviderError {
    ProviderError::new(ErrorKind::Gone, format!("{host} no longer has the event"))
}

/// The id of a new mirror was given out before.
pub(crate) fn identity_taken(host: &str) -> ProviderError {
    ProviderError::new(ErrorKind::IdentityTaken, format!("{host} already had an event under this identity"))
}

/// A code comes from the server: it is shown only where it looks like one.
fn is_code(reason: &str) -> bool {
    const LEN_MAX: usize = 60;
    (1..=LEN_MAX).contains(&reason.len())
        && reason.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn answer(status: u16, reason: &str) -> Response {
        let body = match reason {
            "" => String::new(),
            html if html.starts_with('<') => html.to_owned(),
            reason => format!(
                r#"{{"error":{{"errors":[{{"domain":"x","reason":"{reason}","message":"Ada's dentist"}}],"code":{status},"message":"Ada's dentist"}}}}"#
            ),
        };
        http::Response::builder().status(status).body(body.into_bytes()).unwrap()
    }

    const SLOW: ErrorKind = ErrorKind::Throttled { retry_after: None };
    const HOUR: ErrorKind = ErrorKind::Throttled { retry_after: Some(DAY_BUDGET_PAUSE) };

    #[test]
    fn every_refusal_has_one_kind_and_a_sentence_without_content() {
        use Asked::{Calendar, Changes, Channel, Create, Event, Home, Mirror};
        use ErrorKind::{
            CalendarGone, Gone, IdentityTaken, NeedsSignIn, Offline, PreconditionFailed, QuotaExceeded,
            ReadOnly, Refused, TokenExpired,
        };
        let mut sentences = BTreeSet::new();
        for (status, reason, asked, kind) in [
            (400, "timeRangeEmpty", Calendar, Refused),
            (400, "invalid", Create, Refused),
            (400, "badRequest", Mirror, Refused),
            (400, "invalid", Changes, TokenExpired),
            (400, "pushNotSupportedForRequestedResource", Channel, Refused),
            (400, "channelIdNotUnique", Channel, Refused),
            (401, "authError", Calendar, NeedsSignIn),
            (401, "", Create, NeedsSignIn),
            (401, "webhookUnauthorized", Channel, NeedsSignIn),
            (403, "userRateLimitExceeded", Calendar, SLOW),
            (403, "rateLimitExceeded", Create, SLOW),
            (403, "RATE_LIMIT_EXCEEDED", Create, SLOW),
            (403, "quotaExceeded", Create, QuotaExceeded),
            (403, "quotaExceeded", Mirror, QuotaExceeded),
            (403, "quotaExceeded", Calendar, HOUR),
            (403, "dailyLimitExceeded", Calendar, HOUR),
            (403, "insufficientPermissions", Calendar, NeedsSignIn),
            (403, "ACCESS_TOKEN_SCOPE_INSUFFICIENT", Home, NeedsSignIn),
            (403, "accessNotConfigured", Home, Refused),
            (403, "notACalendarUser", Home, Refused),
            (403, "forbiddenForNonOrganizer", Mirror, Refused),
            (403, "requiredAccessLevel", Create, ReadOnly),
            (403, "requiredAccessLevel", Calendar, Refused),
            (403, "forbidden", Mirror, ReadOnly),
            (403, "", Event, Refused),
            (403, "<html>Forbidden</html>", Home, Refused),
            (404, "notFound", Home, Gone),
            (404, "notFound", Calendar, CalendarGone),
            (404, "notFound", Changes, CalendarGone),
            (404, "notFound", Create, CalendarGone),
            (404, "notFound", Mirror, Gone),
            (404, "notFound", Event, Gone),
            (404, "channelIdUnknown", Channel, Gone),
            (409, "duplicate", Create, IdentityTaken),
            (409, "", Create, IdentityTaken),
            (409, "conflict", Mirror, SLOW),
            (410, "fullSyncRequired", Changes, TokenExpired),
            (410, "updatedMinTooLongAgo", Changes, TokenExpired),
            (410, "", Changes, TokenExpired),
            (410, "fullSyncRequired", Calendar, TokenExpired),
            (410, "deleted", Create, CalendarGone),
            (410, "deleted", Mirror, Gone),
            (410, "deleted", Event, Gone),
            (412, "conditionNotMet", Mirror, PreconditionFailed),
            (413, "", Create, Refused),
            (429, "rateLimitExceeded", Calendar, SLOW),
            (429, "", Create, SLOW),
            (500, "backendError", Calendar, Offline),
            (502, "<!DOCTYPE html><title>Error 502</title>", Create, Offline),
            (503, "", Mirror, Offline),
            (504, "backendError", Changes, Offline),
        ] {
            let error = refused("www.googleapis.com", &answer(status, reason), asked);
            assert_eq!(error.kind, kind, "{status} {reason} for {asked:?}");
            assert!(error.message.starts_with("www.googleapis.com "), "{}", error.message);
            assert!(error.message.contains(&format!("(HTTP {status}")), "{}", error.message);
            assert!(!error.message.contains("Ada") && !error.message.contains('<'), "{}", error.message);
            sentences.insert(error.message);
        }
        assert!(sentences.len() > 40, "each says its own");
    }

    #[test]
    fn reasons_are_found_in_both_lists_and_only_codes_are_shown() {
        let body = r#"{"error":{"code":403,"status":"PERMISSION_DENIED","errors":[{"reason":"forbidden"}],
            "details":[{"@type":"x","reason":"ACCESS_TOKEN_SCOPE_INSUFFICIENT"},{"reason":"ada@example.org"}]}}"#;
        let response = http::Response::builder().status(403).body(body.as_bytes().to_vec()).unwrap();
        assert_eq!(Refusal::of(&response).reasons, ["forbidden", "access_token_scope_insufficient"]);
        assert_eq!(refused("h", &response, Asked::Home).kind, ErrorKind::NeedsSignIn);
        let oauth =
            http::Response::builder().status(400).body(br#"{"error":"invalid_grant"}"#.to_vec()).unwrap();
        assert_eq!(Refusal::of(&oauth).reasons, Vec::<String>::new());
    }

    #[test]
    fn the_delay_that_google_asks_for_is_passed_on() {
        let mut response = answer(429, "rateLimitExceeded");
        response.headers_mut().insert("retry-after", "17".parse().unwrap());
        let error = refused("h", &response, Asked::Calendar);
        assert_eq!(error.kind, ErrorKind::Throttled { retry_after: Some(Duration::from_secs(17)) });
    }
}
