//! Writing while things go wrong.

use serde_json::json;
use starmesh_core::mirror::Incarnation;
use starmesh_provider::{CalendarProvider as _, ErrorKind, MirrorWrite, Written};
use starmesh_sim::google::{Collision, Fault, Scripted, Switches, Undelete};
use starmesh_tests::adapter_scene::placed;

use crate::scene::{Reader, Scene, times};

#[tokio::test]
async fn a_deleted_mirror_comes_back_under_its_id_or_under_the_next() {
    for collision in [Collision::Detected, Collision::Unnoticed] {
        for undelete in [Undelete::Allowed, Undelete::Refused] {
            let scene = Scene::with(Switches { collision, undelete, ..Switches::default() }).await;
            let mirror = scene.mirror("event", scene.day(3));
            let written = scene.write(MirrorWrite::Create(mirror.clone())).await.unwrap();
            let mut reader = Reader::default();
            scene.read(&mut reader).await;
            scene.delete(written.remote_id.as_str()).await;
            scene.read(&mut reader).await;
            assert!(reader.items.is_empty());
            let again = scene.write(MirrorWrite::Create(mirror)).await.map_err(|error| error.kind);
            match undelete {
                Undelete::Allowed => {
                    assert_eq!(again.map(|written| written.remote_id), Ok(written.remote_id));
                }
                Undelete::Refused => {
                    assert_eq!(again, Err(ErrorKind::IdentityTaken));
                    let next = scene.incarnation("event", scene.day(3), Incarnation::default().next());
                    scene.write(MirrorWrite::Create(next)).await.unwrap();
                }
            }
            scene.read(&mut reader).await;
            assert_eq!(scene.starts(&reader), [scene.day(3)], "{collision:?} {undelete:?}");
            assert!(scene.google.sim.ledger().notifications().is_empty());
        }
    }
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_found_by_its_identity() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    scene.google.sim.switch(|switches| {
        switches.scripted = vec![Scripted {
            method: Some("POST".to_owned()),
            path: "/events".to_owned(),
            after: 0,
            times: Some(1),
            fault: Fault::CutAfter,
        }];
    });
    let lost = scene.write(MirrorWrite::Create(mirror.clone())).await;
    assert_eq!(lost.map_err(|error| error.kind), Err(ErrorKind::Offline));
    let found =
        scene.google.adapter().find_mirror(&scene.calendar, mirror.provider_id()).await.unwrap().unwrap();
    assert_eq!(found.remote_id.as_str(), mirror.provider_id().as_str());
    let again = scene.write(MirrorWrite::Create(mirror)).await;
    assert_eq!(again.map_err(|error| error.kind), Err(ErrorKind::IdentityTaken));
    assert_eq!(scene.stored().await.len(), 1);
}

#[tokio::test]
async fn a_full_batch_is_written_though_the_service_is_in_trouble() {
    const MIRRORS: usize = 50;
    let scene = Scene::with(Switches { batch_shuffled: true, ..Switches::default() }).await;
    scene.google.sim.switch(|switches| {
        switches.faults.rate = 100;
        switches.faults.unavailable = 100;
    });
    let mirrors: Vec<_> =
        (0..MIRRORS).map(|number| scene.mirror(&format!("event-{number}"), scene.day(3))).collect();
    let writes = mirrors.iter().cloned().map(MirrorWrite::Create).collect();
    let outcomes = scene.google.adapter().write(&scene.calendar, writes).await;
    assert_eq!(outcomes.len(), MIRRORS);
    for (outcome, mirror) in outcomes.into_iter().zip(&mirrors) {
        match outcome {
            Ok(written) => assert_eq!(written.remote_id.as_str(), mirror.provider_id().as_str()),
            Err(error) => assert!(error.kind.is_transient(), "{error:?}"),
        }
    }
    scene.google.sim.switch(|switches| switches.faults = Switches::default().faults);
    let stored = scene.stored().await;
    assert!(stored.len() > MIRRORS / 2, "{}", stored.len());
    assert!(scene.google.sim.ledger().notifications().is_empty());
}

#[tokio::test]
async fn whatever_people_add_to_a_mirror_goes_with_an_update_and_nobody_hears_of_it() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    let written = scene.write(MirrorWrite::Create(mirror.clone())).await.unwrap();
    let additions = json!({
        "summary": "Dentist", "description": "x", "location": "y", "visibility": "default",
        "reminders": {"useDefault": true},
    });
    scene.patch(written.remote_id.as_str(), additions).await;
    let stale = scene.write(MirrorWrite::Update(placed(&mirror, &written), mirror.clone())).await;
    assert_eq!(stale.map_err(|error| error.kind), Err(ErrorKind::PreconditionFailed));
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let item = reader.items.values().next().unwrap();
    assert!(!item.events[0].marked.as_ref().unwrap().plain);
    let seen = Written { remote_id: item.remote_id.clone(), version: item.version.clone() };
    scene.write(MirrorWrite::Update(placed(&mirror, &seen), mirror.clone())).await.unwrap();
    scene.read(&mut reader).await;
    let item = reader.items.values().next().unwrap();
    assert_eq!(*item, mirror.as_observed(item.remote_id.clone(), item.version.clone()));
    let stored = scene.stored().await;
    assert_eq!(stored[0]["reminders"]["useDefault"], json!(false));
    assert!(stored[0]["reminders"]["overrides"].as_array().is_none_or(Vec::is_empty));
    assert!(scene.google.sim.ledger().notifications().is_empty());
}

#[tokio::test]
async fn a_used_up_calendar_and_a_dead_token_are_told_as_what_they_are() {
    for (status, reason, kind) in [
        (403, "quotaExceeded", ErrorKind::QuotaExceeded),
        (401, "authError", ErrorKind::NeedsSignIn),
        (403, "requiredAccessLevel", ErrorKind::ReadOnly),
        (500, "backendError", ErrorKind::Offline),
    ] {
        let scene = Scene::with(Switches::default()).await;
        scene.google.sim.switch(|switches| {
            switches.scripted = vec![Scripted {
                method: Some("POST".to_owned()),
                path: "/events".to_owned(),
                after: 0,
                times: None,
                fault: Fault::Error { status, reason: reason.to_owned(), retry_after_s: None },
            }];
        });
        let mirrors = ["one", "two"].map(|event| MirrorWrite::Create(scene.mirror(event, scene.day(3))));
        let outcomes = scene.google.adapter().write(&scene.calendar, mirrors.to_vec()).await;
        for outcome in outcomes {
            assert_eq!(outcome.map_err(|error| error.kind), Err(kind), "{reason}");
        }
    }
}

#[tokio::test]
async fn an_html_page_in_place_of_an_answer_is_trouble_and_no_calendar() {
    for (status, html, kind) in [
        (502, "<!DOCTYPE html><title>502</title>", ErrorKind::Offline),
        (503, "", ErrorKind::Offline),
        (200, "<html>Log in</html>", ErrorKind::InvalidData),
        (200, "", ErrorKind::InvalidData),
    ] {
        let scene = Scene::with(Switches::default()).await;
        scene.google.sim.switch(|switches| {
            switches.scripted = vec![Scripted {
                method: None,
                path: "/events".to_owned(),
                after: 0,
                times: None,
                fault: Fault::Body { status, html: html.to_owned() },
            }];
        });
        let outcome = scene.google.adapter().changes_since(&scene.calendar, None, &scene.window()).await;
        assert_eq!(outcome.map_err(|error| error.kind).unwrap_err(), kind, "{status} {html}");
    }
}

#[tokio::test]
async fn a_mirror_that_somebody_made_repeat_becomes_one_block_again() {
    let scene = Scene::with(Switches::default()).await;
    let mirror = scene.mirror("event", scene.day(3));
    let written = scene.write(MirrorWrite::Create(mirror.clone())).await.unwrap();
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let mut repeating = times(scene.day(3));
    repeating["recurrence"] = json!(["RRULE:FREQ=DAILY;COUNT=3"]);
    scene.patch(written.remote_id.as_str(), repeating).await;
    scene.read(&mut reader).await;
    assert_eq!(scene.starts(&reader).len(), 3);
    let item = &reader.items[written.remote_id.as_str()];
    let marked = item.events[0].marked.as_ref().unwrap();
    assert_eq!((marked.plain, marked.mark.as_str()), (false, mirror.mark().to_string().as_str()));
    let seen = Written { remote_id: item.remote_id.clone(), version: item.version.clone() };
    scene.write(MirrorWrite::Update(placed(&mirror, &seen), mirror.clone())).await.unwrap();
    scene.read(&mut reader).await;
    let item = &reader.items[written.remote_id.as_str()];
    assert_eq!(*item, mirror.as_observed(item.remote_id.clone(), item.version.clone()));
    assert_eq!(reader.items.len(), 1);
}

#[tokio::test]
async fn a_mirror_to_which_people_are_invited_says_so_and_is_not_written_blindly() {
    let scene = Scene::with(Switches::default()).await;
    for invited in [
        json!([{"email": "eve@example.org"}]),
        json!([{"email": "eve@example.org"}, {"email": "bob@example.org"}]),
        json!([{"email": starmesh_tests::google_harness::ADA, "responseStatus": "accepted"}]),
    ] {
        let mirror = scene.mirror(&invited.to_string(), scene.day(3));
        let written = scene.write(MirrorWrite::Create(mirror.clone())).await.unwrap();
        scene.patch(written.remote_id.as_str(), json!({"attendees": invited})).await;
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        let marked = reader.items[written.remote_id.as_str()].events[0].marked.clone().unwrap();
        assert!(marked.has_attendees && !marked.plain, "{invited}");
        let blind = placed(&mirror, &Written { version: None, ..written });
        for write in [MirrorWrite::Update(blind.clone(), mirror.clone()), MirrorWrite::Remove(blind)] {
            let outcome = scene.write(write).await;
            assert_eq!(outcome.map_err(|error| error.kind), Err(ErrorKind::PreconditionFailed), "{invited}");
        }
    }
}
