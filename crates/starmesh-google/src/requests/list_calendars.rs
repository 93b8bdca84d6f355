//! The calendars of the account (`calendarList.list`).

use serde::Deserialize;
use starmesh_core::ids::LastingName;
use starmesh_http::{Request, Response};
use starmesh_provider::RemoteCalendar;

use super::{bare_request, with_query};
use crate::endpoints::Endpoints;
use crate::wire::{WireError, parse};

/// Calendars in one answer; the most that Google gives.
const PAGE: &str = "250";

const FIELDS: &str =
    "nextPageToken,items(id,summary,summaryOverride,timeZone,accessRole,primary,deleted,backgroundColor)";

/// Lists the calendars of the account.
pub(crate) struct ListCalendars;

/// One page of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct CalendarPage {
    pub(crate) calendars: Vec<RemoteCalendar>,
    /// What the account may do in each.
    pub(crate) roles: Vec<(LastingName, String)>,
    /// The account's own calendar, whose id is the mail address of the account.
    pub(crate) primary: Option<LastingName>,
    pub(crate) next: Option<String>,
}

impl ListCalendars {
    /// Hidden calendars are asked for too: hiding one in a sidebar does not end its sync.
    pub(crate) fn prepare(endpoints: &Endpoints, page: Option<&str>) -> Request {
        let mut query = vec![("maxResults", PAGE), ("showHidden", "true"), ("fields", FIELDS)];
        query.extend(page.map(|page| ("pageToken", page)));
        bare_request("GET", &with_query(endpoints.resource(&["users", "me", "calendarList"]), &query))
    }

    pub(crate) fn parse(response: &Response) -> Result<CalendarPage, WireError> {
        let list: List = parse(response)?;
        let entries: Vec<Entry> = list.items.into_iter().filter(|entry| !entry.deleted).collect();
        let primary =
            entries.iter().find(|entry| entry.primary).map(|entry| LastingName::new(entry.id.as_str()));
        let role = |entry: &Entry| Some((LastingName::new(entry.id.as_str()), entry.access_role.clone()?));
        let roles = entries.iter().filter_map(role).collect();
        let calendars = entries.into_iter().map(RemoteCalendar::from).collect();
        Ok(CalendarPage {
            calendars,
            roles,
            primary,
            next: list.next_page_token.filter(|next| !next.is_empty()),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    #[serde(default)]
    items: Vec<Entry>,
    next_page_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    id: String,
    summary: Option<String>,
    summary_override: Option<String>,
    time_zone: Option<String>,
    access_role: Option<String>,
    #[serde(default)]
    primary: bool,
    #[serde(default)]
    deleted: bool,
    background_color: Option<String>,
}

impl From<Entry> for RemoteCalendar {
    fn from(entry: Entry) -> Self {
        // The last can do it because mirrors are not private there.
        let writers = ["owner", "writer", "writerWithoutPrivateAccess"];
        let may_write = entry.access_role.as_deref().is_some_and(|role| writers.contains(&role));
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let short_name = entry.id.split('@').next().filter(|name| !name.is_empty()).unwrap_or(&entry.id);
        Self {
            short_name: short_name.to_owned(),
            display_name: filled(entry.summary_override).or(filled(entry.summary)).unwrap_or_default(),
            color: entry.background_color.as_deref().and_then(color),
            zone: filled(entry.time_zone),
            read_only: !may_write,
            // Even who sees nothing but busy times sees ids, and by its id a mirror is known.
            hides_marks: false,
            name: LastingName::new(entry.id),
        }
    }
}

/// `#RRGGBB`, if it is that.
fn color(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('#')?;
    let is_color = digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    is_color.then(|| format!("#{}", digits.to_ascii_uppercase()))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, path, query};
    use super::*;

    #[test]
    fn hidden_calendars_and_further_pages_are_asked_for() {
        let request = ListCalendars::prepare(&Endpoints::default(), Some("p2"));
        assert_eq!(path(&request), "/calendar/v3/users/me/calendarList");
        let query = query(&request);
        assert_eq!((query["showHidden"].as_str(), query["pageToken"].as_str()), ("true", "p2"));
    }

    #[test]
    fn calendars_are_read_with_names_zones_colours_and_rights() {
        let role = |id: &str, role: &str| format!(r#"{{"id":"{id}","accessRole":"{role}"}}"#);
        let body = format!(
            r##"{{"kind":"calendar#calendarList","nextPageToken":"p2","items":[
                {{"id":"ada@example.org","summary":"ada@example.org","summaryOverride":"Ada","primary":true,
                  "timeZone":"Europe/Paris","accessRole":"owner","backgroundColor":"#9fe1e7"}},
                {{"id":"gone@example.org","deleted":true}},{},{},{},{}]}}"##,
            role("w@x", "writer"),
            role("n@x", "writerWithoutPrivateAccess"),
            role("r@x", "reader"),
            role("f@x", "freeBusyReader")
        );
        let page = ListCalendars::parse(&answer(200, &body)).unwrap();
        assert_eq!(page.next.as_deref(), Some("p2"));
        assert_eq!(page.primary, Some(LastingName::new("ada@example.org")));
        let first = RemoteCalendar {
            name: LastingName::new("ada@example.org"),
            display_name: "Ada".to_owned(),
            short_name: "ada".to_owned(),
            color: Some("#9FE1E7".to_owned()),
            zone: Some("Europe/Paris".to_owned()),
            read_only: false,
            hides_marks: false,
        };
        assert_eq!(page.calendars[0], first);
        let rights: Vec<_> =
            page.calendars[1..].iter().map(|calendar| (calendar.name.as_str(), calendar.read_only)).collect();
        assert_eq!(rights, [("w@x", false), ("n@x", false), ("r@x", true), ("f@x", true)]);
    }

    #[test]
    fn an_account_without_calendars_may_leave_the_list_out() {
        let page = ListCalendars::parse(&answer(200, "{}")).unwrap();
        assert_eq!((page.calendars.len(), page.primary, page.next), (0, None, None));
        assert_eq!(ListCalendars::parse(&answer(200, "<html>")), Err(WireError::WebPage));
    }
}
