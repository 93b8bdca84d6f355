//! Laws of writing.

use starmesh_core::ids::LastingName;
use starmesh_core::mirror::{Color, Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::time::EventTime;

use super::harness::{Broken, Harness, PersonEvent, ensure, ensure_equal};
use super::mirrors::{create, ensure_is, ensure_stands, mirror, mirror_with, placed, placed_at, write};
use super::subject::{days, hour, person_event, read};
use crate::error::ErrorKind;
use crate::port::{MirrorWrite, Written};

/// Every kind of mirror reads back as exactly what was written.
pub async fn a_written_mirror_reads_back_equal(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    for mirror in kinds_of_mirrors(harness, &calendar) {
        let placed = create(harness, &calendar, &mirror).await?;
        ensure_stands(harness, &calendar, &placed, &mirror).await?;
    }
    Ok(())
}

/// Our own write comes back as a change that carries the mark, which is how an echo is known.
pub async fn a_written_mirror_is_told_as_marked(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let before = read(harness, &calendar, None).await?;
    let mirror = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let placed = create(harness, &calendar, &mirror).await?;
    let after = read(harness, &calendar, before.cursor.as_ref()).await?;
    let item =
        after.items.get(placed.remote_id()).ok_or_else(|| Broken("the write is not told".to_owned()))?;
    ensure_equal(&item.version.as_ref(), &placed.version(), "the version that is told")?;
    ensure_is(item, &mirror)
}

/// A second create under one identity leaves the first as it is, and is refused unless it is the very same.
pub async fn a_create_never_overwrites(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let first = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let placed = create(harness, &calendar, &first).await?;
    let kept = harness.kept(&calendar).await;
    let second = mirror(harness, &calendar, "one", hour(harness.now(), 7));
    // A server may answer the very same create once more with what stands: that overwrites nothing either.
    let outcome = write(harness, &calendar, MirrorWrite::Create(first.clone())).await?;
    match &outcome {
        Ok(written) => ensure_equal(&self::placed(&first, written), &placed, "what the same create gives")?,
        Err(_) => ensure_refused(&outcome, ErrorKind::IdentityTaken)?,
    }
    let outcome = write(harness, &calendar, MirrorWrite::Create(second)).await?;
    ensure_refused(&outcome, ErrorKind::IdentityTaken)?;
    ensure_equal(&harness.kept(&calendar).await, &kept, "what is stored")?;
    ensure_equal(&kept.len(), &1, "stored items")?;
    ensure_stands(harness, &calendar, &placed, &first).await
}

/// An update keeps the place and gives a new version.
pub async fn an_update_changes_a_mirror_in_place(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let mut before = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let mut at = create(harness, &calendar, &before).await?;
    for body in bodies(harness) {
        let after = mirror_with(&calendar, "one", body);
        if after == before {
            continue;
        }
        let written = write(harness, &calendar, MirrorWrite::Update(at.clone(), after.clone())).await??;
        ensure_equal(&&written.remote_id, &at.remote_id(), "the place")?;
        ensure(written.version.is_some() && written.version.as_ref() != at.version(), || {
            "a changed mirror kept its version".to_owned()
        })?;
        at = placed(&after, &written);
        ensure_stands(harness, &calendar, &at, &after).await?;
        before = after;
    }
    ensure_equal(&harness.kept(&calendar).await.len(), &1, "stored items")
}

/// Without a version a mirror is looked at before it is written: ours is updated, another is not.
pub async fn an_update_without_a_version_is_checked_first(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let before = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let other = mirror(harness, &calendar, "two", hour(harness.now(), 3));
    let at = create(harness, &calendar, &before).await?;
    let other_at = create(harness, &calendar, &other).await?;
    let blind = placed_at(&before, at.remote_id().clone(), None);
    let after = mirror(harness, &calendar, "one", hour(harness.now(), 7));
    let written = write(harness, &calendar, MirrorWrite::Update(blind, after.clone())).await??;
    ensure_stands(harness, &calendar, &placed(&after, &written), &after).await?;

    let wrong = placed_at(&other, other_at.remote_id().clone(), None);
    let outcome = write(harness, &calendar, MirrorWrite::Update(wrong, after)).await?;
    ensure_refused(&outcome, ErrorKind::PreconditionFailed)?;
    ensure_stands(harness, &calendar, &other_at, &other).await
}

/// A mirror to which a person invited others is never written, whatever version the writer knows: it may know
/// none, having learned of the mirror only from a write whose answer told none.
pub async fn what_people_are_invited_to_stays(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let first = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let at = create(harness, &calendar, &first).await?;
    harness.invite(&calendar, at.remote_id()).await;
    let kept = harness.kept(&calendar).await;
    let second = mirror(harness, &calendar, "one", hour(harness.now(), 7));
    for version in [None, at.version().cloned()] {
        let known = placed_at(&first, at.remote_id().clone(), version);
        for refused in
            [MirrorWrite::Update(known.clone(), second.clone()), MirrorWrite::Remove(known.clone())]
        {
            let outcome = write(harness, &calendar, refused).await?;
            ensure_refused(&outcome, ErrorKind::PreconditionFailed)?;
        }
    }
    ensure_equal(&harness.kept(&calendar).await, &kept, "what is stored")
}

/// An update of a version that is no more is refused and changes nothing.
pub async fn a_stale_update_changes_nothing(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let first = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let stale = create(harness, &calendar, &first).await?;
    let second = mirror(harness, &calendar, "one", hour(harness.now(), 5));
    let written = write(harness, &calendar, MirrorWrite::Update(stale.clone(), second.clone())).await??;
    let kept = harness.kept(&calendar).await;
    let third = mirror(harness, &calendar, "one", hour(harness.now(), 7));
    let outcome = write(harness, &calendar, MirrorWrite::Update(stale, third)).await?;
    ensure_refused(&outcome, ErrorKind::PreconditionFailed)?;
    ensure_equal(&harness.kept(&calendar).await, &kept, "what is stored")?;
    ensure_stands(harness, &calendar, &placed(&second, &written), &second).await
}

/// A removal of a version that is no more is refused and changes nothing.
pub async fn a_stale_removal_changes_nothing(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let first = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let stale = create(harness, &calendar, &first).await?;
    let second = mirror(harness, &calendar, "one", hour(harness.now(), 5));
    write(harness, &calendar, MirrorWrite::Update(stale.clone(), second)).await??;
    let kept = harness.kept(&calendar).await;
    let outcome = write(harness, &calendar, MirrorWrite::Remove(stale)).await?;
    ensure_refused(&outcome, ErrorKind::PreconditionFailed)?;
    ensure_equal(&harness.kept(&calendar).await, &kept, "what is stored")
}

/// A removed mirror is gone; removing or changing it again says so.
pub async fn a_removed_mirror_is_gone(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let mirror = mirror(harness, &calendar, "one", hour(harness.now(), 3));
    let at = create(harness, &calendar, &mirror).await?;
    let removed = write(harness, &calendar, MirrorWrite::Remove(at.clone())).await??;
    let expected = Written { remote_id: at.remote_id().clone(), version: None };
    ensure_equal(&removed, &expected, "the answer to a removal")?;
    ensure_equal(&harness.kept(&calendar).await.len(), &0, "stored items")?;
    let again = write(harness, &calendar, MirrorWrite::Remove(at.clone())).await?;
    ensure_refused(&again, ErrorKind::Gone)?;
    let update = write(harness, &calendar, MirrorWrite::Update(at, mirror)).await?;
    ensure_refused(&update, ErrorKind::Gone)?;
    ensure_equal(&harness.kept(&calendar).await.len(), &0, "stored items after an update")
}

/// After a lost answer a mirror is found by nothing but its identity.
pub async fn a_mirror_is_found_by_its_identity(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let there = mirror(harness, &calendar, "there", hour(harness.now(), 3));
    let absent = mirror(harness, &calendar, "absent", hour(harness.now(), 3));
    let at = create(harness, &calendar, &there).await?;
    let provider = harness.provider();
    let found = provider.find_mirror(&calendar, there.provider_id()).await?;
    let found = found.ok_or_else(|| Broken("a mirror is not found".to_owned()))?;
    ensure_equal(&&found.remote_id, &at.remote_id(), "the place")?;
    ensure_equal(&found.version.as_ref(), &at.version(), "the version")?;
    ensure_is(&found, &there)?;
    let nothing = provider.find_mirror(&calendar, absent.provider_id()).await?;
    ensure(nothing.is_none(), || "a mirror is found that never was".to_owned())
}

/// Each write of a batch has its own answer, in order, and a refused one stops no other.
pub async fn a_batch_is_answered_in_order(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let spec = |event: &str, day: i64| mirror(harness, &calendar, event, hour(harness.now(), day));
    let taken = create(harness, &calendar, &spec("taken", 3)).await?;
    let moves = create(harness, &calendar, &spec("moves", 3)).await?;
    let goes = create(harness, &calendar, &spec("goes", 3)).await?;
    let size = harness.provider().capabilities().batch;
    let mut writes = vec![
        MirrorWrite::Create(spec("taken", 4)),
        MirrorWrite::Update(moves.clone(), spec("moves", 4)),
        MirrorWrite::Remove(goes.clone()),
        MirrorWrite::Create(spec("comes", 4)),
    ];
    writes.truncate(size.max(1));
    let count = writes.len();
    let outcome = harness.provider().write(&calendar, writes).await;
    ensure_equal(&outcome.len(), &count, "answers")?;
    ensure_refused(&outcome[0], ErrorKind::IdentityTaken)?;
    for (written, place) in outcome.iter().skip(1).zip([moves.remote_id(), goes.remote_id()]) {
        let written = written.as_ref().map_err(|error| Broken::from(error.clone()))?;
        ensure_equal(&&written.remote_id, &place, "the place of an answer")?;
    }
    if let Some(created) = outcome.get(3) {
        let created = created.as_ref().map_err(|error| Broken::from(error.clone()))?;
        let comes = spec("comes", 4);
        ensure_stands(harness, &calendar, &placed(&comes, created), &comes).await?;
    }
    ensure_stands(harness, &calendar, &taken, &spec("taken", 3)).await
}

/// Nothing that is done to mirrors touches a person's event.
pub async fn a_persons_events_stay_byte_identical(harness: &impl Harness) -> Result<(), Broken> {
    let calendar = harness.create_calendar().await;
    let now = harness.now();
    let series =
        PersonEvent { rule: Some("FREQ=WEEKLY;COUNT=4".to_owned()), ..person_event("series", hour(now, 2)) };
    for event in [person_event("timed", hour(now, 3)), person_event("all-day", days(now, 3)), series] {
        harness.put_event(&calendar, &event).await;
    }
    let kept = harness.kept(&calendar).await;
    let first = mirror(harness, &calendar, "one", hour(now, 3));
    let at = create(harness, &calendar, &first).await?;
    let second = mirror(harness, &calendar, "one", hour(now, 5));
    let written = write(harness, &calendar, MirrorWrite::Update(at.clone(), second.clone())).await??;
    for refused in
        [MirrorWrite::Create(first), MirrorWrite::Update(at.clone(), second.clone()), MirrorWrite::Remove(at)]
    {
        let outcome = write(harness, &calendar, refused).await?;
        ensure(outcome.is_err(), || "a stale write was carried out".to_owned())?;
    }
    let whole = read(harness, &calendar, None).await?;
    ensure_equal(&whole.items.len(), &4, "items of the calendar")?;
    write(harness, &calendar, MirrorWrite::Remove(placed(&second, &written))).await??;
    ensure_equal(&harness.kept(&calendar).await, &kept, "what is stored")
}

fn ensure_refused(outcome: &crate::error::Result<Written>, kind: ErrorKind) -> Result<(), Broken> {
    let found = outcome.as_ref().map(|_| "a success").map_err(|error| error.kind);
    ensure_equal(&found, &Err(kind), "the answer to a write")
}

fn kinds_of_mirrors(harness: &impl Harness, target: &LastingName) -> Vec<MirrorSpec> {
    bodies(harness)
        .into_iter()
        .enumerate()
        .map(|(number, body)| mirror_with(target, &format!("event-{number}"), body))
        .collect()
}

fn bodies(harness: &impl Harness) -> Vec<MirrorBody> {
    let times: [EventTime; 2] = [hour(harness.now(), 3), days(harness.now(), 3)];
    let kinds = [MirrorAvailability::Busy, MirrorAvailability::Tentative, MirrorAvailability::OutOfOffice];
    let labels = [Label::default(), Label::new("Away; far, far \\ away").unwrap_or_default()];
    let mut bodies = Vec::new();
    for time in times {
        for availability in kinds {
            for label in labels.clone() {
                bodies.push(MirrorBody { time, availability, label, color: None });
            }
        }
        let (availability, label) = (MirrorAvailability::Busy, Label::default());
        bodies.extend(Color::ALL.map(|color| MirrorBody {
            time,
            availability,
            label: label.clone(),
            color: Some(color),
        }));
    }
    bodies
}
