//! What the account may do in a calendar: every listing of events says it (`events.list`), also one that
//! is asked for nothing else.

use serde::Deserialize;
use starmesh_core::ids::LastingName;
use starmesh_http::{Request, Response};

use super::{bare_request, events_url, with_query};
use crate::endpoints::Endpoints;
use crate::wire::{WireError, parse};

/// Asks for the role of the account in a calendar.
pub(crate) struct GetRole;

impl GetRole {
    pub(crate) fn prepare(endpoints: &Endpoints, calendar: &LastingName) -> Request {
        let query = [("maxResults", "1"), ("fields", "accessRole")];
        bare_request("GET", &with_query(events_url(endpoints, calendar), &query))
    }

    /// The role; empty when none is named.
    pub(crate) fn parse(response: &Response) -> Result<String, WireError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Role {
            #[serde(default)]
            access_role: String,
        }
        Ok(parse::<Role>(response)?.access_role)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, calendar, path, query};
    use super::*;

    #[test]
    fn no_event_is_asked_for() {
        let request = GetRole::prepare(&Endpoints::default(), &calendar());
        assert_eq!(path(&request), "/calendar/v3/calendars/ada@example.org/events");
        assert_eq!(query(&request)["fields"], "accessRole");
        assert_eq!(GetRole::parse(&answer(200, r#"{"accessRole":"owner"}"#)).as_deref(), Ok("owner"));
        assert_eq!(GetRole::parse(&answer(200, "{}")).as_deref(), Ok(""));
    }
}
