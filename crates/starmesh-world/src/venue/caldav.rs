//! A calendar of the simulated CalDAV server.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use starmesh_core::ids::RemoteId;
use starmesh_sim::caldav::{CaldavSim, StoredObject};

use super::caldav_words::{Setting, event_object, fit, marked_object, mirror_in};
use super::{Ability, Content, Placed, Refused, Standing, Venue};
use crate::event::Event;
use crate::memory::{MarkedItem, Owner};

/// A calendar of the simulated CalDAV server.
pub(crate) struct CaldavVenue {
    sim: CaldavSim,
    /// Its path in its owner's home.
    path: String,
    owner: String,
    content: Content,
    place: usize,
    placed: Placed,
    /// Where the server put what persons made here: it names objects after their UIDs.
    paths: Mutex<BTreeMap<RemoteId, String>>,
}

impl CaldavVenue {
    /// The calendar at `path` in the home of `owner`, which is number `place` in the world.
    pub(crate) fn new(
        sim: CaldavSim,
        (path, owner): (String, String),
        content: Content,
        (place, placed): (usize, Placed),
    ) -> Self {
        Self { sim, path, owner, content, place, placed, paths: Mutex::default() }
    }

    fn objects(&self) -> Vec<StoredObject> {
        self.sim.objects(&self.path).unwrap_or_default()
    }

    fn paths(&self) -> MutexGuard<'_, BTreeMap<RemoteId, String>> {
        self.paths.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The path of what the world, or the server, calls `id`.
    fn path_of(&self, id: &RemoteId) -> String {
        self.paths().get(id).cloned().unwrap_or_else(|| id.as_str().to_owned())
    }

    fn put(&self, id: &RemoteId, text: &str) -> Result<(), Refused> {
        let path = self.sim.put_object(&self.path, text).map_err(|error| error.to_string())?;
        if path != id.as_str() {
            self.paths().insert(id.clone(), path);
        }
        Ok(())
    }

    fn standing_of(&self, object: &StoredObject, names: &BTreeMap<String, RemoteId>) -> Standing {
        let id = names.get(&object.path).cloned().unwrap_or_else(|| RemoteId::new(object.path.clone()));
        let owner = if self.placed.holds(self.place, &object.path) { Owner::Mirror } else { Owner::Other };
        Standing { id, version: object.etag.clone(), marked: mirror_in(&object.facts, owner) }
    }
}

impl Venue for CaldavVenue {
    fn can(&self, ability: Ability) -> bool {
        ability == Ability::Bin
    }

    /// Objects are named after their UIDs, and those after the numbers of events.
    fn name(&self, stem: &str, number: u64) -> RemoteId {
        let uid = if stem.len() == 1 { format!("event-{number}") } else { format!("{stem}-{number}") };
        RemoteId::new(format!("{}{uid}.ics", self.path))
    }

    fn fit(&self, _id: &RemoteId, event: Event) -> Event {
        let mut event = fit(event);
        event.unreadable = false;
        event
    }

    fn put_event(&self, id: &RemoteId, event: &Event) -> Result<(), Refused> {
        let setting = Setting { owner: &self.owner, content: self.content };
        self.put(id, &event_object(event, &setting))
    }

    fn put_marked(&self, id: &RemoteId, marked: &MarkedItem) -> Result<(), Refused> {
        self.put(id, &marked_object(marked, self.content))
    }

    fn remove(&self, id: &RemoteId) -> Result<(), Refused> {
        self.sim.delete_object(&self.path_of(id)).map_err(|error| error.to_string())?;
        self.paths().remove(id);
        Ok(())
    }

    fn version(&self, id: &RemoteId) -> Option<String> {
        let path = self.path_of(id);
        self.objects().into_iter().find(|object| object.path == path).map(|object| object.etag)
    }

    fn adopt(&self, id: &RemoteId) {
        self.placed.note(self.place, &self.path_of(id));
    }

    fn standing(&self) -> Vec<Standing> {
        let names = self.paths().iter().map(|(id, path)| (path.clone(), id.clone())).collect();
        self.objects().iter().map(|object| self.standing_of(object, &names)).collect()
    }
}
