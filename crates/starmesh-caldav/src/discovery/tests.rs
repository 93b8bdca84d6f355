//! Discovery on a scripted server.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use starmesh_http::{HttpError, Request, Transport};
use starmesh_provider::env::SystemClock;

use super::*;
use crate::connection::CaldavSecret;

/// A server that gives one answer for each URL and 404 for all others.
#[derive(Default)]
struct Server {
    answers: HashMap<String, (u16, String, Option<String>)>,
    asked: Mutex<Vec<String>>,
}

impl Server {
    fn with(mut self, url: &str, body: &str) -> Self {
        let body = format!(
            "<d:multistatus xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\"><d:response><d:href>/</d:href>\
             <d:propstat><d:prop>{body}</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>"
        );
        self.answers.insert(url.to_owned(), (207, body, None));
        self
    }

    fn answering(mut self, url: &str, status: u16, body: &str) -> Self {
        self.answers.insert(url.to_owned(), (status, body.to_owned(), None));
        self
    }

    fn redirecting(mut self, url: &str, to: &str) -> Self {
        self.answers.insert(url.to_owned(), (301, String::new(), Some(to.to_owned())));
        self
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request) -> std::result::Result<Response, HttpError> {
        let url = request.uri().to_string();
        self.asked.lock().unwrap().push(url.clone());
        let (status, body, location) = self.answers.get(&url).cloned().unwrap_or((404, String::new(), None));
        let mut response = http::Response::builder().status(status);
        if let Some(location) = location {
            response = response.header("location", location);
        }
        Ok(response.body(body.into_bytes()).unwrap())
    }
}

async fn found_at(server: Server, url: &str) -> Result<Discovered> {
    let account = CaldavAccount {
        entry: Entry::parse(url).unwrap(),
        user: "ada@example.org".to_owned(),
        secret: CaldavSecret::Password("pw".to_owned().into()),
    };
    let network = CaldavNetwork { http: Arc::new(server), clock: Arc::new(SystemClock) };
    discover(&account, &network).await
}

const PRINCIPAL: &str = "<d:current-user-principal><d:href>/p/ada/</d:href></d:current-user-principal>";
const COLLECTION: &str = "<d:resourcetype><d:collection/></d:resourcetype>";
const CALENDAR: &str = "<d:resourcetype><d:collection/><c:calendar/></d:resourcetype>";

fn home(hrefs: &str) -> String {
    format!("<c:calendar-home-set>{hrefs}</c:calendar-home-set>")
}

fn urls(urls: &[Url]) -> Vec<&str> {
    urls.iter().map(Url::as_str).collect()
}

#[tokio::test]
async fn the_url_itself_may_name_the_principal() {
    let server = Server::default().with("https://dav.example.org/x/", PRINCIPAL).with(
        "https://dav.example.org/p/ada/",
        &home("<d:href>/cal/ada%40x</d:href><d:href>https://p7.example.org/2/</d:href>"),
    );
    let found = found_at(server, "https://dav.example.org/x/").await.unwrap();
    assert_eq!(urls(&found.homes), ["https://dav.example.org/cal/ada@x/", "https://p7.example.org/2/"]);
    assert_eq!(found.principal.as_ref().map(Url::as_str), Some("https://dav.example.org/p/ada/"));
    assert_eq!(found.addresses, ["ada@example.org"], "a user name that is an address is one of the owner's");
    assert!(found.calendars.is_empty());
}

#[tokio::test]
async fn the_well_known_place_is_followed_where_it_leads() {
    let server = Server::default()
        .answering("https://example.org/", 405, "")
        .redirecting("https://example.org/.well-known/caldav", "https://dav.example.org/dav/")
        .with("https://dav.example.org/dav/", PRINCIPAL)
        .with("https://dav.example.org/p/ada/", &home("<d:href>/cal/</d:href>"));
    let found = found_at(server, "example.org").await.unwrap();
    assert_eq!(urls(&found.homes), ["https://dav.example.org/cal/"]);
    assert_eq!(found.server.as_str(), "https://example.org/");
}

#[tokio::test]
async fn a_server_without_principals_is_taken_at_the_given_url() {
    let server = Server::default().with("https://nas.example.org/ada/", COLLECTION);
    let found = found_at(server, "https://nas.example.org/ada").await;
    assert!(found.is_err(), "another path is another place");
    let server = Server::default().with("https://nas.example.org/ada", COLLECTION);
    let found = found_at(server, "https://nas.example.org/ada").await.unwrap();
    assert_eq!((urls(&found.homes), urls(&found.calendars)), (vec!["https://nas.example.org/ada/"], vec![]));
    let server = Server::default().with("https://nas.example.org/ada/cal/", CALENDAR);
    let found = found_at(server, "https://nas.example.org/ada/cal/").await.unwrap();
    assert_eq!(
        (urls(&found.homes), urls(&found.calendars)),
        (vec![], vec!["https://nas.example.org/ada/cal/"])
    );
}

#[tokio::test]
async fn a_calendar_of_somebody_else_is_kept_beside_the_homes() {
    let at = |url: &'static str| async move {
        let server = Server::default()
            .with(url, &format!("{PRINCIPAL}{CALENDAR}"))
            .with("https://example.org/p/ada/", &home("<d:href>/cal/ada/</d:href>"));
        found_at(server, url).await.unwrap()
    };
    assert_eq!(
        urls(&at("https://example.org/cal/bob/work/").await.calendars),
        ["https://example.org/cal/bob/work/"]
    );
    assert_eq!(urls(&at("https://example.org/cal/ada/work/").await.calendars), Vec::<&str>::new());
}

#[tokio::test]
async fn failures_are_told_apart() {
    let wrong_password = Server::default().answering("https://example.org/", 401, "");
    assert_eq!(
        found_at(wrong_password, "https://example.org/").await.unwrap_err().kind,
        ErrorKind::NeedsSignIn
    );
    let nothing = found_at(Server::default(), "https://example.org/").await.unwrap_err();
    assert_eq!(nothing.kind, ErrorKind::Refused);
    let page = Server::default().answering("https://example.org/", 200, "<!DOCTYPE html><html></html>");
    let page = found_at(page, "https://example.org/").await.unwrap_err();
    assert_eq!(page.kind, ErrorKind::InvalidData);
    assert!(page.message.contains("web page"), "{page}");
    let bomb = "<!DOCTYPE a [<!ENTITY b \"b\">]><a>&b;</a>";
    let bomb =
        found_at(Server::default().answering("https://example.org/", 207, bomb), "https://example.org/")
            .await;
    assert_eq!(bomb.unwrap_err().kind, ErrorKind::InvalidData);
    let trouble = Server::default().answering("https://example.org/", 502, "");
    assert_eq!(found_at(trouble, "https://example.org/").await.unwrap_err().kind, ErrorKind::Offline);
    let clear = found_at(Server::default(), "http://example.org/").await.unwrap_err();
    assert!(clear.message.contains("https"), "{clear}");
}

#[test]
fn a_server_named_by_the_dns_is_trusted_inside_its_domain_only() {
    let server = |host: &str| https(host, Some(443), "/dav/").unwrap();
    let own = same_site_only("example.org", vec![server("evil.net"), server("dav.example.org")]).unwrap();
    assert_eq!(urls(&own), ["https://dav.example.org/dav/"]);
    let foreign = same_site_only("example.org", vec![server("dav.provider.net")]).unwrap_err();
    assert!(foreign.message.contains("dav.provider.net"), "{foreign}");
}
