//! A calendar of the simulated Microsoft.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use starmesh_core::ids::RemoteId;
use starmesh_sim::microsoft::MicrosoftSim;
use starmesh_sim::microsoft::world::{CalendarNo, IdForm, ItemNo, Place, World};

use super::microsoft_words::{Setting, date_body, date_of, event_body, fit, marked_body, mirror_in};
use super::{Ability, Content, Placed, Refused, Standing, Venue};
use crate::event::{Event, Exception, Series, When};
use crate::memory::{MarkedItem, Owner};
use crate::span::Wall;

/// A calendar of the simulated Microsoft.
pub(crate) struct MicrosoftVenue {
    sim: MicrosoftSim,
    calendar: CalendarNo,
    /// How the account reads the calendar: under its own mailbox.
    read_at: Place,
    home: Wall,
    content: Content,
    place: usize,
    placed: Placed,
    /// The service's numbers of what persons made here.
    items: Mutex<BTreeMap<RemoteId, ItemNo>>,
}

impl MicrosoftVenue {
    /// The calendar that an account reads at `read_at`, which is number `place` in the world.
    pub(crate) fn new(
        sim: MicrosoftSim,
        (calendar, read_at): (CalendarNo, Place),
        home: Wall,
        content: Content,
        (place, placed): (usize, Placed),
    ) -> Self {
        Self { sim, calendar, read_at, home, content, place, placed, items: Mutex::default() }
    }

    fn items(&self) -> MutexGuard<'_, BTreeMap<RemoteId, ItemNo>> {
        self.items.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What an item is called by who reads the calendar.
    fn id_of(&self, world: &World, no: ItemNo) -> String {
        world.event_id(IdForm::Immutable, self.read_at, no, None)
    }

    /// The number of what the world, or the service, calls `id`.
    fn number(&self, world: &World, id: &RemoteId) -> Option<ItemNo> {
        let made = self.items().get(id).copied();
        let no = made.or_else(|| world.event_named(id.as_str()).map(|(no, _)| no))?;
        world.event(no).is_some().then_some(no)
    }

    fn put(&self, id: &RemoteId, body: &Value, uid: Option<&str>) -> Result<ItemNo, Refused> {
        self.sim.with(|world| {
            if let Some(no) = self.number(world, id) {
                world.change_event(no, body)?;
                return Ok(no);
            }
            let mut body = body.clone();
            if let Some(uid) = uid {
                body["iCalUId"] = json!(uid);
            }
            let no = world.put_event(self.calendar, &body)?;
            self.items().insert(id.clone(), no);
            Ok(no)
        })
    }

    /// Brings every date of a series to what the world knows of it.
    fn put_dates(&self, no: ItemNo, event: &Event, series: &Series) -> Result<(), Refused> {
        let setting = Setting { home: self.home, content: self.content };
        self.sim.with(|world| {
            for (number, exception) in &series.exceptions {
                let day = date_of(series, *number);
                if *exception == Exception::Dropped {
                    world.cancel_occurrence(no, day);
                } else {
                    let body = date_body(event, series, *number, exception, &setting);
                    world.change_occurrence(no, day, &body)?;
                }
            }
            Ok(())
        })
    }
}

impl Venue for MicrosoftVenue {
    fn can(&self, _ability: Ability) -> bool {
        false
    }

    fn name(&self, stem: &str, number: u64) -> RemoteId {
        RemoteId::new(format!("{stem}{number}"))
    }

    fn fit(&self, _id: &RemoteId, event: Event) -> Event {
        fit(event, self.home)
    }

    fn put_event(&self, id: &RemoteId, event: &Event) -> Result<(), Refused> {
        let body = event_body(event, &Setting { home: self.home, content: self.content });
        if let When::Series(series) = &event.when {
            // A series that begins anew has no date that was ever changed on its own.
            let known = self.sim.with(|world| self.number(world, id).is_some());
            if known {
                let mut single = body.clone();
                single["recurrence"] = Value::Null;
                self.put(id, &single, None)?;
            }
            let no = self.put(id, &body, Some(&event.uid))?;
            return self.put_dates(no, event, series);
        }
        self.put(id, &body, Some(&event.uid)).map(drop)
    }

    fn put_marked(&self, id: &RemoteId, marked: &MarkedItem) -> Result<(), Refused> {
        let mut body = marked_body(marked, self.content);
        let is_new = self.sim.with(|world| self.number(world, id).is_none());
        let identity = marked.provider_id.as_str();
        if is_new && starmesh_core::mirror::ProviderId::has_shape(identity) {
            body["transactionId"] = json!(identity);
        }
        self.put(id, &body, None).map(drop)
    }

    fn remove(&self, id: &RemoteId) -> Result<(), Refused> {
        self.sim.with(|world| {
            let no = self.number(world, id).ok_or_else(|| "there is no such event".to_owned())?;
            world.delete_event(no);
            self.items().remove(id);
            Ok(())
        })
    }

    fn version(&self, id: &RemoteId) -> Option<String> {
        self.sim.with(|world| {
            let no = self.number(world, id)?;
            world.event(no).map(starmesh_sim::microsoft::world::Item::change_key)
        })
    }

    fn adopt(&self, id: &RemoteId) {
        let known = self.sim.with(|world| self.number(world, id).map(|no| self.id_of(world, no)));
        known.into_iter().for_each(|known| self.placed.note(self.place, &known));
    }

    fn standing(&self) -> Vec<Standing> {
        let names: BTreeMap<ItemNo, RemoteId> =
            self.items().iter().map(|(id, no)| (*no, id.clone())).collect();
        self.sim.with(|world| {
            let is_own = self.read_at.calendar == self.calendar;
            let numbers: Vec<ItemNo> = world.events(self.calendar).map(|item| item.no).collect();
            let standing = |no: ItemNo| {
                let item = world.event(no)?;
                let id = self.id_of(world, no);
                let owner = if self.placed.holds(self.place, &id) { Owner::Mirror } else { Owner::Other };
                let marked = world.event_facts(no).and_then(|event| mirror_in(&event, owner, is_own));
                let id = names.get(&no).cloned().unwrap_or_else(|| RemoteId::new(id));
                Some(Standing { id, version: item.change_key(), marked })
            };
            numbers.into_iter().filter_map(standing).collect()
        })
    }
}
