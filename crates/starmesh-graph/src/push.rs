//! Subscriptions: the service tells a hook that a calendar may have changed.
//!
//! Only the calendars of the person who signed in can be watched. A subscription lives for a week at most
//! and calls its hook while it is made, so that the hook has to be there first.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::LastingName;
use starmesh_provider::{ErrorKind, Hook, ProviderError, Push, Result, Subscription};

use crate::call::{Answer, Call};
use crate::client::GraphClient;
use crate::errors::{About, Codes};
use crate::mailbox::Mailbox;
use crate::place::Place;
use crate::requests::{Granted, Subscriptions};

/// The longest life that the service grants, in minutes.
const LIFE_MAX_MINUTES: i64 = 10_080;

/// The shortest: what is asked for less is raised to this, in minutes.
const LIFE_MIN_MINUTES: i64 = 45;

/// How much less than the longest is asked for, in minutes, so that clocks may differ.
const LIFE_MARGIN_MINUTES: i64 = 60;

/// How often the service is asked again when it could not reach the hook in time.
const VALIDATIONS_MAX: u32 = 3;

/// How long is waited before each further try, so that a hook that just starts is up.
const VALIDATION_PAUSE: Duration = Duration::from_secs(5);

/// The longest secret that the service sends back, in characters.
const SECRET_LEN_MAX: usize = 128;

/// The most pages of subscriptions: a mailbox has a thousand at most.
const SUBSCRIPTION_PAGES_MAX: usize = 100;

#[async_trait]
impl Push for GraphClient {
    async fn subscribe(&self, calendar: &LastingName, hook: &Hook) -> Result<Subscription> {
        let place = self.place(calendar)?;
        self.refuse_foreign(&place).await?;
        refuse_long_secret(hook)?;
        let mut answer = self.create(&place, hook).await?;
        if self.connection.refusal(&answer, About::Subscription).kind == ErrorKind::IdentityTaken {
            self.clear_way(&place, hook).await?;
            answer = self.create(&place, hook).await?;
        }
        self.granted(&place, &answer)
    }

    async fn renew(
        &self,
        calendar: &LastingName,
        subscription: &Subscription,
        hook: &Hook,
    ) -> Result<Subscription> {
        let place = self.place(calendar)?;
        let id = subscription.id.as_str();
        let answer = self.validated(|expires| Subscriptions::prepare_renew(id, expires)).await?;
        if matches!(answer.status, 404 | 410) {
            return self.subscribe(calendar, hook).await;
        }
        self.granted(&place, &answer)
    }

    async fn stop(&self, subscription: &Subscription) -> Result<()> {
        self.end(&subscription.id).await
    }
}

impl GraphClient {
    async fn refuse_foreign(&self, place: &Place) -> Result<()> {
        if self.mailbox == Mailbox::Me && !self.traits(place).await?.shared {
            return Ok(());
        }
        let message =
            format!("{} tells nobody of changes in another person's calendar", self.connection.host());
        Err(ProviderError::new(ErrorKind::Refused, message))
    }

    async fn create(&self, place: &Place, hook: &Hook) -> Result<Answer> {
        self.validated(|expires| Subscriptions::prepare_create(place, hook, expires)).await
    }

    /// Sends what makes the service call the hook, again when the hook was late, and with a shorter life
    /// when the service grants less.
    async fn validated(&self, prepare: impl Fn(DateTime<Utc>) -> Call + Send + Sync) -> Result<Answer> {
        let mut life = LIFE_MAX_MINUTES;
        let mut tries = 1;
        loop {
            let minutes = (life - LIFE_MARGIN_MINUTES).max(LIFE_MIN_MINUTES);
            let expires = self.clock.now() + TimeDelta::minutes(minutes);
            let answer = self.connection.send(&prepare(expires)).await?;
            if answer.status == 400 && Codes::of(&answer).name("validationerror") && tries < VALIDATIONS_MAX {
                tries += 1;
                tokio::time::sleep(VALIDATION_PAUSE).await;
                continue;
            }
            match Subscriptions::life_max_minutes(&answer).filter(|granted| *granted < life) {
                Some(granted) if !answer.is_success() => life = granted,
                _ => return Ok(answer),
            }
        }
    }

    /// Somebody already watches the calendar for this app and person. What calls our own hook is left over
    /// from before and goes; what calls another one belongs to another installation.
    async fn clear_way(&self, place: &Place, hook: &Hook) -> Result<()> {
        let resource = Subscriptions::resource(place);
        let watches =
            |granted: &&Granted| granted.resource.as_deref().is_some_and(|it| same_resource(it, &resource));
        let subscribed = self.subscribed().await?;
        let watching: Vec<&Granted> = subscribed.iter().filter(watches).collect();
        if watching.iter().any(|granted| granted.notification_url.as_deref() != Some(hook.url.as_str())) {
            let message = format!(
                "{} already tells another installation of changes in this calendar",
                self.connection.host()
            );
            return Err(ProviderError::new(ErrorKind::Refused, message));
        }
        for granted in watching {
            self.end(&granted.id).await?;
        }
        Ok(())
    }

    async fn subscribed(&self) -> Result<Vec<Granted>> {
        let mut call = Subscriptions::prepare_list();
        let mut links = BTreeSet::new();
        let mut all = Vec::new();
        loop {
            let answer = self.connection.send(&call).await?;
            if !answer.is_success() {
                return Err(self.connection.refusal(&answer, About::Subscription));
            }
            let page = Subscriptions::parse_list(&answer).ok_or_else(|| self.connection.unexpected())?;
            all.extend(page.granted);
            let Some(next) = page.next else { return Ok(all) };
            if links.len() >= SUBSCRIPTION_PAGES_MAX || !links.insert(next.clone()) {
                return Err(self.connection.unexpected());
            }
            call = Call::follow(next);
        }
    }

    async fn end(&self, id: &str) -> Result<()> {
        let answer = self.connection.send(&Subscriptions::prepare_delete(id)).await?;
        if answer.is_success() || matches!(answer.status, 404 | 410) {
            return Ok(());
        }
        Err(self.connection.refusal(&answer, About::Subscription))
    }

    /// The subscription that an answer grants, with the life that the service gave it.
    fn granted(&self, place: &Place, answer: &Answer) -> Result<Subscription> {
        if !answer.is_success() {
            return Err(self.connection.refusal(answer, About::Subscription));
        }
        let granted = Subscriptions::parse(answer).ok_or_else(|| self.connection.unexpected())?;
        let expires = granted.expiration_date_time.ok_or_else(|| self.connection.unexpected())?;
        let resource = granted.resource.unwrap_or_else(|| Subscriptions::resource(place));
        Ok(Subscription { id: granted.id, resource: Some(resource), expires })
    }
}

fn refuse_long_secret(hook: &Hook) -> Result<()> {
    use secrecy::ExposeSecret;
    if hook.secret.expose_secret().chars().count() <= SECRET_LEN_MAX {
        return Ok(());
    }
    let message = format!("the secret of a hook has at most {SECRET_LEN_MAX} characters");
    Err(ProviderError::new(ErrorKind::Refused, message))
}

/// The service may leave out the slash at the start, encode anew, or spell the fixed parts in another case;
/// ids keep theirs.
fn same_resource(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        percent_encoding::percent_decode_str(text.trim_matches('/')).decode_utf8_lossy().into_owned()
    };
    let (one, other) = (plain(one), plain(other));
    let mut segments = one.split('/').zip(other.split('/')).enumerate();
    one.split('/').count() == other.split('/').count()
        && segments
            .all(|(at, (one, other))| if at == 2 { one == other } else { one.eq_ignore_ascii_case(other) })
}

#[cfg(test)]
mod tests;
