//! The events of a calendar, or what changed among them (`events.list`), with every series as its
//! instances (`singleEvents`).

use serde::Deserialize;
use serde_json::Value;
use starmesh_core::ids::LastingName;
use starmesh_core::policy::Terms;
use starmesh_core::time::TimeRange;
use starmesh_http::{Request, Response};

use super::{ATTENDEES_MAX, Depth, bare_request, events_url, page_fields, with_query};
use crate::convert::rfc3339;
use crate::endpoints::Endpoints;
use crate::print::MIRRORS_ONLY;
use crate::wire::{Row, WireError, parse};

/// Rows in one answer; the most that Google gives.
const PAGE: &str = "2500";

/// Which events are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Extent<'a> {
    /// All that touch this range. The last page brings a sync token.
    Range(&'a TimeRange),
    /// Those that changed since this sync token, wherever they lie. Google wants the very parameters of
    /// the listing that gave the token, but for the times.
    Since(&'a str),
    /// The mirrors in this range, ours and others', with all their fields.
    Mirrors(&'a TimeRange),
    /// The events in this range that share this iCalendar UID.
    Meeting(&'a str, &'a TimeRange),
}

/// Lists events.
pub(crate) struct ListEvents;

/// One page of them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct EventPage {
    pub(crate) rows: Vec<Row>,
    /// The next page; a short or even empty page does not mean that there is none.
    pub(crate) next: Option<String>,
    /// On the last page only, and only if Google gives one.
    pub(crate) token: Option<String>,
    /// What the account may do in the calendar.
    pub(crate) role: Option<String>,
}

impl ListEvents {
    pub(crate) fn prepare(
        endpoints: &Endpoints,
        calendar: &LastingName,
        extent: Extent<'_>,
        terms: &Terms,
        page: Option<&str>,
    ) -> Request {
        let depth = match extent {
            Extent::Mirrors(_) => Depth::Mirror,
            Extent::Range(_) | Extent::Since(_) | Extent::Meeting(..) => Depth::Facts.looking_for(terms),
        };
        let fields = page_fields(depth);
        let mut query =
            vec![("singleEvents", "true"), ("maxResults", PAGE), ATTENDEES_MAX, ("fields", fields.as_str())];
        let times;
        match extent {
            Extent::Since(token) => query.push(("syncToken", token)),
            Extent::Range(range) | Extent::Mirrors(range) | Extent::Meeting(_, range) => {
                times = (rfc3339(range.lo), rfc3339(range.hi));
                query.extend([("timeMin", times.0.as_str()), ("timeMax", times.1.as_str())]);
            }
        }
        match extent {
            // One constraint only: sources disagree on whether several mean all or any.
            Extent::Mirrors(_) => query.push(("privateExtendedProperty", MIRRORS_ONLY)),
            Extent::Meeting(uid, _) => query.push(("iCalUID", uid)),
            Extent::Range(_) | Extent::Since(_) => {}
        }
        query.extend(page.map(|page| ("pageToken", page)));
        bare_request("GET", &with_query(events_url(endpoints, calendar), &query))
    }

    /// The page, and which of `terms` each event holds.
    pub(crate) fn parse(response: &Response, terms: &Terms) -> Result<EventPage, WireError> {
        let list: List = parse(response)?;
        let rows: Result<Vec<Row>, WireError> =
            list.items.into_iter().map(|row| Row::read(row, terms)).collect();
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        Ok(EventPage {
            rows: rows?,
            next: filled(list.next_page_token),
            token: filled(list.next_sync_token),
            role: filled(list.access_role),
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct List {
    #[serde(default)]
    items: Vec<Value>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
    access_role: Option<String>,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::fixture::{answer, calendar, path, query};
    use super::*;

    fn range() -> TimeRange {
        TimeRange { lo: "2026-11-22T00:00:00Z".parse().unwrap(), hi: "2027-06-05T00:00:00Z".parse().unwrap() }
    }

    fn asked(extent: Extent<'_>, page: Option<&str>) -> BTreeMap<String, String> {
        let request =
            ListEvents::prepare(&Endpoints::default(), &calendar(), extent, &Terms::default(), page);
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events");
        query(&request)
    }

    #[test]
    fn a_subject_is_asked_for_where_words_are_looked_for_and_nowhere_else() {
        let word = starmesh_core::policy::Word::new("lunch").unwrap();
        let terms = Terms::new([starmesh_core::policy::Term::Keyword(word)]).unwrap();
        let range = range();
        for (terms, asked) in [(&Terms::default(), false), (&terms, true)] {
            let extent = Extent::Range(&range);
            let request = ListEvents::prepare(&Endpoints::default(), &calendar(), extent, terms, None);
            assert_eq!(query(&request)["fields"].contains(",summary,colorId)"), asked);
        }
    }

    #[test]
    fn a_listing_is_bounded_and_in_no_order() {
        let range = range();
        let query = asked(Extent::Range(&range), None);
        assert_eq!(query["timeMin"], "2026-11-22T00:00:00Z");
        assert_eq!(query["timeMax"], "2027-06-05T00:00:00Z");
        assert_eq!(query["singleEvents"], "true");
        for absent in ["orderBy", "showDeleted", "syncToken", "pageToken", "privateExtendedProperty"] {
            assert!(!query.contains_key(absent), "{absent}");
        }
    }

    #[test]
    fn a_sync_token_comes_with_the_same_parameters_but_for_the_times() {
        let range = range();
        let mut listing = asked(Extent::Range(&range), None);
        let mut changes = asked(Extent::Since("t1"), Some("p2"));
        assert_eq!(changes.remove("syncToken").as_deref(), Some("t1"));
        assert_eq!(changes.remove("pageToken").as_deref(), Some("p2"));
        listing.remove("timeMin");
        listing.remove("timeMax");
        assert_eq!(changes, listing);
    }

    #[test]
    fn subjects_are_asked_for_of_mirrors_only() {
        let range = range();
        for extent in [Extent::Range(&range), Extent::Since("t1"), Extent::Meeting("u1", &range)] {
            assert!(!asked(extent, None)["fields"].contains("summary"), "{extent:?}");
        }
        let mirrors = asked(Extent::Mirrors(&range), None);
        assert!(mirrors["fields"].contains("summary"));
        assert_eq!(mirrors["privateExtendedProperty"], "syncfb=1");
        assert_eq!(asked(Extent::Meeting("u1", &range), None)["iCalUID"], "u1");
    }

    #[test]
    fn a_page_may_be_empty_and_not_the_last() {
        let page = ListEvents::parse(
            &answer(200, r#"{"kind":"calendar#events","nextPageToken":"p2"}"#),
            &Terms::default(),
        )
        .unwrap();
        assert_eq!(
            page,
            EventPage { rows: Vec::new(), next: Some("p2".to_owned()), token: None, role: None }
        );
        let page = ListEvents::parse(
            &answer(200, r#"{"items":[{"id":"a"}],"nextSyncToken":"t1"}"#),
            &Terms::default(),
        )
        .unwrap();
        assert_eq!((page.rows.len(), page.next, page.token.as_deref()), (1, None, Some("t1")));
    }

    #[test]
    fn a_row_that_cannot_be_named_spoils_the_page() {
        assert_eq!(
            ListEvents::parse(&answer(200, r#"{"items":[{"start":1}]}"#), &Terms::default()),
            Err(WireError::Unexpected)
        );
        assert_eq!(ListEvents::parse(&answer(200, ""), &Terms::default()), Err(WireError::Empty));
    }
}
