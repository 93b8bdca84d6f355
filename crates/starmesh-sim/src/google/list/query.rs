//! The parameters of `events.list`.

use chrono::{DateTime, Utc};

use super::super::call::Call;
use super::super::problem::Problem;

/// Rows on a page unless asked otherwise.
const PAGE_DEFAULT: usize = 250;
/// The most rows on a page.
const PAGE_MAX: usize = 2_500;
/// The most attendees that can be asked for.
const ATTENDEES_MAX: usize = 10_000;
/// The types of events there are.
const TYPES: [&str; 6] = ["birthday", "default", "focusTime", "fromGmail", "outOfOffice", "workingLocation"];
/// Parameters that cannot stand beside a sync token.
const NOT_WITH_TOKEN: [&str; 8] = [
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
];
/// Parameters that may differ between the first list and a delta.
const NOT_LASTING: [&str; 8] =
    ["maxResults", "pageToken", "syncToken", "showDeleted", "timeMin", "timeMax", "orderBy", "updatedMin"];
/// Parameters of every method; they never matter for tokens.
const GLOBAL: [&str; 7] = ["alt", "fields", "key", "oauth_token", "prettyPrint", "quotaUser", "userIp"];

/// In which order rows come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Order {
    /// Unspecified but stable.
    Stable,
    StartTime,
    Updated,
}

/// The parameters of a list, judged.
pub(in crate::google) struct ListQuery {
    pub(super) single: bool,
    pub(super) show_deleted: bool,
    pub(super) max: usize,
    pub(super) order: Order,
    pub(super) lo: Option<DateTime<Utc>>,
    pub(super) hi: Option<DateTime<Utc>>,
    pub(super) updated_min: Option<DateTime<Utc>>,
    pub(super) types: Vec<String>,
    pub(super) text: Option<String>,
    pub(super) uid: Option<String>,
    pub(super) private: Vec<(String, String)>,
    pub(super) shared: Vec<(String, String)>,
    pub(super) zone: Option<String>,
    pub(super) attendees_max: Option<usize>,
    pub(super) sync: Option<String>,
    pub(super) page: Option<String>,
    pairs: Vec<(String, String)>,
}

impl ListQuery {
    pub(in crate::google) fn parse(call: &Call) -> Result<Self, Problem> {
        let query = &call.query;
        let sync = query.get("syncToken").map(ToOwned::to_owned);
        let single = call.flag("singleEvents")?.unwrap_or(false);
        if sync.is_some() {
            if query.get("orderBy").is_some() {
                return Err(Problem::invalid("Sync token cannot be used with non-default ordering."));
            }
            let hidden = call.flag("showDeleted")? == Some(false);
            if hidden || NOT_WITH_TOKEN.iter().any(|name| query.get(name).is_some()) {
                return Err(Problem::invalid("Sync token cannot be used with other request restrictions."));
            }
        }
        let order = match query.get("orderBy") {
            None => Order::Stable,
            Some("startTime") if single => Order::StartTime,
            Some("startTime") => {
                let message = "The requested ordering is not available for the particular query.";
                return Err(Problem::bad_request(message));
            }
            Some("updated") => Order::Updated,
            Some(other) => return Err(Problem::invalid_parameter("orderBy", other)),
        };
        let (lo, hi) = (call.time("timeMin")?, call.time("timeMax")?);
        if lo.zip(hi).is_some_and(|(lo, hi)| lo >= hi) {
            return Err(Problem::time_range_empty());
        }
        let types: Vec<_> = query.all("eventTypes").map(ToOwned::to_owned).collect();
        if let Some(unknown) = types.iter().find(|it| !TYPES.contains(&it.as_str())) {
            return Err(Problem::invalid_parameter("eventTypes", unknown));
        }
        let properties = |name: &str| {
            let split = |value: &str| {
                let (key, value) =
                    value.split_once('=').ok_or_else(|| Problem::invalid_parameter(name, value))?;
                Ok((key.to_owned(), value.to_owned()))
            };
            query.all(name).map(split).collect::<Result<Vec<_>, Problem>>()
        };
        Ok(Self {
            single,
            show_deleted: call.flag("showDeleted")?.unwrap_or(false) || sync.is_some(),
            max: call.count("maxResults", PAGE_MAX)?.unwrap_or(PAGE_DEFAULT),
            order,
            lo,
            hi,
            updated_min: call.time("updatedMin")?,
            types,
            text: query.get("q").map(str::to_lowercase),
            uid: query.get("iCalUID").map(ToOwned::to_owned),
            private: properties("privateExtendedProperty")?,
            shared: properties("sharedExtendedProperty")?,
            zone: call.zone()?.map(ToOwned::to_owned),
            attendees_max: call.count("maxAttendees", ATTENDEES_MAX)?,
            sync,
            page: query.get("pageToken").map(ToOwned::to_owned),
            pairs: query.pairs().to_vec(),
        })
    }

    /// True for what can only be asked for once: such a list ends without a sync token.
    pub(super) fn is_search(&self) -> bool {
        self.text.is_some()
            || self.uid.is_some()
            || self.updated_min.is_some()
            || !self.private.is_empty()
            || !self.shared.is_empty()
    }

    /// The parameters that a delta must share with its first list, in one form.
    pub(super) fn lasting(&self) -> String {
        self.canonical(|name| !NOT_LASTING.contains(&name))
    }

    /// All parameters but the page token, in one form.
    pub(super) fn whole(&self) -> String {
        self.canonical(|name| name != "pageToken" && name != "maxResults")
    }

    fn canonical(&self, keep: impl Fn(&str) -> bool) -> String {
        let kept = self.pairs.iter().filter(|(name, _)| keep(name) && !GLOBAL.contains(&name.as_str()));
        // A default said out loud is no other query.
        let kept = kept.filter(|(name, value)| !(name == "singleEvents" && value == "false"));
        let mut kept: Vec<_> = kept.map(|(name, value)| format!("{name}={value}")).collect();
        kept.sort();
        kept.dedup();
        kept.join("&")
    }
}
