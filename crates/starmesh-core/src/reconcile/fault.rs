//! Broken events: what a person should hear of, once, whichever links look at them.

use chrono::{DateTime, Utc};

use super::echo::is_source;
use crate::event::{Recurrence, SourceEvent, SourceItem};
use crate::policy::{Policy, SkipReason, Terms};
use crate::recurrence::{RecurrenceProblem, expand};
use crate::time::{TimeRange, Window};
use crate::zone::Zone;

/// Why an item, or an occurrence of it in the window, can never be mirrored whatever the policy, and when
/// it happens, where that is known.
pub fn fault(item: &SourceItem, window: &Window, zone: &Zone) -> Option<(SkipReason, Option<DateTime<Utc>>)> {
    if item.problem.is_some() {
        return Some((SkipReason::Unreadable, None));
    }
    item.events.iter().filter(|event| is_source(event)).find_map(|event| fault_of(event, window, zone))
}

fn fault_of(
    event: &SourceEvent,
    window: &Window,
    zone: &Zone,
) -> Option<(SkipReason, Option<DateTime<Utc>>)> {
    // An inverted event lies in no range at all, so a single one is looked at wherever it is.
    let range = match event.recurrence {
        Recurrence::Single(_) => TimeRange { lo: DateTime::<Utc>::MIN_UTC, hi: DateTime::<Utc>::MAX_UTC },
        Recurrence::Set(_) => window.range,
    };
    match expand(&event.recurrence, &range, zone) {
        Ok(occurrences) => occurrences.iter().find_map(|occurrence| {
            let reason = Policy::default()
                .decide(occurrence, &Terms::default())
                .err()
                .filter(|reason| reason.is_fault())?;
            let relevant = reason == SkipReason::EndsBeforeStart || window.contains(&occurrence.time);
            relevant.then(|| (reason, Some(occurrence.time.start())))
        }),
        Err(problem) => Some((SkipReason::from(problem), None)),
    }
}

/// True when a single event ends before it starts.
pub(super) fn ends_early(event: &SourceEvent) -> bool {
    let Recurrence::Single(_) = &event.recurrence else { return false };
    let ever = TimeRange { lo: DateTime::<Utc>::MIN_UTC, hi: DateTime::<Utc>::MAX_UTC };
    expand(&event.recurrence, &ever, &Zone::Utc)
        .is_ok_and(|all| all.first().is_some_and(|only| only.time.end() < only.time.start()))
}

impl From<RecurrenceProblem> for SkipReason {
    fn from(problem: RecurrenceProblem) -> Self {
        match problem {
            RecurrenceProblem::MalformedRule => Self::MalformedRule,
            RecurrenceProblem::TooManyOccurrences => Self::TooManyOccurrences,
        }
    }
}
