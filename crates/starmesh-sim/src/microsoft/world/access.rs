//! Who may open which calendar, and by which address.
//!
//! A shared calendar has two: the owner's mailbox (`/users/{owner}/…`, with a `.Shared` permission), and a
//! local copy in the sharee's own list. Ids of one mean nothing under the other. Source:
//! <https://learn.microsoft.com/en-us/graph/outlook-get-shared-events-calendars>.

use chrono::NaiveDate;
use http::StatusCode;

use super::calendar::{Calendar, CalendarKind, Mailbox, MailboxKind, Rights, Sight};
use super::ids::{CalendarNo, IdForm, ItemNo, MailboxNo, Place, read_calendar_id, read_event_id};
use super::state::World;
use crate::microsoft::refusal::Refusal;

/// Who asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Caller {
    pub(crate) mailbox: MailboxNo,
    /// The application's client id.
    pub(crate) app: String,
    /// Granted permissions in lower case and without the resource in front.
    pub(crate) scopes: Vec<String>,
}

/// What a request wants to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Want {
    Read,
    Write,
}

/// A calendar that a caller may at least read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Access {
    pub(crate) place: Place,
    /// The calendar that holds the events.
    pub(crate) target: CalendarNo,
    pub(crate) rights: Rights,
    /// Reached through the mailbox of somebody else.
    pub(crate) foreign: bool,
}

/// An event that a path names, or one date of a series.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Located {
    pub(crate) access: Access,
    pub(crate) item: ItemNo,
    pub(crate) day: Option<NaiveDate>,
}

impl Caller {
    /// True when the token has one of these permissions, in lower case.
    pub(crate) fn has_any(&self, scopes: &[&str]) -> bool {
        self.scopes.iter().any(|granted| scopes.contains(&granted.as_str()))
    }

    /// True when the token permits this; `foreign` is another person's mailbox.
    pub(crate) fn may(&self, want: Want, foreign: bool) -> bool {
        let has = |scope: &str| self.scopes.iter().any(|granted| granted == scope);
        let shared =
            has("calendars.readwrite.shared") || (want == Want::Read && has("calendars.read.shared"));
        let own = has("calendars.readwrite")
            || (want == Want::Read && (has("calendars.read") || has("calendars.readbasic")));
        shared || (own && !foreign)
    }
}

impl World {
    /// The mailbox of a user's object id, principal name or mail address.
    pub fn mailbox_named(&self, name: &str) -> Option<MailboxNo> {
        let is = |other: &str| other.eq_ignore_ascii_case(name);
        let found = self
            .mailboxes
            .values()
            .find(|mailbox| is(&mailbox.oid) || is(&mailbox.upn) || mailbox.mail.as_deref().is_some_and(is));
        found.map(|mailbox| mailbox.no)
    }

    /// What `caller` may do with the events of `calendar`, which is no local copy.
    pub(crate) fn rights(&self, caller: MailboxNo, calendar: &Calendar) -> Rights {
        let owner = self.mailboxes.get(&calendar.mailbox);
        let owns =
            calendar.mailbox == caller || owner.is_some_and(|mailbox| mailbox.members.contains(&caller));
        let mut rights = if owns {
            Rights::OWNER
        } else {
            let entry = |grantee| calendar.permissions.iter().find(|entry| entry.grantee == grantee);
            let colleague = owner.is_some_and(|owner| self.is_colleague(owner, caller));
            let entry = entry(Some(caller)).or_else(|| entry(None).filter(|_| colleague));
            entry.map_or(Rights::from(super::Role::None), |entry| entry.role.into())
        };
        rights.write &= calendar.kind != CalendarKind::Feed;
        rights
    }

    fn is_colleague(&self, owner: &Mailbox, caller: MailboxNo) -> bool {
        let caller = self.mailboxes.get(&caller);
        owner.kind != MailboxKind::Personal && caller.is_some_and(|caller| caller.tenant == owner.tenant)
    }

    /// The mailbox a path names; one that is not in the cloud is 404.
    pub(crate) fn open_mailbox(&self, mailbox: MailboxNo) -> Result<&Mailbox, Refusal> {
        let mailbox = self.mailboxes.get(&mailbox).ok_or_else(Refusal::not_found)?;
        if mailbox.enabled {
            return Ok(mailbox);
        }
        Err(Refusal::new(
            StatusCode::NOT_FOUND,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        ))
    }

    /// Opens a calendar of `mailbox`, the default one unless `calendar` says which.
    pub(crate) fn open(
        &self,
        caller: &Caller,
        mailbox: MailboxNo,
        calendar: Option<CalendarNo>,
        want: Want,
    ) -> Result<Access, Refusal> {
        let owner = self.open_mailbox(mailbox)?;
        let foreign = mailbox != caller.mailbox;
        if !caller.may(want, foreign) {
            return Err(Refusal::denied());
        }
        let no = calendar.unwrap_or(owner.default_calendar);
        let entry = self.calendars.get(&no).filter(|entry| entry.mailbox == mailbox);
        let entry = entry.ok_or_else(Refusal::not_found)?;
        let target = self.target(no);
        if foreign && target != no {
            return Err(Refusal::not_found());
        }
        let held = self.calendars.get(&target).ok_or_else(Refusal::not_found)?;
        let rights = self.rights(caller.mailbox, held);
        if rights.sight == Sight::Nothing || (want == Want::Write && !rights.write) {
            return Err(Refusal::denied());
        }
        let place = Place { mailbox: entry.mailbox, calendar: no };
        Ok(Access { place, target, rights, foreign })
    }

    /// Opens the calendar that an id names in `mailbox`.
    pub(crate) fn open_id(
        &self,
        caller: &Caller,
        mailbox: MailboxNo,
        id: &str,
        want: Want,
    ) -> Result<Access, Refusal> {
        self.open_mailbox(mailbox)?;
        let place = read_calendar_id(id).ok_or_else(malformed)?;
        if place.mailbox != mailbox {
            return Err(Refusal::not_found());
        }
        self.open(caller, mailbox, Some(place.calendar), want)
    }

    /// Finds the event that an id names, in the calendar of a path or, without one, in any of the
    /// mailbox's own: what is shared with it is found under its calendar only.
    pub(crate) fn locate(
        &self,
        caller: &Caller,
        mailbox: MailboxNo,
        calendar: Option<CalendarNo>,
        id: (&str, IdForm),
        want: Want,
    ) -> Result<Located, Refusal> {
        let name = read_event_id(id.0).ok_or_else(malformed)?;
        let strict = self.switches.immutable_ids_need_header;
        if strict && name.form == IdForm::Immutable && id.1 == IdForm::Regular {
            self.meet("immutable_ids_need_header");
            return Err(Refusal::not_found());
        }
        let item = self.items.get(&name.item).filter(|_| name.mailbox == mailbox);
        let item = item.ok_or_else(Refusal::not_found)?;
        let access = self.open(caller, mailbox, Some(calendar.unwrap_or(item.calendar)), want)?;
        let elsewhere = access.target != item.calendar
            || name.calendar.is_some_and(|folder| folder != access.place.calendar);
        let private = self.is_private(item.no, name.day) && !access.rights.private;
        let happens = name.day.is_none_or(|day| item.occurrence(day).is_some());
        if elsewhere || private || !happens {
            return Err(Refusal::not_found());
        }
        Ok(Located { access, item: item.no, day: name.day })
    }

    /// True for an event that only some may see.
    pub(crate) fn is_private(&self, item: ItemNo, day: Option<NaiveDate>) -> bool {
        let Some(item) = self.items.get(&item) else { return false };
        let exception = day.and_then(|day| item.series.as_ref()?.exceptions.get(&day));
        let details = exception.unwrap_or(&item.main);
        details.props.get("sensitivity").is_some_and(|sensitivity| sensitivity == "private")
    }
}

/// 400 for a text that no id looks like.
fn malformed() -> Refusal {
    Refusal::bad("ErrorInvalidIdMalformed", "Id is malformed.")
}
