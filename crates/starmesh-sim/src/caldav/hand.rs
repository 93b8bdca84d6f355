//! The world by hand: what people do with other programs, and what is stored, seen from outside the protocol.
//!
//! A calendar or an object is named by its path in the plainest spelling, `/calendars/ada@example.test/work/`.

use chrono::{DateTime, Utc};
use serde_json::Value;
use starmesh_core::recurrence::Occurrence;
use starmesh_provider::env::Clock as _;

use super::collection::{Collection, uid_of};
use super::extent;
use super::object::Component;
use super::place::Place;
use super::properties::etag;
use super::sim::CaldavSim;
use super::world::{Mount, Person, World};
use crate::web::hold;

/// What cannot be done by hand.
#[derive(Clone, Copy, PartialEq, Eq, thiserror::Error, Debug)]
pub enum HandError {
    /// No such person.
    #[error("there is no such person")]
    NoPerson,
    /// No such calendar.
    #[error("there is no such calendar")]
    NoCalendar,
    /// No such object.
    #[error("there is no such object")]
    NoObject,
    /// There is a calendar of that name.
    #[error("the name is taken")]
    Taken,
    /// The text is no calendar object with a UID.
    #[error("the text is no calendar object")]
    Unreadable,
}

/// An object as it is stored.
#[derive(Clone, PartialEq, Debug)]
pub struct StoredObject {
    /// Its path.
    pub path: String,
    /// Its UID.
    pub uid: String,
    /// Its etag, as reads tell it.
    pub etag: String,
    /// Its text.
    pub text: String,
    /// What the text says, as the simulator reads it: for each component its properties, each a list of values
    /// with parameters, and how many alarms it has.
    pub facts: Value,
}

impl CaldavSim {
    /// Adds a person without calendars, who can sign in from now on.
    pub fn add_user(&self, mail: &str, password: &str) {
        let person = Person { password: password.to_owned(), home: std::collections::BTreeMap::new() };
        hold(&self.0.world).people.insert(mail.to_owned(), person);
    }

    /// Changes a person's password: whoever uses the old one is turned away.
    pub fn set_password(&self, mail: &str, password: &str) -> Result<(), HandError> {
        let mut world = hold(&self.0.world);
        let person = world.people.get_mut(mail).ok_or(HandError::NoPerson)?;
        password.clone_into(&mut person.password);
        Ok(())
    }

    /// Accepts `token` as a bearer token of `mail` that never expires.
    pub fn accept_token(&self, token: &str, mail: &str) {
        hold(&self.0.world).tokens.insert(token.to_owned(), mail.to_owned());
    }

    /// Adds a calendar for events and gives its path.
    pub fn add_calendar(&self, owner: &str, name: &str, display_name: &str) -> Result<String, HandError> {
        let mut world = hold(&self.0.world);
        if !world.people.contains_key(owner) {
            return Err(HandError::NoPerson);
        }
        world.add_calendar(owner, name, display_name).ok_or(HandError::Taken)?;
        Ok(Place::Calendar(owner.to_owned(), name.to_owned()).path())
    }

    /// Hangs a calendar into another person's home too and gives its path there.
    pub fn share(
        &self,
        calendar: &str,
        with: &str,
        name: &str,
        can_write: bool,
    ) -> Result<String, HandError> {
        let mut world = hold(&self.0.world);
        let (mount, ..) = found(&world, calendar)?;
        let home = &mut world.people.get_mut(with).ok_or(HandError::NoPerson)?.home;
        if home.contains_key(name) {
            return Err(HandError::Taken);
        }
        home.insert(name.to_owned(), Mount { collection: mount.collection, is_owner: false, can_write });
        Ok(Place::Calendar(with.to_owned(), name.to_owned()).path())
    }

    /// Takes a calendar that another person shares out of the home in which it hangs.
    pub fn unshare(&self, calendar: &str) -> Result<(), HandError> {
        let mut world = hold(&self.0.world);
        let (mount, user, name) = found(&world, calendar)?;
        if mount.is_owner {
            return Err(HandError::NoCalendar);
        }
        let person = world.people.get_mut(&user).ok_or(HandError::NoPerson)?;
        person.home.remove(&name);
        Ok(())
    }

    /// Says whether the person in whose home a calendar hangs may write to it.
    pub fn set_writable(&self, calendar: &str, can_write: bool) -> Result<(), HandError> {
        let mut world = hold(&self.0.world);
        let (_, user, name) = found(&world, calendar)?;
        let mount = world.people.get_mut(&user).and_then(|person| person.home.get_mut(&name));
        mount.ok_or(HandError::NoCalendar)?.can_write = can_write;
        Ok(())
    }

    /// Sets the zone of a calendar: the text of a VCALENDAR with a VTIMEZONE, as clients write it.
    pub fn set_zone(&self, calendar: &str, text: Option<&str>) -> Result<(), HandError> {
        self.with_calendar(calendar, |collection, _| collection.zone = text.map(str::to_owned))
    }

    /// Removes a calendar from every home.
    pub fn remove_calendar(&self, calendar: &str) -> Result<(), HandError> {
        let mut world = hold(&self.0.world);
        let (mount, ..) = found(&world, calendar)?;
        world.remove_calendar(mount.collection);
        Ok(())
    }

    /// Stores an object as a person's own program would, over the one with the same UID, and gives its path. No
    /// habit of the server stands in the way, and nobody is written to.
    pub fn put_object(&self, calendar: &str, text: &str) -> Result<String, HandError> {
        let object = Component::parse(text).ok_or(HandError::Unreadable)?;
        let uid = uid_of(&object).ok_or(HandError::Unreadable)?.to_owned();
        let file = self.with_calendar(calendar, |collection, now| {
            let file = collection.names_of(&uid).next().map_or_else(|| format!("{uid}.ics"), str::to_owned);
            collection.store(&file, text.to_owned(), object, now);
            file
        })?;
        match Place::at(calendar) {
            Place::Calendar(user, name) => Ok(Place::Object(user, name, file).path()),
            _ => Err(HandError::NoCalendar),
        }
    }

    /// Removes an object as a person would.
    pub fn delete_object(&self, object: &str) -> Result<(), HandError> {
        let Place::Object(user, name, file) = Place::at(object) else { return Err(HandError::NoObject) };
        let calendar = Place::Calendar(user, name).path();
        let removed = self.with_calendar(&calendar, |collection, now| collection.remove(&file, now))?;
        removed.map(drop).ok_or(HandError::NoObject)
    }

    /// Everything that a calendar holds, by path.
    pub fn objects(&self, calendar: &str) -> Result<Vec<StoredObject>, HandError> {
        let switches = self.switches().etags;
        let world = hold(&self.0.world);
        let (mount, user, name) = found(&world, calendar)?;
        let collection = world.collections.get(&mount.collection).ok_or(HandError::NoCalendar)?;
        let object = |(file, stored): (&str, &std::sync::Arc<super::collection::Stored>)| StoredObject {
            path: Place::Object(user.clone(), name.clone(), file.to_owned()).path(),
            uid: stored.uid.clone(),
            etag: etag(collection, stored, &switches, &world.met),
            text: stored.text.clone(),
            facts: stored.object.facts(),
        };
        Ok(collection.members().map(object).collect())
    }

    /// What a calendar shows between `lo` and `hi`, series in their dates: each with the UID it belongs to.
    /// Objects that cannot be read show nothing.
    pub fn occurrences(
        &self,
        calendar: &str,
        lo: DateTime<Utc>,
        hi: DateTime<Utc>,
    ) -> Result<Vec<(String, Occurrence)>, HandError> {
        let world = hold(&self.0.world);
        let (mount, ..) = found(&world, calendar)?;
        let collection = world.collections.get(&mount.collection).ok_or(HandError::NoCalendar)?;
        let shown = collection.members().flat_map(|(_, stored)| {
            let dates = extent::occurrences(&stored.object, lo, hi);
            dates.into_iter().map(|date| (stored.uid.clone(), date))
        });
        Ok(shown.collect())
    }

    /// The paths of a person's calendars, those of others included.
    pub fn calendars(&self, mail: &str) -> Result<Vec<String>, HandError> {
        let world = hold(&self.0.world);
        let person = world.people.get(mail).ok_or(HandError::NoPerson)?;
        Ok(person.home.keys().map(|name| Place::Calendar(mail.to_owned(), name.clone()).path()).collect())
    }

    /// Ends all sync tokens of a calendar.
    pub fn end_sync_tokens(&self, calendar: &str) -> Result<(), HandError> {
        self.with_calendar(calendar, |collection, _| collection.epoch += 1)
    }

    fn with_calendar<T>(
        &self,
        calendar: &str,
        work: impl FnOnce(&mut Collection, DateTime<Utc>) -> T,
    ) -> Result<T, HandError> {
        let now = self.0.clock.now();
        let mut world = hold(&self.0.world);
        let (mount, ..) = found(&world, calendar)?;
        let collection = world.collections.get_mut(&mount.collection).ok_or(HandError::NoCalendar)?;
        Ok(work(collection, now))
    }
}

/// The calendar at `path`, with the home it hangs in and its name there.
fn found(world: &World, path: &str) -> Result<(Mount, String, String), HandError> {
    let Place::Calendar(user, name) = Place::at(path) else { return Err(HandError::NoCalendar) };
    let mount = world.mount(&user, &name).ok_or(HandError::NoCalendar)?;
    Ok((mount, user, name))
}
