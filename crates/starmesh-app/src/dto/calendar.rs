//! Calendars.

use serde::Serialize;

use super::TroubleDto;

/// A calendar as others speak of it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CalendarRef {
    /// Our name of it, only local.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The name of its account.
    pub account: String,
    /// `account/last segment of its path`.
    pub path: String,
}

/// A calendar.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CalendarDto {
    /// How it is spoken of.
    #[serde(flatten)]
    pub calendar: CalendarRef,
    /// The name its provider has for it; may be empty.
    pub display_name: String,
    /// The last segment of its path.
    pub short_name: String,
    /// Its lasting address.
    pub url: String,
    /// `#RRGGBB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "bindings", ts(optional))]
    pub color: Option<String>,
    /// The IANA zone in which its floating times are read, fixed when it was added.
    pub zone: String,
    /// True when it can only be a source.
    pub read_only: bool,
    /// True when its account no longer lists it.
    pub missing: bool,
    /// The groups it is in.
    pub groups: Vec<String>,
}

/// All calendars, as far as they could be listed.
#[derive(Clone, PartialEq, Eq, Serialize, Debug)]
#[cfg_attr(feature = "bindings", derive(ts_rs::TS))]
pub struct CalendarsDto {
    /// The calendars.
    pub calendars: Vec<CalendarDto>,
    /// Accounts whose calendars could not be listed anew; theirs are as last known.
    pub troubles: Vec<TroubleDto>,
}
