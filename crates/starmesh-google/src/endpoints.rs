//! Where Google answers.

use url::Url;

/// The addresses of the service. Any other pair will do: a proxy of an organisation, a simulator.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Endpoints {
    /// The root of the API, `https://www.googleapis.com/calendar/v3`.
    pub api: Url,
    /// Where batches of requests go, `https://www.googleapis.com/batch/calendar/v3`.
    pub batch: Url,
}

impl Default for Endpoints {
    #[expect(clippy::expect_used, reason = "both addresses are constants that a test reads")]
    fn default() -> Self {
        let at = |address: &str| Url::parse(address).expect("a constant address");
        Self {
            api: at("https://www.googleapis.com/calendar/v3"),
            batch: at("https://www.googleapis.com/batch/calendar/v3"),
        }
    }
}

impl Endpoints {
    /// The URL of the resource at `segments` under the root, each percent-encoded: calendar ids hold `@`,
    /// those of holidays `#`.
    pub(crate) fn resource(&self, segments: &[&str]) -> Url {
        let mut url = self.api.clone();
        // An address that cannot have a path stays as it is, and no server answers it.
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_percent_encoded() {
        let endpoints = Endpoints::default();
        let url =
            endpoints.resource(&["calendars", "de.german#holiday@group.v.calendar.google.com", "events"]);
        assert_eq!(
            url.as_str(),
            "https://www.googleapis.com/calendar/v3/calendars/de.german%23holiday@group.v.calendar.google.com/events"
        );
        assert_eq!(endpoints.resource(&["a/b?c%"]).path(), "/calendar/v3/a%2Fb%3Fc%25");
    }

    #[test]
    fn a_root_with_a_slash_at_its_end_is_the_same_root() {
        let api = Url::parse("http://127.0.0.1:9/calendar/v3/").unwrap();
        let endpoints = Endpoints { api, ..Endpoints::default() };
        assert_eq!(
            endpoints.resource(&["channels", "stop"]).as_str(),
            "http://127.0.0.1:9/calendar/v3/channels/stop"
        );
    }
}
