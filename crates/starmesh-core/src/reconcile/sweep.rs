//! A sweep: every mirror that stands in a calendar, whether or not its link is known here, and what of it may go
//! because a person asks for that.
//!
//! A plan asks what should stand; a sweep asks what stands. It needs no record: a mark proves itself, so that it
//! also finds what a lost database, another device or a link of long ago left behind.

use super::echo::is_canary;
use crate::event::{MarkedEvent, Recurrence, SourceItem};
use crate::ids::{CalendarId, LastingName, LinkId, RemoteId};
use crate::mirror::{IdentityKey, Mark, PlacedMirror, Proof, ProviderId};
use crate::reconcile::{Action, Operation, RemoveCause};

/// A calendar that is swept.
#[derive(Clone, Copy, Debug)]
pub struct SweepInput<'a> {
    /// The key that identities are derived from.
    pub keys: &'a IdentityKey,
    /// Our name of the calendar.
    pub target: &'a CalendarId,
    /// The name that identities use.
    pub name: &'a LastingName,
    /// The links into it that are known here, each with the lasting name of its source.
    pub links: &'a [(LinkId, LastingName)],
    /// Its items.
    pub items: &'a [SourceItem],
    /// True when a person asks for marks that do not verify: only then can they go.
    pub foreign: bool,
}

/// What a sweep of one calendar found.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Sweep {
    /// What can go.
    pub found: Vec<Swept>,
    /// What is left alone.
    pub left: Vec<Left>,
}

/// A mirror that can go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Swept {
    /// Whose it is.
    pub kind: SweptKind,
    remote_id: RemoteId,
    /// Its removal.
    pub removal: Operation,
}

impl Swept {
    /// Where it stands.
    pub fn remote_id(&self) -> &RemoteId {
        &self.remote_id
    }
}

/// Whose a mirror is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SweptKind {
    /// Ours, of a link here.
    OfLink,
    /// Ours, of a link unknown here: another device's, or of a configuration that was lost.
    UnknownLink,
    /// A canary of ours that was left behind.
    Canary,
    /// Made with another key.
    Foreign,
}

/// A marked event that a sweep leaves alone.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Left {
    /// Where it is.
    pub remote_id: RemoteId,
    /// Why.
    pub reason: LeftReason,
}

/// Why a marked event is left alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum LeftReason {
    /// Somebody copied or moved a mirror: it does not stand alone under the identity that its mark names.
    Copied,
    /// A person invited others to it: its removal could send them mail.
    HasAttendees,
    /// Made with another key, and nobody asked for those.
    Foreign,
    /// Made with another key, and more than a plain block by now: it repeats, or holds what a person wrote.
    Altered,
    /// Its server took the mark away, so that it cannot prove itself.
    MarkStripped,
}

/// Looks at every item of a calendar.
pub fn sweep(input: &SweepInput<'_>) -> Sweep {
    let mut sweep = Sweep::default();
    for item in input.items {
        match judge(input, item) {
            Some(Ok(swept)) => sweep.found.push(swept),
            Some(Err(reason)) => sweep.left.push(Left { remote_id: item.remote_id.clone(), reason }),
            None => {}
        }
    }
    sweep
}

/// What one item is; `None` when it is no mirror.
fn judge(input: &SweepInput<'_>, item: &SourceItem) -> Option<Result<Swept, LeftReason>> {
    let Some(found) = item.events.iter().find_map(|event| event.marked.as_ref()) else {
        let stripped = item.events.iter().any(|event| ProviderId::has_shape(event.uid.as_str()));
        return stripped.then_some(Err(LeftReason::MarkStripped));
    };
    let mark = Mark::parse(&found.mark);
    let proof = mark.as_ref().map(|mark| {
        let sources = input.links.iter().map(|(link, source)| (link, source));
        mark.verify(input.keys, input.name, sources)
    });
    Some(match (mark, proof) {
        (Some(mark), Some(Proof::Link(link))) => ours(input, item, found, &mark, Some(link)),
        (Some(mark), Some(Proof::Mine)) => ours(input, item, found, &mark, None),
        (mark, _) => foreign(input, item, found, mark.as_ref()),
    })
}

fn ours(
    input: &SweepInput<'_>,
    item: &SourceItem,
    found: &MarkedEvent,
    mark: &Mark,
    link: Option<&LinkId>,
) -> Result<Swept, LeftReason> {
    if item.events.len() != 1 || !is_under_our_identity(input.keys, found, mark) {
        return Err(LeftReason::Copied);
    }
    if found.has_attendees {
        return Err(LeftReason::HasAttendees);
    }
    let kind = match link {
        Some(_) => SweptKind::OfLink,
        None if is_canary(input.keys, input.name, found, mark) => SweptKind::Canary,
        None => SweptKind::UnknownLink,
    };
    let link = link.cloned().unwrap_or_else(|| LinkId::none_into(input.target.clone()));
    let placed = PlacedMirror::new(item.remote_id.clone(), item.version.clone());
    Ok(swept(kind, link, mark, placed, found))
}

/// A mirror made with another key. Nothing proves it, so that everything that can be seen has to speak for it: it
/// stands alone under an identity of our shape, which no copy that a person makes is given, and it is as plain as
/// the day it was placed.
fn foreign(
    input: &SweepInput<'_>,
    item: &SourceItem,
    found: &MarkedEvent,
    mark: Option<&Mark>,
) -> Result<Swept, LeftReason> {
    // Under our own identity stands a mirror of ours that somebody moved here from another calendar.
    let is_ours_elsewhere = mark.is_some_and(|mark| is_under_our_identity(input.keys, found, mark));
    let [event] = item.events.as_slice() else { return Err(LeftReason::Copied) };
    if is_ours_elsewhere || !ProviderId::has_shape(&found.provider_id) {
        return Err(LeftReason::Copied);
    }
    if found.has_attendees {
        return Err(LeftReason::HasAttendees);
    }
    if !input.foreign {
        return Err(LeftReason::Foreign);
    }
    // A mark of another version names no key that we could read, and nothing else to go by.
    let Some(mark) = mark.filter(|_| found.plain && matches!(event.recurrence, Recurrence::Single(_))) else {
        return Err(LeftReason::Altered);
    };
    let placed = PlacedMirror::of_another_key(item.remote_id.clone(), item.version.clone());
    let link = LinkId::none_into(input.target.clone());
    Ok(swept(SweptKind::Foreign, link, mark, placed, found))
}

fn is_under_our_identity(keys: &IdentityKey, found: &MarkedEvent, mark: &Mark) -> bool {
    found.provider_id == keys.provider_id(&mark.key, mark.incarnation).as_str()
}

fn swept(kind: SweptKind, link: LinkId, mark: &Mark, placed: PlacedMirror, found: &MarkedEvent) -> Swept {
    let remote_id = placed.remote_id().clone();
    let (time, cause) = (found.time, RemoveCause::Cleaned);
    let action = Action::Remove { placed, time, cause, twin: None, counted: false };
    let (key, incarnation) = (mark.key, mark.incarnation);
    Swept { kind, remote_id, removal: Operation { link, key, event: None, incarnation, action } }
}
