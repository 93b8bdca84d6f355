//! Scenes: requests as clients make them, and what is answered under each habit.

mod change_reports;
mod discovery;
mod faults;
mod queries;
mod scheduling;
mod versions;
mod worlds;
mod writes;

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, Request};
use roxmltree::Document;
use tower::ServiceExt as _;

use super::met::COUNTABLE;
use super::{CaldavOptions, CaldavSim, Switches};
use crate::web::{Cut, SimClock};

const ADA: &str = "ada@example.test";
const BOB: &str = "bob@example.test";
const TOKEN: &str = "adas-token";
const HOME: &str = "/calendars/ada@example.test/";
const WORK: &str = "/calendars/ada@example.test/work/";
const CLUB: &str = "/calendars/ada@example.test/club/";
const ALL: &str = "<d:sync-token/>";

/// Ada with two calendars, Bob with one.
struct Scene {
    sim: CaldavSim,
}

/// An answer.
struct Got {
    status: u16,
    cut: bool,
    headers: HeaderMap,
    text: String,
}

impl Got {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// Each row of a multistatus: its href and the status of the row itself, 200 where only properties have one.
    fn rows(&self) -> Vec<(String, u16)> {
        assert_eq!(self.status, 207, "{}", self.text);
        let document = Document::parse(&self.text).unwrap();
        let rows = document.root_element().children().filter(|node| node.has_tag_name(("DAV:", "response")));
        rows.map(|row| {
            let text = |name: &str| {
                row.children().find(|node| node.has_tag_name(("DAV:", name))).and_then(|node| node.text())
            };
            let status = text("status").map_or(200, |line| line.split(' ').nth(1).unwrap().parse().unwrap());
            (text("href").unwrap().to_owned(), status)
        })
        .collect()
    }

    /// The file names of rows with status 200.
    fn files(&self) -> BTreeSet<String> {
        let good = self.rows().into_iter().filter(|(_, status)| *status == 200);
        good.map(|(href, _)| href.rsplit('/').next().unwrap().to_owned()).collect()
    }

    /// The text of the first element of that name; `None` without one, or without a document.
    fn value(&self, name: &str) -> Option<String> {
        let document = Document::parse(&self.text).ok()?;
        let found = document.descendants().find(|node| node.tag_name().name() == name)?;
        Some(found.text().unwrap_or_default().to_owned())
    }
}

impl Scene {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut Switches)) -> Self {
        let mut switches = Switches::default();
        change(&mut switches);
        let clock = SimClock::fixed(at("2026-11-23T12:00:00Z"));
        let sim = CaldavSim::new(CaldavOptions { clock, switches, ..CaldavOptions::default() });
        sim.add_user(ADA, "secret");
        sim.add_user(BOB, "other");
        sim.accept_token(TOKEN, ADA);
        sim.add_calendar(ADA, "work", "Work").unwrap();
        sim.add_calendar(ADA, "club", "Club").unwrap();
        sim.add_calendar(BOB, "team", "Team").unwrap();
        Self { sim }
    }

    async fn send(&self, request: Request<Body>) -> Got {
        let response = self.sim.router().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Got {
            status: parts.status.as_u16(),
            cut: parts.extensions.get::<Cut>().is_some(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Got {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "dav.example.test")
            .header("authorization", format!("Bearer {TOKEN}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Body::from(body.to_owned())).unwrap()).await
    }

    async fn put(&self, path: &str, headers: &[(&str, &str)], text: &str) -> Got {
        self.ask("PUT", path, headers, text).await
    }

    async fn get(&self, path: &str) -> Got {
        self.ask("GET", path, &[], "").await
    }

    async fn propfind(&self, path: &str, depth: &str, properties: &str) -> Got {
        let body = format!("<d:propfind {NAMESPACES}><d:prop>{properties}</d:prop></d:propfind>");
        self.ask("PROPFIND", path, &[("depth", depth)], &body).await
    }

    async fn report(&self, path: &str, name: &str, inner: &str) -> Got {
        let body = format!("<{name} {NAMESPACES}><d:prop><d:getetag/></d:prop>{inner}</{name}>");
        self.ask("REPORT", path, &[("depth", "0")], &body).await
    }

    /// Changes since a token.
    async fn changes(&self, token: &str) -> Got {
        let token = format!("<d:sync-token>{token}</d:sync-token><d:sync-level>1</d:sync-level>");
        self.report(WORK, "d:sync-collection", &token).await
    }

    /// The token after everything so far.
    async fn token(&self) -> String {
        let listed = self.report(WORK, "d:sync-collection", ALL).await;
        listed.value("sync-token").unwrap()
    }

    /// Stores an event by hand.
    fn book(&self, uid: &str) -> String {
        self.sim.put_object(WORK, &event(uid, "")).unwrap()
    }

    fn wait(&self, seconds: i64) {
        self.sim.clock().advance(TimeDelta::seconds(seconds));
    }

    #[track_caller]
    fn met(&self, name: &str) {
        assert!(COUNTABLE.contains(&name), "{name}");
        assert!(self.sim.met().contains_key(name), "{name} is not among {:?}", self.sim.met());
    }
}

const NAMESPACES: &str = "xmlns:d=\"DAV:\" xmlns:c=\"urn:ietf:params:xml:ns:caldav\" \
                          xmlns:s=\"http://calendarserver.org/ns/\"";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// An event of an hour on 24 November, with further lines.
fn event(uid: &str, lines: &str) -> String {
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//EN\r\nBEGIN:VEVENT\r\nUID:{uid}\r\n\
         DTSTAMP:20261123T120000Z\r\nDTSTART:20261124T100000Z\r\nDTEND:20261124T110000Z\r\n{lines}\
         END:VEVENT\r\nEND:VCALENDAR\r\n"
    )
}

#[test]
fn the_list_of_counts_is_in_order_and_names_each_once() {
    assert!(COUNTABLE.is_sorted_by(|one, next| one < next));
}
