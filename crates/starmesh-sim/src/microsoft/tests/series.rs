//! Series, their dates, exceptions and cancelled dates.

use serde_json::json;

use super::*;

async fn instances(api: &Api, master: &str) -> Vec<Value> {
    api.get(&format!("/me/events/{master}/instances?{NOVEMBER}&$top=50")).await.rows().to_vec()
}

#[tokio::test]
async fn a_series_has_a_master_and_dates_with_ids_and_uids_of_their_own() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 3)).await;
    assert_eq!(master.body["type"], "seriesMaster");
    assert_eq!(master.body["recurrence"]["pattern"]["type"], "daily");
    assert_eq!(master.body["recurrence"]["range"]["recurrenceTimeZone"], "UTC");
    let dates = instances(&api, &master.id()).await;
    assert_eq!(dates.len(), 3);
    for date in &dates {
        assert_eq!((&date["type"], &date["seriesMasterId"]), (&json!("occurrence"), &json!(master.id())));
        assert_ne!(date["iCalUId"], master.body["iCalUId"]);
        assert!(date["recurrence"].is_null());
    }
    assert_ne!(dates[0]["iCalUId"], dates[1]["iCalUId"]);
    assert_eq!(dates[1]["originalStart"], "2026-11-04T09:00:00.0000000Z");
    assert_eq!(
        api.get(&format!("/me/events/{}", dates[1]["id"].as_str().unwrap())).await.body["id"],
        dates[1]["id"]
    );
    assert_eq!(api.get("/me/events").await.rows().len(), 1, "a list has masters and no dates");
}

#[tokio::test]
async fn a_changed_date_is_an_exception_and_a_deleted_one_is_just_not_there() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 4)).await.id();
    let dates = instances(&api, &master).await;
    let path = |n: usize| format!("/me/events/{}", dates[n]["id"].as_str().unwrap());
    let moved = api
        .patch(&path(1), &json!({"start": utc("2026-11-04T15:00:00"), "end": utc("2026-11-04T16:00:00")}))
        .await;
    assert_eq!((&moved.body["type"], &moved.body["id"]), (&json!("exception"), &dates[1]["id"]));
    assert_eq!(moved.body["originalStart"], "2026-11-04T09:00:00.0000000Z");
    assert_eq!(
        api.patch(&path(1), &json!({"recurrence": daily(3, 2)["recurrence"]})).await.code(),
        "ErrorInvalidRequest"
    );
    assert_eq!(api.delete(&path(2)).await.status, 204);
    assert_eq!(api.get(&path(2)).await.status, 404);
    let left = instances(&api, &master).await;
    let days: Vec<_> = left.iter().map(|row| &row["start"]["dateTime"].as_str().unwrap()[8..13]).collect();
    assert_eq!(days, ["03T09", "04T15", "06T09"]);
    let whole = api
        .get(&format!(
            "/me/events/{master}?$select=cancelledOccurrences,subject&$expand=exceptionOccurrences"
        ))
        .await;
    assert_eq!(whole.body["cancelledOccurrences"], json!([format!("OID.{master}.2026-11-05")]));
    assert_eq!(whole.body["exceptionOccurrences"][0]["id"], dates[1]["id"]);
    assert!(api.get(&format!("/me/events/{master}")).await.body.get("cancelledOccurrences").is_none());
}

#[tokio::test]
async fn a_moved_series_leaves_its_old_ids_behind_and_its_exceptions() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 2)).await.id();
    let before = instances(&api, &master).await;
    let first = format!("/me/events/{}", before[0]["id"].as_str().unwrap());
    api.patch(&first, &json!({"subject": "Moved"})).await;
    let mut later = daily(10, 2);
    later.as_object_mut().unwrap().remove("subject");
    api.patch(&format!("/me/events/{master}"), &later).await;
    let after = instances(&api, &master).await;
    assert_eq!(after.len(), 2);
    assert!(after.iter().all(|row| row["type"] == "occurrence" && !before.contains(row)));
    assert_eq!(api.get(&first).await.status, 404);
}

#[tokio::test]
async fn a_wall_clock_stays_where_it_is_when_clocks_change() {
    let api = Api::new();
    let berlin = |time: &str| json!({"dateTime": time, "timeZone": "W. Europe Standard Time"});
    let body = json!({
        "start": berlin("2026-10-24T09:00:00"), "end": berlin("2026-10-24T10:00:00"),
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "endDate", "startDate": "2026-10-24", "endDate": "2026-10-26"},
        },
    });
    api.post("/me/events", &body).await;
    let october = "startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z";
    let view = api.get(&format!("/me/calendarView?{october}")).await;
    let starts: Vec<_> =
        view.rows().iter().map(|row| &row["start"]["dateTime"].as_str().unwrap()[8..13]).collect();
    assert_eq!(starts, ["24T07", "25T08", "26T08"]);
}

#[tokio::test]
async fn whether_dates_show_the_marker_of_their_series_is_a_switch() {
    let api = Api::new();
    let mark = "String {00020329-0000-0000-C000-000000000046} Name BusyMarker";
    let marked = also(daily(3, 1), &json!({"singleValueExtendedProperties": [{"id": mark, "value": "1"}]}));
    api.post("/me/events", &marked).await;
    let path = format!(
        "/me/calendarView?{NOVEMBER}&$expand=singleValueExtendedProperties($filter=id%20eq%20'{}')",
        mark.replace(' ', "%20")
    );
    assert!(api.get(&path).await.rows()[0].get("singleValueExtendedProperties").is_some());
    api.switch(&json!({"occurrences_inherit_extended": false}));
    assert!(api.get(&path).await.rows()[0].get("singleValueExtendedProperties").is_none());
}

#[tokio::test]
async fn a_rule_that_cannot_be_read_is_refused() {
    let api = Api::new();
    let mut body = daily(3, 2);
    body["recurrence"]["pattern"]["type"] = json!("hourly");
    assert_eq!(api.post("/me/events", &body).await.code(), "ErrorPropertyValidationFailure");
}

#[tokio::test]
async fn an_exception_has_what_changes_in_its_series_unless_it_changed_it_itself() {
    let api = Api::new();
    let master = api.post("/me/events", &daily(3, 2)).await.id();
    let dates = instances(&api, &master).await;
    let exception = format!("/me/events/{}", dates[0]["id"].as_str().unwrap());
    api.patch(&exception, &json!({"subject": "My own"})).await;
    api.patch(&format!("/me/events/{master}"), &json!({"subject": "Ours", "showAs": "oof"})).await;
    let read = api.get(&exception).await.body;
    assert_eq!((&read["subject"], &read["showAs"]), (&json!("My own"), &json!("oof")));
}
