//! A calendar in memory.

use std::sync::Arc;

use starmesh_core::event::ItemProblem;
use starmesh_core::ids::{LastingName, RemoteId};

use super::{Ability, Refused, Standing, Venue};
use crate::event::Event;
use crate::memory::{Content, Item, MarkedItem, Universe};
use crate::told::tell;

/// A calendar of the universe.
pub(crate) struct MemoryVenue {
    universe: Arc<Universe>,
    name: LastingName,
}

impl MemoryVenue {
    /// The calendar `name` of `universe`.
    pub(crate) fn new(universe: Arc<Universe>, name: LastingName) -> Self {
        Self { universe, name }
    }

    fn put(&self, id: &RemoteId, content: Content) -> Result<(), Refused> {
        let put = self.universe.edit(&self.name, |calendar| {
            calendar.put(id.clone(), content);
        });
        put.ok_or_else(|| "there is no such calendar".to_owned())
    }
}

impl Venue for MemoryVenue {
    fn can(&self, _ability: Ability) -> bool {
        true
    }

    /// Persons' items stand before, between and behind mirrors.
    fn name(&self, stem: &str, number: u64) -> RemoteId {
        RemoteId::new(format!("{}{stem}{number}.ics", self.name))
    }

    fn fit(&self, _id: &RemoteId, event: Event) -> Event {
        event
    }

    fn put_event(&self, id: &RemoteId, event: &Event) -> Result<(), Refused> {
        let content = if event.unreadable {
            Content::Unreadable(ItemProblem::Malformed)
        } else {
            Content::Events(vec![tell(event)])
        };
        self.put(id, content)
    }

    fn put_marked(&self, id: &RemoteId, marked: &MarkedItem) -> Result<(), Refused> {
        self.put(id, Content::Marked(marked.clone()))
    }

    fn remove(&self, id: &RemoteId) -> Result<(), Refused> {
        self.universe.edit(&self.name, |calendar| calendar.remove(id));
        Ok(())
    }

    fn version(&self, id: &RemoteId) -> Option<String> {
        let version = |item: &Item| item.written.to_string();
        self.universe.look(&self.name, |calendar| calendar.item(id).map(version)).flatten()
    }

    fn standing(&self) -> Vec<Standing> {
        let standing = |item: &Item| Standing {
            id: item.remote_id.clone(),
            version: item.written.to_string(),
            marked: item.marked().cloned(),
        };
        let all = self.universe.look(&self.name, |calendar| calendar.items().map(standing).collect());
        all.unwrap_or_default()
    }
}
