//! Why a request is refused, and the body that says so.
//!
//! Source: <https://learn.microsoft.com/en-us/graph/errors>.

use chrono::{DateTime, Utc};
use http::{HeaderName, StatusCode, header};
use serde_json::{Map, Value, json};

use crate::web::Reply;

/// A request that is refused.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) code: String,
    pub(crate) message: String,
    /// More members of the error object.
    pub(crate) extra: Map<String, Value>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

/// What every answer says about the request it answers.
#[derive(Clone, Debug)]
pub(crate) struct Trace {
    pub(crate) at: DateTime<Utc>,
    pub(crate) request_id: String,
    /// The client's own name for the request, or ours.
    pub(crate) client_request_id: String,
    pub(crate) inner_error_lowercase: bool,
}

impl Refusal {
    pub(crate) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self { status, code: code.into(), message: message.into(), extra: Map::new(), headers: Vec::new() }
    }

    /// 400 with a code.
    pub(crate) fn bad(code: &str, message: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// 400 `ErrorInvalidRequest`.
    pub(crate) fn invalid(message: &str) -> Self {
        Self::bad("ErrorInvalidRequest", message)
    }

    /// 404: gone, never there, or not for this caller.
    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "ErrorItemNotFound",
            "The specified object was not found in the store.",
        )
    }

    /// 404 for a path that leads nowhere.
    pub(crate) fn no_such_segment() -> Self {
        Self::bad("BadRequest", "Resource not found for the segment.")
    }

    /// 405.
    pub(crate) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Request_BadRequest",
            "Specified HTTP method is not allowed for the request target.",
        )
    }

    /// 403 `ErrorAccessDenied`.
    pub(crate) fn denied() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "ErrorAccessDenied",
            "Access is denied. Check credentials and try again.",
        )
    }

    pub(crate) fn with_extra(mut self, name: &str, value: Value) -> Self {
        self.extra.insert(name.into(), value);
        self
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn retry_after(self, value: Option<String>) -> Self {
        match value {
            Some(value) => self.with_header(header::RETRY_AFTER, value),
            None => self,
        }
    }

    /// The answer; `trace` names the request in it.
    pub(crate) fn reply(self, trace: &Trace) -> Reply {
        let mut error = self.extra;
        error.insert("code".into(), json!(self.code));
        error.insert("message".into(), json!(self.message));
        let mut inner = json!({
            "date": trace.at.format("%Y-%m-%dT%H:%M:%S").to_string(),
            "request-id": trace.request_id,
            "client-request-id": trace.client_request_id,
        });
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            inner["code"] = json!("429");
            inner["status"] = json!("429");
        }
        let spelling = if trace.inner_error_lowercase { "innererror" } else { "innerError" };
        error.insert(spelling.into(), inner);
        let mut reply = Reply::json(self.status, json!({"error": error}));
        for (name, value) in self.headers {
            reply = reply.with_header(name, &value);
        }
        reply
    }
}
