//! Mirrors as the laws write them.

use starmesh_core::event::{MarkedEvent, SourceItem};
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use starmesh_core::mirror::{
    Fingerprint, FoundColor, IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorRecord,
    MirrorSpec, PlacedMirror,
};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::EventTime;

use super::harness::{Broken, Harness, ensure, ensure_equal};
use super::subject::fetch;
use crate::port::{MirrorWrite, Written};

/// The identity key of all laws.
pub(super) fn keys() -> IdentityKey {
    IdentityKey::new([42; 32])
}

/// A busy mirror of the event `event` of some other calendar.
pub(super) fn mirror(_: &impl Harness, target: &LastingName, event: &str, time: EventTime) -> MirrorSpec {
    mirror_with(
        target,
        event,
        MirrorBody { time, availability: MirrorAvailability::Busy, label: Label::default(), color: None },
    )
}

/// A mirror of the event `event` that says `body`.
pub(super) fn mirror_with(target: &LastingName, event: &str, body: MirrorBody) -> MirrorSpec {
    let source = LastingName::new("https://elsewhere.example/source/");
    let key = keys().mirror_key(target, &source, &EventId::new(event), &OriginalStart(String::new()));
    MirrorSpec::new(&keys(), target, &source, key, Incarnation::default(), body)
}

/// `mirror` as it stands after a write.
pub(super) fn placed(mirror: &MirrorSpec, written: &Written) -> PlacedMirror {
    placed_at(mirror, written.remote_id.clone(), written.version.clone())
}

/// `mirror` as if it stood there in that version.
pub(super) fn placed_at(mirror: &MirrorSpec, remote_id: RemoteId, version: Option<Version>) -> PlacedMirror {
    let record = MirrorRecord {
        key: mirror.mark().key,
        incarnation: mirror.mark().incarnation,
        link: LinkId::new(CalendarId::new("source"), CalendarId::new("target")),
        event: EventId::new("event"),
        original_start: OriginalStart(String::new()),
        meeting: keys().meeting(&ICalUid::new("event")),
        remote_id,
        version,
        time: mirror.body().time,
        fingerprint: mirror.body().fingerprint(&keys()),
        color: mirror.body().color,
        dismissed: false,
    };
    record.placed()
}

/// Makes one write.
pub(super) async fn write(
    harness: &impl Harness,
    calendar: &LastingName,
    write: MirrorWrite,
) -> Result<crate::error::Result<Written>, Broken> {
    let mut outcome = harness.provider().write(calendar, vec![write]).await;
    match (outcome.pop(), outcome.len()) {
        (Some(written), 0) => Ok(written),
        (_, more) => Err(Broken(format!("one write was answered {} times", more + 1))),
    }
}

/// Places a mirror.
pub(super) async fn create(
    harness: &impl Harness,
    calendar: &LastingName,
    mirror: &MirrorSpec,
) -> Result<PlacedMirror, Broken> {
    let written = write(harness, calendar, MirrorWrite::Create(mirror.clone())).await??;
    Ok(placed(mirror, &written))
}

/// Breaks the law unless `item` is exactly `mirror`.
pub(super) fn ensure_is(item: &SourceItem, mirror: &MirrorSpec) -> Result<(), Broken> {
    let [event] = item.events.as_slice() else {
        return Err(Broken(format!(
            "a mirror reads back as {} events, {:?}",
            item.events.len(),
            item.problem
        )));
    };
    let marked: &MarkedEvent =
        event.marked.as_ref().ok_or_else(|| Broken("a mirror reads back without its mark".to_owned()))?;
    ensure_equal(&marked.mark, &mirror.mark().to_string(), "the mark")?;
    ensure_equal(&marked.provider_id.as_str(), &mirror.provider_id().as_str(), "the identity")?;
    ensure_equal(&marked.time, &Some(mirror.body().time), "the time")?;
    ensure_equal(&marked.availability, &mirror.body().availability.into(), "the availability")?;
    ensure(marked.plain && !marked.has_attendees, || "a mirror says more than we wrote".to_owned())?;
    let color = mirror.body().color;
    let kept = marked.color == color.map_or(FoundColor::Unset, FoundColor::Known);
    ensure(kept || marked.color == FoundColor::Unset, || format!("the colour became {:?}", marked.color))?;
    let fingerprint = Fingerprint::observed(&keys(), marked, color);
    ensure_equal(&fingerprint, &Some(mirror.body().fingerprint(&keys())), "the fingerprint")
}

/// Breaks the law unless `mirror` stands at `placed`, in its version.
pub(super) async fn ensure_stands(
    harness: &impl Harness,
    calendar: &LastingName,
    placed: &PlacedMirror,
    mirror: &MirrorSpec,
) -> Result<(), Broken> {
    let items = fetch(harness, calendar, std::slice::from_ref(placed.remote_id())).await?;
    let [item] = items.as_slice() else { return Err(Broken(format!("{} items for one id", items.len()))) };
    ensure_equal(&item.version.as_ref(), &placed.version(), "the version after the write")?;
    ensure_is(item, mirror)
}
