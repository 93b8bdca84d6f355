//! One step of a plan.

use serde::{Deserialize, Serialize};

use crate::ids::{EventId, LinkId, RemoteId, Version};
use crate::mirror::{IdentityKey, Incarnation, MeetingId, MirrorBody, MirrorKey, MirrorRecord, PlacedMirror};
use crate::policy::SkipReason;
use crate::recurrence::OriginalStart;
use crate::time::EventTime;

/// One step of a plan, on one mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Operation {
    /// The link it is for.
    pub link: LinkId,
    /// The mirror it is about.
    pub key: MirrorKey,
    /// What it mirrors; `None` for a mirror of which only the mark is known.
    pub event: Option<EventRef>,
    /// The incarnation of the mirror.
    pub incarnation: Incarnation,
    /// What is done.
    pub action: Action,
}

impl Operation {
    /// What the operation leaves in the target: its body; `None` for a removal.
    pub fn body(&self) -> Option<&MirrorBody> {
        match &self.action {
            Action::Place { body, .. } | Action::Update { body, .. } => Some(body),
            Action::Remove { .. } => None,
        }
    }

    /// What is remembered once the operation was carried out, under `incarnation`, and the mirror stands at
    /// `remote_id`; `None` for a removal.
    pub fn record(
        &self,
        keys: &IdentityKey,
        incarnation: Incarnation,
        remote_id: RemoteId,
        version: Option<Version>,
    ) -> Option<MirrorRecord> {
        let (body, event) = (self.body()?, self.event.as_ref()?);
        Some(MirrorRecord {
            key: self.key,
            incarnation,
            link: self.link.clone(),
            event: event.event.clone(),
            original_start: event.original_start.clone(),
            meeting: event.meeting,
            remote_id,
            version,
            time: body.time,
            fingerprint: body.fingerprint(keys),
            color: body.color,
            dismissed: false,
        })
    }
}

/// The occurrence a mirror stands for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct EventRef {
    /// The event or series, in the link's source.
    pub event: EventId,
    /// Which occurrence.
    pub original_start: OriginalStart,
    /// The keyed hash of its iCal UID.
    pub meeting: MeetingId,
}

/// What is done to a mirror.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Action {
    /// It is placed.
    Place {
        /// What it will say.
        body: MirrorBody,
        /// Set when a record says that it stood before: it is looked for there first.
        previous: Option<PlacedMirror>,
        /// True when it stays away, if it is not where it stood: a person deleted it.
        respected: bool,
    },
    /// It is changed in place.
    Update {
        /// Where it stands.
        placed: PlacedMirror,
        /// What it will say.
        body: MirrorBody,
        /// The time it had, when known.
        time_before: Option<EventTime>,
        /// Why.
        cause: UpdateCause,
    },
    /// It is removed.
    Remove {
        /// Where it stands.
        placed: PlacedMirror,
        /// The time it has, when known.
        time: Option<EventTime>,
        /// Why.
        cause: RemoveCause,
        /// The mirror of the same occurrence that stays, where this one is a duplicate: only what is seen to
        /// stand makes another superfluous.
        twin: Option<RemoteId>,
        /// True when the brake counts it: nobody approved it, and no placement of the same series comes
        /// with it.
        counted: bool,
    },
}

/// Why a mirror is changed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum UpdateCause {
    /// The source or the policy says something else than before.
    SourceChanged,
    /// A person edited the mirror: a conflict, which the source wins.
    EditedByHand,
}

/// Why a mirror is removed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum RemoveCause {
    /// Its event or occurrence is gone, or moved out of the window.
    SourceGone,
    /// Its occurrence no longer counts.
    Skipped(SkipReason),
    /// Its occurrence no longer counts, since a person narrowed the link, seeing what goes.
    Narrowed(SkipReason),
    /// A second mirror of the same occurrence.
    Duplicate,
    /// The window was narrowed.
    WindowNarrowed,
    /// A person asked for it, knowing how many go: the link was cleaned, or no group generates it any more.
    Cleaned,
}

impl RemoveCause {
    /// True when a person saw and approved exactly this removal, so that the brake does not count it.
    pub fn is_approved(self) -> bool {
        matches!(self, Self::Narrowed(_) | Self::WindowNarrowed | Self::Cleaned)
    }
}
