//! Laws of reading.

use std::collections::BTreeSet;

use starmesh_core::event::{Availability, CalendarTime, Length, Recurrence, SourceItem};
use starmesh_core::ids::RemoteId;
use starmesh_core::recurrence::expand;
use starmesh_core::time::{EventTime, Window};
use starmesh_core::zone::Zone;

use super::harness::{Broken, Harness, PersonEvent, ensure, ensure_equal};
use super::mirrors::mirror;
use super::subject::{days, fetch, hour, person_event, read, version};
use crate::error::ErrorKind;
use crate::port::{Fetched, MirrorWrite};

/// Every calendar is listed once, under the name by which it is read.
pub async fn all_calendars_are_listed(harness: &impl Harness) -> Result<(), Broken> {
    let (one, other) = (harness.create_calendar().await, harness.create_calendar().await);
    let listed = harness.provider().list_calendars().await?;
    for name in [&one, &other] {
        let matching: Vec<_> = listed.iter().filter(|calendar| calendar.name == *name).collect();
        ensure_equal(&matching.len(), &1, "how often a calendar is listed")?;
        ensure(matching.iter().all(|calendar| !calendar.read_only), || {
            "our own calendar is read-only".to_owned()
        })?;
        ensure(matching.iter().all(|calendar| !calendar.short_name.is_empty()), || {
            "a calendar has no short name".to_owned()
        })?;
    }
    Ok(())
}

/// A calendar without items is read as such, which differs from not being read.
pub async fn an_empty_calendar_reads_as_complete(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let first = read(harness, &calendar, None).await?;
    ensure_equal(&first.items.len(), &0, "items of an empty calendar")?;
    ensure(first.complete, || "the read is not complete".to_owned())?;
    ensure(first.cursor.is_some(), || "there is no cursor to go on from".to_owned())
}

/// A read without a cursor tells everything.
pub async fn a_first_read_is_complete(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let mut ids = BTreeSet::new();
    for uid in ["one", "two", "three"] {
        ids.insert(harness.put_event(&calendar, &person_event(uid, hour(harness.now(), 3))).await);
    }
    let first = read(harness, &calendar, None).await?;
    ensure(first.complete, || "the read is not complete".to_owned())?;
    ensure_equal(&first.ids(), &ids, "the items")?;
    let uids: BTreeSet<_> =
        first.items.values().flat_map(|item| &item.events).map(|event| event.id.as_str()).collect();
    ensure_equal(&uids, &BTreeSet::from(["one", "two", "three"]), "the UIDs")?;
    ensure(first.items.values().all(|item| item.version.is_some()), || "an item has no version".to_owned())
}

/// Going on from a cursor tells what changed since, with its new version, and nothing is lost.
pub async fn a_second_read_tells_only_changes(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let event = person_event("moves", hour(harness.now(), 3));
    let moved = harness.put_event(&calendar, &event).await;
    harness.put_event(&calendar, &person_event("stays", hour(harness.now(), 4))).await;
    let first = read(harness, &calendar, None).await?;
    let unchanged = read(harness, &calendar, first.cursor.as_ref()).await?;
    ensure(unchanged.complete || unchanged.items.is_empty(), || {
        "an unchanged calendar tells changes".to_owned()
    })?;
    ensure(unchanged.removed.is_empty(), || "an unchanged calendar tells removals".to_owned())?;

    harness.put_event(&calendar, &PersonEvent { time: hour(harness.now(), 9), ..event }).await;
    let added = harness.put_event(&calendar, &person_event("comes", hour(harness.now(), 5))).await;
    let second = read(harness, &calendar, unchanged.cursor.as_ref()).await?;
    let told: Vec<_> = [&moved, &added].into_iter().filter(|id| second.items.contains_key(*id)).collect();
    ensure_equal(&told.len(), &2, "changes told")?;
    ensure(second.complete || second.items.len() == 2, || "more than the changes are told".to_owned())?;
    let versions = (first.items.get(&moved), second.items.get(&moved));
    ensure(matches!(versions, (Some(before), Some(after)) if before.version != after.version), || {
        "a changed item kept its version".to_owned()
    })
}

/// A deletion is told by a tombstone, or by a complete listing without the item.
pub async fn a_deletion_is_told(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let goes = harness.put_event(&calendar, &person_event("goes", hour(harness.now(), 3))).await;
    let stays = harness.put_event(&calendar, &person_event("stays", hour(harness.now(), 4))).await;
    let first = read(harness, &calendar, None).await?;
    harness.delete_item(&calendar, &goes).await;
    let second = read(harness, &calendar, first.cursor.as_ref()).await?;
    ensure(!second.items.contains_key(&goes), || "a deleted item is told as present".to_owned())?;
    ensure(second.complete || second.removed == BTreeSet::from([goes]), || {
        "the deletion is not told".to_owned()
    })?;
    ensure(!second.complete || second.items.contains_key(&stays), || {
        "a complete read lacks an item".to_owned()
    })
}

/// However a read is cut, its pages together tell everything once.
pub async fn pages_together_are_the_whole(harness: &impl Harness) -> Result<(), Broken> {
    const ITEMS: usize = 7;
    let calendar = harness.create_calendar().await;
    harness.limit_pages(&calendar, 3).await;
    let mut ids = BTreeSet::new();
    for number in 0..ITEMS {
        let event = person_event(&format!("event-{number}"), hour(harness.now(), 3));
        ids.insert(harness.put_event(&calendar, &event).await);
    }
    let first = read(harness, &calendar, None).await?;
    ensure_equal(&first.ids(), &ids, "the items of all pages")?;
    ensure(first.complete, || "the pages are not complete together".to_owned())?;
    for id in &ids {
        harness.delete_item(&calendar, id).await;
    }
    let second = read(harness, &calendar, first.cursor.as_ref()).await?;
    ensure(second.items.is_empty(), || "items are left".to_owned())?;
    ensure(second.complete || second.removed == ids, || "a deletion is lost between the pages".to_owned())
}

/// A cursor that the server does not know is an error of its own, never a short list.
pub async fn a_dead_cursor_is_told(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    harness.put_event(&calendar, &person_event("one", hour(harness.now(), 3))).await;
    let cursor = harness.dead_cursor(&calendar).await;
    let window = Window::around(harness.now(), Window::DAYS_DEFAULT);
    let outcome = harness.provider().changes_since(&calendar, Some(&cursor), &window).await;
    let kind = outcome.map_err(|error| error.kind).map(|page| page.changed.len());
    ensure_equal(&kind, &Err(ErrorKind::TokenExpired), "the answer to a dead cursor")?;
    let again = read(harness, &calendar, None).await?;
    ensure_equal(&again.items.len(), &1, "items of the read that follows")
}

/// Every id that is asked for is answered.
pub async fn a_missing_item_is_told_among_found_ones(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let there = harness.put_event(&calendar, &person_event("there", hour(harness.now(), 3))).await;
    let gone = harness.put_event(&calendar, &person_event("gone", hour(harness.now(), 3))).await;
    harness.delete_item(&calendar, &gone).await;
    let answers = harness.provider().fetch(&calendar, &[gone.clone(), there.clone()]).await?;
    let found: Vec<_> = answers
        .iter()
        .filter(|answer| matches!(answer, Fetched::Found(item) if item.remote_id == there))
        .collect();
    let missing = answers.contains(&Fetched::Missing(gone));
    ensure_equal(&(answers.len(), found.len(), missing), &(2, 1, true), "answers, found, missing")?;
    let none = harness.provider().fetch(&calendar, &[]).await?;
    ensure_equal(&none.len(), &0, "answers to nothing")
}

/// A person's events are read as what they say about time.
pub async fn a_persons_events_are_read_as_their_facts(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let now = harness.now();
    let window = Window::around(now, Window::DAYS_DEFAULT);
    for (event, count) in [
        (person_event("timed", hour(now, 3)), 1),
        (person_event("all-day", days(now, 3)), 1),
        (PersonEvent { transparent: true, ..person_event("free", hour(now, 4)) }, 1),
        (
            PersonEvent {
                rule: Some("FREQ=DAILY;COUNT=5".to_owned()),
                ..person_event("series", hour(now, 5))
            },
            5,
        ),
    ] {
        let id = harness.put_event(&calendar, &event).await;
        let items = fetch(harness, &calendar, std::slice::from_ref(&id)).await?;
        let [SourceItem { events, problem: None, .. }] = items.as_slice() else {
            return Err(Broken(format!("{} is not read", event.uid)));
        };
        let [source] = events.as_slice() else {
            return Err(Broken(format!("{} is not one event", event.uid)));
        };
        ensure_equal(&source.id.as_str(), &event.uid.as_str(), "the UID")?;
        ensure(source.marked.is_none(), || "a person's event is marked".to_owned())?;
        let occurrences = expand(&source.recurrence, &window.range, &Zone::Utc)
            .map_err(|problem| Broken(format!("{} cannot be expanded: {problem:?}", event.uid)))?;
        ensure_equal(&occurrences.len(), &count, "occurrences")?;
        ensure_equal(&occurrences[0].time, &event.time, "the first occurrence")?;
        let availability = if event.transparent { Availability::Free } else { Availability::Busy };
        ensure_equal(&occurrences[0].facts.availability, &availability, "the availability")?;
        ensure_stated_as_written(&source.recurrence, &event.time)?;
    }
    Ok(())
}

fn ensure_stated_as_written(recurrence: &Recurrence, time: &EventTime) -> Result<(), Broken> {
    let Recurrence::Single(instance) = recurrence else { return Ok(()) };
    let is_date = |time: &CalendarTime| matches!(time, CalendarTime::Date(_));
    ensure_equal(&is_date(&instance.start), &time.is_all_day(), "whether the start is a day")?;
    match &instance.length {
        Length::Until(end) => ensure_equal(&is_date(end), &time.is_all_day(), "whether the end is a day"),
        Length::Duration { .. } | Length::Unstated => Ok(()),
    }
}

/// A calendar that was removed is told as gone, whatever is asked of it.
pub async fn a_calendar_that_is_gone_says_so(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let id = harness.put_event(&calendar, &person_event("one", hour(harness.now(), 3))).await;
    let before = read(harness, &calendar, None).await?;
    let _known: Option<_> = version(harness, &calendar, &id).await?;
    harness.delete_calendar(&calendar).await;
    let provider = harness.provider();
    let window = Window::around(harness.now(), Window::DAYS_DEFAULT);
    for cursor in [None, before.cursor.as_ref()] {
        let outcome = provider.changes_since(&calendar, cursor, &window).await;
        let kind = outcome.map_err(|error| error.kind).map(|page| page.changed.len());
        ensure_equal(&kind, &Err(ErrorKind::CalendarGone), "the answer to a read")?;
    }
    let create = MirrorWrite::Create(mirror(harness, &calendar, "late", hour(harness.now(), 3)));
    let outcome = provider.write(&calendar, vec![create]).await;
    let kinds: Vec<_> = outcome.into_iter().map(|written| written.map_err(|error| error.kind)).collect();
    ensure(matches!(kinds.as_slice(), [Err(ErrorKind::CalendarGone)]), || {
        format!("the answer to a create: {kinds:?}")
    })?;
    let listed = provider.list_calendars().await?;
    ensure(listed.iter().all(|listed| listed.name != calendar), || "it is listed".to_owned())?;
    let nowhere = RemoteId::new(id.as_str());
    let fetched = provider.fetch(&calendar, std::slice::from_ref(&nowhere)).await;
    let is_gone = match &fetched {
        Ok(answers) => *answers == [Fetched::Missing(nowhere)],
        Err(error) => error.kind == ErrorKind::CalendarGone,
    };
    ensure(is_gone, || "a fetch found something".to_owned())
}
