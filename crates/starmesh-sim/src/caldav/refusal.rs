//! How the server says no.

use http::{HeaderName, StatusCode};

use super::switches::Spelling;
use super::xml::Element;
use crate::web::Reply;

/// A refused request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// What must have held (RFC 4918, section 16).
    condition: Option<Box<Element>>,
    sentence: Option<String>,
    headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    /// A status and nothing else.
    pub(super) fn status(status: StatusCode) -> Self {
        Self { status, condition: None, sentence: None, headers: Vec::new() }
    }

    /// A status with the condition that did not hold.
    pub(super) fn condition(status: StatusCode, condition: Element) -> Self {
        Self { condition: Some(Box::new(condition)), ..Self::status(status) }
    }

    /// A status with a sentence in plain text.
    pub(super) fn sentence(status: StatusCode, sentence: &str) -> Self {
        Self { sentence: Some(sentence.to_owned()), ..Self::status(status) }
    }

    pub(super) fn not_found() -> Self {
        Self::status(StatusCode::NOT_FOUND)
    }

    pub(super) fn bad_request() -> Self {
        Self::status(StatusCode::BAD_REQUEST)
    }

    pub(super) fn precondition_failed() -> Self {
        Self::status(StatusCode::PRECONDITION_FAILED)
    }

    #[must_use]
    pub(super) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    pub(super) fn reply(&self, spelling: Spelling) -> Reply {
        let reply = match (&self.condition, &self.sentence) {
            (Some(condition), _) => {
                let body = Element::dav("error").with(Element::clone(condition)).document(spelling);
                Reply::text(self.status, "application/xml; charset=utf-8", body)
            }
            (None, Some(sentence)) => Reply::text(self.status, "text/plain; charset=utf-8", sentence.clone()),
            (None, None) => Reply::empty(self.status),
        };
        self.headers.iter().fold(reply, |reply, (name, value)| reply.with_header(name.clone(), value))
    }
}
