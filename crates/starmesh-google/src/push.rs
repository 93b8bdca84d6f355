//! Notifications about a calendar: channels that a web hook listens to.
//!
//! A channel cannot be prolonged: a new one is opened before the old one is closed, and in between the hook
//! is told everything twice.

use async_trait::async_trait;
use starmesh_core::ids::LastingName;
use starmesh_provider::{ErrorKind, Hook, Push, Result, Subscription};

use crate::client::GoogleClient;
use crate::errors::{Asked, refused};
use crate::requests::{StopChannel, WatchEvents};

#[async_trait]
impl Push for GoogleClient {
    async fn subscribe(&self, calendar: &LastingName, hook: &Hook) -> Result<Subscription> {
        // A name that was used before is refused in the whole project, so a repeated request takes a new one.
        let channel = self.connection.random_name();
        let request = WatchEvents::prepare(&self.connection.endpoints, calendar, &channel, hook);
        let response = self.connection.send(&request).await?;
        let now = self.clock.now();
        self.read(&response, Asked::Channel, |response| WatchEvents::parse(response, now)).map_err(
            |mut error| {
                if error.kind == ErrorKind::Gone {
                    error.kind = ErrorKind::CalendarGone;
                }
                error
            },
        )
    }

    async fn renew(
        &self,
        calendar: &LastingName,
        subscription: &Subscription,
        hook: &Hook,
    ) -> Result<Subscription> {
        let renewed = self.subscribe(calendar, hook).await?;
        if let Err(error) = self.stop(subscription).await {
            // It ends by itself soon. An error here would lose the new one, which nobody could stop then.
            tracing::debug!(kind = ?error.kind, "an old channel stays open until it expires");
        }
        Ok(renewed)
    }

    async fn stop(&self, subscription: &Subscription) -> Result<()> {
        let request = StopChannel::prepare(&self.connection.endpoints, subscription);
        let response = self.connection.send(&request).await?;
        if response.status().is_success() {
            return Ok(());
        }
        let error = refused(&self.connection.host(), &response, Asked::Channel);
        if error.kind == ErrorKind::Gone { Ok(()) } else { Err(error) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::script::{Script, calendar, error};

    fn hook() -> Hook {
        Hook { url: "https://relay.example.org/v1/hook/google/c".parse().unwrap(), secret: "s3cret".into() }
    }

    fn old() -> Subscription {
        Subscription {
            id: "old".to_owned(),
            resource: Some("r1".to_owned()),
            expires: "2026-12-08T00:00:00Z".parse().unwrap(),
        }
    }

    fn channel(id: &str) -> serde_json::Value {
        json!({"kind": "api#channel", "id": id, "resourceId": "r1", "expiration": "1796723999000"})
    }

    #[tokio::test]
    async fn a_new_channel_is_open_before_the_old_one_is_closed() {
        let script = Script::default().json(200, channel("new")).empty(204);
        let renewed = script.client().renew(&calendar(), &old(), &hook()).await.unwrap();
        assert_eq!(renewed.id, "new");
        let asked = script.asked();
        assert!(
            asked[0].starts_with("POST /calendar/v3/calendars/ada@example.org/events/watch?"),
            "{asked:?}"
        );
        assert_eq!(asked[1], "POST /calendar/v3/channels/stop");
    }

    #[tokio::test]
    async fn a_new_channel_is_kept_though_the_old_one_cannot_be_closed() {
        let script = Script::default().json(200, channel("new")).json(500, error("backendError"));
        assert_eq!(script.client().renew(&calendar(), &old(), &hook()).await.unwrap().id, "new");
    }

    #[tokio::test]
    async fn every_channel_has_a_name_of_its_own() {
        let script = Script::default().json(200, channel("a")).json(200, channel("b"));
        let client = script.client();
        for _ in 0..2 {
            client.subscribe(&calendar(), &hook()).await.unwrap();
        }
        let names: Vec<_> =
            script.bodies().iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
        assert_ne!(names[0], names[1]);
        assert!(names.iter().all(|name| name.len() <= 64));
    }

    #[tokio::test]
    async fn a_channel_that_is_gone_is_closed() {
        let script = Script::default().json(404, error("channelIdUnknown"));
        assert_eq!(script.client().stop(&old()).await.map_err(|error| error.kind), Ok(()));
        let script = Script::default().json(403, error("forbidden"));
        assert_eq!(script.client().stop(&old()).await.map_err(|error| error.kind), Err(ErrorKind::Refused));
    }

    #[tokio::test]
    async fn a_calendar_that_is_never_pushed_and_one_that_is_gone_are_told_apart() {
        for (status, reason, kind) in [
            (400, "pushNotSupportedForRequestedResource", ErrorKind::Refused),
            (404, "notFound", ErrorKind::CalendarGone),
            (401, "authError", ErrorKind::NeedsSignIn),
        ] {
            let script = Script::default().json(status, error(reason));
            let outcome = script.client().subscribe(&calendar(), &hook()).await;
            assert_eq!(outcome.map_err(|error| error.kind), Err(kind), "{reason}");
        }
    }
}
