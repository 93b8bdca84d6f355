//! Damage that the comparison has to notice: the harness proves itself.

use crate::memory::MarkedItem;
use crate::run::Sabotage;
use crate::span::{HOUR, Span};
use crate::state::{World, shifted};
use starmesh_core::ids::RemoteId;

impl World {
    /// Does the damage behind everybody's back; nothing when there is nothing to damage.
    pub(crate) fn sabotage(&mut self, sabotage: Sabotage) {
        if sabotage == Sabotage::PersonWritten {
            let owned = self.versions.keys().find_map(|(place, id)| {
                let oracle = self.watcher.oracle();
                let event = oracle.causes.events(*place).get(id).cloned();
                event.map(|event| (*place, id.clone(), event))
            });
            if let Some((place, id, event)) = owned {
                self.damaged = true;
                self.hand_did(self.ground.venues[place].put_event(&id, &event));
            }
            return;
        }
        let Some((place, id, mirror)) = self.wanted_mirror() else { return };
        self.damaged = true;
        let venue = &self.ground.venues[place];
        self.hand_did(match sabotage {
            Sabotage::MirrorVanishes | Sabotage::PersonWritten => venue.remove(&id),
            Sabotage::MirrorMoves => {
                let moved = MarkedItem { time: shifted(&mirror.time, 24 * HOUR), ..mirror };
                venue.put_marked(&id, &moved)
            }
            Sabotage::MirrorTalks => venue.put_marked(&id, &MarkedItem { plain: false, ..mirror }),
            Sabotage::MirrorDoubles => {
                let second = venue.name("second", 0);
                let put = venue.put_marked(&second, &mirror);
                venue.adopt(&second);
                put
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
