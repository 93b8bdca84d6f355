//! What persons do to mirrors, though they should not.

use starmesh_core::event::Availability;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::{Incarnation, Mark, MirrorKey};

use crate::memory::{MarkedItem, Owner};
use crate::span::{HOUR, Span};
use crate::state::{Deleted, World, identity_key, shifted};
use crate::swarm::Feature;
use crate::venue::Ability;

impl World {
    /// One edit of a mirror, of whatever the seed allows.
    pub(crate) fn edit_mirror(&mut self, place: usize) {
        let mirrors = self.mirrors(place);
        let Some((id, mirror)) = self.dice.pick(&mirrors) else { return self.add(place) };
        match self.dice.below(8) {
            0..=1 if self.swarm.has(Feature::HandEdits) => self.delete_mirror(place, &id, mirror),
            2..=3 if self.swarm.has(Feature::HandEdits) => self.scribble(place, &id, mirror),
            4 if self.swarm.has(Feature::HandEdits) => self.restore_mirror(),
            5 if self.swarm.has(Feature::Attendees) => {
                self.tell(format!("calendar {place}: others are invited to {id}"));
                self.watcher.oracle().note("others were invited to a mirror");
                self.write_mirror(place, &id, &MarkedItem { has_attendees: true, ..mirror });
            }
            6 if self.swarm.has(Feature::Copies) => self.copy_mirror(place, &mirror),
            7 if self.swarm.has(Feature::Copies) => self.foreign_mirror(place, &mirror),
            _ => self.add(place),
        }
    }

    fn write_mirror(&self, place: usize, id: &RemoteId, mirror: &MarkedItem) {
        self.hand_did(self.ground.venues[place].put_marked(id, mirror));
        self.watcher.oracle().stands(place, id.as_str(), mirror.key);
    }

    fn delete_mirror(&mut self, place: usize, id: &RemoteId, mirror: MarkedItem) {
        self.tell(format!("calendar {place}: the mirror {id} is deleted by hand"));
        self.hand_did(self.ground.venues[place].remove(id));
        {
            let mut oracle = self.watcher.oracle();
            oracle.stands(place, id.as_str(), None);
            let stood = Span::of(&mirror.time);
            mirror.key.iter().for_each(|key| oracle.causes.deleted_by_hand(key, stood));
        }
        self.deleted.push(Deleted { place, id: id.clone(), mirror });
        self.watcher.oracle().note("a mirror was deleted by hand");
    }

    fn scribble(&mut self, place: usize, id: &RemoteId, mut mirror: MarkedItem) {
        match self.dice.below(4) {
            0 => mirror.time = shifted(&mirror.time, 24 * HOUR),
            1 => "Dentist".clone_into(&mut mirror.label),
            2 => mirror.plain = false,
            _ => mirror.availability = Availability::Free,
        }
        self.tell(format!("calendar {place}: the mirror {id} is edited by hand"));
        self.watcher.oracle().note("a mirror was edited by hand");
        self.write_mirror(place, id, &mirror);
    }

    /// A mirror comes back from the bin, beside the one that took its place.
    fn restore_mirror(&mut self) {
        let index = self.dice.index(self.deleted.len());
        if index >= self.deleted.len() {
            return;
        }
        let Deleted { place, id, mirror } = self.deleted.remove(index);
        let active = {
            let oracle = self.watcher.oracle();
            let cause = mirror.key.and_then(|key| oracle.causes.get(&key));
            cause.is_some_and(|cause| oracle.is_active((cause.source, cause.target)))
        };
        let venue = &self.ground.venues[place];
        let standing = venue.standing();
        let taken = standing.iter().any(|it| {
            it.id == id || it.marked.as_ref().is_some_and(|it| it.provider_id == mirror.provider_id)
        });
        if active && !taken && venue.can(Ability::Bin) {
            self.tell(format!("calendar {place}: the mirror {id} comes back from the bin"));
            let mut oracle = self.watcher.oracle();
            oracle.note("a mirror came back from the bin");
            oracle.restored.extend(mirror.key);
            drop(oracle);
            self.write_mirror(place, &id, &mirror);
        }
    }

    /// A person copies a mirror, within its calendar or into another.
    fn copy_mirror(&mut self, place: usize, mirror: &MarkedItem) {
        let to = if self.dice.chance(500) { place } else { self.dice.index(self.swarm.places.len()) };
        let number = self.fresh();
        let id = self.ground.venues[to].name("copy", number);
        self.tell(format!("calendar {to}: a copy of a mirror in calendar {place}"));
        self.watcher.oracle().note("a mirror was copied");
        let copy = MarkedItem {
            owner: Owner::Other,
            provider_id: format!("copy-{number}"),
            time: shifted(&mirror.time, 2 * HOUR),
            ..mirror.clone()
        };
        self.put_copy(to, &id, &copy);
    }

    /// A mirror of another installation.
    fn foreign_mirror(&mut self, place: usize, mirror: &MarkedItem) {
        let number = self.fresh();
        let keys = identity_key(self.swarm.seed, 1);
        let mut key = MirrorKey([0; 20]);
        self.dice.fill(&mut key.0);
        let target = &self.swarm.places[place].name;
        let source = &self.swarm.places[self.dice.index(self.swarm.places.len())].name;
        let id = self.ground.venues[place].name("foreign", number);
        let foreign = MarkedItem {
            owner: Owner::Other,
            provider_id: keys.provider_id(&key, Incarnation::default()).to_string(),
            mark: Mark::new(&keys, target, source, key, Incarnation::default()).to_string(),
            key: Some(key),
            ..mirror.clone()
        };
        self.tell(format!("calendar {place}: another installation's mirror"));
        self.watcher.oracle().note("another installation's mirror was there");
        self.put_copy(place, &id, &foreign);
    }
}
