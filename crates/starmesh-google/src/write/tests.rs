//! Writing, on a scripted Google.

use serde_json::{Value, json};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LinkId};
use starmesh_core::mirror::{IdentityKey, MirrorRecord};
use starmesh_core::recurrence::OriginalStart;

use super::*;
use crate::script::{Script, calendar, error, listed, mirror, mirror_of, stored, window};
use starmesh_provider::{CalendarProvider, Changed};

/// A mirror as it stands in this version.
fn placed(mirror: &MirrorSpec, version: Option<&str>) -> PlacedMirror {
    let keys = IdentityKey::new([7; 32]);
    let record = MirrorRecord {
        key: mirror.mark().key,
        incarnation: mirror.mark().incarnation,
        link: LinkId::new(CalendarId::new("source"), CalendarId::new("target")),
        event: EventId::new("event"),
        original_start: OriginalStart::single(),
        meeting: keys.meeting(&ICalUid::new("event")),
        remote_id: RemoteId::new(mirror.provider_id().as_str()),
        version: version.map(Version::new),
        time: mirror.body().time,
        fingerprint: mirror.body().fingerprint(&keys),
        color: mirror.body().color,
        dismissed: false,
    };
    record.placed()
}

async fn write(script: &Script, writes: Vec<MirrorWrite>) -> Vec<Result<Written, ErrorKind>> {
    let outcomes = script.client().write(&calendar(), writes).await;
    outcomes.into_iter().map(|outcome| outcome.map_err(|error| error.kind)).collect()
}

async fn write_one(script: &Script, one: MirrorWrite) -> Result<Written, ErrorKind> {
    let mut outcomes = write(script, vec![one]).await;
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

fn at(version: Option<&str>) -> Written {
    Written { remote_id: RemoteId::new(mirror().provider_id().as_str()), version: version.map(Version::new) }
}

fn create() -> MirrorWrite {
    MirrorWrite::Create(mirror())
}

fn update() -> MirrorWrite {
    MirrorWrite::Update(placed(&mirror(), Some("\"1\"")), mirror())
}

fn remove() -> MirrorWrite {
    MirrorWrite::Remove(placed(&mirror(), Some("\"1\"")))
}

fn tombstone(etag: &str) -> Value {
    let mut row = stored(&mirror(), etag);
    row["status"] = "cancelled".into();
    row
}

#[tokio::test]
async fn a_create_is_one_request_and_its_echo_costs_none() {
    let script = Script::default()
        .json(200, stored(&mirror(), "\"1\""))
        .json(200, json!({"items": [listed(&mirror(), "\"1\"")], "nextSyncToken": "t1"}));
    let client = script.client();
    let outcome = client.write(&calendar(), vec![create()]).await.remove(0).unwrap();
    assert_eq!(outcome, at(Some("\"1\"")));
    let changes = client.changes_since(&calendar(), None, &window()).await.unwrap();
    let echo: Vec<&SourceItem> = changes
        .changed
        .iter()
        .filter_map(|changed| match changed {
            Changed::Read(item) => Some(item),
            _ => None,
        })
        .collect();
    assert_eq!(echo, [&mirror().as_observed(outcome.remote_id, outcome.version)]);
    assert_eq!(script.asked().len(), 2);
}

#[tokio::test]
async fn writes_to_one_calendar_go_as_one_batch_with_an_answer_for_each() {
    let other = mirror_of("other", mirror().body().clone());
    let script = Script::default().batch(vec![
        (403, error("quotaExceeded")),
        (200, stored(&mirror(), "\"2\"")),
        (204, Value::Null),
        (404, error("notFound")),
    ]);
    let outcomes = write(&script, vec![MirrorWrite::Create(other), update(), remove(), create()]).await;
    assert_eq!(
        outcomes,
        [Err(ErrorKind::QuotaExceeded), Ok(at(Some("\"2\""))), Ok(at(None)), Err(ErrorKind::CalendarGone)]
    );
    let body = String::from_utf8(script.requests()[0].body().clone()).unwrap();
    assert_eq!(body.matches("if-match: \"1\"").count(), 2);
    assert_eq!(body.matches("sendUpdates=none").count(), 4);
}

#[tokio::test]
async fn a_taken_identity_is_told_when_its_mirror_stands() {
    let script = Script::default().json(409, error("duplicate")).json(200, stored(&mirror(), "\"9\""));
    assert_eq!(write_one(&script, create()).await, Err(ErrorKind::IdentityTaken));
    assert_eq!(script.requests().len(), 2);
}

#[tokio::test]
async fn a_deleted_mirror_is_brought_back_on_condition() {
    let mut bare = json!({"id": mirror().provider_id().as_str(), "status": "cancelled", "etag": "\"9\""});
    for row in [tombstone("\"9\""), bare.take()] {
        let script = Script::default()
            .json(409, error("duplicate"))
            .json(200, row)
            .json(200, stored(&mirror(), "\"10\""));
        assert_eq!(write_one(&script, create()).await, Ok(at(Some("\"10\""))));
        let requests = script.requests();
        assert_eq!(
            (requests[2].method().as_str(), &requests[2].headers()["if-match"]),
            ("PUT", &"\"9\"".parse().unwrap())
        );
        assert_eq!(script.bodies()[1]["status"], "confirmed");
    }
}

#[tokio::test]
async fn a_deleted_mirror_that_cannot_be_brought_back_leaves_the_identity_taken() {
    for (status, reason) in
        [(403, "forbidden"), (404, "notFound"), (410, "deleted"), (412, "conditionNotMet")]
    {
        let script = Script::default()
            .json(409, error("duplicate"))
            .json(200, tombstone("\"9\""))
            .json(status, error(reason));
        assert_eq!(write_one(&script, create()).await, Err(ErrorKind::IdentityTaken), "{reason}");
    }
    let foreign = mirror_of("other", mirror().body().clone());
    let mut other = tombstone("\"9\"");
    other["extendedProperties"]["private"]["syncfbMark"] = foreign.mark().to_string().into();
    let mut invited = tombstone("\"9\"");
    invited["attendees"] = json!([{"responseStatus": "accepted"}]);
    let mut unversioned = tombstone("\"9\"");
    unversioned.as_object_mut().unwrap().remove("etag");
    for row in [other, invited, unversioned] {
        let script = Script::default().json(409, error("duplicate")).json(200, row);
        assert_eq!(write_one(&script, create()).await, Err(ErrorKind::IdentityTaken));
        assert_eq!(script.requests().len(), 2, "nothing was written");
    }
    let script = Script::default().json(409, error("duplicate")).json(404, error("notFound"));
    assert_eq!(write_one(&script, create()).await, Err(ErrorKind::IdentityTaken));
}

#[tokio::test]
async fn a_mirror_that_was_seen_deleted_is_brought_back_without_asking_for_its_id() {
    let script =
        Script::default().empty(204).json(200, tombstone("\"9\"")).json(200, stored(&mirror(), "\"10\""));
    let client = script.client();
    client.write(&calendar(), vec![remove()]).await.remove(0).unwrap();
    assert_eq!(client.write(&calendar(), vec![create()]).await.remove(0).unwrap(), at(Some("\"10\"")));
    let asked = script.asked();
    assert!(asked[1].starts_with("GET ") && asked[2].starts_with("PUT "), "{asked:?}");

    let mut refused = Script::default().empty(204);
    for _ in 0..2 {
        refused = refused.json(200, tombstone("\"9\"")).json(403, error("forbidden"));
    }
    let client = refused.client();
    client.write(&calendar(), vec![remove()]).await.remove(0).unwrap();
    for attempt in 0..2 {
        let kind = client.write(&calendar(), vec![create()]).await.remove(0).map_err(|error| error.kind);
        assert_eq!(kind, Err(ErrorKind::IdentityTaken), "attempt {attempt}");
    }
    assert!(refused.asked().iter().all(|asked| !asked.starts_with("POST ")), "{:?}", refused.asked());

    let forgotten =
        Script::default().empty(204).json(404, error("notFound")).json(200, stored(&mirror(), "\"1\""));
    let client = forgotten.client();
    client.write(&calendar(), vec![remove()]).await.remove(0).unwrap();
    assert_eq!(client.write(&calendar(), vec![create()]).await.remove(0).unwrap(), at(Some("\"1\"")));
    assert!(forgotten.asked()[2].starts_with("POST "));
}

#[tokio::test]
async fn a_success_that_tells_of_another_event_is_none() {
    let mut other = stored(&mirror(), "\"1\"");
    other["start"] = json!({"dateTime": "2026-12-05T10:00:00Z"});
    let script = Script::default().json(200, other);
    assert_eq!(write_one(&script, create()).await, Err(ErrorKind::IdentityTaken));
}

#[tokio::test]
async fn a_success_that_tells_of_a_deleted_event_brings_it_back() {
    let script = Script::default()
        .json(200, tombstone("\"9\""))
        .json(200, tombstone("\"9\""))
        .json(200, tombstone("\"9\""))
        .json(200, stored(&mirror(), "\"10\""));
    assert_eq!(write_one(&script, create()).await, Ok(at(Some("\"10\""))));
    assert!(script.asked()[3].starts_with("PUT "), "{:?}", script.asked());
}

#[tokio::test]
async fn a_failed_precondition_is_a_change_or_a_removal() {
    for write in [update(), remove()] {
        let refusal = || Script::default().json(412, error("conditionNotMet"));
        let changed = refusal().json(200, stored(&mirror(), "\"2\""));
        assert_eq!(write_one(&changed, write.clone()).await, Err(ErrorKind::PreconditionFailed));
        let deleted = refusal().json(200, tombstone("\"2\""));
        assert_eq!(write_one(&deleted, write.clone()).await, Err(ErrorKind::Gone));
        let gone = refusal().json(404, error("notFound"));
        assert_eq!(write_one(&gone, write.clone()).await, Err(ErrorKind::Gone));
        let untouchable = Script::default().json(403, error("forbidden")).json(200, tombstone("\"2\""));
        assert_eq!(write_one(&untouchable, write.clone()).await, Err(ErrorKind::Gone));
    }
}

#[tokio::test]
async fn what_is_gone_is_told_as_gone() {
    for (status, reason) in [(404, "notFound"), (410, "deleted")] {
        for write in [update(), remove()] {
            let script = Script::default().json(status, error(reason));
            assert_eq!(write_one(&script, write).await, Err(ErrorKind::Gone), "{reason}");
        }
    }
}

#[tokio::test]
async fn without_a_version_a_mirror_is_looked_at_first() {
    let blind = || {
        let placed = placed(&mirror(), None);
        [MirrorWrite::Update(placed.clone(), mirror()), MirrorWrite::Remove(placed)]
    };
    for write in blind() {
        let seen = Script::default().json(200, stored(&mirror(), "\"5\""));
        let script = match write {
            MirrorWrite::Remove(_) => seen.empty(204),
            _ => seen.json(200, stored(&mirror(), "\"6\"")),
        };
        write_one(&script, write).await.unwrap();
        assert_eq!(script.requests()[1].headers()["if-match"], "\"5\"");
    }
    let mut unmarked = stored(&mirror(), "\"5\"");
    unmarked.as_object_mut().unwrap().remove("extendedProperties");
    let mut invited = stored(&mirror(), "\"5\"");
    invited["attendees"] = json!([{"responseStatus": "needsAction"}]);
    for (row, kind) in [
        (unmarked, ErrorKind::PreconditionFailed),
        (invited, ErrorKind::PreconditionFailed),
        (tombstone("\"5\""), ErrorKind::Gone),
    ] {
        for write in blind() {
            let script = Script::default().json(200, row.clone());
            assert_eq!(write_one(&script, write).await, Err(kind));
            assert_eq!(script.requests().len(), 1, "nothing was written");
        }
    }
}

#[tokio::test]
async fn a_write_whose_answer_cannot_be_read_is_looked_up() {
    for answer in ["", "<html>", "{}"] {
        for write in [create(), update()] {
            let script = Script::default().text(200, answer).json(200, stored(&mirror(), "\"3\""));
            assert_eq!(write_one(&script, write).await, Ok(at(Some("\"3\""))), "{answer}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_stored_though_its_answer_was_lost_is_not_made_twice() {
    let other = mirror_of("other", mirror().body().clone());
    let script = Script::default()
        .batch(vec![(200, stored(&mirror(), "\"1\"")), (503, Value::Null)])
        .json(409, error("duplicate"))
        .json(200, stored(&other, "\"1\""));
    let outcomes = write(&script, vec![create(), MirrorWrite::Create(other)]).await;
    assert_eq!(
        outcomes,
        [Ok(at(Some("\"1\""))), Err(ErrorKind::IdentityTaken)],
        "the caller looks and finds it"
    );
}

#[tokio::test]
async fn a_calendar_that_may_only_be_read_is_told_as_that() {
    for write in [create(), update(), remove()] {
        let script =
            Script::default().json(403, error("requiredAccessLevel")).json(200, stored(&mirror(), "\"1\""));
        assert_eq!(write_one(&script, write).await, Err(ErrorKind::ReadOnly));
    }
}

#[tokio::test]
async fn no_write_can_reach_a_person() {
    let script = Script::default()
        .json(200, stored(&mirror(), "\"1\""))
        .json(200, stored(&mirror(), "\"2\""))
        .empty(204);
    let client = script.client();
    for write in [create(), update(), remove()] {
        client.write(&calendar(), vec![write]).await.remove(0).unwrap();
    }
    for (asked, request) in script.asked().iter().zip(script.requests()) {
        assert!(asked.contains("sendUpdates=none"), "{asked}");
        let body = String::from_utf8(request.body().clone()).unwrap();
        for word in ["attendees", "conference", "description", "location", "recurrence", "popup"] {
            assert!(!body.contains(word), "{word} in {body}");
        }
        assert!(body.is_empty() || body.contains(r#""overrides":[],"useDefault":false"#), "{body}");
    }
}

#[tokio::test]
async fn where_private_events_are_hidden_a_mirror_is_not_private_and_still_plain() {
    let mut shown = stored(&mirror(), "\"1\"");
    // Google leaves out what is usual.
    shown.as_object_mut().unwrap().remove("visibility");
    let listing = json!({"accessRole": "writerWithoutPrivateAccess", "items": [], "nextSyncToken": "t"});
    let script = Script::default().json(200, listing).json(200, shown.clone()).json(200, shown);
    let client = script.client();
    client.changes_since(&calendar(), None, &window()).await.unwrap();
    let outcome = client.write(&calendar(), vec![create()]).await.pop().unwrap();
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(script.bodies()[0]["visibility"], "default");
    let found = client.find_mirror(&calendar(), mirror().provider_id()).await.unwrap().unwrap();
    assert!(found.events[0].marked.as_ref().is_some_and(|marked| marked.plain));
}

#[tokio::test]
async fn what_the_account_may_do_is_asked_once_where_no_listing_told_it() {
    let answer = || stored(&mirror(), "\"1\"");
    let role = json!({"accessRole": "writerWithoutPrivateAccess"});
    let script = Script::default().json(200, role).json(200, answer()).json(200, answer());
    let client = script.fresh_client();
    for _ in 0..2 {
        client.write(&calendar(), vec![create()]).await;
    }
    let asked = script.asked();
    assert_eq!(asked.len(), 3, "{asked:?}");
    assert!(asked[0].ends_with("/events?maxResults=1&fields=accessRole"), "{asked:?}");
    let visibilities: Vec<_> = script.bodies().iter().map(|body| body["visibility"].clone()).collect();
    assert_eq!(visibilities, ["default", "default"]);
    let refused = Script::default().json(404, error("notFound"));
    let outcome = refused.fresh_client().write(&calendar(), vec![create()]).await.pop().unwrap();
    assert_eq!(outcome.map_err(|error| error.kind), Err(ErrorKind::CalendarGone));
}
