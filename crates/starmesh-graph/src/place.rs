//! Where a calendar is: its lasting name, and its path in this mailbox.

use std::sync::Arc;

use starmesh_core::ids::{LastingName, RemoteId};
use starmesh_core::policy::Terms;
use starmesh_provider::{ErrorKind, ProviderError, Result};

use crate::call::encode_segment;
use crate::mailbox::Mailbox;
use crate::wire::EventRow;
use crate::words::SELECT_WORDS;

/// The lasting name of the calendar `calendar` in the mailbox `mailbox`. Both are the provider's own ids;
/// the mailbox of another person goes by its address.
pub fn lasting_name(mailbox: &str, calendar: &str) -> LastingName {
    LastingName::new(format!("{mailbox}/{calendar}"))
}

/// A calendar of this account.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The provider's id of the calendar.
    pub(crate) id: String,
    /// Its path below the API's root.
    pub(crate) path: String,
    /// What links ask of its events.
    pub(crate) terms: Arc<Terms>,
}

impl Place {
    /// The calendar that `name` names, seen from `mailbox`.
    pub(crate) fn of(mailbox: &Mailbox, name: &LastingName) -> Result<Self> {
        let wrong = |what: &str| Err(ProviderError::new(ErrorKind::Refused, what));
        let Some((owner, id)) = name.as_str().split_once('/').filter(|(_, id)| !id.is_empty()) else {
            return wrong("the name of the calendar is not one of Microsoft Graph");
        };
        // The ids of one addressing mean nothing in the other.
        if mailbox.known_id().is_some_and(|known| known != owner) {
            return wrong("the calendar belongs to another mailbox than this account reads");
        }
        let path = format!("{}/calendars/{}", mailbox.root(), encode_segment(id));
        Ok(Self { id: id.to_owned(), path, terms: Arc::default() })
    }

    /// The same calendar, where `terms` are looked for.
    pub(crate) fn looking_for(self, terms: Arc<Terms>) -> Self {
        Self { terms, ..self }
    }

    /// The fields that are asked for of its events: no subject, unless words are looked for in it.
    pub(crate) fn select(&self) -> (&'static str, String) {
        let words = if self.terms.is_empty() { "" } else { SELECT_WORDS };
        ("$select", format!("{}{words}", EventRow::SELECT))
    }

    /// The path of its events.
    pub(crate) fn events(&self) -> String {
        format!("{}/events", self.path)
    }

    /// The path of one event: always through its calendar, since a shared one has no other.
    pub(crate) fn event(&self, id: &RemoteId) -> String {
        format!("{}/events/{}", self.path, encode_segment(id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_case_and_are_encoded() {
        let place = Place::of(&Mailbox::Me, &lasting_name("u1", "AAMk/x+y=")).unwrap();
        assert_eq!(place.path, "/me/calendars/AAMk%2Fx%2By%3D");
        assert_eq!(place.event(&RemoteId::new("Ab-_=")), "/me/calendars/AAMk%2Fx%2By%3D/events/Ab-_%3D");
    }

    #[test]
    fn a_calendar_of_another_mailbox_is_refused() {
        let mailbox = Mailbox::Address("Boss@example.org".to_owned());
        assert!(Place::of(&mailbox, &lasting_name("boss@example.org", "c")).is_ok());
        let refused = Place::of(&mailbox, &lasting_name("u1", "c")).map(|place| place.id);
        assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::Refused));
        assert!(Place::of(&Mailbox::Me, &LastingName::new("https://example.org")).is_ok());
        assert!(Place::of(&Mailbox::Me, &LastingName::new("nothing")).is_err());
    }
}
