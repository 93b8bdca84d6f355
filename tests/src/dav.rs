//! A small CalDAV client of its own, for looking at a server from outside.
//!
//! It shares nothing with the adapter: what both misunderstand alike would otherwise pass every test.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, ETAG, HeaderName};
use reqwest::{Method, Response, StatusCode};
use roxmltree::{Document, Node};
use url::Url;

use crate::servers::sabre::ONLOOKER;
use crate::servers::{ALICE, Kind, Server, User};
use crate::{Failure, Outcome};

/// How long one exchange may take. A server on loopback answers in milliseconds unless it was stopped.
const EXCHANGE_WITHIN: Duration = Duration::from_mins(1);

/// The longest part of an answer that a failure repeats, in characters.
const SHOWN_CHARS_MAX: usize = 300;

/// What the server holds at one address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its version, with quotes.
    pub etag: String,
    /// Its text, as the server gives it.
    pub body: String,
}

/// A collection's resources by href, the path as the server spells it.
pub type Listing = BTreeMap<String, Resource>;

/// A person's view of a server.
#[derive(Clone)]
pub struct Dav {
    client: reqwest::Client,
    base: Url,
    user: User,
    /// Headers that go along with every request.
    always: Vec<(&'static str, &'static str)>,
}

impl Dav {
    /// The view of the usual owner.
    pub fn new(server: &Server) -> Outcome<Self> {
        Self::of(server, ALICE)
    }

    /// The view of `user`.
    pub fn of(server: &Server, user: User) -> Outcome<Self> {
        // A second call finds the provider installed, and that one does.
        drop(rustls::crypto::ring::default_provider().install_default());
        // Radicale closes each connection; a kept one would now and then be closed under a request.
        let client = reqwest::Client::builder()
            .no_proxy()
            .pool_max_idle_per_host(0)
            .timeout(EXCHANGE_WITHIN)
            .build()?;
        let always = if server.kind() == Kind::Sabre { vec![(ONLOOKER, "1")] } else { Vec::new() };
        Ok(Self { client, base: server.url(), user, always })
    }

    /// Makes a calendar at `path`. Every path here may also be a whole URL.
    pub async fn mkcalendar(&self, path: &str, displayname: &str) -> Outcome<()> {
        let body = format!(
            r#"<?xml version="1.0" encoding="utf-8"?>
<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>
<d:displayname>{}</d:displayname>
<c:supported-calendar-component-set><c:comp name="VEVENT"/></c:supported-calendar-component-set>
</d:prop></d:set></c:mkcalendar>"#,
            escape(displayname)
        );
        self.send("MKCALENDAR", path, &[], Some(("application/xml", body))).await?;
        Ok(())
    }

    /// Writes `ics` at `path`, whatever is there; the etag.
    pub async fn put_ics(&self, path: &str, ics: &str) -> Outcome<Option<String>> {
        let body = Some(("text/calendar; charset=utf-8", ics.to_owned()));
        let response = self.send("PUT", path, &[], body).await?;
        Ok(etag_of(&response))
    }

    /// What is at `path`; `None` when nothing is there.
    pub async fn get(&self, path: &str) -> Outcome<Option<Resource>> {
        let response = self.request("GET", path, &[], None).await?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        let response = good("GET", path, response).await?;
        let etag = etag_of(&response).ok_or_else(|| Failure::new(format!("{path} has no etag")))?;
        Ok(Some(Resource { etag, body: response.text().await? }))
    }

    /// Deletes what is at `path`.
    pub async fn delete(&self, path: &str) -> Outcome<()> {
        self.send("DELETE", path, &[], None).await?;
        Ok(())
    }

    /// Everything in `collection`: the etags by PROPFIND, the texts by one multiget.
    pub async fn list(&self, collection: &str) -> Outcome<Listing> {
        let etags = self.etags(collection).await?;
        if etags.is_empty() {
            return Ok(Listing::new());
        }
        let hrefs: String = etags.keys().map(|href| format!("<d:href>{}</d:href>", escape(href))).collect();
        let body = format!(
            r#"<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>
<d:getetag/><c:calendar-data/></d:prop>{hrefs}</c:calendar-multiget>"#
        );
        let response =
            self.send("REPORT", collection, &[("depth", "0")], Some(("application/xml", body))).await?;
        let text = response.text().await?;
        let found: Listing = responses(&text)?
            .into_iter()
            .filter_map(|(href, values)| {
                let etag = values.get("getetag")?.clone();
                Some((href, Resource { etag, body: values.get("calendar-data")?.clone() }))
            })
            .collect();
        // One that came or changed between the two requests would make a test see half a state.
        let same = found.len() == etags.len() && found.iter().all(|(href, it)| etags[href] == it.etag);
        if same { Ok(found) } else { Err(Failure::new(format!("{collection} changed while it was read"))) }
    }

    /// The etag of everything in `collection`.
    pub async fn etags(&self, collection: &str) -> Outcome<BTreeMap<String, String>> {
        let text = self.propfind(collection, 1, "<d:getetag/><d:resourcetype/>").await?;
        let members = responses(&text)?.into_iter().filter(|(href, _)| !href.ends_with('/'));
        members
            .map(|(href, mut values)| {
                let etag = values.remove("getetag");
                let etag = etag.ok_or_else(|| Failure::new(format!("{href} has no etag")))?;
                Ok((href, etag))
            })
            .collect()
    }

    /// The answer to a PROPFIND for `properties` (elements with the prefixes `d` and `c`).
    pub async fn propfind(&self, path: &str, depth: u8, properties: &str) -> Outcome<String> {
        let body = format!(
            r#"<d:propfind xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:prop>{properties}</d:prop></d:propfind>"#
        );
        let depth = depth.to_string();
        let headers = [("depth", depth.as_str())];
        Ok(self.send("PROPFIND", path, &headers, Some(("application/xml", body))).await?.text().await?)
    }

    async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<(&str, String)>,
    ) -> Outcome<Response> {
        good(method, path, self.request(method, path, headers, body).await?).await
    }

    async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&'static str, &str)],
        body: Option<(&str, String)>,
    ) -> Outcome<Response> {
        let method = Method::from_bytes(method.as_bytes())?;
        let mut request = self.client.request(method, self.base.join(path)?);
        request = request.basic_auth(self.user.name, Some(self.user.password));
        for (name, value) in self.always.iter().chain(headers) {
            request = request.header(HeaderName::from_static(name), *value);
        }
        if let Some((kind, body)) = body {
            request = request.header(CONTENT_TYPE, kind).body(body);
        }
        Ok(request.send().await?)
    }
}

fn etag_of(response: &Response) -> Option<String> {
    response.headers().get(ETAG).and_then(|etag| etag.to_str().ok()).map(str::to_owned)
}

async fn good(method: &str, path: &str, response: Response) -> Outcome<Response> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let text: String = response.text().await?.chars().take(SHOWN_CHARS_MAX).collect();
    Err(Failure::new(format!("{method} {path} answered {status}: {text}")))
}

/// Every `response` of a multistatus: its href and the texts of its good properties, by local name.
fn responses(text: &str) -> Outcome<Vec<(String, BTreeMap<String, String>)>> {
    let document = Document::parse(text)?;
    let all = document.descendants().filter(|node| node.has_tag_name(("DAV:", "response")));
    all.map(|response| {
        let href = child(response, "href").and_then(|node| node.text());
        let href = href.ok_or_else(|| Failure::new("a response without href"))?;
        let stats = response.children().filter(|node| node.has_tag_name(("DAV:", "propstat")));
        let good = stats.filter(|stat| {
            child(*stat, "status").and_then(|node| node.text()).is_some_and(|status| status.contains(" 200"))
        });
        let properties = good.filter_map(|stat| child(stat, "prop")).flat_map(|prop| prop.children());
        let values = properties
            .filter(Node::is_element)
            .map(|node| (node.tag_name().name().to_owned(), node.text().unwrap_or_default().to_owned()));
        Ok((href.trim().to_owned(), values.collect()))
    })
    .collect()
}

fn child<'a, 'b>(node: Node<'a, 'b>, name: &str) -> Option<Node<'a, 'b>> {
    node.children().find(|child| child.has_tag_name(("DAV:", name)))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
