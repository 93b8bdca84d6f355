//! What has to be read after a listing.

use starmesh_core::event::{
    Availability, CalendarTime, Facts, Instance, LabelDigest, Length, MarkedEvent, Recurrence, SourceEvent,
};
use starmesh_core::ids::{EventId, ICalUid, Version};
use starmesh_core::mirror::FoundColor;
use starmesh_core::reconcile::Observed;

use super::*;

fn item(id: &str, version: &str, is_marked: bool) -> SourceItem {
    let marked = MarkedEvent {
        mark: "1.a.0.b.c".to_owned(),
        provider_id: id.to_owned(),
        time: None,
        availability: Availability::Busy,
        label: LabelDigest::of(""),
        color: FoundColor::Unset,
        plain: true,
        has_attendees: false,
    };
    let start = CalendarTime::utc(DateTime::UNIX_EPOCH);
    SourceItem {
        remote_id: RemoteId::new(id),
        version: Some(Version::new(version)),
        events: vec![SourceEvent {
            id: EventId::new(id),
            uid: ICalUid::new(id),
            recurrence: Recurrence::Single(Instance { start, length: Length::Unstated, facts: Facts::BUSY }),
            marked: is_marked.then_some(marked),
            tool: None,
        }],
        problem: None,
    }
}

fn sorted(listing: &mut Listing, known: &[SourceItem]) -> (Vec<String>, Vec<String>) {
    let observed = |item: &SourceItem| Observed { item: item.clone(), read_at: DateTime::UNIX_EPOCH };
    let known: Vec<Observed> = known.iter().map(observed).collect();
    let (wanted, items) = listing.sort(&known, false);
    let items = items.iter().map(|item| item.remote_id.to_string()).collect();
    (wanted.iter().map(ToString::to_string).collect(), items)
}

fn handed(items: &[SourceItem], without_marks: &[&str]) -> Listing {
    Listing {
        handed: items.iter().map(|item| (item.remote_id.clone(), item.clone())).collect(),
        without_marks: without_marks.iter().map(|id| RemoteId::new(*id)).collect(),
        ..Listing::default()
    }
}

#[test]
fn what_is_listed_is_read_when_its_version_is_new() {
    let version = |version: &str| Some(Version::new(version));
    let listed = [("new", version("1")), ("same", version("1")), ("changed", version("2")), ("none", None)];
    let mut listing = Listing {
        listed: listed.into_iter().map(|(id, version)| (RemoteId::new(id), version)).collect(),
        ..Listing::default()
    };
    let known = [item("same", "1", false), item("changed", "1", false), item("none", "1", false)];
    let (wanted, items) = sorted(&mut listing, &known);
    assert_eq!((wanted, items.len()), (["changed", "new", "none"].map(str::to_owned).to_vec(), 0));
}

#[test]
fn what_is_known_to_carry_a_mark_is_not_taken_from_a_read_that_hides_it() {
    let items = ["new", "plain", "marked", "same"].map(|id| item(id, "2", false));
    let known = [item("plain", "1", false), item("marked", "1", true), item("same", "2", true)];
    let mut blind = handed(&items, &["new", "plain", "marked", "same"]);
    let expected = (vec!["marked".to_owned()], vec!["new".to_owned(), "plain".to_owned()]);
    assert_eq!(sorted(&mut blind, &known), expected);
    // A read that shows marks shows that they are gone.
    let mut seeing = handed(&items, &[]);
    assert_eq!(sorted(&mut seeing, &known).1.len(), 4);
}
