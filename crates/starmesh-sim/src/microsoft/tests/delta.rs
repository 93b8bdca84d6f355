//! `calendarView/delta`, with everything that is odd about it.

use std::collections::BTreeSet;

use serde_json::json;

use super::*;

/// A whole round: all rows, and the link to the next.
async fn round(api: &Api, link: &str) -> (Vec<Value>, String) {
    let mut rows = Vec::new();
    let mut link = link.to_owned();
    for _ in 0..100 {
        let page = api.prefer(&link, "odata.maxpagesize=5").await;
        assert_eq!(page.status, 200, "{}", page.text);
        rows.extend_from_slice(page.rows());
        if let Some(end) = page.body["@odata.deltaLink"].as_str() {
            assert!(page.body.get("@odata.nextLink").is_none());
            return (rows, end.to_owned());
        }
        link = page.body["@odata.nextLink"].as_str().unwrap().to_owned();
    }
    panic!("the round has no end");
}

fn first() -> String {
    format!("/me/calendarView/delta?{NOVEMBER}")
}

fn removed(rows: &[Value]) -> Vec<&str> {
    rows.iter().filter(|row| row.get("@removed").is_some()).map(|row| row["id"].as_str().unwrap()).collect()
}

fn of_type<'a>(rows: &'a [Value], kind: &str) -> Vec<&'a Value> {
    rows.iter().filter(|row| row["type"] == kind).collect()
}

#[tokio::test]
async fn a_first_round_has_singles_whole_masters_and_stubs() {
    let api = Api::new();
    api.post("/me/events", &also(block(3), &json!({"transactionId": "t-1"}))).await;
    let master = api.post("/me/events", &daily(5, 2)).await.id();
    let (rows, _) = round(&api, &first()).await;
    assert_eq!(rows.len(), 4);
    let single = of_type(&rows, "singleInstance")[0];
    assert_eq!((&single["transactionId"], &single["showAs"]), (&json!("t-1"), &json!("busy")));
    assert_eq!(of_type(&rows, "seriesMaster")[0]["id"], master);
    for stub in of_type(&rows, "occurrence") {
        let names: BTreeSet<_> = stub.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = ["@odata.type", "@odata.etag", "id", "seriesMasterId", "type", "start", "end"];
        assert_eq!(names, BTreeSet::from(expected));
    }
    api.switch(&json!({"delta_masters": false}));
    assert_eq!(of_type(&round(&api, &first()).await.0, "seriesMaster").len(), 0);
}

#[tokio::test]
async fn a_token_freezes_its_window_and_tells_changes_only() {
    let api = Api::new();
    let id = api.post("/me/events", &block(3)).await.id();
    let (_, link) = round(&api, &first()).await;
    let text = link.split("$deltatoken=").nth(1).unwrap();
    assert!((300..=1_500).contains(&text.len()));
    assert_eq!(round(&api, &link).await.0, Vec::<Value>::new());
    api.patch(&format!("/me/events/{id}"), &json!({"showAs": "oof"})).await;
    let wider = format!("{link}&startDateTime=2020-01-01&endDateTime=2020-02-01");
    let (rows, link) = round(&api, &wider).await;
    assert_eq!((rows.len(), &rows[0]["showAs"]), (1, &json!("oof")));
    api.delete(&format!("/me/events/{id}")).await;
    let (rows, _) = round(&api, &link).await;
    assert_eq!(rows, [json!({"id": id, "@removed": {"reason": "deleted"}})]);
}

#[tokio::test]
async fn what_changes_outside_the_window_is_removed_though_nobody_ever_saw_it() {
    let api = Api::new();
    let inside = api.post("/me/events", &block(3)).await.id();
    let (_, link) = round(&api, &first()).await;
    let far = json!({"start": utc("2027-03-01T09:00:00"), "end": utc("2027-03-01T10:00:00")});
    let outside = api.post("/me/events", &far).await.id();
    api.patch(&format!("/me/events/{inside}"), &far).await;
    let (rows, _) = round(&api, &link).await;
    assert_eq!(removed(&rows).len(), 2);
    api.switch(&json!({"delta_false_removals": false, "delta_moved_out_is_changed": true}));
    let (rows, _) = round(&api, &link).await;
    assert_eq!(rows, [json!({"id": inside, "@removed": {"reason": "changed"}})], "{outside}");
}

#[tokio::test]
async fn a_deleted_date_has_no_tombstone_and_the_series_comes_again_without_it() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 4)).await.id();
    let (rows, link) = round(&api, &first()).await;
    let gone = of_type(&rows, "occurrence")[0]["id"].as_str().unwrap().to_owned();
    api.delete(&format!("/me/events/{gone}")).await;
    let (rows, link) = round(&api, &link).await;
    assert_eq!(removed(&rows), Vec::<&str>::new());
    assert_eq!((of_type(&rows, "seriesMaster").len(), of_type(&rows, "occurrence").len()), (1, 3));
    assert!(rows.iter().all(|row| row["id"] != gone));
    api.delete(&format!("/me/events/{master}")).await;
    let (rows, _) = round(&api, &link).await;
    assert_eq!(rows, [json!({"id": master, "@removed": {"reason": "deleted"}})]);
    api.switch(&json!({"delta_series_tombstones": true, "delta_typed_tombstones": true}));
    let (rows, _) = round(&api, &link).await;
    assert_eq!(removed(&rows).len(), 4);
    assert!(rows.iter().all(|row| row.get("type").is_some()));
}

#[tokio::test]
async fn an_exception_is_a_whole_row() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 2)).await.id();
    let dates = api.get(&format!("/me/events/{master}/instances?{NOVEMBER}")).await.rows().to_vec();
    let id = dates[0]["id"].as_str().unwrap();
    api.patch(&format!("/me/events/{id}"), &json!({"showAs": "free"})).await;
    let (rows, _) = round(&api, &first()).await;
    let exception = of_type(&rows, "exception")[0];
    assert_eq!((&exception["id"], &exception["showAs"]), (&json!(id), &json!("free")));
}

#[tokio::test]
async fn a_series_overflows_its_page_and_may_repeat_it_for_ever() {
    let api = Api::new();
    api.post("/me/events", &daily(1, 30)).await;
    let page = api.prefer(&first(), "odata.maxpagesize=10").await;
    assert_eq!(page.rows().len(), 31);
    assert!(page.body.get("@odata.deltaLink").is_some());
    api.switch(&json!({"delta_endless": true}));
    let page = api.prefer(&first(), "odata.maxpagesize=10").await;
    let link = page.body["@odata.nextLink"].as_str().unwrap();
    let again = api.prefer(link, "odata.maxpagesize=10").await;
    assert_eq!(again.body["value"], page.body["value"]);
    assert_ne!(again.body["@odata.nextLink"], page.body["@odata.nextLink"]);
    let larger = api.prefer(&first(), "odata.maxpagesize=100").await;
    assert!(larger.body.get("@odata.deltaLink").is_some(), "a larger page ends it");
    api.switch(&json!({"delta_endless": false, "delta_series_overflow": false}));
    assert_eq!(api.prefer(&first(), "odata.maxpagesize=10").await.rows().len(), 10);
    assert_eq!(round(&api, &first()).await.0.len(), 31);
}

#[tokio::test]
async fn pages_may_be_empty_and_rows_may_come_twice_or_again_or_never() {
    let api = Api::with(&json!({"delta_empty_pages": 2, "delta_duplicates_per_mille": 1000}));
    let id = api.post("/me/events", &block(3)).await.id();
    let page = api.get(&first()).await;
    assert_eq!(page.rows().len(), 2);
    let second = api.get(page.body["@odata.nextLink"].as_str().unwrap()).await;
    assert!(second.rows().is_empty() && second.body.get("@odata.nextLink").is_some());
    let (_, link) = round(&api, &first()).await;
    api.switch(
        &json!({"delta_empty_pages": 0, "delta_duplicates_per_mille": 0, "delta_replays_per_mille": 1000}),
    );
    assert_eq!(round(&api, &link).await.0[0]["id"], id, "an old change comes again");
    api.switch(&json!({"delta_replays_per_mille": 0, "delta_lost_tombstones_per_mille": 1000}));
    api.delete(&format!("/me/events/{id}")).await;
    assert_eq!(round(&api, &link).await.0, Vec::<Value>::new());
    api.switch(&json!({"delta_tombstones_at_first": true}));
    assert_eq!(removed(&round(&api, &first()).await.0), [id]);
    let met = api.sim.with(|world| world.met());
    for name in ["empty_pages", "duplicates", "replays", "lost_tombstones", "tombstones_at_first"] {
        assert!(met[format!("delta_{name}").as_str()] > 0, "{name}");
    }
}

#[tokio::test]
async fn a_change_may_be_told_late() {
    let api = Api::with(&json!({"delta_lag_ms": 60_000}));
    let (_, link) = round(&api, &first()).await;
    api.post("/me/events", &block(3)).await;
    let (rows, link) = round(&api, &link).await;
    assert_eq!(rows.len(), 0);
    api.advance(2);
    assert_eq!(round(&api, &link).await.0.len(), 1);
}

#[tokio::test]
async fn dead_tokens_say_so_in_four_ways_and_old_ones_are_pushed_out() {
    let api = Api::with(&json!({"delta_tokens_kept": 2}));
    let (_, link) = round(&api, &first()).await;
    for _ in 0..2 {
        round(&api, &first()).await;
    }
    let gone = api.get(&link).await;
    assert_eq!((gone.status, gone.code()), (410, "SyncStateNotFound"));
    assert!(gone.header("location").ends_with("$deltatoken="));
    assert_eq!(api.get(gone.header("location")).await.status, 200);
    for (switch, status, code) in [
        ("gone_resync", 410, "resyncRequired"),
        ("not_found", 404, "syncStateNotFound"),
        ("invalid", 400, "InvalidDeltaToken"),
    ] {
        api.switch(&json!({"delta_dead_token": switch}));
        let dead = api.get(&link).await;
        assert_eq!((dead.status, dead.code()), (status, code));
    }
    assert_eq!(api.get("/me/calendarView/delta?$deltatoken=abc").await.code(), "InvalidDeltaToken");
}

#[tokio::test]
async fn options_are_refused_crash_or_are_ignored() {
    let api = Api::new();
    let path = format!("{}&$select=subject", first());
    assert_eq!(api.get(&path).await.status, 400);
    api.switch(&json!({"delta_options": "crash"}));
    assert_eq!(api.get(&path).await.code(), "InternalServerError");
    api.switch(&json!({"delta_options": "ignored"}));
    assert_eq!(api.get(&path).await.status, 200);
}

#[tokio::test]
async fn both_names_of_the_function_work_and_links_use_either() {
    let api = Api::with(&json!({"delta_qualified_links": true}));
    for name in ["delta", "delta()", "microsoft.graph.delta", "microsoft.graph.delta()"] {
        let (_, link) = round(&api, &format!("/me/calendarView/{name}?{NOVEMBER}")).await;
        assert!(link.contains("/me/calendarView/microsoft.graph.delta?$deltatoken="));
        round(&api, &link).await;
    }
}

#[tokio::test]
async fn another_calendars_token_is_invalid_and_ids_follow_the_request() {
    let api = Api::new();
    let other = api.sim.with(|world| {
        let other = world.add_calendar(api.ada, "Other");
        world.calendar_id(other)
    });
    let made = api.post(&format!("/me/calendars/{other}/events"), &block(3)).await.id();
    let path = format!("/me/calendars/{other}/calendarView/delta");
    let (rows, link) = round(&api, &format!("{path}?{NOVEMBER}")).await;
    assert_eq!(rows[0]["id"], made);
    let token = link.split("$deltatoken=").nth(1).unwrap();
    assert_eq!(
        api.get(&format!("/me/calendarView/delta?$deltatoken={token}")).await.code(),
        "InvalidDeltaToken"
    );
    let immutable = api.prefer(&format!("{path}?{NOVEMBER}"), "IdType=\"ImmutableId\"").await;
    assert_ne!(immutable.rows()[0]["id"], made);
    api.switch(&json!({"delta_personal_calendars": false}));
    assert_eq!(round(&api, &link).await.0.len(), 0, "work accounts are not concerned");
}

#[tokio::test]
async fn events_delta_is_there_only_behind_its_switch() {
    let api = Api::new();
    api.post("/me/events", &daily(3, 3)).await;
    assert_eq!(api.get("/me/events/delta").await.status, 400);
    api.switch(&json!({"events_delta": true}));
    let (rows, link) = round(&api, "/me/events/delta").await;
    assert_eq!((rows.len(), &rows[0]["type"]), (1, &json!("seriesMaster")));
    assert!(rows[0].get("subject").is_none());
    assert_eq!(round(&api, &link).await.0.len(), 0);
}
