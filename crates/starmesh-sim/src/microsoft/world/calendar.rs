//! Calendars, the mailboxes they lie in, and who may do what with them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::ids::{CalendarNo, ItemNo, MailboxNo};

/// What sort of mailbox it is.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum MailboxKind {
    /// Of a person at Outlook.com.
    Personal,
    /// Of a person in an organisation.
    Work,
    /// Of nobody: several people in an organisation use it.
    Shared,
}

/// A mailbox.
#[derive(Clone, Debug)]
pub struct Mailbox {
    /// Its number.
    pub no: MailboxNo,
    /// Object id of the user, a GUID.
    pub oid: String,
    /// User principal name.
    pub upn: String,
    /// Mail address; may be missing.
    pub mail: Option<String>,
    /// Display name.
    pub name: String,
    /// What sort.
    pub kind: MailboxKind,
    /// The organisation, a GUID.
    pub tenant: String,
    /// False for an account without a mailbox in the cloud.
    pub enabled: bool,
    /// People with full access.
    pub members: BTreeSet<MailboxNo>,
    /// Calendar groups, the first is "My Calendars".
    pub groups: Vec<Group>,
    /// The default calendar.
    pub default_calendar: CalendarNo,
    /// Time zone of the mailbox's settings.
    pub time_zone: String,
    /// Transaction ids that were used, and for what.
    pub(crate) transactions: BTreeMap<(Option<CalendarNo>, String), Transaction>,
    /// Named properties that were ever used.
    pub(crate) named_properties: BTreeSet<String>,
    /// Delta tokens that are remembered, oldest first.
    pub(crate) delta_tokens: VecDeque<u64>,
}

/// A group of calendars.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Group {
    /// Its number in the mailbox.
    pub no: u32,
    /// Its name.
    pub name: String,
    /// Rises with every write.
    pub version: u64,
}

/// A creation that is remembered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Transaction {
    pub(crate) item: ItemNo,
    /// Digest of what was asked for.
    pub(crate) content: String,
    pub(crate) at: DateTime<Utc>,
}

/// A calendar, or the local copy of one that somebody else shares.
#[derive(Clone, Debug)]
pub struct Calendar {
    /// Its number.
    pub no: CalendarNo,
    /// The mailbox that lists it.
    pub mailbox: MailboxNo,
    /// Its name.
    pub name: String,
    /// One of the `calendarColor` names.
    pub color: String,
    /// Rises with every write.
    pub version: u64,
    /// What it is.
    pub kind: CalendarKind,
    /// The group it is listed in.
    pub group: u32,
    /// False for one that cannot be deleted.
    pub removable: bool,
    /// Who else may use it.
    pub permissions: Vec<Permission>,
    /// Its events, by number.
    pub items: BTreeSet<ItemNo>,
}

/// What a calendar is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CalendarKind {
    /// One of the mailbox's own.
    Own,
    /// One that the service fills (a subscribed ICS feed, birthdays): nobody can write it.
    Feed,
    /// The local copy of a calendar of another mailbox.
    Link(CalendarNo),
}

/// What somebody may do with a calendar (`calendarRoleType`).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Nothing.
    None,
    /// See when time is taken.
    FreeBusyRead,
    /// See subjects and places too.
    LimitedRead,
    /// See all but private events.
    Read,
    /// Change all but private events.
    Write,
    /// Act for the owner, private events aside.
    DelegateWithoutPrivateEventAccess,
    /// Act for the owner.
    DelegateWithPrivateEventAccess,
    /// Something that this list has no name for; read as [`Role::Read`].
    Custom,
}

/// An entry of a calendar's permissions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Permission {
    /// Its number in the calendar.
    pub no: u32,
    /// Who; `None` is everybody in the organisation.
    pub grantee: Option<MailboxNo>,
    /// What they may do.
    pub role: Role,
}

/// What a caller sees of events.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Sight {
    Nothing,
    FreeBusy,
    Limited,
    Everything,
}

/// What a caller may do with a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Rights {
    pub(crate) sight: Sight,
    pub(crate) write: bool,
    pub(crate) private: bool,
    /// The owner, or somebody with full access to the mailbox.
    pub(crate) owner: bool,
}

impl Rights {
    pub(crate) const OWNER: Self = Self { sight: Sight::Everything, write: true, private: true, owner: true };
}

impl From<Role> for Rights {
    fn from(role: Role) -> Self {
        let (sight, write, private) = match role {
            Role::None => (Sight::Nothing, false, false),
            Role::FreeBusyRead => (Sight::FreeBusy, false, false),
            Role::LimitedRead => (Sight::Limited, false, false),
            Role::Read | Role::Custom => (Sight::Everything, false, false),
            Role::Write | Role::DelegateWithoutPrivateEventAccess => (Sight::Everything, true, false),
            Role::DelegateWithPrivateEventAccess => (Sight::Everything, true, true),
        };
        Self { sight, write, private, owner: false }
    }
}
