//! Writing, on a scripted server.

use serde_json::{Value, json};
use starmesh_provider::CalendarProvider;

use super::*;
use crate::script::{
    Script, calendar, client, empty, json_answer, mirror, mirror_row, ok, own_calendar, parts, placed,
    refused, row, with,
};

fn kinds(outcomes: &[Result<Written>]) -> Vec<Result<&str, ErrorKind>> {
    let kind = |it: &ProviderError| it.kind;
    outcomes.iter().map(|it| it.as_ref().map(|it| it.remote_id.as_str()).map_err(kind)).collect()
}

fn coded(code: &str) -> Value {
    json!({"error": {"code": code}})
}

/// No request may bring anything by which a person is told.
fn assert_silent(script: &Script) {
    for asked in script.asked() {
        let text = asked.body.to_string();
        for word in
            ["attendees", "\"isReminderOn\":true", "\"responseRequested\":true", "\"isOnlineMeeting\":true"]
        {
            assert!(!text.contains(word), "{word} in {}", asked.line);
        }
    }
}

#[tokio::test]
async fn a_batch_of_writes_is_one_request_and_each_has_its_answer() {
    let (one, two) = (mirror("one"), mirror("two"));
    let writes = vec![
        MirrorWrite::Create(one.clone()),
        MirrorWrite::Update(placed(&two, "u", Some("W/\"1\"")), two.clone()),
        MirrorWrite::Remove(placed(&two, "r", Some("W/\"1\""))),
        MirrorWrite::Create(two.clone()),
        MirrorWrite::Update(placed(&two, "stale", Some("W/\"1\"")), two.clone()),
        MirrorWrite::Remove(placed(&two, "gone", Some("W/\"1\""))),
    ];
    let (client, script) = client([
        own_calendar(),
        parts(&[
            (5, 404, coded("ErrorItemNotFound")),
            (3, 400, coded("ErrorDuplicateTransactionId")),
            (4, 412, coded("ErrorIrresolvableConflict")),
            (2, 204, Value::Null),
            (1, 200, mirror_row(&two, "u", 2)),
            (0, 201, mirror_row(&one, "n", 1)),
        ]),
    ]);
    let outcomes = client.write(&calendar(), writes).await;
    assert_eq!(
        kinds(&outcomes),
        [
            Ok("n"),
            Ok("u"),
            Ok("r"),
            Err(ErrorKind::IdentityTaken),
            Err(ErrorKind::PreconditionFailed),
            Err(ErrorKind::Gone)
        ]
    );
    let versions: Vec<_> = outcomes[..3].iter().map(|it| it.as_ref().unwrap().version.as_ref()).collect();
    assert_eq!(versions[2], None);
    assert_eq!(versions[1].map(Version::as_str), Some("W/\"2\""));
    let asked = script.asked();
    assert_eq!(script.lines()[1], "POST /$batch");
    assert_eq!(asked[1].body["requests"][1]["headers"]["If-Match"], "W/\"1\"");
    assert_eq!(asked[1].body["requests"][2]["headers"]["If-Match"], "W/\"1\"");
    assert!(asked[1].body["requests"][0]["headers"].get("If-Match").is_none());
    assert_silent(&script);
}

#[tokio::test]
async fn one_write_is_a_request_of_its_own() {
    let spec = mirror("one");
    let (client, script) = client([own_calendar(), json_answer(201, &mirror_row(&spec, "n", 1)), empty(204)]);
    let outcome = client.write(&calendar(), vec![MirrorWrite::Create(spec.clone())]).await;
    assert_eq!(kinds(&outcome), [Ok("n")]);
    let at = placed(&spec, "n", Some("W/\"1\""));
    let outcome = client.write(&calendar(), vec![MirrorWrite::Remove(at)]).await;
    assert_eq!(kinds(&outcome), [Ok("n")]);
    assert_eq!(script.asked()[2].if_match.as_deref(), Some("W/\"1\""));
    assert_eq!(
        script.lines(),
        ["GET /me/calendars/C=", "POST /me/calendars/C=/events", "DELETE /me/calendars/C=/events/n"]
    );
    assert_silent(&script);
}

#[tokio::test]
async fn where_private_events_are_hidden_a_mirror_is_not_private() {
    let spec = mirror("one");
    let hides = ok(&json!({"id": "C=", "canEdit": true, "canShare": false, "canViewPrivateItems": false}));
    let (client, script) = client([hides, json_answer(201, &mirror_row(&spec, "n", 1))]);
    client.write(&calendar(), vec![MirrorWrite::Create(spec)]).await.pop().unwrap().unwrap();
    assert_eq!(script.asked()[1].body["sensitivity"], "normal");
}

#[tokio::test]
async fn without_a_version_a_mirror_is_looked_at_first() {
    let (spec, other) = (mirror("one"), mirror("two"));
    let blind = placed(&spec, "n", None);
    let (client, script) =
        self::client([own_calendar(), ok(&mirror_row(&spec, "n", 4)), ok(&mirror_row(&spec, "n", 5))]);
    let outcome = client.write(&calendar(), vec![MirrorWrite::Update(blind.clone(), spec.clone())]).await;
    assert_eq!(kinds(&outcome), [Ok("n")]);
    assert_eq!(script.asked()[2].if_match.as_deref(), Some("W/\"4\""));

    let (client, script) = self::client([own_calendar(), ok(&mirror_row(&other, "n", 4))]);
    let outcome = client.write(&calendar(), vec![MirrorWrite::Update(blind.clone(), spec.clone())]).await;
    assert_eq!(kinds(&outcome), [Err(ErrorKind::PreconditionFailed)]);
    assert!(script.is_over());

    let (client, script) = self::client([own_calendar(), ok(&row("n", 4))]);
    let outcome = client.write(&calendar(), vec![MirrorWrite::Remove(blind.clone())]).await;
    assert_eq!(kinds(&outcome), [Err(ErrorKind::PreconditionFailed)], "a person's event is never removed");
    assert!(script.is_over());

    let (client, _) = self::client([own_calendar(), refused(404, "ErrorItemNotFound")]);
    let outcome = client.write(&calendar(), vec![MirrorWrite::Remove(blind)]).await;
    assert_eq!(kinds(&outcome), [Err(ErrorKind::Gone)]);
}

#[tokio::test]
async fn a_mirror_that_was_made_to_repeat_loses_its_rule() {
    let spec = mirror("one");
    let repeats = with(mirror_row(&spec, "n", 2), &json!({"type": "seriesMaster"}));
    let (client, script) = client([own_calendar(), ok(&repeats), ok(&mirror_row(&spec, "n", 3))]);
    let at = placed(&spec, "n", Some("W/\"1\""));
    let written =
        client.write(&calendar(), vec![MirrorWrite::Update(at, spec)]).await.pop().unwrap().unwrap();
    assert_eq!(written.version.unwrap().as_str(), "W/\"3\"");
    let last = &script.asked()[2];
    assert_eq!((last.body.clone(), last.if_match.as_deref()), (json!({"recurrence": null}), Some("W/\"2\"")));
}

#[tokio::test]
async fn a_version_that_is_not_told_is_read_back() {
    let spec = mirror("one");
    let (client, _) =
        client([own_calendar(), json_answer(201, &json!({"id": "n"})), ok(&mirror_row(&spec, "n", 7))]);
    let written = client.write(&calendar(), vec![MirrorWrite::Create(spec)]).await.pop().unwrap().unwrap();
    assert_eq!(written.version.unwrap().as_str(), "W/\"7\"");
}

#[tokio::test]
async fn refusals_of_a_create_are_told_apart() {
    for (status, code, kind) in [
        (404, "ErrorItemNotFound", ErrorKind::CalendarGone),
        (403, "ErrorAccessDenied", ErrorKind::ReadOnly),
        (403, "ErrorQuotaExceeded", ErrorKind::QuotaExceeded),
        (409, "ErrorDuplicateTransactionId", ErrorKind::IdentityTaken),
        (401, "InvalidAuthenticationToken", ErrorKind::NeedsSignIn),
    ] {
        let (client, _) = self::client([own_calendar(), refused(status, code)]);
        let outcome = client.write(&calendar(), vec![MirrorWrite::Create(mirror("one"))]).await;
        assert_eq!(kinds(&outcome), [Err(kind)], "{status} {code}");
    }
}

#[tokio::test]
async fn a_create_that_is_answered_with_a_changed_mirror_is_taken() {
    let spec = mirror("one");
    for fields in [
        json!({"start": {"dateTime": "2026-11-03T08:00:00", "timeZone": "UTC"}}),
        json!({"showAs": "oof"}),
        json!({"subject": "Lunch"}),
    ] {
        let changed = with(mirror_row(&spec, "n", 2), &fields);
        let (client, _) = self::client([own_calendar(), json_answer(201, &changed)]);
        let outcome = client.write(&calendar(), vec![MirrorWrite::Create(spec.clone())]).await;
        assert_eq!(kinds(&outcome), [Err(ErrorKind::IdentityTaken)], "{fields}");
    }
}
