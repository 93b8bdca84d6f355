//! What a calendar stores.

use starmesh_core::event::{Availability, ItemProblem, LabelDigest, MarkedEvent, Recurrence};
use starmesh_core::event::{CalendarTime, Facts, Instance, Length, SourceEvent, SourceItem};
use starmesh_core::ids::{EventId, ICalUid, RemoteId, Version};
use starmesh_core::mirror::{FoundColor, Mark, MirrorKey, MirrorSpec};
use starmesh_core::time::EventTime;

/// One stored item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Item {
    /// The server's id of it.
    pub remote_id: RemoteId,
    /// The step of the calendar at which it was last written: its version.
    pub written: u64,
    /// The step at which it last showed up as a change.
    pub changed: u64,
    /// What it holds.
    pub content: Content,
}

/// What an item holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// A person's events.
    Events(Vec<SourceEvent>),
    /// A person's item that cannot be read.
    Unreadable(ItemProblem),
    /// Something that carries a SYNC-FB mark.
    Marked(MarkedItem),
}

/// Something that carries a SYNC-FB mark.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MarkedItem {
    /// Whose it is.
    pub owner: Owner,
    /// The identity under which it was created.
    pub provider_id: String,
    /// The mark, as text.
    pub mark: String,
    /// The key in the mark.
    pub key: Option<MirrorKey>,
    /// Its time.
    pub time: EventTime,
    /// What it shows.
    pub availability: Availability,
    /// Its label.
    pub label: String,
    /// Its colour.
    pub color: FoundColor,
    /// False once a person added a place, a body or a reminder.
    pub plain: bool,
    /// True once a person invited others to it.
    pub has_attendees: bool,
}

/// Who may write a marked item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Written through the port: a mirror.
    Mirror,
    /// A person's copy of a mirror, or another installation's mirror: never ours to write.
    Other,
}

impl Item {
    /// Its version, as a server would say it.
    pub fn version(&self) -> Version {
        Version::new(format!("\"{}\"", self.written))
    }

    /// The marked item in it.
    pub fn marked(&self) -> Option<&MarkedItem> {
        match &self.content {
            Content::Marked(marked) => Some(marked),
            Content::Events(_) | Content::Unreadable(_) => None,
        }
    }

    /// The mirror in it: what was written through the port.
    pub fn mirror(&self) -> Option<&MarkedItem> {
        self.marked().filter(|marked| marked.owner == Owner::Mirror)
    }

    /// The item as the port hands it over.
    pub fn to_source(&self) -> SourceItem {
        let (events, problem) = match &self.content {
            Content::Events(events) => (events.clone(), None),
            Content::Unreadable(problem) => (Vec::new(), Some(*problem)),
            Content::Marked(marked) => (vec![marked.to_source()], None),
        };
        SourceItem { remote_id: self.remote_id.clone(), version: Some(self.version()), events, problem }
    }
}

impl MarkedItem {
    /// True for a mirror that another installation made; a copy has a name that a person's program gave it.
    pub fn is_of_another_installation(&self) -> bool {
        self.owner == Owner::Other && self.provider_id.starts_with("sfb")
    }

    /// The mirror that `spec` describes.
    pub fn of(spec: &MirrorSpec) -> Self {
        let body = spec.body();
        Self {
            owner: Owner::Mirror,
            provider_id: spec.provider_id().as_str().to_owned(),
            mark: spec.mark().to_string(),
            key: Some(spec.mark().key),
            time: body.time,
            availability: body.availability.into(),
            label: body.label.as_str().to_owned(),
            color: body.color.map_or(FoundColor::Unset, FoundColor::Known),
            plain: true,
            has_attendees: false,
        }
    }

    /// Its mark, when it is one of ours by form.
    pub fn parsed_mark(&self) -> Option<Mark> {
        Mark::parse(&self.mark)
    }

    fn to_source(&self) -> SourceEvent {
        let (start, end) = match self.time {
            EventTime::Timed { start, end } => (CalendarTime::utc(start), CalendarTime::utc(end)),
            EventTime::AllDay { start, end } => (CalendarTime::Date(start), CalendarTime::Date(end)),
        };
        SourceEvent {
            id: EventId::new(self.provider_id.clone()),
            uid: ICalUid::new(self.provider_id.clone()),
            tool: None,
            recurrence: Recurrence::Single(Instance {
                start,
                length: Length::Until(end),
                facts: Facts { availability: self.availability, ..Facts::BUSY },
            }),
            marked: Some(MarkedEvent {
                mark: self.mark.clone(),
                provider_id: self.provider_id.clone(),
                time: Some(self.time),
                availability: self.availability,
                label: LabelDigest::of(&self.label),
                color: self.color,
                plain: self.plain,
                has_attendees: self.has_attendees,
            }),
        }
    }
}
