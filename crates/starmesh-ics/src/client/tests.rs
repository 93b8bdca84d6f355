//! A feed read again and again, on a scripted server.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeZone as _, Utc};
use starmesh_core::event::ItemProblem;
use starmesh_http::{HttpError, Request, Response, Transport};
use starmesh_provider::env::SystemClock;
use starmesh_provider::{Changed, Coverage};

use super::*;
use crate::connection::FeedSignIn;

const ETAG_ONE: [(&str, &str); 1] = [("etag", "\"1\"")];

/// Answers in order and keeps what it was asked.
struct Script {
    answers: Mutex<VecDeque<Response>>,
    asked: Mutex<Vec<Request>>,
}

#[async_trait]
impl Transport for Script {
    async fn send(&self, request: Request) -> Result<Response, HttpError> {
        self.asked.lock().unwrap().push(request);
        Ok(self.answers.lock().unwrap().pop_front().expect("the script has an answer"))
    }
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let mut response = http::Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(body.as_bytes().to_vec()).unwrap()
}

fn feed(uids: &[&str]) -> String {
    let event =
        |uid: &&str| format!("BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART:20261201T100000Z\r\nEND:VEVENT\r\n");
    let events: String = uids.iter().map(event).collect();
    format!("BEGIN:VCALENDAR\r\nX-WR-CALNAME:Club\r\nX-WR-TIMEZONE:Europe/Rome\r\n{events}END:VCALENDAR\r\n")
}

fn provider_of(sign_in: Option<FeedSignIn>, answers: Vec<Response>) -> (FeedProvider, Arc<Script>) {
    let script = Arc::new(Script { answers: Mutex::new(answers.into()), asked: Mutex::default() });
    let address = FeedAddress::parse("https://example.org/s3cret.ics").unwrap();
    let name = address.lasting_name();
    let network =
        FeedNetwork { http: Arc::clone(&script) as Arc<dyn Transport>, clock: Arc::new(SystemClock) };
    (FeedProvider::new(&FeedAccount { address, sign_in }, name, &network), script)
}

fn provider(answers: Vec<Response>) -> (FeedProvider, Arc<Script>) {
    provider_of(None, answers)
}

fn window() -> Window {
    let now: DateTime<Utc> = Utc.with_ymd_and_hms(2026, 11, 22, 9, 0, 0).unwrap();
    Window::around(now, Window::DAYS_DEFAULT)
}

async fn read(provider: &FeedProvider, cursor: Option<&Cursor>) -> Result<ChangeSet> {
    provider.changes_since(&provider.name, cursor, &window()).await
}

fn ids(changes: &ChangeSet) -> Vec<String> {
    let id = |changed: &Changed| match changed {
        Changed::Read(item) => item.remote_id.to_string(),
        other => panic!("a feed hands over whole items, not {other:?}"),
    };
    changes.changed.iter().map(id).collect()
}

#[tokio::test]
async fn each_read_lists_all_of_the_file_or_says_that_it_is_the_same() {
    let (provider, script) = provider(vec![
        answer(200, &ETAG_ONE, &feed(&["a", "b"])),
        answer(304, &[], ""),
        answer(200, &[("etag", "\"2\"")], &feed(&["b"])),
    ]);
    let first = read(&provider, None).await.unwrap();
    assert_eq!(
        (ids(&first), first.complete, first.coverage),
        (vec!["a".to_owned(), "b".to_owned()], true, Coverage::Everything)
    );
    let second = read(&provider, first.cursor.as_ref()).await.unwrap();
    assert_eq!((ids(&second), second.complete), (Vec::new(), false));
    assert_eq!(second.cursor, first.cursor);
    let third = read(&provider, second.cursor.as_ref()).await.unwrap();
    assert_eq!((ids(&third), third.complete, third.removed.len()), (vec!["b".to_owned()], true, 0));
    let asked = script.asked.lock().unwrap();
    let conditions: Vec<bool> =
        asked.iter().map(|request| request.headers().contains_key("if-none-match")).collect();
    assert_eq!(conditions, [false, true, true]);
    assert!(asked.iter().all(|request| !request.headers().contains_key("authorization")));
}

#[tokio::test]
async fn a_file_without_validators_is_read_again_and_again() {
    let (provider, script) = provider(vec![answer(200, &[], &feed(&["a"])), answer(200, &[], &feed(&["a"]))]);
    let first = read(&provider, None).await.unwrap();
    let second = read(&provider, first.cursor.as_ref()).await.unwrap();
    assert_eq!((ids(&second), second.complete), (vec!["a".to_owned()], true));
    assert_eq!(script.asked.lock().unwrap()[1].headers().len(), 1);
}

#[tokio::test]
async fn what_is_no_whole_file_is_an_error_and_never_a_short_list() {
    let whole = feed(&["a", "b"]);
    for body in ["", "no calendar", &whole[..whole.len() - 5], &whole[..whole.len() / 2]] {
        let (provider, _script) = provider(vec![answer(200, &[], body)]);
        let error = read(&provider, None).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidData, "{body}");
        assert!(error.message.starts_with("example.org answered with "), "{error}");
    }
}

#[tokio::test]
async fn a_broken_event_is_an_item_with_a_problem() {
    let broken = feed(&["a", "b"]).replacen("DTSTART:20261201T100000Z", "SUMMARY:s3cret", 1);
    let (provider, _script) = provider(vec![answer(200, &[], &broken)]);
    let changes = read(&provider, None).await.unwrap();
    let problems = changes.changed.iter().map(|changed| match changed {
        Changed::Read(item) => item.problem,
        other => panic!("{other:?}"),
    });
    assert_eq!(problems.collect::<Vec<_>>(), [Some(ItemProblem::NoStart), None]);
}

#[tokio::test]
async fn a_feed_that_is_gone_has_no_home_that_could_confirm_it() {
    for status in [404, 410] {
        let (provider, _script) = provider(vec![answer(status, &[], ""), answer(status, &[], "")]);
        assert_eq!(read(&provider, None).await.unwrap_err().kind, ErrorKind::CalendarGone);
        assert_eq!(provider.list_calendars().await.unwrap_err().kind, ErrorKind::Gone);
    }
}

#[tokio::test]
async fn a_cursor_of_something_else_is_dead() {
    let (provider, script) = provider(vec![]);
    for cursor in ["sync:1", "feed:", "feed:{"] {
        let error = read(&provider, Some(&Cursor(cursor.to_owned()))).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::TokenExpired, "{cursor}");
    }
    assert!(script.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn the_one_calendar_is_called_by_the_file_and_can_only_be_read() {
    let (provider, _script) = provider(vec![answer(200, &[], &feed(&[]))]);
    let listed = provider.list_calendars().await.unwrap();
    let [calendar] = listed.as_slice() else { panic!("one calendar") };
    assert_eq!((calendar.display_name.as_str(), calendar.zone.as_deref()), ("Club", Some("Europe/Rome")));
    assert!(calendar.read_only && calendar.hides_marks && !calendar.name.as_str().contains("s3cret"));
    let error = provider.changes_since(&LastingName::new("other"), None, &window()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
}

#[tokio::test]
async fn items_are_fetched_out_of_the_file_as_it_is_now() {
    let (provider, _script) = provider(vec![answer(200, &[], &feed(&["a"]))]);
    let ids = ["gone", "a"].map(RemoteId::new);
    let fetched = provider.fetch(&provider.name, &ids).await.unwrap();
    assert!(
        matches!(&fetched[..], [Fetched::Missing(gone), Fetched::Found(found)] if gone.as_str() == "gone" && found.remote_id.as_str() == "a")
    );
}

#[tokio::test]
async fn a_name_and_a_password_are_sent_where_they_were_given() {
    let sign_in = FeedSignIn { user: "ada".to_owned(), password: "pw".to_owned().into() };
    let (provider, script) = provider_of(Some(sign_in), vec![answer(401, &[], "")]);
    assert_eq!(read(&provider, None).await.unwrap_err().kind, ErrorKind::NeedsSignIn);
    assert_eq!(script.asked.lock().unwrap()[0].headers()["authorization"], "Basic YWRhOnB3");
}

#[tokio::test]
async fn a_feed_is_left_alone_for_as_long_as_it_asks_within_bounds_even_where_it_was_known() {
    let feed =
        |ttl: &str| feed(&["a"]).replace("X-WR-CALNAME", &format!("X-PUBLISHED-TTL:{ttl}\r\nX-WR-CALNAME"));
    let hour = Duration::from_hours(1);
    for (ttl, rest) in
        [("PT1H", Some(hour)), ("PT5S", Some(hour / 60)), ("P52W", Some(24 * hour)), ("often", None)]
    {
        let (provider, _) = provider(vec![answer(200, &ETAG_ONE, &feed(ttl)), answer(304, &[], "")]);
        let first = read(&provider, None).await.unwrap().cursor.unwrap();
        assert_eq!(provider.rest_after(&first), rest, "{ttl}");
        let second = read(&provider, Some(&first)).await.unwrap().cursor.unwrap();
        assert_eq!(provider.rest_after(&second), rest, "{ttl}");
    }
    let before = Cursor("feed:{\"etag\":\"1\"}".to_owned());
    let (provider, script) = provider(vec![answer(304, &[], "")]);
    assert_eq!(provider.rest_after(&before), None, "a cursor of an older version");
    assert!(read(&provider, Some(&before)).await.is_ok());
    assert_eq!(script.asked.lock().unwrap()[0].headers()["if-none-match"], "1");
}
