//! Mailboxes, calendars and events as the service stores them, without any HTTP.
//!
//! - [`ids`]: the names of things on the wire.
//! - `zone`, `timing`, `pattern`, `item`: one event or series and when it happens.
//! - `calendar`: mailboxes, calendars and rights.
//! - `state`: the world itself; every change of an event goes through it and is logged.
//! - `changes`: the log that delta and notifications read.
//! - `invitation`: the copies of a meeting in its guests' mailboxes.
//! - `access`: who may open which calendar under which address.

pub(crate) mod access;
pub(crate) mod calendar;
pub(crate) mod changes;
pub(crate) mod ids;
pub(crate) mod invitation;
pub(crate) mod item;
pub(crate) mod pattern;
pub(crate) mod state;
pub(crate) mod timing;
pub(crate) mod zone;
pub(crate) mod zone_names;

pub use calendar::{Calendar, CalendarKind, Group, Mailbox, MailboxKind, Permission, Role};
pub use ids::{CalendarNo, IdForm, ItemNo, MailboxNo, Place};
pub use item::{Details, Item, Occurrence, Series, Uid};
pub use pattern::Recurrence;
pub use state::World;
pub use timing::{Span, Timing, Wall};
pub use zone::NamedZone;
