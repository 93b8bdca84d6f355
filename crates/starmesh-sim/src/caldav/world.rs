//! Everything the simulated server stores.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::collection::Collection;
use super::met::COUNTABLE;
use super::throttle::Throttle;
use crate::dice::Dice;
use crate::web::Met;

/// Which stream of a seed the server draws from.
const PURPOSE: u64 = 0x43_44_41_56;

pub(super) struct World {
    /// By the name with which they sign in, a mail address.
    pub(super) people: BTreeMap<String, Person>,
    /// Whose each bearer token is.
    pub(super) tokens: BTreeMap<String, String>,
    pub(super) collections: BTreeMap<u64, Collection>,
    pub(super) throttle: Throttle,
    /// Drawn from also where the world is only read.
    pub(super) dice: RefCell<Dice>,
    pub(super) met: Met,
    /// Counts everything that needs a number.
    serial: u64,
}

/// Somebody with an account.
pub(super) struct Person {
    pub(super) password: String,
    /// Their calendars, by name.
    pub(super) home: BTreeMap<String, Mount>,
}

/// A calendar in somebody's home: one that is shared hangs in several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Mount {
    pub(super) collection: u64,
    pub(super) is_owner: bool,
    pub(super) can_write: bool,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            people: BTreeMap::new(),
            tokens: BTreeMap::new(),
            collections: BTreeMap::new(),
            throttle: Throttle::default(),
            dice: RefCell::new(Dice::new(seed, PURPOSE)),
            met: Met::of(COUNTABLE),
            serial: 0,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Adds a calendar to its owner's home; `None` where there is no such person, or the name is taken.
    pub(super) fn add_calendar(&mut self, owner: &str, name: &str, display_name: &str) -> Option<u64> {
        let number = self.next();
        let home = &mut self.people.get_mut(owner)?.home;
        if home.contains_key(name) {
            return None;
        }
        home.insert(name.to_owned(), Mount { collection: number, is_owner: true, can_write: true });
        self.collections.insert(number, Collection::new(number, display_name));
        Some(number)
    }

    /// Removes a calendar from every home.
    pub(super) fn remove_calendar(&mut self, collection: u64) {
        self.collections.remove(&collection);
        for person in self.people.values_mut() {
            person.home.retain(|_, mount| mount.collection != collection);
        }
    }

    /// The calendar `name` in the home of `user`.
    pub(super) fn mount(&self, user: &str, name: &str) -> Option<Mount> {
        self.people.get(user)?.home.get(name).copied()
    }

    /// How many objects a person's own calendars hold.
    pub(super) fn objects_of(&self, user: &str) -> usize {
        let own = self.people.get(user).into_iter().flat_map(|person| person.home.values());
        let own = own.filter(|mount| mount.is_owner);
        own.filter_map(|mount| self.collections.get(&mount.collection)).map(Collection::len).sum()
    }
}
