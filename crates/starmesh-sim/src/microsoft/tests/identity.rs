//! Ids, change keys and transaction ids.

use serde_json::json;

use super::*;
use crate::microsoft::world::IdForm;

const IMMUTABLE: &str = "IdType=\"ImmutableId\"";

#[tokio::test]
async fn ids_need_encoding_are_case_sensitive_and_have_two_forms() {
    let api = Api::new();
    let made = api.post("/me/events", &block(3)).await;
    let regular = made.id();
    assert!(regular.ends_with('='));
    let path = |id: &str| format!("/me/events/{}", id.replace('=', "%3D"));
    let read = api.prefer(&path(&regular), IMMUTABLE).await;
    assert_eq!(read.status, 200);
    assert_eq!(read.header("preference-applied"), IMMUTABLE);
    let immutable = read.id();
    assert_ne!(immutable, regular);
    assert_eq!(api.get(&path(&immutable)).await.id(), regular);
    assert_eq!(api.get(&path(&regular.to_lowercase())).await.code(), "ErrorInvalidIdMalformed");
}

#[tokio::test]
async fn an_immutable_id_may_need_its_header() {
    let api = Api::with(&json!({"immutable_ids_need_header": true}));
    let made = api.post("/me/events", &block(3)).await;
    let immutable =
        api.prefer(&format!("/me/events/{}", made.id().replace('=', "%3D")), IMMUTABLE).await.id();
    let path = format!("/me/events/{}", immutable.replace('=', "%3D"));
    assert_eq!(api.get(&path).await.status, 404);
    assert_eq!(api.prefer(&path, IMMUTABLE).await.status, 200);
    assert!(api.sim.met().contains_key("immutable_ids_need_header"));
}

#[tokio::test]
async fn a_move_ends_the_regular_id_and_not_the_immutable_one() {
    let api = Api::new();
    let other = api.sim.with(|world| world.add_calendar(api.ada, "Other"));
    let item = api.sim.with(|world| {
        world
            .put_busy(
                world.mailboxes[&api.ada].default_calendar,
                "2026-11-03T09:00:00",
                "2026-11-03T10:00:00",
            )
            .unwrap()
    });
    let id = |form| {
        api.sim.with(|world| {
            let place = world.home(world.event(item).unwrap().calendar).unwrap();
            world.event_id(form, place, item, None)
        })
    };
    let (regular, immutable) = (id(IdForm::Regular), id(IdForm::Immutable));
    api.sim.with(|world| world.move_event(item, other));
    assert_eq!(api.get(&format!("/me/events/{regular}")).await.code(), "ErrorItemNotFound");
    let found = api.get(&format!("/me/events/{immutable}")).await;
    assert_ne!(found.id(), regular);
    let body =
        json!({"inputIds": [immutable], "sourceIdType": "restImmutableEntryId", "targetIdType": "restId"});
    let translated = api.post("/me/translateExchangeIds", &body).await;
    assert_eq!(translated.rows()[0]["targetId"], found.id());
}

#[tokio::test]
async fn a_change_key_changes_with_every_write_and_an_old_one_is_412() {
    let api = Api::new();
    let made = api.post("/me/events", &block(3)).await;
    let path = format!("/me/events/{}", made.id());
    let etag = made.body["@odata.etag"].as_str().unwrap().to_owned();
    assert_eq!(etag, format!("W/\"{}\"", made.body["changeKey"].as_str().unwrap()));
    let subject = json!({"subject": "Busy again"}).to_string();
    let changed = api.send("ada", "PATCH", &path, &[("if-match", &etag)], &subject).await;
    assert_eq!(changed.status, 200);
    assert_ne!(changed.body["@odata.etag"], json!(etag));
    for method in ["PATCH", "DELETE"] {
        let stale = api.send("ada", method, &path, &[("if-match", &etag)], &subject).await;
        assert_eq!((stale.status, stale.code()), (412, "ErrorIrresolvableConflict"));
    }
    api.switch(&json!({"stale_change_key": "conflict"}));
    assert_eq!(api.send("ada", "DELETE", &path, &[("if-match", &etag)], "").await.status, 409);
    assert_eq!(api.send("ada", "DELETE", &path, &[("if-match", "*")], "").await.status, 204);
    assert_eq!(api.delete(&path).await.status, 404);
}

#[tokio::test]
async fn the_service_may_touch_an_event_by_itself() {
    let api = Api::with(&json!({"touch_after_write_per_mille": 1000}));
    let made = api.post("/me/events", &block(3)).await;
    let now = api.get(&format!("/me/events/{}", made.id())).await;
    assert_ne!(now.body["changeKey"], made.body["changeKey"]);
    assert_eq!(now.body["lastModifiedDateTime"], made.body["lastModifiedDateTime"]);
}

#[tokio::test]
async fn the_same_transaction_makes_one_event_and_another_content_is_refused() {
    let api = Api::new();
    let body = also(block(3), &json!({"transactionId": "t-1"}));
    let first = api.post("/me/events", &body).await;
    assert_eq!(first.body["transactionId"], "t-1");
    let again = api.post("/me/events", &body).await;
    assert_eq!((again.status, again.id()), (201, first.id()));
    let other = also(block(4), &json!({"transactionId": "t-1"}));
    let refused = api.post("/me/events", &other).await;
    assert_eq!((refused.status, refused.code()), (400, "ErrorDuplicateTransactionId"));
    assert_eq!(refused.body["error"]["@event.existingEventId"], first.id());
    api.switch(&json!({"transaction_conflict_status": 409}));
    assert_eq!(api.post("/me/events", &other).await.status, 409);
    assert_eq!(api.get("/me/events").await.rows().len(), 1);
}

#[tokio::test]
async fn a_transaction_id_outlives_its_event_or_does_not() {
    let api = Api::new();
    let body = also(block(3), &json!({"transactionId": "t-1"}));
    let first = api.post("/me/events", &body).await.id();
    api.delete(&format!("/me/events/{first}")).await;
    assert_eq!(api.post("/me/events", &body).await.code(), "ErrorDuplicateTransactionId");
    api.switch(&json!({"transaction_memory_minutes": 10}));
    api.advance(11);
    let second = api.post("/me/events", &body).await;
    assert_eq!(second.status, 201);
    api.switch(&json!({"transaction_outlives_event": false, "transaction_memory_minutes": null}));
    api.delete(&format!("/me/events/{}", second.id())).await;
    assert_eq!(api.post("/me/events", &body).await.status, 201);
}

#[tokio::test]
async fn transactions_are_remembered_by_mailbox_or_by_calendar() {
    let api = Api::new();
    let other = api.sim.with(|world| {
        let other = world.add_calendar(api.ada, "Other");
        world.calendar_id(other)
    });
    let body = also(block(3), &json!({"transactionId": "t-1"}));
    let first = api.post("/me/events", &body).await.id();
    let there = format!("/me/calendars/{other}/events");
    let again = api.post(&there, &body).await;
    assert_eq!((again.status, again.id()), (201, first.clone()), "one memory for the mailbox");
    assert_eq!(api.get(&there).await.rows().len(), 0);
    let (event, calendar) = api.sim.with(|world| (world.event_named(&first), world.calendar_named(&other)));
    assert!(event.is_some_and(|(_, day)| day.is_none()) && calendar.is_some());
    api.switch(&json!({"transaction_scope": "calendar"}));
    let body = also(block(3), &json!({"transactionId": "t-2"}));
    api.post("/me/events", &body).await;
    api.post(&there, &body).await;
    assert_eq!(api.get(&there).await.rows().len(), 1);
    let met = api.sim.met();
    assert!(met.contains_key("transaction_scope.mailbox") && met.contains_key("transaction_scope.calendar"));
}
