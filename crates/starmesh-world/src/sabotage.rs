//! Damage that the comparison has to notice: the harness proves itself.

use crate::memory::{Content, MarkedItem};
use crate::run::Sabotage;
use crate::span::{HOUR, Span};
use crate::state::{World, shifted};
use starmesh_core::ids::RemoteId;

impl World {
    /// Does the damage behind everybody's back; nothing when there is nothing to damage.
    pub(crate) fn sabotage(&mut self, sabotage: Sabotage) {
        if sabotage == Sabotage::PersonWritten {
            let owned = self.versions.keys().next().cloned();
            if let Some((place, id)) = owned {
                self.damaged = true;
                self.universe.edit(&self.swarm.places[place].name, |calendar| {
                    let same = calendar.item(&id).map(|item| item.content.clone());
                    same.map(|content| calendar.put(id.clone(), content).written)
                });
            }
            return;
        }
        let Some((place, id, mirror)) = self.wanted_mirror() else { return };
        self.damaged = true;
        let name = &self.swarm.places[place].name;
        self.universe.edit(name, |calendar| match sabotage {
            Sabotage::MirrorVanishes | Sabotage::PersonWritten => {
                calendar.remove(&id);
            }
            Sabotage::MirrorMoves => {
                let moved = MarkedItem { time: shifted(&mirror.time, 24 * HOUR), ..mirror };
                calendar.put(id, Content::Marked(moved));
            }
            Sabotage::MirrorTalks => {
                let talking = MarkedItem { plain: false, ..mirror };
                calendar.put(id, Content::Marked(talking));
            }
            Sabotage::MirrorDoubles => {
                let second = RemoteId::new(format!("{id}.second"));
                calendar.put(second, Content::Marked(mirror));
            }
        });
    }

    /// True when there is something to damage.
    pub(crate) fn wanted_mirror(&self) -> Option<(usize, RemoteId, MarkedItem)> {
        let oracle = self.watcher.oracle();
        let reach = oracle.reach();
        (0..self.swarm.places.len()).find_map(|place| {
            let mut mirrors = self.mirrors(place).into_iter();
            let found = mirrors.find(|(_, mirror)| {
                let cause = mirror.key.and_then(|key| oracle.causes.get(&key));
                let active = cause.is_some_and(|cause| {
                    cause.readable && cause.wanted.is_some() && oracle.is_active((cause.source, place))
                });
                active && !mirror.has_attendees && reach.meets(&Span::of(&mirror.time))
            });
            found.map(|(id, mirror)| (place, id, mirror))
        })
    }
}
