//! The brake: before an unexpected mass removal a person is asked.

use std::collections::HashMap;

use super::operation::{Action, Operation};
use crate::ids::EventId;
use crate::planted::{Bug, planted};

/// Removals per link and 24 hours that are never held.
pub const REMOVALS_ALWAYS_ALLOWED: u64 = 10;
/// The share of a link's mirrors, in percent, that may go within 24 hours.
const REMOVALS_PERCENT: u64 = 20;

/// What the brake knows of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct BrakeBudget {
    /// How many mirrors the link has.
    pub mirrors: u64,
    /// How many were removed within the last 24 hours that no approved plan contained.
    pub removed_lately: u64,
    /// How many removals a person has just allowed by number.
    pub allowed: u64,
}

/// How many removals within 24 hours a link of `mirrors` mirrors may make unasked.
pub fn removals_limit(mirrors: u64) -> u64 {
    REMOVALS_ALWAYS_ALLOWED.max(mirrors * REMOVALS_PERCENT / 100)
}

/// Lets mirrors be placed again that seem deleted by hand, where they are more than the brake lets go unasked: no
/// person deletes so many one by one, and what emptied the calendar is not known.
pub(super) fn doubt_deletions(operations: &mut [Operation], mirrors: u64) {
    let is_respected =
        |operation: &&mut Operation| matches!(operation.action, Action::Place { respected: true, .. });
    let deleted = operations.iter_mut().filter(is_respected).count() as u64;
    if deleted <= removals_limit(mirrors) {
        return;
    }
    for operation in operations {
        if let Action::Place { respected, .. } = &mut operation.action {
            *respected = false;
        }
    }
}

/// Splits one link's operations into those that go ahead and the removals that are held.
///
/// A removal that comes with a placement of the same series is a change of identity and no loss: it does
/// not count and is not held.
pub(super) fn brake(operations: Vec<Operation>, budget: &BrakeBudget) -> (Vec<Operation>, Vec<Operation>) {
    // A first plan places very many, and has nothing to hold.
    if !operations.iter().any(|operation| matches!(operation.action, Action::Remove { .. })) {
        return (operations, Vec::new());
    }
    let mut placements: HashMap<EventId, u64> = HashMap::new();
    for operation in &operations {
        if let (Action::Place { .. }, Some(event)) = (&operation.action, &operation.event) {
            *placements.entry(event.event.clone()).or_default() += 1;
        }
    }
    let mut rest = Vec::new();
    let mut unexpected = Vec::new();
    for mut operation in operations {
        let paired = operation.event.as_ref().and_then(|event| placements.get_mut(&event.event));
        match (&mut operation.action, paired) {
            (Action::Remove { cause, .. }, _) if cause.is_approved() => rest.push(operation),
            (Action::Remove { .. }, Some(left)) if *left > 0 => {
                *left -= 1;
                rest.push(operation);
            }
            (Action::Remove { counted, .. }, _) => {
                *counted = true;
                unexpected.push(operation);
            }
            _ => rest.push(operation),
        }
    }
    let count = unexpected.len() as u64;
    let within = budget.removed_lately + count <= removals_limit(budget.mirrors);
    if within || count <= budget.allowed || planted(Bug::NoBrake) {
        (rest.into_iter().chain(unexpected).collect(), Vec::new())
    } else {
        (rest, unexpected)
    }
}
