//! What persons do to their calendars: they perturb what is there rather than start anew.

use starmesh_core::event::{Availability, EventKind, Facts, Response};
use starmesh_core::ids::RemoteId;

use crate::event::{Event, Exception, Series, When};
use crate::span::{DAY, HOUR, Wall};
use crate::state::World;
use crate::swarm::Feature;
use crate::venue::Ability;

/// Occurrences of a series that is deleted as a whole, so that the brake has something to hold.
const MANY: u32 = 14;
/// Half an hour, the grain of appointments.
const GRAIN: i64 = HOUR / 2;

impl World {
    /// One edit by a person, of whatever the seed allows.
    pub(crate) fn edit(&mut self) {
        let place = self.dice.index(self.swarm.places.len());
        let event = self.some_event(place);
        match (self.dice.below(20), event) {
            (0..=2, _) | (_, None) => self.add(place),
            (3..=5, Some((id, event))) => self.move_event(place, &id, event),
            (6..=7, Some((id, event))) => {
                self.tell(format!("calendar {place}: {} is deleted", event.uid));
                self.remove_event(place, &id);
            }
            (8..=9, Some((id, event))) => self.reshow(place, &id, event),
            (10..=11, Some((id, event))) => self.except(place, &id, event),
            (12, Some((id, event))) => self.change_shape(place, &id, event),
            (13, Some((_, event))) if self.swarm.has(Feature::Invitations) => self.invite(place, event),
            (14, Some((_, event))) if self.swarm.has(Feature::Twins) => self.twin(place, event),
            (15, Some((id, event))) if self.swarm.has(Feature::Unreadable) => self.blur(place, &id, event),
            (16, _) if self.swarm.has(Feature::MassRemoval) => self.add_many(place),
            (_, _) => self.edit_mirror(place),
        }
    }

    fn some_event(&mut self, place: usize) -> Option<(RemoteId, Event)> {
        let oracle = self.watcher.oracle();
        let events: Vec<_> = oracle.causes.events(place).iter().collect();
        let chosen = self.dice.index(events.len());
        events.get(chosen).map(|(id, event)| ((*id).clone(), (*event).clone()))
    }

    fn id_of(&mut self, place: usize) -> (RemoteId, String) {
        let number = self.fresh();
        // Persons' items stand before, between and behind mirrors.
        let letter = ["a", "s", "z"][self.dice.index(3)];
        (self.ground.venues[place].name(letter, number), format!("event-{number}"))
    }

    /// A person books something.
    pub(crate) fn add(&mut self, place: usize) {
        let (id, uid) = self.id_of(place);
        let when = self.draw_when();
        let facts = self.draw_facts();
        self.tell(format!("calendar {place}: {uid} is booked: {when:?} {facts:?}"));
        self.put_event(place, &id, Event { uid, when, facts, unreadable: false });
    }

    fn draw_when(&mut self) -> When {
        let all_day = self.swarm.has(Feature::AllDay) && self.dice.chance(250);
        let wall = [Wall::Utc, Wall::Berlin, Wall::Floating][self.dice.index(3)];
        let start = self.draw_start(all_day);
        if self.swarm.has(Feature::Series) && self.dice.chance(250) {
            let length = if all_day { DAY } else { GRAIN * self.dice.between(1, 6) };
            let step_days = self.dice.pick(&[1, 2, 7, 7, 14]).unwrap_or(7);
            let endless = step_days >= 7 && self.dice.chance(300);
            let count = (!endless).then(|| 2 + u32::try_from(self.dice.below(8)).unwrap_or(0));
            return When::Series(Series {
                wall,
                first: start - step_days * DAY * self.dice.between(0, 3),
                length,
                all_day,
                step_days,
                count,
                exceptions: std::collections::BTreeMap::new(),
            });
        }
        let length = if all_day {
            DAY * self.dice.between(1, 3)
        } else {
            match self.dice.below(40) {
                0 => 0,
                1 => -HOUR,
                2 => self.dice.between(1, 3_600),
                3 => DAY * self.dice.between(1, 4) + HOUR,
                _ => GRAIN * self.dice.between(1, 8),
            }
        };
        When::Once { wall, start, length, all_day }
    }

    /// Mostly near now; also around both edges of the window, behind it and far beyond.
    fn draw_start(&mut self, all_day: bool) -> i64 {
        let reach = self.watcher.oracle().reach();
        let grain = if all_day { DAY } else { GRAIN };
        let around = |dice: &mut starmesh_sim::dice::Dice, middle: i64, days: i64| {
            (middle + dice.between(-days * DAY, days * DAY)).div_euclid(grain) * grain
        };
        match self.dice.below(20) {
            0..=1 => around(&mut self.dice, reach.lo, 1),
            2..=3 => around(&mut self.dice, reach.hi - DAY / 2, 1),
            4 => around(&mut self.dice, reach.hi + 15 * DAY, 14),
            5 => around(&mut self.dice, reach.lo - 15 * DAY, 14),
            6..=8 => {
                around(&mut self.dice, i64::midpoint(reach.lo, reach.hi), (reach.hi - reach.lo) / DAY / 2)
            }
            _ => around(&mut self.dice, reach.lo + 8 * DAY, 6),
        }
    }

    fn draw_facts(&mut self) -> Facts {
        let mut facts = Facts::BUSY;
        if self.swarm.has(Feature::Kinds) {
            match self.dice.below(16) {
                0..=1 => facts.availability = Availability::Free,
                2 => facts.availability = Availability::Tentative,
                3 => facts.availability = Availability::OutOfOffice,
                4 => facts.response = Response::Declined,
                5 => facts.response = Response::NeedsAction,
                6 => facts.response = Response::Tentative,
                7 => facts.response = Response::Accepted,
                8 => facts.cancelled = true,
                9 => facts.kind = EventKind::WorkingLocation,
                10 => facts.kind = EventKind::Birthday,
                _ => {}
            }
        }
        facts
    }

    fn move_event(&mut self, place: usize, id: &RemoteId, mut event: Event) {
        event.unreadable = false;
        let far = self.dice.chance(250).then(|| self.draw_start(matches_all_day(&event.when)));
        let hours = self.dice.between(-30, 30);
        match &mut event.when {
            When::Once { start, all_day, length, .. } => {
                let nearby = if *all_day { hours * DAY } else { hours * GRAIN };
                *start = far.unwrap_or(*start + nearby);
                if !*all_day && self.dice.chance(200) {
                    *length = GRAIN * self.dice.between(1, 6);
                }
            }
            // A series moves as a whole: all its occurrences change their identity.
            When::Series(series) => {
                series.first += if series.all_day { hours * DAY } else { hours * GRAIN };
                series.exceptions.clear();
            }
        }
        self.tell(format!("calendar {place}: {} is moved: {:?}", event.uid, event.when));
        self.put_event(place, id, event);
    }

    fn reshow(&mut self, place: usize, id: &RemoteId, mut event: Event) {
        event.facts = self.draw_facts();
        event.unreadable = false;
        self.tell(format!("calendar {place}: {} is shown otherwise: {:?}", event.uid, event.facts));
        self.put_event(place, id, event);
    }

    fn except(&mut self, place: usize, id: &RemoteId, mut event: Event) {
        let shown = self.draw_facts();
        let dice = &mut self.dice;
        let Some(series) = event.series_mut() else { return self.add(place) };
        let number = u32::try_from(dice.below(u64::from(series.count.unwrap_or(10)))).unwrap_or(0);
        let exception = match dice.below(5) {
            0 => Exception::Dropped,
            1 => Exception::Cancelled,
            2 => Exception::Shown(shown),
            _ if series.all_day => Exception::Moved { later: DAY * dice.between(-2, 2), length: DAY },
            _ => {
                Exception::Moved { later: GRAIN * dice.between(-60, 60), length: GRAIN * dice.between(1, 4) }
            }
        };
        series.exceptions.insert(number, exception);
        event.unreadable = false;
        self.tell(format!("calendar {place}: {}, number {number}: {exception:?}", event.uid));
        self.put_event(place, id, event);
    }

    /// A single event becomes a series, or the other way round.
    fn change_shape(&mut self, place: usize, id: &RemoteId, mut event: Event) {
        event.unreadable = false;
        event.when = match event.when {
            When::Once { wall, start, length, all_day } if length > 0 => When::Series(Series {
                wall,
                first: start,
                length,
                all_day,
                step_days: 7,
                count: Some(3),
                exceptions: std::collections::BTreeMap::new(),
            }),
            When::Series(series) => When::Once {
                wall: series.wall,
                start: series.first,
                length: series.length,
                all_day: series.all_day,
            },
            when @ When::Once { .. } => when,
        };
        self.tell(format!("calendar {place}: {} takes another shape: {:?}", event.uid, event.when));
        self.put_event(place, id, event);
    }

    /// The same meeting arrives in another calendar.
    fn invite(&mut self, place: usize, event: Event) {
        let other = self.dice.index(self.swarm.places.len());
        let floats = match &event.when {
            When::Once { wall, .. } => *wall == Wall::Floating,
            When::Series(series) => series.wall == Wall::Floating,
        };
        let there = self.watcher.oracle().causes.events(other).values().any(|it| it.uid == event.uid);
        let twins =
            self.watcher.oracle().causes.events(place).values().filter(|it| it.uid == event.uid).count();
        // Two devices that run different links choose different sources for one meeting, and one that forgot
        // its paused mirrors chooses again: a known limit of the rule that the smallest key places it.
        let pauses = self.swarm.has(Feature::Pauses) || !self.swarm.rules.is_empty();
        let uneven = pauses && (self.devices.len() > 1 || self.swarm.has(Feature::LostStore))
            || self.swarm.has(Feature::DifferentGroups) && self.devices.len() > 1;
        if other == place || there || floats || twins > 1 || uneven {
            return self.add(place);
        }
        let (id, _) = self.id_of(other);
        let facts = if self.dice.chance(700) { event.facts } else { self.draw_facts() };
        self.tell(format!("calendar {other}: {} of calendar {place} is there too: {facts:?}", event.uid));
        self.watcher.oracle().note("one meeting was in two calendars");
        self.put_event(other, &id, Event { facts, unreadable: false, ..event });
    }

    /// A second resource with the same UID.
    fn twin(&mut self, place: usize, event: Event) {
        let shared = (0..self.swarm.places.len()).any(|other| {
            other != place
                && self.watcher.oracle().causes.events(other).values().any(|it| it.uid == event.uid)
        });
        if shared || event.unreadable || !self.ground.venues[place].can(Ability::Twins) {
            return self.add(place);
        }
        let (id, _) = self.id_of(place);
        let when = self.draw_when();
        self.tell(format!("calendar {place}: a second {}: {when:?}", event.uid));
        self.watcher.oracle().note("two resources had one UID");
        self.put_event(place, &id, Event { when, ..event });
    }

    /// An item becomes unreadable, or readable again.
    fn blur(&mut self, place: usize, id: &RemoteId, mut event: Event) {
        let twins =
            self.watcher.oracle().causes.events(place).values().filter(|it| it.uid == event.uid).count();
        if twins > 1 || !self.ground.venues[place].can(Ability::Unreadable) {
            return self.add(place);
        }
        event.unreadable = !event.unreadable;
        self.tell(format!("calendar {place}: {}, unreadable: {}", event.uid, event.unreadable));
        self.watcher.oracle().note("an item became unreadable, or readable again");
        self.put_event(place, id, event);
    }

    /// A long series, which some later edit may delete at once.
    fn add_many(&mut self, place: usize) {
        let (id, uid) = self.id_of(place);
        let first = self.watcher.oracle().reach().lo + 4 * DAY + 9 * HOUR;
        let series = Series {
            wall: Wall::Utc,
            first,
            length: HOUR,
            all_day: false,
            step_days: 1,
            count: Some(MANY),
            exceptions: std::collections::BTreeMap::new(),
        };
        self.tell(format!("calendar {place}: {uid} is booked {MANY} times"));
        let event = Event { uid, when: When::Series(series), facts: Facts::BUSY, unreadable: false };
        self.put_event(place, &id, event);
    }

    /// Everything in a calendar is deleted at once, or its longest series.
    pub(crate) fn remove_many(&mut self) {
        let place = self.dice.index(self.swarm.places.len());
        let everything = self.dice.chance(400);
        let chosen: Vec<(RemoteId, String)> = {
            let oracle = self.watcher.oracle();
            let events = oracle.causes.events(place).iter().filter(|(_, event)| {
                everything
                    || matches!(&event.when, When::Series(series) if series.count.is_none_or(|n| n >= MANY))
            });
            events.map(|(id, event)| (id.clone(), event.uid.clone())).collect()
        };
        if chosen.is_empty() {
            return self.add_many(place);
        }
        for (id, uid) in chosen {
            self.tell(format!("calendar {place}: {uid} is deleted with many others"));
            self.remove_event(place, &id);
        }
        self.watcher.oracle().note(crate::tally::MANY_DELETED);
    }
}

fn matches_all_day(when: &When) -> bool {
    match when {
        When::Once { all_day, .. } => *all_day,
        When::Series(series) => series.all_day,
    }
}
