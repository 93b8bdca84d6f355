//! Why a request is refused, and how the service says so.

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::switches::Switches;
use crate::web::Reply;

/// An error of the API.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem(Box<Body>);

#[derive(Clone, PartialEq, Eq, Debug)]
struct Body {
    status: u16,
    domain: &'static str,
    reason: String,
    message: String,
    /// `locationType` and `location`.
    location: Option<(&'static str, String)>,
    /// `details[].reason` and the name of the status, as newer front-ends add them.
    detail: Option<(&'static str, &'static str)>,
    retry_after_s: Option<u64>,
}

impl Problem {
    fn new(status: u16, domain: &'static str, reason: &str, message: &str) -> Self {
        Self(Box::new(Body {
            status,
            domain,
            reason: reason.to_owned(),
            message: message.to_owned(),
            location: None,
            detail: None,
            retry_after_s: None,
        }))
    }

    /// The machine-readable reason.
    pub(super) fn reason(&self) -> &str {
        &self.0.reason
    }

    fn at(mut self, kind: &'static str, name: &str) -> Self {
        self.0.location = Some((kind, name.to_owned()));
        self
    }

    pub(super) fn retry_after(mut self, seconds: Option<u64>) -> Self {
        self.0.retry_after_s = seconds;
        self
    }

    /// A fault on demand.
    pub(super) fn scripted(status: u16, reason: &str) -> Self {
        let domain = match (status, reason) {
            (403 | 429, _) => "usageLimits",
            (410, "fullSyncRequired" | "updatedMinTooLongAgo") | (400, _) => "calendar",
            _ => "global",
        };
        Self::new(status, domain, reason, reason)
    }

    pub(super) fn bad_request(message: &str) -> Self {
        Self::new(400, "global", "badRequest", message)
    }

    pub(super) fn invalid(message: &str) -> Self {
        Self::new(400, "global", "invalid", message)
    }

    /// A parameter with a value that it cannot have.
    pub(super) fn invalid_parameter(name: &str, value: &str) -> Self {
        Self::new(400, "global", "invalidParameter", &format!("Invalid value '{value}' for {name}."))
            .at("parameter", name)
    }

    pub(super) fn unknown_parameter(name: &str) -> Self {
        let message = format!("Unknown name \"{name}\": Cannot bind query parameter.");
        Self::new(400, "global", "badRequest", &message).at("parameter", name)
    }

    pub(super) fn required(message: &str) -> Self {
        Self::new(400, "global", "required", message)
    }

    pub(super) fn time_range_empty() -> Self {
        let message = "The specified time range is empty.";
        Self::new(400, "calendar", "timeRangeEmpty", message).at("parameter", "timeMax")
    }

    pub(super) fn calendar(status: u16, reason: &str, message: &str) -> Self {
        Self::new(status, "calendar", reason, message)
    }

    pub(super) fn push_not_supported() -> Self {
        let message = "Push notifications are not supported by this resource.";
        Self::new(400, "calendar", "pushNotSupportedForRequestedResource", message)
    }

    pub(super) fn push(reason: &str, message: &str) -> Self {
        Self::new(400, "global", reason, message)
    }

    pub(super) fn sequence() -> Self {
        Self::new(
            400,
            "global",
            "invalid",
            "Invalid sequence value. The specified sequence number is below the current sequence number of the \
             resource. Re-fetch the resource and use its sequence number on the following request.",
        )
    }

    pub(super) fn credentials() -> Self {
        let mut problem = Self::new(401, "global", "authError", "Invalid Credentials");
        problem.0.detail = Some(("UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED"));
        problem.at("header", "Authorization")
    }

    pub(super) fn scopes() -> Self {
        let message = "Insufficient Permission: Request had insufficient authentication scopes.";
        let mut problem = Self::new(403, "global", "insufficientPermissions", message);
        problem.0.detail = Some(("PERMISSION_DENIED", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"));
        problem
    }

    pub(super) fn access_level(needed: &str) -> Self {
        let message = format!("You need to have {needed} access to this calendar.");
        Self::new(403, "calendar", "requiredAccessLevel", &message)
    }

    pub(super) fn not_organizer() -> Self {
        let message = "Shared properties can only be changed by the organizer of the event.";
        Self::new(403, "calendar", "forbiddenForNonOrganizer", message)
    }

    pub(super) fn forbidden() -> Self {
        Self::new(403, "global", "forbidden", "Forbidden")
    }

    pub(super) fn user_rate() -> Self {
        let message = "User Rate Limit Exceeded. Rate of requests for user exceed configured project quota, \
                       you may consider re-evaluating expected per-user traffic to the API and adjust \
                       project quota limits accordingly.";
        let mut problem = Self::new(403, "usageLimits", "userRateLimitExceeded", message);
        problem.0.detail = Some(("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"));
        problem
    }

    pub(super) fn rate() -> Self {
        let mut problem = Self::new(403, "usageLimits", "rateLimitExceeded", "Rate Limit Exceeded");
        problem.0.detail = Some(("RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED"));
        problem
    }

    pub(super) fn too_many() -> Self {
        let mut problem = Self::rate();
        problem.0.status = 429;
        problem
    }

    pub(super) fn quota() -> Self {
        Self::new(403, "usageLimits", "quotaExceeded", "Calendar usage limits exceeded.")
    }

    pub(super) fn not_found() -> Self {
        Self::new(404, "global", "notFound", "Not Found")
    }

    pub(super) fn duplicate() -> Self {
        Self::new(409, "global", "duplicate", "The requested identifier already exists.")
    }

    pub(super) fn conflict() -> Self {
        Self::new(409, "global", "conflict", "Conflict")
    }

    pub(super) fn full_sync(switches: &Switches) -> Self {
        let message = "Sync token is no longer valid, a full sync is required.";
        let reason = if switches.gone_has_reason { "fullSyncRequired" } else { "" };
        Self::new(410, "calendar", reason, message).at("parameter", "syncToken")
    }

    pub(super) fn updated_min() -> Self {
        let message = "The requested minimum modification time lies too far in the past.";
        Self::new(410, "calendar", "updatedMinTooLongAgo", message).at("parameter", "updatedMin")
    }

    pub(super) fn deleted() -> Self {
        Self::new(410, "global", "deleted", "Resource has been deleted")
    }

    pub(super) fn condition() -> Self {
        Self::new(412, "global", "conditionNotMet", "Precondition Failed").at("header", "If-Match")
    }

    pub(super) fn backend(status: u16) -> Self {
        Self::new(status, "global", "backendError", "Backend Error")
    }

    /// True where newer front-ends say more than older ones.
    pub(super) fn has_detail(&self) -> bool {
        self.0.detail.is_some()
    }

    /// The answer. A 410 without a reason has no list of errors at all.
    pub(super) fn reply(&self, switches: &Switches) -> Reply {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut error = json!({ "code": self.0.status, "message": self.0.message });
        if !self.0.reason.is_empty() {
            let mut entry =
                json!({ "domain": self.0.domain, "reason": self.0.reason, "message": self.0.message });
            if let Some((kind, name)) = &self.0.location {
                entry["locationType"] = json!(kind);
                entry["location"] = json!(name);
            }
            error["errors"] = json!([entry]);
        }
        if let (true, Some((name, reason))) = (switches.error_details, self.0.detail) {
            error["status"] = json!(name);
            error["details"] = json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": reason,
                "domain": "googleapis.com",
            }]);
        }
        let mut reply =
            Reply::json(status, Value::Object([("error".to_owned(), error)].into_iter().collect()));
        if self.0.status == 401 {
            let challenge = "Bearer realm=\"https://accounts.google.com/\", error=\"invalid_token\"";
            reply = reply.with_header(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.0.retry_after_s {
            reply = reply.with_header(header::RETRY_AFTER, &seconds.to_string());
        }
        reply
    }
}
