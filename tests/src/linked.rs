//! Calendars and links as a person's set-up leaves them, for an engine without the program around it.

use chrono_tz::Tz;
use starmesh_core::ids::{AccountId, CalendarId, LastingName, LinkId};
use starmesh_provider::RemoteCalendar;
use starmesh_store::StoreError;
use starmesh_store::state::{Account, AccountKind, Calendar, Changes, Link, State};

/// Writes `calendars`, each of an account and under its name there, and running `links` from source to target
/// into a fresh `state`. What kind of account it is plays no part: the engine is given its providers.
pub async fn link_up(
    state: &State,
    calendars: &[(CalendarId, AccountId, LastingName)],
    links: &[(CalendarId, CalendarId)],
) -> Result<(), StoreError> {
    let mut changes = Changes::new();
    for (id, account, name) in calendars {
        let kind = AccountKind::Caldav { url: String::new(), user: String::new(), by_token: false };
        changes.put_account(&Account { id: account.clone(), name: account.to_string(), kind });
        let remote = RemoteCalendar {
            name: name.clone(),
            display_name: id.to_string(),
            short_name: id.to_string(),
            color: None,
            zone: None,
            read_only: false,
            hides_marks: false,
        };
        let (id, account) = (id.clone(), account.clone());
        changes.put_calendar(&Calendar { id, account, remote, zone: Tz::UTC, missing: false, pause: None });
    }
    for (source, target) in links {
        let id = LinkId::new(source.clone(), target.clone());
        changes.put_link(&Link::new(id));
    }
    state.commit(changes).await
}
