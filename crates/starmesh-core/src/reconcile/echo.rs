//! SYNC-FB: which events are mirrors, and whose. A mirror is never mirrored.

use chrono::{DateTime, Utc};

use super::input::TargetInput;
use crate::event::{MarkedEvent, SourceEvent, SourceItem};
use crate::ids::{LastingName, RemoteId, Version};
use crate::mirror::{IdentityKey, Mark, Proof, ProviderId};
use crate::planted::{Bug, planted};
use crate::time::EventTime;

/// True when an event may be a source: it carries no SYNC-FB mark, ours or another installation's, and
/// does not have the shape of a mirror whose mark was stripped.
pub fn is_source(event: &SourceEvent) -> bool {
    if planted(Bug::SkipEchoFilter) {
        return true;
    }
    event.marked.is_none() && !ProviderId::has_shape(event.uid.as_str())
}

/// True when a mark that is ours is that of the target's canary, under its own identity, and nobody was invited
/// to it.
pub(super) fn is_canary(keys: &IdentityKey, target: &LastingName, found: &MarkedEvent, mark: &Mark) -> bool {
    mark.key == keys.canary_key(target)
        && found.provider_id == keys.provider_id(&mark.key, mark.incarnation).as_str()
        && !found.has_attendees
}

/// A mirror that proved to be of a link into this target.
#[derive(Clone, Debug)]
pub(super) struct Live<'a> {
    /// Index of its link in the input.
    pub link: usize,
    pub mark: Mark,
    pub remote_id: &'a RemoteId,
    pub version: Option<&'a Version>,
    pub found: &'a MarkedEvent,
    /// The time it is seen to block; `None` when it is shown as free, or as no plain span.
    pub blocks: Option<EventTime>,
    pub has_attendees: bool,
    pub read_at: DateTime<Utc>,
}

/// What a marked item of the target is.
pub(super) enum Verdict<'a> {
    /// A mirror of a link into this target.
    Ours(Live<'a>),
    /// Ours, of a link unknown here.
    UnknownLink,
    /// A canary of ours that was left behind.
    Canary(Mark),
    /// A person's copy of a mirror, in this or another calendar.
    Copied,
    /// Another installation's.
    Foreign,
}

/// Judges a marked item of the target; `None` when it carries no mark.
pub(super) fn judge<'a>(
    input: &TargetInput<'a>,
    item: &'a SourceItem,
    read_at: DateTime<Utc>,
) -> Option<Verdict<'a>> {
    let found = item.events.iter().find_map(|event| event.marked.as_ref())?;
    let Some(mark) = Mark::parse(&found.mark) else { return Some(Verdict::Foreign) };
    let sources = input.links.iter().enumerate().map(|(index, link)| (index, link.source.name));
    Some(match mark.verify(input.keys, input.target.name, sources) {
        Proof::Foreign => Verdict::Foreign,
        Proof::Mine if is_canary(input.keys, input.target.name, found, &mark) && item.events.len() == 1 => {
            Verdict::Canary(mark)
        }
        Proof::Mine => Verdict::UnknownLink,
        // A mirror stands alone under the very identity its mark names; anything else is a copy.
        Proof::Link(_)
            if item.events.len() != 1
                || found.provider_id != input.keys.provider_id(&mark.key, mark.incarnation).as_str() =>
        {
            Verdict::Copied
        }
        Proof::Link(link) => Verdict::Ours(Live {
            link,
            mark,
            remote_id: &item.remote_id,
            version: item.version.as_ref(),
            found,
            blocks: found.blocks(),
            has_attendees: found.has_attendees,
            read_at,
        }),
    })
}
