//! Reading, on a scripted server.

use serde_json::{Value, json};
use starmesh_core::event::Recurrence;
use starmesh_provider::{CalendarProvider, Coverage};

use super::*;
use crate::mailbox::Mailbox;
use crate::place::lasting_name;
use crate::script::{
    Next, calendar, client, client_of, empty, mirror, mirror_row, now, ok, own_calendar, page, parts,
    refused, row, window, with,
};

const FIRST: &str = "GET /me/calendars/C=/calendarView/delta";
const VIEW: &str = "GET /me/calendars/C=/calendarView";
const ROUND: &str = "me/calendars/C=/calendarView/delta?$deltatoken=1";

/// A cursor after a whole read.
fn position() -> Cursor {
    let link = Url::parse(&format!("{}/{ROUND}", crate::script::API)).unwrap();
    Position::new(range_around(&window()), Way::Rounds { link }).cursor().unwrap()
}

/// Each change as a word and an id.
fn told(set: &ChangeSet) -> Vec<(&'static str, String)> {
    let mut told: Vec<_> = set
        .changed
        .iter()
        .map(|changed| match changed {
            Changed::Listed { id, .. } => ("listed", id.to_string()),
            Changed::Read(item) if item.problem.is_some() => ("unreadable", item.remote_id.to_string()),
            Changed::Read(item) => ("read", item.remote_id.to_string()),
            Changed::ReadWithoutMarks(item) => ("without marks", item.remote_id.to_string()),
        })
        .chain(set.removed.iter().map(|id| ("removed", id.to_string())))
        .collect();
    told.sort();
    told
}

fn occurrences(set: &ChangeSet, id: &str) -> usize {
    let items = set.changed.iter().filter_map(|changed| match changed {
        Changed::Read(item) if item.remote_id.as_str() == id => Some(item),
        _ => None,
    });
    let recurrences = items.flat_map(|item| &item.events).map(|event| &event.recurrence);
    recurrences
        .map(|recurrence| match recurrence {
            Recurrence::Set(set) => set.overrides.len(),
            Recurrence::Single(_) => 1,
        })
        .sum()
}

fn occurrence(id: &str, day: u32) -> Value {
    with(
        row(id, 1),
        &json!({
            "type": "occurrence", "seriesMasterId": "M", "iCalUId": null,
            "originalStart": format!("2026-11-{day:02}T09:00:00Z"),
            "start": {"dateTime": format!("2026-11-{day:02}T09:00:00.0000000"), "timeZone": "UTC"},
            "end": {"dateTime": format!("2026-11-{day:02}T10:00:00.0000000"), "timeZone": "UTC"},
        }),
    )
}

fn stub(id: &str) -> Value {
    json!({"id": id, "@odata.etag": "W/\"s\"", "type": "occurrence", "seriesMasterId": "M",
        "start": {"dateTime": "2026-11-05T09:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-11-05T10:00:00", "timeZone": "UTC"}})
}

fn master() -> Value {
    with(row("M", 3), &json!({"type": "seriesMaster"}))
}

fn removed(id: &str) -> Value {
    json!({"id": id, "@removed": {"reason": "deleted"}})
}

#[tokio::test]
async fn a_first_read_is_a_round_for_its_token_and_a_view_for_its_events() {
    let ours = mirror("x");
    let (client, script) = client([
        own_calendar(),
        page(&json!([row("a", 1)]), Next::Page("d?$skiptoken=1")),
        page(&json!([]), Next::Page("d?$skiptoken=2")),
        page(&json!([]), Next::Round(ROUND)),
        page(&json!([row("a", 1), mirror_row(&ours, "m", 2)]), Next::Page("v?$skip=2")),
        page(&json!([occurrence("o1", 5), occurrence("o2", 6)]), Next::Nothing),
        ok(&master()),
    ]);
    let set = client.changes_since(&calendar(), None, &window()).await.unwrap();
    assert!(script.is_over());
    assert_eq!(told(&set), [("listed", "m".to_owned()), ("read", "M".to_owned()), ("read", "a".to_owned())]);
    assert_eq!(occurrences(&set, "M"), 2);
    assert!(set.complete && !set.more);
    let Coverage::Range(range) = set.coverage else { panic!("a range") };
    assert!(range.lo < window().range.lo && range.hi > window().range.hi);
    let asked = script.asked();
    assert!(asked[1].line.starts_with(&format!("{FIRST}?startDateTime=2026-10-19T00:00:00Z&endDateTime=")));
    for asked in &asked {
        assert!(asked.prefer.contains("IdType=\"ImmutableId\", outlook.timezone=\"UTC\""), "{}", asked.line);
        assert!(!asked.line.contains("subject"), "{}", asked.line);
    }
    for delta in &asked[1..4] {
        assert!(delta.prefer.ends_with("odata.maxpagesize=50"), "{}", delta.prefer);
    }
}

#[tokio::test]
async fn what_a_first_round_tells_and_a_lagging_view_does_not_show_is_looked_at() {
    let (client, script) = client([
        own_calendar(),
        page(&json!([row("a", 1), row("late", 1), row("gone", 1)]), Next::Round(ROUND)),
        page(&json!([row("a", 1)]), Next::Nothing),
        parts(&[(0, 404, json!({"error": {"code": "ErrorItemNotFound"}})), (1, 200, row("late", 1))]),
    ]);
    let set = client.changes_since(&calendar(), None, &window()).await.unwrap();
    assert!(script.is_over());
    assert_eq!(told(&set), [("read", "a".to_owned()), ("read", "late".to_owned())]);
}

#[tokio::test]
async fn no_change_costs_one_request() {
    let (client, script) = client([page(&json!([]), Next::Round("x?$deltatoken=2"))]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!((told(&set), set.complete), (Vec::new(), false));
    assert_eq!(script.lines().len(), 1);
    assert!(set.cursor.unwrap().0.contains("deltatoken=2"));
}

#[tokio::test]
async fn a_changed_event_costs_one_request_and_what_may_be_a_mirror_is_only_listed() {
    let blind = with(mirror_row(&mirror("x"), "m", 2), &json!({"singleValueExtendedProperties": null}));
    let copy = with(row("c", 1), &json!({"sensitivity": "private", "isReminderOn": false}));
    let rows = json!([row("a", 1), row("a", 2), blind, copy]);
    let (client, script) = client([page(&rows, Next::Round(ROUND))]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(
        told(&set),
        [("listed", "c".to_owned()), ("listed", "m".to_owned()), ("without marks", "a".to_owned())]
    );
    assert_eq!(script.lines().len(), 1);
    let is_newest = set.changed.iter().any(|changed| {
        matches!(changed, Changed::ReadWithoutMarks(item)
            if item.version.as_ref().is_some_and(|version| version.as_str() == "W/\"2\""))
    });
    assert!(is_newest, "of two rows for one event the last counts");
}

#[tokio::test]
async fn a_stub_has_its_whole_series_read_with_one_more_request() {
    let (client, script) = client([
        page(&json!([stub("o1"), stub("o2")]), Next::Round(ROUND)),
        parts(&[
            (1, 200, json!({"value": [occurrence("o1", 5), occurrence("o2", 6), occurrence("o3", 7)]})),
            (0, 200, master()),
        ]),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(told(&set), [("read", "M".to_owned())]);
    assert_eq!(occurrences(&set, "M"), 3);
    assert_eq!(script.lines().len(), 2);
    let urls = script.asked()[1].body["requests"].to_string();
    assert!(urls.contains("/events/M/instances?startDateTime=2026-10-19"), "{urls}");
}

#[tokio::test]
async fn a_deleted_occurrence_goes_without_a_tombstone() {
    let (client, _) = client([
        page(&json!([with(master(), &json!({"id": "M"}))]), Next::Round(ROUND)),
        parts(&[(0, 200, master()), (1, 200, json!({"value": [occurrence("o2", 6)]}))]),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(occurrences(&set, "M"), 1);
}

#[tokio::test]
async fn the_occurrences_of_a_long_series_come_in_pages() {
    let (client, script) = client([
        page(&json!([stub("o1")]), Next::Round(ROUND)),
        parts(&[
            (0, 200, master()),
            (
                1,
                200,
                json!({"value": [occurrence("o1", 5)],
                "@odata.nextLink": format!("{}/i?$skip=1", crate::script::API)}),
            ),
        ]),
        page(&json!([occurrence("o2", 6)]), Next::Nothing),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(occurrences(&set, "M"), 2);
    assert!(script.is_over());
}

#[tokio::test]
async fn a_removal_counts_once_a_look_finds_nothing() {
    let (client, _) = client([
        page(&json!([removed("gone"), removed("outside"), removed("o9"), removed("M2")]), Next::Round(ROUND)),
        parts(&[
            (0, 404, json!({"error": {"code": "ErrorItemNotFound"}})),
            (1, 404, json!({"error": {"code": "ErrorItemNotFound"}})),
            (2, 200, occurrence("o9", 9)),
            (3, 200, row("outside", 4)),
        ]),
        parts(&[(0, 200, master()), (1, 200, json!({"value": [occurrence("o1", 5)]}))]),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(
        told(&set),
        [
            ("read", "M".to_owned()),
            ("read", "outside".to_owned()),
            ("removed", "M2".to_owned()),
            ("removed", "gone".to_owned()),
        ]
    );
}

#[tokio::test]
async fn an_event_that_is_both_there_and_gone_is_looked_at() {
    let (client, script) = client([
        page(&json!([removed("a"), row("a", 1)]), Next::Round(ROUND)),
        refused(404, "ErrorItemNotFound"),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(told(&set), [("removed", "a".to_owned())]);
    assert!(script.is_over());
}

#[tokio::test]
async fn a_deleted_series_is_gone_and_an_unanswered_look_is_an_error() {
    let (client, _) = self::client([
        page(&json!([stub("o1")]), Next::Round(ROUND)),
        parts(&[(0, 404, json!({})), (1, 404, json!({}))]),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(told(&set), [("removed", "M".to_owned())]);
    let (client, _) = self::client([
        page(&json!([removed("a"), removed("b")]), Next::Round(ROUND)),
        parts(&[(0, 401, json!({})), (1, 404, json!({}))]),
    ]);
    let kind = client.changes_since(&calendar(), Some(&position()), &window()).await.map_err(|it| it.kind);
    assert_eq!(kind, Err(ErrorKind::NeedsSignIn));
}

#[tokio::test]
async fn a_poisoned_row_stops_only_itself() {
    let poisoned = with(row("p", 1), &json!({"isAllDay": "perhaps"}));
    let (client, _) = client([page(&json!([poisoned, row("a", 1), 7]), Next::Round(ROUND))]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert_eq!(told(&set), [("unreadable", "p".to_owned()), ("without marks", "a".to_owned())]);
}

#[tokio::test]
async fn a_dead_token_is_told_in_every_form() {
    for answer in [
        empty(410),
        refused(410, "SyncStateNotFound"),
        refused(400, "InvalidDeltaToken"),
        refused(404, "syncStateNotFound"),
        refused(409, "resyncRequired"),
    ] {
        let (client, script) = self::client([answer]);
        let kind =
            client.changes_since(&calendar(), Some(&position()), &window()).await.map_err(|it| it.kind);
        assert_eq!(kind, Err(ErrorKind::TokenExpired));
        assert!(script.is_over());
    }
    let (client, script) = self::client([]);
    let cursor = Cursor("sync:1".to_owned());
    let kind = client.changes_since(&calendar(), Some(&cursor), &window()).await.map_err(|it| it.kind);
    assert_eq!((kind, script.asked().len()), (Err(ErrorKind::TokenExpired), 0));
}

#[tokio::test]
async fn a_round_without_end_is_tried_with_larger_pages_and_then_left() {
    let same = |link: &str| page(&json!([row("a", 1)]), Next::Page(link));
    let (client, script) = client([
        same("1"),
        same("2"),
        same("3"),
        same("1"),
        same("2"),
        same("3"),
        page(&json!([row("a", 1), row("b", 1)]), Next::Nothing),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert!(set.complete && script.is_over());
    assert_eq!(told(&set).len(), 2);
    let sizes: Vec<_> =
        script.asked().iter().map(|asked| asked.prefer.rsplit('=').next().unwrap().to_owned()).collect();
    assert_eq!(sizes[..6], ["50", "50", "50", "500", "500", "500"]);
    assert!(script.lines()[6].starts_with(VIEW));
}

#[tokio::test(start_paused = true)]
async fn a_round_that_breaks_off_is_left_for_the_view() {
    let (client, script) = self::client([
        page(&json!([row("a", 1)]), Next::Page("1")),
        refused(403, "ErrorAccessDenied"),
        page(&json!([row("a", 1)]), Next::Nothing),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert!(set.complete && script.is_over());
    let (client, script) = self::client(
        (0..4).map(|_| refused(504, "UnknownError")).chain([page(&json!([row("a", 1)]), Next::Nothing)]),
    );
    let set = client.changes_since(&calendar(), Some(&position()), &window()).await.unwrap();
    assert!(set.complete && script.is_over());
}

#[tokio::test]
async fn a_view_is_compared_with_the_last_one() {
    let (client, _) = self::client([
        own_calendar(),
        refused(400, "ErrorInvalidRequest"),
        page(&json!([row("a", 1)]), Next::Nothing),
        page(&json!([row("a", 1)]), Next::Nothing),
        page(&json!([row("a", 2)]), Next::Nothing),
        page(&json!([]), Next::Nothing),
    ]);
    let mut cursor = None;
    let mut seen = Vec::new();
    for _ in 0..4 {
        let set = client.changes_since(&calendar(), cursor.as_ref(), &window()).await.unwrap();
        seen.push((set.changed.len(), set.complete));
        cursor = set.cursor;
    }
    assert_eq!(seen, [(1, true), (0, false), (1, true), (0, true)]);
}

#[tokio::test]
async fn another_persons_calendar_is_read_by_its_view_in_both_addressings() {
    let mailbox = Mailbox::Address("boss@example.org".to_owned());
    let (client, script) = client_of(mailbox, [own_calendar(), page(&json!([row("a", 1)]), Next::Nothing)]);
    let theirs = lasting_name("boss@example.org", "C=");
    client.changes_since(&theirs, None, &window()).await.unwrap();
    assert_eq!(
        script.lines(),
        ["GET /users/boss@example.org/calendars/C=", "GET /users/boss@example.org/calendars/C=/calendarView"]
    );
    let shared = ok(&json!({"id": "C=", "canShare": false, "canViewPrivateItems": false}));
    let (client, script) = self::client([shared, page(&json!([row("a", 1)]), Next::Nothing)]);
    client.changes_since(&calendar(), None, &window()).await.unwrap();
    assert_eq!(script.lines(), ["GET /me/calendars/C=", VIEW]);
}

#[tokio::test]
async fn a_window_that_rolled_through_the_slack_is_read_again_whole() {
    let later = Window::around(now() + chrono::TimeDelta::days(14), Window::DAYS_DEFAULT);
    let (client, script) = client([
        own_calendar(),
        page(&json!([]), Next::Round(ROUND)),
        page(&json!([row("a", 1)]), Next::Nothing),
    ]);
    let set = client.changes_since(&calendar(), Some(&position()), &later).await.unwrap();
    assert!(set.complete && script.is_over());
    assert!(script.asked()[1].line.contains("startDateTime=2026-11-02"), "{}", script.asked()[1].line);
}

#[tokio::test]
async fn a_wide_window_is_viewed_in_parts() {
    let wide = Window::around(now(), Window::DAYS_MAX);
    let (client, script) = client([
        own_calendar(),
        page(&json!([]), Next::Round(ROUND)),
        page(&json!([row("a", 1)]), Next::Nothing),
        page(&json!([row("a", 1), row("b", 1)]), Next::Nothing),
    ]);
    let set = client.changes_since(&calendar(), None, &wide).await.unwrap();
    assert_eq!((set.changed.len(), script.is_over()), (2, true));
}

#[tokio::test]
async fn a_calendar_that_is_gone_is_told_with_and_without_a_token() {
    let (client, _) = self::client([refused(404, "ErrorItemNotFound")]);
    let kind = client.changes_since(&calendar(), None, &window()).await.map_err(|it| it.kind);
    assert_eq!(kind, Err(ErrorKind::CalendarGone));
    let (client, _) = self::client([refused(404, "ErrorItemNotFound")]);
    let kind = client.changes_since(&calendar(), Some(&position()), &window()).await.map_err(|it| it.kind);
    assert_eq!(kind, Err(ErrorKind::CalendarGone));
}

#[tokio::test]
async fn a_view_without_end_is_an_error() {
    let mailbox = Mailbox::Address("b@example.org".to_owned());
    let rows = json!([row("a", 1)]);
    let (client, _) =
        client_of(mailbox, [own_calendar(), page(&rows, Next::Page("1")), page(&rows, Next::Page("1"))]);
    let theirs = lasting_name("b@example.org", "C=");
    let kind = client.changes_since(&theirs, None, &window()).await.map_err(|it| it.kind);
    assert_eq!(kind, Err(ErrorKind::InvalidData));
}

#[tokio::test]
async fn a_calendar_whose_private_events_hide_it_is_not_gone() {
    let mailbox = Mailbox::Address("b@example.org".to_owned());
    let theirs = lasting_name("b@example.org", "C=");
    let gone = || refused(404, "ErrorItemNotFound");
    let (client, _) = client_of(mailbox.clone(), [own_calendar(), gone(), own_calendar()]);
    let error = client.changes_since(&theirs, None, &window()).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("private events"), "{}", error.message);
    let (client, _) = client_of(mailbox, [own_calendar(), gone(), gone()]);
    let kind = client.changes_since(&theirs, None, &window()).await.map_err(|it| it.kind);
    assert_eq!(kind, Err(ErrorKind::CalendarGone));
}
