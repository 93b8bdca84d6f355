//! The plan for one target: ordered operations, and everything a person may ask about them.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::blocked::leave_out_blocked;
use super::desired::imply;
use super::diff::{Differences, diff};
use super::guard::{brake, doubt_deletions, removals_limit};
use super::input::TargetInput;
use super::operation::{Action, Operation};
use crate::ids::{CalendarId, EventId, LinkId, RemoteId};
use crate::mirror::{MirrorKey, MirrorRecord};
use crate::policy::SkipReason;
use crate::recurrence::OriginalStart;
use crate::time::EventTime;

/// What has to be done in one target.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TargetPlan {
    /// Which calendar.
    pub target: CalendarId,
    /// True when the whole target was planned, and not some meetings of it.
    pub whole: bool,
    /// What to write, in order: what is placed or changed comes before what goes, so that a mirror whose
    /// identity changes is never missing.
    pub operations: Vec<Operation>,
    /// How many operations rest, since they failed for good not long ago. Whoever knows of failures takes them
    /// out of `operations` and counts them here.
    pub resting: u64,
    /// The links of which operations are not in `operations`: they rest, or nobody asked for these links.
    pub left_out: BTreeSet<LinkId>,
    /// Mirrors that stand as they should and are remembered anew; no write.
    pub adopt: Vec<MirrorRecord>,
    /// Mirrors that are gone and not wanted; no write.
    pub forget: Vec<MirrorKey>,
    /// Removals that the brake holds.
    pub held: Vec<Held>,
    /// Marked events that are left alone.
    pub strays: Vec<Stray>,
    /// Mirrors that ought to change and cannot.
    pub stuck: Vec<Stuck>,
    /// Sources to be read again before a mirror in this target can be judged.
    pub recheck: BTreeSet<CalendarId>,
    /// What became of every event, and why.
    pub explanations: Vec<Explanation>,
}

/// The removals of one link that the brake holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// Which link.
    pub link: LinkId,
    /// How many it could make unasked within 24 hours.
    pub limit: u64,
    /// How many it made within the last 24 hours.
    pub removed_lately: u64,
    /// What is held.
    pub operations: Vec<Operation>,
}

/// A marked event in the target that is left alone: never a source, never written.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
pub struct Stray {
    /// Where it is.
    pub remote_id: RemoteId,
    /// What it is.
    pub kind: StrayKind,
}

/// What a stray is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum StrayKind {
    /// A mirror of ours, of a link unknown here.
    UnknownLink,
    /// A person's copy of a mirror.
    Copied,
    /// Another installation's mirror, or a mirror copied from another calendar.
    Foreign,
}

/// A mirror that ought to change and cannot.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stuck {
    /// Which mirror.
    pub key: MirrorKey,
    /// Its link.
    pub link: LinkId,
    /// Where it is.
    pub remote_id: RemoteId,
    /// Why.
    pub reason: StuckReason,
}

/// Why a mirror cannot be changed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum StuckReason {
    /// A person invited others to it: a write could send them mail.
    HasAttendees,
    /// Its server took the mark away, so it cannot prove itself.
    MarkStripped,
}

/// What became of an event or one of its occurrences.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Explanation {
    /// On which link.
    pub link: LinkId,
    /// Which event.
    pub event: EventId,
    /// Which occurrence; `None` speaks of the whole event.
    pub original_start: Option<OriginalStart>,
    /// When it happens, where known.
    pub time: Option<EventTime>,
    /// What became of it.
    pub outcome: Outcome,
}

/// Mirrored, or not and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It has this mirror.
    Mirrored(MirrorKey),
    /// It has none, for this reason.
    Skipped(SkipReason),
}

impl TargetPlan {
    /// A plan of these operations and nothing else.
    pub fn of(target: CalendarId, operations: Vec<Operation>) -> Self {
        Self {
            target,
            whole: false,
            operations,
            resting: 0,
            left_out: BTreeSet::new(),
            adopt: Vec::new(),
            forget: Vec::new(),
            held: Vec::new(),
            strays: Vec::new(),
            stuck: Vec::new(),
            recheck: BTreeSet::new(),
            explanations: Vec::new(),
        }
    }

    /// True when nothing is to be written; what is held is not.
    pub fn is_quiet(&self) -> bool {
        self.operations.is_empty()
    }
}

/// Plans one target. The same input gives the same plan, byte for byte.
pub fn reconcile(input: &TargetInput<'_>) -> TargetPlan {
    let mut implied = imply(input);
    let mut differences = diff(input, &implied);
    let (mut operations, mut held) = weighed(input, &mut differences);
    if leave_out_blocked(input, &mut implied, &differences.found, &operations) {
        differences = diff(input, &implied);
        (operations, held) = weighed(input, &mut differences);
    }
    let mut explanations = implied.into_explanations(input);
    for explanation in &mut explanations {
        if matches!(explanation.outcome, Outcome::Mirrored(key) if differences.dismissed.contains(&key)) {
            explanation.outcome = Outcome::Skipped(SkipReason::DeletedByHand);
        }
    }
    operations.sort_by_key(|operation| matches!(operation.action, Action::Remove { .. }));
    TargetPlan {
        target: input.target.id.clone(),
        whole: input.whole,
        operations,
        resting: 0,
        left_out: BTreeSet::new(),
        adopt: differences.adopt,
        forget: differences.forget,
        held,
        strays: differences.strays,
        stuck: differences.stuck,
        recheck: differences.recheck,
        explanations,
    }
}

/// The operations that go, and what the brake holds of the rest.
fn weighed(input: &TargetInput<'_>, differences: &mut Differences<'_>) -> (Vec<Operation>, Vec<Held>) {
    let mut by_link: BTreeMap<LinkId, Vec<Operation>> = BTreeMap::new();
    for operation in std::mem::take(&mut differences.operations) {
        by_link.entry(operation.link.clone()).or_default().push(operation);
    }
    let mut operations = Vec::new();
    let mut held = Vec::new();
    for (link, mut of_link) in by_link {
        let budget = input.links.iter().find(|input| *input.id == link).map(|input| input.brake);
        let budget = budget.unwrap_or_default();
        doubt_deletions(&mut of_link, budget.mirrors);
        let (go, stay) = brake(of_link, &budget);
        operations.extend(go);
        if !stay.is_empty() {
            held.push(Held {
                link,
                limit: removals_limit(budget.mirrors),
                removed_lately: budget.removed_lately,
                operations: stay,
            });
        }
    }
    (operations, held)
}
