//! A request, and the context in which it is answered.

use axum::body::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderName, Method, StatusCode};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::collection::Collection;
use super::place::{Hrefs, Place};
use super::refusal::Refusal;
use super::switches::{ReadOnlyRefusal, Switches};
use super::world::{Mount, World};
use super::xml::Element;
use crate::web::{Ledger, Notification, Reply, Write, WriteKind};

/// The name under which everything goes into the ledger.
pub(super) const PROVIDER: &str = "caldav";
/// Scheme and host of a server that was asked without either.
const ORIGIN_DEFAULT: &str = "http://localhost";

/// One request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    /// The path with its percent-encoding undone.
    pub(super) plain_path: String,
    /// Scheme and host under which the client reached the server.
    pub(super) origin: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Call {
    pub(super) fn new(method: Method, uri: &http::Uri, headers: HeaderMap, body: Bytes) -> Self {
        let host = headers.get(http::header::HOST).and_then(|host| host.to_str().ok());
        let origin = match (uri.scheme_str(), uri.authority(), host) {
            (Some(scheme), Some(authority), _) => format!("{scheme}://{authority}"),
            (_, _, Some(host)) => format!("http://{host}"),
            _ => ORIGIN_DEFAULT.to_owned(),
        };
        let path = uri.path().to_owned();
        let plain_path = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        Self { method, path, plain_path, origin, headers, body }
    }

    pub(super) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The depth; what is left out is `infinity` (RFC 4918, section 10.2).
    pub(super) fn depth(&self) -> &str {
        self.headers.get("depth").and_then(|depth| depth.to_str().ok()).unwrap_or("infinity")
    }

    pub(super) fn text(&self) -> Result<&str, Refusal> {
        std::str::from_utf8(&self.body).map_err(|_| Refusal::bad_request())
    }
}

/// How a request is answered.
pub(super) type Answer = Result<Reply, Refusal>;

/// One request in its context.
pub(super) struct Turn<'a> {
    pub(super) call: &'a Call,
    pub(super) me: &'a str,
    pub(super) world: &'a mut World,
    pub(super) switches: &'a Switches,
    pub(super) ledger: &'a Ledger,
    pub(super) now: DateTime<Utc>,
    /// Whether any token is dead in this request.
    pub(super) tokens_dead: bool,
}

impl Turn<'_> {
    pub(super) fn meet(&self, name: &'static str) {
        self.world.met.meet(name);
    }

    pub(super) fn hrefs(&self) -> Hrefs<'_> {
        Hrefs { switches: &self.switches.hrefs, origin: &self.call.origin, met: &self.world.met }
    }

    pub(super) fn href(&self, place: &Place) -> String {
        self.hrefs().of(place)
    }

    /// The calendar `name` in the home of `user`, if it is the person's own home.
    pub(super) fn calendar(&self, user: &str, name: &str) -> Result<(Mount, &Collection), Refusal> {
        if user != self.me {
            return Err(need_privileges("read"));
        }
        let mount = self.world.mount(user, name).ok_or_else(Refusal::not_found)?;
        let collection = self.world.collections.get(&mount.collection).ok_or_else(Refusal::not_found)?;
        Ok((mount, collection))
    }

    /// The refusal of a write to a calendar that may only be read.
    pub(super) fn read_only(&self) -> Refusal {
        match self.switches.writes.read_only {
            ReadOnlyRefusal::NeedPrivileges => {
                self.meet("writes.read_only.need_privileges");
                need_privileges("write-content")
            }
            ReadOnlyRefusal::Forbidden => {
                self.meet("writes.read_only.forbidden");
                Refusal::status(StatusCode::FORBIDDEN)
            }
            ReadOnlyRefusal::MethodNotAllowed => {
                self.meet("writes.read_only.method_not_allowed");
                Refusal::status(StatusCode::METHOD_NOT_ALLOWED)
            }
        }
    }

    /// A document as an answer.
    pub(super) fn xml(&self, status: StatusCode, root: &Element) -> Reply {
        use super::switches::Spelling;
        match self.switches.hrefs.spelling {
            Spelling::Short => {}
            Spelling::Numbered => self.meet("hrefs.spelling.numbered"),
            Spelling::DefaultNamespace => self.meet("hrefs.spelling.default_namespace"),
        }
        let text = root.document(self.switches.hrefs.spelling);
        Reply::text(status, "application/xml; charset=utf-8", text)
    }

    /// Notes a write to what stands at `place` in the ledger.
    pub(super) fn wrote(&self, place: &Place, kind: WriteKind, before: Option<Value>, after: Option<Value>) {
        let calendar = match place {
            Place::Object(user, calendar, _) => Place::Calendar(user.clone(), calendar.clone()).path(),
            other => other.path(),
        };
        let event = matches!(place, Place::Object(..)).then(|| place.path());
        self.ledger.write(Write {
            at: self.now,
            provider: PROVIDER,
            mailbox: self.me.to_owned(),
            calendar,
            method: self.call.method.to_string(),
            event,
            kind,
            before,
            after,
        });
    }

    /// Notes something that would have reached a person.
    pub(super) fn would_notify(&self, to: &str, about: String) {
        let to = to.to_owned();
        self.ledger.notification(Notification { at: self.now, provider: PROVIDER, to, about });
    }
}

/// The refusal for want of a right (RFC 3744, section 7.1.1).
pub(super) fn need_privileges(right: &'static str) -> Refusal {
    let resource = Element::dav("resource").with(Element::dav("privilege").with(Element::dav(right)));
    Refusal::condition(StatusCode::FORBIDDEN, Element::dav("need-privileges").with(resource))
}
