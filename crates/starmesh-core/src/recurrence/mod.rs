//! A series and its occurrences. (Contract; the implementation follows.)

use serde::{Deserialize, Serialize};

use crate::event::{Facts, Recurrence};
use crate::time::{EventTime, TimeRange};
use crate::zone::Zone;

/// The original start of an occurrence, in a form that is the same on every device: empty for a single
/// event, else `20261201T100000Z` or, for whole days, `20261201`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(transparent)]
pub struct OriginalStart(pub String);

/// One date of a series, or the only one of a single event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Occurrence {
    /// Its identity inside the series.
    pub original_start: OriginalStart,
    /// When it happens.
    pub time: EventTime,
    /// What it says about the person's time.
    pub facts: Facts,
}

/// Why a recurrence cannot be expanded.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum RecurrenceProblem {
    /// A rule that cannot be understood.
    MalformedRule,
    /// More occurrences than we are willing to walk through or place.
    TooManyOccurrences,
}

/// The occurrences of `recurrence` that lie in `range`, ascending by time; floating times and nothing else
/// are read in `zone`.
pub fn expand(
    recurrence: &Recurrence,
    range: &TimeRange,
    zone: &Zone,
) -> Result<Vec<Occurrence>, RecurrenceProblem> {
    let _ = (recurrence, range, zone);
    Ok(Vec::new())
}
