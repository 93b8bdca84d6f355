//! A look at a server from outside: which way leads to it, whether it answers, and what its clock says. No
//! credentials are sent.

use std::time::Duration;

use chrono::{DateTime, Utc};
use http::{Method, Uri};
use hyper_util::client::proxy::matcher::Matcher;
use starmesh_provider::env::Clock;
use tokio::time::timeout;
use url::Url;

use crate::error::{HttpError, Unreachable};
use crate::redirect::host_of;
use crate::reqwest_transport::Proxy;
use crate::transport::Transport;

/// An answer, whatever it says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Answered {
    /// The status.
    pub status: u16,
    /// When the server believes it answered, by its `Date`.
    pub date: Option<DateTime<Utc>>,
    /// When the answer was here by our clock.
    pub at: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

/// Asks for the top of a server's site, and gives up after `within`.
pub async fn probe(
    http: &dyn Transport,
    clock: &dyn Clock,
    server: &Url,
    within: Duration,
) -> Result<Answered, HttpError> {
    let mut top = server.clone();
    top.set_path("/");
    top.set_query(None);
    let mut request = http::Request::new(Vec::new());
    *request.method_mut() = Method::HEAD;
    *request.uri_mut() = Uri::try_from(top.as_str())
        .map_err(|_| HttpError::Request("its address is not usable".to_owned()))?;
    let begun = tokio::time::Instant::now();
    let answer = timeout(within, http.send(request)).await.unwrap_or_else(|_| {
        Err(HttpError::Unreachable { host: host_of(server), cause: Unreachable::Timeout })
    })?;
    let date = answer.headers().get(http::header::DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| DateTime::parse_from_rfc2822(date).ok());
    Ok(Answered {
        status: answer.status().as_u16(),
        date: date.map(|date| date.with_timezone(&Utc)),
        at: clock.now(),
        took: begun.elapsed(),
    })
}

/// How many addresses the system has for a server's name; gives up after `within`.
pub async fn addresses(server: &Url, within: Duration) -> Result<usize, HttpError> {
    let unreachable = |cause| HttpError::Unreachable { host: host_of(server), cause };
    let (Some(host), Some(port)) = (server.host_str(), server.port_or_known_default()) else {
        return Err(HttpError::Request("its address is not usable".to_owned()));
    };
    match timeout(within, tokio::net::lookup_host((host, port))).await {
        Err(_) => Err(unreachable(Unreachable::Timeout)),
        Ok(Err(_)) => Err(unreachable(Unreachable::Name)),
        Ok(Ok(found)) => match found.count() {
            0 => Err(unreachable(Unreachable::Name)),
            count => Ok(count),
        },
    }
}

impl Proxy {
    /// The proxy on the way to a server, `host:port`, as the transport would choose it; `None` for none.
    pub fn on_the_way_to(&self, server: &Url) -> Option<String> {
        match self {
            Self::Direct => None,
            Self::At(proxy) => Some(authority(proxy.host_str()?, proxy.port_or_known_default())),
            Self::System => {
                let uri = Uri::try_from(server.as_str()).ok()?;
                let proxy = Matcher::from_system().intercept(&uri)?;
                // Without a user and a password, which may stand in its address.
                Some(authority(proxy.uri().host()?, proxy.uri().port_u16()))
            }
        }
    }
}

fn authority(host: &str, port: Option<u16>) -> String {
    port.map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use async_trait::async_trait;
    use starmesh_provider::env::SystemClock;

    use super::*;
    use crate::transport::{Request, Response};

    /// Answers with these headers, or never.
    struct Server(Option<Vec<(&'static str, &'static str)>>);

    #[async_trait]
    impl Transport for Server {
        async fn send(&self, request: Request) -> Result<Response, HttpError> {
            assert_eq!(request.uri().path_and_query().map(http::uri::PathAndQuery::as_str), Some("/"));
            assert!(request.headers().is_empty(), "nothing that tells who asks");
            let Some(headers) = &self.0 else { return std::future::pending().await };
            let mut response = http::Response::new(Vec::new());
            *response.status_mut() = http::StatusCode::UNAUTHORIZED;
            for (name, value) in headers {
                response.headers_mut().insert(*name, http::HeaderValue::from_static(value));
            }
            Ok(response)
        }
    }

    fn url() -> Url {
        Url::parse("https://dav.example.org:8443/secret/path?token=x").unwrap()
    }

    #[tokio::test]
    async fn any_answer_is_one_and_tells_the_servers_time() {
        let server = Server(Some(vec![("date", "Tue, 01 Dec 2026 09:00:00 GMT")]));
        let seen = probe(&server, &SystemClock, &url(), Duration::from_secs(1)).await.unwrap();
        assert_eq!(seen.status, 401);
        assert_eq!(seen.date.unwrap().to_rfc3339(), "2026-12-01T09:00:00+00:00");
        let odd = Server(Some(vec![("date", "yesterday")]));
        assert_eq!(probe(&odd, &SystemClock, &url(), Duration::from_secs(1)).await.unwrap().date, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_says_nothing_is_given_up_in_time() {
        let error = probe(&Server(None), &SystemClock, &url(), Duration::from_secs(7)).await.unwrap_err();
        assert_eq!(error.to_string(), "dav.example.org:8443 did not answer in time");
    }

    #[tokio::test]
    async fn an_address_is_its_own_name() {
        let url = Url::parse("http://127.0.0.1:1/").unwrap();
        assert_eq!(addresses(&url, Duration::from_secs(5)).await, Ok(1));
    }

    #[test]
    fn a_chosen_proxy_is_named_without_its_password() {
        let proxy = Proxy::At(Url::parse("http://ann:secret@proxy.example:3128/").unwrap());
        assert_eq!(proxy.on_the_way_to(&url()).as_deref(), Some("proxy.example:3128"));
        assert_eq!(Proxy::Direct.on_the_way_to(&url()), None);
    }
}
