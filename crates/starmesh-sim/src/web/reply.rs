//! An answer of a simulated service.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// Marks a response in whose place the connection is cut: behind a socket the client gets no byte of it.
/// A caller in process finds the mark in the response's extensions and must take it for a lost connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cut;

/// Status, headers and JSON body, before they are bytes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: StatusCode,
    /// Headers besides length and type.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub body: ReplyBody,
}

/// What a [`Reply`] carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// JSON.
    Json(Value),
    /// Anything else, with its content type; an empty one leaves that to a header.
    Text(&'static str, String),
    /// The connection ends in place of an answer.
    Cut,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Json(body) }
    }

    /// An answer without a body.
    pub fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Empty }
    }

    /// A text, with its content type.
    pub fn text(status: StatusCode, content_type: &'static str, text: String) -> Self {
        Self { status, headers: Vec::new(), body: ReplyBody::Text(content_type, text) }
    }

    /// No answer: the connection is cut.
    pub fn cut() -> Self {
        Self { status: StatusCode::GATEWAY_TIMEOUT, headers: Vec::new(), body: ReplyBody::Cut }
    }

    /// The same with one more header; a value that no header can hold is left out.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let (content_type, bytes) = match self.body {
            ReplyBody::Empty | ReplyBody::Cut => (None, Vec::new()),
            ReplyBody::Json(ref body) => {
                (Some("application/json; charset=UTF-8"), body.to_string().into_bytes())
            }
            ReplyBody::Text(content_type, ref text) => (Some(content_type), text.clone().into_bytes()),
        };
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        if let Some(content_type) = content_type.filter(|it| !it.is_empty()) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            headers.append(name, value);
        }
        if self.body == ReplyBody::Cut {
            response.extensions_mut().insert(Cut);
        }
        if self.status == StatusCode::NO_CONTENT || self.status == StatusCode::NOT_MODIFIED {
            response.headers_mut().remove(CONTENT_LENGTH);
        }
        *response.body_mut() = Body::from(bytes);
        response
    }
}
