//! A mirror to be written, a mirror that stands, and what we remember of it.
//!
//! [`MirrorSpec`] and [`PlacedMirror`] are what a write takes. They can be made only from a planned body or
//! from a mirror that proved itself, so that a person's event can never be passed to a write.

use serde::{Deserialize, Serialize};

use super::body::{Fingerprint, MirrorBody};
use super::color::{Color, FoundColor};
use super::key::{IdentityKey, Incarnation, MeetingId, MirrorKey, ProviderId};
use super::mark::Mark;
use crate::event::{
    CalendarTime, Facts, Instance, LabelDigest, Length, MarkedEvent, Recurrence, SourceEvent, SourceItem,
};
use crate::ids::{EventId, ICalUid, LastingName, LinkId, RemoteId, Version};
use crate::recurrence::OriginalStart;
use crate::time::EventTime;

/// A mirror as it is to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MirrorSpec {
    provider_id: ProviderId,
    mark: Mark,
    body: MirrorBody,
}

impl MirrorSpec {
    /// The mirror `key` in `target`, of an event in `source`.
    pub fn new(
        keys: &IdentityKey,
        target: &LastingName,
        source: &LastingName,
        key: MirrorKey,
        incarnation: Incarnation,
        body: MirrorBody,
    ) -> Self {
        Self {
            provider_id: keys.provider_id(&key, incarnation),
            mark: Mark::new(keys, target, source, key, incarnation),
            body,
        }
    }

    /// The id under which it is created.
    pub fn provider_id(&self) -> &ProviderId {
        &self.provider_id
    }

    /// Its mark.
    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// What it says.
    pub fn body(&self) -> &MirrorBody {
        &self.body
    }

    /// This mirror as a read of its calendar would show it, standing at `remote_id`.
    pub fn as_observed(&self, remote_id: RemoteId, version: Option<Version>) -> SourceItem {
        let (start, end) = match self.body.time {
            EventTime::Timed { start, end } => (CalendarTime::utc(start), CalendarTime::utc(end)),
            EventTime::AllDay { start, end } => (CalendarTime::Date(start), CalendarTime::Date(end)),
        };
        let event = SourceEvent {
            id: EventId::new(self.provider_id.as_str()),
            uid: ICalUid::new(self.provider_id.as_str()),
            recurrence: Recurrence::Single(Instance {
                start,
                length: Length::Until(end),
                facts: Facts { availability: self.body.availability.into(), ..Facts::BUSY },
            }),
            marked: Some(self.as_marked()),
            tool: None,
        };
        SourceItem { remote_id, version, events: vec![event], problem: None }
    }

    /// What a read finds with its mark.
    fn as_marked(&self) -> MarkedEvent {
        MarkedEvent {
            mark: self.mark.to_string(),
            provider_id: self.provider_id.to_string(),
            time: Some(self.body.time),
            availability: self.body.availability.into(),
            label: LabelDigest::of(self.body.label.as_str()),
            color: self.body.color.map_or(FoundColor::Unset, FoundColor::Known),
            plain: true,
            has_attendees: false,
        }
    }

    /// True when `item`, read after this mirror was written, is still what was written: somebody else may have
    /// changed it in between.
    pub fn is_shown_by(&self, item: &SourceItem) -> bool {
        item.problem.is_none()
            && matches!(item.events.as_slice(), [event] if self.is_shown_as(event.marked.as_ref()))
    }

    /// The same of what a mark was found with. Its colour is no matter: a server may keep none.
    pub fn is_shown_as(&self, found: Option<&MarkedEvent>) -> bool {
        found.is_some_and(|found| MarkedEvent { color: found.color, ..self.as_marked() } == *found)
    }
}

/// A mirror that stands at its provider and proved to be ours.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct PlacedMirror {
    remote_id: RemoteId,
    version: Option<Version>,
}

impl PlacedMirror {
    /// Only for mirrors whose mark was verified, or that this installation placed and recorded.
    pub(crate) fn new(remote_id: RemoteId, version: Option<Version>) -> Self {
        Self { remote_id, version }
    }

    /// The one exception: a mirror made with another key, which proves nothing to us. Only a sweep makes this of
    /// one, when a person asked for exactly these and was told how many there are; it is only ever removed.
    pub(crate) fn of_another_key(remote_id: RemoteId, version: Option<Version>) -> Self {
        Self { remote_id, version }
    }

    /// Where it is.
    pub fn remote_id(&self) -> &RemoteId {
        &self.remote_id
    }

    /// The version we saw, the precondition of a write.
    pub fn version(&self) -> Option<&Version> {
        self.version.as_ref()
    }
}

/// What we remember of a mirror that we placed or adopted.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MirrorRecord {
    /// Its key.
    pub key: MirrorKey,
    /// Its incarnation.
    pub incarnation: Incarnation,
    /// Its link.
    pub link: LinkId,
    /// The event or series it mirrors, in the link's source.
    pub event: EventId,
    /// The occurrence it mirrors.
    pub original_start: OriginalStart,
    /// The keyed hash of the event's iCal UID.
    pub meeting: MeetingId,
    /// Where it is in the link's target.
    pub remote_id: RemoteId,
    /// The version we last saw.
    pub version: Option<Version>,
    /// The time it was last written with.
    pub time: EventTime,
    /// The fingerprint it was last written with.
    pub fingerprint: Fingerprint,
    /// The colour it was last written with.
    #[serde(default)]
    pub color: Option<Color>,
    /// True when a person deleted it and its link respects that.
    #[serde(default)]
    pub dismissed: bool,
}

impl MirrorRecord {
    /// The mirror that this installation placed, as a write takes it.
    pub fn placed(&self) -> PlacedMirror {
        PlacedMirror::new(self.remote_id.clone(), self.version.clone())
    }
}
