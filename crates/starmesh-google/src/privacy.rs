//! How mirrors are written in a calendar: private, so that others see no more than that the time is taken,
//! unless this account may not see private events there. It could then never tell its own mirrors again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use starmesh_core::ids::LastingName;
use starmesh_provider::Result;

use crate::client::GoogleClient;
use crate::errors::Asked;
use crate::requests::GetRole;

/// The role of somebody who may write and sees private events without their details.
const WITHOUT_PRIVATE_ACCESS: &str = "writerWithoutPrivateAccess";

/// The visibility of mirrors in a calendar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Privacy {
    /// Others see that the time is taken and nothing else.
    Private,
    /// As the calendar shows its events; a mirror says nothing but its label.
    Default,
}

impl Privacy {
    /// How Google writes it.
    pub(crate) fn visibility(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Default => "default",
        }
    }

    fn of_role(role: &str) -> Self {
        if role == WITHOUT_PRIVATE_ACCESS { Self::Default } else { Self::Private }
    }
}

/// What is known of it, by calendar. Every listing of events names the role of the account.
#[derive(Default)]
pub(crate) struct Privacies(Mutex<HashMap<LastingName, Privacy>>);

impl Privacies {
    /// Remembers the role that an answer named.
    pub(crate) fn learn(&self, calendar: &LastingName, role: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(calendar.clone(), Privacy::of_role(role));
    }

    /// What is known of a calendar.
    pub(crate) fn known(&self, calendar: &LastingName) -> Option<Privacy> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(calendar).copied()
    }
}

impl GoogleClient {
    /// How mirrors are written in a calendar; asked once where no listing has told it.
    pub(crate) async fn privacy(&self, calendar: &LastingName) -> Result<Privacy> {
        if let Some(known) = self.privacies.known(calendar) {
            return Ok(known);
        }
        let request = GetRole::prepare(&self.connection.endpoints, calendar);
        let response = self.connection.send(&request).await?;
        let role = self.read(&response, Asked::Calendar, GetRole::parse)?;
        self.privacies.learn(calendar, &role);
        Ok(Privacy::of_role(&role))
    }
}
