//! One calendar as persons reach it and as the oracle sees it: by the hand of its own service, and never
//! through an adapter.
//!
//! 1. [`Venue`]: what a person can do, and what stands there.
//! 2. [`memory`]: a calendar in memory; [`google`], [`microsoft`] and [`caldav`]: one of a simulated service,
//!    with `google_words`, `microsoft_words` and `caldav_words` for how each says what the world knows.
//! 3. [`Content`]: the text that persons write, which must never leave their calendar.

mod caldav;
mod caldav_words;
mod content;
mod google;
mod google_words;
mod memory;
mod microsoft;
mod microsoft_words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use starmesh_core::ids::RemoteId;

pub(crate) use self::caldav::CaldavVenue;
pub(crate) use self::caldav_words::mirror_in as caldav_mirror;
pub(crate) use self::content::Content;
pub(crate) use self::google::GoogleVenue;
pub(crate) use self::google_words::mirror_in as google_mirror;
pub(crate) use self::memory::MemoryVenue;
pub(crate) use self::microsoft::MicrosoftVenue;
pub(crate) use self::microsoft_words::mirror_in as microsoft_mirror;
use crate::event::Event;
use crate::memory::MarkedItem;
use crate::span::Wall;

/// What stands in a calendar.
#[derive(Clone, Debug)]
pub(crate) struct Standing {
    /// What the service calls it; a person's own item goes by the name that the world gave it.
    pub id: RemoteId,
    /// Rises with every change of it.
    pub version: String,
    /// The mark that it carries, with what it says; `None` for an event of a person.
    pub marked: Option<MarkedItem>,
}

/// Something that only some services can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ability {
    /// Hold two resources with one UID.
    Twins,
    /// Hand over what nobody can read.
    Unreadable,
    /// Bring back under its old name what was deleted.
    Bin,
}

/// What could not be done by hand: a mistake of the world.
pub(crate) type Refused = String;

/// One calendar.
pub(crate) trait Venue: Send + Sync {
    /// True when the service can do this.
    fn can(&self, ability: Ability) -> bool;

    /// A name for a new item of a person.
    fn name(&self, stem: &str, number: u64) -> RemoteId;

    /// What of `event`, under this name, the service can express.
    fn fit(&self, id: &RemoteId, event: Event) -> Event;

    /// A person writes an event: a new one, or in place of the one with this name.
    fn put_event(&self, id: &RemoteId, event: &Event) -> Result<(), Refused>;

    /// A person writes something with a mark on it.
    fn put_marked(&self, id: &RemoteId, marked: &MarkedItem) -> Result<(), Refused>;

    /// A person deletes something.
    fn remove(&self, id: &RemoteId) -> Result<(), Refused>;

    /// The version of something that stands here.
    fn version(&self, id: &RemoteId) -> Option<String>;

    /// Takes what a person wrote for something that came through the port.
    fn adopt(&self, _id: &RemoteId) {}

    /// Everything that stands here, by its service's own word.
    fn standing(&self) -> Vec<Standing>;
}

/// Which items of which calendars were written through the port, ever: only these are mirrors.
#[derive(Clone, Default)]
pub(crate) struct Placed(Arc<Mutex<BTreeMap<usize, BTreeSet<String>>>>);

impl Placed {
    /// Notes that an item was.
    pub(crate) fn note(&self, place: usize, id: &str) {
        let mut placed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        placed.entry(place).or_default().insert(id.to_owned());
    }

    /// True when an item was.
    pub(crate) fn holds(&self, place: usize, id: &str) -> bool {
        let placed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        placed.get(&place).is_some_and(|ids| ids.contains(id))
    }
}

/// The IANA name of a wall; a floating one hangs at `home`.
fn zone_of(wall: Wall, home: Wall) -> &'static str {
    match (wall, home) {
        (Wall::Berlin, _) | (Wall::Floating, Wall::Berlin) => "Europe/Berlin",
        _ => "UTC",
    }
}
