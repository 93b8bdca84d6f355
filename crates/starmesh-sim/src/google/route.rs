//! From a method and a path to what answers it.

use http::Method;

use super::call::{Answer, Call, Turn};
use super::problem::Problem;
use super::{calendars, colors, free_busy, list, push, write};

/// Parameters of every method.
const GLOBAL: [&str; 7] = ["alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"];
/// Parameters of `events.list` and `events.watch`.
const LIST: [&str; 17] = [
    "alwaysIncludeEmail",
    "eventTypes",
    "iCalUID",
    "maxAttendees",
    "maxResults",
    "orderBy",
    "pageToken",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "showDeleted",
    "showHiddenInvitations",
    "singleEvents",
    "syncToken",
    "timeMax",
    "timeMin",
    "timeZone",
];
/// Parameters of `calendarList.list` and `calendarList.watch`.
const CALENDAR_LIST: [&str; 7] = [
    "maxResults",
    "minAccessRole",
    "pageToken",
    "showDeleted",
    "showHidden",
    "showOwnOrganizationOnly",
    "syncToken",
];
/// Parameters of `events.instances`.
const INSTANCES: [&str; 9] = [
    "alwaysIncludeEmail",
    "maxAttendees",
    "maxResults",
    "originalStart",
    "pageToken",
    "showDeleted",
    "timeMax",
    "timeMin",
    "timeZone",
];
/// Parameters of writes of whole events.
const WRITE: [&str; 7] = [
    "alwaysIncludeEmail",
    "conferenceDataVersion",
    "eventLabelVersion",
    "maxAttendees",
    "sendNotifications",
    "sendUpdates",
    "supportsAttachments",
];

/// A method of the API with its path parameters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Operation {
    CalendarList,
    CalendarListEntry(String),
    CalendarListInsert,
    CalendarListPatch(String),
    CalendarListDelete(String),
    CalendarListWatch,
    CalendarGet(String),
    CalendarInsert,
    CalendarPatch(String),
    CalendarDelete(String),
    CalendarClear(String),
    Events(String),
    EventInsert(String),
    EventImport(String),
    EventsWatch(String),
    EventGet(String, String),
    EventUpdate(String, String),
    EventPatch(String, String),
    EventDelete(String, String),
    EventMove(String, String),
    Instances(String, String),
    ChannelsStop,
    FreeBusy,
    Colors,
}

impl Operation {
    /// What `call` asks for; `None` for nothing that exists.
    pub(super) fn of(call: &Call) -> Option<Self> {
        let segments = call.segments()?;
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let own = |text: &str| text.to_owned();
        let (get, post) = (call.method == Method::GET, call.method == Method::POST);
        let (put, patch) = (call.method == Method::PUT, call.method == Method::PATCH);
        let delete = call.method == Method::DELETE;
        Some(match segments.as_slice() {
            ["users", "me", "calendarList"] if get => Self::CalendarList,
            ["users", "me", "calendarList"] if post => Self::CalendarListInsert,
            ["users", "me", "calendarList", "watch"] if post => Self::CalendarListWatch,
            ["users", "me", "calendarList", c] if get => Self::CalendarListEntry(own(c)),
            ["users", "me", "calendarList", c] if patch || put => Self::CalendarListPatch(own(c)),
            ["users", "me", "calendarList", c] if delete => Self::CalendarListDelete(own(c)),
            ["calendars"] if post => Self::CalendarInsert,
            ["calendars", c] if get => Self::CalendarGet(own(c)),
            ["calendars", c] if patch || put => Self::CalendarPatch(own(c)),
            ["calendars", c] if delete => Self::CalendarDelete(own(c)),
            ["calendars", c, "clear"] if post => Self::CalendarClear(own(c)),
            ["calendars", c, "events"] if get => Self::Events(own(c)),
            ["calendars", c, "events"] if post => Self::EventInsert(own(c)),
            ["calendars", c, "events", "import"] if post => Self::EventImport(own(c)),
            ["calendars", c, "events", "watch"] if post => Self::EventsWatch(own(c)),
            ["calendars", c, "events", e] if get => Self::EventGet(own(c), own(e)),
            ["calendars", c, "events", e] if put => Self::EventUpdate(own(c), own(e)),
            ["calendars", c, "events", e] if patch => Self::EventPatch(own(c), own(e)),
            ["calendars", c, "events", e] if delete => Self::EventDelete(own(c), own(e)),
            ["calendars", c, "events", e, "move"] if post => Self::EventMove(own(c), own(e)),
            ["calendars", c, "events", e, "instances"] if get => Self::Instances(own(c), own(e)),
            ["channels", "stop"] if post => Self::ChannelsStop,
            ["freeBusy"] if post => Self::FreeBusy,
            ["colors"] if get => Self::Colors,
            _ => return None,
        })
    }

    /// The event that is written, by calendar and id as the request names them.
    pub(super) fn written(&self) -> Option<(&str, &str)> {
        match self {
            Self::EventUpdate(calendar, event)
            | Self::EventPatch(calendar, event)
            | Self::EventDelete(calendar, event)
            | Self::EventMove(calendar, event) => Some((calendar, event)),
            _ => None,
        }
    }

    fn takes(&self, name: &str) -> bool {
        let own: &[&str] = match self {
            Self::CalendarList | Self::CalendarListWatch => &CALENDAR_LIST,
            Self::CalendarListInsert | Self::CalendarListPatch(_) => &["colorRgbFormat"],
            Self::Events(_) | Self::EventsWatch(_) if name == "updatedMin" => return true,
            Self::Events(_) | Self::EventsWatch(_) => &LIST,
            Self::Instances(..) => &INSTANCES,
            Self::EventGet(..) => &["alwaysIncludeEmail", "maxAttendees", "timeZone"],
            Self::EventInsert(_) | Self::EventUpdate(..) | Self::EventPatch(..) => &WRITE,
            Self::EventImport(_) => &["conferenceDataVersion", "eventLabelVersion", "supportsAttachments"],
            Self::EventDelete(..) => &["sendNotifications", "sendUpdates"],
            Self::EventMove(..) => &["destination", "sendNotifications", "sendUpdates"],
            _ => &[],
        };
        own.contains(&name) || GLOBAL.contains(&name)
    }

    /// Refuses parameters that the method does not have.
    pub(super) fn check_query(&self, call: &Call) -> Result<(), Problem> {
        match call.query.names().find(|name| !self.takes(name)) {
            Some(unknown) => Err(Problem::unknown_parameter(unknown)),
            None => Ok(()),
        }
    }

    pub(super) fn run(&self, turn: &mut Turn<'_>) -> Answer {
        match self {
            Self::CalendarList => calendars::list(turn),
            Self::CalendarListEntry(calendar) => calendars::entry(turn, calendar),
            Self::CalendarListInsert => calendars::insert_entry(turn),
            Self::CalendarListPatch(calendar) => calendars::patch_entry(turn, calendar),
            Self::CalendarListDelete(calendar) => calendars::delete_entry(turn, calendar),
            Self::CalendarListWatch => push::watch_list(turn),
            Self::CalendarGet(calendar) => calendars::get(turn, calendar),
            Self::CalendarInsert => calendars::insert(turn),
            Self::CalendarPatch(calendar) => calendars::patch(turn, calendar),
            Self::CalendarDelete(calendar) => calendars::delete(turn, calendar),
            Self::CalendarClear(calendar) => calendars::clear(turn, calendar),
            Self::Events(calendar) => list::list(turn, calendar),
            Self::EventInsert(calendar) => write::insert(turn, calendar),
            Self::EventImport(calendar) => write::import(turn, calendar),
            Self::EventsWatch(calendar) => push::watch_events(turn, calendar),
            Self::EventGet(calendar, event) => write::get(turn, calendar, event),
            Self::EventUpdate(calendar, event) => write::update(turn, calendar, event, false),
            Self::EventPatch(calendar, event) => write::update(turn, calendar, event, true),
            Self::EventDelete(calendar, event) => write::delete(turn, calendar, event),
            Self::EventMove(calendar, event) => write::move_event(turn, calendar, event),
            Self::Instances(calendar, event) => list::instances(turn, calendar, event),
            Self::ChannelsStop => push::stop(turn),
            Self::FreeBusy => free_busy::query(turn),
            Self::Colors => colors::get(turn),
        }
    }
}
