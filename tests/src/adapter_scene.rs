//! What scenes of one adapter on its simulator share: mirrors to write, and questions about items.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{CalendarId, EventId, ICalUid, LastingName, LinkId};
use starmesh_core::mirror::{
    IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorRecord, MirrorSpec, PlacedMirror,
};
use starmesh_core::recurrence::{OriginalStart, expand};
use starmesh_core::time::{EventTime, TimeRange};
use starmesh_core::zone::Zone;
use starmesh_provider::Written;

fn keys() -> IdentityKey {
    IdentityKey::new([9; 32])
}

/// A busy hour in `target` for an event called `event` in a calendar elsewhere.
pub fn mirror_in(
    target: &LastingName,
    event: &str,
    start: DateTime<Utc>,
    incarnation: Incarnation,
) -> MirrorSpec {
    let source = LastingName::new("elsewhere@example.org");
    let key = keys().mirror_key(target, &source, &EventId::new(event), &OriginalStart::single());
    let body = MirrorBody {
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        availability: MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    MirrorSpec::new(&keys(), target, &source, key, incarnation, body)
}

/// `mirror` as it stands after a write.
pub fn placed(mirror: &MirrorSpec, written: &Written) -> PlacedMirror {
    let record = MirrorRecord {
        key: mirror.mark().key,
        incarnation: mirror.mark().incarnation,
        link: LinkId::new(CalendarId::new("source"), CalendarId::new("target")),
        event: EventId::new("event"),
        original_start: OriginalStart::single(),
        meeting: keys().meeting(&ICalUid::new("event")),
        remote_id: written.remote_id.clone(),
        version: written.version.clone(),
        time: mirror.body().time,
        fingerprint: mirror.body().fingerprint(&keys()),
        color: mirror.body().color,
        dismissed: false,
    };
    record.placed()
}

/// Lays the fields of one object over those of another.
pub fn merge(into: &mut Value, more: Value) {
    let Value::Object(more) = more else { return };
    for (name, value) in more {
        into[name] = value;
    }
}

/// True when an occurrence of the item lies in `range`.
pub fn touches(item: &SourceItem, range: &TimeRange) -> bool {
    item.events
        .iter()
        .any(|event| expand(&event.recurrence, range, &Zone::Utc).is_ok_and(|found| !found.is_empty()))
}
