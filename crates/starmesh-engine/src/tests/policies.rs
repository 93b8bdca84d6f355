//! What the policy of a link asks of reads and writes.

use starmesh_core::event::{ItemProblem, Recurrence, SourceItem};
use starmesh_core::policy::{Choice, Deleted, Found, Policy, Term, Terms, Word};
use starmesh_provider::ErrorKind;

use super::scene::{Device, Scene, link};
use starmesh_store::state::{Changes, Link};

async fn set(device: &Device, policy: Policy) {
    let mut changes = Changes::new();
    changes.put_link(&Link { policy, ..Link::new(link()) });
    device.state.commit(changes).await.unwrap();
}

/// A policy that leaves out what its keyword names, and what is looked for then.
fn without(word: &str) -> (Policy, Terms) {
    let word = Word::new(word).unwrap();
    let keywords = Choice { never: [word.clone()].into(), ..Choice::default() };
    (Policy { keywords, ..Policy::default() }, Terms::new([Term::Keyword(word)]).unwrap())
}

/// The server in memory has no subjects: it is the event that holds the word, in the version it had.
fn hold(item: &mut SourceItem, found: Found) {
    let Recurrence::Single(instance) = &mut item.events[0].recurrence else { panic!("a series") };
    instance.facts.found = found;
}

#[tokio::test(start_paused = true)]
async fn words_are_looked_for_by_reading_everything_again_and_never_longer_than_asked() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let (policy, terms) = without("lunch");
    set(&device, policy).await;
    scene.work(|shelf| hold(shelf.items.values_mut().next().unwrap(), terms.find("Lunch", [])));
    let report = device.settle().await;
    assert_eq!((report.total.removed, scene.mirrors()), (1, 1));
    assert_eq!(scene.work(|shelf| shelf.looked_for.clone()), terms);

    scene.server.take_calls();
    assert!(device.settle().await.total.writes() == 0, "and once is enough");
    set(&device, Policy::default()).await;
    let report = device.settle().await;
    assert_eq!((report.total.placed, scene.mirrors()), (1, 2));
    assert!(scene.work(|shelf| shelf.looked_for.is_empty()));
}

#[tokio::test(start_paused = true)]
async fn words_are_looked_for_anew_after_a_calendar_seemed_to_be_gone() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let (policy, terms) = without("lunch");
    set(&device, policy).await;
    scene.work(|shelf| {
        shelf.unreadable = Some(ErrorKind::CalendarGone);
        hold(shelf.items.values_mut().next().unwrap(), terms.find("Lunch", []));
    });
    assert_eq!(device.plan().await.operations(), 0);
    scene.work(|shelf| shelf.unreadable = None);
    assert_eq!((device.settle().await.total.removed, scene.mirrors()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_link_stands_still_while_its_source_was_not_read_for_its_words() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    let (policy, _) = without("lunch");
    set(&device, policy).await;
    scene.cancel("event0");
    scene.work(|shelf| shelf.unreadable = Some(ErrorKind::Offline));
    let report = device.settle().await;
    assert_eq!((report.total.writes(), scene.mirrors()), (0, 2));
    scene.work(|shelf| shelf.unreadable = None);
    device.settle().await;
    assert_eq!(scene.mirrors(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_for_the_words_of_a_link_is_not_placed_and_what_stands_stays() {
    let scene = Scene::new();
    let device = scene.settled_device(1).await;
    set(&device, Policy { off: true, ..Policy::default() }).await;
    scene.book("event1", 48);
    device.settle().await;
    let whole = scene.work(|shelf| shelf.items.clone());
    scene.work(|shelf| {
        for item in shelf.items.values_mut() {
            (item.problem, item.events) = (Some(ItemProblem::Malformed), Vec::new());
        }
    });
    set(&device, without("lunch").0).await;
    assert_eq!((device.settle().await.total.writes(), scene.mirrors()), (0, 0));
    scene.work(|shelf| whole.into_values().for_each(|item| shelf.put(item)));
    assert_eq!((device.settle().await.total.placed, scene.mirrors()), (2, 2));
    scene.work(|shelf| {
        for item in shelf.items.values_mut() {
            (item.problem, item.events) = (Some(ItemProblem::Malformed), Vec::new());
        }
    });
    set(&device, without("dinner").0).await;
    assert_eq!((device.settle().await.total.writes(), scene.mirrors()), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_mirror_deleted_by_hand_stays_away_as_long_as_that_is_respected() {
    let scene = Scene::new();
    let device = scene.settled_device(2).await;
    set(&device, Policy { deleted: Deleted::Respected, ..Policy::default() }).await;
    let gone = scene.home(|shelf| shelf.items.keys().next().cloned().unwrap());
    scene.home(|shelf| shelf.items.remove(&gone));
    let report = device.settle().await;
    assert_eq!((report.total.writes(), scene.mirrors()), (0, 1));
    assert_eq!(device.records().await.iter().filter(|record| record.dismissed).count(), 1);
    assert_eq!((device.settle().await.total.writes(), scene.mirrors()), (0, 1), "and stays away");

    set(&device, Policy::default()).await;
    assert_eq!((device.settle().await.total.placed, scene.mirrors()), (1, 2));
    assert!(device.records().await.iter().all(|record| !record.dismissed));
}
