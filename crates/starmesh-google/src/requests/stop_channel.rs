//! Ending notifications (`channels.stop`).

use serde_json::json;
use starmesh_http::Request;
use starmesh_provider::Subscription;

use super::json_request;
use crate::endpoints::Endpoints;

/// Closes a channel.
pub(crate) struct StopChannel;

impl StopChannel {
    pub(crate) fn prepare(endpoints: &Endpoints, subscription: &Subscription) -> Request {
        let mut body = json!({"id": subscription.id});
        if let Some(resource) = &subscription.resource {
            body["resourceId"] = resource.as_str().into();
        }
        json_request("POST", &endpoints.resource(&["channels", "stop"]), &body)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::path;
    use super::*;

    #[test]
    fn a_channel_is_named_with_what_it_watches() {
        let subscription = Subscription {
            id: "c1".to_owned(),
            resource: Some("r1".to_owned()),
            expires: "2026-12-08T00:00:00Z".parse().unwrap(),
        };
        let request = StopChannel::prepare(&Endpoints::default(), &subscription);
        assert_eq!(path(&request), "/calendar/v3/channels/stop");
        assert_eq!(request.body(), br#"{"id":"c1","resourceId":"r1"}"#);
    }
}
