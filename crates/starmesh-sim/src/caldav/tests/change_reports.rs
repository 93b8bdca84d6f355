//! Changes since a token, and ctags.

use super::super::{DavLimit, DeadToken, SyncRefusal, TokenGrain};
use super::*;

#[tokio::test]
async fn a_token_tells_what_changed_and_what_is_gone_and_nothing_twice() {
    let scene = Scene::new();
    let (stays, goes) = (scene.book("stays"), scene.book("goes"));
    let first = scene.report(WORK, "d:sync-collection", ALL).await;
    assert_eq!(first.files(), BTreeSet::from(["stays.ics".to_owned(), "goes.ics".to_owned()]));
    let token = first.value("sync-token").unwrap();
    assert_eq!(scene.changes(&token).await.rows(), []);
    scene.sim.delete_object(&goes).unwrap();
    let comes = scene.book("comes");
    let second = scene.changes(&token).await;
    assert_eq!(second.rows(), [(goes.clone(), 404), (comes, 200)]);
    let token = second.value("sync-token").unwrap();
    scene.book("stays");
    assert_eq!(scene.changes(&token).await.rows(), [(stays, 200)]);
}

#[tokio::test]
async fn a_long_answer_is_cut_with_507_and_goes_on_from_its_token() {
    let scene = Scene::with(|switches| switches.sync.page_max = Some(2));
    let mut wanted: BTreeSet<_> = ["a", "b", "c", "d", "e"].map(|uid| scene.book(uid)).into();
    let mut token = String::new();
    for pages_left in (0..3).rev() {
        let page = scene.changes(&token).await;
        let cut = page.rows().contains(&(WORK.to_owned(), 507));
        assert_eq!(cut, pages_left > 0, "{}", page.text);
        wanted.retain(|href| page.rows().iter().all(|(told, _)| told != href));
        token = page.value("sync-token").unwrap();
    }
    assert_eq!(wanted, BTreeSet::new());
    scene.met("sync.page_max");
}

#[tokio::test]
async fn a_limit_is_honoured_cut_silently_or_ignored() {
    let limit = "<d:sync-token/><d:limit><d:nresults>1</d:nresults></d:limit>";
    for (habit, rows, says_so, met) in [
        (DavLimit::Honoured, 2, true, "sync.limit.honoured"),
        (DavLimit::CutSilently, 1, false, "sync.limit.cut_silently"),
        (DavLimit::Ignored, 3, false, "sync.limit.ignored"),
    ] {
        let scene = Scene::with(|switches| switches.sync.limit = habit);
        ["a", "b", "c"].iter().for_each(|uid| drop(scene.book(uid)));
        let page = scene.report(WORK, "d:sync-collection", limit).await;
        assert_eq!((page.rows().len(), page.text.contains(" 507 ")), (rows, says_so), "{habit:?}");
        scene.met(met);
    }
}

#[tokio::test]
async fn a_dead_token_says_so_in_five_ways() {
    for (habit, status, says_so, met) in [
        (DeadToken::Forbidden, 403, true, "sync.dead_token.forbidden"),
        (DeadToken::PreconditionFailed, 412, true, "sync.dead_token.precondition_failed"),
        (DeadToken::ServerError, 500, false, "sync.dead_token.server_error"),
        (DeadToken::Gone, 410, false, "sync.dead_token.gone"),
        (DeadToken::Everything, 207, false, "sync.dead_token.everything"),
    ] {
        let scene = Scene::with(|switches| switches.sync.dead_token = habit);
        let gone = scene.book("gone");
        let stays = scene.book("stays");
        let token = scene.token().await;
        scene.sim.delete_object(&gone).unwrap();
        scene.sim.end_sync_tokens(WORK).unwrap();
        let answer = scene.changes(&token).await;
        assert_eq!((answer.status, answer.text.contains("valid-sync-token")), (status, says_so), "{habit:?}");
        if habit == DeadToken::Everything {
            assert_eq!(answer.rows(), [(stays, 200)], "what was deleted is never told");
        }
        scene.met(met);
        assert_ne!(scene.changes("nonsense").await.value("sync-token"), Some(token));
    }
}

#[tokio::test]
async fn a_token_lives_as_long_as_the_changes_after_it_are_remembered() {
    let scene = Scene::with(|switches| switches.sync.memory_s = Some(3_600));
    scene.book("a");
    let token = scene.token().await;
    scene.wait(7_200);
    assert_eq!(scene.changes(&token).await.status, 207, "nothing was forgotten");
    scene.book("b");
    assert_eq!(scene.changes(&token).await.status, 207);
    scene.wait(7_200);
    assert_eq!(scene.changes(&token).await.status, 403);
    scene.met("sync.memory");
}

#[tokio::test]
async fn a_first_listing_is_read_to_its_end_though_changes_are_soon_forgotten() {
    let scene = Scene::with(|switches| {
        switches.sync.memory_s = Some(3_600);
        switches.sync.page_max = Some(1);
    });
    let booked = ["a", "b"].map(|uid| scene.book(uid));
    scene.wait(7_200);
    let first = scene.changes("").await;
    let second = scene.changes(&first.value("sync-token").unwrap()).await;
    assert_eq!((second.status, second.rows()), (207, vec![(booked[1].clone(), 200)]));
    // What happened after the listing began has to be remembered.
    scene.sim.delete_object(&booked[0]).unwrap();
    scene.wait(7_200);
    assert_eq!(scene.changes(&first.value("sync-token").unwrap()).await.status, 403);
}

#[tokio::test]
async fn a_server_without_reports_refuses_them_in_three_ways_and_may_have_no_ctag_either() {
    for (refusal, status, met) in [
        (SyncRefusal::SupportedReport, 403, "sync.refusal.supported_report"),
        (SyncRefusal::NotImplemented, 501, "sync.refusal.not_implemented"),
        (SyncRefusal::BadRequest, 400, "sync.refusal.bad_request"),
    ] {
        let scene = Scene::with(|switches| {
            switches.sync.offered = false;
            switches.sync.refusal = refusal;
        });
        assert_eq!(scene.changes("").await.status, status);
        scene.met(met);
        let asked = "<s:getctag/><d:supported-report-set/><d:sync-token/>";
        let state = scene.propfind(WORK, "0", asked).await;
        assert!(!state.text.contains("sync-collection") && state.value("sync-token").as_deref() == Some(""));
        let ctag = state.value("getctag");
        assert_eq!(scene.propfind(WORK, "0", asked).await.value("getctag"), ctag);
        scene.book("a");
        assert_ne!(scene.propfind(WORK, "0", asked).await.value("getctag"), ctag);
        scene.sim.switch(|switches| switches.sync.ctag = false);
        assert_eq!(scene.propfind(WORK, "0", asked).await.value("getctag").as_deref(), Some(""));
        scene.met("sync.no_ctag");
    }
}

#[tokio::test]
async fn where_only_the_second_counts_a_second_change_in_it_is_lost() {
    let scene = Scene::with(|switches| switches.sync.grain = TokenGrain::Second);
    scene.book("a");
    let token = scene.token().await;
    scene.book("b");
    assert_eq!(scene.changes(&token).await.rows(), []);
    scene.met("sync.grain.second");
    scene.wait(1);
    let c = scene.book("c");
    assert_eq!(scene.changes(&token).await.rows(), [(c, 200)]);
}

#[tokio::test]
async fn a_listing_may_lag_and_then_catches_up() {
    let scene = Scene::with(|switches| switches.sync.lag_ms = 15_000);
    let token = scene.token().await;
    let a = scene.book("a");
    assert_eq!(scene.changes(&token).await.rows(), []);
    assert_eq!(scene.propfind(WORK, "1", "<d:getetag/>").await.rows().len(), 1);
    assert_eq!(scene.get(&a).await.status, 200, "the object itself is there at once");
    scene.met("sync.lag");
    scene.wait(15);
    assert_eq!(scene.changes(&token).await.rows(), [(a, 200)]);
}

#[tokio::test]
async fn a_report_may_tell_more_than_changed_and_refuse_a_depth() {
    let scene = Scene::with(|switches| {
        switches.sync.extra_rows_per_mille = 1_000;
        switches.sync.lists_itself = true;
        switches.sync.strict_depth = true;
    });
    let a = scene.book("a");
    let token = scene.token().await;
    assert_eq!(scene.changes(&token).await.rows(), [(WORK.to_owned(), 200), (a, 200)]);
    scene.met("sync.extra_rows");
    scene.met("sync.lists_itself");
    let body = format!("<d:sync-collection {NAMESPACES}>{ALL}<d:prop/></d:sync-collection>");
    assert_eq!(scene.ask("REPORT", WORK, &[("depth", "1")], &body).await.status, 400);
    scene.met("sync.strict_depth");
}
