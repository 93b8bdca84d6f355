//! The words that links look for in what persons write. Which event holds which follows from its UID, so that it
//! is the same in every calendar, in every copy and in a twin world.

use starmesh_core::event::{Recurrence, SourceItem};
use starmesh_core::policy::Terms;

/// A part of some subjects.
pub(crate) const KEYWORD: &str = "Standup";
/// A category of some events.
pub(crate) const CATEGORY: &str = "Travel";

/// Of so many events one has the keyword in its subject.
const KEYWORD_EVERY: u64 = 3;
/// Of so many events one is in the category.
const CATEGORY_EVERY: u64 = 4;

/// What an event holds of the words.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) struct Holds {
    /// Its subject has the keyword.
    pub keyword: bool,
    /// It is in the category, where its service knows categories.
    pub category: bool,
}

/// What the event with this UID holds.
pub(crate) fn holds(uid: &str) -> Holds {
    let number = uid.rsplit('-').next().and_then(|number| number.parse::<u64>().ok());
    let Some(number) = number else { return Holds::default() };
    Holds { keyword: number.is_multiple_of(KEYWORD_EVERY), category: number.is_multiple_of(CATEGORY_EVERY) }
}

/// Looks for `terms` in what a calendar in memory hands over, as adapters do while they read.
pub(crate) fn look(item: &mut SourceItem, terms: &Terms) {
    for event in item.events.iter_mut().filter(|event| event.marked.is_none()) {
        let held = holds(event.uid.as_str());
        let subject = if held.keyword { KEYWORD } else { "" };
        let found = terms.find(subject, held.category.then_some(CATEGORY));
        match &mut event.recurrence {
            Recurrence::Single(instance) => instance.facts.found = found,
            Recurrence::Set(set) => {
                let master = set.master.iter_mut().map(|master| &mut master.instance);
                let overrides = set.overrides.iter_mut().map(|change| &mut change.instance);
                master.chain(overrides).for_each(|instance| instance.facts.found = found);
            }
        }
    }
}
