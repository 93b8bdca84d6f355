//! Etags, and the preconditions that rest on them.

use super::super::{AfterPut, EtagSource, IfMatchStar};
use super::*;

const A: &str = "/calendars/ada@example.test/work/a.ics";

#[tokio::test]
async fn a_create_never_overwrites_and_a_change_needs_the_newest_version() {
    let scene = Scene::new();
    let none = [("if-none-match", "*")];
    let made = scene.put(A, &none, &event("a", "")).await;
    let first = made.header("etag").unwrap().to_owned();
    assert_eq!(made.status, 201);
    assert_eq!(scene.put(A, &none, &event("a", "")).await.status, 412);
    let changed = scene.put(A, &[("if-match", &first)], &event("a", "SUMMARY:2\r\n")).await;
    let second = changed.header("etag").unwrap().to_owned();
    assert_eq!(changed.status, 204);
    assert_ne!(first, second);
    assert_eq!(scene.get(A).await.header("etag"), Some(second.as_str()));
    assert_eq!(scene.put(A, &[("if-match", &first)], &event("a", "")).await.status, 412);
    assert_eq!(scene.ask("DELETE", A, &[("if-match", &first)], "").await.status, 412);
    assert_eq!(scene.ask("DELETE", A, &[("if-match", &second)], "").await.status, 204);
    assert_eq!(scene.get(A).await.status, 404);
    assert_eq!(scene.put(A, &[("if-match", &second)], &event("a", "")).await.status, 412);
}

#[tokio::test]
async fn a_server_may_overwrite_all_the_same_or_demand_the_version() {
    let scene = Scene::with(|switches| {
        switches.writes.if_none_match = false;
        switches.writes.if_match_required = true;
    });
    scene.book("a");
    assert_eq!(scene.put(A, &[], &event("a", "")).await.status, 409);
    scene.met("writes.if_match_required");
    let etag = scene.get(A).await.header("etag").unwrap().to_owned();
    let both = [("if-none-match", "*"), ("if-match", etag.as_str())];
    assert_eq!(scene.put(A, &both, &event("a", "")).await.status, 204);
    scene.met("writes.if_none_match_ignored");
}

#[tokio::test]
async fn a_star_means_something_else_everywhere() {
    let star = [("if-match", "*")];
    for (habit, on_nothing, on_something, met) in [
        (IfMatchStar::Literal, 412, 204, None),
        (IfMatchStar::Inverted, 201, 412, Some("writes.if_match_star.inverted")),
        (IfMatchStar::Ignored, 201, 204, Some("writes.if_match_star.ignored")),
    ] {
        let scene = Scene::with(|switches| switches.writes.if_match_star = habit);
        assert_eq!(scene.put(A, &star, &event("a", "")).await.status, on_nothing, "{habit:?}");
        scene.book("a");
        assert_eq!(scene.put(A, &star, &event("a", "")).await.status, on_something, "{habit:?}");
        met.iter().for_each(|met| scene.met(met));
    }
}

#[tokio::test]
async fn a_weak_etag_is_no_precondition() {
    let scene = Scene::with(|switches| switches.etags.weak = true);
    scene.book("a");
    let etag = scene.get(A).await.header("etag").unwrap().to_owned();
    assert!(etag.starts_with("W/\""));
    assert_eq!(scene.put(A, &[("if-match", &etag)], &event("a", "")).await.status, 412);
    scene.met("etags.weak");
}

#[tokio::test]
async fn an_etag_of_the_text_is_shared_and_comes_back() {
    let scene = Scene::with(|switches| switches.etags.source = EtagSource::Text);
    let etag = async |text: &str| scene.put(A, &[], text).await.header("etag").unwrap().to_owned();
    let first = etag(&event("a", "")).await;
    assert_ne!(etag(&event("a", "SUMMARY:2\r\n")).await, first);
    assert_eq!(etag(&event("a", "")).await, first);
    scene.met("etags.source.text");
}

#[tokio::test]
async fn the_answer_to_a_write_tells_the_version_or_half_of_it_or_nothing() {
    let scene = Scene::new();
    for (habit, met) in [
        (AfterPut::Weak, "etags.after_put.weak"),
        (AfterPut::Absent, "etags.after_put.absent"),
        (AfterPut::Encoded, "etags.after_put.encoded"),
    ] {
        scene.sim.switch(|switches| switches.etags.after_put = habit);
        let told = scene.put(A, &[], &event("a", "")).await.header("etag").map(str::to_owned);
        let strong = scene.get(A).await.header("etag").unwrap().to_owned();
        let expected = match habit {
            AfterPut::Told => Some(strong),
            AfterPut::Weak => Some(format!("W/{strong}")),
            AfterPut::Absent => None,
            AfterPut::Encoded => Some(strong.replace('"', "%22")),
        };
        assert_eq!(told, expected);
        scene.met(met);
    }
}
