//! Reading, on a scripted Google.

use serde_json::{Value, json};
use starmesh_core::mirror::{Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::recurrence::expand;
use starmesh_core::zone::Zone;

use starmesh_core::event::{ItemProblem, SourceItem};
use starmesh_core::time::TimeRange;

use super::*;
use crate::script::{Script, calendar, error, listed, mirror, mirror_of, noon, stored, window};

fn event(id: &str, start: &str) -> Value {
    json!({
        "id": id, "iCalUID": format!("{id}@google.com"), "etag": "\"1\"", "status": "confirmed",
        "start": {"dateTime": start}, "end": {"dateTime": start},
    })
}

fn instance(series: &str, original: &str, start: &str) -> Value {
    let stamp = original.replace(['-', ':'], "");
    let mut row = event(&format!("{series}_{stamp}"), start);
    row["recurringEventId"] = series.into();
    row["iCalUID"] = format!("{series}@google.com").into();
    row["originalStartTime"] = json!({"dateTime": original});
    row
}

fn page(items: &[Value]) -> Value {
    json!({"kind": "calendar#events", "items": items, "nextSyncToken": "t1"})
}

fn cursor() -> Cursor {
    Listed::for_window(&window(), noon()).cursor(Some("t0"))
}

async fn read(script: &Script, cursor: Option<&Cursor>) -> Result<ChangeSet> {
    script.client().changes_since_for_test(cursor).await
}

impl GoogleClient {
    async fn changes_since_for_test(&self, cursor: Option<&Cursor>) -> Result<ChangeSet> {
        self.read_changes(&calendar(), cursor, &window()).await
    }
}

fn items(changes: &ChangeSet) -> Vec<&SourceItem> {
    let item = |changed: &'_ Changed| -> Option<SourceItem> {
        match changed {
            Changed::Read(item) => Some(item.clone()),
            _ => None,
        }
    };
    assert!(changes.changed.iter().all(|changed| item(changed).is_some()), "all is handed over whole");
    changes
        .changed
        .iter()
        .filter_map(|changed| match changed {
            Changed::Read(item) => Some(item),
            _ => None,
        })
        .collect()
}

fn ids(changes: &ChangeSet) -> Vec<&str> {
    let mut ids: Vec<_> = items(changes).into_iter().map(|item| item.remote_id.as_str()).collect();
    ids.sort_unstable();
    ids
}

fn removed(changes: &ChangeSet) -> Vec<&str> {
    changes.removed.iter().map(RemoteId::as_str).collect()
}

fn originals(item: &SourceItem) -> Vec<String> {
    let found = expand(&item.events[0].recurrence, &window().range, &Zone::Utc).unwrap();
    found.into_iter().map(|occurrence| occurrence.original_start.0).collect()
}

#[tokio::test]
async fn a_listing_is_whole_in_its_range_with_every_series_as_one_item() {
    let script = Script::default()
        .json(200, json!({"items": [event("a", "2026-12-01T10:00:00Z"), instance("s", "2026-12-02T10:00:00Z", "2026-12-02T10:00:00Z")], "nextPageToken": "p2"}))
        .json(200, json!({"nextPageToken": "p3"}))
        .json(200, page(&[instance("s", "2026-12-09T10:00:00Z", "2026-12-10T10:00:00Z"), json!({"id": "b", "status": "cancelled"})]));
    let changes = read(&script, None).await.unwrap();
    assert_eq!(ids(&changes), ["a", "s"]);
    assert!(changes.complete && !changes.more && changes.removed.is_empty());
    let series = items(&changes).into_iter().find(|item| item.remote_id.as_str() == "s").unwrap().clone();
    assert_eq!(originals(&series), ["20261202T100000Z", "20261209T100000Z"]);
    let range = TimeRange { lo: window().range.lo, hi: window().range.hi + TimeDelta::days(14) };
    assert_eq!(changes.coverage, Coverage::Range(range));
    assert_eq!(changes.cursor, Some(Listed { range, at: noon() }.cursor(Some("t1"))));
    let asked = script.asked();
    assert_eq!(asked.len(), 3);
    assert!(
        asked[0].contains("timeMin=2026-11-21T00%3A00%3A00Z"),
        "a day more for calendars far from UTC: {asked:?}"
    );
    assert!(asked[1].contains("pageToken=p2") && asked[2].contains("pageToken=p3"), "{asked:?}");
}

#[tokio::test]
async fn without_a_token_the_next_read_is_a_listing_again() {
    let script = Script::default()
        .json(200, json!({"items": []}))
        .json(200, page(&[event("a", "2026-12-01T10:00:00Z")]));
    let first = read(&script, None).await.unwrap();
    let second = read(&script, first.cursor.as_ref()).await.unwrap();
    assert!(second.complete && ids(&second) == ["a"]);
    assert!(script.asked()[1].contains("timeMin="));
}

#[tokio::test]
async fn changes_tell_what_came_moved_and_went() {
    let rows = [
        event("comes", "2026-12-01T10:00:00Z"),
        event("moves-in", "2027-06-04T10:00:00Z"),
        event("moves-out", "2040-01-01T10:00:00Z"),
        event("moves-back", "2026-01-01T10:00:00Z"),
        json!({"id": "goes", "status": "cancelled"}),
        json!({"id": "goes-with-details", "status": "cancelled", "start": {"dateTime": "2026-12-01T10:00:00Z"}}),
    ];
    let script = Script::default().json(200, page(&rows));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!(
        ids(&changes),
        ["comes", "moves-in"],
        "also what lies in the slack, to be there when it counts"
    );
    assert_eq!(removed(&changes), ["goes", "goes-with-details", "moves-back", "moves-out"]);
    assert!(!changes.complete);
    assert_eq!(changes.cursor, Some(Listed::for_window(&window(), noon()).cursor(Some("t1"))));
    assert!(script.asked()[0].contains("syncToken=t0") && !script.asked()[0].contains("timeMin"));
}

#[tokio::test]
async fn nothing_changed_costs_one_request() {
    let script = Script::default().json(200, json!({"nextSyncToken": "t1"}));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert!(changes.changed.is_empty() && changes.removed.is_empty() && !changes.complete);
    assert_eq!(script.asked().len(), 1);
}

#[tokio::test]
async fn a_series_of_which_a_date_changed_is_read_as_a_set() {
    let far = (0..300)
        .map(|week| instance("s", &format!("20{}-01-01T10:00:00Z", 28 + week % 70), "2040-01-01T10:00:00Z"));
    let mut rows: Vec<Value> = far.collect();
    rows.push(json!({"id": "s_20261202T100000Z", "status": "cancelled", "recurringEventId": "s",
                     "originalStartTime": {"dateTime": "2026-12-02T10:00:00Z"}}));
    let now = [
        instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z"),
        instance("s", "2026-12-16T10:00:00Z", "2026-12-16T10:00:00Z"),
    ];
    let script = Script::default()
        .json(200, page(&rows))
        .json(200, json!({"items": [now[0]], "nextPageToken": "p2"}))
        .json(200, json!({"items": [now[1]]}));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec!["s"], vec![]));
    assert_eq!(originals(items(&changes)[0]), ["20261209T100000Z", "20261216T100000Z"]);
    assert!(script.asked()[1].starts_with("GET /calendar/v3/calendars/ada@example.org/events/s/instances?"));
    assert!(script.asked()[2].contains("pageToken=p2"));
}

#[tokio::test]
async fn a_cancelled_date_that_names_no_series_still_touches_it() {
    let script = Script::default()
        .json(200, page(&[json!({"id": "s_20261202T100000Z", "status": "cancelled"})]))
        .json(200, json!({"items": [instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z")]}));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec!["s"], vec!["s_20261202T100000Z"]));
}

#[tokio::test]
async fn a_series_with_nothing_left_is_gone() {
    let cancelled = |series: &str| json!({"id": format!("{series}_20261202T100000Z"), "status": "cancelled", "recurringEventId": series});
    let script = Script::default()
        .json(200, page(&["a", "b", "c"].map(cancelled)))
        .batch(vec![(404, error("notFound")), (410, error("deleted")), (200, json!({"items": []}))])
        .json(404, error("notFound"))
        .json(200, json!({"id": "b", "status": "cancelled"}));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec![], vec!["a", "b", "c"]));
}

#[tokio::test]
async fn dates_of_a_series_that_is_not_ours_to_see_are_found_by_their_uid() {
    let date = || instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z");
    let script = Script::default()
        .json(200, page(&[date()]))
        .json(404, error("notFound"))
        .json(200, page(&[date(), instance("other", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z")]));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec!["s"], vec![]));
    assert!(script.asked()[2].contains("iCalUID=s%40google.com"), "{:?}", script.asked());
}

#[tokio::test]
async fn a_series_that_became_a_single_event_is_that() {
    let script = Script::default().json(
        200,
        page(&[
            json!({"id": "s_20261209T100000Z", "status": "cancelled", "recurringEventId": "s"}),
            event("s", "2026-12-02T10:00:00Z"),
        ]),
    );
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec!["s"], vec![]));
    assert_eq!(originals(items(&changes)[0]), [""]);
}

#[tokio::test]
async fn a_single_event_that_became_a_series_is_no_removal() {
    let script = Script::default()
        .json(
            200,
            page(&[
                json!({"id": "s", "status": "cancelled"}),
                instance("s", "2026-12-02T10:00:00Z", "2026-12-02T10:00:00Z"),
            ]),
        )
        .json(200, json!({"items": [instance("s", "2026-12-02T10:00:00Z", "2026-12-02T10:00:00Z")]}));
    let changes = read(&script, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec!["s"], vec![]));
}

#[tokio::test]
async fn a_dead_token_is_told_in_every_form() {
    for (status, reason) in
        [(410, "fullSyncRequired"), (410, ""), (410, "updatedMinTooLongAgo"), (400, "invalid")]
    {
        let script = Script::default().json(status, error(reason));
        let kind = read(&script, Some(&cursor())).await.unwrap_err().kind;
        assert_eq!(kind, ErrorKind::TokenExpired, "{status} {reason}");
    }
    let kind = read(&Script::default(), Some(&Cursor("ctag:1".to_owned()))).await.unwrap_err().kind;
    assert_eq!(kind, ErrorKind::TokenExpired, "no cursor of ours");
}

#[tokio::test]
async fn a_calendar_that_is_gone_is_no_dead_token_and_no_empty_list() {
    for cursor in [None, Some(cursor())] {
        let script = Script::default().json(404, error("notFound"));
        assert_eq!(read(&script, cursor.as_ref()).await.unwrap_err().kind, ErrorKind::CalendarGone);
        let script = Script::default().text(200, "<html>Log in</html>");
        assert_eq!(read(&script, cursor.as_ref()).await.unwrap_err().kind, ErrorKind::InvalidData);
        let script =
            Script::default().json(200, json!({"items": [], "nextPageToken": "p2"})).json(503, Value::Null);
        assert_eq!(read(&script, cursor.as_ref()).await.unwrap_err().kind, ErrorKind::Offline);
    }
}

#[tokio::test]
async fn an_old_listing_is_made_anew_instead_of_going_on() {
    let old = Listed { at: noon() - TimeDelta::days(8), ..Listed::for_window(&window(), noon()) };
    let narrow = Listed {
        range: TimeRange { hi: window().range.hi - TimeDelta::days(1), ..window().range },
        at: noon(),
    };
    for listed in [old, narrow] {
        let script = Script::default().json(200, page(&[]));
        let changes = read(&script, Some(&listed.cursor(Some("t0")))).await.unwrap();
        assert!(changes.complete);
        assert_eq!(changes.cursor, Some(cursor_with("t1")));
    }
}

fn cursor_with(token: &str) -> Cursor {
    Listed::for_window(&window(), noon()).cursor(Some(token))
}

#[tokio::test]
async fn a_listing_without_end_is_an_error() {
    let again = |times| {
        (0..times).fold(Script::default(), |script, _| {
            script.json(200, json!({"items": [], "nextPageToken": "p2"}))
        })
    };
    let script = again(REPEATS_MAX + 2);
    assert_eq!(read(&script, None).await.unwrap_err().kind, ErrorKind::InvalidData);
    let script = again(REPEATS_MAX + 1).json(200, page(&[]));
    assert!(read(&script, None).await.is_ok(), "an empty page may name itself for a while");
}

#[tokio::test]
async fn a_bad_row_hides_no_other() {
    let bad = json!({"id": "bad", "start": "nonsense"});
    let bad_date = json!({"id": "s_20261209T100000Z", "recurringEventId": "s", "start": 1});
    let rows = [bad, bad_date, event("good", "2026-12-01T10:00:00Z")];
    let changes = read(&Script::default().json(200, page(&rows)), None).await.unwrap();
    assert_eq!(ids(&changes), ["bad", "good", "s"]);
    for item in items(&changes) {
        let problem = (item.remote_id.as_str() != "good").then_some(ItemProblem::Malformed);
        assert_eq!(item.problem, problem, "{}", item.remote_id);
    }
}

fn mirrors(count: usize) -> Vec<MirrorSpec> {
    let body = MirrorBody {
        time: mirror().body().time,
        availability: MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    (0..count).map(|number| mirror_of(&format!("event-{number}"), body.clone())).collect()
}

fn all_are(changes: &ChangeSet, mirrors: &[MirrorSpec]) {
    assert_eq!(changes.changed.len(), mirrors.len());
    for mirror in mirrors {
        let item =
            items(changes).into_iter().find(|item| item.remote_id.as_str() == mirror.provider_id().as_str());
        let item = item.expect("the mirror is told");
        assert_eq!(*item, mirror.as_observed(item.remote_id.clone(), item.version.clone()));
    }
}

#[tokio::test]
async fn mirrors_are_completed_and_only_once_for_one_etag() {
    let mirrors = mirrors(2);
    let told = |etag: &str| page(&[listed(&mirrors[0], "\"1\""), listed(&mirrors[1], etag)]);
    let mut changed = stored(&mirrors[1], "\"2\"");
    changed["summary"] = "Dentist".into();
    let script = Script::default()
        .json(200, told("\"1\""))
        .batch(vec![(200, stored(&mirrors[0], "\"1\"")), (200, stored(&mirrors[1], "\"1\""))])
        .json(200, told("\"1\""))
        .json(200, told("\"2\""))
        .json(200, changed);
    let client = script.client();
    // Identities are listed in the order of their ids, and so is the batch.
    let first = client.changes_since_for_test(None).await.unwrap();
    let second = client.changes_since_for_test(Some(&cursor())).await.unwrap();
    let third = client.changes_since_for_test(Some(&cursor())).await.unwrap();
    assert_eq!(script.requests().len(), 5);
    assert_eq!(first.changed.len(), 2);
    assert_eq!(items(&first), items(&second));
    assert_ne!(items(&second), items(&third), "an edited label is noticed");
}

#[tokio::test]
async fn many_mirrors_are_completed_by_one_listing() {
    let mirrors = mirrors(60);
    let rows: Vec<Value> = mirrors.iter().map(|mirror| listed(mirror, "\"1\"")).collect();
    let full: Vec<Value> = mirrors.iter().map(|mirror| stored(mirror, "\"1\"")).collect();
    let script = Script::default()
        .json(200, page(&rows))
        .json(200, json!({"items": full[..30], "nextPageToken": "p2"}))
        .json(200, json!({"items": full[30..59]}))
        .json(200, full[59].clone());
    let changes = read(&script, None).await.unwrap();
    all_are(&changes, &mirrors);
    let asked = script.asked();
    assert!(asked[1].contains("privateExtendedProperty=syncfb%3D1"), "{asked:?}");
    assert!(asked[3].contains(mirrors[59].provider_id().as_str()), "one that was missing is read by itself");
}

#[tokio::test]
async fn a_mirror_that_vanishes_while_it_is_read_is_gone() {
    for vanished in [(404, error("notFound")), (200, json!({"id": "x", "status": "cancelled"}))] {
        let script =
            Script::default().json(200, page(&[listed(&mirror(), "\"1\"")])).json(vanished.0, vanished.1);
        let changes = read(&script, Some(&cursor())).await.unwrap();
        assert_eq!((ids(&changes), removed(&changes)), (vec![], vec![mirror().provider_id().as_str()]));
    }
}

#[tokio::test]
async fn no_request_about_an_event_without_a_mark_asks_for_its_subject() {
    let script = Script::default()
        .json(
            200,
            page(&[
                event("a", "2026-12-01T10:00:00Z"),
                instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z"),
            ]),
        )
        .json(200, json!({"items": [instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z")]}))
        .json(200, event("a", "2026-12-01T10:00:00Z"));
    let client = script.client();
    client.changes_since_for_test(Some(&cursor())).await.unwrap();
    client.items(&calendar(), &["a"]).await.unwrap();
    for asked in script.asked() {
        assert!(!asked.contains("summary") && !asked.contains("description"), "{asked}");
    }
}

#[tokio::test]
async fn items_are_found_by_id_with_series_expanded_and_the_missing_told() {
    let mut master = event("s", "2026-12-02T10:00:00Z");
    master["recurrence"] = json!(["RRULE:FREQ=WEEKLY;COUNT=2"]);
    let id = mirror().provider_id().to_string();
    let script = Script::default()
        .json(200, stored(&mirror(), "\"1\""))
        .batch(vec![(200, event("a", "2026-12-01T10:00:00Z")), (404, error("notFound")), (200, json!({"id": "d", "status": "cancelled"})), (200, master)])
        .json(200, json!({"items": [instance("s", "2026-12-02T10:00:00Z", "2026-12-02T10:00:00Z"), instance("s", "2026-12-09T10:00:00Z", "2026-12-09T10:00:00Z")]}));
    let items = script.client().items(&calendar(), &["a", "gone", &id, "d", "s"]).await.unwrap();
    let found: Vec<_> = items.iter().map(|item| item.as_ref().map(|item| item.remote_id.as_str())).collect();
    assert_eq!(found, [Some("a"), None, Some(id.as_str()), None, Some("s")]);
    assert_eq!(originals(items[4].as_ref().unwrap()).len(), 2);
    assert!(items[2].as_ref().unwrap().events[0].marked.as_ref().unwrap().plain);
}

#[tokio::test]
async fn calendars_of_all_pages_are_listed_once() {
    let entry = |id: &str| json!({"id": id, "accessRole": "owner", "primary": id == "ada@example.org"});
    let pages = || {
        Script::default()
            .json(200, json!({"items": [entry("a@x"), entry("b@x")], "nextPageToken": "p2"}))
            .json(200, json!({"items": [entry("b@x"), entry("ada@example.org")]}))
    };
    let (calendars, _) = pages().client().all_calendars().await.unwrap();
    let names: Vec<_> = calendars.iter().map(|calendar| calendar.name.as_str()).collect();
    assert_eq!(names, ["a@x", "b@x", "ada@example.org"]);
    assert_eq!(pages().client().account_name().await.unwrap(), "ada@example.org");
    let none = Script::default().json(200, json!({"items": []}));
    assert_eq!(none.client().account_name().await.unwrap_err().kind, ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_calendar_of_a_hundred_thousand_events_is_read_page_by_page() {
    const PAGES: usize = 40;
    const ROWS: usize = 2_500;
    let mut script = Script::default();
    for number in 0..PAGES {
        let rows = (0..ROWS).map(|row| {
            let id = format!("e{number}x{row}");
            format!(
                r#"{{"id":"{id}","iCalUID":"{id}@google.com","etag":"\"1\"","status":"confirmed","start":{{"dateTime":"2026-12-01T10:00:00Z"}},"end":{{"dateTime":"2026-12-01T11:00:00Z"}}}}"#
            )
        });
        let rows: Vec<String> = rows.collect();
        let end = if number + 1 == PAGES {
            r#""nextSyncToken":"t1""#.to_owned()
        } else {
            format!(r#""nextPageToken":"p{number}""#)
        };
        let body = format!(r#"{{"items":[{}],{end}}}"#, rows.join(","));
        script = script.answering(http::Response::new(body.into_bytes()));
    }
    let changes = read(&script, None).await.unwrap();
    assert_eq!((changes.changed.len(), script.requests().len()), (PAGES * ROWS, PAGES));
}

#[tokio::test]
async fn a_series_whose_dates_are_refused_is_gone_only_when_it_is_not_there() {
    let touched = || {
        let row = json!({"id": "s_20261202T100000Z", "status": "cancelled", "recurringEventId": "s"});
        Script::default().json(200, page(&[row])).json(400, error("invalid"))
    };
    let single = touched().json(200, event("s", "2026-12-05T10:00:00Z"));
    let changes = read(&single, Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), originals(items(&changes)[0])), (vec!["s"], vec![String::new()]));

    let mut master = event("s", "2026-12-05T10:00:00Z");
    master["recurrence"] = json!(["RRULE:FREQ=DAILY"]);
    let changes = read(&touched().json(200, master), Some(&cursor())).await.unwrap();
    assert_eq!(items(&changes)[0].problem, Some(ItemProblem::Malformed), "its own trouble only");

    let changes = read(&touched().json(404, error("notFound")), Some(&cursor())).await.unwrap();
    assert_eq!((ids(&changes), removed(&changes)), (vec![], vec!["s"]));

    let outcome = read(&touched().json(500, error("backendError")), Some(&cursor())).await;
    assert_eq!(outcome.unwrap_err().kind, ErrorKind::Offline);
}
