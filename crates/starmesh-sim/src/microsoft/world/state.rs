//! The world: what there is, and the only ways in which it changes.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use starmesh_provider::env::Clock;

use super::calendar::{Calendar, CalendarKind, Mailbox};
use super::changes::{Change, ChangeKind};
use super::ids::{CalendarNo, IdForm, ItemNo, MailboxNo, Place, calendar_id, event_id};
use super::item::{Details, Item, Series, Uid};
use crate::dice::Dice;
use crate::microsoft::api::delta::DeltaMemory;
use crate::microsoft::faults::FaultPlan;
use crate::microsoft::met::COUNTABLE;
use crate::microsoft::push::Push;
use crate::microsoft::switches::Switches;
use crate::microsoft::throttle::Throttle;
use crate::web::{Ledger, Met, SimClock};

/// The ledger's name for this provider.
pub(crate) const PROVIDER: &str = "microsoft";

/// Everything the simulated service knows.
pub struct World {
    /// The time of everything.
    pub clock: SimClock,
    /// Which reading of a disputed truth holds.
    pub switches: Switches,
    pub(crate) ledger: Ledger,
    pub(crate) dice: Dice,
    pub(crate) mailboxes: BTreeMap<MailboxNo, Mailbox>,
    pub(crate) calendars: BTreeMap<CalendarNo, Calendar>,
    pub(crate) items: BTreeMap<ItemNo, Item>,
    /// Deleted events, since delta still has to name them.
    pub(crate) graves: BTreeMap<ItemNo, Item>,
    /// The copies of each meeting in its guests' mailboxes.
    pub(crate) copies: BTreeMap<ItemNo, BTreeMap<MailboxNo, ItemNo>>,
    pub(crate) changes: Vec<Change>,
    pub(crate) delta: DeltaMemory,
    pub(crate) push: Push,
    pub(crate) throttle: Throttle,
    pub(crate) faults: FaultPlan,
    pub(crate) met: Met,
    pub(crate) next: u64,
}

/// A new event, before it has a number.
pub(crate) struct NewItem {
    pub(crate) uid: Option<Uid>,
    pub(crate) transaction: Option<String>,
    pub(crate) zone_name: Option<String>,
    pub(crate) main: Details,
    pub(crate) series: Option<Series>,
}

impl World {
    /// A world without anybody in it; `seed` decides everything that is left to chance.
    pub(crate) fn new(clock: SimClock, ledger: Ledger, seed: u64, switches: Switches) -> Self {
        /// Keeps the draws of this service apart from those of others with the same seed.
        const PURPOSE: u64 = 0x6D73;
        Self {
            clock,
            switches,
            ledger,
            dice: Dice::new(seed, PURPOSE),
            mailboxes: BTreeMap::new(),
            calendars: BTreeMap::new(),
            items: BTreeMap::new(),
            graves: BTreeMap::new(),
            copies: BTreeMap::new(),
            changes: Vec::new(),
            delta: DeltaMemory::default(),
            push: Push::default(),
            throttle: Throttle::default(),
            faults: FaultPlan::default(),
            met: Met::of(COUNTABLE),
            next: 0,
        }
    }

    /// The time.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// A number that was never used.
    pub(crate) fn next(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// The calendar that holds the events of `calendar`: itself, or what it is a local copy of.
    pub(crate) fn target(&self, calendar: CalendarNo) -> CalendarNo {
        match self.calendars.get(&calendar).map(|calendar| calendar.kind) {
            Some(CalendarKind::Link(target)) => target,
            _ => calendar,
        }
    }

    /// The id of a calendar as its mailbox lists it; empty for one that is gone.
    pub fn calendar_id(&self, calendar: CalendarNo) -> String {
        let place = self.calendars.get(&calendar).map(|found| Place { mailbox: found.mailbox, calendar });
        self.told(place.map_or_else(String::new, |place| calendar_id(place, self.switches.ids_with_slashes)))
    }

    /// The id of an event, or of one of its occurrences, for who reads it at `place`.
    pub fn event_id(&self, form: IdForm, place: Place, item: ItemNo, day: Option<NaiveDate>) -> String {
        self.told(event_id(form, place, item, day, self.switches.ids_with_slashes))
    }

    /// Counts an id that a path has to encode.
    fn told(&self, id: String) -> String {
        if id.contains(['/', '+']) {
            self.meet("ids_with_slashes");
        }
        id
    }

    /// Stores a new event and gives its number.
    pub(crate) fn insert(&mut self, calendar: CalendarNo, new: NewItem) -> ItemNo {
        let now = self.now();
        let number = self.next();
        let no = ItemNo(number);
        let item = Item {
            no,
            calendar,
            created: now,
            modified: now,
            version: 1,
            uid: new.uid.unwrap_or(Uid::Native(number)),
            transaction: new.transaction,
            zone_name: new.zone_name,
            main: new.main,
            series: new.series,
        };
        self.items.insert(no, item);
        if let Some(calendar) = self.calendars.get_mut(&calendar) {
            calendar.items.insert(no);
        }
        self.note(calendar, no, ChangeKind::Created, None);
        no
    }

    /// Changes an event in place; nothing happens to one that is not there.
    pub(crate) fn change(&mut self, no: ItemNo, change: impl FnOnce(&mut Item)) {
        let now = self.now();
        let Some(item) = self.items.get_mut(&no) else { return };
        let before = reach(item);
        change(item);
        item.version += 1;
        item.modified = now;
        let calendar = item.calendar;
        self.note(calendar, no, ChangeKind::Updated, Some(before));
    }

    /// Gives an event a new change key without changing it, as the service does for reasons of its own.
    pub fn touch(&mut self, no: ItemNo) {
        let Some(item) = self.items.get_mut(&no) else { return };
        item.version += 1;
        let (calendar, before) = (item.calendar, reach(item));
        self.note(calendar, no, ChangeKind::Updated, Some(before));
    }

    /// Deletes an event or a whole series; false when there is none.
    pub fn delete_event(&mut self, no: ItemNo) -> bool {
        let Some(item) = self.items.remove(&no) else { return false };
        if let Some(calendar) = self.calendars.get_mut(&item.calendar) {
            calendar.items.remove(&no);
        }
        self.note(item.calendar, no, ChangeKind::Removed, Some(reach(&item)));
        self.graves.insert(no, item);
        self.call_off(no);
        true
    }

    /// Moves an event to another calendar: its regular id changes, its immutable id only with the mailbox.
    pub fn move_event(&mut self, no: ItemNo, to: CalendarNo) {
        let Some(item) = self.items.get_mut(&no) else { return };
        let (from, before) = (item.calendar, reach(item));
        if from == to {
            return;
        }
        item.calendar = to;
        item.version += 1;
        for (calendar, holds) in [(from, false), (to, true)] {
            if let Some(calendar) = self.calendars.get_mut(&calendar) {
                if holds {
                    calendar.items.insert(no)
                } else {
                    calendar.items.remove(&no)
                };
            }
        }
        self.note(from, no, ChangeKind::Removed, Some(before));
        self.note(to, no, ChangeKind::Created, None);
    }

    fn note(
        &mut self,
        calendar: CalendarNo,
        item: ItemNo,
        kind: ChangeKind,
        before: Option<(DateTime<Utc>, DateTime<Utc>)>,
    ) {
        let change = Change { seq: self.next(), at: self.now(), calendar, item, kind, before };
        self.changes.push(change);
        self.push.note(change);
    }
}

/// From its first moment to its last; a series has no last.
fn reach(item: &Item) -> (DateTime<Utc>, DateTime<Utc>) {
    let (start, end) = item.main.timing.instants();
    if item.series.is_some() { (start, DateTime::<Utc>::MAX_UTC) } else { (start, end) }
}
