//! What a person lets stand still on a device besides single links: a calendar, or everything, perhaps for a while.

use std::collections::BTreeMap;

use crate::layout::Edge;

/// When a pause ends by itself, in seconds since the epoch; `None` when somebody has to end it.
pub(crate) type Until = Option<i64>;

/// What stands still.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Still {
    /// Calendars, with all their links.
    pub calendars: BTreeMap<usize, Until>,
    /// Everything.
    pub everything: Option<Until>,
}

impl Still {
    /// True when a link stands still because of it.
    pub(crate) fn holds(&self, (source, target): Edge, now: i64) -> bool {
        let calendars = [source, target].into_iter().filter_map(|place| self.calendars.get(&place));
        calendars.chain(&self.everything).any(|until| until.is_none_or(|until| now < until))
    }
}
