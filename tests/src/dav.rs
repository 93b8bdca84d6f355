//! A small CalDAV client to look at a server from outside. Shares nothing with the adapter.

use std::collections::BTreeMap;

use reqwest::{Client, Method, Response, StatusCode};
use roxmltree::Document;
use url::Url;

use crate::servers::{PASSWORD, USER};

/// The client. Every method panics when the server does not do as asked: then there is nothing to test.
#[derive(Clone)]
pub struct Dav {
    client: Client,
}

/// A resource as it is stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its etag, with quotes.
    pub etag: String,
    /// Its text, byte by byte.
    pub body: String,
}

impl Default for Dav {
    fn default() -> Self {
        Self::new()
    }
}

impl Dav {
    /// A client for the user of the tests.
    ///
    /// # Panics
    ///
    /// When there is no client to be had.
    pub fn new() -> Self {
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { client: Client::builder().no_proxy().build().expect("a plain client can be built") }
    }

    /// Makes a calendar at `url`, called `name`.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn mkcalendar(&self, url: &Url, name: &str) {
        let body = format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?><C:mkcalendar xmlns:D=\"DAV:\" \
             xmlns:C=\"urn:ietf:params:xml:ns:caldav\"><D:set><D:prop><D:displayname>{name}</D:displayname>\
             <C:supported-calendar-component-set><C:comp name=\"VEVENT\"/></C:supported-calendar-component-set>\
             </D:prop></D:set></C:mkcalendar>"
        );
        let answer = self.request("MKCALENDAR", url, &[("content-type", "application/xml")], body).await;
        assert!(answer.status().is_success(), "MKCALENDAR: {}", answer.status());
    }

    /// Stores `body` at `url`, over what is there, and gives the etag.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn put(&self, url: &Url, body: &str) -> String {
        let headers = [("content-type", "text/calendar; charset=utf-8")];
        let answer = self.request("PUT", url, &headers, body.to_owned()).await;
        let status = answer.status();
        assert!(status.is_success(), "PUT: {status} {}", answer.text().await.unwrap_or_default());
        self.get(url).await.expect("what was stored is there").etag
    }

    /// What is stored at `url`.
    ///
    /// # Panics
    ///
    /// When the server answers neither with it nor with 404.
    pub async fn get(&self, url: &Url) -> Option<Stored> {
        let answer = self.request("GET", url, &[], String::new()).await;
        if answer.status() == StatusCode::NOT_FOUND {
            return None;
        }
        assert!(answer.status().is_success(), "GET: {}", answer.status());
        let etag =
            answer.headers().get("etag").and_then(|etag| etag.to_str().ok()).unwrap_or_default().to_owned();
        Some(Stored { etag, body: answer.text().await.expect("a stored text is a text") })
    }

    /// Removes what is stored at `url`: a resource or a whole calendar.
    ///
    /// # Panics
    ///
    /// When the server refuses.
    pub async fn delete(&self, url: &Url) {
        let answer = self.request("DELETE", url, &[], String::new()).await;
        assert!(answer.status().is_success(), "DELETE: {}", answer.status());
    }

    /// Everything in the calendar at `url`, by path.
    ///
    /// # Panics
    ///
    /// When the server does not list it.
    pub async fn list(&self, url: &Url) -> BTreeMap<String, Stored> {
        let body = "<?xml version=\"1.0\"?><propfind xmlns=\"DAV:\"><prop><getetag/></prop></propfind>";
        let headers = [("depth", "1"), ("content-type", "application/xml")];
        let answer = self.request("PROPFIND", url, &headers, body.to_owned()).await;
        assert_eq!(answer.status(), StatusCode::MULTI_STATUS, "PROPFIND");
        let text = answer.text().await.expect("an XML text");
        let mut stored = BTreeMap::new();
        for path in hrefs(&text) {
            let member = url.join(&path).expect("an href of the server");
            if !member.path().ends_with('/') {
                let resource = self.get(&member).await.expect("what is listed is there");
                stored.insert(member.path().to_owned(), resource);
            }
        }
        stored
    }

    async fn request(&self, method: &str, url: &Url, headers: &[(&str, &str)], body: String) -> Response {
        let method = Method::from_bytes(method.as_bytes()).expect("a method");
        let mut request = self.client.request(method, url.clone()).basic_auth(USER, Some(PASSWORD));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body).send().await.expect("the server answers")
    }
}

fn hrefs(text: &str) -> Vec<String> {
    let document = Document::parse(text).expect("well-formed XML");
    let hrefs = document.descendants().filter(|node| {
        node.has_tag_name(("DAV:", "href"))
            && node.parent().is_some_and(|parent| parent.has_tag_name(("DAV:", "response")))
    });
    hrefs.filter_map(|node| node.text()).map(|text| text.trim().to_owned()).collect()
}
