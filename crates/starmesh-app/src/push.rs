//! Push: providers tell a web hook that a calendar may have changed, and whoever listens there rings.

use starmesh_core::ids::CalendarId;
use starmesh_provider::{ErrorKind, Hook, ProviderError, Providers as _, Subscription};
use starmesh_store::state::Calendar;
use tokio::sync::mpsc;

use crate::dto::CalendarRef;
use crate::error::{AppError, ErrorCode, Result};
use crate::open::Starmesh;

/// How many rings may wait to be heard; more make the one who rings wait.
const RINGS_KEPT: usize = 64;

/// Rings for calendars that may have changed. Clones ring at the same engine.
#[derive(Clone, Debug)]
pub struct Bell(mpsc::Sender<CalendarId>);

/// What a running engine hears of a [`Bell`].
#[derive(Debug)]
pub struct Signals(mpsc::Receiver<CalendarId>);

/// A calendar that its provider watches for us.
#[derive(Clone, Debug)]
pub struct Watched {
    calendar: CalendarId,
    subscription: Subscription,
}

impl Bell {
    /// A bell, and the ear that belongs to it.
    pub fn new() -> (Self, Signals) {
        let (sender, receiver) = mpsc::channel(RINGS_KEPT);
        (Self(sender), Signals(receiver))
    }

    /// This calendar, by its local id, may have changed. False when nobody listens any more.
    pub async fn ring(&self, calendar: &str) -> bool {
        self.0.send(CalendarId::new(calendar)).await.is_ok()
    }
}

impl Signals {
    /// Nobody rings: polling alone.
    pub fn none() -> Self {
        Bell::new().1
    }

    /// The next calendar that may have changed; `None` when nobody can ring any more.
    pub(crate) async fn next(&mut self) -> Option<CalendarId> {
        self.0.recv().await
    }
}

impl Starmesh {
    /// Asks the provider of a calendar to tell `hook` of changes, for as long as the provider grants.
    pub async fn watch_calendar(&self, calendar: &CalendarRef, hook: &Hook) -> Result<Watched> {
        let calendar = self.calendar(&CalendarId::new(&*calendar.id)).await?;
        let subscribed = async {
            let provider = self.providers.provider(&calendar.account).await?;
            let push = provider
                .push()
                .ok_or_else(|| ProviderError::new(ErrorKind::Refused, "the provider has no notifications"))?;
            push.subscribe(&calendar.remote.name, hook).await
        };
        match subscribed.await {
            Ok(subscription) => Ok(Watched { calendar: calendar.id, subscription }),
            Err(error) => Err(self.push_failed("ask for notifications", &calendar, &error).await?),
        }
    }

    /// Ends what [`watch_calendar`](Self::watch_calendar) asked for.
    pub async fn unwatch_calendar(&self, watched: &Watched) -> Result<()> {
        let calendar = self.calendar(&watched.calendar).await?;
        let stopped = async {
            match self.providers.provider(&calendar.account).await?.push() {
                Some(push) => push.stop(&watched.subscription).await,
                None => Ok(()),
            }
        };
        match stopped.await {
            Ok(()) => Ok(()),
            Err(error) => Err(self.push_failed("end notifications", &calendar, &error).await?),
        }
    }

    async fn calendar(&self, id: &CalendarId) -> Result<Calendar> {
        let calendars = self.state.calendars().await?;
        calendars
            .into_iter()
            .find(|calendar| calendar.id == *id)
            .ok_or_else(|| AppError::new(ErrorCode::UnknownName, "the calendar was removed"))
    }

    async fn push_failed(&self, what: &str, calendar: &Calendar, error: &ProviderError) -> Result<AppError> {
        let account = self.state.account(&calendar.account).await?;
        let name = account.map(|account| account.name).unwrap_or_default();
        Ok(AppError::of_provider(what, &name, error))
    }
}
